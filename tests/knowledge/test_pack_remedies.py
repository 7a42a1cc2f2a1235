"""DT-07: what a proven fault gives, by day and kind of goods, each row on and beside its edge."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from knowledge.clauses import Place
from knowledge.decide import PolicySet
from knowledge.decision import Decision, FactValue
from knowledge.pack import load_pack
from tests.knowledge.shipped_pack import decide, instant
from tests.knowledge.tiny_pack import policy

START = instant("2026-06-20 15:00:00")
RETURN, EXCHANGE, REPAIR = "RETURN_EXCHANGE_OR_REPAIR", "EXCHANGE_OR_REPAIR", "REPAIR"
SWAP, OVER = "EXCHANGE_ELSE_RETURN", "OUT_OF_WARRANTY"
PLAIN: dict[str, FactValue] = {
    "warranty_start": START,
    "repair_days": 0,
    "failed_repairs": 0,
    "repair_elapsed_days": 0,
    "purpose_fails": False,
    "promised_return_days": 0,
    "promised_exchange_days": 0,
    "warranty_days": 0,
}


def remedy(
    kind: str, days: int = 0, *, platform: str = "jd", at: datetime | None = None, **facts: FactValue
) -> Decision:
    """The remedy on the last second of day `days`, or at the instant `at`."""
    last = START.replace(hour=23, minute=59, second=59) + timedelta(days=days)
    given = {**PLAIN, "goods_kind": kind, "notice_at": at or last, **facts}
    return decide("DT-07", given, platform=platform)


LADDERS: list[tuple[str, int, str, str]] = [
    # (kind, day, row, code) on a JD order
    ("portable_3c", 7, "R1-return", RETURN),
    ("fixed_3c", 8, "R1-exchange", EXCHANGE),
    ("appliance", 15, "R1-exchange", EXCHANGE),
    ("appliance", 16, "R1-repair", REPAIR),
    ("portable_3c", 365, "R1-repair", REPAIR),
    ("portable_3c", 366, "R1-ended", OVER),
    ("shoes", 7, "R2-return", RETURN),
    ("shoes", 8, "R2-exchange", EXCHANGE),
    ("shoes", 15, "R2-exchange", EXCHANGE),
    ("shoes", 16, "R2-repair", REPAIR),
    ("shoes", 120, "R2-repair", REPAIR),
    ("shoes", 121, "R2-ended", OVER),
    ("bags", 7, "R3-return", RETURN),
    ("bags", 8, "R3-exchange", EXCHANGE),
    ("bags", 15, "R3-exchange", EXCHANGE),
    ("bags", 16, "R3-repair", REPAIR),
    ("bags", 90, "R3-repair", REPAIR),
    ("bags", 91, "R2-ended", OVER),
    ("precious_metal", 7, "R7-floor", RETURN),
    ("precious_metal", 8, "R4-repair", REPAIR),
    ("precious_metal", 15, "R4-repair", REPAIR),
    ("precious_metal", 16, "R2-ended", OVER),
    ("jewellery", 7, "R5-return", RETURN),
    ("jewellery", 8, "R5-exchange", EXCHANGE),
    ("jewellery", 15, "R5-exchange", EXCHANGE),
    ("jewellery", 16, "R5-repair", REPAIR),
    ("jewellery", 30, "R5-repair", REPAIR),
    ("jewellery", 31, "R2-ended", OVER),
    ("watch", 7, "R6-return", RETURN),
    ("watch", 15, "R6-exchange", EXCHANGE),
    ("watch", 16, "R6-repair", REPAIR),
    ("watch", 365, "R6-repair", REPAIR),
    ("watch", 366, "R2-ended", OVER),
    ("furniture", 7, "R7-return", RETURN),
    ("furniture", 8, "R7-later", EXCHANGE),
    ("furniture", 3000, "R7-later", EXCHANGE),
]


@pytest.mark.parametrize(("kind", "day", "row", "code"), LADDERS)
def test_a_fault_gives_by_the_day_what_the_ladder_says(kind: str, day: int, row: str, code: str) -> None:
    decision = remedy(kind, day)
    assert (decision.row, decision.code) == (row, code)


def test_precious_metal_on_jd_turns_after_48_hours_and_the_law_s_seven_days_stay() -> None:
    within = remedy("precious_metal", at=START + timedelta(hours=48))
    assert (within.row, within.code) == ("R4-return", RETURN)
    after = remedy("precious_metal", at=START + timedelta(hours=48, seconds=1))
    assert (after.row, after.code) == ("R7-floor", RETURN)
    promised = remedy("precious_metal", 9, promised_exchange_days=10)
    assert (promised.row, promised.code) == ("R4-exchange", EXCHANGE)


@pytest.mark.parametrize("kind", ["shoes", "bags", "precious_metal", "jewellery", "watch", "apparel", "other"])
def test_off_jd_these_are_goods_without_a_rule_of_their_own(kind: str) -> None:
    for platform in ("taobao", "tmall", "1688"):
        assert remedy(kind, 7, platform=platform).code == RETURN
        assert (remedy(kind, 8, platform=platform).row, remedy(kind, 8, platform=platform).code) == (
            "R7-later",
            EXCHANGE,
        )


def test_before_jd_s_rule_was_in_force_it_says_nothing() -> None:
    given = {**PLAIN, "goods_kind": "shoes", "notice_at": START + timedelta(days=30)}
    before, after = instant("2026-06-14 23:59:59"), instant("2026-06-15 00:00:00")
    assert decide("DT-07", given, platform="jd", at=before).code == EXCHANGE
    assert decide("DT-07", given, platform="jd", at=after).code == REPAIR


@pytest.mark.parametrize(("repairs", "elapsed", "code"), [(1, 30, REPAIR), (2, 0, SWAP), (0, 31, SWAP)])
@pytest.mark.parametrize("kind", ["portable_3c", "shoes", "watch"])
def test_two_failed_repairs_or_more_than_thirty_days_lead_to_an_exchange(
    kind: str, repairs: int, elapsed: int, code: str
) -> None:
    decision = remedy(kind, 60, failed_repairs=repairs, repair_elapsed_days=elapsed)
    assert decision.code == code


def test_rows_of_the_repairs_are_told_apart() -> None:
    assert remedy("appliance", 60, failed_repairs=2).row == "R1-repairs"
    assert remedy("bags", 60, failed_repairs=2).row == "R2-repairs"
    assert remedy("furniture", 60, failed_repairs=2).row == "R7-repairs"
    assert remedy("bags", 91, failed_repairs=2).code == OVER


def test_what_fails_its_purpose_goes_back_at_any_time() -> None:
    assert remedy("shoes", 200, purpose_fails=True).code == RETURN
    assert remedy("other", 200, platform="taobao", purpose_fails=True).code == RETURN
    assert remedy("appliance", 200, purpose_fails=True).code == REPAIR  # the national rule goes first


def test_a_longer_promise_is_used() -> None:
    assert remedy("portable_3c", 30, promised_return_days=30).code == RETURN
    assert remedy("portable_3c", 31, promised_return_days=30).code == REPAIR
    assert remedy("portable_3c", 180, promised_exchange_days=180).code == EXCHANGE
    assert remedy("appliance", 1825, warranty_days=1825).code == REPAIR
    assert remedy("appliance", 1826, warranty_days=1825).code == OVER
    assert remedy("shoes", 90, warranty_days=90).code == REPAIR
    assert remedy("shoes", 91, warranty_days=90).code == OVER


def test_days_in_repair_do_not_count() -> None:
    assert remedy("portable_3c", 10, repair_days=3).code == RETURN
    assert remedy("portable_3c", 10, repair_days=2).code == EXCHANGE
    assert remedy("portable_3c", 366, repair_days=1).code == REPAIR


@pytest.mark.parametrize(
    ("start", "last"), [("2024-02-29", "2025-02-28"), ("2023-03-01", "2024-03-01"), ("2025-01-31", "2026-01-31")]
)
def test_a_year_ends_on_its_corresponding_day(start: str, last: str) -> None:
    facts = {**PLAIN, "goods_kind": "appliance", "warranty_start": instant(f"{start} 09:00:00")}
    end = instant(f"{last} 23:59:59")
    assert decide("DT-07", {**facts, "notice_at": end}).code == REPAIR
    assert decide("DT-07", {**facts, "notice_at": end + timedelta(seconds=1)}).code == OVER


def test_no_machine_says_that_a_warranty_is_over() -> None:
    for kind in ("portable_3c", "shoes"):
        over = remedy(kind, 400)
        assert (over.code, over.actor) == (OVER, "agent")
        assert over.appeal


def test_the_law_s_seven_days_stand_under_a_rule_of_any_platform(tmp_path: Path) -> None:
    row = """- {id: R1, when: "goods_kind == 'apparel'", code: REPAIR, clause: "#x"}"""
    head = "level: category\nplatforms: [jd]"
    text = policy(row, id="platform/repair-only", table="DT-07", head=head)
    (tmp_path / "policies").mkdir()
    (tmp_path / "shop.yaml").write_text("extends: cn_retail\n", encoding="utf-8")
    (tmp_path / "policies" / "x.md").write_text(text, encoding="utf-8")
    policies = PolicySet(load_pack(tmp_path))

    def found(days: int) -> tuple[str, str]:
        facts = {**PLAIN, "goods_kind": "apparel", "notice_at": START + timedelta(days=days)}
        decision = policies.decide("DT-07", facts, at=START, place=Place(platform="jd"))
        return decision.code, decision.policy

    # the platform's own text gives less than the article: within seven days the article decides, later it does not
    assert found(7) == (RETURN, "law/quality-ladder@2024-07")
    assert found(8)[1] == "platform/repair-only@1"
