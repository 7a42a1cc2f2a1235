"""What an action does to an order: pure transitions, the rules of the built-in shop.

Money leaves only here, and `refunded + compensated` never passes `paid`. What an order does not allow any more raises
`EffectRefused` with the reason in plain words; nothing is half done.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from assistant.errors import EffectRefused
from assistant.shop import Action, Order, OrderState, Ticket, TicketKind, TicketState
from knowledge.clauses import SHANGHAI

SETTLED_TICKETS: frozenset[TicketState] = frozenset({"REFUNDED", "RESENT", "REJECTED", "WITHDRAWN", "CLOSED"})
"""Ticket states in which nobody has to act any more."""

SELLER_AUDIT = timedelta(hours=48)
"""How long the seller may take to answer a request: a shop default, rolling from the request."""

FIRST_REPLY = timedelta(hours=24)
"""How long the seller may take to answer a complaint or a reminder: a shop default."""

RETURN_DAYS = 7
"""Calendar days to send a return back, until 24:00 of the last one: a shop default."""

RETURN_ADDRESS = "退货地址见售后单 / the return address is shown with the request"

_UNSHIPPED: frozenset[OrderState] = frozenset({"CREATED", "PAID"})
_INTERCEPTABLE: frozenset[OrderState] = frozenset({"SHIPPED", "IN_TRANSIT"})
_RECEIVED: frozenset[OrderState] = frozenset({"SIGNED", "COMPLETED"})
_LIVE: frozenset[OrderState] = frozenset(
    {
        "PAID",
        "SHIPPED",
        "IN_TRANSIT",
        "OUT_FOR_DELIVERY",
        "AT_PICKUP_POINT",
        "SIGNED",
        "COMPLETED",
        "REFUSED",
        "INTERCEPTING",
        "RETURNED_TO_SELLER",
        "LOST",
    }
)

Transition: TypeAlias = Callable[[Order, Action, datetime, str], Order]


def apply(order: Order, action: Action, at: datetime, reference: str) -> Order:
    """The order after `action`; `reference` becomes the number of the ticket it opens.

    Raises `EffectRefused` when the action is unknown, is meant for another order, or the order does not allow it.
    """
    transition = TRANSITIONS.get(action.name)
    if transition is None:
        raise EffectRefused(f"The shop knows no action {action.name}.")
    if action.order_id != order.order_id:
        raise EffectRefused("The action is meant for another order.")
    after = transition(order, action, at, reference)
    if after.refunded + after.compensated > after.paid:
        raise EffectRefused("More than was paid cannot be paid back.")
    return after


def open_tickets(order: Order) -> tuple[Ticket, ...]:
    """The order's cases in which somebody still has to act."""
    return tuple(ticket for ticket in order.tickets if ticket.state not in SETTLED_TICKETS)


def payable(order: Order) -> int:
    """What may still be granted, in fen: what is returnable less what open cases have promised."""
    return order.returnable - sum(ticket.amount or 0 for ticket in open_tickets(order))


def end_of_day(at: datetime, days: int) -> datetime:
    """24:00 Shanghai time of the day `days` after `at`."""
    day = at.astimezone(SHANGHAI).date() + timedelta(days=days + 1)
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)


def masked(address: str) -> str:
    """An address for display: digits hidden, the street kept."""
    return re.sub(r"\d", "*", address)


def _cancel_refund(order: Order, action: Action, at: datetime, reference: str) -> Order:
    _require(order, _UNSHIPPED, "only an order that has not shipped can be cancelled")
    if order.shipped_at is not None:
        raise EffectRefused("The carrier has already taken the parcel.")
    if order.production_started:
        raise EffectRefused("Production has started; a person has to look at it.")
    unpaid = order.state == "CREATED"
    if unpaid and action.amount:
        raise EffectRefused("Nothing was paid for the order yet.")
    amount = 0 if unpaid else _granted(order, action)
    if not unpaid and amount < payable(order) - order.presale_deposit:
        raise EffectRefused("A cancelled order keeps nothing but a deposit.")
    ticket = _ticket(order, action, at, reference, kind="refund_only_unshipped", state="REFUNDED", amount=amount)
    return _with(order, ticket, state="CLOSED", refunded=order.refunded + amount)


def _intercept(order: Order, action: Action, at: datetime, reference: str) -> Order:
    _require(order, _INTERCEPTABLE, "the parcel cannot be intercepted in this state")
    amount = None if action.amount is None else _granted(order, action)
    ticket = _ticket(order, action, at, reference, kind="refund_only_in_transit", state="AUTO_APPROVED", amount=amount)
    return _with(order, ticket, state="INTERCEPTING")


def _return(kind: TicketKind) -> Transition:
    """A return that is approved: the customer sends the goods back; no money leaves yet."""

    def transition(order: Order, action: Action, at: datetime, reference: str) -> Order:
        _require(order, _RECEIVED, "only goods that were received can be sent back")
        amount = None if action.amount is None else _granted(order, action)
        detail = {"return_address": action.args.get("return_address") or RETURN_ADDRESS}
        deadline = end_of_day(at, RETURN_DAYS)
        ticket = _ticket(
            order,
            action,
            at,
            reference,
            kind=kind,
            state="APPROVED_RETURN",
            amount=amount,
            deadline=deadline,
            detail=detail,
        )
        return _with(order, ticket)

    return transition


def _request(kind: TicketKind, states: frozenset[OrderState], limit: timedelta) -> Transition:
    """A request a person answers within `limit`; it promises no money, so an amount is not kept."""

    def transition(order: Order, action: Action, at: datetime, reference: str) -> Order:
        _require(order, states, "the order does not allow this in its state")
        ticket = _ticket(order, action, at, reference, kind=kind, state="PENDING_SELLER", deadline=at + limit)
        return _with(order, ticket)

    return transition


