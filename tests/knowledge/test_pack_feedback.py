"""DT-08: how soon a problem is to be told, each row at its last moment and the one after."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest

from knowledge.decision import Decision, FactValue
from tests.knowledge.shipped_pack import decide, instant

SIGNED = instant("2026-06-20 15:00:00")
SECOND = timedelta(seconds=1)
PLAIN: dict[str, FactValue] = {
    "signed_at": SIGNED,
    "ticket_at": None,
    "promised_feedback_h": 0,
    "late_exception": "none",
    "unit_paid": 30_000,
}


def feedback(
    kind: str, claim: str, after: timedelta, changes: Mapping[str, FactValue] | None = None, *, platform: str = "jd"
) -> Decision:
    facts = {"goods_kind": kind, "feedback_claim": claim, "notice_at": SIGNED + after, **(changes or {})}
    given = {**PLAIN, **facts}
    return decide("DT-08", given, platform=platform)


HOURS: list[tuple[str, str, int, str]] = [
    ("apparel", "surface", 48, "R1"),
    ("shoes", "mismatch", 48, "R1"),
    ("bags", "surface", 48, "R1"),
    ("watch", "surface", 48, "R1"),
    ("jewellery", "surface", 48, "R1"),
    ("precious_metal", "mismatch", 48, "R1"),
    ("portable_3c", "surface", 48, "R2-portable"),
    ("fixed_3c", "surface", 72, "R2-fixed"),
    ("portable_3c", "subtle", 72, "R2-subtle"),
    ("fixed_3c", "subtle", 72, "R2-subtle"),
    ("pet", "identity", 24, "R4"),
    ("aquatic", "dead_on_arrival", 12, "R6-dead"),
    ("aquatic", "harm", 24, "R6-harm"),
    ("aquatic", "illness", 24, "R6-watch"),
    ("fresh_live", "spoiled", 12, "R7-live"),
    ("fresh", "spoiled", 48, "R7"),
    ("eggs", "broken", 48, "R8"),
]
DAYS: list[tuple[str, str, int, str]] = [
    ("apparel", "quality", 15, "R1-quality"),
    ("precious_metal", "weight", 7, "R3"),
    ("pet", "illness", 7, "R5"),
    ("aquatic", "mismatch", 3, "R6-mismatch"),
    ("home_textile", "quality", 15, "R9"),
    ("furniture", "mismatch", 15, "R9"),
    ("ceramics", "surface", 7, "R9-ceramics"),
    ("home_textile", "allergy", 60, "R9-allergy"),
    ("car", "quality", 15, "R10"),
    ("car", "allergy", 60, "R10-allergy"),
    ("tyre", "quality", 365, "R10-tyre"),
]


@pytest.mark.parametrize(("kind", "claim", "hours", "row"), HOURS)
def test_hours_on_jd_include_the_last_one(kind: str, claim: str, hours: int, row: str) -> None:
    in_time = feedback(kind, claim, timedelta(hours=hours))
    assert (in_time.row, in_time.code) == (row, "IN_TIME")
    late = feedback(kind, claim, timedelta(hours=hours) + SECOND)
    assert (late.row, late.code, late.actor) == (f"{row}-late", "LATE", "agent")


@pytest.mark.parametrize(("kind", "claim", "days", "row"), DAYS)
def test_days_on_jd_end_at_24_00(kind: str, claim: str, days: int, row: str) -> None:
    end = instant("2026-06-21 00:00:00") + timedelta(days=days) - SIGNED
    in_time = feedback(kind, claim, end - SECOND)
    assert (in_time.row, in_time.code) == (row, "IN_TIME")
    late = feedback(kind, claim, end)
    assert (late.row, late.code, late.actor) == (f"{row}-late", "LATE", "agent")


def test_the_notice_has_hours_and_the_ticket_days() -> None:
    day_15, day_16 = SIGNED + timedelta(days=15), SIGNED + timedelta(days=16)
    assert feedback("shoes", "surface", timedelta(hours=1), {"ticket_at": day_15}).code == "IN_TIME"
    assert feedback("shoes", "surface", timedelta(hours=1), {"ticket_at": day_16}).code == "LATE"


@pytest.mark.parametrize(("price", "code"), [(30_000, "IN_TIME"), (30_001, "LATE")])
def test_dearer_aquatics_are_watched_to_day_seven(price: int, code: str) -> None:
    on_day_8: dict[str, FactValue] = {"ticket_at": SIGNED + timedelta(days=8), "unit_paid": price}
    assert feedback("aquatic", "illness", timedelta(hours=24), on_day_8).code == code
    on_day_7: dict[str, FactValue] = {"ticket_at": SIGNED + timedelta(days=7), "unit_paid": price}
    assert feedback("aquatic", "illness", timedelta(hours=24), on_day_7).code == "IN_TIME"


@pytest.mark.parametrize("platform", ["taobao", "tmall", "1688", None])
def test_jd_s_windows_bar_nobody_elsewhere(platform: str | None) -> None:
    given: dict[str, FactValue] = {**PLAIN, "notice_at": SIGNED + timedelta(days=300)}
    for kind, claim, *_ in HOURS + DAYS:
        decision = decide("DT-08", {**given, "goods_kind": kind, "feedback_claim": claim}, platform=platform)
        assert decision.code in {"NO_SPECIFIC_LIMIT", "CONTESTED"}, (kind, claim)


@pytest.mark.parametrize("kind", ["jewellery", "precious_metal"])
def test_the_48_hours_for_jewellery_on_taobao_are_contested(kind: str) -> None:
    decision = feedback(kind, "surface", timedelta(days=300), platform="taobao")
    assert (decision.row, decision.code, decision.actor) == ("R11", "CONTESTED", "agent")
    assert feedback(kind, "weight", timedelta(days=300), platform="taobao").code == "NO_SPECIFIC_LIMIT"
    assert feedback(kind, "surface", timedelta(days=300), platform="1688").code == "NO_SPECIFIC_LIMIT"


@pytest.mark.parametrize("exception", ["authority_finding", "court_judgment", "proof_of_fault"])
def test_on_taobao_a_finding_or_proof_lifts_any_limit(exception: str) -> None:
    decision = feedback("jewellery", "surface", timedelta(days=300), {"late_exception": exception}, platform="taobao")
    assert (decision.row, decision.code) == ("R13", "IN_TIME")
    assert feedback("shoes", "surface", timedelta(days=300), {"late_exception": exception}).code == "LATE"


def test_the_page_s_own_longer_time_stands_above_the_platform_s() -> None:
    promised: dict[str, FactValue] = {"promised_feedback_h": 96}
    in_time = feedback("shoes", "surface", timedelta(hours=96), promised)
    assert (in_time.row, in_time.code) == ("R13-promise", "IN_TIME")
    assert feedback("shoes", "surface", timedelta(hours=96) + SECOND, promised).code == "LATE"
    assert feedback("shoes", "surface", timedelta(hours=48), {"promised_feedback_h": 24}).code == "IN_TIME"


def test_without_the_day_of_signing_jd_asks_for_it() -> None:
    assert feedback("shoes", "surface", SECOND, {"signed_at": None}).code == "ASK(signed_at)"
    unknown = {name: value for name, value in PLAIN.items() if name != "signed_at"}
    assert decide("DT-08", {**unknown, "goods_kind": "shoes"}, platform="jd").code == "ASK(signed_at)"


def test_what_jd_sets_no_time_for_has_none() -> None:
    decision = feedback("watch", "quality", timedelta(days=300))
    assert (decision.row, decision.code) == ("R12", "NO_SPECIFIC_LIMIT")
