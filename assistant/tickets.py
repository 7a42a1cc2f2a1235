"""The after-sale ticket as one explicit state machine: which event leads where, who may send it, and whose turn it is.

Pure: a ticket, an event and an instant in, the ticket after it out. `MOVES` is the table of transitions, `STAGES` says
for each state who acts next, within which limit, and which event the clock sends when the limit has passed. What the
table does not hold is refused with the list of what it does.

Money leaves by `refund` alone, and only from states that come after an approval or a judgement. Nobody but a person can
reject, and only with the rule, the evidence it rests on and the way to appeal. An offer never touches the running
limit. The clock refuses nothing: what the seller lets lapse goes on towards the customer, or to a person.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Literal, TypeAlias, get_args

from assistant.errors import EffectRefused
from assistant.shop import Held, Ticket, TicketKind, TicketState, TicketStep
from assistant.ticket_limits import ALERT_POINTS, STATUTORY_ANSWER, Limit

Actor = Literal["customer", "assistant", "agent", "supervisor", "legal", "system", "carrier", "payment", "platform"]
Party = Literal["customer", "seller", "system", "carrier", "payment", "platform", "nobody"]
Steps: TypeAlias = tuple[tuple[Limit, str], ...]

PEOPLE: frozenset[Actor] = frozenset({"agent", "supervisor", "legal"})
"""Who may speak for the seller where a machine may not."""

_CUSTOMER: frozenset[Actor] = frozenset({"customer"})
_SYSTEM: frozenset[Actor] = frozenset({"system"})
_RULE: frozenset[Actor] = frozenset({"assistant", "system"})
_PLATFORM: frozenset[Actor] = frozenset({"platform", "agent", "supervisor", "legal"})
"""The platform itself, or a person who enters what it has said."""
_ANYBODY = frozenset(get_args(Actor))

ALL_KINDS: frozenset[TicketKind] = frozenset(get_args(TicketKind))
INSTANT: frozenset[TicketKind] = frozenset(
    {
        *("refund_only_unshipped", "cancel_order", "price_protection", "late_compensation", "goodwill"),
        *("change_address", "door_service", "freight_compensation", "advance_payment"),
    }
)
"""Kinds that a rule settles at once."""
ANSWERED: frozenset[TicketKind] = frozenset({"urge_shipping", "complaint", "invoice"})
"""Kinds that an answer settles."""
GOODS_BACK: frozenset[TicketKind] = frozenset({"return_refund", "exchange", "repair"})
STATUTORY: frozenset[TicketKind] = ALL_KINDS - INSTANT - ANSWERED | {"refund_only_unshipped", "cancel_order"}
"""Claims the law gives: only a person can turn one down."""
APPROVED_BY_SILENCE: frozenset[TicketKind] = frozenset({"return_refund", "exchange"})
"""Where the goods come back before anything leaves the shop, a seller who does not answer agrees to the return."""

SETTLED: frozenset[TicketState] = frozenset({"REFUNDED", "RESENT", "REJECTED", "WITHDRAWN", "CLOSED"})
"""States in which the shop has nothing to do any more."""

EVIDENCE_ROUNDS = 2
"""How often the seller may ask for evidence: a shop default, so that asking cannot replace deciding."""


class MoveRefused(EffectRefused):
    """The ticket does not allow this event now. `allowed` names the events its sender may send instead."""

    def __init__(self, what: str, allowed: Collection[str]) -> None:
        self.allowed = tuple(allowed)
        super().__init__(what, mend=f"Allowed now: {', '.join(self.allowed) or 'nothing'}.")


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the transition table. `to` None goes back to the state that is held, `"="` stays where it is. `needs`
    are the arguments the event cannot go without.
    """

    event: str
    sources: frozenset[TicketState]
    to: TicketState | Literal["="] | None
    by: frozenset[Actor]
    kinds: frozenset[TicketKind] = ALL_KINDS
    needs: tuple[str, ...] = ()
    money: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """Who acts next in a state, and the limits that run there one after the other, each with its time-out event."""

    next: Party
    steps: Steps = ()


