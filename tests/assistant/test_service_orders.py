"""Services around an order: what the built-in shop allows, once, and out of whose money."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import EffectRefused
from assistant.orders import apply, open_tickets, payable
from assistant.profile import DoorService
from assistant.service_orders import PAID_BY_OTHERS, SERVICES, booked_visit, fault_accepted, service_facts
from assistant.shop import Action, Order, Ticket, TicketKind, TicketState
from assistant.visits import offered
from tests.assistant.demo_shop import demo_pack
from tests.assistant.store.world import NOW, order

VISIT = str(offered(NOW)[0])


def ticket(kind: TicketKind = "return_refund", state: TicketState = "APPROVED_RETURN", **more: Any) -> Ticket:
    fields = {"opened_at": NOW - timedelta(days=2), "updated_at": NOW - timedelta(days=1), "line_ids": ("L1",), **more}
    return Ticket(ticket_id=f"T-{kind}", order_id="O1", kind=kind, state=state, **fields)


def received(*tickets: Ticket, **changes: Any) -> Order:
    signed = {"state": "SIGNED", "shipped_at": NOW - timedelta(days=6), "signed_at": NOW - timedelta(days=4)}
    return order(
        **(signed | {"created_at": NOW - timedelta(days=8), "paid_at": NOW - timedelta(days=8)} | changes),
        tickets=tickets,
    )


def do(name: str, before: Order, amount: int | None = None, **args: Any) -> Order:
    return apply(before, Action(name=name, order_id="O1", amount=amount, args=args), NOW, "S-NEW")


def test_a_visit_is_booked_for_an_agreed_return_with_the_address_masked() -> None:
    after = do(
        "door_service", received(ticket(), address="广州市天河区88号"), door_kind="pickup_return", visit_time=VISIT
    )
    visit = booked_visit(after)
    assert visit is not None
    assert visit.detail == {"window": VISIT, "service": "pickup_return", "address": "广州市天河区**号"}
    assert visit.deadline == offered(NOW)[0].end
    own = do("door_service", received(ticket()), door_kind="pickup_return", visit_time=VISIT, address="上海市某路123号")
    assert booked_visit(own).detail["address"] == "上海市某路***号"  # type: ignore[union-attr]
    assert "123" not in own.model_dump_json()


@pytest.mark.parametrize(
    ("before", "args"),
    [
        (received(), {"door_kind": "pickup_return", "visit_time": VISIT}),
        (received(ticket(state="RETURN_IN_TRANSIT")), {"door_kind": "pickup_return", "visit_time": VISIT}),
        (received(ticket()), {"door_kind": "swap", "visit_time": VISIT}),
        (received(), {"door_kind": "repair", "visit_time": VISIT}),
        (received(ticket()), {"door_kind": "massage", "visit_time": VISIT}),
        (received(ticket()), {"door_kind": "pickup_return", "visit_time": "yesterday"}),
        (received(ticket()), {"door_kind": "pickup_return"}),
        (order(), {"door_kind": "pickup_return", "visit_time": VISIT}),
        (
            received(ticket(), ticket("door_service", "AUTO_APPROVED")),
            {"door_kind": "pickup_return", "visit_time": VISIT},
        ),
    ],
)
def test_a_visit_without_its_case_or_its_time_is_refused(before: Order, args: dict[str, str]) -> None:
    with pytest.raises(EffectRefused):
        do("door_service", before, **args)


def test_a_visit_can_be_cancelled_until_it_begins_and_booked_again() -> None:
    booked = do("door_service", received(ticket()), door_kind="pickup_return", visit_time=VISIT)
    off = do("cancel_visit", booked)
    assert booked_visit(off) is None
    assert [each.state for each in off.tickets] == ["APPROVED_RETURN", "WITHDRAWN"]
    again = apply(
        off,
        Action(name="door_service", order_id="O1", args={"door_kind": "pickup_return", "visit_time": VISIT}),
        NOW,
        "S-2",
    )
    assert booked_visit(again) is not None
    with pytest.raises(EffectRefused, match="No visit"):
        do("cancel_visit", off)
    with pytest.raises(EffectRefused, match="begun"):
        apply(booked, Action(name="cancel_visit", order_id="O1"), offered(NOW)[0].start, "S-3")


def test_a_repair_is_booked_with_its_time_and_answered_by_a_person() -> None:
    after = do("book_repair", received(), defect="开不了机", line_ids=["L1"], visit_time=VISIT)
    case = open_tickets(after)[0]
    assert (case.kind, case.state, case.reason, case.line_ids) == ("repair", "PENDING_SELLER", "开不了机", ("L1",))
    assert case.detail["window"] == VISIT
    with pytest.raises(EffectRefused):
        do("book_repair", after, defect="x", visit_time=VISIT)
    with pytest.raises(EffectRefused):
        do("book_repair", order(), defect="x", visit_time=VISIT)


def test_the_freight_cover_pays_once_and_not_out_of_what_was_paid() -> None:
    before = received(ticket(state="RETURN_IN_TRANSIT", amount=12000), freight_cover="insurance")
    assert payable(before) == 0, "the return has promised everything"
    after = do("freight_compensation", before, 1200)
    assert (after.refunded, after.compensated, payable(after)) == (0, 0, 0)
    paid = after.tickets[-1]
    assert (paid.kind, paid.state, paid.amount, paid.detail["paid_by"]) == (
        "freight_compensation", "REFUNDED", 1200, "freight_cover",
    )  # fmt: skip
    with pytest.raises(EffectRefused, match="before"):
        do("freight_compensation", after, 1200)


@pytest.mark.parametrize(
    ("before", "amount"),
    [
        (received(ticket(state="RETURN_IN_TRANSIT"), freight_cover="return_service"), 1200),
        (received(ticket(state="RETURN_IN_TRANSIT")), 1200),
        (received(ticket(), freight_cover="insurance"), 1200),
        (received(freight_cover="insurance"), 1200),
        (received(ticket(state="REFUNDED"), freight_cover="insurance"), 0),
        (received(ticket(state="REFUNDED"), freight_cover="insurance"), None),
    ],
    ids=["service pays the carrier", "no cover", "not sent", "no return", "nothing", "no amount"],
)
def test_the_freight_cover_pays_nothing_where_none_is_due(before: Order, amount: int | None) -> None:
    with pytest.raises(EffectRefused):
        do("freight_compensation", before, amount)


def test_paying_first_needs_accepted_fault_uses_the_promised_money_and_happens_once() -> None:
    case = ticket(state="REFUNDING", amount=12000, detail={"fault": "seller"})
    after = do("advance_payment", received(case), 12000, ticket_id=case.ticket_id)
    assert (after.compensated, after.refunded, payable(after)) == (12000, 0, 0)
    assert after.tickets[0].amount is None, "what was promised is what was paid"
    with pytest.raises(EffectRefused, match="before"):
        do("advance_payment", after, 1)


@pytest.mark.parametrize(
    ("case", "accepted"),
    [
        (ticket(state="REFUNDING", detail={"fault": "seller"}), True),
        (ticket(state="EXECUTING", detail={"favour": "customer"}), True),
        (ticket(state="REFUNDING"), False),
        (ticket(state="PENDING_SELLER", detail={"fault": "seller"}), False),
        (ticket(state="EXECUTING", detail={"favour": "seller"}), False),
    ],
)
def test_fault_is_accepted_by_a_person_in_a_case_that_says_so(case: Ticket, accepted: bool) -> None:
    before = received(case)
    assert fault_accepted(before) is accepted
    if not accepted:
        with pytest.raises(EffectRefused, match="fault"):
            do("advance_payment", before, 100)


@given(st.lists(st.tuples(st.sampled_from([*SERVICES, "goodwill", "withdraw"]), st.integers(-5, 15000)), max_size=8))
def test_whatever_is_asked_no_more_than_was_paid_leaves_the_shop(steps: list[tuple[str, int]]) -> None:
    case = ticket(state="REFUNDING", amount=9000, detail={"fault": "seller"})
    now = received(case, freight_cover="insurance")
    covers = 0
    for number, (name, amount) in enumerate(steps):
        args = {"door_kind": "repair", "visit_time": VISIT, "defect": "x", "ticket_id": case.ticket_id}
        try:
            now = apply(now, Action(name=name, order_id="O1", amount=amount, args=args), NOW, f"S{number}")
        except EffectRefused:
            continue
        covers += name in PAID_BY_OTHERS
        assert now.refunded + now.compensated <= now.paid
        assert payable(now) >= 0
    assert covers <= 1


def test_the_facts_of_services_are_what_the_records_say() -> None:
    profile = demo_profile()
    before = received(ticket(), freight_cover="insurance", region="福建")
    facts = service_facts(before, before.lines, profile, NOW)
    assert facts["door_services"] == ["pickup_return", "repair"]
    assert (facts["return_waits"], facts["return_sent"], facts["visit_booked"]) == (True, False, False)
    assert (facts["disputed"], facts["returnable"]) == (12000, 12000)
    booked = do("door_service", before, door_kind="pickup_return", visit_time=VISIT)
    assert service_facts(booked, booked.lines, profile, NOW)["visit_booked"] is True


@pytest.mark.parametrize(
    ("region", "days", "there"),
    [
        ("上海", 0, True),
        ("上海", 9, True),
        ("上海", 10, False),
        ("上海", -1, False),
        ("北京", 0, False),
        (None, 0, False),
    ],
)
def test_a_service_is_offered_in_its_regions_and_its_time(region: str | None, days: int, there: bool) -> None:
    start = datetime(2026, 5, 31, tzinfo=NOW.tzinfo)
    service = DoorService(kind="swap", regions=("上海",), start=start, end=start + timedelta(days=10))
    assert service.offered(region, start + timedelta(days=days)) is there


def demo_profile() -> Any:
    from assistant.profile import read_profile

    return read_profile(demo_pack().data("shop"), key="demo")
