from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.promotions import BasketLine, Condition, Deal, Promotion, best_deal, reduction_of
from assistant.shop import Text
from tests.assistant.demo_shop import NOW

NAME = Text(zh="活动", en="deal")


def promotion(key: str, kind: str = "full_reduction", **fields: object) -> Promotion:
    window = {"start": NOW - timedelta(days=1), "end": NOW + timedelta(days=1)}
    return Promotion.model_validate({"id": key, "kind": kind, "name": NAME, **window, **fields})


def line(sku: str = "a", unit: int = 10000, qty: int = 1, category: str = "home") -> BasketLine:
    return BasketLine(sku, sku.partition("-")[0], category, unit, qty)


FULL = promotion("full", over=30000, off=3000)


@pytest.mark.parametrize(("unit", "off"), [(29999, 0), (30000, 3000), (30001, 3000)])
def test_a_full_reduction_counts_from_its_threshold_on(unit: int, off: int) -> None:
    assert reduction_of(FULL, [line(unit=unit)]) == off


def test_every_second_piece_of_the_same_product_is_half_price() -> None:
    half = promotion("half", "second_half_price")
    assert reduction_of(half, [line(unit=7900, qty=1)]) == 0
    assert reduction_of(half, [line(unit=7900, qty=2)]) == 3950
    assert reduction_of(half, [line(unit=7900, qty=3)]) == 3950
    assert reduction_of(half, [line("a", 7900), line("b", 7900)]) == 0


def test_of_a_pair_the_cheaper_piece_is_halved_and_half_a_fen_is_kept() -> None:
    half = promotion("half", "second_half_price")
    assert reduction_of(half, [line("a-1", 9000), line("a-2", 7001)]) == 3500


def test_of_one_layer_only_the_better_promotion_counts() -> None:
    better = promotion("better", over=60000, off=8000)
    deal = best_deal([line(unit=60000)], [FULL, better], at=NOW)
    assert [r.promotion.id for r in deal.reductions] == ["better"]
    assert deal.total == 52000


def test_a_coupon_comes_on_top_and_its_threshold_is_met_after_the_shop_layer() -> None:
    met = promotion("coupon", "coupon", over=27000, off=2000)
    missed = promotion("coupon", "coupon", over=27001, off=2000)
    assert best_deal([line(unit=30000)], [FULL, met], at=NOW).total == 25000
    assert best_deal([line(unit=30000)], [FULL, missed], at=NOW).total == 27000


def test_a_coupon_for_one_category_bears_only_its_share_of_the_shop_reduction() -> None:
    coupon = promotion("pets", "coupon", over=13500, off=1000, categories=["pets"])
    basket = [line("cat", 15000, category="pets"), line("mug", 15000)]
    assert best_deal(basket, [FULL, coupon], at=NOW).total == 26000


def test_a_promotion_that_stands_alone_combines_with_nothing() -> None:
    alone = promotion("alone", "coupon", over=0, off=2500, alone=True)
    deal = best_deal([line(unit=30000)], [FULL, alone], at=NOW)
    assert [r.promotion.id for r in deal.reductions] == ["full"]


def test_of_equal_totals_the_one_with_fewer_promotions_counts() -> None:
    pair = [promotion("a", off=1500), promotion("b", "coupon", off=1000)]
    alone = promotion("z", "coupon", off=2500, alone=True)
    assert [r.promotion.id for r in best_deal([line()], [*pair, alone], at=NOW).reductions] == ["z"]


def test_a_condition_the_buyer_is_not_known_to_meet_is_named_but_not_counted() -> None:
    member = promotion("member", "coupon", over=0, off=2000, condition="member")
    stranger = best_deal([line()], [member], at=NOW)
    assert (stranger.total, [p.id for p in stranger.missed]) == (10000, ["member"])
    assert best_deal([line()], [member], at=NOW, buyer=frozenset({"member"})).total == 8000


def test_the_end_of_a_window_is_exclusive_and_its_start_inclusive() -> None:
    assert best_deal([line(unit=30000)], [FULL], at=FULL.start).total == 27000
    assert best_deal([line(unit=30000)], [FULL], at=FULL.end).total == 30000


lines = st.lists(
    st.builds(
        BasketLine,
        sku=st.sampled_from(["a-1", "a-2", "b-1", "c-1"]),
        product_id=st.sampled_from(["a", "b", "c"]),
        category=st.sampled_from(["home", "pets"]),
        unit=st.integers(1, 90000),
        qty=st.integers(1, 4),
    ),
    min_size=1,
    max_size=4,
)
conditions: st.SearchStrategy[Condition] = st.sampled_from(["anyone", "member", "new_user"])
promotions = st.lists(
    st.builds(
        promotion,
        st.uuids().map(str),
        st.sampled_from(["full_reduction", "second_half_price", "coupon"]),
        over=st.integers(0, 60000),
        off=st.integers(0, 90000),
        condition=conditions,
        products=st.lists(st.sampled_from(["a", "b"]), max_size=1),
        categories=st.lists(st.sampled_from(["home", "pets"]), max_size=1),
        alone=st.booleans(),
    ),
    max_size=4,
)


@given(lines, promotions)
def test_a_total_is_never_negative_and_never_above_the_list_price(
    basket: list[BasketLine], offers: list[Promotion]
) -> None:
    deal = best_deal(basket, offers, at=NOW, buyer=frozenset({"member"}))
    assert 0 <= deal.total <= deal.goods == sum(each.amount for each in basket)


@given(lines, promotions)
def test_no_stacking_rule_is_broken(basket: list[BasketLine], offers: list[Promotion]) -> None:
    used = [r.promotion for r in best_deal(basket, offers, at=NOW).reductions]
    assert len({p.layer for p in used}) == len(used)
    assert len(used) == 1 or not any(p.alone for p in used)
    assert all(p.condition == "anyone" for p in used)


@settings(max_examples=40)
@given(lines, promotions)
def test_the_order_of_lines_and_promotions_does_not_matter(basket: list[BasketLine], offers: list[Promotion]) -> None:
    expected: Deal = best_deal(basket, offers, at=NOW)
    for shuffled in list(permutations(basket))[:6]:
        assert best_deal(shuffled, list(reversed(offers)), at=NOW) == expected


@given(lines, promotions)
def test_one_more_promotion_never_makes_the_basket_dearer(basket: list[BasketLine], offers: list[Promotion]) -> None:
    without = best_deal(basket, offers[1:], at=NOW).total
    assert best_deal(basket, offers, at=NOW).total <= without
