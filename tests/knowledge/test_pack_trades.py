"""DT-27, JD's page and gift rules, 1688's buyers, and late shipping under temporary rules."""

from __future__ import annotations

import pytest

from knowledge.decision import FactValue
from tests.knowledge.shipped_pack import decide, instant

Facts = dict[str, FactValue]
RFQ: Facts = {
    "rfq_plan": "V3",
    "rfq_keywords": 5,
    "rfq_categories": 0,
    "rfq_portal": False,
    "rfq_open": True,
    "rfq_hits": ["keyword"],
    "rfq_region_ok": True,
    "rfq_excluded": False,
    "rfq_already_pushed": False,
}


@pytest.mark.parametrize(
    ("changes", "row", "code"),
    [
        ({"rfq_plan": "V1", "rfq_keywords": 6}, "R1", "OVER_QUOTA"),
        ({"rfq_plan": "V1", "rfq_keywords": 5}, "R4", "DIGEST"),
        ({"rfq_plan": "V2", "rfq_keywords": 10, "rfq_categories": 5}, "R4", "DIGEST"),
        ({"rfq_plan": "V2", "rfq_keywords": 11}, "R1", "OVER_QUOTA"),
        ({"rfq_plan": "V2", "rfq_categories": 6}, "R1", "OVER_QUOTA"),
        ({"rfq_keywords": 10, "rfq_categories": 10, "rfq_portal": True}, "R3", "PUSH"),
        ({"rfq_categories": 11}, "R1", "OVER_QUOTA"),
        ({"rfq_plan": "V1", "rfq_categories": 1}, "R2-category", "NOT_IN_PLAN"),
        ({"rfq_plan": "V2", "rfq_portal": True}, "R2", "NOT_IN_PLAN"),
        ({"rfq_open": False}, "R6", "NO_PUSH"),
        ({"rfq_hits": []}, "R6-no-match", "NO_PUSH"),
        ({"rfq_region_ok": False}, "R6-no-match", "NO_PUSH"),
        ({"rfq_excluded": True}, "R6-no-match", "NO_PUSH"),
        ({"rfq_already_pushed": True}, "R5", "NO_PUSH"),
    ],
)
def test_requests_reach_a_merchant_as_the_plan_allows(changes: Facts, row: str, code: str) -> None:
    decision = decide("DT-27", {**RFQ, **changes}, platform="1688")
    assert (decision.row, decision.code) == (row, code)
    assert decide("DT-27", {**RFQ, **changes}, platform="taobao").code == "HUMAN(rule)"


@pytest.mark.parametrize(
    ("paid", "spelled"), [(19_999, "20.00"), (200_000, "200.00"), (200_010, "200.00"), (199_994, "199.99")]
)
def test_a_page_that_contradicts_itself_costs_ten_percent_on_jd(paid: int, spelled: str) -> None:
    facts: Facts = {"page_contradicts": True, "paid": paid}
    assert str(decide("JD-PAGE", facts, platform="jd")) == f"PAGE_COMPENSATION: {spelled}"
    assert decide("JD-PAGE", facts, platform="taobao").code == "HUMAN(rule)"


@pytest.mark.parametrize(
    ("changes", "row", "spelled"),
    [
        ({"gift_resendable": True}, "R1", "RESEND"),
        ({}, "R2", "REFUND: 30.00"),
        ({"gift_page_value": 2999}, "R2", "REFUND: 29.99"),
        ({"gift_has_sku": False}, "R3", "REFUND: 50.00"),
        ({"gift_has_sku": False, "gift_page_value": 5001}, "R3", "REFUND: 50.00"),
        ({"gift_page_value": None}, "R3-open", "HUMAN(gift_value)"),
    ],
)
def test_a_missing_gift_on_jd(changes: Facts, row: str, spelled: str) -> None:
    facts: Facts = {"gift_resendable": False, "gift_has_sku": True, "gift_page_value": 8000, "unit_paid": 10_000}
    decision = decide("JD-GIFT", {**facts, **changes}, platform="jd")
    assert (decision.row, str(decision)) == (row, spelled)


def test_on_1688_it_matters_who_buys() -> None:
    facts: Facts = {
        "signed": True,
        "signed_at": instant("2026-07-01 10:00:00"),
        "notice_at": instant("2026-07-02 10:00:00"),
        "item_class": "normal",
        "promised_days": 0,
        "intact": "yes",
    }
    assert decide("DT-02", facts, platform="1688").code == "ASK(buyer_kind)"
    business = decide("DT-02", {**facts, "buyer_kind": "business"}, platform="1688")
    assert (business.row, business.code) == ("R0", "HUMAN(rule)")
    assert decide("DT-02", {**facts, "buyer_kind": "consumer"}, platform="1688").code == "ELIGIBLE"
    assert decide("DT-02", facts, platform="taobao").code == "ELIGIBLE"


LATE: Facts = {
    "promise_h": 48,
    "presale_ship_at": None,
    "ship_clicked_at": None,
    "late_excuse": "none",
    "no_stock": False,
    "late_scale": "A",
    "paid": 10_000,
}


@pytest.mark.parametrize(
    ("paid_at", "service", "code"),
    [
        ("2020-01-18 23:59:59", 48, "HUMAN(compensation)"),
        ("2020-01-19 00:00:00", 48, "DISCRETIONARY"),
        ("2020-02-16 23:59:59", 24, "DISCRETIONARY"),
        ("2020-02-16 23:59:59", 0, "HUMAN(compensation)"),
        ("2020-02-17 00:00:00", 48, "HUMAN(compensation)"),
    ],
)
def test_late_shipping_of_early_2020_is_weighed_on_1688(paid_at: str, service: int, code: str) -> None:
    moment = instant(paid_at)
    facts: Facts = {**LATE, "paid_at": moment, "ship_service_h": service, "shipped_at": instant("2020-03-01 00:00:00")}
    facts["now"] = instant("2020-03-02 00:00:00")
    assert decide("DT-14", facts, platform="1688", at=moment).code == code
    assert decide("DT-14", facts, platform="taobao", at=moment).code == "HUMAN(compensation)"


def test_what_shipped_in_time_needs_no_temporary_rule() -> None:
    moment = instant("2020-01-20 10:00:00")
    shipped = instant("2020-01-22 10:00:00")
    facts: Facts = {**LATE, "paid_at": moment, "ship_service_h": 48, "shipped_at": shipped, "now": shipped}
    assert decide("DT-14", facts, platform="1688", at=moment).code == "ON_TIME"


@pytest.mark.parametrize(("affected", "code"), [(True, "HUMAN"), (False, "HUMAN(compensation)")])
def test_late_shipping_of_2022_on_jd_is_for_a_person_where_the_region_was_affected(affected: bool, code: str) -> None:
    moment = instant("2022-04-10 10:00:00")
    facts: Facts = {**LATE, "paid_at": moment, "merchant_region_affected": affected, "shipped_at": None}
    facts["now"] = instant("2022-04-13 00:00:00")
    assert decide("DT-14", facts, platform="jd", at=moment).code == code
