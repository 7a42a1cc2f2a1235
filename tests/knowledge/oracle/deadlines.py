"""How long the seller has (DT-06)."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.knowledge.oracle.telling import CN, NO_RULE, Case, Told, by, midnight_after, on

OPINION_HOURS = {"public_opinion_feedback": 2, "public_opinion_facts": 12, "public_opinion_plan": 24}


def limit(case: Case) -> Told:
    """DT-06. Hours are rolling and include the last one to the second; days end at 24:00."""
    event, start = case["limit_event"], case["limit_start"]
    punishable = case.at >= on(2015, 3, 15)  # since then dawdling with a return is an offence
    jd = case.on_jd_since(2025, 7, 4)
    if event in OPINION_HOURS:
        return _hours(case, start, OPINION_HOURS[event]) if jd else NO_RULE
    match event:
        case "answer_request":
            return _hours(case, start, case.shop("aftersale_audit_h", 48))
        case "answer_dispute":
            return _hours(case, start, 24 if jd else case.shop("dispute_reply_h", 24))
        case "add_evidence":
            return _judged(case, office_hours_later(start, 4 if jd else case.shop("evidence_h", 4)))
        case "execute_judgment":
            return _hours(case, start, 24) if jd else NO_RULE
        case "refund_after_return":
            return _days(case, start, min(7, case.shop("refund_after_receipt_days", 7))) if punishable else NO_RULE
        case "exchange_after_return":
            return _hours(case, start, case.shop("exchange_resend_h", 72))
        case "repair":
            return _days(case, start, 30)
        case "statutory_claim":
            return _days(case, start, 15) if punishable else NO_RULE
    raise AssertionError(event)


def office_hours_later(start: datetime, hours: int) -> datetime:
    """So many hours later, counted between 09:00 and 18:00 of every day only."""
    moment, left = start.astimezone(CN), timedelta(hours=hours)
    while True:
        opens = moment.replace(hour=9, minute=0, second=0, microsecond=0)
        closes = moment.replace(hour=18, minute=0, second=0, microsecond=0)
        moment = max(moment, opens)
        if moment < closes:
            if moment + left <= closes:
                return moment + left
            left -= closes - moment
        moment = opens + timedelta(days=1)


def _done(case: Case) -> datetime:
    done: datetime | None = case["done_at"]
    return case["now"] if done is None else done


def _judged(case: Case, deadline: datetime) -> Told:
    return by("DEADLINE" if _done(case) <= deadline else "MISSED", deadline)


def _hours(case: Case, start: datetime, hours: int) -> Told:
    return _judged(case, start + timedelta(hours=hours))


def _days(case: Case, start: datetime, days: int) -> Told:
    deadline = midnight_after(start, days)
    return by("DEADLINE" if _done(case) < deadline else "MISSED", deadline)
