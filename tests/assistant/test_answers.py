"""Questions about rules are answered in the rule's own words, checked, dated and marked for what they are."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answers import answer_from_clauses, best_passage, quote_answer
from assistant.build import Parts
from assistant.conversation import Cited, DialogueState, Lang
from assistant.turn import Assistant
from knowledge.clauses import Clause
from knowledge.quotes import check_shown
from tests.assistant.conftest import Talking
from tests.assistant.talk import NOW
from tests.assistant.turns import turn_of


@pytest.mark.parametrize(
    ("lang", "question"),
    [
        ("zh", "化妆品拆封了还能无理由退吗"),
        ("zh", "签收后多少天算七天无理由"),
        ("en", "When does the seven-day period start?"),
    ],
)
async def test_an_answer_quotes_a_clause_word_for_word(
    talking: Talking, parts: Parts, lang: Lang, question: str
) -> None:
    talk = await talking(None, lang)
    await talk.say(question)
    quoted = talk.said.partition("「")[2].partition("」")[0]
    assert quoted
    citation = talk.last(Cited)[0].citation
    assert quoted in citation.text
    assert f"[{citation.mark}]" in talk.said
    assert citation.title in talk.said
    policies = parts.pack.policies
    assert check_shown(f"{citation.clause}/{lang}", (citation.start, citation.end), citation.text, policies)
    assert citation.in_force_from is None or citation.in_force_from <= NOW
    assert citation.in_force_to is None or citation.in_force_to > NOW


@pytest.mark.parametrize("words", ["想退货", "可以退吗", "怎么退款？", "can I return it", "。。。", "什么"])
def test_words_that_any_request_has_are_no_question(assistant: Assistant, parts: Parts, words: str) -> None:
    turn = turn_of(assistant, None, words, understander=parts.understander)
    assert answer_from_clauses(turn) is None
    assert turn.events == []


def test_what_no_clause_speaks_of_has_no_answer(assistant: Assistant, parts: Parts) -> None:
    turn = turn_of(assistant, None, "世界杯冠军是哪支球队", understander=parts.understander)
    assert answer_from_clauses(turn, at_least=0.65) is None
    assert turn.citations == []


@pytest.mark.parametrize("status", ["contested", "announced", "history"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_is_not_plainly_in_force_is_marked_as_such(
    assistant: Assistant, parts: Parts, status: str, lang: Lang
) -> None:
    clause = _clause(parts, lang)
    marked = replace(clause, policy=replace(clause.policy, status=status, content_date="2025-01-09"))  # type: ignore[arg-type]
    turn = turn_of(assistant, None, "七天", understander=parts.understander, lang=lang)
    turn.heard = replace(turn.heard, lang=lang)
    text = quote_answer(marked, turn, "七天", as_of=NOW)
    assert turn.say(status) in text
    assert "2025-01-09" in text
    assert turn.violations(text) == []


def test_a_rule_in_force_today_needs_no_note(assistant: Assistant, parts: Parts) -> None:
    turn = turn_of(assistant, None, "七天", understander=parts.understander)
    text = quote_answer(_clause(parts, "zh"), turn, "七天", as_of=NOW)
    assert text.endswith("[1]")


def test_a_document_without_a_date_says_so(assistant: Assistant, parts: Parts) -> None:
    clause = _clause(parts, "zh")
    turn = turn_of(assistant, None, "七天", understander=parts.understander)
    marked = replace(clause, policy=replace(clause.policy, undated=True, confirmed=False))
    text = quote_answer(marked, turn, "七天", as_of=NOW)
    assert turn.say("undated") in text
    assert turn.say("unconfirmed") in text


def test_every_clause_for_customers_can_be_quoted_and_passes_the_guard(assistant: Assistant, parts: Parts) -> None:
    wrong = []
    for clause in parts.index.clauses:
        heard = parts.understander.hear("", DialogueState(lang=clause.policy.lang), NOW)
        turn = turn_of(assistant, None, "", heard=heard, lang=clause.policy.lang)
        text = quote_answer(clause, turn, clause.heading[-1] if clause.heading else "", as_of=NOW)
        citation = turn.citations[0]
        shown = check_shown(clause.id, (citation.start, citation.end), citation.text, parts.pack.policies)
        if turn.violations(text) or not shown:
            wrong.append((clause.id, turn.violations(text)))
    assert wrong == []


def test_the_passage_with_the_words_asked_about_is_shown() -> None:
    text = "甲说明。" * 40 + "生鲜商品签收后48小时内反馈。" + "乙说明。" * 40
    assert "48小时" in best_passage(text, "生鲜多久内反馈")


@given(st.text(max_size=600), st.text(max_size=40))
def test_a_passage_always_stands_in_its_text_and_is_short(text: str, question: str) -> None:
    passage = best_passage(text, question)
    assert passage in text
    assert passage or not text.strip() or len(text.strip()) > 220


def _clause(parts: Parts, lang: Lang) -> Clause:
    return parts.index.clause("law/no-reason-return@2024-07#counting", lang)
