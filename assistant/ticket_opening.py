"""How an action opens a case on an order: what every transition of the built-in shop is made of. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime
from typing import Any

from assistant.errors import EffectRefused
from assistant.shop import Action, Order, OrderState, Ticket, TicketKind
from assistant.ticket_moves import GOODS_BACK, SETTLED
from assistant.tickets import advance, submitted


def open_tickets(order: Order) -> tuple[Ticket, ...]:
    """The order's cases in which somebody still has to act."""
    return tuple(ticket for ticket in order.tickets if ticket.state not in SETTLED)


def case_instead(order: Order, kind: TicketKind, lines: Collection[str]) -> Ticket | None:
    """The open case that rules out one of `kind` about the same goods (`lines`; empty means all of the order).

    What goes back is returned, exchanged or repaired, not two of these; of several pieces each may go its own way.
    """
    single = {line.line_id for line in order.lines if line.qty == 1 and (not lines or line.line_id in lines)}
    for ticket in open_tickets(order) if kind in GOODS_BACK else ():
        if ticket.kind in GOODS_BACK - {kind} and (single & set(ticket.line_ids) if ticket.line_ids else single):
            return ticket
    return None


def payable(order: Order) -> int:
    """What may still be granted, in fen: what is returnable less what open cases have promised."""
    return order.returnable - sum(ticket.amount or 0 for ticket in open_tickets(order))


def masked(address: str) -> str:
    """An address for display: digits hidden, the street kept."""
    return re.sub(r"\d", "*", address)


def require(order: Order, states: frozenset[OrderState], reason: str) -> None:
    if order.state not in states:
        raise EffectRefused(f"The order is {order.state}: {reason}.")


def granted(order: Order, action: Action) -> int:
    """The action's amount, if it is money and the order still has room for it."""
    if action.amount is None or action.amount <= 0:
        raise EffectRefused("The amount must be above zero.")
    if action.amount > payable(order):
        raise EffectRefused("The amount would pass what was paid for the order.")
    return action.amount


def opened(
    order: Order,
    action: Action,
    at: datetime,
    reference: str,
    *,
    kind: TicketKind,
    amount: int | None = None,
    detail: dict[str, Any] | None = None,
) -> Ticket:
    """A new case, submitted. Raises `EffectRefused` when one of its kind is open, or a line is not the order's."""
    if any(ticket.kind == kind for ticket in open_tickets(order)):
        raise EffectRefused("A case of this kind is already open for the order.")
    line = action.args.get("line")
    lines = tuple(action.args.get("line_ids") or (() if line is None else (str(line),)))
    if any(line_id not in {known.line_id for known in order.lines} for line_id in lines):
        raise EffectRefused("The order has no such line.")
    if case_instead(order, kind, lines) is not None:
        raise EffectRefused("Another case about the same goods is open: they are returned, exchanged or repaired.")
    apart = ("line", "line_ids", "address", "reason", "defect")
    draft = Ticket(
        ticket_id=reference,
        order_id=order.order_id,
        kind=kind,
        state="DRAFT",
        opened_at=at,
        updated_at=at,
        line_ids=lines,
        amount=amount,
        reason=str(action.args.get("reason") or action.args.get("defect") or ""),
        detail={name: value for name, value in action.args.items() if name not in apart} | (detail or {}),
    )
    return submitted(draft)


def by_rule(ticket: Ticket, *events: str) -> Ticket:
    """The ticket after what the rules decide at once. Its customer is told of it with the receipt."""
    for event in events:
        ticket = advance(ticket, event, by="assistant", who="assistant", at=ticket.opened_at)
    return ticket.model_copy(update={"told": len(ticket.history)})


def with_ticket(order: Order, ticket: Ticket, **changes: Any) -> Order:
    return order.model_copy(update={"tickets": (*order.tickets, ticket), **changes})
