"""Days as documents write them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.numerals import render
from knowledge.written_dates import with_plain_days

MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
          "December")  # fmt: skip
DAYS = st.dates(date(1990, 1, 1), date(2089, 12, 31))
FORMS = (
    lambda day: f"{day.year}年{day.month}月{day.day}日",
    lambda day: f"{day.year} 年 {day.month} 月 {day.day} 日",
    lambda day: f"{day.year}.{day.month}.{day.day}",
    lambda day: f"{day.year}/{day.month:02}/{day.day:02}",
    lambda day: day.isoformat(),
    lambda day: (
        "".join("〇一二三四五六七八九"[int(c)] for c in str(day.year)) + f"年{render(day.month)}月{render(day.day)}日"
    ),
    lambda day: f"{MONTHS[day.month - 1]} {day.day}, {day.year}",
    lambda day: f"{MONTHS[day.month - 1][:3]}. {day.day}th {day.year}",
    lambda day: f"{day.day} {MONTHS[day.month - 1]} {day.year}",
)


def plain(words: str) -> str:
    return with_plain_days(words, list(range(len(words))))[0]


@given(
    day=DAYS,
    form=st.sampled_from(FORMS),
    before=st.sampled_from(("", "自", "From ")),
    after=st.sampled_from(("", "起", " on")),
)
def test_a_day_is_read_in_every_form_and_leads_back_to_its_words(day, form, before, after):
    words = before + form(day) + after
    text, offsets = with_plain_days(words, list(range(len(words))))
    assert text == before + day.isoformat() + after
    assert len(offsets) == len(text)
    start, end = text.index(day.isoformat()), text.index(day.isoformat()) + 10
    assert words[offsets[start] : offsets[end - 1] + 1] == form(day)


@pytest.mark.parametrize(
    ("words", "reads"),
    [
        ("2026年11月1日至11日", "2026-11-01至2026-11-11"),
        ("2026年12月25日至1月3日", "2026-12-25至2027-01-03"),
        ("2026年11月1日20:00至11月11日23:59", "2026-11-01至2026-11-11 23:59"),
        ("Nov 28th to Dec 3rd, 2026", "2026-11-28 to 2026-12-03"),
        ("June 1–18, 2026", "2026-06-01–2026-06-18"),
    ],
)
def test_a_span_is_written_out(words: str, reads: str) -> None:
    assert plain(words) == reads


@pytest.mark.parametrize(
    "words",
    [
        "2026-13-45",
        "2026年2月30日",
        "version 2026.1.2.3",
        "May 2026",
        "有效期12个月",
        "第2026号",
        "20261101",
        "2026年\n11月1日",
    ],
)
def test_what_is_no_day_stays_as_it_is(words: str) -> None:
    assert plain(words) == words


@given(st.text(alphabet="2026年月日年十一二三0189-/. 至到tofromay,JuneNov\n", max_size=60))
def test_every_character_keeps_a_place_in_order(words):
    text, offsets = with_plain_days(words, list(range(len(words))))
    assert len(text) == len(offsets)
    assert offsets == sorted(offsets)
    assert all(0 <= place < len(words) for place in offsets)
