"""Approvals, drafts, effects and ownership over a real socket: who may do what, and what the customer hears."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx
import pytest

from tests.server.conftest import Client, new_client, serving, settings_for


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(settings_for(tmp_path_factory.mktemp("authority"))) as url:
        yield url


@dataclass
class Desk:
    """A person at the desk."""

    http: httpx.Client

    def get(self, path: str, **params: Any) -> Any:
        answer = self.http.get(f"/v1/desk{path}", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        return self.http.post(f"/v1/desk{path}", json=body or {})


Sitting = Callable[..., Desk]


@pytest.fixture
def sit(base: str) -> Iterator[Sitting]:
    """`sit("小周")` sits down as an agent, `sit("老王", "supervisor")` as that."""
    opened: list[httpx.Client] = []

    def at(name: str, role: str = "agent") -> Desk:
        http = httpx.Client(base_url=base, trust_env=False, timeout=10, headers={"Accept-Language": "zh"})
        opened.append(http)
        assert http.post("/desk/sign-in", json={"name": name, "role": role}).status_code == 200
        return Desk(http)

    yield at
    for http in opened:
        http.close()


@dataclass
class Shopper(Client):
    order: dict[str, Any]

    @property
    def limit(self) -> int:
        """What an agent may give as goodwill on the order."""
        return min(20000, (int(self.order["paid"]) * 3000 + 5000) // 10000)


_CUSTOMERS = count()


@pytest.fixture
def shopper(base: str) -> Iterator[Shopper]:
    """A signed-in customer of their own, with an order that was paid, and a conversation."""
    http = httpx.Client(base_url=base, timeout=10, trust_env=False)
    customers = http.get("/demo/customers").json()
    while True:
        chosen = customers[next(_CUSTOMERS) % len(customers)]["customer_id"]
        token = http.post("/demo/sign-in", json={"customer_id": chosen}).json()["token"]
        http.headers["Authorization"] = f"Bearer {token}"
        open_orders = [
            card["data"]
            for card in http.get("/demo/orders").json()
            if card["data"]["paid"] >= 15000
            and card["data"]["state"] in {"PAID", "SIGNED"}
            and not card["data"]["tickets"]
        ]
        if open_orders:
            break
    conversation = http.post("/v1/conversations", json={}).json()["id"]
    yield Shopper(http, token, conversation, open_orders[0])
    http.close()


def draft(desk: Desk, shopper: Shopper, amount: int, client_id: str = "d1", **more: Any) -> httpx.Response:
    body = {"client_id": client_id, "action": "goodwill", "order_id": shopper.order["order_id"], "amount": amount}
    return desk.post(f"/conversations/{shopper.conversation}/proposals", body | {"reason": "外箱破损"} | more)


def agree(shopper: Shopper, proposal_id: str, answer: str = "yes") -> None:
    body = {"client_id": f"a-{proposal_id}"[:60], "answer": answer}
    assert shopper.http.post(shopper.path(f"/proposals/{proposal_id}"), json=body).status_code == 202


def asked(desk: Desk, shopper: Shopper, amount: int | None = None, **more: Any) -> str:
    """A draft above the agent's authority that the customer has agreed to; its id."""
    assert desk.post(f"/conversations/{shopper.conversation}/take").status_code == 200
    drafted = draft(desk, shopper, amount or shopper.limit + 1, **more)
    assert drafted.status_code == 201, drafted.text
    agree(shopper, drafted.json()["proposal_id"])
    return str(drafted.json()["proposal_id"])


def words(shopper: Shopper) -> list[str]:
    entries = shopper.http.get(shopper.path()).json()["entries"]
    return [entry["text"] for entry in entries if entry["kind"] == "said"]


def test_within_the_agents_authority_the_customers_yes_is_enough(sit: Sitting, shopper: Shopper) -> None:
    agent = sit("小周")
    agent.post(f"/conversations/{shopper.conversation}/take")
    drafted = draft(agent, shopper, 3000)
    assert (drafted.status_code, drafted.json()["level"]) == (201, None)
    assert draft(agent, shopper, 3000).json()["proposal_id"] == drafted.json()["proposal_id"]
    assert draft(agent, shopper, 3001).status_code == 409
    agree(shopper, drafted.json()["proposal_id"])
    shopper.events("acted")
    shopper.events("said")
    assert "¥30.00" in words(shopper)[-1]
    ledger = sit("老王", "supervisor").get("/ledger", limit=2)
    assert [(e["kind"], e["body"].get("by")) for e in ledger] == [("effect", None), ("permit", "agent:小周")]
    assert agent.get(f"/conversations/{shopper.conversation}")["head"]["owner"] == "agent"


