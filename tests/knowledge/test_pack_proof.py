"""DT-09 and DT-10: who must prove a fault, and what is none; every row, and the edge where it turns."""

from __future__ import annotations

from datetime import timedelta

import pytest

from knowledge.decision import FactValue
from tests.knowledge.shipped_pack import decide, instant

START = instant("2026-01-31 12:00:00")
Facts = dict[str, FactValue]
PROOF: Facts = {
    "burden_reallocated": False,
    "buyer_proof": False,
    "seller_proof": False,
    "receipt_confirmed": False,
    "tricked_into_confirming": False,
    "merged_without_consent": False,
    "durable": False,
    "warranty_start": START,
    "notice_at": START,
}
B, S = {"buyer_proof": True}, {"seller_proof": True}


@pytest.mark.parametrize(
    ("claim", "facts", "row", "code"),
    [
        ("visible", {}, "R1-first", "BUYER_PROVES"),
        ("visible", B, "R1-then", "SELLER_PROVES"),
        ("visible", B | S, "R2", "BUYER_PROVES"),
        ("hidden", {}, "R3-first", "SELLER_PROVES"),
        ("fake", {}, "R3-first", "SELLER_PROVES"),
        ("fake", S, "R3-then", "BUYER_PROVES"),
        ("surface_mismatch", {}, "R4-first", "SELLER_PROVES"),
        ("surface_mismatch", S, "R4-then", "BUYER_PROVES"),
        ("surface_mismatch", {"receipt_confirmed": True}, "R5", "BUYER_PROVES"),
        (
            "surface_mismatch",
            {"receipt_confirmed": True, "tricked_into_confirming": True},
            "R4-first",
            "SELLER_PROVES",
        ),
        ("not_received", {}, "R6", "SENDER_PROVES"),
        ("return_not_received", B | S, "R6", "SENDER_PROVES"),
        ("missing_item", {"merged_without_consent": True}, "R7", "SELLER_PROVES"),
        ("missing_item", {}, "R7-first", "BUYER_PROVES"),
        ("missing_item", B, "R7-then", "SELLER_PROVES"),
        ("fake", {"burden_reallocated": True}, "R10", "HUMAN"),
    ],
)
def test_each_side_proves_what_it_can(claim: str, facts: Facts, row: str, code: str) -> None:
    for platform in ("taobao", "jd", "1688"):
        decision = decide("DT-09", {**PROOF, "proof_claim": claim, **facts}, platform=platform)
        assert (decision.row, decision.code) == (row, code)


@pytest.mark.parametrize(
    ("last", "code"), [("2026-07-31 23:59:59", "SELLER_PROVES"), ("2026-08-01 00:00:00", "BUYER_PROVES")]
)
def test_for_six_months_the_seller_of_durable_goods_proves(last: str, code: str) -> None:
    facts: Facts = {**PROOF, "proof_claim": "visible", "durable": True, "notice_at": instant(last)}
    assert decide("DT-09", facts).code == code
    assert decide("DT-09", {**facts, "durable": False}).code == "BUYER_PROVES"
    assert decide("DT-09", {**facts, "proof_claim": "missing_item"}).code == "BUYER_PROVES"


def test_the_law_s_burden_names_its_article_and_ends_with_the_seller_s_proof() -> None:
    facts: Facts = {**PROOF, "proof_claim": "hidden", "durable": True, "notice_at": START + timedelta(days=1)}
    assert decide("DT-09", {**facts, "proof_claim": "visible"}).row == "R9"
    assert decide("DT-09", {**facts, **S}).code == "BUYER_PROVES"


@pytest.mark.parametrize(
    ("platform", "asked", "found", "row", "code"),
    [
        ("taobao", True, "yes", "R8", "SELLER_PAYS"),
        ("jd", True, "yes", "R8", "SELLER_PAYS"),
        ("jd", True, "no", "R8-no-fault", "BUYER_PAYS_BOTH"),
        ("taobao", True, "no", "R8-agree", "HUMAN(agreement)"),
        ("jd", False, "yes", "R8-agree", "HUMAN(agreement)"),
        ("jd", True, "unknown", "R8-agree", "HUMAN(agreement)"),
    ],
)
def test_the_fee_of_a_test(platform: str, asked: bool, found: str, row: str, code: str) -> None:
    decision = decide("DT-09-fee", {"test_asked_by_platform": asked, "defect_found": found}, platform=platform)
    assert (decision.row, decision.code) == (row, code)


