"""A ticket's whole life at random: any party, any event, any span of time, and what must hold after each step."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, get_args

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from assistant.errors import EffectRefused
from assistant.orders import change_ticket, open_tickets
from assistant.shop import Order, Ticket, TicketKind
from assistant.ticket_moves import MOVES, PEOPLE, SETTLED, STAGES, Actor
from assistant.tickets import MoveRefused, due, is_open, moves_of, next_check, problems, submitted
from tests.assistant.store.world import NOW, order

EVENTS = sorted({move.event for move in MOVES})
MONEY_STATES = {"AUTO_APPROVED", "REFUNDING", "EXECUTING"}


class TicketLife(RuleBasedStateMachine):
    """One signed order with one ticket, under the hands of everybody."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.order: Order = order(state="SIGNED", shipped_at=NOW, signed_at=NOW)
        self.refund_clock: Any = None

    @property
    def ticket(self) -> Ticket:
        return self.order.tickets[0]

    @initialize(kind=st.sampled_from(get_args(TicketKind)), amount=st.none() | st.integers(0, 12000))
    def open(self, kind: TicketKind, amount: int | None) -> None:
        draft = Ticket(
            ticket_id="T1", order_id="O1", kind=kind, state="DRAFT", opened_at=NOW, updated_at=NOW, amount=amount
        )
        self.order = self.order.model_copy(update={"tickets": (submitted(draft),)})

    @rule(
        event=st.sampled_from(EVENTS),
        by=st.sampled_from(get_args(Actor)),
        amount=st.none() | st.integers(0, 13000),
        given=st.sets(st.sampled_from(["why", "rule", "evidence", "waybill", "appeal"])),
        favour=st.sampled_from(["customer", "seller", "nobody"]),
        cause=st.sampled_from(["agreed", "authority", "police", "mood"]),
    )
    def anybody_sends_anything(
        self, event: str, by: Actor, amount: int | None, given: set[str], favour: str, cause: str
    ) -> None:
        args = (
            dict.fromkeys(given, "x")
            | {"favour": favour, "cause": cause}
            | ({} if amount is None else {"amount": amount})
        )
        self._send(event, by, args)

    @rule(data=st.data(), amount=st.integers(1, 12000), favour=st.sampled_from(["customer", "seller"]))
    def somebody_does_what_is_allowed(self, data: st.DataObject, amount: int, favour: str) -> None:
        choices = sorted({(m.event, by) for by in get_args(Actor) for m in moves_of(self.ticket, by, self.now)})
        # giving up is allowed nearly always: the other rule does it often enough
        choices = [choice for choice in choices if choice[0] not in ("withdraw", "take")] or choices
        if not choices:
            return
        event, by = data.draw(st.sampled_from(choices))
        args = {
            "why": "w",
            "rule": "law/x@1#a",
            "evidence": ["f1"],
            "appeal": "platform",
            "waybill": "SF1",
            "favour": favour,
            "cause": "agreed",
        }
        self._send(event, by, args | ({"amount": amount} if self.ticket.amount is None else {}))

    @rule(minutes=st.sampled_from([1, 59, 60, 24 * 60, 48 * 60, 8 * 24 * 60, 200 * 24 * 60]))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        before = self.ticket
        after = due(before, self.now)
        new = after.history[len(before.history) :]
        assert all(step.to_state != "REJECTED" and step.event not in ("reject", "refund") for step in new)
        assert due(after, self.now) is after, "the same sweep again does nothing"
        following = next_check(after)
        assert following is None or following >= self.now
        if before.state in ("PENDING_SELLER", "SELLER_INSPECTING", "INSPECTION_DISPUTE"):
            assert after.state not in SETTLED - {"CLOSED"}
            assert "expire" not in [s.event for s in new[:1]]
        self.order = self.order.model_copy(update={"tickets": (after,)})

    def _send(self, event: str, by: Actor, args: dict[str, Any]) -> None:
        before, allowed = self.order, None
        try:
            moved = change_ticket(before, "T1", event, by=by, who=f"{by}:x", at=self.now, args=args)
        except MoveRefused as error:
            allowed = set(error.allowed)
        except EffectRefused:
            return
        if allowed is not None:
            assert allowed == {m.event for m in moves_of(before.tickets[0], by, self.now)}
            return
        self.order = moved
        old, new = before.tickets[0], moved.tickets[0]
        step = new.history[len(old.history)]
        paid = moved.refunded - before.refunded
        if paid or step.to_state == "REFUNDED":
            assert old.state in MONEY_STATES
            assert event == "refund"
            assert paid == new.amount
        if step.to_state == "REJECTED":
            assert by in PEOPLE
            assert step.clause
            assert new.detail["evidence"]
            assert new.detail["appeal"]
            assert step.why
            assert new.deadline is not None
            assert new.deadline - self.now >= timedelta(days=15)
            assert "ask_platform" in {m.event for m in moves_of(new, "customer", self.now)}
        if event in ("make_offer", "decline_offer", "lapse"):
            assert (new.deadline, new.since, new.lapses) == (old.deadline, old.since, old.lapses)
        if event == "resume" and old.deadline is not None and old.held is not None:
            assert new.deadline == old.deadline + (self.now - old.held.since)

    @invariant()
    def nothing_skips_submitted(self) -> None:
        if self.order.tickets:
            assert problems(self.ticket) == []
            assert self.ticket.history[0].to_state == "SUBMITTED"

    @invariant()
    def it_has_one_owner_and_an_end_in_sight(self) -> None:
        if not self.order.tickets:
            return
        ticket = self.ticket
        assert (ticket.owner and ":" in ticket.owner) or ticket.owner == "assistant"
        waits = STAGES[ticket.state].steps and not ticket.held and is_open(ticket)
        assert not waits or ticket.deadline or ticket.escalated_at or ticket.state == "PLATFORM_DISPUTE"

    @invariant()
    def never_more_than_was_paid(self) -> None:
        promised = sum(ticket.amount or 0 for ticket in open_tickets(self.order))
        assert 0 <= self.order.refunded + self.order.compensated + promised <= self.order.paid
