"""DT-02 to DT-05: no-reason returns, intactness, freight, refund amounts, each row on and beside its edge."""

from __future__ import annotations

import pytest

from knowledge.decision import Facts
from tests.knowledge.shipped_pack import decide, instant

SIGNED = instant("2026-01-01 10:00:00")
RETURN: Facts = {
    "signed": True,
    "signed_at": SIGNED,
    "notice_at": instant("2026-01-05 10:00:00"),
    "item_class": "normal",
    "promised_days": 0,
    "intact_class": "clothing",
    "condition": ["tried_on"],
}


def returns(**changes: object) -> str:
    return decide("DT-02", {**RETURN, **changes}).code  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("notice", "promised", "code"),
    [
        ("2026-01-01 10:00:01", 0, "ELIGIBLE"),
        ("2026-01-08 00:00:00", 0, "ELIGIBLE"),
        ("2026-01-08 23:59:59", 0, "ELIGIBLE"),
        ("2026-01-09 00:00:00", 0, "NOT_ELIGIBLE_LATE"),
        ("2026-01-08 23:59:59", 3, "ELIGIBLE"),
        ("2026-01-16 23:59:59", 15, "ELIGIBLE"),
        ("2026-01-17 00:00:00", 15, "NOT_ELIGIBLE_LATE"),
    ],
)
def test_seven_days_end_at_24_00_of_the_seventh_day(notice: str, promised: int, code: str) -> None:
    assert returns(notice_at=instant(notice), promised_days=promised) == code


def test_the_last_moment_to_ask_is_told() -> None:
    eligible = decide("DT-02", RETURN)
    assert eligible.deadline == instant("2026-01-09 00:00:00")
    assert eligible.clauses == ("law/no-reason-return@2024-07#counting", "law/no-reason-return@2024-07#refund")
    late = decide("DT-02", {**RETURN, "notice_at": instant("2026-01-09 00:00:00")})
    assert (late.row, late.appeal is not None) == ("R6", True)


@pytest.mark.parametrize("item_class", ["customised", "perishable", "digital_opened", "newspaper"])
def test_goods_the_law_leaves_out_come_back_only_by_promise(item_class: str) -> None:
    assert returns(item_class=item_class) == "NOT_ELIGIBLE_STATUTORY"
    assert returns(item_class=item_class, promised_days=7) == "ELIGIBLE"


@pytest.mark.parametrize(
    "item_class", ["hygiene_safety_after_opening", "value_drop_after_activation", "near_expiry_or_flaw_disclosed"]
)
def test_other_goods_are_left_out_only_if_the_customer_confirmed_it(item_class: str) -> None:
    assert returns(item_class=item_class) == "ASK(confirmed_at_purchase)"
    assert returns(item_class=item_class, confirmed_at_purchase=True) == "NOT_ELIGIBLE_CONFIRMED"
    assert returns(item_class=item_class, confirmed_at_purchase=False) == "ELIGIBLE"


def test_an_unknown_condition_is_asked_for_and_not_refused() -> None:
    unknown = {name: value for name, value in RETURN.items() if name != "condition"}
    assert decide("DT-02", unknown).code == "ASK(condition_photos)"
    assert returns(condition=[]) == "ASK(condition_photos)"
    assert returns(intact="unknown") == "ASK(condition_photos)"


def test_goods_that_are_not_intact_are_for_a_person() -> None:
    decision = decide("DT-02", {**RETURN, "condition": ["tag_removed"]})
    assert (decision.code, decision.row, decision.actor) == ("NOT_INTACT", "R8", "agent")


def test_an_unsigned_parcel_is_a_cancellation() -> None:
    facts: Facts = {
        **RETURN,
        "signed": False,
        "order_state": "PAID",
        "presale_deposit": 0,
        "lost": False,
        "scanned": False,
    }
    decision = decide("DT-02", {**facts, "refused_at_door": False, "paid": 100, "shipped_after_request": False})
    assert (decision.code, decision.table, decision.amount) == ("REFUND_NOW", "DT-13", 100)


