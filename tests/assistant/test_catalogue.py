from datetime import timedelta
from typing import Any

import pytest

from assistant.catalogue import Catalogue
from knowledge.errors import XiaoerError
from tests.assistant.demo_shop import NOW, demo_catalogue


def rows(**changes: Any) -> dict[str, Any]:
    product: dict[str, Any] = {
        "name": {"zh": "杯子", "en": "Cup"},
        "category": "home",
        "variants": [{"sku": "cup-1", "price": 1000, "stock": 3}],
        **changes,
    }
    return {"categories": {"home": {"zh": "家居", "en": "Home"}}, "products": {"cup": product}}


@pytest.mark.parametrize(
    ("said", "first"),
    [
        ("羊毛大衣", "coat-wool"), ("蓝牙耳机", "earbuds-air"), ("降噪耳机pro", "earbuds-pro"),
        ("猫粮有货吗", "cat-food"),
        ("空气炸锅", "airfryer-5l"), ("running shoes", "sneaker-run"), ("cashmere sweater", "knit-cashmere"),
        ("戒指可以刻字吗", "ring-silver"), ("cherry-box-1kg", "cherry-box"), ("藍牙耳機", "earbuds-air"),
    ],
)  # fmt: skip
def test_products_are_found_by_the_words_of_both_languages(said: str, first: str) -> None:
    assert demo_catalogue().find(said)[0].product.id == first


@pytest.mark.parametrize("said", ["你好", "", "!?", "hello there"])
def test_words_of_no_product_find_nothing(said: str) -> None:
    assert demo_catalogue().find(said) == []


def test_a_search_can_be_held_to_a_category_and_a_platform() -> None:
    catalogue = demo_catalogue()
    assert {f.product.category for f in catalogue.find("送妈妈", category="cosmetics")} == {"cosmetics"}
    assert "watch-fit" in [f.product.id for f in catalogue.find("智能手表", platform="jd")]
    assert "watch-fit" not in [f.product.id for f in catalogue.find("智能手表", platform="taobao")]


def test_variants_are_picked_by_the_options_that_are_named() -> None:
    catalogue = demo_catalogue()
    coat = catalogue.product("coat-wool")
    assert coat
    assert [v.sku for v in catalogue.variants_in("驼色L码还有吗", coat)] == ["coat-wool-camel-l"]
    assert [v.sku for v in catalogue.variants_in("Is the black M in stock?", coat)] == ["coat-wool-black-m"]
    assert len(catalogue.variants_in("有货吗", coat)) == len(coat.variants)


def test_the_price_is_that_of_the_instant_and_a_change_counts_from_its_minute() -> None:
    catalogue = demo_catalogue()
    change = NOW.replace(hour=0, minute=0) - timedelta(days=2)
    before = catalogue.price_at("coat-wool-camel-m", change - timedelta(minutes=1))
    after = catalogue.price_at("coat-wool-camel-m", change)
    assert before and after  # noqa: PT018
    assert (before.price, after.price) == (69900, 59900)
    assert catalogue.price_at("coat-wool-camel-m", NOW - timedelta(days=400)) is None
    assert catalogue.price_at("nothing", NOW) is None


def test_variants_show_the_ordinary_price_as_of_now() -> None:
    variant = demo_catalogue().variant("coat-wool-camel-m")
    assert variant
    assert variant.price == 59900
    earlier = demo_catalogue().variant("earbuds-air-white")
    assert earlier
    assert earlier.price == 19900


def test_a_conditional_price_is_only_for_who_meets_the_condition() -> None:
    catalogue = demo_catalogue()
    ordinary = catalogue.price_now("earbuds-air-white", NOW)
    member = catalogue.price_at("earbuds-air-white", NOW, buyer=frozenset({"member"}))
    assert ordinary and member  # noqa: PT018
    assert (ordinary.price, member.price) == (19900, 17900)


def test_price_protection_compares_with_the_ordinary_price_first() -> None:
    data = rows(
        price_history=[
            {"at": "-5d", "sku": "cup-1", "price": 900},
            {"at": "-2d", "sku": "cup-1", "price": 700, "condition": "member"},
        ]
    )
    catalogue = Catalogue.from_data(data, NOW)
    dropped = catalogue.price_against("cup-1", 1000, NOW)
    only_member = catalogue.price_against("cup-1", 900, NOW)
    lower_than_all = catalogue.price_against("cup-1", 500, NOW)
    assert dropped and only_member and lower_than_all  # noqa: PT018
    assert (dropped.price, dropped.condition) == (900, "anyone")
    assert (only_member.price, only_member.condition) == (700, "member")
    assert (lower_than_all.price, lower_than_all.condition) == (900, "anyone")


def test_the_lowest_price_of_thirty_days_knows_the_price_at_their_beginning() -> None:
    data = rows(
        price_history=[{"at": "-40d", "sku": "cup-1", "price": 800}, {"at": "-10d", "sku": "cup-1", "price": 950}]
    )
    catalogue = Catalogue.from_data(data, NOW)
    assert catalogue.lowest_price("cup-1", NOW) == 800
    assert catalogue.lowest_price("cup-1", NOW, days=5) == 950
    assert catalogue.lowest_price("nothing", NOW) is None


def test_stock_and_words_are_looked_up_and_unknown_ones_do_not_fail() -> None:
    catalogue = demo_catalogue()
    assert catalogue.stock("coat-wool-camel-l") == catalogue.stock("nothing") == 0
    assert catalogue.options_in({"颜色": "驼色", "尺码": "M"}, "en") == "camel/M"
    assert catalogue.options_in({"颜色": "驼色", "尺码": "M"}, "zh") == "驼色/M"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"category": "cars"}, "product `cup`: there is no category `cars`"),
        ({"colour": "red"}, "product `cup`: `colour`"),
        ({"variants": []}, "product `cup`: a variant needs"),
        ({"variants": [{"sku": "cup-1", "price": 0}]}, "a variant needs a price above 0"),
        ({"variants": [{"sku": "c", "price": 1}, {"sku": "c", "price": 1}]}, "The sku c stands twice"),
        ({"price_history": [{"at": "-1d", "sku": "x", "price": 1}]}, "price_history names"),
        ({"listed": "long ago"}, "product `cup`: `long ago` is not an instant"),
        ({"name": {"zh": "杯子"}}, "product `cup`: `name.en`"),
    ],
)
def test_a_bad_product_is_named_with_its_field(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(XiaoerError, match=message):
        Catalogue.from_data(rows(**changes), NOW)


def test_a_promotion_for_a_product_that_is_not_sold_is_an_error() -> None:
    promotion = {"kind": "coupon", "name": {"zh": "券", "en": "c"}, "start": "-1d", "end": "+1d", "products": ["hat"]}
    with pytest.raises(XiaoerError, match="promotion `p` names"):
        Catalogue.from_data(rows(), NOW, shop={"promotions": {"p": promotion}})
    with pytest.raises(XiaoerError, match="ends before it starts"):
        Catalogue.from_data(rows(), NOW, shop={"promotions": {"p": promotion | {"products": [], "end": "-1d"}}})
