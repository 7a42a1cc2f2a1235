"""Services around an order, talked about: visits at the door, repairs by appointment, freight cover, paying first."""

from __future__ import annotations

import pytest

from assistant.conversation import Lang
from tests.assistant.conftest import Talking

SUITCASE, DRESS, LAMP = "499930174285567034", "498812630417725034", "497741852096316034"


async def test_a_collection_is_booked_shown_and_cancelled(talking: Talking) -> None:
    talk = await talking("c34")
    await talk.say("登机箱的退货能上门取件吗")
    assert talk.decided[-1] == "DOOR-SERVICE BOOK"
    assert len(talk.buttons) == 3
    await talk.say(talk.buttons[1])
    assert talk.proposed == ["door_service"]
    terms = {term.label: term.value for term in talk.proposals[-1].terms}
    assert terms["服务"] == "上门取件"
    assert terms["时间"] == "11月23日（周一）下午 14:00–18:00"
    assert terms["地址"].startswith("广州市天河区***路**号")
    await talk.button("yes")
    assert talk.acted == ["door_service done"]
    assert "11月23日（周一）下午 14:00–18:00" in talk.said
    await talk.say("登机箱上门取件约了没有")
    assert talk.decided[-1] == "DOOR-SERVICE BOOKED"
    await talk.say("帮我取消登机箱的上门取件")
    assert talk.proposed == ["cancel_visit"]
    await talk.say("确认")
    assert talk.acted == ["cancel_visit done"]
    states = {ticket.kind: ticket.state for ticket in (await talk.order(SUITCASE)).tickets}
    assert states == {"return_refund": "APPROVED_RETURN", "door_service": "WITHDRAWN"}


async def test_a_collection_is_booked_in_english_with_its_time_in_one_message(talking: Talking) -> None:
    talk = await talking("c34", "en")
    await talk.say("Can you pick up the suitcase return from my home on Tuesday morning?")
    assert talk.proposed == ["door_service"]
    assert "Tue 24 Nov, morning 9:00–12:00" in {term.value for term in talk.proposals[-1].terms}
    await talk.say("yes please")
    assert talk.acted == ["door_service done"]
    assert "registered" in talk.said


async def test_a_time_that_cannot_be_booked_is_asked_for_again(talking: Talking) -> None:
    talk = await talking("c34")
    await talk.say("登机箱的退货能上门取件吗")
    await talk.say("今天下午吧")
    assert talk.proposed == []
    assert "什么时候" in talk.said
    await talk.say("那周六晚上")
    assert talk.proposed == ["door_service"]


@pytest.mark.parametrize(
    ("customer", "said", "code"),
    [
        ("c02", "毛衣能上门取件吗", "NEEDS_RETURN"),
        ("c08", "乐福鞋能上门换新吗", "NOT_OFFERED"),
    ],
)
async def test_what_a_visit_needs_first_is_said(talking: Talking, customer: str, said: str, code: str) -> None:
    talk = await talking(customer)
    await talk.say(said)
    assert talk.decided[-1] == f"DOOR-SERVICE {code}"
    assert talk.proposed == []
    assert talk.cited


async def test_a_visit_nobody_came_to_is_a_persons_to_mend_at_once(talking: Talking) -> None:
    talk = await talking("c29")
    await talk.say("退货约周三晚上上门取件")
    await talk.say("确认")
    assert talk.acted == ["door_service done"]
    await talk.say("约好的师傅没来")
    assert talk.handed_off == ["visit_missed"]


async def test_a_repair_is_booked_with_an_appointment(talking: Talking) -> None:
    talk = await talking("c17")
    await talk.say("预约师傅上门维修降噪耳机")
    assert talk.decided[:2] == ["DOOR-SERVICE NEEDS_REPAIR", "REPAIR-VISIT VISIT"]
    await talk.say("左边没声音")
    await talk.say("后天上午")
    assert talk.proposed == ["book_repair"]
    await talk.button("yes")
    assert talk.acted == ["book_repair done"]


async def test_where_nobody_comes_a_repair_is_sent_in(talking: Talking) -> None:
    talk = await talking("c10")
    await talk.say("平板坏了，能维修吗")
    assert talk.proposed == ["repair"]
    assert "REPAIR-VISIT SEND_IN" in talk.decided


@pytest.mark.parametrize(("lang", "told"), [("zh", "开不了机"), ("en", "no sound at all")])
async def test_a_fault_told_with_a_no_in_it_is_an_answer(talking: Talking, lang: Lang, told: str) -> None:
    talk = await talking("c10", lang)
    await talk.say({"zh": "平板坏了，能维修吗", "en": "the tablet is broken"}[lang])
    await talk.say(told)
    assert talk.proposed != []


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("zh", "耳机没声音了，想退货"),
        ("zh", "耳机坏了不想修，想退货"),
        ("en", "The earbuds are broken, I want to return them"),
    ],
)
async def test_goods_said_to_be_faulty_are_never_judged_as_a_change_of_mind(
    talking: Talking, lang: Lang, said: str
) -> None:
    talk = await talking("c17", lang)
    await talk.say(said)
    assert "DT-02 NOT_ELIGIBLE_CONFIRMED" not in talk.decided
    assert "DT-07 RETURN_EXCHANGE_OR_REPAIR" in talk.decided


@pytest.mark.parametrize("said", ["毛衣没坏，就是不喜欢，想退货", "毛衣不是质量问题，就是大了想退"])
async def test_who_says_there_is_no_fault_returns_without_a_reason(talking: Talking, said: str) -> None:
    talk = await talking("c02")
    await talk.say(said)
    assert talk.decided[-1].startswith("DT-02")


