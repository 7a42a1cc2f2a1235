"""DT-13 to DT-15 and DT-19: cancelling, shipping in time, delivery, price protection, on and beside each edge."""

from __future__ import annotations

from datetime import timedelta

import pytest

from knowledge.decision import Facts
from tests.knowledge.shipped_pack import decide, instant, shipped

CANCEL: Facts = {
    "order_state": "PAID",
    "signed": False,
    "paid": 16_800,
    "freight_paid": 800,
    "freight_free": False,
    "item_class": "normal",
    "promised_days": 0,
    "presale_deposit": 0,
    "production_started": False,
    "scanned": False,
    "interceptable": False,
    "out_for_delivery": False,
    "shipped_after_request": False,
    "refused_at_door": False,
    "refusal_without_cause": False,
    "lost": False,
    "seller_at_fault": False,
}


@pytest.mark.parametrize(
    ("changes", "row", "spelled"),
    [
        ({"order_state": "CREATED"}, "R1", "CANCEL_UNPAID"),
        ({}, "R2", "REFUND_NOW: 168.00"),
        ({"item_class": "customised"}, "R2", "REFUND_NOW: 168.00"),
        ({"item_class": "customised", "production_started": True}, "R3", "HUMAN"),
        ({"scanned": True, "shipped_after_request": True, "interceptable": True}, "R4", "SELLER_BEARS"),
        ({"scanned": True, "interceptable": True}, "R5", "INTERCEPT"),
        ({"scanned": True, "interceptable": True, "out_for_delivery": True}, "R6", "REFUSE_OR_RETURN"),
        ({"scanned": True}, "R6", "REFUSE_OR_RETURN"),
        ({"scanned": True, "refused_at_door": True}, "R7", "REFUND: 160.00"),
        ({"scanned": True, "refused_at_door": True, "freight_free": True}, "R7", "REFUND: 168.00"),
        ({"scanned": True, "refused_at_door": True, "refusal_without_cause": True}, "R7", "REFUND: 160.00"),
        (
            {"scanned": True, "refused_at_door": True, "refusal_without_cause": True, "item_class": "perishable"},
            "R8",
            "HUMAN",
        ),
        ({"scanned": True, "lost": True}, "R9", "REFUND: 168.00"),
        ({"presale_deposit": 5000}, "R10", "DEPOSIT_NOT_REFUNDABLE"),
        ({"presale_deposit": 5000, "seller_at_fault": True}, "R2", "REFUND_NOW: 168.00"),
    ],
)
def test_each_state_has_its_way_out(changes: Facts, row: str, spelled: str) -> None:
    decision = decide("DT-13", {**CANCEL, **changes})
    assert (decision.row, str(decision)) == (row, spelled)


def test_shipping_after_the_request_is_taobao_s_rule_only() -> None:
    facts: Facts = {**CANCEL, "scanned": True, "shipped_after_request": True, "interceptable": True}
    assert decide("DT-13", facts, platform="tmall").code == "SELLER_BEARS"
    assert decide("DT-13", facts, platform="jd").code == "INTERCEPT"
    assert decide("DT-13", facts, at=instant("2025-08-14 23:59:59")).code == "INTERCEPT"
    assert decide("DT-13", facts, at=instant("2025-08-15 00:00:00")).code == "SELLER_BEARS"


PAID_AT = instant("2026-01-03 11:30:00")
DEADLINE = instant("2026-01-05 11:30:00")
SECOND = timedelta(seconds=1)
SHIP: Facts = {
    "paid": 16_800,
    "paid_at": PAID_AT,
    "now": DEADLINE,
    "promise_h": 48,
    "presale_ship_at": None,
    "shipped_at": None,
    "ship_clicked_at": None,
    "late_excuse": "none",
    "no_stock": False,
    "late_scale": "A",
}


