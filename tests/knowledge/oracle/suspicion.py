"""Refund without return, suspected abuse, prices set wrong (DT-16 to DT-18), and the RFQ subscription (DT-27)."""

from __future__ import annotations

from tests.knowledge.oracle.telling import NO_RULE, Case, Told, on


def refund_only(case: Case) -> Told:
    """DT-16. What nobody is at fault for was for the platform to say before 22 April 2025."""
    fault = case["seller_at_fault"]
    if not fault and not case["gross_mismatch"]:
        return Told("NO_REASON_ROUTE") if case.at >= on(2025, 4, 22) else NO_RULE
    if fault and case["return_useless"]:
        return Told("REFUND_NO_RETURN")
    if fault and case.on_taobao and case["cannot_return"]:
        return Told("REFUND_NO_RETURN")
    if case["gross_mismatch"] or case["integrity_risk"] != "none":
        return Told("HUMAN")
    if case["return_cost"] > case["lines_paid"] and not case["over_authority"]:
        return Told("REFUND_NO_RETURN")
    return Told("PARTIAL_REFUND" if case["keeps_goods"] else "RETURN_REFUND")


def abuse(case: Case) -> Told:
    """DT-17. Signals never refuse anybody."""
    if case["organised"] or case["abuse_confirmed"]:
        return Told("HOLD_AND_HUMAN")
    if case["return_swapped"] and case["swap_proof"]:
        return Told("HOLD_AND_HUMAN")
    if case["good_proof"]:
        return Told("CLEAR_FLAG")
    if case["image_suspect"]:
        return Told("REQUEST_LIVE_PROOF")
    if case["return_swapped"] or case["weak_signals"] >= 1:
        return Told("ASK_ORDINARY_EVIDENCE")
    return Told("TREAT_NORMALLY")


def price_error(case: Case) -> Told:
    """DT-18."""
    price = case["unit_paid"]
    if case["bait_price"]:
        return Told("HUMAN")
    if case["scanned"]:
        return Told("HONOUR")
    if case["price_error_confirmed"]:
        return Told("UNIFORM_OFFER" if case["error_reported_in_time"] else "HUMAN")
    if 2 * price >= case["lowest_30d"]:
        return Told("HONOUR")
    if case["reseller_bulk"]:
        return Told("HUMAN")
    if 10 * price < 3 * case["median_30d"] or case["stacked_discounts"] >= 3:
        return Told("FREEZE_AND_HUMAN")
    return Told("HUMAN")


QUOTAS = {"V1": (5, 0), "V2": (10, 5), "V3": (10, 10)}


def rfq(case: Case) -> Told:
    """DT-27."""
    if case.platform != "1688" or case.at < on(2020, 2, 1):
        return NO_RULE
    plan, categories = case["rfq_plan"], case["rfq_categories"]
    most_keywords, most_categories = QUOTAS[plan]
    if (case["rfq_portal"] and plan != "V3") or (plan == "V1" and categories > 0):
        return Told("NOT_IN_PLAN")
    if case["rfq_keywords"] > most_keywords or categories > most_categories:
        return Told("OVER_QUOTA")
    wanted = case["rfq_open"] and case["rfq_hits"] and case["rfq_region_ok"] and not case["rfq_excluded"]
    if not wanted or case["rfq_already_pushed"]:
        return Told("NO_PUSH")
    return Told("PUSH" if plan == "V3" else "DIGEST")
