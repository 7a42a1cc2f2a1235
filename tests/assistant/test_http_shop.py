"""The connector against a real second server that fails in the ways real ones do."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from assistant.clock import FixedClock
from assistant.errors import Conflict, EffectRefused, EffectUnknown, ShopUnavailable
from assistant.http_shop import MAX_BYTES, HttpShop, _seconds
from assistant.shop import Action, Connected, Shop
from knowledge.errors import XiaoerError
from server.scripted_shop import Fault, Planned, ScriptedShop, running
from tests.assistant.backend_faults import run_faults
from tests.assistant.connected import TOKEN, backend, connected_to, shop_at
from tests.assistant.shop_conformance import CUSTOMERS, ORDERS
from tests.assistant.store.world import NOW, order, world, yes

CANCEL = Action(name="cancel_refund", order_id="O1", amount=12000)


def theirs(**options: Any) -> ScriptedShop:
    return ScriptedShop.holding(list(CUSTOMERS), list(ORDERS), FixedClock(NOW), **options)


def writes(*faults: Fault) -> Planned:
    return Planned(writes=list(faults))


async def test_the_connector_is_a_shop_that_is_connected() -> None:
    async with connected_to(theirs()) as shop:
        port: Shop = shop
        assert isinstance(port, Connected)
        assert await shop.reachable()


# ── writes ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "fault",
    ["execute_then_hang", "execute_then_500", "execute_then_garbage", "execute_twice", "another_action", "hang",
     "error_500", "garbage", "redirect"],
)  # fmt: skip
async def test_a_write_without_a_clear_answer_is_unknown_and_is_sent_once(fault: Fault) -> None:
    system = theirs(faults=writes(fault))
    silent = {"write_timeout_s": 1.0} if "hang" in fault else {}
    async with connected_to(system, described=backend(**silent)) as shop:
        with pytest.raises(EffectUnknown):
            await shop.execute(CANCEL, key="k1", customer_id="c1", at=NOW)
        assert [name for name, _ in system.requests] == ["closeTrade"]
        done = fault.startswith("execute") or fault == "another_action"
        assert len(system.done) == done
        assert (await shop.receipt("k1") is not None) == done


async def test_a_late_answer_within_the_time_limit_counts() -> None:
    system = theirs(faults=writes("late"), late_s=0.05)
    async with connected_to(system) as shop:
        assert (await shop.execute(CANCEL, key="k1", customer_id="c1", at=NOW)).reference == "TX00000001"


async def test_an_answer_after_the_time_limit_is_unknown_though_it_was_done() -> None:
    system = theirs(faults=writes("late"), late_s=1.5)
    async with connected_to(system, described=backend(write_timeout_s=0.7)) as shop:
        with pytest.raises(EffectUnknown):
            await shop.execute(CANCEL, key="k1", customer_id="c1", at=NOW)
    assert len(system.done) == 1


async def test_a_write_carries_the_permit_as_its_key_and_the_token() -> None:
    system = theirs()
    async with connected_to(system) as shop:
        await shop.execute(CANCEL, key="permit-1", customer_id="c1", at=NOW)
    headers = system.requests[-1][1]
    assert headers["idempotency-key"] == "permit-1"
    assert headers["authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in repr(shop)


async def test_a_refusal_comes_with_the_systems_own_words() -> None:
    async with connected_to(theirs()) as shop:
        with pytest.raises(EffectRefused, match="only an order that has not shipped"):
            await shop.execute(CANCEL.model_copy(update={"order_id": "O4"}), key="k", customer_id="c1", at=NOW)


async def test_too_many_requests_means_that_nothing_was_done() -> None:
    system = theirs(faults=writes("rate_limit"))
    async with connected_to(system) as shop:
        with pytest.raises(EffectRefused, match="Too many"):
            await shop.execute(CANCEL, key="k", customer_id="c1", at=NOW)
    assert (len(system.requests), system.done) == (1, [])


async def test_a_wrong_token_is_a_refusal_of_writes_and_an_outage_of_reads() -> None:
    system = theirs()
    async with connected_to(system, token="wrong") as shop:
        with pytest.raises(EffectRefused, match="token"):
            await shop.execute(CANCEL, key="k", customer_id="c1", at=NOW)
        with pytest.raises(ShopUnavailable, match="401"):
            await shop.orders("c1")
    assert system.done == []


async def test_a_key_that_is_still_being_worked_on_is_unknown_not_refused() -> None:
    async def in_progress(request: httpx.Request) -> httpx.Response:
        return httpx.Response(409, json={"code": "IN_PROGRESS", "detail": "still at it"})

    with pytest.raises(EffectUnknown, match="still"):
        await scripted(in_progress).execute(CANCEL, key="k", customer_id="c1", at=NOW)


async def test_a_key_used_for_another_request_is_a_conflict() -> None:
    async with connected_to(theirs()) as shop:
        await shop.execute(CANCEL, key="k", customer_id="c1", at=NOW)
        other = Action(name="change_address", order_id="O2", args={"address": "上海市静安区某路1号"})
        with pytest.raises(Conflict):
            await shop.execute(other, key="k", customer_id="c1", at=NOW)


async def test_a_system_that_cannot_be_reached_has_done_nothing() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    shop = shop_at(url, FixedClock(NOW))
    with pytest.raises(EffectRefused, match="nothing was done"):
        await shop.execute(CANCEL, key="k", customer_id="c1", at=NOW)
    assert not await shop.reachable()
    await shop.aclose()


async def test_an_action_the_system_has_no_operation_for_is_refused_unsent() -> None:
    system = theirs()
    async with connected_to(system) as shop:
        with pytest.raises(EffectRefused, match="no operation"):
            await shop.execute(Action(name="ticket_event", order_id="O1"), key="k", customer_id="c1", at=NOW)
    assert system.requests == []


async def test_a_second_answer_on_the_wire_is_never_taken_for_the_next_requests_answer() -> None:
    system = theirs()
    with running(system) as url:
        server = await asyncio.start_server(answering_twice(url), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        system.token = TOKEN
        shop = shop_at(f"http://127.0.0.1:{port}", FixedClock(NOW))
        receipt = await shop.execute(CANCEL, key="k1", customer_id="c1", at=NOW)
        assert receipt.action == "cancel_refund"
        for _ in range(3):
            assert {each.order_id for each in await shop.orders("c1")} == {"O1", "O2", "O4"}
            assert await shop.order("c2", "O3") is not None
            assert await shop.order("c1", "O3") is None
        await shop.aclose()
        server.close()
        await server.wait_closed()
    assert len(system.done) == 1


@pytest.mark.parametrize("promised", [True, False], ids=["keys are done once", "whatever is sent is done"])
async def test_under_any_fault_an_effect_happens_at_most_once_and_is_told_truly(promised: bool) -> None:
    counts = await run_faults(15, seed=7, promised=promised)
    assert (counts.doubled, counts.wrong) == (0, []), str(counts)


async def test_a_request_that_may_still_be_on_its_way_is_not_called_refused_when_the_next_is_turned_away() -> None:
    planned: list[Fault] = ["rate_limit", "slow"]
    system = ScriptedShop.holding(
        [], [order()], FixedClock(NOW), late_s=0.5,
        faults=lambda operation, _: planned.pop() if operation == "payOut" and planned else None,
    )  # fmt: skip
    async with world() as w, connected_to(system, described=backend(write_timeout_s=0.1)) as shop:
        permits = w.with_shop(shop, idempotent_shop=True)
        action = Action(name="price_protection", order_id="O1", amount=1000)
        _, proposal = await w.propose(await w.talk(), action)
        permit = await permits.authorise(proposal.proposal_id, **yes(proposal))
        assert (await permits.execute(permit, NOW)).state == "unknown"  # a crash loses this end
        assert (await permits.execute(permit, NOW, again=True)).state == "unknown"
        while not system.done:
            await asyncio.sleep(0.02)
    assert len(system.done) == 1


# ── reads ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("fault", ["error_500", "rate_limit", "hang"])
async def test_a_read_is_tried_again_and_then_given_up(fault: Fault) -> None:
    system = theirs(faults=Planned(reads={"getTrade": fault}))
    silent = {"read_timeout_s": 0.7} if fault == "hang" else {}
    async with connected_to(system, described=backend(**silent)) as shop:
        with pytest.raises(ShopUnavailable):
            await shop.order("c1", "O1")
        assert 2 <= len(system.requests) <= 3


@pytest.mark.parametrize(("header", "seconds"), [("2", 2.0), ("²", None), ("", None), ("-1", None), ("soon", None)])
def test_a_time_to_wait_is_read_only_where_it_is_a_number(header: str, seconds: float | None) -> None:
    answer = httpx.Response(429, headers=[(b"retry-after", header.encode("latin-1"))])
    assert _seconds(answer) == seconds


async def test_a_read_that_fails_once_succeeds_the_second_time() -> None:
    failing: list[Fault] = ["error_500"]
    system = theirs(faults=lambda *_: failing.pop() if failing else None)
    async with connected_to(system) as shop:
        assert await shop.order("c1", "O1") is not None
    assert len(system.requests) == 2


@pytest.mark.parametrize("fault", ["garbage", "redirect"])
async def test_what_cannot_be_read_is_an_outage_and_is_not_asked_for_again(fault: Fault) -> None:
    system = theirs(faults=Planned(reads={"getTrade": fault, "listTrades": fault}))
    async with connected_to(system) as shop:
        with pytest.raises(ShopUnavailable):
            await shop.order("c1", "O1")
        with pytest.raises(ShopUnavailable):
            await shop.orders("c1")
    assert len(system.requests) == 2


async def test_an_order_of_another_customer_is_kept_back_even_when_the_system_gives_it_away() -> None:
    system = theirs(faults=Planned(reads={"getTrade": "another_buyer", "listTrades": "another_buyer"}))
    async with connected_to(system) as shop:
        with capture_logs() as logs:
            assert await shop.order("c1", "O3") is None
            assert {each.order_id for each in await shop.orders("c1")} == {"O1", "O2", "O4"}
    assert {line["event"] for line in logs} == {"backend_answered_for_another_customer"}


async def test_after_repeated_failures_reads_rest_and_one_is_let_through_later() -> None:
    system = theirs(faults=Planned(reads={"getTrade": "error_500"}))
    clock = system.clock
    assert isinstance(clock, FixedClock)
    async with connected_to(system) as shop:
        for _ in range(3):
            with pytest.raises(ShopUnavailable):
                await shop.order("c1", "O1")
        asked = len(system.requests)
        with pytest.raises(ShopUnavailable, match="rests"):
            await shop.order("c1", "O1")
        assert len(system.requests) == asked
        system.faults = Planned()
        clock.advance(timedelta(seconds=31))
        assert await shop.order("c1", "O1") is not None
        assert await shop.order("c1", "O2") is not None


async def test_an_outage_leaves_out_a_customers_name_but_does_not_sign_them_out() -> None:
    system = theirs(faults=Planned(reads={"getBuyer": "error_500"}))
    async with connected_to(system) as shop:
        known = await shop.customer("c1")
    assert known is not None
    assert (known.customer_id, known.name) == ("c1", "")


async def test_one_order_nobody_can_read_does_not_hide_the_others() -> None:
    strange = order("O7", region="x", created_at=NOW - timedelta(days=20000), paid_at=None, state="CREATED", paid=0)
    system = ScriptedShop.holding(list(CUSTOMERS), [*ORDERS, strange], FixedClock(NOW))
    async with connected_to(system) as shop:
        with capture_logs() as logs:
            assert {each.order_id for each in await shop.orders("c1")} == {"O1", "O2", "O4"}
        with pytest.raises(ShopUnavailable):
            await shop.order("c1", "O7")
    assert [line["event"] for line in logs] == ["order_unreadable"]


async def test_an_answer_too_large_to_be_one_is_not_read_to_its_end() -> None:
    async def endless(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=b"[" * (MAX_BYTES + 1))

    with pytest.raises(ShopUnavailable):
        await scripted(endless).orders("c1")


async def test_health_is_what_the_system_says_of_itself() -> None:
    system = theirs(faults=Planned(reads={"ping": "error_500"}))
    async with connected_to(system) as shop:
        assert not await shop.reachable()
        system.faults = Planned()
        assert await shop.reachable()


# ── where requests go ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "address", ["ftp://x", "file:///etc/passwd", "https://", "https://u:p@x/", "https://x/?a=1", ""]
)
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(XiaoerError, match="address"):
        shop_at(address, FixedClock(NOW))


@pytest.mark.parametrize(
    "number", ["../../x", "..", ".", "", "O1/../O3", "O1?buyerNo=c2", "http://evil/", "a\r\nHost: x"]
)
async def test_an_order_number_stays_one_segment_of_the_path(number: str) -> None:
    asked: list[httpx.URL] = []

    async def note(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        return httpx.Response(404)

    shop = scripted(note)
    if number in {"", ".", ".."}:
        with pytest.raises(ShopUnavailable):
            await shop.order("c1", number)
        assert asked == []
        return
    assert await shop.order("c1", number) is None
    assert (asked[0].host, asked[0].raw_path.count(b"/")) == ("backend.example", 3)
    assert asked[0].params.get_list("buyerNo") == ["c1"]


def scripted(answer: Callable[[httpx.Request], Any]) -> HttpShop:
    """The connector over a transport that is a function."""
    return shop_at("http://backend.example", FixedClock(NOW), transport=httpx.MockTransport(answer))


def answering_twice(url: str) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]:
    """A broken gateway before `url`: every answer goes out twice on the same connection."""
    upstream = httpx.URL(url)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = next(
                    (
                        int(line.split(b":")[1])
                        for line in head.split(b"\r\n")
                        if line.lower().startswith(b"content-len")
                    ),
                    0,
                )
                body = await reader.readexactly(length)
                theirs, ours = await asyncio.open_connection(upstream.host, upstream.port)
                ours.write(head.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n") + body)
                answer = (await theirs.read()).replace(b"connection: close\r\n", b"")
                ours.close()
                writer.write(answer * 2)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    return serve