FAULT: Facts = {"goods_kind": "other", "care_instruction_clear": True, "same_flaw": True}


@pytest.mark.parametrize(
    ("cause", "facts", "row", "code"),
    [
        ("washing", {}, "R1", "NOT_QUALITY"),
        ("washing", {"care_instruction_clear": False}, "R2", "QUALITY_ROUTE"),
        ("own_alteration", {}, "R3", "NOT_QUALITY"),
        ("misuse", {}, "R4", "NOT_QUALITY"),
        ("disclosed_flaw", {}, "R5", "NOT_QUALITY"),
        ("disclosed_flaw", {"same_flaw": False}, "R5-other", "QUALITY_ROUTE"),
        ("natural_trait", {}, "R6", "NOT_QUALITY"),
        ("dislike", {}, "R7", "NO_REASON_ROUTE"),
        ("unclear", {}, "R8", "HUMAN"),
        ("production", {"goods_kind": "second_hand_luxury"}, "R8-second-hand", "HUMAN"),
        ("dislike", {"goods_kind": "second_hand_luxury"}, "R7", "NO_REASON_ROUTE"),
        ("production", {}, "R9", "QUALITY_ROUTE"),
        ("expired", {"goods_kind": "packaged_food"}, "R9", "QUALITY_ROUTE"),
        ("date_after_shipping", {"goods_kind": "packaged_food"}, "R9", "QUALITY_ROUTE"),
        ("no_chinese_label", {"goods_kind": "packaged_food"}, "R9", "QUALITY_ROUTE"),
    ],
)
def test_what_is_a_fault_and_what_is_none(cause: str, facts: Facts, row: str, code: str) -> None:
    for platform in ("taobao", "jd", "1688"):
        decision = decide("DT-10", {**FAULT, "defect_cause": cause, **facts}, platform=platform)
        assert (decision.row, decision.code) == (row, code)
        if code == "NOT_QUALITY":
            assert decision.actor == "agent"
            assert decision.appeal


@pytest.mark.parametrize(
    ("kind", "cause", "facts", "row", "code"),
    [
        ("apparel", "size_error", {"deviation_mm": 31}, "R9-size", "QUALITY_ROUTE"),
        ("apparel", "size_error", {"deviation_mm": 30}, "R9-size-small", "NO_REASON_ROUTE"),
        ("apparel", "shrinkage", {"deviation_mm": 27}, "R9-shrunk", "QUALITY_ROUTE"),
        ("apparel", "shrinkage", {"deviation_mm": 26}, "R8", "HUMAN"),
        ("apparel", "colour_loss", {}, "R9-look", "QUALITY_ROUTE"),
        ("apparel", "print_deformation", {}, "R9-look", "QUALITY_ROUTE"),
        ("apparel", "crooked", {}, "R9-look", "QUALITY_ROUTE"),
        ("aquatic", "size_error", {"deviation_bp": 501}, "R9-aquatic", "QUALITY_ROUTE"),
        ("aquatic", "size_error", {"deviation_bp": 500}, "R9-aquatic-small", "NO_REASON_ROUTE"),
        ("watch", "skin_mark", {}, "R4-skin", "NOT_QUALITY"),
    ],
)
def test_jd_s_lines_hold_on_jd_and_nowhere_else(kind: str, cause: str, facts: Facts, row: str, code: str) -> None:
    given: Facts = {**FAULT, "goods_kind": kind, "defect_cause": cause, **facts}
    decision = decide("DT-10", given, platform="jd")
    assert (decision.row, decision.code) == (row, code)
    assert decide("DT-10", given, platform="taobao").code == "HUMAN"