def _move(event: str, sources: str, to: str | None, by: Collection[Actor], **more: Any) -> Move:
    names = frozenset(sources.split())
    unknown = names - frozenset(get_args(TicketState))
    if unknown:
        raise ValueError(f"unknown states {sorted(unknown)}")
    return Move(event, names, to, frozenset(by), **more)  # type: ignore[arg-type]


_OPEN_TO_CUSTOMER = (
    "PENDING_SELLER EVIDENCE_REQUESTED OFFER_MADE APPROVED_RETURN RETURN_IN_TRANSIT SELLER_INSPECTING "
    "INSPECTION_DISPUTE"
)

MOVES: tuple[Move, ...] = (
    # a request is made
    _move("submit", "DRAFT", "SUBMITTED", {"customer", "assistant"}),
    _move("drop", "DRAFT", "CLOSED", _SYSTEM),
    _move("approve", "SUBMITTED", "AUTO_APPROVED", _RULE, kinds=INSTANT | {"refund_only_in_transit"}),
    _move("approve_return", "SUBMITTED", "APPROVED_RETURN", _RULE, kinds=GOODS_BACK),
    _move("ask_seller", "SUBMITTED", "PENDING_SELLER", _RULE),
    _move("open_dispute", "SUBMITTED", "PLATFORM_DISPUTE", _RULE, kinds=frozenset({"platform_dispute"})),
    # the seller answers
    _move("approve_return", "PENDING_SELLER EVIDENCE_REQUESTED", "APPROVED_RETURN", PEOPLE, kinds=GOODS_BACK),
    _move("approve_return", "PENDING_SELLER", "APPROVED_RETURN", _SYSTEM, kinds=APPROVED_BY_SILENCE),
    _move(
        "approve_refund",
        "PENDING_SELLER EVIDENCE_REQUESTED SELLER_INSPECTING INSPECTION_DISPUTE EXCHANGE_SENT REPAIRING",
        "REFUNDING", PEOPLE, kinds=ALL_KINDS - INSTANT - {"urge_shipping", "invoice"}, needs=("amount",),
    ),
    _move("request_evidence", "PENDING_SELLER", "EVIDENCE_REQUESTED", {*PEOPLE, "assistant"}, needs=("why",)),
    _move("give_evidence", "EVIDENCE_REQUESTED", "PENDING_SELLER", _CUSTOMER),
    _move("remind", "EVIDENCE_REQUESTED", "=", _SYSTEM),
    _move("go_on_without", "EVIDENCE_REQUESTED", "PENDING_SELLER", _SYSTEM),
    _move("resend", "PENDING_SELLER", "RESENT", PEOPLE, kinds=frozenset({"resend", "complaint", "exchange"})),
    _move("answer", "PENDING_SELLER SUBMITTED", "CLOSED", PEOPLE, kinds=ANSWERED, needs=("why",)),
    _move(
        "reject", "PENDING_SELLER SELLER_INSPECTING INSPECTION_DISPUTE", "REJECTED", PEOPLE,
        kinds=STATUTORY, needs=("rule", "evidence", "why", "appeal"),
    ),
    # an offer beside the request
    _move("make_offer", "PENDING_SELLER APPROVED_RETURN SELLER_INSPECTING", "OFFER_MADE", {*PEOPLE, "assistant"},
          needs=("why",)),
    _move("accept_offer", "OFFER_MADE", "CLOSED", _CUSTOMER),
    _move("decline_offer", "OFFER_MADE", None, _CUSTOMER),
    _move("lapse", "OFFER_MADE", None, _SYSTEM),
    # the goods come back
    _move("ship_return", "APPROVED_RETURN", "RETURN_IN_TRANSIT", {"customer", "carrier"}, needs=("waybill",)),
    _move("expire", "APPROVED_RETURN", "CLOSED", _SYSTEM),
    _move("reopen", "CLOSED", "SUBMITTED", _CUSTOMER),
    _move("receive_return", "APPROVED_RETURN RETURN_IN_TRANSIT", "SELLER_INSPECTING", {*PEOPLE, "carrier", "system"}),
    _move("pass_inspection", "SELLER_INSPECTING INSPECTION_DISPUTE", "REFUNDING", {*PEOPLE, "system"}),
    _move("dispute_inspection", "SELLER_INSPECTING", "INSPECTION_DISPUTE", PEOPLE, needs=("why", "evidence")),
    _move("send_exchange", "SELLER_INSPECTING INSPECTION_DISPUTE", "EXCHANGE_SENT", PEOPLE,
          kinds=frozenset({"exchange", "return_refund", "repair"})),
    _move("start_repair", "PENDING_SELLER SELLER_INSPECTING", "REPAIRING", PEOPLE,
          kinds=frozenset({"repair", "return_refund", "exchange"})),
    _move("overdue", "EXCHANGE_SENT REPAIRING", "PENDING_SELLER", _SYSTEM),
    _move("complete", "EXCHANGE_SENT REPAIRING RESENT", "CLOSED", {*PEOPLE, "carrier", "customer"}),
    _move("complete", "AUTO_APPROVED", "CLOSED", _RULE, kinds=frozenset({"change_address"})),
    _move("complete", "AUTO_APPROVED", "CLOSED", {*PEOPLE, "carrier"}, kinds=frozenset({"door_service"})),
    # money
    _move("refund", "AUTO_APPROVED REFUNDING EXECUTING", "REFUNDED", {*PEOPLE, "payment", "system", "assistant"},
          needs=("amount",), money=True),
    # the customer turns back, or to the platform
    _move("withdraw", f"DRAFT SUBMITTED AUTO_APPROVED {_OPEN_TO_CUSTOMER} PLATFORM_DISPUTE SUSPENDED APPEAL",
          "WITHDRAWN", _CUSTOMER),
    _move("ask_platform", f"{_OPEN_TO_CUSTOMER} REJECTED EXCHANGE_SENT REPAIRING REFUNDING", "PLATFORM_DISPUTE",
          _CUSTOMER),
    _move("ask_platform", "INSPECTION_DISPUTE", "PLATFORM_DISPUTE", {*PEOPLE, "system"}),
    _move("expire", "REJECTED", "CLOSED", _SYSTEM),
    _move("answer_platform", "PLATFORM_DISPUTE", "=", PEOPLE),
    _move("ask_more", "PLATFORM_DISPUTE", "=", _PLATFORM),
    _move("go_on_without", "PLATFORM_DISPUTE", "=", _SYSTEM),
    _move("judge", "PLATFORM_DISPUTE APPEAL", "JUDGED", _PLATFORM, needs=("favour", "why")),
    _move("execute", "JUDGED", "EXECUTING", {*PEOPLE, "platform", "system"}),
    _move("close", "JUDGED", "CLOSED", {*_PLATFORM, "system"}),
    _move("close", "APPEAL", "CLOSED", _PLATFORM, needs=("why",)),
    _move("appeal", "JUDGED CLOSED", "APPEAL", {"customer", *PEOPLE}, needs=("why",)),
    # stopping, going on, calling a person, answering for it
    _move("suspend", f"{_OPEN_TO_CUSTOMER.replace('OFFER_MADE ', '')} PLATFORM_DISPUTE", "SUSPENDED", PEOPLE,
          needs=("cause", "why")),
    _move("resume", "SUSPENDED", None, {*PEOPLE, "system", "customer", "platform"}),
    _move("escalate", "PENDING_SELLER RETURN_IN_TRANSIT SELLER_INSPECTING REFUNDING EXECUTING SUBMITTED AUTO_APPROVED",
          "=", _SYSTEM),
    _move("take", " ".join(sorted(set(get_args(TicketState)) - SETTLED)), "=", PEOPLE),
)  # fmt: skip
"""Every transition there is."""

