"""The second server speaks its own API over the demo's data, and fails the way it is told to."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import httpx
import pytest

from assistant.clock import FixedClock
from server.scripted_shop import Fault, Planned, ScriptedShop, running
from server.trade_forms import ACTIONS

NOW = datetime.fromisoformat("2026-11-22T10:00:00+08:00")


def demo(**options: Any) -> ScriptedShop:
    return ScriptedShop.of_demo(FixedClock(NOW), **options)


def call(base_url: str, method: str, path: str, **more: Any) -> httpx.Response:
    return httpx.request(method, base_url + path, timeout=2, trust_env=False, **more)


def paid_trade(system: ScriptedShop) -> tuple[str, str, str]:
    """A trade that can be closed: its number, its buyer and what closing it refunds."""
    order = next(o for o in system.trades.values() if o.customer_id == "c06")
    return order.order_id, order.customer_id, f"{order.paid // 100}.{order.paid % 100:02d}"


def close(url: str, system: ScriptedShop, key: str | None = "k1") -> httpx.Response:
    number, buyer, yuan = paid_trade(system)
    headers = {"Idempotency-Key": key} if key else {}
    return call(
        url, "POST", f"/api/trades/{number}/closures", json={"buyerNo": buyer, "refundYuan": yuan}, headers=headers
    )


def test_trades_are_written_in_its_own_words() -> None:
    with running(demo()) as url:
        page = call(url, "GET", "/api/trades", params={"buyerNo": "c30"}).json()["data"]
    assert page["hasNext"] is True
    trade = page["rows"][0]
    assert trade["buyerNo"] == "c30"
    assert trade["channel"] == "TB"
    assert isinstance(trade["placed"], int)
    assert trade["amounts"]["payTotal"].partition(".")[2].isdigit()


def test_somebody_elses_trade_is_not_found() -> None:
    system = demo()
    number, _, _ = paid_trade(system)
    with running(system) as url:
        answer = call(url, "GET", f"/api/trades/{number}", params={"buyerNo": "c01"})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_a_key_is_done_once_and_with_another_body_refused() -> None:
    system = demo()
    with running(system) as url:
        first, again = close(url, system).json(), close(url, system).json()
        assert first == again
        number, buyer, _ = paid_trade(demo())
        other = call(
            url, "POST", f"/api/trades/{number}/intercepts", json={"buyerNo": buyer}, headers={"Idempotency-Key": "k1"}
        )
        assert (other.status_code, other.json()["code"]) == (422, "KEY_REUSED")
        assert call(url, "GET", "/api/requests/k1").json() == first
    assert len(system.done) == 1


def test_without_its_promise_it_does_whatever_it_is_sent() -> None:
    system = demo(idempotent=False)
    number = next(o.order_id for o in system.trades.values() if o.state == "SIGNED" and o.paid > 1000 and not o.tickets)
    body = {"buyerNo": system.trades[number].customer_id, "payType": "GIFT", "yuan": "1.00"}
    with running(system) as url:
        for _ in range(2):
            call(url, "POST", f"/api/trades/{number}/payouts", json=body, headers={"Idempotency-Key": "k1"})
    assert [receipt.key for receipt in system.done] == ["k1", "k1"]


def test_a_wrong_token_and_a_wrong_amount_are_refused() -> None:
    system = demo(token="right")
    number, buyer, _ = paid_trade(system)
    with running(system) as url:
        assert call(url, "GET", "/api/ping").status_code == 401
        headers = {"Authorization": "Bearer right"}
        for yuan in ("1.005", "-1", "1e3", ""):
            body = {"buyerNo": buyer, "refundYuan": yuan}
            assert call(url, "POST", f"/api/trades/{number}/closures", json=body, headers=headers).status_code == 422
    assert system.done == []


@pytest.mark.parametrize(
    ("fault", "status", "effects"),
    [
        ("execute_then_500", 500, 1), ("execute_then_garbage", 200, 1), ("execute_twice", 200, 1), ("late", 200, 1),
        ("error_500", 500, 0), ("rate_limit", 429, 0), ("garbage", 200, 0), ("redirect", 307, 0), (None, 200, 1),
    ],
)  # fmt: skip
def test_it_fails_once_in_the_way_it_is_told_to(fault: Fault | None, status: int, effects: int) -> None:
    system = demo(faults=Planned([fault] if fault else []), late_s=0.01)
    with running(system) as url:
        assert close(url, system).status_code == status
    assert len(system.done) == effects


@pytest.mark.parametrize(("fault", "effects"), [("hang", 0), ("execute_then_hang", 1)])
def test_silence_lasts_until_the_caller_gives_up(fault: Fault, effects: int) -> None:
    system = demo(faults=Planned([fault]))
    number, buyer, yuan = paid_trade(system)
    with running(system) as url, pytest.raises(httpx.ReadTimeout):
        httpx.post(
            f"{url}/api/trades/{number}/closures",
            json={"buyerNo": buyer, "refundYuan": yuan},
            timeout=0.3,
            trust_env=False,
        )
    assert len(system.done) == effects


def test_a_fault_can_be_set_and_ended_while_it_runs() -> None:
    with running(demo()) as url:
        call(url, "PUT", "/faults", json={"ping": "error_500"})
        assert call(url, "GET", "/api/ping").status_code == 500
        call(url, "PUT", "/faults", json={})
        assert call(url, "GET", "/api/ping").status_code == 200
        assert call(url, "PUT", "/faults", json={"ping": "catch fire"}).status_code == 422


def test_every_action_has_one_word_of_its_own() -> None:
    assert len(set(ACTIONS.values())) == len(ACTIONS)
