from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.skills.price import PriceAdvice, PriceRequest, advise
from tests.assistant.demo_shop import NOW, demo_catalogue


def price(*items: tuple[str, int], **fields: Any) -> PriceAdvice:
    return advise(PriceRequest(fields.pop("now", NOW), items, **fields), demo_catalogue())


def test_the_sum_is_shown_line_by_line_and_exact() -> None:
    advice = price(("tee-cotton-white-m", 2), region="新疆")
    assert advice.total == 7900 * 2 - 3950 + 1500
    assert advice.text("zh").splitlines()[:4] == [
        "到手价 ¥133.50，算法如下：",
        "- 新疆长绒棉T恤 白色/M：¥79.00 × 2 = ¥158.00",
        "- 第二件半价：-¥39.50",
        "- 运费（新疆）：¥15.00",
    ]
    assert "¥133.50" in advice.text("en")


def test_of_two_reductions_of_one_kind_only_the_better_counts() -> None:
    advice = price(("coat-wool-camel-m", 1), ("tee-cotton-white-m", 1))
    assert advice.deal
    assert [r.promotion.id for r in advice.deal.reductions] == ["full-600-80"]
    assert advice.total == 59900 + 7900 - 8000


def test_a_member_pays_the_member_price_and_may_use_the_member_coupon() -> None:
    stranger, member = price(("earbuds-air-white", 2)), price(("earbuds-air-white", 2), buyer=frozenset({"member"}))
    assert stranger.total == 19900 * 2 - 3000
    assert member.total == 17900 * 2 - 3000 - 2000
    assert "会员券" in stranger.text("zh")


def test_a_promotion_that_has_ended_is_neither_counted_nor_named() -> None:
    assert "autumn-ended" not in {p.id for p in price().offers}
    assert price(("coat-wool-camel-m", 1), now=NOW + timedelta(days=60)).total == 59900


def test_without_an_item_the_running_promotions_are_listed_with_their_end() -> None:
    advice = price(product_id="tee-cotton")
    assert advice.outcome == "offers"
    assert {"second-half", "full-300-30"} <= {p.id for p in advice.offers}
    assert "coupon-pets-15" not in {p.id for p in advice.offers}
    assert "12月1日 24:00" in advice.text("zh")
    assert price(now=NOW + timedelta(days=90)).outcome == "no_offers"


@pytest.mark.parametrize("item", [("nothing", 1), ("tee-cotton-white-m", 0)])
def test_an_unknown_item_or_quantity_is_asked_for(item: tuple[str, int]) -> None:
    assert price(item).outcome == "ask"


@given(st.sampled_from([v.sku for p in demo_catalogue().products for v in p.variants]), st.integers(1, 9))
def test_no_basket_costs_more_than_its_list_price_and_freight(sku: str, qty: int) -> None:
    variant = demo_catalogue().variant(sku)
    advice = price((sku, qty), region="上海")
    assert variant and advice.total is not None and advice.freight is not None  # noqa: PT018
    assert 0 < advice.total <= variant.price * qty + advice.freight
