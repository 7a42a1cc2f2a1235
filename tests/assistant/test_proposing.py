"""From a decision to a proposal: its terms, its amount, who may agree to it, and when there is none."""

from __future__ import annotations

from assistant.conversation import HandedOff
from tests.assistant.conftest import Talking


async def test_the_terms_of_a_return_name_item_refund_freight_and_time(talking: Talking) -> None:
    talk = await talking("c01")
    await talk.say("大衣想退，没拆封")
    terms = {term.label: term.value for term in talk.proposals[0].terms}
    assert list(terms) == ["订单", "退回商品", "预计退款", "运费", "退款时间"]
    assert "双面羊毛大衣" in terms["退回商品"]
    assert "¥699.00" in terms["预计退款"]
    assert "退货宝" in terms["运费"]
    assert talk.proposals[0].amount == 69900


async def test_the_same_terms_hash_alike_and_other_terms_do_not(talking: Talking) -> None:
    hashes = []
    for customer, words in (("c01", "大衣想退，没拆封"), ("c01", "大衣想退，没拆封"), ("c06", "帮我取消订单")):
        talk = await talking(customer)
        await talk.say(words)
        hashes.append(talk.proposals[0].args_hash)
    assert hashes[0] == hashes[1] != hashes[2]


async def test_money_above_the_assistants_authority_goes_to_a_person_after_the_yes(talking: Talking) -> None:
    talk = await talking("c05")
    await talk.say("降价了能退差价吗 428888869464070231")
    (proposed,) = talk.proposals
    assert proposed.needs_agent
    assert talk.fixed("agent_confirms") in talk.said
    assert talk.decided[-1] == "DT-20 TO_AGENT"
    await talk.say("确认")
    assert talk.handed_off == ["over_authority"]
    assert [entry.note for entry in talk.last(HandedOff)] == ["价格保护，退还差价 ¥100.00"]
    assert talk.deeds == []
    assert (await talk.order("428888869464070231")).compensated == 0
    assert (await talk.now()).owner == "queue"


async def test_money_within_the_assistants_authority_is_paid_on_the_yes(talking: Talking) -> None:
    talk = await talking("c04")
    await talk.say("怎么还没发货 478401700111350335")
    (proposed,) = talk.proposals
    assert not proposed.needs_agent
    assert proposed.amount == 500
    await talk.say("确认")
    assert talk.acted == ["late_compensation done"]
    assert (await talk.order("478401700111350335")).compensated == 500


async def test_what_is_on_record_already_is_shown_and_not_proposed_again(talking: Talking) -> None:
    talk = await talking("c01")
    await talk.say("大衣想退，没拆封")
    await talk.button("yes")
    await talk.say("大衣想退，没拆封")
    assert talk.proposed == []
    assert talk.fixed("on_record") in talk.said


async def test_compensation_once_paid_is_not_proposed_again(talking: Talking) -> None:
    talk = await talking("c04")
    words = "怎么还没发货 478401700111350335"
    await talk.say(words)
    await talk.button("yes")
    await talk.say(words)
    assert talk.proposed == []
    assert (await talk.order("478401700111350335")).compensated == 500


async def test_a_cancelled_order_is_not_proposed_for_anything_more(talking: Talking) -> None:
    talk = await talking("c06")
    await talk.say("帮我取消订单")
    await talk.button("yes")
    order_id = talk.proposals[0].order_id or ""
    for words in (
        "收到的鞋子开胶了，质量有问题",
        "帮我取消订单",
        "帮我把地址改成杭州市西湖区文三路8号",
        "开发票，抬头郑可欣",
    ):
        await talk.say(words, order_id=order_id)
        assert talk.proposed == [], words
    order = await talk.order(order_id)
    assert order.refunded == order.paid
