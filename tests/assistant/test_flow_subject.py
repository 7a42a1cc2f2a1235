"""Which order and which line is meant. Words choose among the customer's own orders; they never make one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.flow_subject import ordinal
from tests.assistant.conftest import Talking

TSHIRT, JEANS = "474459659847151056", "407668057472073788"


@pytest.mark.parametrize(
    ("text", "order"),
    [(TSHIRT, TSHIRT), ("尾号3788那单", JEANS), ("第二个", JEANS), ("第一个", TSHIRT), ("最后一个", JEANS),
     ("牛仔裤", JEANS)],
)  # fmt: skip
async def test_an_order_is_picked_by_number_tail_place_or_product(talking: Talking, text: str, order: str) -> None:
    talk = await talking("c03")
    await talk.say("我想退货")
    assert talk.buttons == [TSHIRT, JEANS]
    await talk.say(text)
    assert (await talk.state()).order_id == order


@pytest.mark.parametrize(("text", "order"), [("the second one", JEANS), ("the jeans", JEANS), ("first", TSHIRT)])
async def test_an_order_is_picked_in_english_too(talking: Talking, text: str, order: str) -> None:
    talk = await talking("c03", "en")
    await talk.say("I want to return something")
    await talk.say(text)
    assert (await talk.state()).order_id == order


async def test_the_only_order_that_fits_is_not_asked_for(talking: Talking) -> None:
    talk = await talking("c06")
    await talk.say("帮我取消订单")
    assert talk.proposed == ["cancel_refund"]


async def test_a_button_of_the_order_card_names_its_order(talking: Talking) -> None:
    talk = await talking("c03")
    await talk.say("我想退货", order_id=JEANS)
    assert (await talk.state()).order_id == JEANS


@pytest.mark.parametrize("how", ["words", "field"])
async def test_somebody_elses_order_is_neither_shown_nor_confirmed(talking: Talking, how: str) -> None:
    talk = await talking("c01")
    foreign = "499069892900400610"
    if how == "words":
        await talk.say(f"{foreign} 我要退货")
    else:
        await talk.say("我要退货", order_id=foreign)
    absent = await talking("c01")
    await absent.say("499069892900400611 我要退货")
    assert talk.decided == ["DT-23 REFUSE_DISCLOSE"]
    assert talk.said.startswith(talk.fixed("not_your_order"))
    assert (talk.said, talk.cited) == (absent.said, absent.cited)
    assert talk.proposals == []


async def test_a_visitor_is_asked_to_sign_in(talking: Talking) -> None:
    talk = await talking(None)
    await talk.say("我要取消订单")
    assert talk.fixed("sign_in") in talk.said
    assert talk.proposals == []


async def test_a_customer_without_orders_is_told_so(talking: Talking) -> None:
    talk = await talking("c33")
    await talk.say("我要取消订单")
    assert talk.fixed("no_orders") in talk.said


async def test_an_order_in_no_state_for_it_is_said_to_be_in_its_state(talking: Talking) -> None:
    talk = await talking("c06")
    await talk.say("收到的鞋子开胶了，质量有问题", order_id=(await talk.orders())[0].order_id)
    assert talk.proposed == []
    assert "待发货" in talk.said
    assert "取消订单" in talk.buttons


async def test_one_line_of_two_is_returned_alone(talking: Talking) -> None:
    talk = await talking("c20")
    await talk.say("毛巾想退，没拆封", order_id="467381016730121997")
    assert talk.proposed == ["return_refund"]
    kept = await talk.assistant.permits.find(talk.proposals[0].proposal_id)
    order = await talk.order("467381016730121997")
    assert len(order.lines) == 2
    assert len(kept.proposal.action.args["line_ids"]) == 1


@given(st.text(max_size=30))
def test_any_words_name_a_place_or_none(text: str) -> None:
    assert ordinal(text) in {None, -1, 0, 1, 2, 3, 4}
