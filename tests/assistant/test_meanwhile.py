"""While a person is on the way: what changes nothing is answered, the rest is left to them."""

from __future__ import annotations

import pytest

from tests.assistant.conftest import Talking


@pytest.mark.parametrize(
    ("lang", "call", "ask"),
    [("zh", "转人工", "退货后多久退款"), ("en", "a person please", "how soon is a refund paid?")],
)
async def test_questions_of_rule_are_answered_meanwhile(talking: Talking, lang: str, call: str, ask: str) -> None:
    talk = await talking("c33", lang)
    await talk.say(call)
    await talk.say(ask)
    assert talk.cited[0].startswith("law/refund-timing")


async def test_the_question_that_was_open_is_not_taken_up_again(talking: Talking) -> None:
    talk = await talking("c01")
    await talk.say("大衣想退")
    await talk.say("算了，转人工")
    await talk.say("没拆封")
    assert talk.proposed == []


async def test_a_yes_to_nothing_quotes_nothing(talking: Talking) -> None:
    talk = await talking("c01", "en")
    await talk.say("put me through to a person")
    await talk.say("confirm")
    assert talk.cited == []


async def test_who_asks_for_a_person_again_is_told_that_one_comes(talking: Talking) -> None:
    talk = await talking("c08")
    await talk.say("送货的把门口弄坏了，我要投诉")
    await talk.say("转人工")
    assert talk.said == talk.fixed("noted")
    assert talk.cited == []


async def test_money_that_a_person_has_yet_to_agree_to_has_no_progress(talking: Talking) -> None:
    talk = await talking("c10")
    await talk.say("平板降价了 补差价")
    await talk.say("好的")
    await talk.say("什么时候到账")
    assert talk.said == talk.fixed("noted")


async def test_what_would_only_call_a_person_again_is_left_to_the_one_who_comes(talking: Talking) -> None:
    talk = await talking("c22")
    await talk.say("空气炸锅的送货员说送不上楼")
    assert talk.handed_off == ["delivery_trouble"]
    await talk.say("改成放驿站行吗")
    assert talk.said == talk.fixed("noted")
