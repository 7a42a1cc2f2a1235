from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.server.conftest import Client, read_events


def test_a_message_is_taken_answered_and_streamed_in_order(client: Client) -> None:
    assert client.say("你好", "m1").json() == {"seq": 1}
    events = client.events("done")
    ids = [int(event["id"]) for event in events if "id" in event]
    assert ids == sorted(set(ids))
    assert [event["event"] for event in events if "id" in event] == ["asked", "said", "done"]
    assert events[-1]["data"]["seq"] == ids[-1]


def test_the_same_client_id_is_taken_once(client: Client) -> None:
    first, again = client.say("你好", "m1"), client.say("你好", "m1")
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json() == again.json()
    other = client.say("不一样", "m1")
    assert (other.status_code, other.json()["code"]) == (409, "conflict")


def test_a_stream_resumes_after_the_last_event_it_gave(client: Client) -> None:
    client.say("一", "m1")
    whole = [event["id"] for event in client.events("done") if "id" in event]
    cut = int(whole[1])
    assert [event["id"] for event in client.events("done", after=cut) if "id" in event] == whole[2:]


def test_an_id_we_never_gave_starts_from_the_beginning(client: Client) -> None:
    client.say("一", "m1")
    assert client.events("done", after=10**9)[0]["id"] == "1"


def test_internal_entries_stay_inside(client: Client) -> None:
    client.say("一", "m1")
    client.events("done")
    kinds = {entry["kind"] for entry in client.http.get(client.path()).json()["entries"]}
    assert kinds == {"asked", "said", "done"}


@pytest.mark.parametrize("rest", ["", "/events"])
def test_somebody_elses_conversation_is_as_absent_as_none_at_all(client: Client, stranger: Client, rest: str) -> None:
    theirs, none = (stranger.http.get(path + rest) for path in (client.path(), "/v1/conversations/nothing-here"))
    assert theirs.status_code == none.status_code == 404
    assert {**theirs.json(), "instance": ""} == {**none.json(), "instance": ""}


@pytest.mark.parametrize(
    ("rest", "body"),
    [
        ("/messages", {"client_id": "x", "text": "hi"}),
        ("/proposals/p1", {"client_id": "x", "answer": "yes"}),
        ("/hand-off", {}),
        ("/rating", {"score": 5}),
        ("/close", {}),
    ],
)
def test_nobody_writes_into_somebody_elses_conversation(
    client: Client, stranger: Client, url: str, rest: str, body: dict[str, Any]
) -> None:
    assert stranger.http.post(client.path(rest), json=body).status_code == 404
    assert httpx.post(url + client.path(rest), json=body, trust_env=False).status_code == 401
    assert client.http.get(client.path()).json()["last_seq"] == 0


@pytest.mark.parametrize(
    "text", ["", "   ", "\0", "好\0的", "\ud800", "\u200b\u200d", "好" * 100_000, "好" * 4001], ids=range(8)
)
def test_a_message_that_cannot_be_read_is_refused_and_the_server_lives_on(client: Client, text: str) -> None:
    body = json.dumps({"client_id": "m1", "text": text})
    answer = client.http.post(
        client.path("/messages"), content=body, headers={"content-type": "application/json", "accept-language": "en"}
    )
    # 100,000 characters are 600 kB as JSON: refused by size before anybody reads them
    assert answer.status_code == (413 if len(text) == 100_000 else 422)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"].isascii()
    assert client.say("还在吗", "m2").status_code == 202


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"client_id": "a"}', b"[" * 50_000])
def test_a_body_that_is_no_message_is_a_problem_of_the_sender(client: Client, body: bytes) -> None:
    answer = client.http.post(client.path("/messages"), content=body, headers={"content-type": "application/json"})
    assert answer.status_code in {400, 422}
    assert "Traceback" not in answer.text


def test_a_turn_that_breaks_says_so_without_its_exception(client: Client) -> None:
    client.say("BREAK", "m1")
    headers = {"Last-Event-ID": "0"}
    client.say("BREAK", "m1")
    events = read_events(client.http, client.path("/events"), until="asked", headers=headers)
    assert "secret" not in str(events)
    assert client.http.get("/healthz").status_code == 200


def test_hand_off_rating_and_close_are_logged_without_internal_words(client: Client) -> None:
    assert client.http.post(client.path("/hand-off"), json={}).status_code == 202
    assert client.http.post(client.path("/rating"), json={"score": 4, "words": "还行"}).status_code == 201
    assert client.http.post(client.path("/close")).status_code == 200
    state = client.http.get(client.path()).json()
    assert state["closed"]
    entries = {entry["kind"]: entry for entry in state["entries"]}
    assert list(entries) == ["said", "handed_off", "rated", "closed"]
    assert set(entries["handed_off"]) == {"seq", "turn", "at", "kind", "place", "wait_minutes"}
    assert client.say("还有", "m9").status_code == 409


def test_a_rating_outside_one_to_five_is_refused(client: Client) -> None:
    for score in (0, 6, "5", 4.5, None):
        assert client.http.post(client.path("/rating"), json={"score": score}).status_code == 422


def test_a_yes_to_a_proposal_that_is_not_there_changes_nothing(client: Client) -> None:
    answer = client.http.post(client.path("/proposals/p1"), json={"client_id": "y1", "answer": "yes"})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert client.http.get(client.path()).json()["last_seq"] == 0


def test_answers_carry_the_headers_that_protect_a_browser(client: Client) -> None:
    headers = client.http.get(client.path()).headers
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in headers


def test_two_requests_never_share_an_id(client: Client) -> None:
    assert len({client.http.get("/healthz").headers["x-request-id"] for _ in range(5)}) == 5


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nothing", 404), ("DELETE", "/v1/shop", 405)])
def test_what_is_not_there_is_a_problem_too(client: Client, method: str, path: str, status: int) -> None:
    answer = client.http.request(method, path)
    assert answer.status_code == answer.json()["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_body_larger_than_the_limit_is_refused_declared_or_not(client: Client) -> None:
    for content in (b" " * 70_000, (b" " * 7000 for _ in range(10))):
        answer = client.http.post(
            client.path("/messages"), content=content, headers={"content-type": "application/json"}
        )
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
