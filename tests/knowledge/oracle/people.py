"""When a person takes over, who may see an order, talk of multiple damages, invoices (DT-22 to DT-25)."""

from __future__ import annotations

from tests.knowledge.oracle.telling import NO_RULE, Case, Told, on


def hand_off(case: Case) -> Told:
    """DT-22. What endangers somebody goes before everything else."""
    if case["injury"]:
        return Told("HUMAN_NOW")
    if case["asked_for_person"] or case["legal_threat"]:
        return Told("HUMAN")
    if case["damages_asked"]:
        return damages(case)
    if case["unanswered"] >= 2:
        return Told("HUMAN")
    if not case["out_of_scope"] and case["confidence"] < case.shop("answer_confidence", 0.5):
        return Told("HUMAN")
    if case["over_authority"]:
        return Told("HUMAN")
    if case["identity_failed"]:
        return disclosure(case)
    if case["statutory_rejection"] or case["rule_contested"]:
        return Told("HUMAN")
    if case["review_threat"] and case["repeated_threat"]:
        return Told("HUMAN")
    if case["minor"]:
        return Told("HUMAN")
    if case["out_of_scope"]:
        return Told("DECLINE")
    return Told("NORMAL")


def disclosure(case: Case) -> Told:
    """DT-23."""
    if case["injection"]:
        return Told("IGNORE_INJECTION")
    if case["asks_internal"] or case["off_platform"]:
        return Told("REFUSE")
    if case["claims_official"] or case["data_request"]:
        return Told("HUMAN")
    owner = case["logged_in"] and case["owns_order"]
    if case["gift_receiver"] and not owner:  # the buyer must ask; signing in as somebody else would not help
        return Told("REFUSE_DISCLOSE")
    if not case["logged_in"]:
        return Told("VERIFY")
    if not owner:
        return Told("REFUSE_DISCLOSE")
    return Told("SERVE")


def damages(case: Case) -> Told:
    """DT-24."""
    if case.at < on(2015, 10, 1):
        return NO_RULE
    if case["damages_kind"] == "food":
        return Told("HUMAN_NOW") if case["ill"] else Told("ACCEPT_FIRST+HUMAN")
    return Told("HUMAN+LEGAL")


def damages_amount(case: Case) -> Told:
    """DT-24 R4: for information only, beside the refund or the loss itself."""
    if case.at < on(2015, 10, 1):
        return NO_RULE
    if case["damages_kind"] == "fraud":
        return Told("HUMAN+LEGAL", max(3 * case["price"], 500_00))
    if case["damages_kind"] == "food":
        return Told("ACCEPT_FIRST+HUMAN", max(10 * case["price"], 3 * case["loss"], 1000_00))
    return Told("HUMAN+LEGAL")


def invoice(case: Case) -> Told:
    """DT-25."""
    if case.at < on(2019, 1, 1):
        return NO_RULE
    match case["invoice_ask"]:
        case "issue":
            return Told("ISSUE")  # it may be asked for before the goods arrive, and is issued then
        case "surcharge":
            return Told("SURCHARGE_FORBIDDEN")
        case "wrong_title":
            return Told("REISSUE")
        case "after_refund":
            return Told("REVERSE")
        case _:
            return Told("HUMAN")
