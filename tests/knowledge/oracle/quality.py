"""Faulty goods: the remedy by day, who proves, what is no fault (DT-07, DT-09, DT-10)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from tests.knowledge.oracle.telling import CN, NO_RULE, Case, Told, days_between, hours_between, on

RETURN, EXCHANGE, REPAIR = "RETURN_EXCHANGE_OR_REPAIR", "EXCHANGE_OR_REPAIR", "REPAIR"
THREE_GUARANTEES = ("portable_3c", "fixed_3c", "appliance")
DEFAULT_WARRANTY = {"shoes": 120, "bags": 90, "precious_metal": 15, "jewellery": 30}


def months_later(day: date, months: int) -> date:
    """The same day so many months later, or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for number in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(number, day.day))
        except ValueError:
            continue
    raise AssertionError(day)


def local_day(moment: datetime) -> date:
    return moment.astimezone(CN).date()


def remedy(case: Case) -> Told:
    """DT-07. Repair days do not count; a longer promise replaces the row's limit."""
    kind = case["goods_kind"]
    if case.at < on(2014, 3, 15):
        return NO_RULE
    elapsed = days_between(case["warranty_start"], case["notice_at"]) - case["repair_days"]
    if kind in THREE_GUARANTEES:
        return Told(
            _ladder(case, elapsed <= max(7, case["promised_return_days"]), elapsed, _within_year(case, elapsed))
        )
    by_law = elapsed <= max(7, case["promised_return_days"]) or case["purpose_fails"]
    if by_law:
        return Told(RETURN)
    if case.on_jd_since(2026, 6, 15) and (kind in DEFAULT_WARRANTY or kind == "watch"):
        return Told(_jd(case, kind, elapsed))
    return Told("EXCHANGE_ELSE_RETURN" if _unrepairable(case) else EXCHANGE)


def _unrepairable(case: Case) -> bool:
    return bool(case["failed_repairs"] >= 2 or case["repair_elapsed_days"] > 30)


def _within_year(case: Case, elapsed: int) -> bool:
    start = local_day(case["warranty_start"])
    return start + timedelta(days=elapsed) <= months_later(start, 12) or elapsed <= case["warranty_days"]


def _ladder(case: Case, may_return: bool, elapsed: int, in_warranty: bool) -> str:
    if may_return:
        return RETURN
    if in_warranty and _unrepairable(case):
        return "EXCHANGE_ELSE_RETURN"
    if elapsed <= max(15, case["promised_exchange_days"]):
        return EXCHANGE
    return REPAIR if in_warranty else "OUT_OF_WARRANTY"


def _jd(case: Case, kind: str, elapsed: int) -> str:
    """What JD gives beyond what the law gives anyway."""
    if kind == "watch":
        return _ladder(case, False, elapsed, _within_year(case, elapsed))
    in_warranty = elapsed <= (case["warranty_days"] or DEFAULT_WARRANTY[kind])
    if kind != "precious_metal":
        return _ladder(case, False, elapsed, in_warranty)
    if hours_between(case["warranty_start"], case["notice_at"]) <= 48:
        return RETURN
    if in_warranty and _unrepairable(case):
        return "EXCHANGE_ELSE_RETURN"
    if elapsed <= max(7, case["promised_exchange_days"]):
        return EXCHANGE
    return REPAIR if in_warranty else "OUT_OF_WARRANTY"


def burden(case: Case) -> Told:
    """DT-09."""
    claim, buyer, seller = case["proof_claim"], case["buyer_proof"], case["seller_proof"]
    # what a statute lays on the seller no platform takes off
    by_law = case.at >= on(2014, 3, 15) and claim in ("visible", "hidden")
    if by_law and case["durable"] and _six_months(case) and not seller:
        return Told("SELLER_PROVES")
    if case["burden_reallocated"]:
        return Told("HUMAN")
    if claim in ("not_received", "return_not_received"):
        return Told("SENDER_PROVES")
    if claim == "visible":
        return Told("SELLER_PROVES" if buyer and not seller else "BUYER_PROVES")
    if claim == "surface_mismatch" and case["receipt_confirmed"] and not case["tricked_into_confirming"]:
        return Told("BUYER_PROVES")
    if claim == "missing_item":
        return Told("SELLER_PROVES" if case["merged_without_consent"] or buyer else "BUYER_PROVES")
    return Told("BUYER_PROVES" if seller else "SELLER_PROVES")


def _six_months(case: Case) -> bool:
    return local_day(case["notice_at"]) <= months_later(local_day(case["warranty_start"]), 6)


def fee_of_test(case: Case) -> Told:
    """DT-09 R8: who pays for a test."""
    if case["test_asked_by_platform"] and case["defect_found"] == "yes":
        return Told("SELLER_PAYS")
    if case.on_jd_since(2026, 6, 15) and case["test_asked_by_platform"] and case["defect_found"] == "no":
        return Told("BUYER_PAYS_BOTH")
    return Told("HUMAN(agreement)")


def no_fault(case: Case) -> Told:
    """DT-10."""
    cause, kind = case["defect_cause"], case["goods_kind"]
    if cause == "dislike":
        return Told("NO_REASON_ROUTE")
    if kind == "second_hand_luxury":
        return Told("HUMAN")
    match cause:
        case "washing":
            return Told("NOT_QUALITY" if case["care_instruction_clear"] else "QUALITY_ROUTE")
        case "own_alteration" | "misuse" | "natural_trait":
            return Told("NOT_QUALITY")
        case "disclosed_flaw":
            return Told("NOT_QUALITY" if case["same_flaw"] else "QUALITY_ROUTE")
        case "production" | "expired" | "date_after_shipping" | "no_chinese_label":
            return Told("QUALITY_ROUTE")
    if not case.on_jd_since(2026, 6, 15):
        return Told("HUMAN")
    return Told(_jd_fault(case, cause, kind))


def _jd_fault(case: Case, cause: str, kind: str) -> str:
    if kind == "apparel" and cause == "size_error":
        return "QUALITY_ROUTE" if case["deviation_mm"] > 30 else "NO_REASON_ROUTE"
    if kind == "aquatic" and cause == "size_error":
        return "QUALITY_ROUTE" if case["deviation_bp"] > 500 else "NO_REASON_ROUTE"
    if kind == "apparel" and cause == "shrinkage":
        return "QUALITY_ROUTE" if case["deviation_mm"] > 26 else "HUMAN"
    if kind == "apparel" and cause in ("colour_loss", "print_deformation", "crooked"):
        return "QUALITY_ROUTE"
    return "NOT_QUALITY" if kind == "watch" and cause == "skin_mark" else "HUMAN"
