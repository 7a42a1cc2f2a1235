"""What customers say of a case that is open: it counts beside such a case, and nowhere else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from assistant.conversation import Said
from assistant.errors import EffectRefused
from assistant.order_facts import ticket_data
from assistant.orders import apply, change_ticket, open_tickets
from assistant.shop import Action, Order
from assistant.store.sql_shop import SqlShop
from assistant.ticket_words import step_in, waybill_in
from tests.assistant.conftest import Talking
from tests.assistant.talk import NOW, Talk

RETURNING = {
    "zh": ("我想退外套", "试过，吊牌都在", "确认"),
    "en": ("I want to return the coat", "tried on, tags on", "yes"),
}


async def with_a_return(talking: Talking, lang: str = "zh") -> Talk:
    """A talk in which a return was just agreed to."""
    talk = await talking("c01", "en" if lang == "en" else "zh")
    for words in RETURNING[lang]:
        await talk.say(words)
    assert talk.acted == ["return_refund done"]
    return talk


@pytest.mark.parametrize(
    "text",
    ["把退货申请撤掉吧", "退货申请帮我撤销", "我要取消退款申请", "换货不要了", "投诉撤销吧", "退貨申請幫我撤銷",
     "不退了", "算了我不想退了，不用退了吧", "还是留着吧",
     "please withdraw my return", "cancel my exchange request", "drop the complaint", "I'll keep it after all",
     "I no longer want to return it"],
)  # fmt: skip
def test_words_that_take_a_request_back(text: str) -> None:
    assert step_in(text) == "ticket_withdraw"


@pytest.mark.parametrize(
    "text",
    ["取消订单退款", "算了我不等了，取消退款", "申请退款取消订单", "取消了给我退款",
     "取消这单然后退款", "撤销退货后还能再申请吗", "不要撤销退货",
     "怎么还不退款", "什么时候给我退", "你们不退我就投诉", "可以退货吗",
     "cancel my order and refund me", "cancel it for a full refund",
     "don't withdraw my return", "can I return it", "where is my refund"],
)  # fmt: skip
def test_words_that_only_sound_like_it(text: str) -> None:
    assert step_in(text) is None


@pytest.mark.parametrize(
    ("text", "flow"),
    [("已经寄回去了，单号SF1234567890", "ticket_ship_return"), ("退货单号是75312345678901", "ticket_ship_return"),
     ("都寄了", "ticket_ship_return"), ("I've sent it back, YT8812345678901", "ticket_ship_return"),
     ("你们发货了吗", None), ("退货单号在哪里填", None), ("还没寄回去", None), ("where do I send it", None),
     ("我的补发进度怎么样了", "ticket_status"), ("what is the status of my case", "ticket_status"),
     ("退款多久到账", None),
     ("我要申诉", "ticket_appeal"), ("平台判得不对，我不服", "ticket_appeal"), ("I'd like to appeal", "ticket_appeal"),
     ("我不想申诉了", None), ("申诉要多久出结果", None),
     ("同意这个方案", "ticket_accept_offer"), ("I accept the offer", "ticket_accept_offer"),
     ("不接受你们的方案", "ticket_decline_offer"), ("I don't accept that offer", "ticket_decline_offer")],
)  # fmt: skip
def test_other_steps_a_customer_may_take(text: str, flow: str | None) -> None:
    assert step_in(text) == flow


@pytest.mark.parametrize(
    ("text", "number"),
    [("单号 123456789", None), ("单号 1234567890", "1234567890"), ("顺丰sf1234567890123", "SF1234567890123"),
     ("YT-8812345678901", "YT-8812345678901"), ("1" * 18, "1" * 18), ("1" * 19, None)],
)  # fmt: skip
def test_a_parcels_number_has_ten_to_eighteen_digits(text: str, number: str | None) -> None:
    assert waybill_in(text) == number


@pytest.mark.parametrize(
    ("lang", "words", "yes"), [("zh", "我不退了，把退货申请撤掉吧", "是的"), ("en", "please withdraw my return", "yes")]
)
async def test_a_return_is_taken_back_after_a_yes(talking: Talking, lang: str, words: str, yes: str) -> None:
    talk = await with_a_return(talking, lang)
    await talk.say(words)
    assert talk.proposed == ["withdraw"]
    await talk.say(yes)
    assert talk.acted == ["withdraw done"]
    (ticket,) = (await order_of(talk)).tickets
    assert ticket.state == "WITHDRAWN"


@pytest.mark.parametrize(
    ("lang", "words", "told"),
    [
        ("zh", "我的补发进度怎么样了", "没有进行中的售后申请"),
        ("zh", "把退货申请撤掉吧", "没有进行中的售后申请"),
        ("en", "please cancel my return request", "no after-sale request"),
    ],
)
async def test_who_has_no_open_case_is_told_so(talking: Talking, lang: str, words: str, told: str) -> None:
    talk = await talking("c01", "en" if lang == "en" else "zh")
    await talk.say(words)
    assert talk.proposed == []
    assert told in talk.said


@pytest.mark.parametrize(
    ("lang", "words"), [("zh", "我的售后申请现在什么状态"), ("en", "what is the status of my case")]
)
async def test_who_asks_after_their_case_is_told_where_it_stands(talking: Talking, lang: str, words: str) -> None:
    talk = await with_a_return(talking, lang)
    await talk.say(words)
    assert [card.kind for said in talk.last(Said) for card in said.cards] == ["case"]
    assert talk.proposed == []


async def test_without_an_open_case_a_bare_refusal_is_about_something_else(talking: Talking) -> None:
    talk = await talking("c01")
    await talk.say("不退了")
    assert talk.proposed == []
    assert "撤销" not in talk.said


@pytest.mark.parametrize("yes", ["撤吧", "好的，撤销", "取消申请吧", "确认"])
async def test_naming_the_very_act_agrees_to_it(talking: Talking, yes: str) -> None:
    talk = await with_a_return(talking)
    await talk.say("退货申请帮我撤销")
    await talk.say(yes)
    assert talk.acted == ["withdraw done"]


async def test_while_a_return_is_being_arranged_not_returning_drops_only_that(talking: Talking) -> None:
    talk = await with_a_return(talking)
    await talk.say("帮我给羊毛衫换个L码")
    await talk.say("不换了")
    assert "withdraw" not in talk.proposed


@pytest.mark.parametrize("number", ["SF1234567890123", "75312345678901", "1234567890123"])
async def test_the_number_of_the_parcel_that_goes_back_is_registered(talking: Talking, number: str) -> None:
    talk = await with_a_return(talking)
    await talk.say(f"我已经寄回去了，单号{number}")
    assert talk.proposed == ["ship_return"]
    assert number in talk.said
    await talk.say("是的")
    assert talk.acted == ["ship_return done"]
    (ticket,) = (await order_of(talk)).tickets
    assert (ticket.state, ticket.detail["waybill"]) == ("RETURN_IN_TRANSIT", number)


async def test_who_sent_it_without_a_number_is_asked_for_it(talking: Talking) -> None:
    talk = await with_a_return(talking)
    await talk.say("已经寄出去了")
    assert "单号" in talk.said
    await talk.say("YT8812345678901")
    assert talk.proposed == ["ship_return"]
    assert "YT8812345678901" in talk.said
    assert "收到" in talk.said, "a number is in no language: the talk stays in its own"


@pytest.mark.parametrize(
    ("words", "action", "state"),
    [("同意这个方案", "accept_offer", "CLOSED"), ("不接受这个方案", "decline_offer", "APPROVED_RETURN")],
)
async def test_an_offer_is_taken_or_declined_in_words(talking: Talking, words: str, action: str, state: str) -> None:
    talk = await with_a_return(talking)
    order = await order_of(talk)
    shop, number = shop_of(talk), order.tickets[0].ticket_id
    offer = {"why": "补 30 元，衣服留下"}
    await shop.change_order(
        order.order_id,
        lambda at_hand: change_ticket(at_hand, number, "make_offer", by="agent", who="agent:a", at=NOW, args=offer),
    )
    await talk.say(words)
    assert talk.proposed == [action]
    await talk.say("确认")
    assert talk.acted == [f"{action} done"]
    assert (await order_of(talk)).tickets[0].state == state


def shop_of(talk: Talk) -> SqlShop:
    shop = talk.assistant.engine.shop
    assert isinstance(shop, SqlShop)
    return shop


async def order_of(talk: Talk) -> Order:
    """The order the return is about."""
    return next(order for order in await shop_of(talk).orders("c01") if order.tickets)


@pytest.mark.parametrize(
    ("words", "action", "state"),
    [("我接受这个方案", "accept_offer", "CLOSED"), ("不同意你们的方案", "decline_offer", "PENDING_SELLER")],
)
async def test_an_offer_on_a_case_that_came_from_elsewhere_can_be_answered_as_well(
    talking: Talking, words: str, action: str, state: str
) -> None:
    talk = await talking("c06")
    await talk.say(words)
    assert talk.proposed == [action]
    await talk.button("yes")
    assert talk.acted == [f"{action} done"]
    orders = await shop_of(talk).orders("c06")
    assert [t.state for order in orders for t in order.tickets if t.reason == "猫不爱吃"] == [state]


@pytest.mark.parametrize(
    ("lang", "first", "grounds"),
    [
        ("zh", "我对平台的判定不服，要申诉", "羽绒服到手就跑绒，检测报告可以证明"),
        ("en", "I want to appeal", "It lost feathers from day one, the lab report shows it"),
    ],
)
async def test_an_appeal_asks_for_its_grounds_and_goes_to_the_platform_after_a_yes(
    talking: Talking, lang: str, first: str, grounds: str
) -> None:
    talk = await talking("c20", "en" if lang == "en" else "zh")
    await talk.say(first)
    assert talk.proposed == []
    await talk.say(grounds)
    assert talk.proposed == ["appeal"]
    assert any(term.value == grounds for term in talk.proposals[-1].terms)
    await talk.button("yes")
    assert talk.acted == ["appeal done"]
    (ticket,) = [t for order in await shop_of(talk).orders("c20") for t in order.tickets if t.reason == "跑绒"]
    assert (ticket.state, ticket.history[-1].why) == ("APPEAL", grounds)


async def test_who_gives_the_grounds_at_once_is_not_asked_for_them(talking: Talking) -> None:
    talk = await talking("c20")
    await talk.say("我要申诉，因为检测报告证明是质量问题")
    assert talk.proposed == ["appeal"]


async def test_a_rejection_of_the_shops_own_goes_before_the_platform(talking: Talking) -> None:
    talk = await with_a_return(talking)
    order = await order_of(talk)
    number = order.tickets[0].ticket_id

    def rejected(at_hand: Order) -> Order:
        tickets = tuple(each.model_copy(update={"state": "REJECTED"}) for each in at_hand.tickets)
        return at_hand.model_copy(update={"tickets": tickets})

    await shop_of(talk).change_order(order.order_id, rejected)
    await talk.say("退货被拒了，我不服，要申诉")
    assert talk.proposed == ["platform_dispute"]
    assert talk.proposals[-1].terms[0].value.startswith(number)


@pytest.mark.parametrize(
    ("lang", "wish", "kind"),
    [("zh", "我想改成换货，换个L码", "退货退款"), ("en", "I want to exchange it for a size L", "return and refund")],
)
async def test_the_same_goods_are_not_returned_and_exchanged_at_once(
    talking: Talking, lang: str, wish: str, kind: str
) -> None:
    talk = await with_a_return(talking, lang)
    await talk.say(wish)
    assert kind in talk.said
    assert talk.proposed == ["withdraw"]
    await talk.button("yes")
    await talk.say(wish)
    assert talk.proposed == ["exchange"]


async def test_a_shop_refuses_a_second_case_about_the_same_goods(talking: Talking) -> None:
    talk = await with_a_return(talking)
    order = await order_of(talk)
    exchange = Action(name="exchange", order_id=order.order_id, args={"line_ids": [order.lines[0].line_id]})
    with pytest.raises(EffectRefused, match="same goods"):
        apply(order, exchange, NOW, "S1")
    several = order.model_copy(update={"lines": (order.lines[0].model_copy(update={"qty": 2}),)})
    assert len(apply(several, exchange, NOW, "S1").tickets) == 2, "of two pieces each may go its own way"


async def test_an_offer_is_told_in_its_own_words(talking: Talking) -> None:
    talk = await talking("c06")
    await talk.say("商家给的方案是什么")
    assert "保留商品，退30元" in talk.said
    await talk.say("不接受")
    assert talk.proposed == ["decline_offer"]


async def test_after_the_parcel_was_sent_back_where_it_stands_means_the_case(talking: Talking) -> None:
    talk = await with_a_return(talking)
    await talk.say("我已经寄回去了，单号SF1234567890123")
    await talk.say("确认")
    await talk.say("现在到哪一步了")
    assert [card.kind for said in talk.last(Said) for card in said.cards] == ["case"]


@pytest.mark.parametrize(
    "words", ["毛衣破了个洞，不想换，想退", "毛衣起球了，我不修，就要退货", "不想换，我要取消订单"]
)
async def test_declining_one_remedy_and_asking_for_another_takes_no_case_back(talking: Talking, words: str) -> None:
    talk = await talking("c17")
    assert open_tickets(await talk.order("498121365987475714"))
    await talk.say(words)
    assert "withdraw" not in talk.proposed


@pytest.mark.parametrize(("words", "proposed"), [("那个退货我不退了", ["withdraw"]), ("算了，不修了", [])])
async def test_only_a_case_of_the_kind_that_was_dropped_is_taken_back(
    talking: Talking, words: str, proposed: list[str]
) -> None:
    talk = await talking("c17")
    await talk.say(words)
    assert talk.proposed == proposed


async def test_of_two_open_cases_the_one_that_was_named_is_taken_back(talking: Talking) -> None:
    talk = await with_a_return(talking)
    order = await order_of(talk)
    returned = order.tickets[-1]
    later = returned.model_copy(
        update={"ticket_id": "T-later", "kind": "invoice", "state": "SUBMITTED", "updated_at": NOW, "line_ids": ()}
    )
    await shop_of(talk).change_order(
        order.order_id, lambda known: known.model_copy(update={"tickets": (*known.tickets, later)})
    )
    await talk.say("退货申请帮我撤销")
    await talk.say("确认")
    states = {each.ticket_id: each.state for each in (await order_of(talk)).tickets}
    assert states == {returned.ticket_id: "WITHDRAWN", "T-later": "SUBMITTED"}


async def test_a_case_shows_only_the_steps_that_are_open_at_this_moment(talking: Talking) -> None:
    talk = await talking("c20")
    engine = talk.assistant.engine
    (ticket,) = [t for order in await shop_of(talk).orders("c20") for t in order.tickets if t.reason == "跑绒"]
    assert "appeal" in ticket_data(ticket, engine, "zh")["can"]  # type: ignore[operator]
    talk.clock.advance(timedelta(days=8))
    assert "appeal" not in ticket_data(ticket, engine, "zh")["can"]  # type: ignore[operator]


@pytest.mark.parametrize("words", ["充电宝退货到哪了", "我的退货你们收到没"])
async def test_where_the_goods_that_go_back_are_is_asked_of_the_case(talking: Talking, words: str) -> None:
    talk = await talking("c17")
    await talk.say(words)
    assert [card.kind for said in talk.last(Said) for card in said.cards] == ["case"]


async def test_who_pays_for_an_exchange_is_not_what_holds_for_a_return(talking: Talking) -> None:
    talk = await talking("c01")
    for words in ("外套穿着大了，想换个S", "试过，吊牌都在", "确认", "这单换货运费谁出"):
        await talk.say(words)
    assert talk.decided[-1] == "DT-04 BUYER_PAYS_BOTH"
