"""What a message means for the open proposal."""

from __future__ import annotations

import pytest

from tests.assistant.conftest import Talking


@pytest.mark.parametrize("words", ["你好", "好久", "都取消", "取消了多久到账？"])
async def test_these_words_are_no_answer_to_a_proposal(talking: Talking, words: str) -> None:
    talk = await talking("c06")
    await talk.say("跑鞋那单取消")
    await talk.say(words)
    assert talk.acted == []


async def test_a_question_beside_a_proposal_leaves_it_open(talking: Talking) -> None:
    talk = await talking("c17")
    await talk.say("降噪耳机左边没声音了")
    await talk.say("运费要我出吗")
    assert talk.fixed("still_open") in talk.said
    await talk.say("好，登记")
    assert talk.acted == ["quality_return done"]


async def test_a_new_wish_that_asks_something_takes_its_place(talking: Talking) -> None:
    talk = await talking("c09")
    await talk.say("鞋子小了想退，没穿过，盒子都在")
    assert talk.proposed == ["return_refund"]
    await talk.say("还是换货吧")
    assert (await talk.state()).waiting_for == "target_variant"
    await talk.say("好的")
    assert talk.acted == []
