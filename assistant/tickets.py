"""The after-sale ticket as one explicit state machine. Pure: a ticket, an event and an instant in, the ticket after it
out. What the table of `ticket_moves` does not hold is refused with the list of what it does.

An offer never touches the running limit.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from assistant.errors import EffectRefused
from assistant.shop import Held, Ticket, TicketState, TicketStep
from assistant.ticket_limits import ALERT_POINTS, STATUTORY_ANSWER
from assistant.ticket_moves import (
    APPEAL_WINDOW,
    ASKED_MORE,
    CALLS_A_PERSON,
    CLOCK,
    EVIDENCE_ROUNDS,
    KEEPS_CLOCK,
    MOVES,
    OFFER_STANDS,
    OWN_STEPS,
    REOPEN_WINDOW,
    SETS_AMOUNT,
    SETTLED,
    STAGES,
    STATUTORY,
    SUSPENSIONS,
    Actor,
    Move,
    Party,
    Stage,
)


class MoveRefused(EffectRefused):
    """The ticket does not allow this event now. `allowed` names the events its sender may send instead."""

    def __init__(self, what: str, allowed: Collection[str]) -> None:
        self.allowed = tuple(allowed)
        super().__init__(what, mend=f"Allowed now: {', '.join(self.allowed) or 'nothing'}.")


def stage_of(ticket: Ticket) -> Stage:
    """Who acts next and what the clock does, for this kind of ticket."""
    own = OWN_STEPS.get((ticket.state, ticket.kind))
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
    if by == "system" and event in CLOCK and ticket.state != "SUBMITTED" and _due_event(ticket, at) != event:
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
    if ticket.state == "JUDGED" and not ticket.history:
        return at <= APPEAL_WINDOW.end(ticket.updated_at)  # it came from elsewhere, judged already
    judged = [step.at for step in ticket.history if step.to_state == "JUDGED"]
    appeals = sum(step.event == "appeal" for step in ticket.history)
    latest = max([step.at for step in ticket.history if step.to_state in ("JUDGED", "CLOSED")], default=None)
    return bool(judged) and appeals < 2 and latest is not None and at <= APPEAL_WINDOW.end(latest)


def _target(ticket: Ticket, move: Move) -> TicketState:
    if move.to == "=":
        return ticket.state
    if move.to is None and ticket.held is not None:
        return ticket.held.state
    if move.to is None:
        # a ticket that came from elsewhere does not tell what it held: it goes on with who decides
        return "PLATFORM_DISPUTE" if ticket.kind == "platform_dispute" else "PENDING_SELLER"
    return move.to


def _clock(ticket: Ticket, move: Move, state: TicketState, at: datetime, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the event does to the running limit."""
    event, held = move.event, ticket.held
    if event == "make_offer":
        return {"held": Held(state=ticket.state, since=at, until=OFFER_STANDS.end(at))}
    if event in KEEPS_CLOCK:
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
    person = at if event in CALLS_A_PERSON else None
    return {"held": None, "since": at, "deadline": deadline, "lapses": lapses, "alerted": 0, "escalated_at": person}


def _facts(ticket: Ticket, event: str, given: Mapping[str, Any], who: str) -> dict[str, Any]:
    """What the event adds to the ticket besides its state."""
    changes: dict[str, Any] = {}
    if event == "take":
        changes["owner"] = who
    if event in SETS_AMOUNT and given.get("amount") is not None:
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
