"""Decision tables over HTTP, for people at the desk."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.server.conftest import Client

RETURN = {
    "signed": True, "signed_at": "2026-01-01T10:00:00+08:00", "notice_at": "2026-01-05T10:00:00+08:00",
    "item_class": "normal", "promised_days": 0, "intact": "yes",
}  # fmt: skip


@pytest.fixture
def desk(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, trust_env=False, timeout=10) as browser:
        browser.post("/desk/sign-in", json={"name": "小周"})
        yield browser


def test_a_decision_quotes_the_clauses_it_rests_on(desk: httpx.Client) -> None:
    asked = {"table": "DT-02", "facts": RETURN, "at": "2026-01-05T10:00:00+08:00", "platform": "taobao"}
    found = desk.post("/v1/desk/decide", json=asked).json()
    assert (found["result"], found["row"], found["actor"]) == ("ELIGIBLE", "R9", "bot")
    assert found["deadline"].startswith("2026-01-09T00:00:00")
    assert [clause["ref"] for clause in found["clauses"]] == [
        "law/no-reason-return@2024-07#counting",
        "law/no-reason-return@2024-07#refund",
    ]
    assert "第 7 天的 24:00" in found["clauses"][0]["text"]
    english = desk.post("/v1/desk/decide", json=asked, headers={"Accept-Language": "en"}).json()
    assert english["title"] == "Seven-day no-reason return"
    assert english["clauses"][0]["text"] != found["clauses"][0]["text"]
    assert english["code"] == found["code"]


def test_an_amount_comes_with_its_formula_and_a_refusal_with_its_appeal(desk: httpx.Client) -> None:
    price = {
        "order_closed": False, "price_protected": True, "campaign_end": None, "unit_paid": 16800, "current_unit": 14800,
        "price_condition": "anyone", "already_granted": 0, "qty": 2, "compares_other_shop": False,
        "paid_at": "2026-01-01T20:00:00+08:00", "now": "2026-01-16T23:59:59+08:00",
    }  # fmt: skip
    found = desk.post("/v1/desk/decide", json={"table": "DT-19", "facts": price}).json()
    assert (found["result"], found["amount"]) == ("REFUND_DIFFERENCE: 40.00", 4000)
    assert "× 2 件" in found["formula"]
    late = {**RETURN, "notice_at": "2026-01-09T00:00:00+08:00"}
    refused = desk.post("/v1/desk/decide", json={"table": "DT-02", "facts": late}).json()
    assert (refused["code"], refused["actor"], "12315" in refused["appeal"]) == ("NOT_ELIGIBLE_LATE", "agent", True)


def test_a_missing_fact_comes_back_as_its_question(desk: httpx.Client) -> None:
    found = desk.post("/v1/desk/decide", json={"table": "DT-02", "facts": {}}).json()
    assert (found["code"], found["needs"]) == ("ASK(signed)", ["signed"])
    assert found["questions"] == ["请问包裹已经签收了吗？"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"table": "DT-99"}, 404, "not_found"),
        ({"table": "DT-02", "facts": {"signed": "yes"}}, 422, "wrong_fact"),
        ({"table": "DT-02", "facts": {"bill": 1}}, 422, "wrong_fact"),
        ({"table": "DT-02", "facts": {"nonsense": 1}}, 422, "unknown_fact"),
        ({"table": "DT-02", "at": "2026-01-05T10:00:00"}, 422, "invalid_request"),
        ({"table": "DT-02", "more": 1}, 422, "invalid_request"),
        ({}, 422, "invalid_request"),
    ],
)
def test_what_cannot_be_decided_is_a_problem(
    desk: httpx.Client, body: dict[str, object], status: int, code: str
) -> None:
    answer = desk.post("/v1/desk/decide", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_tables_can_be_read_with_their_rows_and_facts(desk: httpx.Client) -> None:
    heads = {head["id"]: head for head in desk.get("/v1/desk/tables").json()}
    assert {f"DT-{number:02d}" for number in range(1, 28)} <= set(heads)
    table = desk.get("/v1/desk/tables/DT-13").json()
    assert [version["policy"] for version in table["versions"]] == heads["DT-13"]["versions"]
    assert table["versions"][0]["platforms"] == ["taobao", "tmall"]
    assert table["versions"][0]["rows"][0]["clauses"] == [
        "platform/taobao-cancel@2025-08#after-request",
        "platform/taobao-cancel@2025-08#intercept",
    ]
    assert "scanned" in {fact["name"] for fact in table["facts"]}
    assert desk.get("/v1/desk/tables/DT-99").status_code == 404


def test_customers_cannot_ask_tables(client: Client) -> None:
    assert client.http.post("/v1/desk/decide", json={"table": "DT-02"}).status_code == 401
    assert client.http.get("/v1/desk/tables").status_code == 401
