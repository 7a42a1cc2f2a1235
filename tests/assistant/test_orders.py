from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from assistant.errors import EffectRefused
from assistant.orders import RETURN_DAYS, TRANSITIONS, apply, open_tickets, payable
from assistant.shop import Action, Order
from knowledge.clauses import SHANGHAI
from tests.assistant.store.world import NOW, order

SHIPPED: dict[str, Any] = {"shipped_at": NOW - timedelta(hours=20)}
SIGNED = SHIPPED | {"state": "SIGNED", "signed_at": NOW - timedelta(hours=2)}


def act(before: Order, name: str, amount: int | None = None, **args: Any) -> Order:
    return apply(before, Action(name=name, order_id=before.order_id, args=args, amount=amount), NOW, "S1")


def test_cancelling_a_paid_order_refunds_it_whole_and_closes_it() -> None:
    after = act(order(), "cancel_refund", 12000)
    assert (after.state, after.refunded) == ("CLOSED", 12000)
    assert (after.tickets[0].kind, after.tickets[0].state) == ("refund_only_unshipped", "REFUNDED")


def test_cancelling_an_unpaid_order_moves_no_money() -> None:
    after = act(order(state="CREATED", paid=0), "cancel_refund")
    assert (after.state, after.refunded) == ("CLOSED", 0)
    with pytest.raises(EffectRefused):
        act(order(state="CREATED", paid=0), "cancel_refund", 100)


@pytest.mark.parametrize("amount", [None, 0, 11999, 12001, -1])
def test_a_cancelled_order_pays_back_neither_more_nor_less_than_it_holds(amount: int | None) -> None:
    with pytest.raises(EffectRefused):
        act(order(), "cancel_refund", amount)


def test_a_deposit_may_stay_when_an_order_is_cancelled() -> None:
    after = act(order(presale_deposit=2000), "cancel_refund", 10000)
    assert after.refunded == 10000
    with pytest.raises(EffectRefused):
        act(order(presale_deposit=2000), "cancel_refund", 9999)


@pytest.mark.parametrize(
    "changes", [SHIPPED, SHIPPED | {"state": "SHIPPED"}, {"production_started": True}, SIGNED, {"state": "CLOSED"}]
)
def test_an_order_that_left_or_is_being_made_is_not_cancelled(changes: dict[str, Any]) -> None:
    with pytest.raises(EffectRefused):
        act(order(**changes), "cancel_refund", 12000)


def test_an_intercepted_parcel_waits_for_its_refund() -> None:
    after = act(order(state="IN_TRANSIT", **SHIPPED), "intercept", 12000)
    assert (after.state, after.refunded, payable(after)) == ("INTERCEPTING", 0, 0)
    with pytest.raises(EffectRefused):
        act(order(**SHIPPED | {"state": "OUT_FOR_DELIVERY"}), "intercept")


def test_a_return_is_approved_with_an_address_and_seven_days_and_pays_nothing_yet() -> None:
    after = act(order(**SIGNED), "return_refund", 12000, line="L1")
    ticket = after.tickets[0]
    assert (ticket.state, ticket.amount, ticket.line_ids, after.refunded) == ("APPROVED_RETURN", 12000, ("L1",), 0)
    assert ticket.deadline == datetime(2026, 1, 13, tzinfo=SHANGHAI), f"24:00 of day {RETURN_DAYS}"
    assert ticket.detail["return_address"]


def test_a_return_before_receipt_or_of_another_line_is_refused() -> None:
    with pytest.raises(EffectRefused):
        act(order(), "return_refund", 12000)
    with pytest.raises(EffectRefused):
        act(order(**SIGNED), "return_refund", 12000, line="L9")


def test_a_quality_claim_waits_48_hours_for_the_seller() -> None:
    ticket = act(order(**SIGNED), "quality_return", defect="裂了").tickets[0]
    assert (ticket.state, ticket.deadline, ticket.reason) == ("PENDING_SELLER", NOW + timedelta(hours=48), "裂了")


def test_a_second_open_case_of_the_same_kind_is_refused_until_the_first_is_withdrawn() -> None:
    first = act(order(**SIGNED), "exchange", target_variant="红色")
    with pytest.raises(EffectRefused):
        apply(first, Action(name="exchange", order_id="O1"), NOW, "S2")
    withdrawn = act(first, "withdraw", ticket_id="S1")
    assert not open_tickets(withdrawn)
    assert open_tickets(apply(withdrawn, Action(name="exchange", order_id="O1"), NOW, "S2"))


