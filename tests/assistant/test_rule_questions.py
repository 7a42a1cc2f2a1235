"""Questions in general are answered by the rule, questions about one's own order by the order."""

from __future__ import annotations

import pytest

from assistant.rule_questions import asks_in_general, question_in
from knowledge.clauses import Lang
from tests.assistant.conftest import Talking


@pytest.mark.parametrize(
    ("words", "general"),
    [
        ("退货后多久退款", True),
        ("那七天无理由从哪天算", True),
        ("超时发货怎么赔", True),
        ("How soon is the refund after a return?", True),
        ("my order was rejected, within how many days may I appeal", True),
        ("我的退款怎么还没到", False),
        ("帮我退货", False),
        ("我要取消订单", False),
        ("why is my refund not here", False),
    ],
)
def test_a_question_of_rule_is_told_from_a_case_of_ones_own(words: str, general: bool) -> None:
    assert asks_in_general(words) is general


@pytest.mark.parametrize(
    ("words", "question"),
    [
        ("不对，我要问的是换货后保修怎么算", "换货后保修怎么算"),
        ("and no, I mean the warranty", "the warranty"),
        ("那", "那"),
    ],
)
def test_what_leads_up_to_a_question_is_left_out(words: str, question: str) -> None:
    assert question_in(words) == question


@pytest.mark.parametrize(
    ("text", "clause"),
    [
        ("你们价保多少天", "shop/our-price-protection"),
        ("超时发货怎么赔", "shop/shipping-promise"),
        ("水果坏了几天内要跟你们说", "shop/fresh-promise"),
        ("退货后多久退款", "law/refund-timing"),
    ],
)
async def test_the_shops_own_words_answer_first_and_nobody_is_asked_to_sign_in(
    talking: Talking, text: str, clause: str
) -> None:
    talk = await talking(None)
    await talk.say(text)
    assert [ref.partition("@")[0] for ref in talk.cited] == [clause]
    assert talk.fixed("sign_in") not in talk.said


async def test_goods_of_ones_own_make_it_a_question_about_the_order(talking: Talking) -> None:
    talk = await talking("c08")
    await talk.say("裙子的退款多久能到")
    assert "退款处理中" in talk.said


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("我想退货但是包装盒丢了还能退吗", "只缺外包装盒，仍算完好"),
        ("我上周买的东西降价了能补差价吗", "付款后 15 天内同款本店降价可以退差价"),
        ("怎么退货", "先在这里或订单里申请，我们同意后给您地址"),
        ("怎么换活啊", "先在这里或订单里申请，我们同意后给您地址"),
        ("怎么取消订单", "您可以自己在订单页取消"),
        ("退款退到哪里", "最晚七天内退款"),
    ],
)
async def test_a_visitor_is_told_the_rule_and_asked_to_sign_in(talking: Talking, words: str, told: str) -> None:
    talk = await talking(None)
    await talk.say(words)
    assert told in talk.said
    assert talk.fixed("sign_in") in talk.said


async def test_a_visitor_is_told_in_english_how_to_return_goods(talking: Talking) -> None:
    talk = await talking(None, "en")
    await talk.say("how do i return something")
    assert "Apply here or in the order first" in talk.said
    assert talk.fixed("sign_in", "en") in talk.said


async def test_a_visitor_who_only_wishes_is_told_no_rule(talking: Talking) -> None:
    talk = await talking(None)
    await talk.say("我要退货")
    assert talk.fixed("sign_in") in talk.said
    assert "规定" not in talk.said


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("满多少包邮", "实付满 99 元包邮"),
        ("发顺丰吗", "默认发中通或圆通"),
        ("你们有实体店吗", "没有实体店"),
        ("can I pick it up myself", "cannot pick it up"),
    ],
)
async def test_what_holds_for_all_goods_and_places_is_told_before_asking_which(
    talking: Talking, words: str, told: str
) -> None:
    talk = await talking(None)
    await talk.say(words)
    assert told in talk.said


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("七天无理由是什么意思", "签收后七天内可以退货"),
        ("what does 7-day return mean", "within seven days of signing"),
        ("你们的退货政策是什么", "支持七天无理由"),
        ("你们支持7天无理由吗", "支持七天无理由"),
        ("内衣能七天无理由吗", "贴身衣物和食品拆了封的"),
        ("内裤可以七天无理由退吗", "贴身衣物和食品拆了封的"),
        ("你们支持货到付款么", "暂不支持货到付款"),
        ("衣服洗过还能退不", "没穿过、没洗过"),
        ("退货运费谁承担", "退回的运费由买家承担"),
        ("质量问题谁出运费多久退款", "因质量问题退货、换货、维修产生的运输费用，由商家承担"),
    ],
)
async def test_the_plainest_questions_get_the_clause_that_is_about_them(
    talking: Talking, words: str, told: str
) -> None:
    talk = await talking(None)
    await talk.say(words)
    assert told in talk.said


async def test_several_questions_without_a_comma_are_each_answered(talking: Talking) -> None:
    talk = await talking(None)
    await talk.say("是正品吗有没有发票")
    assert "进货来源" in talk.said
    assert "电子发票" in talk.said


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("会员怎么入会有什么好处", ("点“入会”就可以", "每月一张满 199 减 20 的券")),
        ("几点上班下班后留言什么时候回", ("9:00 到 22:00", "按先后回复")),
        ("七天无理由怎么算的", ("签收当天算第 0 天",)),
    ],
)
async def test_what_one_clause_leaves_open_its_neighbour_says(
    talking: Talking, words: str, told: tuple[str, ...]
) -> None:
    talk = await talking(None)
    await talk.say(words)
    assert all(part in talk.said for part in told)
    assert len(talk.cited) == len(told)


async def test_two_wishes_that_one_rule_answers_get_it_once(talking: Talking) -> None:
    talk = await talking(None)
    await talk.say("可以货到付款吗，预售也能货到付款吗")
    assert talk.said.count("暂不支持货到付款") == 1


@pytest.mark.parametrize(
    ("lang", "words"), [("zh", "我170穿什么码"), ("zh", "M码适合多高的人"), ("en", "what size should i take")]
)
async def test_whoever_asks_for_a_size_is_shown_goods_that_have_sizes(talking: Talking, lang: Lang, words: str) -> None:
    talk = await talking(None, lang)
    await talk.say(words)
    assert talk.fixed("pick_product", lang) in talk.said
    sized = {p.name.in_(lang) for p in talk.assistant.engine.catalogue.products if p.size_chart}
    assert talk.buttons
    assert sized.issuperset(talk.buttons)
