"""DT-26: temporary rules hold in their own days, regions and subjects, and nowhere else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.decision import Decision, FactValue
from tests.knowledge.shipped_pack import TODAY, decide, instant

INDICATORS = ("咨询差评率", "延迟发货率", "服务单差评率", "平台介入率", "监管投诉成立量")


def at_1688(topic: str, order_at: str, service: int = 48) -> Decision:
    return decide("DT-26", {"topic": topic, "order_at": instant(order_at), "ship_service_h": service}, platform="1688")


def at_jd(**facts: FactValue) -> Decision:
    return decide("DT-26", {"merchant_region_affected": True, **facts}, platform="jd")


@pytest.mark.parametrize(
    ("order_at", "row", "code"),
    [
        ("2020-01-18 23:59:59", "R8b", "NOT_IN_FORCE"),
        ("2020-01-19 00:00:00", "R1", "DISCRETIONARY"),
        ("2020-02-16 23:59:59", "R1", "DISCRETIONARY"),
        ("2020-02-17 00:00:00", "R8b", "NOT_IN_FORCE"),
    ],
)
def test_late_shipping_at_1688_is_weighed_until_the_end_of_16_february(order_at: str, row: str, code: str) -> None:
    decision = at_1688("shipping", order_at)
    assert (decision.row, decision.code) == (row, code)


@pytest.mark.parametrize(("service", "code"), [(24, "DISCRETIONARY"), (72, "DISCRETIONARY"), (0, "NOT_COVERED")])
def test_only_merchants_in_the_shipping_service_are_weighed(service: int, code: str) -> None:
    assert at_1688("late_shipping", "2020-02-01 12:00", service).code == code


@pytest.mark.parametrize("topic", ["response", "return", "dispute"])
@pytest.mark.parametrize(
    ("order_at", "row", "code"),
    [
        ("2020-01-18 23:59:59", "R8b", "NOT_IN_FORCE"),
        ("2020-01-19 00:00:00", "R2", "RELAXED"),
        ("2020-02-09 23:59:59", "R2", "RELAXED"),
        ("2020-02-10 00:00:00", "R3", "NOT_COVERED"),
        ("2020-02-16 23:59:59", "R3", "NOT_COVERED"),
        ("2020-02-17 00:00:00", "R8b", "NOT_IN_FORCE"),
    ],
)
def test_after_sale_limits_at_1688_are_looser_until_the_end_of_9_february(
    topic: str, order_at: str, row: str, code: str
) -> None:
    decision = at_1688(topic, order_at)
    assert (decision.row, decision.code) == (row, code)


@pytest.mark.parametrize(
    ("shown", "code"),
    [
        ("2020-02-10 23:59:59", "NOT_IN_FORCE"),
        ("2020-02-11 00:00:00", "RELAXED"),
        ("2020-03-01 08:59:59", "RELAXED"),
        ("2020-03-01 09:00:00", "NOT_IN_FORCE"),
    ],
)
def test_the_better_medal_is_shown_until_nine_on_1_march(shown: str, code: str) -> None:
    assert decide("DT-26", {"topic": "medal", "event_at": instant(shown)}, platform="1688").code == code


@pytest.mark.parametrize("indicator", INDICATORS)
def test_five_indicators_of_april_2022_are_exempt_in_affected_regions(indicator: str) -> None:
    decision = at_jd(topic="metric", metric_month="2022-04", indicator=indicator)
    assert (decision.row, decision.code) == ("R5", "EXEMPT")


@pytest.mark.parametrize(
    ("month", "affected", "indicator", "row"),
    [
        ("2022-04", True, "退货率", "R5b"),
        ("2022-04", False, "延迟发货率", "R7a"),
        ("2022-05", True, "延迟发货率", "R7a"),
        ("2022-03", True, "延迟发货率", "R7a"),
        ("2026-10", True, "延迟发货率", "R7a"),
    ],
)
def test_other_months_regions_and_indicators_are_not_exempt(
    month: str, affected: bool, indicator: str, row: str
) -> None:
    decision = at_jd(topic="metric", metric_month=month, indicator=indicator, merchant_region_affected=affected)
    assert (decision.row, decision.code) == (row, "NOT_EXEMPT")


@pytest.mark.parametrize(
    ("order_at", "affected", "row", "code"),
    [
        ("2022-02-28 23:59:59", True, "R8c", "NOT_IN_FORCE"),
        ("2022-04-15 12:00", True, "R6", "HUMAN"),
        ("2022-04-15 12:00", False, "R7b", "NOT_EXEMPT"),
        ("2022-12-31 23:59:59", True, "R6", "HUMAN"),
        ("2023-01-01 00:00:00", True, "R8c", "NOT_IN_FORCE"),
    ],
)
def test_a_measure_without_a_stated_end_goes_to_a_person(order_at: str, affected: bool, row: str, code: str) -> None:
    decision = at_jd(topic="late_shipping", order_at=instant(order_at), merchant_region_affected=affected)
    assert (decision.row, decision.code) == (row, code)


@pytest.mark.parametrize("platform", ["taobao", "tmall", "jd", "1688", "douyin"])
@pytest.mark.parametrize("topic", ["shipping", "late_shipping", "response", "return", "dispute"])
def test_nothing_of_it_holds_for_an_order_of_today(platform: str, topic: str) -> None:
    decision = decide("DT-26", {"topic": topic, "order_at": TODAY}, platform=platform)
    assert decision.code == "NOT_IN_FORCE"


def test_the_region_is_asked_for_only_where_it_matters() -> None:
    asked = decide("DT-26", {"topic": "shipping", "order_at": instant("2022-04-15 12:00")}, platform="jd")
    assert asked.code == "ASK(merchant_region_affected)"


@given(days=st.integers(0, 4000), topic=st.sampled_from(["shipping", "return"]))
def test_relief_is_given_on_no_day_outside_the_two_announced_windows(days: int, topic: str) -> None:
    order_at = instant("2018-01-01 12:00") + timedelta(days=days)
    decision = decide("DT-26", {"topic": topic, "order_at": order_at, "ship_service_h": 24}, platform="1688")
    last = instant("2020-02-17 00:00") if topic == "shipping" else instant("2020-02-10 00:00")
    relieved = instant("2020-01-19 00:00") <= order_at < last
    assert (decision.code in {"DISCRETIONARY", "RELAXED"}) is relieved
