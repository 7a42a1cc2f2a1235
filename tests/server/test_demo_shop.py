"""The demo shop over HTTP with the engine as it ships: a return from the first word to the receipt."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any

import httpx
import pytest

from assistant.build import open_assistant
from assistant.clock import FixedClock
from tests.server.conftest import Client, new_client, read_events, serving, settings_for
from tests.server.echo import parts

NOON = FixedClock(datetime.fromisoformat("2026-01-05T11:30:00+08:00"))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    open_with = partial(open_assistant, parts=parts(), clock=NOON)
    with serving(settings_for(tmp_path_factory.mktemp("demo")), open_with) as base:
        yield base


@pytest.fixture
def buyer(shop: str) -> Iterator[Client]:
    """The first demo customer, signed in, with a conversation."""
    http = httpx.Client(base_url=shop, timeout=20, trust_env=False)
    customer = http.get("/demo/customers").json()[0]["customer_id"]
    token = http.post("/demo/sign-in", json={"customer_id": customer}).json()["token"]
    http.headers["Authorization"] = f"Bearer {token}"
    yield Client(http, token, http.post("/v1/conversations").json()["id"])
    http.close()


def talk(client: Client, *lines: str) -> list[dict[str, Any]]:
    """Say each line once the one before is answered; all events."""
    for number, line in enumerate(lines, start=1):
        assert client.say(line, f"line-{number}").status_code == 202
        events = client.events("done", count=number)
    return events


def test_a_return_goes_from_the_first_word_to_a_receipt_and_happens_once(buyer: Client) -> None:
    events = talk(buyer, "我要七天无理由退货", "试过，吊牌和包装都在")
    (proposed,) = [event["data"] for event in events if event["event"] == "proposed"]
    assert "args_hash" not in proposed
    assert proposed["terms"]
    body = {"client_id": "yes-1", "answer": "yes"}
    path = buyer.path(f"/proposals/{proposed['proposal_id']}")
    first = buyer.http.post(path, json=body)
    buyer.events("done", count=3)
    again = buyer.http.post(path, json=body)
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json() == again.json()
    assert buyer.http.post(path, json={"client_id": "yes-2", "answer": "no"}).json()["code"] == "proposal_settled"
    acted = [entry for entry in buyer.http.get(buyer.path()).json()["entries"] if entry["kind"] == "acted"]
    assert [entry["state"] for entry in acted] == ["done"]
    assert acted[0]["receipt"]


def test_a_guest_may_ask_about_rules_and_must_sign_in_for_orders(shop: str) -> None:
    guest = new_client(shop)
    assert guest.http.get("/demo/orders").status_code == 401
    events = talk(guest, "我的订单到哪了")
    assert not [event for event in events if event["event"] == "said" and event["data"]["cards"]]
    guest.http.close()


def test_the_demo_lists_products_with_a_price_and_the_buyers_own_orders(buyer: Client) -> None:
    products = buyer.http.get("/demo/products").json()
    assert products
    assert all(product["price_from"] > 0 for product in products)
    orders = buyer.http.get("/demo/orders").json()
    assert {card["kind"] for card in orders} == {"order"}


def test_a_card_reaches_the_customer_with_all_that_the_engine_put_into_it(buyer: Client) -> None:
    events = talk(buyer, "我的订单什么状态了")
    (card,) = [card for event in events if event["event"] == "said" for card in event["data"]["cards"]]
    assert {"order_id", "state", "state_label", "step", "lines", "paid", "parcel", "tickets"} <= set(card["data"])


def test_everything_the_desk_shows_about_a_talk_can_be_read(buyer: Client, shop: str) -> None:
    talk(buyer, "我要投诉，找12315")
    with httpx.Client(base_url=shop, timeout=20, trust_env=False) as desk:
        desk.post("/desk/sign-in", json={"name": "小周"})
        whole = desk.get(f"/v1/desk/conversations/{buyer.conversation}").json()
        assert whole["orders"]
        assert whole["summary"]["conversation_id"] == buyer.conversation
        for part in ("summary", "suggestions", "score"):
            assert desk.get(f"/v1/desk/conversations/{buyer.conversation}/{part}").status_code == 200
        (row,) = [row for row in desk.get("/v1/desk/conversations").json() if row["id"] == buyer.conversation]
        assert row["risks"]
        assert row["intents"][0]["label"] != row["intents"][0]["name"]
        seen = read_events(desk, f"/v1/desk/conversations/{buyer.conversation}/events", until="done")
        assert "understood" in [event["event"] for event in seen]
    assert "12315" not in str(
        [entry for entry in buyer.http.get(buyer.path()).json()["entries"] if entry["kind"] == "handed_off"]
    )


@pytest.mark.parametrize(
    ("lang", "title", "says"),
    [("zh-CN", "七天无理由", "还缺信息"), ("en", "no-reason", "something must be asked first")],
)
def test_the_desk_reads_in_words_what_was_decided(buyer: Client, shop: str, lang: str, title: str, says: str) -> None:
    talk(buyer, "我想退外套", "试过，吊牌都在")
    with httpx.Client(base_url=shop, trust_env=False, timeout=20) as desk:
        desk.post("/desk/sign-in", json={"name": "小周"})
        row = desk.get(f"/v1/desk/conversations/{buyer.conversation}").json()["row"]
    assert [wish["name"] for wish in row["intents"]] == ["return_no_reason"], "an answer is about what was asked for"
    assert buyer.say("转人工", "person").status_code == 202
    buyer.events("done", count=3)
    with httpx.Client(base_url=shop, trust_env=False, timeout=20) as desk:
        desk.post("/desk/sign-in", json={"name": "小周"})
        whole = desk.get(f"/v1/desk/conversations/{buyer.conversation}", headers={"Accept-Language": lang}).json()
    *_, first = whole["decided"]
    assert title in first["title"]
    assert (first["says"], first["code"]) == (says, "ASK(condition_photos)")
    assert "已签收" in whole["summary"]["text"], "the shop's own words, no codes"
    assert "买家要求人工" in whole["summary"]["text"]


def test_the_widgets_files_travel_compressed(shop: str) -> None:
    with httpx.Client(base_url=shop, trust_env=False) as http:
        packed = http.get("/widget/element.js", headers={"Accept-Encoding": "gzip"})
        plain = http.get("/widget/element.js", headers={"Accept-Encoding": "identity"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert packed.text == plain.text
    assert int(packed.headers["Content-Length"]) < len(plain.content) / 2
