"""What an action does to an order: pure transitions, the rules of the built-in shop.

Money leaves only here, and `refunded + compensated` never passes `paid`. What an order does not allow any more raises
`EffectRefused` with the reason in plain words; nothing is half done.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeAlias

from assistant.errors import EffectRefused
from assistant.service_orders import SERVICES
from assistant.shop import Action, Order, OrderState, Ticket, TicketKind
from assistant.ticket_moves import SETTLED, STAGES, Actor
from assistant.ticket_opening import (
    by_rule,
    case_instead,
    granted,
    masked,
    open_tickets,
    opened,
    payable,
    require,
    with_ticket,
)
from assistant.tickets import advance

__all__ = [
    "RETURN_DAYS",
    "SETTLED_TICKETS",
    "TRANSITIONS",
    "apply",
    "case_instead",
    "change_ticket",
    "masked",
    "open_tickets",
    "payable",
]

SETTLED_TICKETS = SETTLED
"""Ticket states in which the shop has nothing to do any more."""

RETURN_DAYS = STAGES["APPROVED_RETURN"].steps[0][0].days
"""Calendar days to send a return back, until 24:00 of the last one."""

RETURN_ADDRESS = "退货地址见售后单 / the return address is shown with the request"

_UNSHIPPED: frozenset[OrderState] = frozenset({"CREATED", "PAID"})
_INTERCEPTABLE: frozenset[OrderState] = frozenset({"SHIPPED", "IN_TRANSIT"})
_RECEIVED: frozenset[OrderState] = frozenset({"SIGNED", "COMPLETED"})
_BACK: frozenset[OrderState] = frozenset({"RETURNED_TO_SELLER"})
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


def _cancel_refund(order: Order, action: Action, at: datetime, reference: str) -> Order:
    require(order, _UNSHIPPED, "only an order that has not shipped can be cancelled")
    if order.shipped_at is not None:
        raise EffectRefused("The carrier has already taken the parcel.")
    if order.production_started:
        raise EffectRefused("Production has started; a person has to look at it.")
    unpaid = order.state == "CREATED"
    if unpaid and action.amount:
        raise EffectRefused("Nothing was paid for the order yet.")
    amount = 0 if unpaid else granted(order, action)
    if not unpaid and amount < payable(order) - order.presale_deposit:
        raise EffectRefused("A cancelled order keeps nothing but a deposit.")
    ticket = opened(order, action, at, reference, kind="refund_only_unshipped", amount=amount)
    ticket = by_rule(ticket, "approve", "refund")
    return with_ticket(order, ticket, state="CLOSED", refunded=order.refunded + amount)


def _intercept(order: Order, action: Action, at: datetime, reference: str) -> Order:
    require(order, _INTERCEPTABLE, "the parcel cannot be intercepted in this state")
    amount = None if action.amount is None else granted(order, action)
    ticket = opened(order, action, at, reference, kind="refund_only_in_transit", amount=amount)
    return with_ticket(order, by_rule(ticket, "approve"), state="INTERCEPTING")


def _return(kind: TicketKind) -> Transition:
    """A return that is approved: the customer sends the goods back; no money leaves yet."""

    def transition(order: Order, action: Action, at: datetime, reference: str) -> Order:
        require(order, _RECEIVED, "only goods that were received can be sent back")
        amount = None if action.amount is None else granted(order, action)
        detail = {"return_address": action.args.get("return_address") or RETURN_ADDRESS}
        ticket = opened(order, action, at, reference, kind=kind, amount=amount, detail=detail)
        return with_ticket(order, by_rule(ticket, "approve_return"))

    return transition


def _request(kind: TicketKind, states: frozenset[OrderState]) -> Transition:
    """A request a person answers within a limit; it promises no money, so an amount is not kept."""

    def transition(order: Order, action: Action, at: datetime, reference: str) -> Order:
        require(order, states, "the order does not allow this in its state")
        return with_ticket(order, by_rule(opened(order, action, at, reference, kind=kind), "ask_seller"))

    return transition


def _compensation(kind: TicketKind, *, paid_as: str, once: bool) -> Transition:
    """Money beside the goods, paid at once; with `once`, an order gets it a single time."""

    def transition(order: Order, action: Action, at: datetime, reference: str) -> Order:
        require(order, _LIVE, "the order is not open for compensation")
        if once and any(ticket.kind == kind and ticket.state == "REFUNDED" for ticket in order.tickets):
            raise EffectRefused("This order was compensated for it before.")
        amount = granted(order, action)
        ticket = opened(order, action, at, reference, kind=kind, amount=amount, detail={"paid_as": paid_as})
        return with_ticket(order, by_rule(ticket, "approve", "refund"), compensated=order.compensated + amount)

    return transition


def _change_address(order: Order, action: Action, at: datetime, reference: str) -> Order:
    require(order, _UNSHIPPED, "the address can only be changed before shipping")
    address = action.args.get("address")
    if order.shipped_at is not None or not isinstance(address, str) or not address.strip():
        raise EffectRefused("The address can only be changed before shipping, and needs its full text.")
    shown = masked(address.strip())
    ticket = opened(order, action, at, reference, kind="change_address", detail={"address": shown})
    return with_ticket(order, by_rule(ticket, "approve", "complete"), address=shown)


def _invoice(order: Order, action: Action, at: datetime, reference: str) -> Order:
    require(order, _LIVE, "there is no payment to invoice")
    if order.invoice in ("requested", "issued"):
        raise EffectRefused(f"The invoice was already {order.invoice}.")
    return with_ticket(order, by_rule(opened(order, action, at, reference, kind="invoice")), invoice="requested")


def _customer_sends(event: str) -> Transition:
    """An event of the customer's own on one of the order's tickets."""

    def transition(order: Order, action: Action, at: datetime, _reference: str) -> Order:
        number = str(action.args.get("ticket_id"))
        return change_ticket(order, number, event, by="customer", who="customer", at=at, args=action.args)

    return transition


def _desk_sends(order: Order, action: Action, at: datetime, _reference: str) -> Order:
    """An event of a person at the desk: `by` is the role, `who` the name that goes on record."""
    args = {**action.args, **({} if action.amount is None else {"amount": action.amount})}
    role = args.get("by")
    if role not in ("agent", "supervisor", "legal"):
        raise EffectRefused("Only a person at the desk does this.")
    sent = {"by": role, "who": str(args.get("who")), "at": at, "args": args}
    return change_ticket(order, str(args.get("ticket_id")), str(args.get("event")), **sent)


def change_ticket(
    order: Order, ticket_id: str, event: str, *, by: Actor, who: str, at: datetime, args: Mapping[str, Any]
) -> Order:
    """The order after `event` on one of its tickets, with what follows for its money and state.

    Raises `EffectRefused`: no such ticket, an event the ticket does not allow (`MoveRefused`), or more than is left.
    """
    before = next((ticket for ticket in order.tickets if ticket.ticket_id == ticket_id), None)
    if before is None:
        raise EffectRefused("The order has no case with this number.")
    if event == "refund" and before.kind == "refund_only_in_transit" and order.state not in _BACK:
        raise EffectRefused("The parcel is not back yet.")
    ticket = advance(before, event, by=by, who=who, at=at, args=args)
    if event == "reopen":
        ticket = advance(ticket, "ask_seller", by="system", who="system", at=at)
    others = order.model_copy(update={"tickets": tuple(t for t in order.tickets if t.ticket_id != ticket_id)})
    if before.state in SETTLED and ticket.state not in SETTLED:
        if any(each.kind == ticket.kind for each in open_tickets(others)):
            raise EffectRefused("A case of this kind is already open for the order.")
        if case_instead(others, ticket.kind, ticket.line_ids) is not None:
            raise EffectRefused("Another case about the same goods is open.")
        # what was promised once may have been paid out otherwise since
        ticket = ticket.model_copy(update={"amount": ticket.amount and min(ticket.amount, payable(others))})
    if ticket.amount is not None and ticket.state not in SETTLED - {"REFUNDED"} and ticket.amount > payable(others):
        raise EffectRefused("The amount would pass what was paid for the order.")
    changed = tuple(ticket if each.ticket_id == ticket_id else each for each in order.tickets)
    changes: dict[str, Any] = {"tickets": changed, **_aftermath(order, before, ticket)}
    return order.model_copy(update=changes)


def _aftermath(order: Order, before: Ticket, ticket: Ticket) -> dict[str, Any]:
    """What a ticket's new state means for its order."""
    if ticket.state == "REFUNDED" and before.state != "REFUNDED":
        if before.amount is not None and ticket.amount != before.amount:
            raise EffectRefused("The amount is not the one that was approved.")
        refunded = order.refunded + (ticket.amount or 0)
        return {"refunded": refunded} | ({"state": "CLOSED"} if refunded >= order.paid else {})
    if ticket.state == "WITHDRAWN":
        if ticket.kind == "refund_only_in_transit" and order.state == "INTERCEPTING":
            return {"state": "IN_TRANSIT"}
        if ticket.kind == "invoice" and order.invoice == "requested":
            return {"invoice": "none"}
    if ticket.kind == "invoice" and ticket.state == "CLOSED":
        return {"invoice": "issued"}
    return {}


