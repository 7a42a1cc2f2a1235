"""Text as it is searched."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.mending import query_tokens
from knowledge.text import alternation, fold, safe, tokens


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("七天無理由退貨", "七天无理由退货"),
        ("網際網路", "互联网"),
        ("支持货到付款么", "支持货到付款么"),
        ("為什麼這麼貴", "为什么这么贵"),
        ("智慧財産權", "知识产权"),
        ("ＳＫＵ－１２", "sku-12"),
        ("退\x00货\ud800\u200b", "退货"),
        ("\ufdfa".join(["a", "b"]), "aصلى الله عليه وسلمb"),
    ],
)
def test_folding_makes_ways_of_writing_one(text: str, expected: str) -> None:
    assert fold(text) == expected


@given(st.text())
def test_safe_text_can_always_be_encoded_and_holds_no_nul(text: str) -> None:
    clean = safe(text)
    clean.encode("utf-8")
    assert "\x00" not in clean


@given(st.text())
def test_no_token_holds_white_space_or_is_empty(text: str) -> None:
    assert all(token and not any(c.isspace() for c in token) for token in tokens(text))


@pytest.mark.parametrize("way", ["7天无理由", "七天无理由", "七日无理由", "7日无理由", "7天包退"])
def test_every_way_of_saying_seven_days_shares_its_tokens(way: str) -> None:
    assert set(query_tokens(way)) == set(query_tokens("七天无理由"))


def test_a_calendar_date_is_not_read_as_a_number_of_days() -> None:
    assert "9天" not in "".join(tokens("1月9日"))
    assert tokens("1月9日") == ["1", "月", "9", "日"]


def test_words_of_the_trade_stay_whole() -> None:
    assert {"退货宝", "店小蜜"} <= set(tokens("退货宝和店小蜜"))


def test_codes_are_found_whole_and_in_parts() -> None:
    assert {"sku-12a4", "sku", "12", "4"} <= set(tokens("SKU-12A4"))


def test_the_numeral_before_a_unit_becomes_digits() -> None:
    assert tokens("四十八小时") == tokens("48小时")
    assert "25" not in tokens("第二十五条")


@given(
    st.lists(st.text("退货a.", min_size=1, max_size=3), min_size=1, max_size=6),
    st.text("退货a. ", max_size=12),
)
def test_the_longest_of_the_words_that_begin_at_a_place_is_found(words: list[str], text: str) -> None:
    def begins(word: str, at: int) -> bool:
        neighbours = text[at - 1 : at] if at else "", text[at + len(word) : at + len(word) + 1]
        cut = any(re.fullmatch("[a-z0-9]", each) for each in neighbours)
        return text.startswith(word, at) and not (word.isascii() and cut)

    expected, at = [], 0
    while at < len(text):
        here = max((word for word in words if begins(word, at)), key=len, default="")
        expected += [here] if here else []
        at += len(here) or 1
    assert alternation(words).findall(text) == expected
