from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.wording import day, fill, instant, money, placeholders, shortened
from knowledge.clauses import SHANGHAI
from knowledge.errors import XiaoerError


@given(st.integers(min_value=-(10**10), max_value=10**10))
def test_money_reads_back_as_the_same_fen(fen: int) -> None:
    text = money(fen)
    sign = -1 if text.startswith("-") else 1
    yuan, _, cents = text.lstrip("-¥").partition(".")
    assert sign * (int(yuan) * 100 + int(cents)) == fen


def test_an_instant_is_shown_in_shanghai_time() -> None:
    at = datetime.fromisoformat("2026-11-22T23:30:00+00:00")
    assert instant(at, "zh") == "11月23日 07:30"
    assert instant(at, "en") == "23 Nov 07:30"
    assert day(at.astimezone(SHANGHAI), "en", year=True) == "23 Nov 2026"


def test_a_template_without_a_value_is_an_error_and_never_a_hole() -> None:
    assert placeholders("{order}现在{state}") == {"order", "state"}
    assert fill("{order}现在{state}", {"order": "A", "state": "B", "more": "C"}) == "A现在B"
    with pytest.raises(XiaoerError, match="state"):
        fill("{order}现在{state}", {"order": "A"})


@given(st.text(max_size=50))
def test_a_value_is_never_read_as_a_template(value: str) -> None:
    assert fill("{order}!", {"order": value}) == value + "!"


@given(st.text(alphabet="ab 双面羊毛大衣", max_size=40), st.integers(min_value=2, max_value=30))
def test_a_short_form_is_no_longer_than_allowed_and_begins_as_the_text_does(text: str, most: int) -> None:
    found = shortened(text, most)
    assert len(found) <= most
    assert text.startswith(found.removesuffix("…"))
    assert found == text or found.endswith("…")


def test_english_is_cut_between_words_and_chinese_between_characters() -> None:
    assert shortened("Gooseneck kettle with temperature control", 24) == "Gooseneck kettle with…"
    assert shortened("双面羊毛大衣黑色中码一件", 8) == "双面羊毛大衣黑…"