TRANSITIONS: Mapping[str, Transition] = {
    "cancel_refund": _cancel_refund,
    "intercept": _intercept,
    "return_refund": _return("return_refund"),
    "exchange": _return("exchange"),
    "quality_return": _request("return_refund", _RECEIVED),
    "repair": _request("repair", _RECEIVED),
    "resend": _request("resend", _RECEIVED | {"LOST"}),
    "urge_shipping": _request("urge_shipping", frozenset({"PAID"})),
    "complaint": _request("complaint", _LIVE | {"CREATED", "CLOSED"}),
    "price_protection": _compensation("price_protection", paid_as="original_route", once=False),
    "late_compensation": _compensation("late_compensation", paid_as="red_packet", once=True),
    "goodwill": _compensation("goodwill", paid_as="red_packet", once=False),
    "partial_refund": _compensation("goodwill", paid_as="original_route", once=False),
    "change_address": _change_address,
    "invoice": _invoice,
    "withdraw": _customer_sends("withdraw"),
    "platform_dispute": _customer_sends("ask_platform"),
    "ship_return": _customer_sends("ship_return"),
    "decline_offer": _customer_sends("decline_offer"),
    "accept_offer": _customer_sends("accept_offer"),
    "give_evidence": _customer_sends("give_evidence"),
    "reopen": _customer_sends("reopen"),
    "appeal": _customer_sends("appeal"),
    "ticket_event": _desk_sends,
    **SERVICES,
}
"""Every action the built-in shop carries out. Tickets change by `assistant.tickets` alone."""