@pytest.mark.parametrize(
    ("changes", "row", "spelled"),
    [
        ({}, "R1", "WITHIN"),
        ({"now": DEADLINE + SECOND}, "R5-A", "LATE: 8.40"),
        ({"shipped_at": DEADLINE}, "R3", "ON_TIME"),
        ({"shipped_at": DEADLINE + SECOND}, "R5-A", "LATE: 8.40"),
        ({"now": DEADLINE + SECOND, "late_excuse": "address"}, "R4", "EXEMPT"),
        ({"now": DEADLINE + SECOND, "late_excuse": "force_majeure"}, "R4", "EXEMPT"),
        ({"now": DEADLINE + SECOND, "late_excuse": "agreed"}, "R4", "EXEMPT"),
        ({"now": DEADLINE + timedelta(hours=72)}, "R5-A", "LATE: 8.40"),
        ({"now": DEADLINE + timedelta(hours=72) + SECOND}, "R6", "OUT_OF_STOCK: 50.40"),
        ({"no_stock": True}, "R6", "OUT_OF_STOCK: 50.40"),
        ({"now": DEADLINE + SECOND, "late_scale": "none"}, "R8", "HUMAN(compensation)"),
        (
            {"now": DEADLINE + SECOND, "ship_clicked_at": DEADLINE + SECOND - timedelta(hours=24)},
            "R5-A",
            "LATE: 8.40",
        ),
        ({"now": DEADLINE + SECOND, "ship_clicked_at": DEADLINE - timedelta(hours=24)}, "R7", "FAKE_SHIPPING"),
        (
            {"paid_at": instant("2024-12-31 23:59:59"), "now": instant("2025-01-05 00:00:00")},
            "R8",
            "HUMAN(compensation)",
        ),
        ({"paid_at": instant("2025-01-01 00:00:00"), "now": instant("2025-01-05 00:00:00")}, "R5-A", "LATE: 8.40"),
    ],
)
def test_shipping_is_in_time_up_to_the_last_second(changes: Facts, row: str, spelled: str) -> None:
    decision = decide("DT-14", {**SHIP, **changes})
    assert (decision.row, str(decision)) == (row, spelled)


def test_the_latest_shipping_time_is_told() -> None:
    assert decide("DT-14", SHIP).deadline == DEADLINE
    presale = decide("DT-14", {**SHIP, "presale_ship_at": instant("2026-02-01 00:00:00")})
    assert (presale.code, presale.deadline) == ("WITHIN", instant("2026-02-01 23:59:59"))


@pytest.mark.parametrize(("now", "code"), [("2026-02-01 23:59:59", "WITHIN"), ("2026-02-02 00:00:00", "LATE")])
def test_a_presale_item_ships_on_its_day(now: str, code: str) -> None:
    facts: Facts = {**SHIP, "presale_ship_at": instant("2026-02-01 00:00:00"), "now": instant(now)}
    assert decide("DT-14", facts).code == code


@pytest.mark.parametrize(
    ("scale", "promise_h", "paid", "late", "out"),
    [
        ("A", 48, 9_999, 500, 3_000),
        ("A", 48, 10_010, 501, 3_003),
        ("A", 49, 10_010, 1_001, 3_003),
        ("A", 48, 200_000, 5_000, 50_000),
        ("A", 48, 1_000, 500, 500),
        ("B", 48, 100_001, 10_000, None),
        ("B", 72, 100_000, 15_000, None),
        ("B", 72, 400_000, 50_000, None),
        ("C", 48, 16_800, 5_040, 5_040),
        ("C", 72, 1_000, 500, 500),
        ("D", 48, 16_800, 300, 5_040),
        ("D", 48, 200_050, 2_001, 60_015),
        ("D", 72, 16_800, None, 5_040),
    ],
)
def test_each_scale_has_its_share_and_bounds(
    scale: str, promise_h: int, paid: int, late: int | None, out: int | None
) -> None:
    facts: Facts = {
        **SHIP,
        "late_scale": scale,
        "promise_h": promise_h,
        "paid": paid,
        "now": PAID_AT + timedelta(hours=100),
    }
    for no_stock, amount, code in ((False, late, "LATE"), (True, out, "OUT_OF_STOCK")):
        decision = decide("DT-14", {**facts, "no_stock": no_stock})
        assert (decision.amount, decision.code) == (amount, "HUMAN(compensation)" if amount is None else code)


def test_the_reckoning_is_shown_to_the_agent_in_both_languages() -> None:
    decision = decide("DT-14", {**SHIP, "now": DEADLINE + SECOND})
    assert decision.formula is not None
    assert "168.00" in decision.formula
    assert "8.40" in (shipped().formula(decision, "en") or "")


