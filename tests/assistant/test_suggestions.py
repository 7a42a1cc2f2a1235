"""Suggestions are the engine's own turn without a write."""

from __future__ import annotations

from assistant.build import Parts
from assistant.conversation import Asked
from knowledge.quotes import check_shown
from tests.assistant.conftest import Talking


async def test_a_suggestion_says_what_the_assistant_would_and_writes_nothing(talking: Talking) -> None:
    talk = await talking("c06")
    await talk.say("帮我取消订单")
    before = await talk.log()
    found = await talk.assistant.suggest(talk.id)
    assert 1 <= len(found) <= 3
    assert await talk.log() == before
    assert (await talk.orders())[0].state == "PAID"


async def test_what_was_said_before_calling_a_person_is_what_is_suggested_for(talking: Talking) -> None:
    talk = await talking("c06")
    await talk.say("帮我取消订单")
    await talk.say("转人工")
    best = (await talk.assistant.suggest(talk.id))[0]
    assert "¥299.00" in best.text
    assert best.action == "cancel_refund"
    assert best.reason


async def test_every_citation_of_a_suggestion_can_be_checked(talking: Talking, parts: Parts) -> None:
    talk = await talking("c01")
    checked = 0
    for words in ("签收后几天可以退货", "退货运费谁出", "化妆品拆封了还能退吗", "大衣想退，没拆封"):
        await talk.assistant.accept(talk.id, _asked(words), customer_id="c01")
        for suggestion in await talk.assistant.suggest(talk.id):
            for c in suggestion.citations:
                assert check_shown(f"{c.clause}/zh", (c.start, c.end), c.text, parts.pack.policies)
                checked += 1
        await talk.answers()
    assert checked >= 4


async def test_a_greeting_needs_no_suggestion(talking: Talking) -> None:
    talk = await talking("c01")
    assert await talk.assistant.suggest(talk.id) == []
    await talk.say("你好")
    assert await talk.assistant.suggest(talk.id) == []


def _asked(text: str) -> Asked:
    return Asked(client_id=text, text=text)
