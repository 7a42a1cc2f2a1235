"""Who may commit money, and whether an offer may be made (DT-20, DT-21)."""

from __future__ import annotations

from tests.knowledge.oracle.telling import Case, Told, part


def authority(case: Case) -> Told:
    """DT-20. Amounts given before for the same order or cause are summed; a refund due by law is nobody's favour."""
    purpose, actor = case["purpose"], case["actor"]
    if purpose == "statutory_refund":
        return Told("ALLOW")
    if actor != "bot" and case["requester"] and case["requester"] == case["approver"]:
        return Told("FORBIDDEN")
    if case["amount"] <= 0:
        return Told("FORBIDDEN")
    if case["sensitive"] and actor != "legal":
        return Told("LEGAL")
    total = case["amount"] + case["same_cause_sum"]
    if purpose == "goodwill" and total > case["paid"]:
        return Told("FORBIDDEN")
    if actor == "bot":
        return _bot(case, total)
    if actor == "agent":
        return _agent(case, total)
    # the law pays first only for a fault that is established
    return Told("FORBIDDEN" if purpose == "advance" and not case["fault_established"] else "ALLOW")


def _bot(case: Case, total: int) -> Told:
    if case["purpose"] == "goodwill":
        cap, basis_points = case.shop("bot_goodwill_cap", 50_00), case.shop("bot_goodwill_bp", 1500)
        within_order = total <= cap and total <= part(case["paid"], basis_points)
        within_customer = case["amount"] + case["customer_sum_90d"] <= case.shop("bot_goodwill_90d", 100_00)
        return Told("ALLOW") if within_order and within_customer else Told("TO_AGENT")
    if case["purpose"] == "rule_compensation":
        return Told("ALLOW") if total <= case.shop("bot_rule_compensation_cap", 50_00) else Told("TO_AGENT")
    return Told("TO_AGENT")


def _agent(case: Case, total: int) -> Told:
    if case["purpose"] == "goodwill":
        cap, basis_points = case.shop("agent_goodwill_cap", 200_00), case.shop("agent_goodwill_bp", 3000)
        return Told("ALLOW") if total <= cap and total <= part(case["paid"], basis_points) else Told("SUPERVISOR")
    limit = case.shop("front_line_limit", 1000_00)
    if case["purpose"] == "rule_compensation":
        return Told("ALLOW") if total <= limit else Told("SUPERVISOR")
    # a dispute cannot be made small by paying it in parts
    small = max(case["dispute_amount"], total) <= limit
    return Told("ALLOW") if small and case["fault_established"] else Told("SUPERVISOR")


def retention(case: Case) -> Told:
    """DT-21, the gate."""
    if case["safety"] or case["fake_or_recalled"] or case["minor"]:
        return Told("NO_RETENTION")
    if case["right_clearly_due"] and case["said_no"]:
        return Told("NO_RETENTION")
    if case["offers_used"] >= case.shop("offers_max", 1):
        return Told("NO_RETENTION")
    if case["integrity_risk"] == "high":
        return Told("NO_OFFER")
    if case["strong_anger"] or case["threat"]:
        return Told("NO_RETENTION")
    if case["seller_fault_proven"]:
        return Told("REMEDY_CHOICE")
    return Told("OFFER(ladder)")