_ASK: Steps = ((Limit(hours=48), "escalate"), (Limit(hours=24), "escalate"))
STAGES: Mapping[TicketState, Stage] = {
    "DRAFT": Stage("customer", ((Limit(hours=24), "drop"),)),
    "SUBMITTED": Stage("system"),
    "AUTO_APPROVED": Stage("system"),
    "PENDING_SELLER": Stage("seller", _ASK),
    "EVIDENCE_REQUESTED": Stage("customer", ((Limit(hours=48), "remind"), (Limit(hours=48), "go_on_without"))),
    "OFFER_MADE": Stage("customer"),
    "APPROVED_RETURN": Stage("customer", ((Limit(days=7), "expire"),)),
    "RETURN_IN_TRANSIT": Stage("carrier", ((Limit(days=15), "escalate"),)),
    "SELLER_INSPECTING": Stage("seller", ((Limit(hours=48), "escalate"), (Limit(days=5), "pass_inspection"))),
    "INSPECTION_DISPUTE": Stage("seller", ((Limit(hours=24), "ask_platform"),)),
    "REFUNDING": Stage("payment", ((Limit(hours=48), "escalate"), (Limit(days=5), "escalate"))),
    "REFUNDED": Stage("nobody"),
    "EXCHANGE_SENT": Stage("carrier", ((Limit(days=15), "overdue"),)),
    "REPAIRING": Stage("seller", ((Limit(days=30), "overdue"),)),
    "RESENT": Stage("carrier"),
    "REJECTED": Stage("customer", ((Limit(days=15), "expire"),)),
    "PLATFORM_DISPUTE": Stage("seller", ((Limit(hours=24), "go_on_without"),)),
    "JUDGED": Stage("seller", ((Limit(hours=24), "execute"),)),
    "EXECUTING": Stage("payment", ((Limit(hours=24), "escalate"),)),
    "APPEAL": Stage("platform"),
    "SUSPENDED": Stage("nobody"),
    "WITHDRAWN": Stage("nobody"),
    "CLOSED": Stage("nobody"),
}
"""What the clock does in each state. Hours are shop defaults except where the law or a platform sets them: 7 days to
pay after a return came back (Consumer Law 25), 15 days to go to the platform, 24 hours in a dispute, 30 to repair.
"""