def test_above_it_a_supervisor_approves_and_the_customer_is_told_with_the_receipt(
    sit: Sitting, shopper: Shopper
) -> None:
    agent, supervisor = sit("小周"), sit("老王", "supervisor")
    proposal = asked(agent, shopper)
    view = next(v for v in supervisor.get("/approvals") if v["proposal_id"] == proposal)
    assert (view["level"], view["missing"], view["may_sign"]) == ("supervisor", ["supervisor"], True)
    assert (view["amount"], view["reason"], view["drafted_by"]) == (shopper.limit + 1, "外箱破损", "agent:小周")
    assert view["decisions"][-1]["code"] == "SUPERVISOR"
    assert all(clause["text"] for clause in view["decisions"][-1]["clauses"])
    assert all(fact["label"] for fact in view["decisions"][-1]["facts"])
    assert not next(v for v in agent.get("/approvals") if v["proposal_id"] == proposal)["may_sign"]
    done = supervisor.post(f"/approvals/{proposal}", {"verdict": "approve", "reason": "属实"}).json()
    assert (done["state"], done["missing"], done["effect"]) == ("approved", [], "done")
    assert f"{(shopper.limit + 1) / 100:.2f}" in words(shopper)[-1].replace(",", "")
    again = supervisor.post(f"/approvals/{proposal}", {"verdict": "approve"})
    assert (again.status_code, again.json()["code"]) == (409, "conflict")


@pytest.mark.parametrize(("name", "role"), [("小周", "agent"), ("小周", "supervisor"), ("小李", "agent")])
def test_nobody_approves_what_they_drafted_or_what_is_above_their_level(
    sit: Sitting, shopper: Shopper, name: str, role: str
) -> None:
    proposal = asked(sit("小周"), shopper)
    refused = sit(name, role).post(f"/approvals/{proposal}", {"verdict": "approve"})
    assert (refused.status_code, refused.json()["code"]) == (403, "not_authorised")


def test_what_is_sensitive_takes_a_supervisor_and_legal_in_any_order(sit: Sitting, shopper: Shopper) -> None:
    proposal = asked(sit("小周"), shopper, 1000, sensitive=True)
    legal, supervisor = sit("法务小陈", "legal"), sit("老王", "supervisor")
    first = legal.post(f"/approvals/{proposal}", {"verdict": "approve"}).json()
    assert (first["state"], first["missing"], first["effect"]) == ("awaiting", ["supervisor"], None)
    assert legal.post(f"/approvals/{proposal}", {"verdict": "approve"}).status_code == 403
    last = supervisor.post(f"/approvals/{proposal}", {"verdict": "approve"}).json()
    assert (last["state"], last["effect"]) == ("approved", "done")


def test_legal_sees_what_needs_legal_and_nothing_else(sit: Sitting, shopper: Shopper) -> None:
    proposal = asked(sit("小周"), shopper)
    legal = sit("法务小陈", "legal")
    assert proposal not in {view["proposal_id"] for view in legal.get("/approvals")}
    assert legal.post(f"/approvals/{proposal}", {"verdict": "approve"}).status_code == 404
    assert legal.http.get(f"/v1/desk/conversations/{shopper.conversation}").status_code == 404
    assert shopper.conversation not in {row["id"] for row in legal.get("/conversations")}


def test_the_stream_of_the_queue_names_to_legal_only_talks_that_need_legal(
    base: str, sit: Sitting, shopper: Shopper
) -> None:
    asked(sit("小周"), shopper, 1000, sensitive=True)
    ordinary, legal, heard = new_client(base), sit("法务小陈", "legal"), list[str]()

    def listen() -> None:
        with legal.http.stream("GET", "/v1/desk/events") as response:
            for line in response.iter_lines():
                if line.startswith("data: "):
                    heard.append(json.loads(line[6:]).get("id", ""))
                if heard.count(shopper.conversation) > 2:
                    return

    listening = threading.Thread(target=listen)
    listening.start()
    for number in count():
        for client in (ordinary, shopper):
            assert client.say("在吗", f"m{number}").status_code == 202
        listening.join(0.05)
        if not listening.is_alive():
            break
    assert set(heard) - {""} == {shopper.conversation}
    ordinary.http.close()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/conversations/{id}/take"),
        ("POST", "/conversations/{id}/give-back"),
        ("POST", "/conversations/{id}/messages"),
        ("POST", "/conversations/{id}/proposals"),
        ("POST", "/conversations/{id}/transfer"),
        ("GET", "/effects"),
        ("POST", "/effects/x"),
    ],
)
def test_legal_serves_no_customers(sit: Sitting, shopper: Shopper, method: str, path: str) -> None:
    legal = sit("法务小陈", "legal")
    answer = legal.http.request(method, f"/v1/desk{path.format(id=shopper.conversation)}", json={})
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