async def test_freight_insurance_pays_what_was_paid_up_to_its_cap_once(talking: Talking) -> None:
    talk = await talking("c34")
    await talk.say("连衣裙退货的运费险怎么还没赔我")
    assert "运费" in talk.said
    await talk.say("18块")
    assert talk.decided[-1] == "FREIGHT-AMOUNT PAY_COVER"
    assert talk.proposed == ["freight_compensation"]
    assert talk.proposals[-1].amount == 1200
    await talk.button("yes")
    assert talk.acted == ["freight_compensation done"]
    order = await talk.order(DRESS)
    assert (order.refunded, order.compensated) == (0, 0)
    await talk.say("连衣裙的运费险再赔我一次")
    assert talk.decided[-1] == "FREIGHT-PAYOUT COVER_PAID"
    assert talk.proposed == []


async def test_freight_insurance_pays_less_than_its_cap_when_less_was_paid(talking: Talking) -> None:
    talk = await talking("c34", "en")
    await talk.say("The freight insurance for the dress return hasn't paid, I paid 8 yuan to send it")
    assert talk.proposals[-1].amount == 800
    await talk.say("yes")
    assert talk.acted == ["freight_compensation done"]


async def test_the_return_service_pays_the_carrier_and_the_rule_answers_the_rest(talking: Talking) -> None:
    talk = await talking("c08")
    await talk.say("乐福鞋退货运费险赔多少")
    assert talk.decided[-1] == "FREIGHT-PAYOUT SERVICE_PAYS"
    other = await talking("c03")
    await other.say("T恤退货运费谁出")
    assert other.decided[-1].startswith("DT-04")


async def test_paying_first_goes_through_a_person_and_only_where_fault_is_accepted(talking: Talking) -> None:
    talk = await talking("c34")
    await talk.say("台灯的责任已经认定是你们的了，申请先行赔付")
    assert talk.decided[0] == "ADVANCE-PAYMENT PAY_FIRST"
    assert talk.proposed == ["advance_payment"]
    assert talk.proposals[-1].needs_agent
    assert talk.proposals[-1].amount == 17900
    await talk.button("yes")
    assert talk.acted == []
    assert talk.handed_off == ["over_authority"]
    assert (await talk.order(LAMP)).compensated == 0
    other = await talking("c02")
    await other.say("毛衣你们先行赔付给我")
    assert other.decided[-1] == "ADVANCE-PAYMENT FAULT_OPEN"
    assert other.proposed == []


@pytest.mark.parametrize(("lang", "asked"), [("zh", "那运费谁出啊"), ("en", "who pays the postage")])
async def test_what_is_asked_of_a_proposal_is_answered_from_its_terms(talking: Talking, lang: Lang, asked: str) -> None:
    talk = await talking("c17", lang)
    await talk.say({"zh": "耳机有电流声", "en": "there is static in the earbuds"}[lang])
    assert talk.proposed == ["quality_return"]
    freight = next(term for term in talk.proposals[-1].terms if term.label in {"运费", "Freight"})
    await talk.say(asked)
    assert freight.value in talk.said
    await talk.button("yes")
    await talk.say(asked)
    assert "FREIGHT-PAYOUT SELLER_PAYS" in talk.decided, "who pays for faulty goods stays who pays"


async def test_of_other_goods_a_proposal_says_nothing(talking: Talking) -> None:
    talk = await talking("c17")
    await talk.say("耳机有电流声")
    await talk.say("毛衣退货运费谁出")
    assert "方案里写着" not in talk.said


async def test_a_fault_told_after_a_return_without_a_reason_goes_to_a_person(talking: Talking) -> None:
    talk = await talking("c09", "en")
    for words in ("I want to return the shoes", "tried on, tags on", "yes", "the shoes fell apart"):
        await talk.say(words)
    assert talk.handed_off == ["fault_told_later"]
    assert "freight" in talk.said


@pytest.mark.parametrize(
    ("words", "returned"), [("毛巾和炸锅买多了，炸锅我想退掉", {"L1"}), ("毛巾和炸锅都退了吧", {"L1", "L2"})]
)
async def test_the_clause_with_the_wish_names_what_goes_back(talking: Talking, words: str, returned: set[str]) -> None:
    talk = await talking("c20")
    await talk.say(words)
    await talk.say("没拆")
    await talk.button("yes")
    order = await talk.order("467381016730121997")
    assert set(order.tickets[-1].line_ids) == returned


async def test_an_invoice_title_is_kept_without_what_leads_to_it(talking: Talking) -> None:
    talk = await talking("c20")
    await talk.say("毛巾那单开个发票")
    await talk.say("公司 上海启明贸易有限公司 91310115MA1K4ABC2X")
    assert any(term.value.startswith("上海启明贸易有限公司") for term in talk.proposals[-1].terms)


@pytest.mark.parametrize(
    ("customer", "lang", "asked"),
    [("c31", "en", "is there a warranty on the headphones"), ("c17", "zh", "耳机保修多久")],
)
async def test_who_asks_for_the_warranty_is_offered_no_return(
    talking: Talking, customer: str, lang: Lang, asked: str
) -> None:
    talk = await talking(customer, lang)
    await talk.say(asked)
    assert talk.proposed == []
    assert talk.decided == []


async def test_what_is_open_instead_is_called_by_what_is_then_proposed(talking: Talking) -> None:
    talk = await talking("c09", "en")
    await talk.say("i don't want it anymore, it smells bad")
    assert talk.proposed == ["quality_return"]
    assert "Return for a fault" in talk.said
    assert "without a reason" not in talk.said
