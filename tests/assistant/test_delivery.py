from datetime import timedelta

import pytest

from assistant.delivery import Delivery
from tests.assistant.demo_shop import NOW, demo_catalogue


def delivery() -> Delivery:
    found = demo_catalogue().delivery
    assert found
    return found


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("新疆包邮吗", "新疆"),
        ("到乌鲁木齐几天", "新疆"),
        ("How long to Urumqi?", "新疆"),
        ("寄上海", "上海"),
        ("內蒙古", "内蒙古"),
    ],
)
def test_a_region_is_known_by_province_or_city_in_both_languages(text: str, name: str) -> None:
    region = delivery().region(text)
    assert region
    assert region.name.zh == name


def test_an_unknown_place_is_no_region() -> None:
    assert delivery().region("火星") is None
    assert delivery().region("") is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("外套能寄到日本吗", "addresses outside mainland China"),
        ("能发国外么", "addresses outside mainland China"),
        ("Do you ship to the US?", "addresses outside mainland China"),
        ("can you deliver overseas", "addresses outside mainland China"),
        ("do you deliver to Hong Kong", "Hong Kong"),
        ("日本进口的面霜还有吗", None),
        ("这款德国净水器多少钱", None),
        ("Is the cream from Japan?", None),
        ("什么时候发货", None),
    ],
)
def test_where_to_send_is_told_from_where_goods_are_from(text: str, name: str | None) -> None:
    region = delivery().destination(text)
    assert (region.name.en if region else None) == name


def test_a_surcharge_is_due_even_where_freight_is_free() -> None:
    terms = delivery()
    region = terms.region("新疆")
    assert region
    assert terms.fee(region, 100000, freight_free=True) == region.surcharge
    assert terms.fee(region, terms.free_over - 1, freight_free=False) == region.surcharge + region.fee
    assert terms.fee(region, terms.free_over, freight_free=False) == region.surcharge


def test_arrival_counts_days_from_the_latest_shipping_day() -> None:
    terms = delivery()
    region = terms.region("上海")
    assert region
    first, last = terms.arrival(region, NOW + timedelta(hours=48))
    assert (first.isoformat(), last.isoformat()) == ("2026-11-25T00:00:00+08:00", "2026-11-26T00:00:00+08:00")
