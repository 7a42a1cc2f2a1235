"""A turn says by itself when it left its question without a sure answer."""

from __future__ import annotations

import pytest

from assistant.conversation import Done, Gap, Said
from assistant.unanswered import gap_of
from tests.assistant.conftest import Talking


def gap_in(entries: list[Done]) -> Gap:
    return entries[-1].gap


@pytest.mark.parametrize(
    ("text", "gap"),
    [
        ("随便来一个那什么", "not_understood"),
        ("七天无理由怎么算", ""),
        ("羊毛衫到哪了", ""),
        ("你好", ""),
        ("谢谢", ""),
    ],
)
async def test_only_what_got_no_sure_answer_is_a_gap(text: str, gap: Gap, talking: Talking) -> None:
    talk = await talking("c01")
    await talk.say(text)
    assert gap_in(talk.last(Done)) == gap


async def test_calling_a_person_for_want_of_an_answer_is_a_gap_and_being_asked_for_one_is_not(talking: Talking) -> None:
    talk = await talking("c01")
    await talk.say("随便来一个那什么")
    await talk.say("那个那个呃")
    assert (talk.handed_off, gap_in(talk.last(Done))) == (["unanswered_twice"], "gave_up")
    other = await talking("c01")
    await other.say("转人工")
    assert other.handed_off
    assert gap_in(other.last(Done)) == ""


async def test_words_of_a_model_count_when_the_flows_had_no_answer(talking: Talking) -> None:
    talk = await talking("c01")
    head = await talk.now()
    context = await talk.assistant._silent_context(head)
    said = [Said(text="这一点我不确定呢。")]
    assert gap_of(context, said, planner="model:x") == ""
    sorry = context.say("not_sure")
    assert gap_of(context, said, planner="model:x") == "not_sure"
    assert gap_of(context, said, planner="flow") == ""
    assert gap_of(context, [Said(text=f"关于安装：{sorry}")], planner="flow") == "not_sure"


async def test_what_the_page_of_a_product_does_not_say_is_a_gap(talking: Talking) -> None:
    talk = await talking("c01")
    await talk.say("羊毛衫含不含辐射防护涂层", sku="")
    page = "页面资料里没有写这一点"
    assert (gap_in(talk.last(Done)) == "not_on_page") is (page in talk.said)
    context = await talk.assistant._silent_context(await talk.now())
    assert gap_of(context, [Said(text=f"杯子的{page}，我不能凭猜测回答。")], planner="flow") == "not_on_page"
