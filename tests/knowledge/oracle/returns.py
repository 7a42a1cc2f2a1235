"""No-reason returns, intact goods, freight, refund amounts (DT-02 to DT-05)."""

from __future__ import annotations

from tests.knowledge.oracle.before_receipt import cancel
from tests.knowledge.oracle.telling import NO_RULE, Case, Told, by, days_between, midnight_after, on

BY_LAW = ("customised", "perishable", "digital_opened", "newspaper")
BY_CONFIRMATION = ("hygiene_safety_after_opening", "value_drop_after_activation", "near_expiry_or_flaw_disclosed")
SPOILS = {
    "food_cosmetics": ("seal_broken", "used", "damaged"),
    "electronics": ("repaired", "marks_removed", "used", "activated", "damaged"),
    "clothing": ("tag_removed", "label_cut", "soiled", "damaged"),
    "others": ("used", "damaged"),
}


def intact(case: Case) -> Told:
    """DT-03. A box or a gift that is missing leaves the goods intact; knowing nothing of the state asks for it."""
    if case.at < on(2017, 3, 15):
        return NO_RULE
    if not case["condition"]:
        return Told("ASK(condition)")
    for mark in case["condition"]:
        if mark in SPOILS[case["intact_class"]]:
            return Told("NOT_INTACT")
    return Told("ELIGIBLE")


def no_reason(case: Case) -> Told:
    """DT-02. Day 0 is the date of signing, the window ends at 24:00 of day 7 (or of the promised day, if later)."""
    if case.at < on(2014, 3, 15):
        return NO_RULE
    if case.platform == "1688" and case["buyer_kind"] == "business":
        return NO_RULE
    if not case["signed"]:
        return cancel(case)
    if case["item_class"] in BY_LAW and case["promised_days"] <= 0:
        return Told("NOT_ELIGIBLE_STATUTORY")
    if case["item_class"] in BY_CONFIRMATION and case["confirmed_at_purchase"]:
        return Told("NOT_ELIGIBLE_CONFIRMED")
    if case["signed_at"] is None:  # signed for, but on no day: that contradicts itself
        return NO_RULE
    ends = midnight_after(case["signed_at"], max(7, case["promised_days"]))
    if days_between(case["signed_at"], case["notice_at"]) > max(7, case["promised_days"]):
        return by("NOT_ELIGIBLE_LATE", ends)
    if case.has("intact"):
        state = case["intact"]
    else:
        seen = intact(case)
        if seen == NO_RULE:
            return NO_RULE
        state = {"ELIGIBLE": "yes", "NOT_INTACT": "no"}.get(seen.code, "unknown")
    if state == "unknown":
        return Told("ASK(condition_photos)")
    return Told("NOT_INTACT") if state == "no" else by("ELIGIBLE", ends)


def freight(case: Case) -> Told:
    """DT-04."""
    cause = case["freight_cause"]
    if case.at < on(2014, 3, 15):
        return NO_RULE
    if cause == "seller_fault":
        return Told("SELLER_PAYS")
    if cause == "no_reason_exchange":
        return Told("BUYER_PAYS_BOTH") if case.on_taobao else NO_RULE
    if cause == "member_abuse":
        return Told("BUYER_PAYS_BOTH") if case.on_taobao else NO_RULE
    if cause == "agreed":
        return Told("SELLER_PAYS") if case.on_taobao else NO_RULE
    if cause == "freight_collect":
        return Told("SENDER_PAYS")
    if cause == "dearer_address":
        return Told("SPLIT_DIFFERENCE")
    if cause == "both_at_fault":
        return Told("HUMAN")
    if cause == "unknown":
        return Told("DEFAULT")
    return _change_of_mind(case, cause)


def _change_of_mind(case: Case, cause: str) -> Told:
    if case["promises_free_return"]:
        return Told("SELLER_PAYS")
    if not case["freight_free"]:
        return Told("BUYER_PAYS_BOTH")
    if cause == "no_reason" and case["below_free_shipping"]:
        return Told("BUYER_PAYS_BOTH")
    return Told("BUYER_PAYS_RETURN")


def refund(case: Case) -> Told:
    """DT-05. `paid` holds the freight paid, `lines_paid` does not; never more than was paid, never below nothing."""
    if case.at < on(2014, 3, 15):
        return NO_RULE
    whole, paid = case["whole_order"], case["paid"]
    goods = min(case["lines_paid"], paid)
    if case["seller_at_fault"]:
        return Told("REFUND", paid if whole else goods)
    less = 0
    if case["gift_missing"]:
        if case["gift_price"] is None:
            return Told("HUMAN(gift_price)")
        less += case["gift_price"]
    if not whole:
        if case["deal_broken"]:
            goods = paid - case["freight_paid"] - case["kept_value"]
        if case["below_free_shipping"]:
            less += case["freight_waived"]
    return Told("REFUND", max(0, goods - less))
