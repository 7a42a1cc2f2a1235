"""DT-11 and DT-12: fresh food by its bad share, cats and dogs; each row on and beside its edge."""

from __future__ import annotations

from datetime import timedelta

import pytest

from knowledge.decision import Decision, FactValue
from tests.knowledge.shipped_pack import decide, instant

SIGNED = instant("2026-07-01 10:00:00")
SECOND = timedelta(seconds=1)
Facts = dict[str, FactValue]
FRESH: Facts = {
    "signed_at": SIGNED,
    "notice_at": SIGNED + timedelta(hours=1),
    "fresh_kind": "non_live",
    "fresh_problem": ["rot"],
    "bad_share_bp": 1000,
    "lines_paid": 10_001,
    "promised_feedback_h": 0,
}


def fresh(changes: Facts, platform: str = "jd") -> tuple[str, str]:
    decision = decide("DT-11", {**FRESH, **changes}, platform=platform)
    return decision.row, str(decision)


@pytest.mark.parametrize(
    ("share", "row", "spelled"),
    [
        (0, "R2-none", "NO_ENTITLEMENT"),
        (1, "R2", "FRESH_MAX: 10.00"),
        (1000, "R2", "FRESH_MAX: 10.00"),
        (1001, "R3", "FRESH_MAX: 30.00"),
        (3000, "R3", "FRESH_MAX: 30.00"),
        (3001, "R4", "FRESH_MAX: 50.01"),
        (5000, "R4", "FRESH_MAX: 50.01"),
        (5001, "R5", "FRESH_MAX: 70.01"),
        (7000, "R5", "FRESH_MAX: 70.01"),
        (7001, "R1-most", "SEVERE: 100.01"),
        (10000, "R1-most", "SEVERE: 100.01"),
    ],
)
def test_the_upper_edge_of_a_band_belongs_to_it(share: int, row: str, spelled: str) -> None:
    assert fresh({"bad_share_bp": share}) == (row, spelled)


@pytest.mark.parametrize(
    ("changes", "row", "spelled"),
    [
        ({"fresh_problem": ["size", "rot"]}, "R1", "SEVERE: 100.01"),
        ({"fresh_problem": ["weight", "size"]}, "R1", "SEVERE: 100.01"),
        ({"fresh_problem": ["rot", "leaking"]}, "R2", "FRESH_MAX: 10.00"),
        ({"fresh_problem": ["smell"]}, "R1", "SEVERE: 100.01"),
        ({"fresh_problem": ["thawed"]}, "R1", "SEVERE: 100.01"),
        ({"fresh_problem": ["blown_pack"]}, "R1", "SEVERE: 100.01"),
        ({"fresh_problem": ["weight"], "bad_share_bp": 1234}, "R6", "FRESH_MAX: 12.34"),
        ({"fresh_kind": "small_berry"}, "R7", "SEVERE: 100.01"),
        ({"fresh_kind": "small_berry", "fresh_problem": ["leaking"]}, "R7", "SEVERE: 100.01"),
        ({"fresh_problem": ["inner_rot"], "bad_share_bp": 2500}, "R9", "FRESH_MAX: 25.00"),
        ({"fresh_problem": ["taste"]}, "R10", "NO_ENTITLEMENT"),
        ({"fresh_problem": ["taste", "rot"]}, "R2", "FRESH_MAX: 10.00"),
        ({"fresh_kind": "ripening", "fresh_problem": ["unripe"]}, "R8", "WAIT_RIPENING"),
        ({"fresh_kind": "ripening", "fresh_problem": ["unripe", "rot"]}, "R2", "FRESH_MAX: 10.00"),
    ],
)
def test_the_kind_of_trouble_decides(changes: Facts, row: str, spelled: str) -> None:
    assert fresh(changes) == (row, spelled)


@pytest.mark.parametrize(
    ("changes", "last"),
    [
        ({}, SIGNED + timedelta(hours=48)),
        ({"fresh_kind": "live"}, SIGNED + timedelta(hours=12)),
        ({"fresh_kind": "ripening"}, instant("2026-07-08 23:59:59")),
        ({"fresh_problem": ["inner_rot"]}, instant("2026-07-06 23:59:59")),
        ({"promised_feedback_h": 72}, SIGNED + timedelta(hours=72)),
    ],
)
def test_after_its_time_a_person_looks(changes: Facts, last: object) -> None:
    assert isinstance(last, type(SIGNED))
    assert fresh({**changes, "notice_at": last})[1].startswith("FRESH_MAX")
    late = decide("DT-11", {**FRESH, **changes, "notice_at": last + SECOND}, platform="jd")
    assert (late.row, late.code, late.actor) == ("R0", "LATE", "agent")


