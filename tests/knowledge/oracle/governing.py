"""Which rule governs, and the temporary rules of the news (DT-01, DT-26)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.knowledge.oracle.telling import Case, Told, on

FIVE_INDICATORS = ("咨询差评率", "延迟发货率", "服务单差评率", "平台介入率", "监管投诉成立量")


def _inside(moment: datetime, start: Any, end: Any) -> bool:
    return not (start is not None and moment < start) and not (end is not None and moment >= end)


def candidate(case: Case) -> Told:
    """DT-01 for one rule and one order."""
    if not case["rule_exists"]:
        return Told("DEFAULT")
    if case["rule_platforms"] and case["platform"] not in case["rule_platforms"]:
        return Told("DROP_PLATFORM")
    if case["rule_regions"] and case["region"] not in case["rule_regions"]:
        return Told("ASK(region)") if case["region"] is None and case["region_matters"] else Told("DROP_REGION")
    if not case["rule_dated"]:
        return Told("HUMAN(rule_date_unknown)")
    start, end = case["rule_start"], case["rule_end"]
    happened = _inside(case["event_at"], start, end)
    judged = _inside(case["decided_at"], start, end)
    if case["rule_basis"] == "event":
        if not happened:
            return Told("NOT_IN_FORCE")
    else:
        closed = case["concluded_at"]
        if not (judged if closed is None else _inside(closed, start, end)):
            return Told("NOT_IN_FORCE")
    if not case["rule_gate_open"]:
        return Told("DROP_GATED")
    if case["less_than_statute"]:
        return Told("LAW_FLOOR")
    if case["less_than_promise"]:
        return Told("PROMISE")
    if case["rule_basis"] == "event":
        return Told("USE_RULE") if judged else Told("USE_OLD_VERSION")
    return Told("USE_RULE") if happened else Told("USE_NEW_VERSION")


def temporary(case: Case) -> Told:
    """DT-26."""
    if case["platform"] == "1688":
        return _spring_2020(case)
    if case["platform"] == "jd":
        return _spring_2022(case)
    return Told("NOT_IN_FORCE")


def _spring_2020(case: Case) -> Told:
    topic = case["topic"]
    if topic == "medal":
        shown = on(2020, 2, 11) <= case["event_at"] < on(2020, 3, 1, 9)
        return Told("RELAXED") if shown else Told("NOT_IN_FORCE")
    if topic == "metric":
        return Told("NOT_IN_FORCE")
    ordered = case["order_at"]
    if not on(2020, 1, 19) <= ordered < on(2020, 2, 17):
        return Told("NOT_IN_FORCE")
    if topic in ("shipping", "late_shipping"):
        return Told("DISCRETIONARY") if case["ship_service_h"] in (24, 48, 72) else Told("NOT_COVERED")
    return Told("RELAXED") if ordered < on(2020, 2, 10) else Told("NOT_COVERED")


def _spring_2022(case: Case) -> Told:
    topic = case["topic"]
    if topic == "metric":
        if case["metric_month"] != "2022-04" or not case["merchant_region_affected"]:
            return Told("NOT_EXEMPT")
        return Told("EXEMPT") if case["indicator"] in FIVE_INDICATORS else Told("NOT_EXEMPT")
    # announced in spring 2022 without an end: whatever was ordered later in that year is for a person to say
    if topic == "medal" or not on(2022, 3, 1) <= case["order_at"] < on(2023, 1, 1):
        return Told("NOT_IN_FORCE")
    return Told("HUMAN") if case["merchant_region_affected"] else Told("NOT_EXEMPT")
