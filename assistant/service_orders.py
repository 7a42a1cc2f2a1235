"""Services around an order: visits at the door, repair by appointment, what a freight cover pays, paying first.

Pure transitions of the built-in shop, and the facts that tables read about them. A visit is booked on a case that needs
it. Money of a freight cover comes from the cover and not out of what was paid, so it counts neither as refund nor as
compensation; an advance payment is the shop's own and counts as compensation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

from assistant.errors import EffectRefused
from assistant.profile import ShopProfile
from assistant.shop import Action, Order, OrderLine, OrderState, Ticket, TicketKind, TicketState
from assistant.ticket_opening import by_rule, granted, masked, open_tickets, opened, require, with_ticket
from assistant.tickets import advance
from assistant.visits import Window, read_window
from knowledge.decision import Facts

Transition: TypeAlias = Callable[[Order, Action, datetime, str], Order]

PAID_BY_OTHERS = frozenset({"freight_compensation"})
"""Actions whose money is somebody else's: it needs no room in what was paid."""

NEEDS: Mapping[str, TicketKind | None] = {
    "pickup_return": "return_refund", "swap": "exchange", "repair": "repair", "deliver_install": None,
}  # fmt: skip
"""Each door service and the kind of open case it belongs to."""

_BEFORE_THE_CARRIER: frozenset[TicketState] = frozenset({"APPROVED_RETURN"})
_RECEIVED: frozenset[OrderState] = frozenset({"SIGNED", "COMPLETED"})
_RETURN_ON_ITS_WAY: frozenset[TicketState] = frozenset(
    {"RETURN_IN_TRANSIT", "SELLER_INSPECTING", "INSPECTION_DISPUTE", "REFUNDING", "REFUNDED"}
)
_FAULT_ACCEPTED: frozenset[TicketState] = frozenset({"REFUNDING", "EXCHANGE_SENT", "REPAIRING", "RESENT", "EXECUTING"})


def service_facts(order: Order, lines: Sequence[OrderLine], profile: ShopProfile, now: datetime) -> Facts:
    """What the shop's records say about services around `order` at `now`."""
    returns = [ticket for ticket in order.tickets if ticket.kind == "return_refund"]
    opened_kinds = {ticket.kind for ticket in open_tickets(order)}
    waiting = {kind for kind in ("return_refund", "exchange") if _waits_for_carrier(order, kind)}
    return {
        "door_services": [each.kind for each in profile.door_services if each.offered(order.region, now)],
        "visit_booked": "door_service" in opened_kinds,
        "return_waits": "return_refund" in waiting,
        "exchange_waits": "exchange" in waiting,
        "repair_open": "repair" in opened_kinds,
        "return_sent": any(ticket.state in _RETURN_ON_ITS_WAY for ticket in returns),
        "freight_cover_paid": any(ticket.kind == "freight_compensation" for ticket in order.tickets),
        "fault_accepted": fault_accepted(order),
        "advance_paid": any(ticket.kind == "advance_payment" for ticket in order.tickets),
        "disputed": sum(line.unit_paid * line.qty for line in lines),
        "returnable": order.returnable,
    }


def fault_accepted(order: Order) -> bool:
    """Whether a person of the shop has accepted that it is at fault: it is on record in a case of this order."""
    return case_at_fault(order) is not None


def case_at_fault(order: Order) -> Ticket | None:
    """The case in which fault was accepted."""
    return next((ticket for ticket in order.tickets if _is_fault(ticket)), None)


def booked_visit(order: Order) -> Ticket | None:
    """The visit that is booked for the order."""
    return next((ticket for ticket in open_tickets(order) if ticket.kind == "door_service"), None)


def _waits_for_carrier(order: Order, kind: str) -> bool:
    return any(ticket.kind == kind and ticket.state in _BEFORE_THE_CARRIER for ticket in open_tickets(order))


