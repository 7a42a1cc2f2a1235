"""Words name the customer's own goods by what speaks of them, in either language."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.naming import (
    _found,
    further_orders,
    goods_in,
    goods_of_others,
    mention,
    named_lines,
    named_orders,
    standing_where,
    with_case,
)
from assistant.shop import Order
from assistant.turn import Assistant
from knowledge.text import fold


async def orders_of(assistant: Assistant, customer: str) -> dict[str, Order]:
    return {order.order_id[-4:]: order for order in await assistant.engine.shop.orders(customer)}


@pytest.mark.parametrize(
    ("customer", "words", "tails"),
    [
        ("c03", "T恤那个想退", {"1056"}),
        ("c03", "the jeans", {"3788"}),
        ("c08", "裙子的退款", {"6247"}),
        ("c11", "刻字戒指不想要了", {"0157"}),
        ("c02", "retrun my swaeter", {"0610"}),
        ("c20", "毛巾", {"1997", "8521"}),
        ("c20", "空气炸锅那单", {"1997"}),
        ("c03", "我想退货", set[str]()),
        ("c03", "s", set[str]()),
    ],
)
async def test_an_order_is_named_by_its_goods(assistant: Assistant, customer: str, words: str, tails: set[str]) -> None:
    own = await orders_of(assistant, customer)
    named = named_orders(words, list(own.values()), assistant.engine.catalogue)
    assert {order.order_id[-4:] for order in named} == tails


async def test_the_nearer_of_two_like_things_is_named(assistant: Assistant) -> None:
    earbuds = (await orders_of(assistant, "c17"))["4783"].lines[0]
    over_ear = (await orders_of(assistant, "c31"))["7504"].lines[0]
    of = assistant.engine.catalogue
    assert mention("降噪耳机pro", earbuds, of).score >= mention("耳机", earbuds, of).score
    assert mention("头戴耳机", over_ear, of).score > mention("头戴耳机", earbuds, of).score


async def test_a_second_order_counts_when_words_of_its_own_name_it(assistant: Assistant) -> None:
    own = await orders_of(assistant, "c04")
    both, of = list(own.values()), assistant.engine.catalogue
    assert further_orders("毛巾和蚕丝被都取消", own["8306"], both, of) == [own["0335"]]
    assert further_orders("蚕丝被取消", own["8306"], both, of) == []


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("空气炸锅那单里的毛巾掉色", ["毛巾"]),
        ("the towels from my air fryer order bleed colour", ["毛巾"]),
        ("退毛巾，空气炸锅留着", ["毛巾"]),
        ("return the towels but keep the fryer", ["毛巾"]),
        ("毛巾和空气炸锅都有问题", ["空气炸锅", "毛巾"]),
        ("想退货", []),
    ],
)
async def test_lines_are_those_complained_of_not_those_kept(assistant: Assistant, words: str, names: list[str]) -> None:
    order = (await orders_of(assistant, "c20"))["1997"]
    lines = named_lines(words, order, assistant.engine.catalogue)
    assert len(lines) == len(names)
    assert all(any(name in line.name.zh for name in names) for line in lines)


@given(words=st.text(max_size=60))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_places_lie_in_the_words(assistant: Assistant, words: str) -> None:
    assert all(0 <= place < len(words) for place in goods_in(words, assistant.engine.catalogue))


@pytest.mark.parametrize(
    ("customer", "words", "tails"),
    [
        ("c13", "显示签收了但我没收到", {"1075"}),
        ("c13", "it says delivered but I have nothing", {"1075"}),
        ("c13", "还没签收的那个", set[str]()),
        ("c14", "快递把我的东西弄丢了", {"6215"}),
        ("c13", "我没收到", set[str]()),
    ],
)
async def test_an_order_is_named_by_where_it_stands(
    assistant: Assistant, customer: str, words: str, tails: set[str]
) -> None:
    own = await orders_of(assistant, customer)
    assert {order.order_id[-4:] for order in standing_where(words, list(own.values()))} == tails


@pytest.mark.parametrize(
    ("customer", "words", "goods"),
    [
        ("c02", "我买的手表想退", "手表"),
        ("c12", "return the jacket please", "jacket"),
        ("c01", "衣服想退", None),  # the coat is clothing, whatever it is called
        ("c01", "我想退货", None),
    ],
)
async def test_goods_of_a_kind_nobody_ordered_are_noticed(
    assistant: Assistant, customer: str, words: str, goods: str | None
) -> None:
    own = await orders_of(assistant, customer)
    assert goods_of_others(words, list(own.values()), assistant.engine.catalogue) == goods


@pytest.mark.parametrize(
    ("words", "tails"), [("维修的那单好了吗", {"5341"}), ("换货那单", set[str]()), ("我的订单", set[str]())]
)
async def test_an_order_is_named_by_its_open_case(assistant: Assistant, words: str, tails: set[str]) -> None:
    own = await orders_of(assistant, "c17")
    assert {order.order_id[-4:] for order in with_case(words, list(own.values()))} == tails


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_goods_are_found_wherever_one_of_their_words_is(assistant: Assistant, data: st.DataObject) -> None:
    catalogue = assistant.engine.catalogue
    pieces = st.sampled_from([*sorted(catalogue.goods_words), "swaeter", "想退", "my ", " and ", "s", "es", "的", "-"])
    said = fold("".join(data.draw(st.lists(pieces, max_size=5))))
    one_by_one = {p for term in catalogue.goods_words for start, end in _found(term, said) for p in range(start, end)}
    assert goods_in(said, catalogue) == one_by_one