def _compensation(kind: TicketKind, *, paid_as: str, once: bool) -> Transition:
    """Money beside the goods, paid at once; with `once`, an order gets it a single time."""

    def transition(order: Order, action: Action, at: datetime, reference: str) -> Order:
        _require(order, _LIVE, "the order is not open for compensation")
        if once and any(ticket.kind == kind and ticket.state == "REFUNDED" for ticket in order.tickets):
            raise EffectRefused("This order was compensated for it before.")
        amount = _granted(order, action)
        ticket = _ticket(
            order, action, at, reference, kind=kind, state="REFUNDED", amount=amount, detail={"paid_as": paid_as}
        )
        return _with(order, ticket, compensated=order.compensated + amount)

    return transition


def _change_address(order: Order, action: Action, at: datetime, reference: str) -> Order:
    _require(order, _UNSHIPPED, "the address can only be changed before shipping")
    address = action.args.get("address")
    if order.shipped_at is not None or not isinstance(address, str) or not address.strip():
        raise EffectRefused("The address can only be changed before shipping, and needs its full text.")
    shown = masked(address.strip())
    ticket = _ticket(order, action, at, reference, kind="change_address", state="CLOSED", detail={"address": shown})
    return _with(order, ticket, address=shown)


def _invoice(order: Order, action: Action, at: datetime, reference: str) -> Order:
    _require(order, _LIVE, "there is no payment to invoice")
    if order.invoice in ("requested", "issued"):
        raise EffectRefused(f"The invoice was already {order.invoice}.")
    ticket = _ticket(order, action, at, reference, kind="invoice", state="SUBMITTED")
    return _with(order, ticket, invoice="requested")


def _withdraw(order: Order, action: Action, at: datetime, _reference: str) -> Order:
    wanted = action.args.get("ticket_id")
    ticket = next((ticket for ticket in open_tickets(order) if ticket.ticket_id == wanted), None)
    if ticket is None:
        raise EffectRefused("There is no open case with this number.")
    changed = ticket.model_copy(update={"state": "WITHDRAWN", "updated_at": at, "deadline": None})
    tickets = tuple(changed if each.ticket_id == wanted else each for each in order.tickets)
    changes: dict[str, Any] = {"tickets": tickets}
    if ticket.kind == "refund_only_in_transit" and order.state == "INTERCEPTING":
        changes["state"] = "IN_TRANSIT"
    if ticket.kind == "invoice" and order.invoice == "requested":
        changes["invoice"] = "none"
    return order.model_copy(update=changes)


TRANSITIONS: Mapping[str, Transition] = {
    "cancel_refund": _cancel_refund,
    "intercept": _intercept,
    "return_refund": _return("return_refund"),
    "exchange": _return("exchange"),
    "quality_return": _request("return_refund", _RECEIVED, SELLER_AUDIT),
    "repair": _request("repair", _RECEIVED, SELLER_AUDIT),
    "resend": _request("resend", _RECEIVED | {"LOST"}, SELLER_AUDIT),
    "urge_shipping": _request("urge_shipping", frozenset({"PAID"}), FIRST_REPLY),
    "complaint": _request("complaint", _LIVE | {"CREATED", "CLOSED"}, FIRST_REPLY),
    "price_protection": _compensation("price_protection", paid_as="original_route", once=False),
    "late_compensation": _compensation("late_compensation", paid_as="red_packet", once=True),
    "goodwill": _compensation("goodwill", paid_as="red_packet", once=False),
    "partial_refund": _compensation("goodwill", paid_as="original_route", once=False),
    "change_address": _change_address,
    "invoice": _invoice,
    "withdraw": _withdraw,
}
"""Every action the built-in shop carries out."""


def _require(order: Order, states: frozenset[OrderState], reason: str) -> None:
    if order.state not in states:
        raise EffectRefused(f"The order is {order.state}: {reason}.")


def _granted(order: Order, action: Action) -> int:
    """The action's amount, if it is money and the order still has room for it."""
    if action.amount is None or action.amount <= 0:
        raise EffectRefused("The amount must be above zero.")
    if action.amount > payable(order):
        raise EffectRefused("The amount would pass what was paid for the order.")
    return action.amount


def _ticket(
    order: Order,
    action: Action,
    at: datetime,
    reference: str,
    *,
    kind: TicketKind,
    state: TicketState,
    amount: int | None = None,
    deadline: datetime | None = None,
    detail: dict[str, Any] | None = None,
) -> Ticket:
    """A new case. Raises `EffectRefused` when one of its kind is still open, or a line is not the order's."""
    if any(ticket.kind == kind for ticket in open_tickets(order)):
        raise EffectRefused("A case of this kind is already open for the order.")
    line = action.args.get("line")
    lines = () if line is None else (str(line),)
    if any(line_id not in {known.line_id for known in order.lines} for line_id in lines):
        raise EffectRefused("The order has no such line.")
    kept = {name: value for name, value in action.args.items() if name not in ("line", "address", "reason", "defect")}
    return Ticket(
        ticket_id=reference,
        order_id=order.order_id,
        kind=kind,
        state=state,
        opened_at=at,
        updated_at=at,
        line_ids=lines,
        amount=amount,
        reason=str(action.args.get("reason") or action.args.get("defect") or ""),
        deadline=deadline,
        detail=kept | (detail or {}),
    )


def _with(order: Order, ticket: Ticket, **changes: Any) -> Order:
    return order.model_copy(update={"tickets": (*order.tickets, ticket), **changes})
