"""What the shop's texts lack, over HTTP: for supervisors; and a clause marked as stale, by whoever serves customers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from assistant.build import open_assistant
from assistant.context import TurnContext
from assistant.conversation import Said, TurnEvent
from assistant.planner import Saying
from assistant.settings import Settings
from assistant.turn import Assistant
from tests.server.conftest import new_client, serving, settings_for
from tests.server.echo import parts

CLAUSE = "law/no-reason-return@2024-07#counting"


class Unsure:
    """A planner that knows nothing."""

    name = "unsure"

    async def run(self, turn: TurnContext) -> AsyncIterator[TurnEvent | Saying]:
        yield Said(text=turn.say("not_sure"))


async def _open(settings: Settings) -> Assistant:
    return await open_assistant(settings, parts=parts(), planner=Unsure())


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("shop")
    with serving(settings_for(folder, embedder="hash"), _open) as base:
        yield base


@contextmanager
def signed_in(url: str, name: str, role: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, trust_env=False, timeout=20) as browser:
        assert browser.post("/desk/sign-in", json={"name": name, "role": role}).is_success
        yield browser


@pytest.fixture
def supervisor(url: str) -> Iterator[httpx.Client]:
    with signed_in(url, "王主管", "supervisor") as browser:
        yield browser


@pytest.fixture
def agent(url: str) -> Iterator[httpx.Client]:
    with signed_in(url, "小周", "agent") as browser:
        yield browser


def test_a_supervisor_reads_gaps_with_drafts_and_without_personal_data(url: str, supervisor: httpx.Client) -> None:
    for number in (1, 2):
        guest = new_client(url)
        guest.say("能不能上门回收旧衣服，电话13812345678", f"m{number}")
        guest.events("done")
        guest.http.close()
    found = supervisor.get("/v1/desk/gaps")
    assert found.status_code == 200
    assert "13812345678" not in found.text
    body = found.json()
    assert body["unanswered"] == 2
    (gap,) = body["gaps"]
    assert (gap["times"], gap["conversations"], gap["reasons"]) == (2, 2, {"not_sure": 2})
    assert gap["draft"]["file"] == f"gap-{gap['id']}.md"
    assert "status: draft" in gap["draft"]["text"]
    assert body["never_total"] <= body["in_force_total"]
    assert supervisor.get("/v1/desk/gaps", params={"days": 0}).status_code == 422


def test_agents_legal_and_strangers_do_not_read_them(url: str, agent: httpx.Client) -> None:
    assert agent.get("/v1/desk/gaps").status_code == 403
    with signed_in(url, "李法务", "legal") as legal:
        assert legal.get("/v1/desk/gaps").status_code == 403
        stale = {"clause": CLAUSE, "reason": "改了"}
        assert legal.post("/v1/desk/clause-reports", json=stale).status_code == 403
    assert httpx.get(f"{url}/v1/desk/gaps", trust_env=False).status_code == 401


def test_an_agent_marks_a_clause_as_stale_and_a_supervisor_closes_the_report(
    agent: httpx.Client, supervisor: httpx.Client
) -> None:
    said = {"clause": f"{CLAUSE}/zh", "reason": "九月起规则改了"}
    made = agent.post("/v1/desk/clause-reports", json=said)
    assert (made.status_code, made.json()["ref"], made.json()["agent"]) == (201, CLAUSE, "小周")
    again = agent.post("/v1/desk/clause-reports", json={"clause": CLAUSE, "reason": "十月起"})
    assert (again.status_code, again.json()["id"], again.json()["reason"]) == (200, made.json()["id"], "十月起")
    (listed,) = supervisor.get("/v1/desk/gaps").json()["stale"]
    assert (listed["ref"], listed["reason"], listed["in_force"]) == (CLAUSE, "十月起", True)

    close = f"/v1/desk/clause-reports/{listed['id']}/close"
    assert agent.post(close, json={}).status_code == 403
    assert supervisor.post(close, json={"note": "核对过，没有变"}).json()["closed_at"] is not None
    assert supervisor.get("/v1/desk/gaps").json()["stale"] == []


def test_what_is_no_clause_or_no_conversation_cannot_be_marked(agent: httpx.Client) -> None:
    for wrong, status in (
        ({"clause": "law/none@1#x", "reason": "改了"}, 404),
        ({"clause": CLAUSE, "reason": "   "}, 422),
        ({"clause": CLAUSE, "reason": "改了", "conversation_id": "nobody"}, 404),
        ({"clause": CLAUSE, "reason": "改了", "more": 1}, 422),
    ):
        assert agent.post("/v1/desk/clause-reports", json=wrong).status_code == status
    assert agent.post("/v1/desk/clause-reports/nothing/close", json={}).status_code == 403
