"""DT-16, DT-17, DT-18: refunds without return, refunds that need checking, prices set wrong; every row."""

from __future__ import annotations

import pytest

from knowledge.decision import FactValue
from tests.knowledge.shipped_pack import decide, instant

Facts = dict[str, FactValue]
ONLY: Facts = {
    "seller_at_fault": True,
    "return_useless": False,
    "cannot_return": False,
    "gross_mismatch": False,
    "integrity_risk": "none",
    "keeps_goods": False,
    "return_cost": 1200,
    "lines_paid": 1200,
    "over_authority": False,
}


@pytest.mark.parametrize(
    ("changes", "row", "code"),
    [
        ({"return_useless": True}, "R1", "REFUND_NO_RETURN"),
        ({"cannot_return": True}, "R2", "REFUND_NO_RETURN"),
        ({"gross_mismatch": True}, "R3", "HUMAN"),
        ({"gross_mismatch": True, "seller_at_fault": False}, "R3", "HUMAN"),
        ({}, "R4", "RETURN_REFUND"),
        ({"keeps_goods": True}, "R5", "PARTIAL_REFUND"),
        ({"seller_at_fault": False}, "R6", "NO_REASON_ROUTE"),
        ({"seller_at_fault": False, "integrity_risk": "high"}, "R6", "NO_REASON_ROUTE"),
        ({"integrity_risk": "look"}, "R7", "HUMAN"),
        ({"return_cost": 1201}, "R8", "REFUND_NO_RETURN"),
        ({"return_cost": 1201, "over_authority": True}, "R4", "RETURN_REFUND"),
    ],
)
def test_a_refund_without_return_on_taobao(changes: Facts, row: str, code: str) -> None:
    decision = decide("DT-16", {**ONLY, **changes})
    assert (decision.row, decision.code) == (row, code)


def test_help_with_the_return_is_taobao_s_rule() -> None:
    assert decide("DT-16", {**ONLY, "cannot_return": True}, platform="jd").code == "RETURN_REFUND"
    assert decide("DT-16", {**ONLY, "cannot_return": True}, platform="tmall").code == "REFUND_NO_RETURN"


def test_the_end_of_forced_refunds_holds_from_its_day_on() -> None:
    facts: Facts = {**ONLY, "seller_at_fault": False}
    assert decide("DT-16", facts, at=instant("2025-04-21 23:59:59")).code == "HUMAN(rule)"
    assert decide("DT-16", facts, at=instant("2025-04-22 00:00:00")).code == "NO_REASON_ROUTE"


CHECK: Facts = {
    "weak_signals": 0,
    "image_suspect": False,
    "return_swapped": False,
    "swap_proof": False,
    "good_proof": False,
    "abuse_confirmed": False,
    "organised": False,
}


@pytest.mark.parametrize(
    ("changes", "row", "code"),
    [
        ({}, "R1", "TREAT_NORMALLY"),
        ({"weak_signals": 1}, "R2", "ASK_ORDINARY_EVIDENCE"),
        ({"image_suspect": True}, "R3", "REQUEST_LIVE_PROOF"),
        ({"return_swapped": True, "swap_proof": True}, "R4", "HOLD_AND_HUMAN"),
        ({"return_swapped": True, "swap_proof": True, "good_proof": True}, "R4", "HOLD_AND_HUMAN"),
        ({"return_swapped": True}, "R4-unproved", "ASK_ORDINARY_EVIDENCE"),
        ({"image_suspect": True, "good_proof": True}, "R5", "CLEAR_FLAG"),
        ({"abuse_confirmed": True}, "R6", "HOLD_AND_HUMAN"),
        ({"organised": True}, "R7", "HOLD_AND_HUMAN"),
    ],
)
def test_a_refund_is_held_by_people_and_only_on_proof(changes: Facts, row: str, code: str) -> None:
    decision = decide("DT-17", {**CHECK, **changes})
    assert (decision.row, decision.code) == (row, code)
    if code not in {"TREAT_NORMALLY"}:
        assert decision.actor != "bot"


PRICE: Facts = {
    "unit_paid": 2999,
    "lowest_30d": 10_000,
    "median_30d": 10_000,
    "stacked_discounts": 0,
    "scanned": False,
    "price_error_confirmed": False,
    "error_reported_in_time": False,
    "reseller_bulk": False,
    "bait_price": False,
}


@pytest.mark.parametrize(
    ("changes", "row", "code"),
    [
        ({"unit_paid": 5000}, "R1", "HONOUR"),
        ({"unit_paid": 4999}, "R6", "HUMAN"),
        ({"unit_paid": 3000}, "R6", "HUMAN"),
        ({}, "R2", "FREEZE_AND_HUMAN"),
        ({"unit_paid": 4000, "stacked_discounts": 3}, "R2", "FREEZE_AND_HUMAN"),
        ({"unit_paid": 4000, "stacked_discounts": 2}, "R6", "HUMAN"),
        ({"price_error_confirmed": True, "error_reported_in_time": True}, "R3", "UNIFORM_OFFER"),
        ({"price_error_confirmed": True}, "R3-unreported", "HUMAN"),
        ({"scanned": True}, "R4", "HONOUR"),
        ({"reseller_bulk": True}, "R5", "HUMAN"),
        ({"reseller_bulk": True, "unit_paid": 5000}, "R1", "HONOUR"),
        ({"bait_price": True, "scanned": True}, "R7", "HUMAN"),
    ],
)
def test_a_price_set_wrong_is_for_people_and_a_normal_one_is_honoured(changes: Facts, row: str, code: str) -> None:
    decision = decide("DT-18", {**PRICE, **changes})
    assert (decision.row, decision.code) == (row, code)
    assert code == "HONOUR" or decision.actor != "bot"