def test_unripe_fruit_waits_to_the_seventh_day() -> None:
    facts: Facts = {**FRESH, "fresh_kind": "ripening", "fresh_problem": ["unripe"]}
    assert decide("DT-11", facts, platform="jd").deadline == instant("2026-07-09 00:00:00")
    at_last: Facts = {**facts, "notice_at": instant("2026-07-09 00:00:00")}
    assert decide("DT-11", at_last, platform="jd").code == "LATE"


@pytest.mark.parametrize(
    ("changes", "row", "spelled"),
    [
        ({"bad_share_bp": 1500}, "R6", "FRESH_MAX: 15.00"),
        ({"fresh_problem": ["smell"]}, "R1", "SEVERE: 100.01"),
        ({"fresh_problem": ["taste"]}, "R10", "NO_ENTITLEMENT"),
        ({"bad_share_bp": 0}, "R2-none", "NO_ENTITLEMENT"),
        ({"bad_share_bp": 8000, "notice_at": SIGNED + timedelta(days=9)}, "R6", "FRESH_MAX: 80.01"),
    ],
)
def test_on_taobao_the_shop_s_own_promise_pays_the_share_without_a_limit(
    changes: Facts, row: str, spelled: str
) -> None:
    assert fresh(changes, "taobao") == (row, spelled)


def test_where_nobody_has_a_rule_a_person_decides() -> None:
    assert fresh({}, "1688")[1] == "HUMAN(rule)"
    before = decide("DT-11", FRESH, platform="jd", at=instant("2026-06-14 23:59:59"))
    assert before.code == "HUMAN(rule)"


PET: Facts = {
    "pet_problem": "illness",
    "animal_suffering": False,
    "pet_agreement": False,
    "took_treatment": False,
    "keeper_fault": False,
    "trivial_difference": False,
    "hospital_record": True,
    "bill": True,
    "signed_at": SIGNED,
    "notice_at": SIGNED + timedelta(hours=24),
    "promised_feedback_h": 0,
    "paid": 200_000,
}


def pet(changes: Facts, platform: str = "jd") -> Decision:
    return decide("DT-12", {**PET, **changes}, platform=platform)


@pytest.mark.parametrize(
    ("changes", "row", "code"),
    [
        ({"animal_suffering": True, "keeper_fault": True}, "R0", "HUMAN_NOW"),
        ({"pet_problem": "identity"}, "R1", "PET_REFUND_OR_EXCHANGE"),
        ({"pet_problem": "identity", "notice_at": SIGNED + timedelta(hours=24, seconds=1)}, "R1-late", "LATE"),
        ({"pet_problem": "identity", "trivial_difference": True}, "R1-trivial", "NOT_SUPPORTED"),
        ({"pet_problem": "died_in_transit"}, "R2", "PET_REFUND_OR_EXCHANGE"),
        ({"notice_at": instant("2026-07-08 23:59:59")}, "R3", "PET_CHOICE"),
        ({"notice_at": instant("2026-07-09 00:00:00")}, "R7", "LATE"),
        ({"notice_at": SIGNED + timedelta(hours=240), "promised_feedback_h": 240}, "R3", "PET_CHOICE"),
        ({"pet_problem": "death", "took_treatment": True}, "R4", "NOT_SUPPORTED"),
        ({"hospital_record": False}, "R5", "ASK(hospital_record, bill)"),
        ({"bill": False}, "R5", "ASK(hospital_record, bill)"),
        ({"keeper_fault": True}, "R6", "NOT_SUPPORTED"),
        ({"pet_agreement": True}, "R8", "HUMAN(agreement)"),
    ],
)
def test_cats_and_dogs_on_jd(changes: Facts, row: str, code: str) -> None:
    decision = pet(changes)
    assert (decision.row, decision.code) == (row, code)
    if code in {"LATE", "NOT_SUPPORTED"}:
        assert decision.actor == "agent"


def test_a_suffering_animal_comes_first_everywhere_and_the_rest_is_jd_s() -> None:
    for platform in ("taobao", "1688", "jd"):
        assert pet({"animal_suffering": True}, platform).code == "HUMAN_NOW"
    assert pet({}, "taobao").code == "HUMAN(rule)"
    assert decide("DT-12", {"animal_suffering": True}, platform="jd").code == "HUMAN_NOW"
