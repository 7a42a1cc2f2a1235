"""Fresh food, cats and dogs (DT-11, DT-12), and two single rules of JD."""

from __future__ import annotations

from tests.knowledge.oracle.telling import (
    NO_RULE,
    TAOBAO,
    Case,
    Told,
    by,
    days_between,
    hours_between,
    midnight_after,
    part,
)

INEDIBLE = {"smell", "thawed", "blown_pack", "inedible"}


def fresh(case: Case) -> Told:
    """DT-11. The upper edge of a band belongs to it."""
    if case.on_jd_since(2026, 6, 15):
        return _fresh_jd(case)
    if case.platform in TAOBAO:
        return _fresh_elsewhere(case)
    return NO_RULE


def _severe(problems: set[str], kind: str) -> bool:
    if len(problems & {"size", "weight", "rot"}) >= 2 or problems & INEDIBLE:
        return True
    return kind == "small_berry" and bool(problems & {"rot", "leaking"})


def _fresh_jd(case: Case) -> Told:
    kind, problems, paid = case["fresh_kind"], set(case["fresh_problem"]), case["lines_paid"]
    if problems == {"taste"}:
        return Told("NO_ENTITLEMENT")
    if _fresh_late(case, kind, problems):
        return Told("LATE")
    if _unripe(kind, problems) and days_between(case["signed_at"], case["notice_at"]) <= 7:
        return by("WAIT_RIPENING", midnight_after(case["signed_at"], 7))
    if _severe(problems, kind):
        return Told("SEVERE", paid)
    p = case["bad_share_bp"]
    if p <= 0:
        return Told("NO_ENTITLEMENT")
    if "inner_rot" in problems or problems == {"weight"}:
        return Told("FRESH_MAX", part(paid, p))
    if p > 7000:
        return Told("SEVERE", paid)
    return Told("FRESH_MAX", part(paid, next(edge for edge in (1000, 3000, 5000, 7000) if p <= edge)))


def _unripe(kind: str, problems: set[str]) -> bool:
    return kind == "ripening" and "unripe" in problems and "rot" not in problems


def _fresh_late(case: Case, kind: str, problems: set[str]) -> bool:
    days = days_between(case["signed_at"], case["notice_at"])
    hours = hours_between(case["signed_at"], case["notice_at"])
    if "inner_rot" in problems and not _unripe(kind, problems):
        late = days > 5
    elif kind == "ripening":
        late = days > 7
    else:
        late = hours > (12 if kind == "live" else 48)
    return late and not hours <= case["promised_feedback_h"]


def _fresh_elsewhere(case: Case) -> Told:
    problems, paid, p = set(case["fresh_problem"]), case["lines_paid"], case["bad_share_bp"]
    if problems == {"taste"}:
        return Told("NO_ENTITLEMENT")
    if _severe(problems, "any"):  # that small berries are refunded whole is JD's rule
        return Told("SEVERE", paid)
    return Told("FRESH_MAX", part(paid, p)) if p > 0 else Told("NO_ENTITLEMENT")


def pet(case: Case) -> Told:
    """DT-12."""
    if case["animal_suffering"]:
        return Told("HUMAN_NOW")
    if not case.on_jd_since(2026, 6, 15):
        return NO_RULE
    if case["pet_agreement"]:
        return Told("HUMAN(agreement)")
    problem, signed, told = case["pet_problem"], case["signed_at"], case["notice_at"]
    if problem == "died_in_transit":
        return Told("PET_REFUND_OR_EXCHANGE")
    if problem == "identity":
        if case["trivial_difference"]:
            return Told("NOT_SUPPORTED")
        soon = hours_between(signed, told) <= max(24, case["promised_feedback_h"])
        return Told("PET_REFUND_OR_EXCHANGE" if soon else "LATE")
    if case["took_treatment"] or case["keeper_fault"]:
        return Told("NOT_SUPPORTED")
    if days_between(signed, told) > 7 and hours_between(signed, told) > case["promised_feedback_h"]:
        return Told("LATE")
    if not case["hospital_record"] or not case["bill"]:
        return Told("ASK(hospital_record, bill)")
    return Told("PET_CHOICE")


def page(case: Case) -> Told:
    """JD: a page that contradicts itself costs 10 % of what was paid, at most 200 yuan."""
    if not case.on_jd_since(2026, 6, 15) or not case["page_contradicts"]:
        return NO_RULE
    return Told("PAGE_COMPENSATION", min(part(case["paid"], 1000), 200_00))


def gift(case: Case) -> Told:
    """JD: a gift that did not come is sent, or its value is paid."""
    if not case.on_jd_since(2026, 6, 15):
        return NO_RULE
    if case["gift_resendable"]:
        return Told("RESEND")
    value = case["gift_page_value"]
    if value is None:
        return Told("HUMAN(gift_value)")
    return Told("REFUND", min(value, part(case["unit_paid"], 3000 if case["gift_has_sku"] else 5000)))
