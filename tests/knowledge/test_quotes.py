"""Quotes a machine can check."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.clauses import Policy
from knowledge.errors import DocumentError
from knowledge.quotes import check_quote, quote_of
from knowledge.splitting import split

TEXT = "---\n---\n## 一 {#one}\n签收后七天内可以退货。\n## 二 {#two}\n运费由买家承担。\n"
POLICY = Policy(id="shop/returns", version="1", title="退货", lang="zh", text=TEXT)
LATER = replace(POLICY, version="2", text=TEXT.replace("七天", "十天"))
ONE, TWO = split(POLICY)


def test_exact_words_are_accepted() -> None:
    quote = quote_of(ONE, "七天内")
    assert TEXT[quote.start : quote.end] == quote.text == "七天内"
    assert check_quote(quote, [LATER, POLICY])


def test_words_that_do_not_stand_there_cannot_be_quoted() -> None:
    for needle in ("八天", "", (3, 3), (0, 99), (-1, 2)):
        with pytest.raises(DocumentError):
            quote_of(ONE, needle)


@pytest.mark.parametrize(
    "changes",
    [
        {"text": "八天内"},
        {"clause_id": "shop/returns@2#one/zh"},
        {"clause_id": "shop/returns@1#two/zh"},
        {"clause_id": "shop/returns@1#one/en"},
        {"clause_id": "shop/returns@1#none/zh"},
        {"clause_id": "shop/returns@1"},
        {"text": "", "start": 5, "end": 5},
    ],
)
def test_any_change_to_a_quote_is_refused(changes: dict[str, object]) -> None:
    assert not check_quote(replace(quote_of(ONE, "七天内"), **changes), [POLICY, LATER])


@given(st.integers(-3, len(TEXT) + 3), st.integers(-3, len(TEXT) + 3))
def test_only_spans_inside_the_clause_with_their_own_words_are_accepted(start: int, end: int) -> None:
    quote = replace(quote_of(TWO, TWO.text), start=start, end=end, text=TEXT[max(start, 0) : max(end, 0)])
    assert check_quote(quote, [POLICY]) == (TWO.start <= start < end <= TWO.end)
