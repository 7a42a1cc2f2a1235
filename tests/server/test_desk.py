from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.server.conftest import Client, read_events, serving, settings_for


@pytest.fixture
def desk(url: str) -> Iterator[httpx.Client]:
    """A browser at the desk: it holds the cookie and nothing else."""
    with httpx.Client(base_url=url, trust_env=False, timeout=10) as browser:
        assert browser.post("/desk/sign-in", json={"name": "小周"}).json() == {"name": "小周", "role": "agent"}
        yield browser


def test_the_cookie_of_the_desk_is_out_of_reach_for_scripts_and_other_sites(url: str) -> None:
    header = httpx.post(f"{url}/desk/sign-in", json={"name": "小周"}, trust_env=False).headers["set-cookie"]
    assert "HttpOnly" in header
    assert "SameSite=strict" in header


def test_a_person_takes_over_speaks_and_gives_back_and_the_customer_sees_it(client: Client, desk: httpx.Client) -> None:
    path = f"/v1/desk/conversations/{client.conversation}"
    assert desk.post(f"{path}/take").status_code == 200
    first = desk.post(f"{path}/messages", json={"client_id": "a1", "text": "我来处理"})
    again = desk.post(f"{path}/messages", json={"client_id": "a1", "text": "我来处理"})
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json() == again.json()
    assert desk.post(f"{path}/give-back").status_code == 200
    seen = client.http.get(client.path()).json()
    assert [entry["kind"] for entry in seen["entries"]] == ["taken_over", "agent_said", "given_back"]
    assert seen["owner"] == "assistant"
    assert "client_id" not in seen["entries"][1]


def test_a_conversation_handed_off_stands_in_the_queue_with_its_last_words(client: Client, desk: httpx.Client) -> None:
    client.say("我要找人工", "m1")
    client.events("done")
    client.http.post(client.path("/hand-off"))
    rows = {row["id"]: row for row in desk.get("/v1/desk/conversations", params={"state": "waiting"}).json()}
    row = rows[client.conversation]
    assert row["last_text"] == "我要找人工"
    assert row["owner"] == "queue"
    assert row["customer_name"] == "访客"


def test_the_desk_sees_every_kind_of_entry(client: Client, desk: httpx.Client) -> None:
    client.say("一", "m1")
    client.events("done")
    whole = desk.get(f"/v1/desk/conversations/{client.conversation}").json()
    assert [entry["kind"] for entry in whole["entries"]] == ["asked", "understood", "said", "done"]
    events = read_events(desk, f"/v1/desk/conversations/{client.conversation}/events", until="done")
    assert [event["id"] for event in events] == ["1", "2", "3", "4"]


def test_a_write_with_our_cookie_from_another_site_is_refused(client: Client, desk: httpx.Client) -> None:
    path = f"/v1/desk/conversations/{client.conversation}/take"
    answer = desk.post(path, headers={"Origin": "https://evil.example"})
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert desk.post(path, headers={"Origin": str(desk.base_url).rstrip("/")}).status_code == 200


def test_knowledge_cards_carry_both_scores(desk: httpx.Client) -> None:
    hits: list[dict[str, Any]] = desk.get("/v1/desk/search", params={"q": "七天无理由退货"}).json()
    assert hits
    assert {"score", "lexical", "dense", "reranked", "clause"} == set(hits[0])
    ref = hits[0]["clause"]["ref"]
    shown = desk.get(f"/v1/clauses/{ref.replace('#', '%23')}").json()
    assert shown["ref"] == ref
    assert shown["text"]


def test_a_clause_that_is_not_there_is_a_problem(desk: httpx.Client) -> None:
    assert desk.get("/v1/clauses/nothing@1%23x").status_code == 404


def test_an_unknown_conversation_is_404_at_the_desk_too(desk: httpx.Client) -> None:
    assert desk.get("/v1/desk/conversations/nothing-here").status_code == 404
    assert desk.get("/v1/desk/conversations/..%00/events").status_code == 404


def test_the_demo_is_closed_under_a_name_that_only_points_here(url: str) -> None:
    answer = httpx.get(f"{url}/demo/customers", headers={"Host": "rebound.example"}, trust_env=False)
    assert answer.status_code == 403


def test_without_demo_mode_nobody_signs_in_without_a_password(tmp_path_factory: pytest.TempPathFactory) -> None:
    with serving(settings_for(tmp_path_factory.mktemp("closed"), demo=False)) as base:
        assert httpx.post(f"{base}/demo/sign-in", json={"customer_id": "c1"}, trust_env=False).status_code == 404
        assert httpx.post(f"{base}/desk/sign-in", json={"name": "x"}, trust_env=False).status_code in {404, 405}


def test_the_widget_is_open_to_the_shops_own_origins_only(tmp_path_factory: pytest.TempPathFactory) -> None:
    ours, other = "https://shop.example", "https://other.example"
    with serving(settings_for(tmp_path_factory.mktemp("origins"), allowed_origins=(ours,))) as base:
        allowed = httpx.get(f"{base}/v1/shop", headers={"Origin": ours}, trust_env=False).headers
        refused = httpx.get(f"{base}/v1/shop", headers={"Origin": other}, trust_env=False).headers
        assert allowed["access-control-allow-origin"] == ours
        assert "access-control-allow-credentials" not in allowed
        assert "access-control-allow-origin" not in refused
        preflight = {"Origin": ours, "Access-Control-Request-Method": "POST"}
        preflight["Access-Control-Request-Headers"] = "authorization,content-type,last-event-id"
        assert httpx.options(f"{base}/v1/conversations", headers=preflight, trust_env=False).status_code == 200


def test_who_asks_too_often_is_told_when_to_come_back(tmp_path_factory: pytest.TempPathFactory) -> None:
    with serving(settings_for(tmp_path_factory.mktemp("limits"), requests_per_minute=3)) as base:
        answers = [httpx.get(f"{base}/v1/shop", trust_env=False) for _ in range(5)]
        assert [answer.status_code for answer in answers[:3]] == [200, 200, 200]
        assert answers[-1].status_code == 429
        assert int(answers[-1].headers["retry-after"]) >= 1


def test_our_pages_run_only_our_own_scripts(url: str) -> None:
    for path in ("/", "/widget.js", "/tokens.css"):
        answer = httpx.get(url + path, trust_env=False)
        assert answer.status_code == 200
        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in httpx.get(url, trust_env=False).headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/widget/../../app.py", "/widget/%2e%2e/%2e%2e/app.py", "/demo/..%2f..%2fapp.py"])
def test_no_path_leads_out_of_the_static_folder(url: str, path: str) -> None:
    with httpx.Client(trust_env=False) as browser:
        answer = browser.send(httpx.Request("GET", httpx.URL(url).copy_with(raw_path=path.encode())))
    assert answer.status_code == 404


def test_the_counters_name_routes_and_never_ids(client: Client, url: str) -> None:
    client.http.get(client.path())
    text = httpx.get(f"{url}/metrics", trust_env=False).text
    assert 'route="/v1/conversations/{conversation_id}"' in text
    assert client.conversation not in text
