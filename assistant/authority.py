"""How much may be given by whom: the sums of what was given before, and what DT-20 says about one more amount. Pure.

Amounts that were split are summed per order and per cause (R7), goodwill per customer over 90 days, and nothing is
permitted that would bring refunds and compensation above what was paid, open permits counted as if they were done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from assistant.approvals import Level, Role
from assistant.orders import open_tickets, payable
from assistant.proposals import ASSISTANT, Grounds, Purpose
from assistant.service_orders import PAID_BY_OTHERS
from assistant.shop import Action, Order
from knowledge.decision import Decision, Facts

GOODWILL_WINDOW = timedelta(days=90)
GIVEN: frozenset[Purpose] = frozenset({"goodwill", "rule_compensation", "advance"})
"""What DT-20 limits; a statutory refund is due whatever was given before."""

GivenState = Literal["permitted", "done", "unknown", "refused"]
Actor: TypeAlias = Role | Literal["bot"]

SENSITIVE = frozenset({"safety", "media", "12315"})
"""Risks that bring any amount before a supervisor and legal (DT-20 R5), whatever the drafter says."""

_CODES: dict[str, Level] = {"TO_AGENT": "agent", "SUPERVISOR": "supervisor", "LEGAL": "supervisor+legal"}


@dataclass(frozen=True, slots=True)
class Given:
    """Money a customer was permitted: `state` tells whether it has happened; what is unknown counts as given."""

    order_id: str | None
    cause: str | None
    purpose: str | None
    amount: int
    state: GivenState
    at: datetime


@dataclass(frozen=True, slots=True)
class Weighed:
    """Who must agree beside the customer; None: nobody. `forbidden` is the decision that rules it out altogether."""

    level: Level | None
    decisions: tuple[Decision, ...]
    forbidden: Decision | None = None


def counted(given: Sequence[Given]) -> list[Given]:
    """What limits count: all but what the shop refused."""
    return [each for each in given if each.state != "refused" and each.purpose in GIVEN]


def cause_sum(given: Sequence[Given], order: Order, cause: str | None) -> int:
    """What was given before for this order or this cause, in fen; with what the shop itself gave on the order."""
    before = [g for g in counted(given) if g.order_id == order.order_id or (cause is not None and g.cause == cause)]
    ours = sum(g.amount for g in before if g.order_id == order.order_id and g.state == "done")
    return sum(g.amount for g in before) + max(0, order.compensated - ours)


def goodwill_sum(given: Sequence[Given], orders: Sequence[Order], at: datetime) -> int:
    """The goodwill a customer got in the 90 days before `at`: as we permitted it, or as the shop's records say."""
    since = at - GOODWILL_WINDOW
    ours = sum(g.amount for g in counted(given) if g.purpose == "goodwill" and g.at >= since)
    theirs = sum(
        ticket.amount or 0
        for order in orders
        for ticket in order.tickets
        if ticket.kind == "goodwill" and ticket.state == "REFUNDED" and ticket.updated_at >= since
    )
    return max(ours, theirs)


def room(given: Sequence[Given], order: Order, action: Action) -> int:
    """What may still be permitted on `order`, in fen: what it can pay less what open permits have reserved.

    An action that carries out what an open case was promised may use that promise; money that is not the shop's own
    needs no room.
    """
    if action.name in PAID_BY_OTHERS:
        return action.amount or 0
    reserved = sum(g.amount for g in given if g.order_id == order.order_id and g.state in ("permitted", "unknown"))
    wanted = action.args.get("ticket_id")
    promised = next((t.amount or 0 for t in open_tickets(order) if wanted and t.ticket_id == wanted), 0)
    return payable(order) + promised - reserved


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a customer stands: the order in question, all their orders, and the money they were permitted before."""

    order: Order
    orders: tuple[Order, ...]
    given: tuple[Given, ...]

    def facts(
        self, grounds: Grounds, action: Action, at: datetime, *, actor: Actor, approver: str,
        requester: str,
    ) -> Facts:  # fmt: skip
        """What DT-20 reads about giving this now."""
        amount = action.amount or 0
        return {
            "actor": actor,
            "purpose": grounds.purpose,
            "amount": amount,
            "paid": self.order.paid,
            "dispute_amount": grounds.dispute_amount if grounds.dispute_amount is not None else amount,
            "customer_sum_90d": goodwill_sum(self.given, self.orders, at),
            "same_cause_sum": cause_sum(self.given, self.order, grounds.cause),
            "fault_established": grounds.fault_established,
            "sensitive": grounds.sensitive,
            "requester": requester,
            "approver": approver,
        }


def weigh(decide: Callable[[Actor, str, str], Decision], drafted_by: str) -> Weighed:
    """Ask DT-20 who must agree. `decide(actor, requester, approver)` runs the table.

    The assistant asks for itself first and then for the person it would hand to; a person is asked about as an agent,
    whatever they are: above an agent's authority it takes a second person.
    """
    decisions: list[Decision] = []
    if drafted_by == ASSISTANT:
        own = decide("bot", "bot", "customer")
        decisions.append(own)
        if own.code == "ALLOW":
            return Weighed(None, tuple(decisions))
        if own.code not in _CODES:
            return Weighed(None, tuple(decisions), forbidden=own)
    people = decide("agent", drafted_by, "customer")
    decisions.append(people)
    if people.code == "ALLOW":
        return Weighed("agent" if drafted_by == ASSISTANT else None, tuple(decisions))
    if people.code not in _CODES:
        return Weighed(None, tuple(decisions), forbidden=people)
    return Weighed(_CODES[people.code], tuple(decisions))
