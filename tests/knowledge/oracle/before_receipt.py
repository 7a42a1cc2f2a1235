"""Before the goods are in hand: cancelling, late shipping, delivery and address (DT-13 to DT-15)."""

from __future__ import annotations

from datetime import timedelta

from tests.knowledge.oracle.telling import CN, NO_RULE, Case, Told, between, by, on, share

UNSUITED = ("customised", "perishable", "digital_opened", "newspaper")


def cancel(case: Case) -> Told:
    """DT-13."""
    if case.at < on(2014, 3, 15) and not case.on_taobao:
        return NO_RULE
    if case.on_taobao and case["scanned"] and case["shipped_after_request"] and not case["signed"]:
        return Told("SELLER_BEARS")
    if case.at < on(2014, 3, 15):
        return NO_RULE
    deposit = case["presale_deposit"] > 0
    if case["order_state"] == "CREATED" and not deposit:
        return Told("CANCEL_UNPAID")
    if deposit and not case["scanned"] and not case["seller_at_fault"]:
        return Told("DEPOSIT_NOT_REFUNDABLE")
    if case["lost"]:
        return Told("REFUND", case["paid"])
    if case["refused_at_door"]:
        return _refused(case)
    if not case["scanned"]:
        if case["item_class"] == "customised" and case["production_started"]:
            return Told("HUMAN")
        return Told("REFUND_NOW", case["paid"])
    if case["out_for_delivery"] or not case["interceptable"]:
        return Told("REFUSE_OR_RETURN")
    return Told("INTERCEPT")


def _refused(case: Case) -> Told:
    if case["refusal_without_cause"] and case["item_class"] in UNSUITED and case["promised_days"] <= 0:
        return Told("HUMAN")
    freight = 0 if case["freight_free"] else case["freight_paid"]
    return Told("REFUND", max(0, case["paid"] - freight))


# percent, least, most; None: the scale names nothing for it
SCALES: dict[str, dict[str, tuple[int, int, int] | None]] = {
    "A": {"short": (5, 500, 5000), "long": (10, 500, 5000), "gone": (30, 500, 50000)},
    "B": {"short": (10, 500, 10000), "long": (15, 500, 50000), "gone": None},
    "C": {"short": (30, 500, 50000), "long": (30, 500, 50000), "gone": (30, 500, 50000)},
    "D": {"short": (1, 300, 3000), "long": None, "gone": (30, 0, 10**15)},
}


def shipping(case: Case) -> Told:
    """DT-14. The first carrier scan counts, not the click; exactly at the deadline is in time."""
    if case.at < on(2019, 1, 1):
        return NO_RULE
    if case["presale_ship_at"] is not None:
        limit = case["presale_ship_at"].astimezone(CN).replace(hour=23, minute=59, second=59, microsecond=0)
    else:
        limit = case["paid_at"] + timedelta(hours=case["promise_h"])
    shipped, now = case["shipped_at"], case["now"]
    if (now if shipped is None else shipped) > limit:
        if case.platform == "1688" and on(2020, 1, 19) <= case.at < on(2020, 2, 17):
            if case["ship_service_h"] in (24, 48, 72):
                return Told("DISCRETIONARY")
        elif case.platform == "jd" and on(2022, 3, 1) <= case.at < on(2023, 1, 1) and case["merchant_region_affected"]:
            return Told("HUMAN")
    if shipped is None and now <= limit and not case["no_stock"]:
        return by("WITHIN", limit)
    if shipped is not None and shipped <= limit:
        return Told("ON_TIME")
    if case["late_excuse"] != "none":
        return Told("EXEMPT")
    clicked = case["ship_clicked_at"]
    if shipped is None and clicked is not None and now > clicked + timedelta(hours=24):
        return Told("FAKE_SHIPPING")
    return _compensation(case, shipped is None and (case["no_stock"] or now > limit + timedelta(hours=72)))


def _compensation(case: Case, gone: bool) -> Told:
    scale = case.shop("late_scale", "none")
    if scale == "none" or case["paid_at"] < on(2025, 1, 1):
        return Told("HUMAN(compensation)")
    kind = "gone" if gone else "short" if case["promise_h"] <= 48 else "long"
    rate = SCALES[scale][kind]
    if rate is None:
        return Told("HUMAN(compensation)")
    percent, least, most = rate
    return Told("OUT_OF_STOCK" if gone else "LATE", between(least, share(case["paid"], percent), most))


def delivery(case: Case) -> Told:
    """DT-15."""
    if case.at < on(2019, 1, 1):
        return NO_RULE
    match case["delivery_issue"]:
        case "not_received":
            if not case["signed"]:  # on its way: that is a question of when, not of who bears the loss
                return NO_RULE
            return Told("HUMAN") if case["delivery_proof"] == "proper" else Told("SELLER_BEARS")
        case "left_without_consent":
            return Told("HUMAN") if case["picked_up"] else Told("SELLER_BEARS")
        case "wrong_address_given":
            return Told("BUYER_BEARS")
        case "change_address":
            return Told("TRY_FORWARD") if case["scanned"] else Told("CHANGE_OK")
        case "sent_to_old_address":
            return Told("HUMAN") if case["old_place_related"] else Told("SELLER_BEARS")
        case "box_damaged":
            return Told("HUMAN") if case["signed"] else Told("REFUSE_AT_DOOR")
        case "wrong_item":
            return Told("SELLER_BEARS")
        case "missing_item":
            return Told("HUMAN") if case["packing_proof"] else Told("RESEND")
    raise AssertionError(case["delivery_issue"])


def price_protection(case: Case) -> Told:
    """DT-19."""
    if case.at < on(2019, 1, 1):
        return NO_RULE
    if case["order_closed"]:
        return Told("NO_ENTITLEMENT")
    if case["compares_other_shop"]:
        return Told("HUMAN" if case["best_price_promise"] else "NO_ENTITLEMENT")
    if case["price_condition"] != "anyone":
        return Told("NO_ENTITLEMENT")
    paid_at = case["paid_at"]
    covered = False
    if case["price_protected"]:
        days = case["now"].astimezone(CN).date() - paid_at.astimezone(CN).date()
        covered = days.days <= case.shop("price_protect_days", 15)
    if case["campaign_end"] is not None and case["now"] < case["campaign_end"]:
        covered = True
    rest = (case["unit_paid"] - case["current_unit"]) * case["qty"] - case["already_granted"]
    return Told("REFUND_DIFFERENCE", rest) if covered and rest > 0 else Told("NO_ENTITLEMENT")