def test_an_agent_does_not_read_the_whole_ledger(sit: Sitting) -> None:
    assert sit("小周").http.get("/v1/desk/ledger").status_code == 403
    assert sit("法务小陈", "legal").http.get("/v1/desk/ledger").status_code == 200


def test_a_customers_token_opens_no_route_of_the_desk(shopper: Shopper) -> None:
    for path in ("/v1/desk/approvals", "/v1/desk/effects", "/v1/desk/ledger"):
        assert shopper.http.get(path).status_code == 401


def test_a_refusal_gives_its_reason_and_the_customer_reads_it(sit: Sitting, shopper: Shopper) -> None:
    agent, supervisor = sit("小周"), sit("老王", "supervisor")
    proposal = asked(agent, shopper)
    bare = supervisor.post(f"/approvals/{proposal}", {"verdict": "refuse"})
    assert (bare.status_code, bare.json()["code"]) == (422, "reason_missing")
    refused = supervisor.post(f"/approvals/{proposal}", {"verdict": "refuse", "reason": "照片看不出破损"}).json()
    assert (refused["state"], refused["effect"]) == ("refused", None)
    assert "照片看不出破损" in words(shopper)[-1]
    assert supervisor.post(f"/approvals/{proposal}", {"verdict": "approve"}).status_code == 409


def test_a_customer_may_still_say_no_while_people_think(sit: Sitting, shopper: Shopper) -> None:
    proposal = asked(sit("小周"), shopper)
    body = {"client_id": "no-1", "answer": "no"}
    assert shopper.http.post(shopper.path(f"/proposals/{proposal}"), json=body).status_code == 202
    late = sit("老王", "supervisor").post(f"/approvals/{proposal}", {"verdict": "approve"})
    assert late.status_code == 409


def test_only_the_owner_speaks_drafts_and_transfers(sit: Sitting, shopper: Shopper) -> None:
    owner, other = sit("小周"), sit("小李")
    path = f"/conversations/{shopper.conversation}"
    assert owner.post(f"{path}/take").status_code == 200
    assert other.post(f"{path}/take").status_code == 409
    assert other.post(f"{path}/messages", {"client_id": "m", "text": "您好"}).status_code == 403
    assert draft(other, shopper, 1000).status_code == 403
    assert other.post(f"{path}/transfer", {"to": "小李"}).status_code == 403
    assert other.post(f"{path}/give-back").status_code == 403
    assert owner.post(f"{path}/transfer", {"to": "小李"}).status_code == 200
    assert sit("小孙").post(f"{path}/transfer/answer", {"accept": True}).status_code == 403
    assert owner.get(path)["row"]["transfer_to"] == "小李"
    assert other.post(f"{path}/transfer/answer", {"accept": True}).status_code == 200
    assert owner.post(f"{path}/messages", {"client_id": "m", "text": "您好"}).status_code == 403
    assert other.post(f"{path}/messages", {"client_id": "m", "text": "您好"}).status_code == 202


def test_what_the_order_cannot_pay_is_not_proposed(sit: Sitting, shopper: Shopper) -> None:
    agent = sit("小周")
    agent.post(f"/conversations/{shopper.conversation}/take")
    answer = draft(agent, shopper, shopper.order["paid"] + 1)
    assert (answer.status_code, answer.json()["code"]) == (409, "cap_reached")
    assert draft(agent, shopper, 1000, action="cancel_refund").status_code == 404
    assert draft(agent, shopper, 1000, order_id="nothing").status_code == 404


def test_amounts_that_were_split_are_summed_and_raise_the_level(sit: Sitting, shopper: Shopper) -> None:
    agent = sit("小周")
    agent.post(f"/conversations/{shopper.conversation}/take")
    half = shopper.limit * 6 // 10
    first = draft(agent, shopper, half, "d1").json()
    assert first["level"] is None
    agree(shopper, first["proposal_id"])
    shopper.events("acted")
    assert draft(agent, shopper, half, "d2").json()["level"] == "supervisor"


def test_the_list_of_unknown_effects_can_be_read_without_asking_the_shop(sit: Sitting) -> None:
    assert sit("小周").get("/effects") == sit("小周").get("/effects", look_up=False) == []
