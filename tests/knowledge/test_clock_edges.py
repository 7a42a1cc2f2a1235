"""Time at its edges: the exact second, midnight, the leap day, the last of a month, and clocks that jump."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.clauses import SHANGHAI, Place
from knowledge.decision import Decision, FactValue
from tests.knowledge.shipped_pack import TODAY, instant, shipped

SECOND = timedelta(seconds=1)

RETURN: dict[str, FactValue] = {
    "signed": True, "item_class": "normal", "promised_days": 0, "confirmed_at_purchase": False, "intact": "yes",
}  # fmt: skip
SHIPPING: dict[str, FactValue] = {
    "paid": 16800, "promise_h": 48, "presale_ship_at": None, "ship_clicked_at": None, "late_excuse": "none",
    "no_stock": False, "late_scale": "A", "merchant_region_affected": False, "ship_service_h": 48,
}  # fmt: skip
PRICE: dict[str, FactValue] = {
    "order_closed": False, "price_protected": False, "price_protect_days": 15, "campaign_end": None, "qty": 1,
    "unit_paid": 20000, "current_unit": 18000, "already_granted": 0, "price_condition": "anyone",
    "compares_other_shop": False, "best_price_promise": False,
}  # fmt: skip


def ask(
    table: str, facts: dict[str, FactValue], *, platform: str = "taobao", at: datetime = TODAY, **more: Any
) -> Decision:
    return shipped().decide(table, facts, at=at, place=Place(platform=platform), **more)


def returned(signed: str, notice: str) -> str:
    return ask("DT-02", {**RETURN, "signed_at": instant(signed), "notice_at": instant(notice)}).code


def shipped_after(paid: datetime, shipped_at: datetime | None, now: datetime, **more: FactValue) -> Decision:
    facts = {**SHIPPING, "paid_at": paid, "shipped_at": shipped_at, "now": now, **more}
    return ask("DT-14", facts, at=paid)


# ── calendar days ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("signed", "last", "first_late"),
    [
        ("2026-11-10 00:00:00", "2026-11-17 23:59:59", "2026-11-18 00:00:00"),
        ("2026-11-10 23:59:59", "2026-11-17 23:59:59", "2026-11-18 00:00:00"),
        ("2028-02-22 10:00:00", "2028-02-29 23:59:59", "2028-03-01 00:00:00"),  # a leap year
        ("2027-02-22 10:00:00", "2027-03-01 23:59:59", "2027-03-02 00:00:00"),  # none
        ("2028-02-29 10:00:00", "2028-03-07 23:59:59", "2028-03-08 00:00:00"),
        ("2026-12-28 12:00:00", "2027-01-04 23:59:59", "2027-01-05 00:00:00"),  # over the new year
    ],
)
def test_the_seventh_day_ends_at_its_midnight_and_not_a_second_later(signed: str, last: str, first_late: str) -> None:
    assert returned(signed, last) == "ELIGIBLE"
    assert returned(signed, first_late) == "NOT_ELIGIBLE_LATE"


@pytest.mark.parametrize(
    ("started", "last", "first_late"),
    [
        ("2024-02-29", "2025-02-28", "2025-03-01"),  # the year of a leap day ends on the last of February
        ("2025-02-28", "2026-02-28", "2026-03-01"),
        ("2027-03-01", "2028-03-01", "2028-03-02"),  # with a leap day inside it is a day longer
    ],
)
def test_a_year_of_warranty_ends_on_the_same_date_or_the_months_last(started: str, last: str, first_late: str) -> None:
    facts: dict[str, FactValue] = {
        "goods_kind": "appliance", "repair_days": 0, "failed_repairs": 0, "repair_elapsed_days": 0,
        "purpose_fails": False, "promised_return_days": 0, "promised_exchange_days": 0, "warranty_days": 0,
        "warranty_start": instant(f"{started} 15:00:00"),
    }  # fmt: skip
    assert ask("DT-07", {**facts, "notice_at": instant(f"{last} 23:59:59")}).code == "REPAIR"
    assert ask("DT-07", {**facts, "notice_at": instant(f"{first_late} 00:00:00")}).code == "OUT_OF_WARRANTY"


@pytest.mark.parametrize(
    ("started", "last", "first_late"),
    [("2027-08-31", "2028-02-29", "2028-03-01"), ("2026-08-31", "2027-02-28", "2027-03-01")],
)
def test_six_months_from_a_thirty_first_end_with_february(started: str, last: str, first_late: str) -> None:
    facts: dict[str, FactValue] = {
        "proof_claim": "visible", "buyer_proof": False, "seller_proof": False, "receipt_confirmed": True,
        "durable": True, "tricked_into_confirming": False, "merged_without_consent": False, "burden_reallocated": False,
        "warranty_start": instant(f"{started} 09:00:00"),
    }  # fmt: skip
    assert ask("DT-09", {**facts, "notice_at": instant(f"{last} 23:59:59")}).code == "SELLER_PROVES"
    assert ask("DT-09", {**facts, "notice_at": instant(f"{first_late} 00:00:00")}).code == "BUYER_PROVES"


# ── rolling hours ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("paid", ["2026-11-11 00:00:00", "2028-02-28 12:00:00", "2026-12-30 23:59:59"])
def test_forty_eight_hours_hold_the_last_second(paid: str) -> None:
    start = instant(paid)
    due = start + timedelta(hours=48)
    assert shipped_after(start, due, due).code == "ON_TIME"
    assert str(shipped_after(start, due + SECOND, due + SECOND)) == "LATE: 8.40"
    assert shipped_after(start, None, due).code == "WITHIN"
    assert shipped_after(start, None, due).deadline == due
    assert shipped_after(start, None, due + SECOND).kind == "LATE"


def test_three_days_past_the_deadline_and_a_second_more_count_as_out_of_stock() -> None:
    paid = instant("2026-11-11 00:00:00")
    edge = paid + timedelta(hours=48 + 72)
    assert shipped_after(paid, None, edge).kind == "LATE"
    assert shipped_after(paid, None, edge + SECOND).kind == "OUT_OF_STOCK"


def test_evidence_is_counted_in_open_hours_only() -> None:
    facts: dict[str, FactValue] = {"limit_event": "add_evidence", "done_at": None}

    def due(start: str) -> str:
        now = instant(start)
        return str(ask("DT-06", {**facts, "limit_start": now, "now": now}))

    assert due("2026-11-20 10:00:00") == "DEADLINE: 2026-11-20 14:00"
    assert due("2026-11-20 14:00:00") == "DEADLINE: 2026-11-20 18:00"
    assert due("2026-11-20 14:01:00") == "DEADLINE: 2026-11-21 09:01"
    assert due("2028-02-28 17:00:00") == "DEADLINE: 2028-02-29 12:00"
    assert due("2026-12-31 23:00:00") == "DEADLINE: 2027-01-01 13:00"


# ── midnight of 11 November ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_campaign_until_the_eleventh_at_twenty_four_hours_ends_with_that_day() -> None:
    facts = {**PRICE, "paid_at": instant("2026-11-11 00:00:00"), "campaign_end": instant("2026-11-12 00:00:00")}
    assert str(ask("DT-19", {**facts, "now": instant("2026-11-11 23:59:59")})) == "REFUND_DIFFERENCE: 20.00"
    assert ask("DT-19", {**facts, "now": instant("2026-11-12 00:00:00")}).code == "NO_ENTITLEMENT"


def test_who_pays_in_the_first_second_of_the_eleventh_is_protected_a_day_longer_than_a_second_before() -> None:
    facts = {**PRICE, "price_protected": True, "now": instant("2026-11-26 00:00:00")}
    assert ask("DT-19", {**facts, "paid_at": instant("2026-11-11 00:00:00")}).code == "REFUND_DIFFERENCE"
    assert ask("DT-19", {**facts, "paid_at": instant("2026-11-10 23:59:59")}).code == "NO_ENTITLEMENT"


def test_a_presale_day_ends_with_its_last_second() -> None:
    paid, day = instant("2026-11-01 20:00:00"), instant("2026-11-11 00:00:00")
    last = instant("2026-11-11 23:59:59")
    assert shipped_after(paid, last, last, presale_ship_at=day).code == "ON_TIME"
    late = shipped_after(paid, last + SECOND, last + SECOND, presale_ship_at=day)
    assert late.kind == "LATE"


# ── versions change at midnight ───────────────────────────────────────────────────────────────────────────────────────


def test_a_rule_of_jd_holds_for_what_happens_from_its_first_second_on() -> None:
    facts: dict[str, FactValue] = {
        "goods_kind": "fresh", "feedback_claim": "spoiled", "ticket_at": None, "promised_feedback_h": 0,
        "late_exception": "none", "unit_paid": 100, "signed_at": instant("2026-06-14 08:00:00"),
        "notice_at": instant("2026-06-14 09:00:00"),
    }  # fmt: skip
    first = instant("2026-06-15 00:00:00")
    assert ask("DT-08", facts, platform="jd", at=first).code == "IN_TIME"
    before = ask("DT-08", facts, platform="jd", at=first - SECOND, decided_at=first + timedelta(days=9))
    assert before.code == "NO_SPECIFIC_LIMIT"


def test_a_rule_of_taobao_judges_open_cases_from_its_first_second_on() -> None:
    first, bought = instant("2025-08-15 00:00:00"), instant("2025-08-01 00:00:00")
    facts: dict[str, FactValue] = {"freight_cause": "agreed"}
    assert ask("DT-04", facts, at=bought, decided_at=first).code == "SELLER_PAYS"
    assert ask("DT-04", facts, at=bought, decided_at=first - SECOND).code == "HUMAN(rule)"


# ── clocks that jump, and clocks of other places ──────────────────────────────────────────────────────────────────────


def test_a_clock_that_runs_an_hour_slow_makes_nothing_late_and_names_no_money() -> None:
    paid = instant("2026-11-11 00:00:00")
    decision = shipped_after(paid, None, paid - timedelta(hours=1))
    assert (decision.code, decision.amount) == ("WITHIN", None)
    assert returned("2026-11-11 00:30:00", "2026-11-10 23:30:00") == "ELIGIBLE"


ZONES = ("UTC", "America/New_York", "Europe/Berlin", "Asia/Kathmandu", "Pacific/Kiritimati", "Australia/Lord_Howe")
JUMPS = [
    "2026-03-08T06:59:59+00:00",  # New York goes an hour forward a second later
    "2026-11-01T05:59:59+00:00",  # and an hour back
    "2026-03-29T00:59:59+00:00",  # Berlin
    "2026-10-25T00:59:59+00:00",
    "2026-04-04T14:59:59+00:00",  # Lord Howe, by half an hour
]


@settings(max_examples=60, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    start=st.sampled_from(JUMPS).map(datetime.fromisoformat),
    shift=st.integers(-7200, 7200),
    gap=st.sampled_from([48 * 3600 - 1, 48 * 3600, 48 * 3600 + 1]),
)
def test_an_hour_that_a_zone_skips_or_repeats_changes_no_decision(
    zone: str, start: datetime, shift: int, gap: int
) -> None:
    paid = start + timedelta(seconds=shift)
    sent = paid + timedelta(seconds=gap)
    here = shipped_after(paid.astimezone(SHANGHAI), sent.astimezone(SHANGHAI), sent.astimezone(SHANGHAI))
    there = shipped_after(*(each.astimezone(ZoneInfo(zone)) for each in (paid, sent, sent)))
    assert (here.code, here.amount) == (there.code, there.amount)
    assert here.code == ("ON_TIME" if gap <= 48 * 3600 else "LATE")