@pytest.mark.parametrize("missing", ["signed", "signed_at", "notice_at", "item_class", "promised_days"])
def test_each_missing_fact_of_a_return_is_asked_for(missing: str) -> None:
    facts = {name: value for name, value in RETURN.items() if name != missing}
    assert decide("DT-02", facts).code == f"ASK({missing})"


def test_the_kind_of_goods_is_asked_for_only_where_the_condition_makes_it_matter() -> None:
    facts = {name: value for name, value in RETURN.items() if name != "intact_class"}
    assert decide("DT-02", facts).code == "ELIGIBLE"
    assert decide("DT-02", {**facts, "condition": ["used"]}).code == "ASK(intact_class)"


@pytest.mark.parametrize(
    ("intact_class", "flag", "row", "code"),
    [
        ("food_cosmetics", "seal_broken", "R1", "NOT_INTACT"),
        ("food_cosmetics", "opened", "R7", "ELIGIBLE"),
        ("electronics", "activated", "R2", "NOT_INTACT"),
        ("electronics", "repaired", "R2", "NOT_INTACT"),
        ("electronics", "marks_removed", "R2", "NOT_INTACT"),
        ("electronics", "opened", "R7", "ELIGIBLE"),
        ("clothing", "tag_removed", "R3", "NOT_INTACT"),
        ("clothing", "label_cut", "R3", "NOT_INTACT"),
        ("clothing", "soiled", "R3", "NOT_INTACT"),
        ("clothing", "tried_on", "R7", "ELIGIBLE"),
        ("others", "used", "R4", "NOT_INTACT"),
        ("others", "opened", "R7", "ELIGIBLE"),
        ("clothing", "gift_missing", "R5", "ELIGIBLE"),
        ("electronics", "box_missing", "R6", "ELIGIBLE"),
    ],
)
def test_what_spoils_goods_depends_on_their_kind(intact_class: str, flag: str, row: str, code: str) -> None:
    decision = decide("DT-03", {"intact_class": intact_class, "condition": [flag]})
    assert (decision.row, decision.code) == (row, code)


FREIGHT: Facts = {
    "freight_free": True,
    "freight_cover": "none",
    "freight_cover_cap": 1200,
    "below_free_shipping": False,
    "promises_free_return": False,
}


@pytest.mark.parametrize(
    ("changes", "row", "code"),
    [
        ({"freight_cause": "seller_fault"}, "R1", "SELLER_PAYS"),
        ({"freight_cause": "no_reason"}, "R2", "BUYER_PAYS_RETURN"),
        ({"freight_cause": "refused_no_reason"}, "R2", "BUYER_PAYS_RETURN"),
        ({"freight_cause": "no_reason", "freight_free": False}, "R3", "BUYER_PAYS_BOTH"),
        ({"freight_cause": "no_reason", "below_free_shipping": True}, "R4", "BUYER_PAYS_BOTH"),
        ({"freight_cause": "refused_no_reason", "below_free_shipping": True}, "R2", "BUYER_PAYS_RETURN"),
        ({"freight_cause": "no_reason_exchange"}, "R5", "BUYER_PAYS_BOTH"),
        ({"freight_cause": "member_abuse"}, "R6", "BUYER_PAYS_BOTH"),
        ({"freight_cause": "agreed"}, "R7", "SELLER_PAYS"),
        ({"freight_cause": "freight_collect"}, "R8", "SENDER_PAYS"),
        ({"freight_cause": "dearer_address"}, "R9", "SPLIT_DIFFERENCE"),
        ({"freight_cause": "both_at_fault"}, "R10", "HUMAN"),
        ({"freight_cause": "unknown"}, "R11", "DEFAULT"),
        ({"freight_cause": "no_reason", "promises_free_return": True}, "R2+promise", "SELLER_PAYS"),
        ({"freight_cause": "no_reason", "freight_cover": "insurance"}, "R2+cover", "BUYER_PAYS_RETURN"),
        (
            {"freight_cause": "no_reason", "freight_cover": "insurance", "freight_free": False},
            "R3+cover",
            "BUYER_PAYS_BOTH",
        ),
        (
            {"freight_cause": "no_reason", "freight_cover": "insurance", "below_free_shipping": True},
            "R4+cover",
            "BUYER_PAYS_BOTH",
        ),
    ],
)
def test_each_cause_has_its_payer_on_taobao(changes: Facts, row: str, code: str) -> None:
    decision = decide("DT-04", {**FREIGHT, **changes})
    assert (decision.row, decision.code) == (row, code)


