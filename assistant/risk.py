"""Risk notes for an agent's eyes: signals with their innocent reading. They never decide, delay or refuse anything.

Facts only from the shop's own records; never who the customer is, and never complaints or reviews. An unknown is no
risk, and few orders say little, so that a note needs a base.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from assistant.conversation import Frozen
from assistant.shop import Order, Text, Ticket

Strength = Literal["weak", "medium", "strong"]

_MIN_ORDERS = 10
"""Below this many orders a rate says nothing (account integrity: refund-only rate over at least ten orders)."""
_HIGH_RATE = 0.5
_WINDOW = timedelta(days=180)
"""A signal older than this is dropped."""


class RiskNote(Frozen):
    """One signal: what the records show, how strong it is, and how it may be innocent."""

    signal: str
    strength: Strength
    text: Text
    innocent: Text
    orders: tuple[str, ...] = ()


def risk_notes(orders: Sequence[Order], now: datetime) -> list[RiskNote]:
    """Notes on one customer's own orders within 180 days, the strongest first; empty is the normal case."""
    recent = [order for order in orders if now - order.created_at <= _WINDOW]
    notes = [note for note in (_refund_only_rate(recent), _not_received(recent), _late_claims(recent)) if note]
    return sorted(notes, key=lambda n: ("strong", "medium", "weak").index(n.strength))


def _refund_only_rate(orders: Sequence[Order]) -> RiskNote | None:
    asked = [o for o in orders if any(t.kind == "refund_only_received" for t in o.tickets)]
    if len(orders) < _MIN_ORDERS or len(asked) / len(orders) < _HIGH_RATE:
        return None
    return RiskNote(
        signal="refund_only_rate",
        strength="medium",
        text=Text(zh=f"近 180 天 {len(orders)} 单中有 {len(asked)} 单申请仅退款。",
                  en=f"{len(asked)} of {len(orders)} orders in 180 days asked for a refund without return."),
        innocent=Text(zh="也可能是偏远地区或商品本身问题多。", en="May be a remote area, or a poor product."),
        orders=tuple(o.order_id[-4:] for o in asked),
    )  # fmt: skip


def _not_received(orders: Sequence[Order]) -> RiskNote | None:
    claims = [o for o in orders if _claims(o, "not_received") and o.parcel and o.parcel.signed_by]
    if len(claims) < 2:
        return None
    return RiskNote(
        signal="not_received_but_signed",
        strength="weak",
        text=Text(
            zh=f"{len(claims)} 次称未收到而物流显示签收。", en=f"{len(claims)} claims of non-receipt on signed parcels."
        ),
        innocent=Text(zh="也可能是家人代收或被盗。", en="May be theft, or a family member signing."),
        orders=tuple(o.order_id[-4:] for o in claims),
    )  # fmt: skip


def _late_claims(orders: Sequence[Order]) -> RiskNote | None:
    last_day = [o for o in orders for t in o.tickets if t.kind == "return_refund" and _on_last_day(o, t)]
    if len(last_day) < 3:
        return None
    return RiskNote(
        signal="claims_on_the_last_day",
        strength="weak",
        text=Text(
            zh=f"{len(last_day)} 次在无理由期限最后一天申请退货。", en=f"{len(last_day)} returns asked on the last day."
        ),
        innocent=Text(zh="也可能只是拆包晚。", en="May simply be slow opening."),
        orders=tuple(o.order_id[-4:] for o in last_day),
    )  # fmt: skip


def _claims(order: Order, reason: str) -> bool:
    return any(ticket.reason == reason for ticket in order.tickets)


def _on_last_day(order: Order, ticket: Ticket) -> bool:
    return order.signed_at is not None and (ticket.opened_at.date() - order.signed_at.date()).days == 7
