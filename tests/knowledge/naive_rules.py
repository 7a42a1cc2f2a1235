"""The shipped tables a second time, in the plainest Python, written from the articles and not from the tables.

Each function returns `(code, amount in fen or None)` for complete facts. Slow and long-winded on purpose.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

CN = timezone(timedelta(hours=8))
Outcome = tuple[str, int | None]


def day_of(moment: datetime) -> int:
    return moment.astimezone(CN).date().toordinal()


def share(fen: int, percent: int) -> int:
    return int((Decimal(fen) * percent / 100).quantize(Decimal(1), ROUND_HALF_UP))


def between(low: int, amount: int, high: int) -> int:
    return sorted((low, amount, high))[1]


def intact(f: dict[str, Any]) -> str:
    flags = set(f["condition"])
    spoils = {
        "food_cosmetics": {"seal_broken", "used", "damaged"},
        "electronics": {"repaired", "marks_removed", "used", "activated", "damaged"},
        "clothing": {"tag_removed", "label_cut", "soiled", "damaged"},
        "others": {"used", "damaged"},
    }[f["intact_class"]]
    if flags & spoils:
        return "no"
    return "yes" if flags else "unknown"


def no_reason(f: dict[str, Any]) -> Outcome:
    """For a signed parcel."""
    by_law = {"customised", "perishable", "digital_opened", "newspaper"}
    by_confirmation = {"hygiene_safety_after_opening", "value_drop_after_activation", "near_expiry_or_flaw_disclosed"}
    if f["item_class"] in by_law and not f["promised_days"]:
        return "NOT_ELIGIBLE_STATUTORY", None
    if f["item_class"] in by_confirmation and f["confirmed_at_purchase"]:
        return "NOT_ELIGIBLE_CONFIRMED", None
    limit = f["promised_days"] if f["promised_days"] > 7 else 7
    if day_of(f["notice_at"]) - day_of(f["signed_at"]) > limit:
        return "NOT_ELIGIBLE_LATE", None
    state = intact(f)
    if state == "unknown":
        return "ASK(condition_photos)", None
    return ("NOT_INTACT", None) if state == "no" else ("ELIGIBLE", None)


def freight(f: dict[str, Any], platform: str) -> Outcome:
    cause = f["freight_cause"]
    if cause in {"no_reason_exchange", "member_abuse", "agreed"}:
        if platform not in {"taobao", "tmall"}:
            return "HUMAN(rule)", None
        return ("SELLER_PAYS" if cause == "agreed" else "BUYER_PAYS_BOTH"), None
    fixed = {
        "seller_fault": "SELLER_PAYS",
        "freight_collect": "SENDER_PAYS",
        "dearer_address": "SPLIT_DIFFERENCE",
        "both_at_fault": "HUMAN",
        "unknown": "DEFAULT",
    }
    if cause in fixed:
        return fixed[cause], None
    if f["promises_free_return"]:
        return "SELLER_PAYS", None
    if not f["freight_free"]:
        return "BUYER_PAYS_BOTH", None
    if cause == "no_reason" and f["below_free_shipping"]:
        return "BUYER_PAYS_BOTH", None
    return "BUYER_PAYS_RETURN", None


def refund(f: dict[str, Any]) -> Outcome:
    lines = min(f["lines_paid"], f["paid"])
    if f["seller_at_fault"]:
        return "REFUND", f["paid"] if f["whole_order"] else lines
    if f["gift_missing"] and f["gift_price"] is None:
        return "HUMAN(gift_price)", None
    less = f["gift_price"] if f["gift_missing"] else 0
    if not f["whole_order"] and f["below_free_shipping"]:
        less += f["freight_waived"]
    if not f["whole_order"] and f["deal_broken"]:
        lines = f["paid"] - f["freight_paid"] - f["kept_value"]
    return "REFUND", max(0, lines - less)


def cancel(f: dict[str, Any], platform: str) -> Outcome:
    if platform in {"taobao", "tmall"} and f["scanned"] and f["shipped_after_request"] and not f["signed"]:
        return "SELLER_BEARS", None
    if f["order_state"] == "CREATED" and not f["presale_deposit"]:
        return "CANCEL_UNPAID", None
    if f["presale_deposit"] and not f["scanned"] and not f["seller_at_fault"]:
        return "DEPOSIT_NOT_REFUNDABLE", None
    if f["lost"]:
        return "REFUND", f["paid"]
    if f["refused_at_door"]:
        unsuited = f["item_class"] in {"customised", "perishable", "digital_opened", "newspaper"}
        if f["refusal_without_cause"] and unsuited and not f["promised_days"]:
            return "HUMAN", None
        return "REFUND", max(0, f["paid"] - (0 if f["freight_free"] else f["freight_paid"]))
    if not f["scanned"]:
        if f["item_class"] == "customised" and f["production_started"]:
            return "HUMAN", None
        return "REFUND_NOW", f["paid"]
    return ("REFUSE_OR_RETURN", None) if f["out_for_delivery"] or not f["interceptable"] else ("INTERCEPT", None)


SCALES = {
    "A": (((5, 500, 5000), (10, 500, 5000)), (30, 500, 50000)),
    "B": (((10, 500, 10000), (15, 500, 50000)), None),
    "C": (((30, 500, 50000), (30, 500, 50000)), (30, 500, 50000)),
    "D": (((1, 300, 3000), None), (30, 0, 10**15)),
}


def shipping(f: dict[str, Any]) -> Outcome:
    if f["presale_ship_at"] is not None:
        limit = f["presale_ship_at"].astimezone(CN).replace(hour=23, minute=59, second=59, microsecond=0)
    else:
        limit = f["paid_at"] + timedelta(hours=f["promise_h"])
    shipped = f["shipped_at"]
    if shipped is None and not f["no_stock"] and f["now"] <= limit:
        return "WITHIN", None
    if shipped is not None and shipped <= limit:
        return "ON_TIME", None
    if f["late_excuse"] != "none":
        return "EXEMPT", None
    clicked = f["ship_clicked_at"]
    if shipped is None and clicked is not None and f["now"] - clicked > timedelta(hours=24):
        return "FAKE_SHIPPING", None
    if f["late_scale"] == "none" or f["paid_at"] < datetime(2025, 1, 1, tzinfo=CN):
        return "HUMAN(compensation)", None
    late, out = SCALES[f["late_scale"]]
    gone = shipped is None and (f["no_stock"] or f["now"] - limit > timedelta(hours=72))
    rate = out if gone else late[0 if f["promise_h"] <= 48 else 1]
    if rate is None:
        return "HUMAN(compensation)", None
    percent, low, high = rate
    return ("OUT_OF_STOCK" if gone else "LATE"), between(low, share(f["paid"], percent), high)


def price(f: dict[str, Any]) -> Outcome:
    no = ("NO_ENTITLEMENT", None)
    if f["order_closed"] or (not f["price_protected"] and f["campaign_end"] is None):
        return no
    if f["compares_other_shop"]:
        return ("HUMAN", None) if f["best_price_promise"] else no
    if f["price_condition"] != "anyone":
        return no
    in_days = f["price_protected"] and day_of(f["now"]) - day_of(f["paid_at"]) <= f["price_protect_days"]
    in_campaign = f["campaign_end"] is not None and f["now"] < f["campaign_end"]
    rest = (f["unit_paid"] - f["current_unit"]) * f["qty"] - f["already_granted"]
    return ("REFUND_DIFFERENCE", rest) if (in_days or in_campaign) and rest > 0 else ("NO_ENTITLEMENT", None)
