"""One flow in the making and what comes of it: the vocabulary of `flow_runner`, `flow_reply` and `proposing`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from assistant.context import Question, TurnContext
from assistant.conversation import Card, HandedOff, QuickReply
from assistant.flows import Flow
from assistant.order_facts import place_of
from assistant.proposals import Proposal
from assistant.shop import Order, OrderLine, Ticket
from knowledge.clauses import Place
from knowledge.decision import Decision, Facts

SLOTS = frozenset(
    {"line", "target_variant", "defect", "address", "invoice_title", "visit_time", "return_waybill", "appeal_why"}
)
"""What a flow may ask for that is no fact of a table but goes with the action."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a flow. With a question the flow waits; with a hand-off a person goes on."""

    intent: str
    text: str
    cards: tuple[Card, ...] = ()
    question: Question | None = None
    proposal: Proposal | None = None
    hand_off: HandedOff | None = None
    quick_replies: tuple[QuickReply, ...] = ()
    narrowed: bool = False
    """Whether its question leaves fewer things to choose from than the turn before did."""
    answered: bool = True
    """False when nothing sure could be said."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What the flow is about: one of the customer's own orders, and the lines of it that are meant."""

    order: Order
    lines: Sequence[OrderLine]
    ticket: Ticket | None = None
    """The case of the order that is meant; None where the order has none."""

    @property
    def event_time(self) -> datetime:
        """The instant whose rules decide: when the order was paid, else placed."""
        return self.order.paid_at or self.order.created_at


@dataclass
class FlowRun:
    """A flow being run for an intent: its facts, what the tables have said, and the turn it belongs to."""

    intent: str
    flow: Flow
    turn: TurnContext
    facts: Facts
    subject: Subject | None = None
    decisions: list[Decision] = field(default_factory=list[Decision])
    consulted: list[Decision] = field(default_factory=list[Decision])
    """What tables beside the flow's own could tell."""

    @property
    def place(self) -> Place:
        if self.subject is None:
            return shop_place(self.turn)
        product = self.turn.engine.catalogue.product(self.subject.lines[0].product_id)
        return place_of(self.subject.order, product)

    def decide(self, table: str, **more: object) -> Decision:
        """Ask a table about the facts of this run, and about `more` of them."""
        subject = self.subject
        return self.turn.decide(
            table,
            {**self.facts, **more},  # type: ignore[dict-item]
            self.place,
            event_time=subject.event_time if subject else self.turn.now,
            order_id=subject.order.order_id if subject else None,
        )

    def consult(self, table: str) -> Decision | None:
        """What a table can tell with what is known; None, and no word in the log, when that is nothing."""
        return self._aside(table, lambda decision: decision.kind not in {"ASK", "HUMAN", "HUMAN_NOW"})

    def stop(self, table: str) -> Decision | None:
        """A table's answer where it leaves the matter to a person; None, and no word in the log, where it does not."""
        return self._aside(table, lambda decision: decision.kind in {"HUMAN", "HUMAN_NOW"} or _and_human(decision))

    def _aside(self, table: str, tells: Callable[[Decision], bool]) -> Decision | None:
        subject = self.subject
        event_time = subject.event_time if subject else self.turn.now
        order_id = subject.order.order_id if subject else None
        return self.turn.ask_aside(table, self.facts, self.place, tells, event_time=event_time, order_id=order_id)

    def amount_of(self, table: str | None) -> int | None:
        return next((d.amount for d in self.decisions if d.table == table), None)


def _and_human(decision: Decision) -> bool:
    return decision.kind.endswith("_AND_HUMAN")


def shop_place(turn: TurnContext) -> Place:
    """Where a question stands that names neither an order nor a platform."""
    return Place(platform=turn.engine.profile.platform, region=turn.engine.profile.region)


def hand_off(intent: str, text: str, reason: str, turn: TurnContext, *, urgent: bool = False) -> Outcome:
    """An outcome that calls a person."""
    turn.evidence.act("handed_off")
    return Outcome(intent, text, hand_off=HandedOff(reason=reason, urgent=urgent))


def note_order(turn: TurnContext, order: Order) -> None:
    """What the guard may let a reply say of this order."""
    evidence = turn.evidence
    evidence.money(order.paid, order.refunded, order.compensated, *(line.unit_paid for line in order.lines))
    evidence.instant(order.paid_at, order.signed_at, order.shipped_at, order.created_at, order.completed_at)
    evidence.text(
        order.order_id[-4:],
        *(ticket.ticket_id for ticket in order.tickets),
        *(line.name.zh + line.name.en for line in order.lines),
    )
    evidence.number(*(line.qty for line in order.lines))
    states = {
        "refunded": order.refunded > 0 or any(ticket.state == "REFUNDED" for ticket in order.tickets),
        "closed": order.state == "CLOSED",
        "ticket": bool(order.tickets),
        "goodwill": order.compensated > 0,
        "invoiced": order.invoice == "issued",
    }
    evidence.act(*(name for name, holds in states.items() if holds))
