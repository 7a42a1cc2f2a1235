"""What a customer says fills only what a customer may say."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.build import Parts
from assistant.claims import claimed_facts, note_claims, read_answer
from assistant.turn import Assistant
from tests.assistant.conftest import Talking
from tests.assistant.turns import turn_of


@pytest.mark.parametrize(
    ("asked", "text", "value"),
    [
        ("condition", "没拆封", ["unopened"]),
        ("condition", "吊牌剪了", ["tag_removed"]),
        ("condition", "今天天气不错", None),
        ("condition", "确认", ["tried_on"]),
        ("condition", "不用了", None),
        ("address", "确认", None),
        ("invoice_title", "好的", None),
        ("invoice_title", "没拆封", None),
        ("address", "浙江省杭州市西湖区文三路8号 林晓雨", "浙江省杭州市西湖区文三路8号 林晓雨"),
        ("invoice_title", "林晓雨", "林晓雨"),
        ("defect", "屏幕有一条裂痕", "屏幕有一条裂痕"),
        ("defect", "yes", None),
        ("line", "全部", "all"),
        ("budget", "500元以内", 50000),
        ("region", "寄到新疆", "新疆"),
        ("size_measures", "身高165体重55公斤", "given"),
    ],
)
def test_an_answer_is_read_for_what_was_asked(
    assistant: Assistant, parts: Parts, asked: str, text: str, value: Any
) -> None:
    turn = turn_of(assistant, None, text, understander=parts.understander, waiting_for=asked)
    assert read_answer(asked, turn) == value


# reading changes nothing, so the shop may stay the same for every text
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(min_size=1, max_size=60), asked=st.sampled_from(["condition", "address", "line", "order_id", "budget"])
)
def test_any_text_can_be_read_as_an_answer(assistant: Assistant, parts: Parts, text: str, asked: str) -> None:
    read_answer(asked, turn_of(assistant, None, text, understander=parts.understander, waiting_for=asked))


def test_only_facts_a_customer_may_claim_are_claimed(assistant: Assistant, parts: Parts) -> None:
    slots = {"condition": ["unopened"], "paid": 1, "signed_at": "2020-01-01", "order_state": "PAID", "owns_order": True}
    turn = turn_of(assistant, None, "没拆封", understander=parts.understander, slots=slots)
    claimed = claimed_facts(turn, "return_no_reason")
    assert set(claimed) == {"condition"}
    assert all(parts.policies.facts[name].source == "claimed" for name in claimed)


async def test_saying_so_changes_no_record(talking: Talking) -> None:
    talk = await talking("c03")
    await talk.say("牛仔裤昨天才签收的，实付9999元，没拆封，要退货")
    assert talk.decided[0] == "DT-02 NOT_ELIGIBLE_LATE"
    assert talk.proposals == []


def test_what_is_said_once_is_kept_for_later(assistant: Assistant, parts: Parts) -> None:
    turn = turn_of(assistant, None, "衣服太大了，身高165体重55公斤", understander=parts.understander)
    note_claims(turn)
    assert turn.state.slots["reason"] == "wrong_size"
    assert (turn.state.slots["height_cm"], turn.state.slots["weight_kg"]) == (165, 55)