_OWN_STEPS: Mapping[tuple[TicketState, TicketKind], Steps] = {
    **{("PENDING_SELLER", kind): ((Limit(hours=48), "approve_return"),) for kind in APPROVED_BY_SILENCE},
    **{("PENDING_SELLER", kind): ((Limit(hours=24), "escalate"),) * 2 for kind in ("complaint", "urge_shipping")},
    **{("SELLER_INSPECTING", kind): ((Limit(hours=72), "escalate"),) for kind in ("exchange", "repair")},
    ("SUBMITTED", "invoice"): ((Limit(days=7), "escalate"),),
}
"""Where a kind has limits of its own."""

OFFER_STANDS = Limit(hours=24)
ASKED_MORE = Limit(business_hours=4)
APPEAL_WINDOW = Limit(days=7)
REOPEN_WINDOW = Limit(days=15)
SUSPENSIONS: Mapping[str, Limit] = {
    "agreed": Limit(days=30), "authority": Limit(working_days=7), "police": Limit(days=183),
}  # fmt: skip
"""How long a suspension lasts at most, by its cause: both sides agreed, a court or authority was announced and shows no
acceptance, the police has no result in half a year.
"""

_CLOCK = (
    {event for stage in STAGES.values() for _, event in stage.steps}
    | {event for steps in _OWN_STEPS.values() for _, event in steps}
    | {"lapse", "resume", "close"}
)
"""Events that `due` sends when a limit has passed, and the system at no other time."""

_CALLS_A_PERSON = frozenset({"escalate", "go_on_without", "overdue"})
_KEEPS_CLOCK = frozenset({"take", "make_offer", "decline_offer", "lapse"})
_SETS_AMOUNT = frozenset({"approve_return", "approve_refund", "pass_inspection", "judge", "refund"})