def test_withdrawing_an_interception_lets_the_parcel_go_on() -> None:
    stopped = act(order(state="IN_TRANSIT", **SHIPPED), "intercept", 12000)
    assert act(stopped, "withdraw", ticket_id="S1").state == "IN_TRANSIT"
    with pytest.raises(EffectRefused):
        act(stopped, "withdraw", ticket_id="S9")


@pytest.mark.parametrize("name", ["price_protection", "late_compensation", "goodwill", "partial_refund"])
def test_compensation_is_paid_at_once_up_to_what_was_paid(name: str) -> None:
    after = act(order(**SIGNED), name, 12000)
    assert (after.compensated, after.tickets[0].state) == (12000, "REFUNDED")
    for amount in (None, 0, -5, 12001):
        with pytest.raises(EffectRefused):
            act(order(**SIGNED), name, amount)


def test_late_compensation_is_paid_once_per_order() -> None:
    once = act(order(), "late_compensation", 600)
    with pytest.raises(EffectRefused):
        act(once, "late_compensation", 600)
    assert act(act(once, "goodwill", 100), "goodwill", 100).compensated == 800


def test_what_an_open_return_has_promised_cannot_be_spent_on_compensation() -> None:
    returning = act(order(**SIGNED), "return_refund", 11000)
    assert act(returning, "goodwill", 1000).compensated == 1000
    with pytest.raises(EffectRefused):
        act(returning, "goodwill", 1001)


def test_an_address_changes_before_shipping_only_and_is_shown_masked() -> None:
    after = act(order(), "change_address", address="杭州市文三路 18 号")
    assert after.address == "杭州市文三路 ** 号"
    assert "18" not in str(after.tickets)
    for before, address in ((order(), " "), (order(**SHIPPED), "x"), (order(**SIGNED), "x")):
        with pytest.raises(EffectRefused):
            act(before, "change_address", address=address)


def test_an_invoice_is_requested_once() -> None:
    after = act(order(), "invoice", invoice_title="某某公司")
    assert (after.invoice, after.tickets[0].detail) == ("requested", {"invoice_title": "某某公司"})
    with pytest.raises(EffectRefused):
        act(after, "invoice")


def test_unknown_actions_and_other_orders_are_refused() -> None:
    with pytest.raises(EffectRefused):
        act(order(), "give_everything", 1)
    with pytest.raises(EffectRefused):
        apply(order(), Action(name="urge_shipping", order_id="O2"), NOW, "S1")


class OrderLife(RuleBasedStateMachine):
    """Any actions in any order: the invariants hold after each, and a refused one changes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.order = order()
        self.n = 0

    @rule(name=st.sampled_from(sorted(TRANSITIONS)), amount=st.none() | st.integers(-5, 13000), line=st.booleans())
    def action(self, name: str, amount: int | None, line: bool) -> None:
        self.n += 1
        last = self.order.tickets[-1].ticket_id if self.order.tickets else "none"
        args = {"address": "某路 8 号", "ticket_id": last} | ({"line": "L1"} if line else {})
        before = self.order
        try:
            self.order = apply(before, Action(name=name, order_id="O1", args=args, amount=amount), NOW, f"S{self.n}")
        except EffectRefused:
            return
        spent = self.order.refunded + self.order.compensated - before.refunded - before.compensated
        assert spent in {0, amount}, "money moves only by the amount the action names"

    @rule()
    def ship_or_arrive(self) -> None:
        following = {"PAID": "IN_TRANSIT", "IN_TRANSIT": "SIGNED", "SIGNED": "COMPLETED"}.get(self.order.state)
        if following:
            self.order = self.order.model_copy(update={"state": following, "shipped_at": NOW})

    @invariant()
    def never_more_than_was_paid(self) -> None:
        promised = sum(ticket.amount or 0 for ticket in open_tickets(self.order))
        assert 0 <= self.order.refunded + self.order.compensated + promised <= self.order.paid

    @invariant()
    def one_open_case_of_a_kind(self) -> None:
        kinds = [ticket.kind for ticket in open_tickets(self.order)]
        assert len(kinds) == len(set(kinds))

    @invariant()
    def tickets_have_numbers_of_their_own(self) -> None:
        numbers = [ticket.ticket_id for ticket in self.order.tickets]
        assert len(numbers) == len(set(numbers))


OrderLife.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestOrderLife = OrderLife.TestCase
