"""A message that only changes a detail goes on with the wish before it; any other is a wish of its own."""

from __future__ import annotations

import pytest

from assistant.build import Parts
from assistant.follow_up import LAST, continued
from assistant.turn import Assistant
from tests.assistant.conftest import Talking
from tests.assistant.turns import turn_of


@pytest.mark.parametrize(
    ("last", "text", "goes_on_with"),
    [
        ("price_query", "那大衣呢", "price_query"),
        ("price_query", "买两双呢", "price_query"),
        ("price_query", "and two pairs?", "price_query"),
        ("product_recommend", "300以内的", "product_recommend"),
        ("product_recommend", "under 300", "product_recommend"),
        ("price_query", "300以内的", "product_recommend"),
        ("price_query", "什么时候发货", None),
        ("product_recommend", "is it waterproof?", None),
        ("price_query", "好的", None),
        ("human_request", "那大衣呢", None),
        (None, "那大衣呢", None),
    ],
)
def test_only_details_go_on_with_the_last_wish(
    assistant: Assistant, parts: Parts, last: str | None, text: str, goes_on_with: str | None
) -> None:
    turn = turn_of(assistant, None, text, understander=parts.understander, slots={LAST: last} if last else {})
    assert continued(turn) == goes_on_with


async def test_a_recommendation_keeps_for_whom_and_what_for(talking: Talking) -> None:
    talk = await talking(None)
    await talk.say("想给妈妈买件礼物")
    await talk.say("预算500左右")
    assert "毛衣" in talk.said
    assert "虾仁" not in talk.said


async def test_it_is_the_thing_recommended_first(talking: Talking) -> None:
    talk = await talking(None)
    await talk.say("想买个耳机")
    await talk.say("300以内的")
    await talk.say("它防水吗")
    assert "IPX4" in talk.said