def stage_of(ticket: Ticket) -> Stage:
    """Who acts next and what the clock does, for this kind of ticket."""
    own = _OWN_STEPS.get((ticket.state, ticket.kind))
    stage = STAGES[ticket.state]
    return stage if own is None else Stage(stage.next, own)


def next_party(ticket: Ticket) -> Party:
    """Whose turn it is."""
    if ticket.state == "PLATFORM_DISPUTE" and ticket.deadline is None:
        return "platform"
    if ticket.state == "JUDGED" and ticket.detail.get("favour") == "seller":
        return "customer"
    return STAGES[ticket.state].next


def is_open(ticket: Ticket) -> bool:
    return ticket.state not in SETTLED


def moves_of(ticket: Ticket, by: Actor, at: datetime) -> tuple[Move, ...]:
    """The events `by` may send now."""
    return tuple(
        move
        for move in MOVES
        if ticket.state in move.sources
        and by in move.by
        and ticket.kind in move.kinds
        and _objection(ticket, move, by, at) is None
    )


def submitted(ticket: Ticket, by: Actor = "customer") -> Ticket:
    """`ticket`, a draft just opened, as its customer's request: the only way in."""
    return advance(ticket, "submit", by=by, who=by, at=ticket.opened_at)


def advance(
    ticket: Ticket,
    event: str,
    *,
    by: Actor,
    who: str,
    at: datetime,
    args: Mapping[str, Any] | None = None,
) -> Ticket:
    """The ticket after `event` from `by`; `who` is put on record. `args` may hold why, rule (the clause), evidence,
    appeal (where the customer can turn against it), waybill, amount (fen), favour (customer or seller), fault (seller,
    when it is accepted) and cause (of a suspension).

    Raises `MoveRefused` with what is allowed instead.
    """
    given = dict(args or {})
    move = _find(ticket, event, by, at)
    if "amount" in move.needs and given.get("amount") is None:
        given["amount"] = ticket.amount
    for name in move.needs:
        if given.get(name) in (None, (), []) or not str(given[name]).strip():
            raise MoveRefused(f"`{event}` needs `{name}`.", _names(ticket, by, at))
    if event == "suspend" and given["cause"] not in SUSPENSIONS:
        raise MoveRefused(f"A suspension's cause is one of {', '.join(SUSPENSIONS)}.", _names(ticket, by, at))
    if event == "judge" and given["favour"] not in ("customer", "seller"):
        raise MoveRefused("A judgement is in favour of `customer` or `seller`.", _names(ticket, by, at))
    state = _target(ticket, move)
    step = TicketStep(
        at=at,
        event=event,
        from_state=ticket.state,
        to_state=state,
        by=who,
        why=str(given.get("why") or given.get("cause") or ""),
        clause=given.get("rule"),
    )
    changes: dict[str, Any] = {"state": state, "updated_at": at, "history": (*ticket.history, step)}
    changes |= _clock(ticket, move, state, at, given) | _facts(ticket, event, given, who)
    return ticket.model_copy(update=changes)


def due(ticket: Ticket, now: datetime) -> Ticket:
    """The ticket with every alert and time-out that has fallen due at `now`; the same object when none has."""
    for _ in range(len(STAGES)):
        event = _due_event(ticket, now)
        if event is None:
            break
        ticket = advance(ticket, event, by="system", who="system", at=now)
    level = _alert_level(ticket, now)
    return ticket if level <= ticket.alerted else ticket.model_copy(update={"alerted": level})


def next_check(ticket: Ticket) -> datetime | None:
    """The next instant at which `due` may change the ticket; None while nothing runs."""
    if ticket.held is not None and ticket.state == "SUSPENDED":
        return ticket.held.until
    instants = [ticket.deadline, ticket.held.until if ticket.held else None]
    if ticket.deadline is not None and _is_watched(ticket):
        span = ticket.deadline - _since(ticket)
        instants += [_since(ticket) + span * (p / 100) for p in ALERT_POINTS if p > ticket.alerted]
    return min((at for at in instants if at is not None), default=None)