@pytest.mark.parametrize(
    ("facts", "row", "code"),
    [
        ({"delivery_issue": "not_received", "signed": True, "delivery_proof": "none"}, "R1", "SELLER_BEARS"),
        ({"delivery_issue": "not_received", "signed": True, "delivery_proof": "self_signed"}, "R1", "SELLER_BEARS"),
        ({"delivery_issue": "not_received", "signed": True, "delivery_proof": "proper"}, "R1-proved", "HUMAN"),
        ({"delivery_issue": "not_received", "signed": True}, "R1", "ASK(delivery_proof)"),
        ({"delivery_issue": "not_received", "signed": False}, "", "HUMAN(rule)"),
        ({"delivery_issue": "left_without_consent", "picked_up": False}, "R2", "SELLER_BEARS"),
        ({"delivery_issue": "left_without_consent", "picked_up": True}, "R2-picked", "HUMAN"),
        ({"delivery_issue": "wrong_address_given"}, "R3", "BUYER_BEARS"),
        ({"delivery_issue": "change_address", "scanned": False}, "R4", "CHANGE_OK"),
        ({"delivery_issue": "change_address", "scanned": True}, "R5", "TRY_FORWARD"),
        ({"delivery_issue": "sent_to_old_address", "old_place_related": False}, "R6", "SELLER_BEARS"),
        ({"delivery_issue": "sent_to_old_address", "old_place_related": True}, "R6-related", "HUMAN"),
        ({"delivery_issue": "box_damaged", "signed": False}, "R7", "REFUSE_AT_DOOR"),
        ({"delivery_issue": "box_damaged", "signed": True}, "R7-signed", "HUMAN"),
        ({"delivery_issue": "wrong_item"}, "R8", "SELLER_BEARS"),
        ({"delivery_issue": "missing_item", "packing_proof": False}, "R9", "RESEND"),
        ({"delivery_issue": "missing_item", "packing_proof": True}, "R9-proved", "HUMAN"),
    ],
)
def test_each_trouble_on_the_way_has_its_outcome(facts: Facts, row: str, code: str) -> None:
    decision = decide("DT-15", facts)
    assert (decision.row, decision.code) == (row, code)


PRICE: Facts = {
    "order_closed": False,
    "price_protected": True,
    "price_protect_days": 15,
    "campaign_end": None,
    "unit_paid": 16_800,
    "current_unit": 14_800,
    "price_condition": "anyone",
    "already_granted": 0,
    "qty": 1,
    "best_price_promise": False,
    "compares_other_shop": False,
    "paid_at": instant("2026-01-01 20:00:00"),
    "now": instant("2026-01-16 23:59:59"),
}


@pytest.mark.parametrize(
    ("changes", "row", "spelled"),
    [
        ({}, "R2", "REFUND_DIFFERENCE: 20.00"),
        ({"now": instant("2026-01-17 00:00:00")}, "R2-late", "NO_ENTITLEMENT"),
        ({"price_protected": False}, "R1", "NO_ENTITLEMENT"),
        ({"price_condition": "member"}, "R3", "NO_ENTITLEMENT"),
        ({"price_condition": "new_user"}, "R3", "NO_ENTITLEMENT"),
        ({"price_condition": "limited_coupon"}, "R3", "NO_ENTITLEMENT"),
        ({"order_closed": True}, "R4", "NO_ENTITLEMENT"),
        ({"already_granted": 1_999}, "R2", "REFUND_DIFFERENCE: 0.01"),
        ({"already_granted": 2_000}, "R5", "NO_ENTITLEMENT"),
        ({"current_unit": 16_800}, "R5", "NO_ENTITLEMENT"),
        ({"compares_other_shop": True}, "R6", "NO_ENTITLEMENT"),
        ({"compares_other_shop": True, "best_price_promise": True}, "R6-promise", "HUMAN"),
        ({"qty": 3}, "R2", "REFUND_DIFFERENCE: 60.00"),
        ({"qty": 3, "already_granted": 5_999}, "R2", "REFUND_DIFFERENCE: 0.01"),
        ({"qty": 3, "already_granted": 6_000}, "R5", "NO_ENTITLEMENT"),
        (
            {"price_protected": False, "campaign_end": instant("2026-01-17 00:00:00")},
            "R2",
            "REFUND_DIFFERENCE: 20.00",
        ),
        ({"price_protected": False, "campaign_end": PRICE["now"]}, "R2-late", "NO_ENTITLEMENT"),
    ],
)
def test_a_lower_price_is_refunded_within_its_terms(changes: Facts, row: str, spelled: str) -> None:
    decision = decide("DT-19", {**PRICE, **changes})
    assert (decision.row, str(decision)) == (row, spelled)
