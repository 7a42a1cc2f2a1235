"""DT-06: how long the seller has, each row on and just past its end."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from knowledge.decision import FactValue
from tests.knowledge.shipped_pack import decide, instant

START = instant("2026-03-02 10:00:00")
SECOND = timedelta(seconds=1)

CASES: list[tuple[str, str, str, str, str]] = [
    # (platform, event, begins, in time until, row); the moment after it is the row's `-missed`
    ("taobao", "answer_request", "2026-03-02 10:00:00", "2026-03-04 10:00:00", "R1"),
    ("taobao", "answer_dispute", "2026-03-02 10:00:00", "2026-03-03 10:00:00", "R2"),
    ("jd", "answer_dispute", "2026-03-02 10:00:00", "2026-03-03 10:00:00", "R2"),
    ("taobao", "add_evidence", "2026-03-02 10:00:00", "2026-03-02 14:00:00", "R3"),
    ("jd", "add_evidence", "2026-03-02 10:00:00", "2026-03-02 14:00:00", "R3"),
    ("jd", "add_evidence", "2026-03-02 14:01:00", "2026-03-03 09:01:00", "R3"),
    ("jd", "add_evidence", "2026-03-02 14:00:00", "2026-03-02 18:00:00", "R3"),
    ("jd", "add_evidence", "2026-03-02 20:30:00", "2026-03-03 13:00:00", "R3"),
    ("jd", "add_evidence", "2026-03-02 06:00:00", "2026-03-02 13:00:00", "R3"),
    ("jd", "execute_judgment", "2026-03-02 10:00:00", "2026-03-03 10:00:00", "R4"),
    ("taobao", "exchange_after_return", "2026-03-02 10:00:00", "2026-03-05 10:00:00", "R6"),
    ("jd", "public_opinion_feedback", "2026-03-02 23:00:00", "2026-03-03 01:00:00", "R9-feedback"),
    ("jd", "public_opinion_facts", "2026-03-02 10:00:00", "2026-03-02 22:00:00", "R9-facts"),
    ("jd", "public_opinion_plan", "2026-03-02 10:00:00", "2026-03-03 10:00:00", "R9-plan"),
]
DAYS: list[tuple[str, int, str]] = [
    ("refund_after_return", 7, "R5"),
    ("repair", 30, "R7"),
    ("statutory_claim", 15, "R8"),
]
ROWS = {(row, missed) for *_, row in CASES for missed in (row, f"{row}-missed")}


def limit(event: str, start: datetime, now: datetime, platform: str = "taobao", **facts: FactValue) -> tuple[str, str]:
    known = {"limit_event": event, "limit_start": start, "done_at": None, "now": now, **facts}
    decision = decide("DT-06", known, platform=platform)
    return decision.row, str(decision)


@pytest.mark.parametrize(("platform", "event", "begins", "until", "row"), CASES)
def test_hours_run_to_the_second_and_the_last_one_counts(
    platform: str, event: str, begins: str, until: str, row: str
) -> None:
    start, end = instant(begins), instant(until)
    assert limit(event, start, end, platform) == (row, f"DEADLINE: {end:%Y-%m-%d %H:%M}")
    assert limit(event, start, end + SECOND, platform) == (f"{row}-missed", "MISSED")


@pytest.mark.parametrize(("event", "days", "row"), DAYS)
def test_days_end_at_24_00_of_the_last_one(event: str, days: int, row: str) -> None:
    end = instant("2026-03-03 00:00:00") + timedelta(days=days)
    assert limit(event, START, end - SECOND) == (row, f"DEADLINE: {end:%Y-%m-%d %H:%M}")
    assert limit(event, START, end) == (f"{row}-missed", "MISSED")


def test_a_refund_left_for_more_than_fifteen_days_is_for_a_supervisor() -> None:
    day_16 = instant("2026-03-18 00:00:00")
    facts: dict[str, FactValue] = {"limit_event": "refund_after_return", "limit_start": START, "done_at": None}
    assert decide("DT-06", {**facts, "now": day_16 - SECOND}).actor == "agent"
    severe = decide("DT-06", {**facts, "now": day_16})
    assert (severe.row, severe.code, severe.actor) == ("R5-severe", "MISSED", "supervisor")


def test_what_was_done_in_time_stays_in_time() -> None:
    long_after = START + timedelta(days=90)
    assert limit("answer_request", START, long_after, done_at=START + timedelta(hours=48))[0] == "R1"
    assert limit("answer_request", START, long_after, done_at=START + timedelta(hours=48) + SECOND)[0] == "R1-missed"


def test_a_shop_may_be_quicker_with_refunds_than_the_law_and_not_slower() -> None:
    for days, last in ((3, "2026-03-06 00:00"), (7, "2026-03-10 00:00"), (30, "2026-03-10 00:00")):
        told = limit("refund_after_return", START, START, refund_after_receipt_days=days)
        assert told == ("R5", f"DEADLINE: {last}")


@pytest.mark.parametrize("event", ["execute_judgment", "public_opinion_feedback", "public_opinion_plan"])
def test_jd_s_figures_do_not_answer_for_taobao(event: str) -> None:
    assert limit(event, START, START)[1] == "HUMAN(rule)"
    assert limit(event, START, START, "1688")[1] == "HUMAN(rule)"