def _due_event(ticket: Ticket, now: datetime) -> str | None:
    late = ticket.deadline is not None and now > ticket.deadline
    if ticket.held is not None:
        if ticket.state == "SUSPENDED":
            return "resume" if now > ticket.held.until else None
        return "lapse" if late or now > ticket.held.until else None
    steps = stage_of(ticket).steps
    if not late or not steps:
        return None
    event = steps[min(ticket.lapses, len(steps) - 1)][1]
    if event == "execute" and ticket.detail.get("favour") == "seller":
        return "close"
    return "escalate" if event == "pass_inspection" and ticket.amount is None else event


def _alert_level(ticket: Ticket, now: datetime) -> int:
    if ticket.deadline is None or not _is_watched(ticket):
        return 0
    span = ticket.deadline - _since(ticket)
    passed = (now - _since(ticket)) / span if span > timedelta() else 1.0
    return max((point for point in ALERT_POINTS if passed * 100 >= point), default=0)


def _is_watched(ticket: Ticket) -> bool:
    """Whether the seller's side is late if nothing happens."""
    if ticket.held is not None and ticket.state == "OFFER_MADE":
        return STAGES[ticket.held.state].next in ("seller", "payment")
    return next_party(ticket) in ("seller", "payment")


def _since(ticket: Ticket) -> datetime:
    return ticket.since or ticket.updated_at


def _find(ticket: Ticket, event: str, by: Actor, at: datetime) -> Move:
    rows = [m for m in MOVES if m.event == event and ticket.state in m.sources and ticket.kind in m.kinds]
    if not any(m.event == event for m in MOVES):
        raise MoveRefused(f"There is no event `{event}`.", _names(ticket, by, at))
    if not rows:
        raise MoveRefused(f"A {ticket.kind} ticket in {ticket.state} has no `{event}`.", _names(ticket, by, at))
    own = next((m for m in rows if by in m.by), None)
    if own is None:
        allowed = ", ".join(sorted({actor for m in rows for actor in m.by}))
        raise MoveRefused(f"`{event}` is not for {by}, but for {allowed}.", _names(ticket, by, at))
    if objection := _objection(ticket, own, by, at):
        raise MoveRefused(objection, _names(ticket, by, at))
    return own


def _names(ticket: Ticket, by: Actor, at: datetime) -> list[str]:
    return sorted({move.event for move in moves_of(ticket, by, at)})


def _objection(ticket: Ticket, move: Move, by: Actor, at: datetime) -> str | None:
    """What speaks against a move that the table has: windows that are over, rounds used up, a missing judgement."""
    event, last = move.event, ticket.history[-1] if ticket.history else None
    if by == "system" and event in _CLOCK and ticket.state != "SUBMITTED" and _due_event(ticket, at) != event:
        return f"`{event}` comes from the clock when a limit has passed."
    if event == "request_evidence":
        asked = sum(step.event == event for step in ticket.history)
        return "Evidence was asked for often enough; decide on what is there." if asked >= EVIDENCE_ROUNDS else None
    if event == "ask_platform" and ticket.state == "REJECTED":
        over = ticket.deadline is not None and at > ticket.deadline
        return "The 15 days for going to the platform are over." if over else None
    if event == "reopen":
        expired = last is not None and last.event == "expire" and last.from_state == "APPROVED_RETURN"
        if not expired or last is None or at > REOPEN_WINDOW.end(last.at):
            return "Only a return that was not sent in time can be reopened, within 15 days."
    if event == "appeal" and not _may_appeal(ticket, at):
        return "An appeal needs a judgement, and comes within 7 days of it."
    if event == "execute" and ticket.detail.get("favour") == "seller":
        return "The judgement is in the seller's favour: there is nothing to execute."
    if event == "close" and ticket.detail.get("favour") == "customer":
        return "The judgement is in the customer's favour: it is executed, not closed."
    if event == "pass_inspection" and ticket.kind == "exchange":
        return "An exchange is sent, or refunded with `approve_refund`."
    return None