def _door_service(order: Order, action: Action, at: datetime, reference: str) -> Order:
    """Book a visit. The address goes to the carrier; the order keeps it masked."""
    require(order, _RECEIVED, "a visit needs goods that were received")
    service = str(action.args.get("door_kind"))
    if service not in NEEDS:
        raise EffectRefused("The shop knows no such service at the door.")
    needed = NEEDS[service]
    if service in ("pickup_return", "swap") and not _waits_for_carrier(order, str(needed)):
        raise EffectRefused("There is no agreed return or exchange to be collected.")
    if service == "repair" and all(ticket.kind != "repair" for ticket in open_tickets(order)):
        raise EffectRefused("There is no repair case for the order.")
    window = _window(action, at)
    detail = {
        "window": str(window),
        "service": service,
        "address": masked(str(action.args.get("address") or order.address)),
    }
    plain = action.model_copy(update={"args": {}})
    ticket = by_rule(opened(order, plain, at, reference, kind="door_service", detail=detail), "approve")
    return with_ticket(order, ticket.model_copy(update={"deadline": window.end}))


def _cancel_visit(order: Order, action: Action, at: datetime, _reference: str) -> Order:
    visit = booked_visit(order)
    if visit is None:
        raise EffectRefused("No visit is booked.")
    window = read_window(str(visit.detail.get("window")), visit.opened_at)
    if window is not None and at >= window.start:
        raise EffectRefused("The visit has begun.")
    after = advance(visit, "withdraw", by="customer", who="customer", at=at)
    after = after.model_copy(update={"deadline": None})
    return order.model_copy(update={"tickets": tuple(after if t is visit else t for t in order.tickets)})


def _book_repair(order: Order, action: Action, at: datetime, reference: str) -> Order:
    """A repair case with an appointment: a person checks the warranty, the visit stands meanwhile."""
    require(order, _RECEIVED, "only goods that were received can be repaired")
    window = _window(action, at)
    args = {name: value for name, value in action.args.items() if name != "visit_time"}
    plain = action.model_copy(update={"args": args})
    return with_ticket(
        order, by_rule(opened(order, plain, at, reference, kind="repair", detail={"window": str(window)}), "ask_seller")
    )


def _freight_compensation(order: Order, action: Action, at: datetime, reference: str) -> Order:
    """What the freight cover pays for a return that is on its way, once."""
    if order.freight_cover != "insurance":
        raise EffectRefused("The order carries no cover that pays out.")
    if not any(t.kind == "return_refund" and t.state in _RETURN_ON_ITS_WAY for t in order.tickets):
        raise EffectRefused("No return is on its way.")
    if any(ticket.kind == "freight_compensation" for ticket in order.tickets):
        raise EffectRefused("The cover has paid for this order before.")
    if action.amount is None or action.amount <= 0:
        raise EffectRefused("The amount must be above zero.")
    detail = {"paid_by": "freight_cover"}
    ticket = opened(order, action, at, reference, kind="freight_compensation", amount=action.amount, detail=detail)
    return with_ticket(order, by_rule(ticket, "approve", "refund"))


def _advance_payment(order: Order, action: Action, at: datetime, reference: str) -> Order:
    """Pay the customer first where fault is accepted; the shop settles internally afterwards."""
    require(order, _RECEIVED, "there is nothing in dispute")
    if not fault_accepted(order):
        raise EffectRefused("Nobody has accepted yet that the shop is at fault.")
    if any(ticket.kind == "advance_payment" for ticket in order.tickets):
        raise EffectRefused("This order was paid in advance before.")
    # what the case at fault has promised is what is paid now, so it needs no room beside it
    kept = tuple(t.model_copy(update={"amount": None}) if _is_fault(t) else t for t in order.tickets)
    freed = order.model_copy(update={"tickets": kept})
    amount = granted(freed, action)
    ticket = opened(order, action, at, reference, kind="advance_payment", amount=amount, detail={"paid_as": "advance"})
    return with_ticket(freed, by_rule(ticket, "approve", "refund"), compensated=order.compensated + amount)


def _is_fault(ticket: Ticket) -> bool:
    found = ticket.detail.get("fault") == "seller" or ticket.detail.get("favour") == "customer"
    return found and ticket.state in _FAULT_ACCEPTED


def _window(action: Action, at: datetime) -> Window:
    window = read_window(str(action.args.get("visit_time")), at)
    if window is None:
        raise EffectRefused("This time cannot be booked.")
    return window


SERVICES: Mapping[str, Transition] = {
    "door_service": _door_service,
    "cancel_visit": _cancel_visit,
    "book_repair": _book_repair,
    "freight_compensation": _freight_compensation,
    "advance_payment": _advance_payment,
}
"""The actions of this file, for the shop's table of actions."""
