"""Visits at the customer's door: the windows that can be booked, how they are read and how they are said. Pure.

A window is a part of a day in Shanghai, written `2026-11-24 09-12` wherever it is kept. It can be booked from tomorrow
on, for two weeks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from assistant.conversation import Lang
from assistant.relative_dates import find_date
from knowledge.clauses import SHANGHAI
from knowledge.text import fold

PARTS: tuple[tuple[int, int], ...] = ((9, 12), (14, 18), (19, 21))
"""The hours of a morning, an afternoon and an evening visit."""

DAYS_AHEAD = 14
_WRITTEN = re.compile(r"(\d{4}-\d{2}-\d{2}) (\d{2})-(\d{2})")
_SPOKEN = (
    re.compile(r"上午|早上|早晨|中午前|\b(?:morning|a\.?m\.?)\b"),
    re.compile(r"下午|中午|午后|\b(?:afternoon|p\.?m\.?)\b"),
    re.compile(r"晚上|傍晚|夜里|下班后|\bevening\b"),
)
_HOUR = re.compile(r"(?<![\d:/-])(\d{1,2})\s*(?:点|时|:\d{2}|o'?clock|(?=\s*[ap]m))")
_WEEKDAY = re.compile(r"(?:周|星期|礼拜)[一二三四五六日天1-7]|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b")
_DATED = re.compile(r"\d\s*月|\d\s*[号日]|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)")
_MONTHLY = re.compile(r"\d\s*月|[/-]|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)")
_WEEKEND = re.compile(r"周末|\bweekend\b")
_NAMES = {"zh": ("上午", "下午", "晚上"), "en": ("morning", "afternoon", "evening")}
_WEEKDAYS = {"zh": "一二三四五六日", "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}


_SERVICES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("repair", re.compile(r"维修|报修|修理|来修|上门修|修一下|\brepair|\bfix")),
    ("swap", re.compile(r"换新|上门换|\bswap|\breplace")),
    ("pickup_return", re.compile(r"取件|取退|取货|上门取|来取|来拿|收件|揽收|\bpick(?:ed)? ?-?up|\bcollect")),
    ("deliver_install", re.compile(r"安装|送装|来装|装一下|\binstall")),
)
_NO_SHOW = re.compile(
    r"没来|没到|不来|爽约|没人来|没上门|放鸽子|迟迟不|还没(?:来|到|联系)"
    r"|did(?:n't| not) (?:show|come|turn)|no.?show|nobody came"
)
_CALLS_OFF = re.compile(
    r"取消|不用(?:来|上门|取)|别(?:来|上门)|改(?:一下|个)?.{0,6}时间|改到|改成|换(?:到|个时间)|推迟|提前"
    r"|\b(?:cancel|call off|reschedule|change)\b"
)


def tells_of_no_show(text: str) -> bool:
    """Whether `text` says that nobody came."""
    return _NO_SHOW.search(fold(text)) is not None


def service_in(text: str) -> str | None:
    """The service at the door `text` speaks of: pickup_return, swap, repair or deliver_install."""
    folded = fold(text)
    return next((name for name, pattern in _SERVICES if pattern.search(folded)), None)


def calls_off(text: str) -> bool:
    """Whether `text` asks to cancel or move a visit."""
    return _CALLS_OFF.search(fold(text)) is not None


def words_of(written: object, lang: Lang) -> str | None:
    """A kept window (`2026-11-24 09-12`) in words; None for anything else."""
    found = _WRITTEN.fullmatch(str(written))
    hours = (int(found[2]), int(found[3])) if found else None
    return Window(date.fromisoformat(found[1]), PARTS.index(hours)).words(lang) if found and hours in PARTS else None


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """A part of a day: `part` counts `PARTS`."""

    day: date
    part: int

    @property
    def start(self) -> datetime:
        return datetime.combine(self.day, time(PARTS[self.part][0]), SHANGHAI)

    @property
    def end(self) -> datetime:
        return datetime.combine(self.day, time(PARTS[self.part][1]), SHANGHAI)

    def __str__(self) -> str:
        first, last = PARTS[self.part]
        return f"{self.day} {first:02d}-{last:02d}"

    def words(self, lang: Lang) -> str:
        """`11月24日（周二）上午 9:00–12:00`."""
        first, last = PARTS[self.part]
        name, weekday = _NAMES[lang][self.part], _WEEKDAYS[lang][self.day.weekday()]
        if lang == "zh":
            return f"{self.day.month}月{self.day.day}日（周{weekday}）{name} {first}:00–{last}:00"
        return f"{weekday} {self.day.day} {self.day:%b}, {name} {first}:00–{last}:00"


def offered(now: datetime, count: int = 3) -> list[Window]:
    """The next windows to offer: mornings and afternoons from tomorrow on."""
    tomorrow = now.astimezone(SHANGHAI).date() + timedelta(days=1)
    return [Window(tomorrow + timedelta(days=n // 2), n % 2) for n in range(count)]


def read_window(text: str, now: datetime) -> Window | None:
    """The window `text` names, if it can be booked at `now`; None when it names none, or only a day."""
    if written := _WRITTEN.fullmatch(text.strip()):
        day, hours = date.fromisoformat(written[1]), (int(written[2]), int(written[3]))
        return _bookable(day, PARTS.index(hours), now) if hours in PARTS else None
    folded = fold(text)
    day_said, part = _day(folded, now), _part(folded)
    return None if day_said is None or part is None else _bookable(day_said, part, now)


def _bookable(day: date, part: int, now: datetime) -> Window | None:
    ahead = (day - now.astimezone(SHANGHAI).date()).days
    return Window(day, part) if 1 <= ahead <= DAYS_AHEAD else None


def _part(folded: str) -> int | None:
    hour = int(found[1]) if (found := _HOUR.search(folded)) else None
    spoken = next((n for n, pattern in enumerate(_SPOKEN) if pattern.search(folded)), None)
    if hour is None:
        return spoken
    hour += 12 if hour < 12 and spoken in (1, 2) else 0
    return next((n for n, (first, last) in enumerate(PARTS) if first <= hour < last), spoken)


def _day(folded: str, now: datetime) -> date | None:
    """A visit lies ahead: a day that is read as past, because most days customers name are, is the next such day."""
    today = now.astimezone(SHANGHAI).date()
    if _WEEKEND.search(folded):
        return today + timedelta(days=(5 - today.weekday()) % 7 or 7)
    found = find_date(folded, now)
    if found is None:
        return None
    day = found.date()
    if day <= today and _WEEKDAY.search(folded) and not _DATED.search(folded):
        return day + timedelta(days=7 * ((today - day).days // 7 + 1))
    if day >= today:
        return day
    if (today - day).days <= 31 and not _MONTHLY.search(folded):
        return _next_month(day)
    return _this_year(day, today)


def _this_year(day: date, today: date) -> date | None:
    """The next such day of the year: `11月24日` said on the 22nd."""
    for year in (today.year, today.year + 1):
        try:
            found = day.replace(year=year)
        except ValueError:
            continue
        if found >= today:
            return found
    return None


def _next_month(day: date) -> date | None:
    """The same day of the month after: `3号` said on the 22nd."""
    year, month = (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)
    try:
        return day.replace(year=year, month=month)
    except ValueError:
        return None
