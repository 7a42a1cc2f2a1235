"""Days as documents write them, in one form: `2026-11-01`, each with the way back to the words it stood in.

二〇二六年十一月一日, 2026年11月1日, 2026.11.1, November 1st, 2026, 1 Nov 2026. A span whose second day leaves out what
it shares with the first (2026年11月1日至11日, Nov 1–11, 2026) is written out. A clock beside a day is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

from knowledge.numerals import number

DAY = r"((?:19|20)\d{2}-\d{2}-\d{2})"
"""A pattern (one group) for a day in a text that `with_plain_days` returned."""

_HAN = "〇零○一二三四五六七八九"
_HAN_DAY = re.compile(
    rf"([一二][{_HAN}]{{3}})年([一二三四五六七八九十]{{1,2}})月([一二三四五六七八九十廿]{{1,3}})[日号]"
)
_CLOCK = r"(?: *T? *(?!23:59|24)(?:[01]?\d|2[0-3])(?:[:时点](?:[0-5]\d)?(?::[0-5]\d)?分?| *(?:am|pm)\b)|零时)?"
"""What begins within a day; that a day is the last, its end says, is left to be read."""
_FULL = re.compile(
    rf"(?<!\d)((?:19|20)\d{{2}}) *[-/年.] *(\d{{1,2}}) *[-/月.] *(\d{{1,2}})(?!\d|\.\d)(?: *[日号])?{_CLOCK}", re.I
)
_TO = r" *(?:至|到|[-–—~～]{1,2}|to|until|through|till) *"
_LATER = re.compile(rf"{DAY}({_TO})(?:(\d{{1,2}}) *[-/月.] *)?(\d{{1,2}}) *[日号]{_CLOCK}", re.I)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?<![a-zA-Z])(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\.?"
)
_ORDINAL = r"(\d{1,2})(?:st|nd|rd|th)?"
_EN_SPAN = re.compile(rf"{_MONTH}\s+{_ORDINAL}({_TO})(?:{_MONTH}\s+)?{_ORDINAL}\s*,?\s*((?:19|20)\d{{2}})(?!\d)", re.I)
_EN_MONTH_FIRST = re.compile(rf"{_MONTH}\s+{_ORDINAL}\s*,?\s*((?:19|20)\d{{2}})(?!\d){_CLOCK}", re.I)
_EN_DAY_FIRST = re.compile(rf"(?<!\d){_ORDINAL}\s+(?:of\s+)?{_MONTH}\s*,?\s*((?:19|20)\d{{2}})(?!\d){_CLOCK}", re.I)


def with_plain_days(words: str, offsets: list[int]) -> tuple[str, list[int]]:
    """`words` with each day as `YYYY-MM-DD`, and for each character the place by `offsets` of what it stands for.

    What is no day of the calendar stays as it is written.
    """
    for pattern, read in (
        (_HAN_DAY, _han), (_FULL, _plain), (_EN_SPAN, _english_span), (_EN_MONTH_FIRST, _english),
        (_EN_DAY_FIRST, _english_day_first), (_LATER, _later),
    ):  # fmt: skip
        words, offsets = _replaced(words, offsets, pattern, read)
    return words, offsets


def _replaced(
    words: str, offsets: list[int], pattern: re.Pattern[str], read: Callable[[re.Match[str]], str | None]
) -> tuple[str, list[int]]:
    pieces: list[str] = []
    places: list[int] = []
    at = 0
    for found in pattern.finditer(words):
        plain = read(found)
        if plain is None:
            continue
        start, end = found.span()
        # a span of the plain form is a span of the whole expression
        places += [*offsets[at:start], *[offsets[start]] * (len(plain) - 1), offsets[end - 1]]
        pieces += [words[at:start], plain]
        if words[end : end + 1].isdigit():
            pieces.append(" ")
            places.append(offsets[end - 1])
        at = end
    return "".join([*pieces, words[at:]]), [*places, *offsets[at:]]


def _han(found: re.Match[str]) -> str | None:
    year = number(found[1].replace("○", "〇"))
    return _day(int(year or 0), number(found[2]), number(found[3]))


def _plain(found: re.Match[str]) -> str | None:
    return _day(int(found[1]), int(found[2]), int(found[3]))


def _english(found: re.Match[str]) -> str | None:
    return _day(int(found[3]), _month(found[1]), int(found[2]))


def _english_day_first(found: re.Match[str]) -> str | None:
    return _day(int(found[3]), _month(found[2]), int(found[1]))


def _english_span(found: re.Match[str]) -> str | None:
    year, month = int(found[6]), _month(found[1])
    first, last = _day(year, month, int(found[2])), _day(year, _month(found[4]) if found[4] else month, int(found[5]))
    return f"{first}{found[3]}{last}" if first and last and first <= last else None


def _later(found: re.Match[str]) -> str | None:
    first = date.fromisoformat(found[1])
    month = int(found[3]) if found[3] else first.month
    last = _day(first.year + (month < first.month), month, int(found[4]))
    return f"{found[1]}{found[2]}{last}" if last and last >= found[1] else None


def _month(name: str) -> int:
    return _MONTHS.index(name[:3].lower()) + 1


def _day(year: int, month: float | None, day: float | None) -> str | None:
    try:
        return date(year, int(month or 0), int(day or 0)).isoformat()
    except ValueError:
        return None
