from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.quality import Scorecard, read_scorecard, score
from assistant.transcripts import Transcript, Utterance
from knowledge.clauses import SHANGHAI
from knowledge.errors import XiaoerError
from knowledge.pack import load_pack

START = datetime(2026, 11, 22, 10, 0, tzinfo=SHANGHAI)
RULES = read_scorecard(load_pack("cn_retail").data("scorecard"))


def talk(*lines: tuple[str, str] | tuple[str, str, float]) -> Transcript:
    """Lines as (speaker, text) or (speaker, text, seconds after the start)."""
    turn, said = 0, []
    for speaker, text, *after in lines:
        turn += speaker == "customer"
        at = START + timedelta(seconds=after[0]) if after else None
        said.append(Utterance.model_validate({"turn": max(turn, 1), "speaker": speaker, "text": text, "at": at}))
    return Transcript(id="t", lines=tuple(said))


def found(card: Scorecard) -> set[str]:
    return {deduction.item for deduction in card.deductions}


GOOD = talk(("customer", "在吗", 0), ("agent", "您好，请讲", 10), ("customer", "怎么退货", 20),
            ("agent", "收到后为您退款，还有什么可以帮您", 30))  # fmt: skip


def test_a_good_talk_loses_nothing_and_gains_no_more_than_a_hundred() -> None:
    card = score(GOOD, RULES)
    assert card.score == 100
    assert card.capped is None
    assert found(card) == {"proactive"}


@pytest.mark.parametrize(("seconds", "late"), [(30, False), (31, True)])
def test_the_first_reply_has_thirty_seconds(seconds: int, late: bool) -> None:
    card = score(talk(("customer", "在吗", 0), ("agent", "您好，谢谢", seconds)), RULES)
    assert ("first_response" in found(card)) == late


@pytest.mark.parametrize(("seconds", "silent"), [(180, False), (181, True)])
def test_three_minutes_of_silence_need_an_apology(seconds: int, silent: bool) -> None:
    cold = talk(("customer", "在吗", 0), ("agent", "您好，谢谢", seconds))
    kind = talk(("customer", "在吗", 0), ("agent", "您好，让您久等了，谢谢", seconds))
    assert ("long_wait_no_apology" in found(score(cold, RULES))) == silent
    assert "long_wait_no_apology" not in found(score(kind, RULES))


def test_without_times_the_timing_items_are_unscored_and_not_passed() -> None:
    card = score(talk(("customer", "在吗"), ("agent", "您好，谢谢")), RULES)
    assert {"first_response", "avg_response", "long_wait_no_apology"} <= set(card.not_checked)


def test_every_deduction_quotes_what_it_rests_on() -> None:
    bad = talk(("customer", "你们太差了，我要打12315"), ("agent", "您自己联系快递吧，尽快给您处理"))
    card = score(bad, RULES)
    assert {"no_soothing", "missed_escalation", "buck_passing", "no_due_time", "greeting", "closing"} <= found(card)
    texts = [line.text for line in bad.lines]
    assert all(any(d.quote in text for text in texts) for d in card.deductions if d.item not in {"first_response"})


@pytest.mark.parametrize(
    ("line", "item"),
    [
        ("您加我微信转账吧", "red_off_platform"),
        ("五星好评返现5元", "red_review_trade"),
        ("你脑子有问题吧", "red_insult"),
        ("拆了就不能退", "red_refused_right"),
        ("这个是全网最低", "red_false_promise"),
        ("把验证码发给我：告诉我验证码", "red_secrets"),
    ],
)
def test_a_red_line_caps_the_score_for_a_person_to_confirm(line: str, item: str) -> None:
    card = score(talk(("customer", "在吗"), ("agent", f"您好，{line}，谢谢")), RULES)
    assert item in found(card)
    assert card.capped is not None
    assert card.capped <= 59
    assert card.score > card.capped


@pytest.mark.parametrize(
    "line", ["我们不能说最佳", "请不要加微信转账", "请勿把验证码告诉我们或任何人", "不能用红包换好评"]
)
def test_a_denied_or_warned_word_is_no_violation(line: str) -> None:
    card = score(talk(("customer", "在吗"), ("agent", f"您好，{line}，谢谢")), RULES)
    assert card.capped is None


def test_words_of_the_customer_are_not_held_against_the_agent() -> None:
    card = score(talk(("customer", "加微信转账给我好评返现"), ("agent", "您好，这个我们做不了，谢谢")), RULES)
    assert card.capped is None


def test_pushing_more_than_once_after_a_no_is_found() -> None:
    pushy = talk(
        ("customer", "不用了，直接退"),
        ("agent", "您好，要不您留下吧"),
        ("customer", "退"),
        ("agent", "确定要退吗，谢谢"),
    )
    assert "over_retention" in found(score(pushy, RULES))
    once = talk(
        ("customer", "不用了，直接退"), ("agent", "您好，要不您留下吧"), ("customer", "退"), ("agent", "好的，谢谢")
    )
    assert "over_retention" not in found(score(once, RULES))


@given(st.lists(st.tuples(st.sampled_from(["customer", "agent", "assistant"]), st.text(min_size=1, max_size=40)),
                min_size=1, max_size=12))  # fmt: skip
def test_any_talk_scores_between_nothing_and_a_hundred(lines: list[tuple[str, str]]) -> None:
    card = score(talk(*lines), RULES)
    assert 0 <= card.score <= 100
    assert set(card.checked) | set(card.not_checked) == set(RULES.items)


def test_an_unknown_check_is_an_error_that_names_the_item() -> None:
    item = {"label": {"zh": "一", "en": "one"}, "dimension": "speed", "deduct": 1, "check": "guess"}
    with pytest.raises(XiaoerError, match="odd"):
        read_scorecard({"items": {"odd": item}})
