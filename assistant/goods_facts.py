"""What the rules of a trade ask about an order: the kind of goods, their clocks, and what the shop usually charges.

Pure. Day 0 of a warranty is the day the parcel was signed for; before that the clock stands at today.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import median_low

from assistant.shop import Order, OrderLine, Product
from knowledge.decision import Facts

_DURABLE = frozenset({"portable_3c", "fixed_3c", "appliance"})
_SAME_WORD = {"apparel", "shoes", "bags", "jewellery", "fresh"}
"""Categories of a catalogue that are kinds of goods by the same name."""

_OPEN_REPAIR = frozenset({"REPAIRING", "APPROVED_RETURN", "RETURN_IN_TRANSIT", "SELLER_INSPECTING"})
_USUAL_DAYS = 30


def goods_facts(order: Order, lines: Sequence[OrderLine], product: Product | None, now: datetime) -> Facts:
    """Facts about the goods of `lines`, of which the first one's `product` counts."""
    kind = goods_kind(product)
    return {
        "goods_kind": kind,
        "durable": kind in _DURABLE,
        "fresh_kind": "live" if kind == "fresh_live" else product.fresh_kind if product else "non_live",
        "warranty_start": order.signed_at or now,
        "warranty_days": product.warranty_days if product else 0,
        "promised_return_days": _promised(product, "quality_return_days"),
        "promised_exchange_days": _promised(product, "quality_exchange_days"),
        "promised_feedback_h": _promised(product, "feedback_h"),
        "ticket_at": None,
        "receipt_confirmed": order.state == "COMPLETED",
        "stacked_discounts": len(order.coupons),
        **_repairs(order, now),
        **usual_prices(product, lines[0].sku, order.paid_at or order.created_at),
    }


def goods_kind(product: Product | None) -> str:
    """The kind of goods as tables know it: the product's own word, else its category where that is one."""
    if product is None:
        return "other"
    if product.goods_kind:
        return product.goods_kind
    return product.category if product.category in _SAME_WORD else "other"


def usual_prices(product: Product | None, sku: str, at: datetime) -> Facts:
    """The lowest and the middle ordinary price of the 30 days before `at`, one look a day; nothing for new goods.

    The price of the day itself is left out: it is the one that may be wrong.
    """
    points = [p for p in product.price_history if p.sku == sku and p.condition == "anyone"] if product else []
    since = [point.at for point in points]
    looks = (bisect_right(since, at - timedelta(days=days)) for days in range(1, _USUAL_DAYS + 1))
    seen = [points[look - 1].price for look in looks if look]
    return {"lowest_30d": min(seen), "median_30d": median_low(seen)} if seen else {}


def _promised(product: Product | None, kind: str) -> int:
    promised = [int(each.value) for each in product.promises if each.kind == kind] if product else []
    return max(promised, default=0)


def _repairs(order: Order, now: datetime) -> Facts:
    """Repairs on record: those that are over, and how long the present one takes."""
    repairs = [ticket for ticket in order.tickets if ticket.kind == "repair"]
    over = [ticket for ticket in repairs if ticket.state == "CLOSED"]
    present = [ticket for ticket in repairs if ticket.state in _OPEN_REPAIR]
    spent = sum((ticket.updated_at - ticket.opened_at).days for ticket in over)
    elapsed = max(((now - ticket.opened_at).days for ticket in present), default=0)
    return {"failed_repairs": len(over), "repair_days": max(spent, 0), "repair_elapsed_days": max(elapsed, 0)}
