# ruff: noqa: E501 -- an alternation of words is read as one line; broken up it hides what stands beside what
"""Dates as customers say them (昨天, 上周五, 3天前, 11月20号, yesterday, last Friday), resolved against the message's time.

All in Asia/Shanghai. A day without a year is the nearest one that is not in the future, since customers speak of what
happened; `明天` and `后天` look ahead.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from knowledge.numerals import NUMBER, number

SHANGHAI = ZoneInfo("Asia/Shanghai")

_NAMED = {
    "大前天": -3, "前天": -2, "前日": -2, "昨天": -1, "昨日": -1, "昨晚": -1, "今天": 0, "今日": 0, "今早": 0, "今晚": 0,
    "刚才": 0, "刚刚": 0, "明天": 1, "明日": 1, "大后天": 3, "后天": 2,
    "the day before yesterday": -2, "day before yesterday": -2, "yesterday": -1, "last night": -1, "today": 0,
    "this morning": 0, "tonight": 0, "the day after tomorrow": 2, "tomorrow": 1,
}  # fmt: skip
_DAY_NAMES = {
    "一": 0,
    "二": 1,
    "三": 2,
    "四": 3,
    "五": 4,
    "六": 5,
    "日": 6,
    "天": 6,
    "1": 0,
    "2": 1,
    "3": 2,
    "4": 3,
    "5": 4,
    "6": 5,
    "7": 6,
}
_ENGLISH_DAYS = {
    name: at for at, name in enumerate(["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"])
}
_MONTHS = {
    name: at + 1
    for at, name in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"])
}

_NAMED_RE = re.compile("|".join(re.escape(name) for name in sorted(_NAMED, key=len, reverse=True)))
_AGO = re.compile(
    rf"({NUMBER})\s*(?:个)?(天|日|周|星期|礼拜|月|days?|weeks?|months?)(?:之|以)?(?:前|ago)|({NUMBER}) (days?|weeks?|months?) ago"
)
_HALF_MONTH = re.compile(r"半个?月(?:之|以)?前")
_WEEKDAY = re.compile(r"(上上|上个?|这个?|本|下个?)?(?:周|星期|礼拜)([一二三四五六日天1-7])(?![天个年月\d])")
_WEEKDAY_EN = re.compile(rf"\b(last|this|next|on)? ?({'|'.join(_ENGLISH_DAYS)})\b")
_FULL = re.compile(r"(?<!\d)(20\d{2})\s*[-/年.]\s*(\d{1,2})\s*[-/月.]\s*(\d{1,2})(?!\d)")
_MONTH_DAY = re.compile(rf"(?<!\d)({NUMBER})月({NUMBER})[日号]?")
_SLASH = re.compile(r"(?<![\d/.-])(\d{1,2})/(\d{1,2})(?![\d/])")
_MONTH_DAY_EN = re.compile(
    r"\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? (\d{1,2})(?:st|nd|rd|th)?\b|\b(\d{1,2})(?:st|nd|rd|th)? (?:of )?(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
)
_DAY_ONLY = re.compile(r"(?<![\d月])(\d{1,2})[号](?!楼|单元|码|店|线|门|院|房|色|色号|链接|机|电池)")


def find_date(folded: str, now: datetime) -> datetime | None:
    """The first day spoken of, as its 00:00 in Shanghai; None when none is. `now` must be aware."""
    day = _find(folded, now.astimezone(SHANGHAI).date())
    return None if day is None else datetime.combine(day, time(), SHANGHAI)


def _find(text: str, today: date) -> date | None:
    if found := _FULL.search(text):
        return _day(int(found[1]), int(found[2]), int(found[3]))
    if found := _MONTH_DAY.search(text):
        return _past(number(found[1]), number(found[2]), today)
    if found := _MONTH_DAY_EN.search(text):
        month, at = (found[1], found[2]) if found[1] else (found[4], found[3])
        return _past(_MONTHS[month], float(at), today)
    if found := _NAMED_RE.search(text):
        return today + timedelta(days=_NAMED[found[0]])
    if found := _AGO.search(text):
        count, unit = number(found[1] or found[3]), found[2] or found[4]
        return None if count is None else _back(today, count, unit)
    if _HALF_MONTH.search(text):
        return today - timedelta(days=15)
    if (week := _weekday(text, today)) is not None:
        return week
    if found := _SLASH.search(text):
        return _past(float(found[1]), float(found[2]), today)
    if found := _DAY_ONLY.search(text):
        return _day_of_month(int(found[1]), today)
    return None


def _weekday(text: str, today: date) -> date | None:
    monday = today - timedelta(days=today.weekday())
    if found := _WEEKDAY.search(text):
        prefix, at = found[1] or "", _DAY_NAMES[found[2]]
    elif found := _WEEKDAY_EN.search(text):
        prefix, at = found[1] or "", _ENGLISH_DAYS[found[2]]
    else:
        return None
    if prefix == "上上":
        return monday + timedelta(days=at - 14)
    if prefix == "last":
        # English: the latest such day before today. Chinese 上周 counts calendar weeks.
        return today - timedelta(days=(today.weekday() - at - 1) % 7 + 1)
    if prefix.startswith("上"):
        return monday + timedelta(days=at - 7)
    if prefix == "next" or prefix.startswith("下"):
        return monday + timedelta(days=at + 7)
    this = monday + timedelta(days=at)
    return this if prefix or this <= today else this - timedelta(days=7)


def _back(today: date, count: float, unit: str) -> date | None:
    days = {"天": 1, "日": 1, "d": 1, "周": 7, "星": 7, "礼": 7, "w": 7, "月": 30, "m": 30}[unit[0]]
    back = count * days
    return today - timedelta(days=int(back)) if back <= 3660 else None


def _past(month: float | None, at: float | None, today: date) -> date | None:
    if month is None or at is None:
        return None
    this = _day(today.year, int(month), int(at))
    if this is not None and this > today:
        return _day(today.year - 1, int(month), int(at))
    return this


def _day_of_month(at: int, today: date) -> date | None:
    this = _day(today.year, today.month, at)
    if this is not None and this <= today:
        return this
    before = today.replace(day=1) - timedelta(days=1)
    return _day(before.year, before.month, at)


def _day(year: int, month: int, at: int) -> date | None:
    try:
        return date(year, month, at)
    except ValueError:
        return None