@pytest.mark.parametrize("cause", ["no_reason_exchange", "member_abuse", "agreed"])
def test_taobao_s_rows_answer_no_order_of_another_platform(cause: str) -> None:
    assert decide("DT-04", {**FREIGHT, "freight_cause": cause}, platform="jd").code == "HUMAN(rule)"
    assert decide("DT-04", {**FREIGHT, "freight_cause": cause}, platform=None).code == "HUMAN(rule)"


def test_freight_cover_pays_first_up_to_its_cap() -> None:
    decision = decide("DT-04", {**FREIGHT, "freight_cause": "no_reason", "freight_cover": "return_service"})
    assert decision.formula is not None
    assert "12.00" in decision.formula
    assert "law/freight@2024-07#cover" in decision.clauses


def test_nothing_told_about_the_condition_is_a_question() -> None:
    assert decide("DT-03", {"intact_class": "others", "condition": []}).row == "R8"


REFUND: Facts = {
    "whole_order": True,
    "seller_at_fault": False,
    "paid": 30_000,
    "lines_paid": 30_000,
    "freight_paid": 0,
    "freight_waived": 800,
    "deal_broken": False,
    "kept_value": 0,
    "gift_missing": False,
    "gift_price": 1500,
    "below_free_shipping": False,
}


@pytest.mark.parametrize(
    ("changes", "row", "spelled"),
    [
        ({"seller_at_fault": True, "paid": 30_800, "freight_paid": 800, "gift_missing": True}, "R1", "REFUND: 308.00"),
        ({"seller_at_fault": True, "whole_order": False, "lines_paid": 9900}, "R1-part", "REFUND: 99.00"),
        ({"paid": 30_800, "freight_paid": 800}, "R2", "REFUND: 300.00"),
        ({"whole_order": False, "deal_broken": True, "kept_value": 18_000}, "R3", "REFUND: 120.00"),
        ({"whole_order": False, "deal_broken": True, "kept_value": 30_000}, "R3", "REFUND: 0.00"),
        ({"whole_order": False, "deal_broken": True, "kept_value": 35_000}, "R3", "REFUND: 0.00"),
        ({"whole_order": False, "lines_paid": 9900, "below_free_shipping": True}, "R4", "REFUND: 91.00"),
        ({"gift_missing": True}, "R5", "REFUND: 285.00"),
        ({"gift_missing": True, "gift_price": None}, "R5-open", "HUMAN(gift_price)"),
        ({"whole_order": False, "lines_paid": 9900}, "R2", "REFUND: 99.00"),
    ],
)
def test_a_refund_is_what_was_paid_less_what_the_rules_allow(changes: Facts, row: str, spelled: str) -> None:
    decision = decide("DT-05", {**REFUND, **changes})
    assert (decision.row, str(decision)) == (row, spelled)
    assert decision.amount is None or decision.formula


def test_facts_that_play_no_part_are_not_asked_for() -> None:
    assert str(decide("DT-05", {"seller_at_fault": True, "whole_order": True, "paid": 100})) == "REFUND: 1.00"
    assert decide("DT-05", {**REFUND, "gift_missing": True, "gift_price": 0}).amount == 30_000
