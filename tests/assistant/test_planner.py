"""What a talk does with several wishes, digressions, second thoughts and words nobody understands."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from assistant.build import IN_MEMORY, Parts, open_assistant
from assistant.clock import FixedClock
from assistant.context import TurnContext
from assistant.conversation import Said, TurnEvent
from assistant.errors import ProposalSettled
from assistant.flow_runner import run_flow
from assistant.planner import same_matter
from assistant.settings import Settings
from tests.assistant.conftest import Talking
from tests.assistant.talk import NOW, begin

CANCEL = "帮我取消订单"


async def test_a_return_runs_from_the_wish_to_the_receipt(talking: Talking) -> None:
    talk = await talking("c01")
    await talk.say("我要退货")
    assert talk.decided == ["DT-02 ASK(condition_photos)"]
    assert (await talk.state()).waiting_for == "condition"
    assert "没拆封" in talk.buttons
    await talk.say("没拆封")
    assert talk.decided == ["DT-02 ELIGIBLE", "DT-05 REFUND", "DT-04 BUYER_PAYS_RETURN", "DT-20 ALLOW"]
    assert "¥699.00" in talk.said
    await talk.say("确认")
    assert talk.acted == ["return_refund done"]
    assert (await talk.orders())[0].tickets[-1].state == "APPROVED_RETURN"


async def test_a_digression_is_answered_and_the_question_comes_back(talking: Talking) -> None:
    talk = await talking("c01")
    await talk.say("大衣想退")
    await talk.say("羊毛大衣是正品吗")
    assert talk.fixed("back_to").partition("{")[0] in talk.said
    assert (await talk.state()).waiting_for == "condition"
    await talk.say("没拆封")
    assert talk.proposed == ["return_refund"]


async def test_a_proposal_stays_open_through_a_digression(talking: Talking) -> None:
    talk = await talking("c06")
    await talk.say(CANCEL)
    await talk.say("你们人工客服几点上班")
    assert talk.said.endswith(talk.fixed("still_open"))
    await talk.say("确认")
    assert talk.acted == ["cancel_refund done"]


async def test_two_wishes_are_both_served_the_second_after_the_first_is_settled(talking: Talking) -> None:
    talk = await talking("c06")
    await talk.say("帮我取消订单，另外给我开发票")
    assert len(talk.proposals) <= 1
    pending = (await talk.state()).pending
    first = talk.proposed
    assert pending or "发票" in talk.said
    if first == ["cancel_refund"]:
        await talk.button("no")
        assert "发票" in talk.said


async def test_a_change_of_mind_withdraws_the_first_proposal(talking: Talking) -> None:
    talk = await talking("c06")
    await talk.say(CANCEL)
    await talk.say("先别取消，帮我把地址改成杭州市西湖区文三路8号")
    assert talk.proposed == ["change_address"]
    first, second = talk.proposals
    assert (await talk.assistant.permits.find(first.proposal_id)).state == "declined"
    await talk.say("确认")
    assert talk.deeds == ["change_address done"]
    assert second.order_id == first.order_id


async def test_a_no_with_another_plain_wish_serves_the_wish(talking: Talking) -> None:
    talk = await talking("c06")
    await talk.say("帮我催一下发货")
    assert talk.proposed == ["urge_shipping"]
    await talk.say("取消订单")
    assert talk.proposed == ["cancel_refund"]
    assert (await talk.assistant.permits.find(talk.proposals[0].proposal_id)).state == "declined"
    assert talk.deeds == []


class Proposing:
    """A planner that proposes something with every message, whatever is open."""

    name = "proposing"

    async def run(self, turn: TurnContext) -> AsyncIterator[TurnEvent]:
        outcome = await run_flow("urge_shipping" if turn.open_proposal else "cancel_order", turn)
        assert outcome.proposal is not None
        turn.proposals.append(outcome.proposal)
        turn.remember(proposal_id=outcome.proposal.proposal_id)
        yield outcome.proposal.as_event()


async def test_a_newer_proposal_replaces_the_one_that_was_open(parts: Parts) -> None:
    assistant = await open_assistant(
        Settings(database_url=IN_MEMORY), parts=parts, clock=FixedClock(NOW), planner=Proposing()
    )
    talk = await begin(assistant, "c06")
    await talk.say("那个那个呃")
    await talk.say("那个那个呃")
    first, second = talk.proposals
    states = [(await assistant.permits.find(each.proposal_id)).state for each in (first, second)]
    assert states == ["declined", "open"]
    with pytest.raises(ProposalSettled):
        await talk.button("yes", first.proposal_id)
    await talk.button("yes", second.proposal_id)
    assert talk.deeds == ["urge_shipping done"]
    await assistant.close()


async def test_giving_up_while_asked_ends_the_matter(talking: Talking) -> None:
    talk = await talking("c01")
    await talk.say("我要退货")
    await talk.say("算了不退了")
    assert talk.said == talk.fixed("declined")
    assert (await talk.state()).waiting_for is None
    assert talk.deeds == []


async def test_words_nobody_understands_twice_call_a_person(talking: Talking) -> None:
    talk = await talking("c01")
    await talk.say("随便来一个那什么")
    assert talk.said == talk.fixed("unclear")
    assert talk.buttons
    await talk.say("那个那个呃")
    assert talk.handed_off == ["unanswered_twice"]
    assert (await talk.now()).owner == "queue"


async def test_danger_comes_before_everything_else(talking: Talking) -> None:
    talk = await talking("c06")
    await talk.say("取消订单，充电宝着火了")
    assert talk.handed_off == ["safety"]
    assert "119" in talk.said
    assert talk.proposed == []


async def test_a_person_is_called_when_asked_for_whatever_is_open(talking: Talking) -> None:
    talk = await talking("c06")
    await talk.say(CANCEL)
    await talk.say("转人工")
    assert talk.handed_off == ["asked_for_person"]
    assert talk.deeds == []


async def test_the_language_may_change_in_the_middle_of_a_matter(talking: Talking) -> None:
    talk = await talking("c01")
    await talk.say("我要退货")
    await talk.say("it is unopened")
    assert talk.heard.lang == "en"
    assert talk.proposed == ["return_refund"]
    assert "Order …" in talk.said
    await talk.say("yes")
    assert talk.acted == ["return_refund done"]
    assert "has been registered" in talk.said


async def test_traditional_chinese_is_understood_as_chinese(talking: Talking) -> None:
    talk = await talking("c01")
    await talk.say("我想退貨")
    assert (await talk.state()).waiting_for == "condition"
    await talk.say("還沒拆封")
    assert talk.proposed == ["return_refund"]
    await talk.say("確認")
    assert talk.acted == ["return_refund done"]


async def test_thanks_and_goodbye_are_not_misses(talking: Talking) -> None:
    talk = await talking("c01")
    for words, name in (("谢谢", "thanks"), ("谢谢", "thanks"), ("再见", "bye")):
        await talk.say(words)
        assert talk.said == talk.fixed(name)
    assert (await talk.state()).misses == 0


async def test_a_yes_to_nothing_is_told_so(talking: Talking) -> None:
    talk = await talking("c01")
    await talk.say("确认")
    assert [entry.text for entry in talk.last(Said)] == [talk.fixed("nothing_open")]


def test_only_readings_of_one_wish_are_one_matter() -> None:
    assert same_matter("cancel_order", "return_no_reason")
    assert same_matter("exchange", "exchange")
    assert not same_matter("cancel_order", "exchange")
    assert not same_matter(None, "exchange")


async def test_who_tells_of_a_fault_and_wants_an_exchange_is_not_weighed_as_a_change_of_mind(talking: Talking) -> None:
    talk = await talking("c17")
    await talk.say("我的耳机坏了一边没声音")
    assert talk.proposed == ["quality_return"]
    await talk.say("怎么换货")
    assert talk.decided == []
    assert "换货" in talk.said
    assert talk.handed_off == []
    await talk.say("好")
    assert talk.acted == ["quality_return done"]


async def test_a_question_that_is_let_be_is_not_asked_again(talking: Talking) -> None:
    talk = await talking("c05")
    await talk.say("价保能申请嘛，降价了")
    assert (await talk.state()).waiting_for == "order_id"
    await talk.say("算了 不要了")
    assert talk.said == talk.fixed("declined")
    assert (await talk.state()).waiting_for is None


async def test_what_is_said_before_it_is_asked_is_no_vain_answer(talking: Talking) -> None:
    talk = await talking("c01")
    await talk.say("外套大了想换小一号")
    await talk.say("S码")
    await talk.say("都在的")
    assert talk.proposed == ["exchange"]


async def test_after_a_cancellation_its_own_refund_is_told(talking: Talking) -> None:
    talk = await talking("c06")
    await talk.say("刚拍的鞋子不想要了，取消吧")
    order = talk.proposals[-1].order_id
    await talk.say("还是取消吧")
    assert talk.acted == ["cancel_refund done"]
    await talk.say("退款几天到")
    assert order is not None
    assert order[-4:] in talk.said


async def test_goods_nobody_ordered_are_asked_about_rather_than_another_order_taken(talking: Talking) -> None:
    talk = await talking("c12", "en")
    await talk.say("i want to return the jacket, tags still on")
    assert talk.decided == []
    assert "jacket" in talk.said
    assert (await talk.state()).waiting_for == "order_id"


async def test_a_claim_about_goods_that_the_record_has_on_the_way_goes_to_a_person(talking: Talking) -> None:
    talk = await talking("c32")
    await talk.say("螃蟹死了两只")
    assert talk.handed_off == ["signing_not_recorded"]


async def test_a_polite_question_for_a_deed_is_a_wish(talking: Talking) -> None:
    talk = await talking("c23")
    await talk.say("发票能补开吗")
    assert talk.cited == []
    assert (await talk.state()).waiting_for == "order_id"


async def test_whether_it_comes_tomorrow_is_about_the_parcel_on_its_way(talking: Talking) -> None:
    talk = await talking("c22")
    await talk.say("空气炸锅明天能到吗")
    assert "派送中" in talk.said


async def test_the_other_parcel_is_another_order_than_the_one_talked_about(talking: Talking) -> None:
    talk = await talking("c31", "en")
    await talk.say("my order still hasn't shipped, I want compensation")
    first = talk.proposals[-1].order_id
    await talk.say("ok")
    await talk.say("and where is the other parcel")
    assert (await talk.state()).order_id not in {first, None}
    assert talk.decided == []


async def test_what_is_asked_by_the_way_is_answered_though_it_names_goods_of_an_order(talking: Talking) -> None:
    talk = await talking("c04")
    await talk.say("下单三天了还不发货")
    await talk.say("顺便问下蚕丝被能机洗吗")
    assert "不可水洗" in talk.said
    assert (await talk.state()).waiting_for == "order_id"


async def test_the_goods_named_first_are_still_meant_once_the_order_is_picked(talking: Talking) -> None:
    talk = await talking("c20")
    await talk.say("我要退毛巾")
    await talk.say("没用过")
    assert talk.proposed == ["return_refund"]
    assert "毛巾" in str(talk.proposals[-1].terms)


async def test_a_rule_is_found_though_the_question_names_goods(talking: Talking) -> None:
    talk = await talking("c15")
    await talk.say("羽绒服的定金能退吗")
    assert talk.cited == ["shop/cancel-before-receipt@2024-07#deposit"]


async def test_who_promises_to_ask_a_person_calls_one(talking: Talking) -> None:
    talk = await talking("c33")
    await talk.say("送女朋友什么好 300左右")
    await talk.say("第一个是正品吗")
    assert talk.handed_off == []
    assert "需要的话" in talk.said


async def test_clothes_that_turn_out_big_are_exchanged_and_nothing_is_recommended(talking: Talking) -> None:
    talk = await talking("c01")
    await talk.say("外套有点大")
    assert talk.decided == ["DT-02 ASK(condition_photos)"]


async def test_a_space_parts_two_short_wishes(talking: Talking) -> None:
    talk = await talking("c33")
    await talk.say("双面大衣黑色L 有货吗 多少钱")
    assert "仅剩" in talk.said or "有货" in talk.said
    assert "¥599.00" in talk.said


async def test_my_parcel_is_no_order_yet_to_be_placed(talking: Talking) -> None:
    talk = await talking("c16")
    await talk.say("新疆运费怎么算")
    await talk.say("我的包裹几天能到")
    assert "中通快递" in talk.said


@pytest.mark.parametrize(
    "ask", ["headphones order, when will it get here?", "the headphones, when will they get here?"]
)
async def test_goods_that_are_named_first_are_what_the_question_is_about(talking: Talking, ask: str) -> None:
    talk = await talking("c31", "en")
    await talk.say(ask)
    assert talk.handed_off == []
    assert "79903158026425" in talk.said