def _may_appeal(ticket: Ticket, at: datetime) -> bool:
    judged = [step.at for step in ticket.history if step.to_state == "JUDGED"]
    appeals = sum(step.event == "appeal" for step in ticket.history)
    latest = max([step.at for step in ticket.history if step.to_state in ("JUDGED", "CLOSED")], default=None)
    return bool(judged) and appeals < 2 and latest is not None and at <= APPEAL_WINDOW.end(latest)


def _target(ticket: Ticket, move: Move) -> TicketState:
    if move.to == "=":
        return ticket.state
    if move.to is None:
        assert ticket.held is not None, "only states that hold another one lead back"
        return ticket.held.state
    return move.to


def _clock(ticket: Ticket, move: Move, state: TicketState, at: datetime, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the event does to the running limit."""
    event, held = move.event, ticket.held
    if event == "make_offer":
        return {"held": Held(state=ticket.state, since=at, until=OFFER_STANDS.end(at))}
    if event in _KEEPS_CLOCK:
        return {} if event == "take" else {"held": None}
    if event == "suspend":
        return {"held": Held(state=ticket.state, since=at, until=SUSPENSIONS[given["cause"]].end(at))}
    if event == "resume" and held is not None:
        paused = at - held.since
        deadline = ticket.deadline + paused if ticket.deadline else None
        return {"held": None, "since": _since(ticket) + paused, "deadline": deadline}
    if event == "answer_platform":
        return {"deadline": None, "since": at, "alerted": 0, "escalated_at": None}
    if event == "judge" and given["favour"] == "seller":
        return {"deadline": APPEAL_WINDOW.end(at), "since": at, "alerted": 0, "lapses": 0, "escalated_at": None}
    if event == "ask_more":
        return {"deadline": ASKED_MORE.end(at), "since": at, "alerted": 0, "lapses": 0}
    lapses = ticket.lapses + 1 if move.to == "=" else 0
    after = ticket.model_copy(update={"state": state})
    steps = stage_of(after).steps
    deadline = steps[lapses][0].end(at) if lapses < len(steps) else None
    if state == "PENDING_SELLER" and deadline is not None and ticket.kind in STATUTORY:
        # asking for evidence again cannot carry an answer past the statutory limit
        deadline = min(deadline, max(ticket.opened_at + STATUTORY_ANSWER, at + timedelta(hours=24)))
    person = at if event in _CALLS_A_PERSON else None
    return {"held": None, "since": at, "deadline": deadline, "lapses": lapses, "alerted": 0, "escalated_at": person}


def _facts(ticket: Ticket, event: str, given: Mapping[str, Any], who: str) -> dict[str, Any]:
    """What the event adds to the ticket besides its state."""
    changes: dict[str, Any] = {}
    if event == "take":
        changes["owner"] = who
    if event in _SETS_AMOUNT and given.get("amount") is not None:
        changes["amount"] = given["amount"]
    kept = ("rule", "evidence", "waybill", "favour", "fault", "appeal", "offer", "carrier")
    if noted := {name: given[name] for name in kept if given.get(name)}:
        changes["detail"] = {**ticket.detail, **noted}
    return changes


def problems(ticket: Ticket) -> list[str]:
    """What is wrong with a ticket that did not come about by `advance`; empty for one that did."""
    found = []
    states = [step.to_state for step in ticket.history]
    if states and "SUBMITTED" not in states and ticket.state not in ("DRAFT", "WITHDRAWN", "CLOSED"):
        found.append("it was never submitted")
    if any(a.to_state != b.from_state for a, b in pairwise(ticket.history)):
        found.append("its history has a gap")
    if (ticket.state in ("OFFER_MADE", "SUSPENDED")) != (ticket.held is not None):
        found.append("it holds no state to go back to, or one it does not need")
    return found
