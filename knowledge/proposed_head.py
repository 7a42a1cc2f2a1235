"""Front matter for a document that has none: what its own words say about when, where and how it holds.

Each field is proposed with the words it rests on, for a person to confirm. What says when a text holds ("自…起施行",
"有效期至…") goes before the date that its content speaks of. Region and category are only suggested: applied wrongly
they would hide the text from everybody whose region or category is not known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache

from knowledge.clauses import SHANGHAI, Level, Status, Window
from knowledge.cleaning import Cleaned
from knowledge.dates import Dating
from knowledge.front_matter import instant
from knowledge.register import Point
from knowledge.text import simplified, word_list

_DAY = r"((?:19|20)\d{2})\s*[-/年.]\s*(\d{1,2})\s*[-/月.]\s*(\d{1,2})\s*日?"
_BEGINS = (
    re.compile(rf"(?:自|从|于|由)\s*{_DAY}\s*(?:零时|0时|0点|00:00)?\s*(?:起|开始)"),
    re.compile(rf"{_DAY}\s*(?:零时|0时|0点)?\s*(?:起(?:施行|实施|执行|生效|适用|使用)?|开始(?:施行|实施|执行|生效))"),
    re.compile(rf"(?:生效|施行|实施|执行|启用|发布)(?:日期|时间|日)\s*[:：]?\s*{_DAY}"),
    re.compile(rf"(?:effective|valid|applies|in force)\s+(?:from|as of|since|on)?\s*:?\s*{_DAY}", re.I),
)
_ENDS = (
    re.compile(
        rf"(?:有效期(?:至|到|截至)|有效至|截止(?:时间|日期)?(?:至|到|为|[:：])?|至|到)\s*{_DAY}\s*(?:止|为止|截止|前有效|24时|24:00)"
    ),
    re.compile(rf"(?:有效期(?:至|到|截至)|有效至|截止(?:时间|日期)\s*[:：]?)\s*{_DAY}"),
    re.compile(rf"(?:valid|ends?|expires?)\s+(?:until|through|on|to)?\s*:?\s*{_DAY}", re.I),
)
_SPAN = re.compile(
    r"(?:有效期|活动时间|执行时间|适用时间|时间|期限|valid|effective)\s*[:：为]?\s*(?:自|从|from)?"
    rf"\s*{_DAY}\s*(?:至|到|[-–—~～]+|to|until)\s*{_DAY}",
    re.I,
)
_STATUSES: tuple[tuple[Status, re.Pattern[str], str], ...] = (
    ("draft", re.compile(r"征求意见稿|讨论稿|草案|\bdraft for\b", re.I), "it calls itself a draft"),
    (
        "history",
        re.compile(r"(?:本|该)(?:规则|规定|通知|公告|政策|文件)(?:已|现已)?(?:废止|失效|停止执行)"),
        "it says that it has ended",
    ),
)
_AHEAD = re.compile(r"将推出|即将|(?<![模虚])拟(?!人|态)|\bwill be\b")
_NEWS = re.compile(
    r"记者|获悉|据悉|召开|发布会|宣布|公布|举行|报道|消息人士|新闻|各位商家|尊敬的(?:商家|卖家)|公告|通知|推出"
    r"|announce|press release"
)
_NEWS_CUTS = frozenset({"byline", "related", "site", "spam", "introduction"})
_OPENING = 4_000


@dataclass(frozen=True, slots=True)
class ProposedHead:
    """Values for a head, each of which some of `points` accounts for."""

    level: Level
    status: Status
    window: Window
    undated: bool
    points: tuple[Point, ...]

    @property
    def is_news(self) -> bool:
        return self.level == "temporary"


def propose_head(cleaned: Cleaned, dating: Dating) -> ProposedHead:
    """Level, status and window of a found text, with the words for each. Pure; reads no clock."""
    text = _Kept.of(cleaned)
    news = _news(text, cleaned, dating)
    status = _status(text, is_news=news is not None)
    begins, ends = _window(text)
    points = [*_of_dating(dating), *([begins[1]] if begins else []), *([ends[1]] if ends else [])]
    start = begins[0] if begins else _start_of(dating.content_date) if dating.content_date else None
    end = ends[0] if ends and (start is None or ends[0] > start) else None
    points += [point for point in (news, status[1]) if point is not None]
    points += _categories(text)
    return ProposedHead("temporary" if news else "shop", status[0], Window(start, end), start is None, tuple(points))


@dataclass(frozen=True, slots=True)
class _Kept:
    """The kept text in Simplified script, character for character, with the way back to the original."""

    original: str
    words: str
    offsets: list[int]

    @classmethod
    def of(cls, cleaned: Cleaned) -> _Kept:
        pieces: list[str] = []
        offsets: list[int] = []
        for start, end in cleaned.kept:
            readable, places = cleaned.readable(start, end)
            folded = simplified(readable)
            # phrases may change length; then the words stay as they are written, so that spans hold
            pieces.append((folded if len(folded) == len(readable) else readable) + "\n")
            offsets += [*places, end]
        return cls(cleaned.original, "".join(pieces), offsets)

    def point(self, name: str, value: str, found: re.Match[str], why: str, *, applied: bool = True) -> Point:
        start, end = self.offsets[found.start()], self.offsets[found.end() - 1] + 1
        return Point(name, value, self.original[start:end], start, end, why, applied)


def _news(text: _Kept, cleaned: Cleaned, dating: Dating) -> Point | None:
    """News of a moment, not a standing rule of the shop: it reports, announces, or stands on a page of news."""
    found = _NEWS.search(text.words[:_OPENING])
    if found:
        return text.point("level", "temporary", found, "it reports or announces")
    if dating.published or {cut.reason for cut in cleaned.cuts} & _NEWS_CUTS:
        return Point("level", "temporary", "", 0, 0, "it stands on a page of news")
    return None


def _status(text: _Kept, *, is_news: bool) -> tuple[Status, Point | None]:
    for status, pattern, why in _STATUSES:
        if found := pattern.search(text.words[:_OPENING]):
            return status, text.point("status", status, found, why)
    if not is_news:
        return "in_force", None
    if found := _AHEAD.search(text.words):
        return "announced", text.point("status", "announced", found, "it says what will be done")
    return "history", None


def _window(text: _Kept) -> tuple[tuple[datetime, Point] | None, tuple[datetime, Point] | None]:
    """From when and until when the text says that it holds; a day named as the last is in it."""
    for found in _SPAN.finditer(text.words):
        first, last = _day(found.groups()[:3]), _day(found.groups()[3:])
        if first and last and first <= last:
            why = "it says from when until when it holds"
            begins = text.point("effective from", first.isoformat(), found, why)
            ends = text.point("effective to", last.isoformat(), found, f"{why}; that day is in it")
            return (_midnight(first), begins), (_midnight(last + timedelta(days=1)), ends)
    begin = _first(text, _BEGINS)
    end = _first(text, _ENDS)
    return (
        (_midnight(begin[0]), text.point("effective from", begin[0].isoformat(), begin[1], "it says from when"))
        if begin
        else None,
        (
            _midnight(end[0] + timedelta(days=1)),
            text.point("effective to", end[0].isoformat(), end[1], "it says until when; that day is in it"),
        )
        if end
        else None,
    )


def _first(text: _Kept, patterns: tuple[re.Pattern[str], ...]) -> tuple[date, re.Match[str]] | None:
    for pattern in patterns:
        for found in pattern.finditer(text.words):
            if (day := _day(found.groups())) is not None:
                return day, found
    return None


def _day(groups: tuple[str | None, ...]) -> date | None:
    year, month, day = (int(group or 0) for group in groups)
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)


def _start_of(content_date: str) -> datetime:
    year, month, day = (*content_date.split("-"), "01", "01")[:3]
    return instant(f"{year}-{month}-{day}")


def _of_dating(dating: Dating) -> list[Point]:
    """The evidence of `dates.propose`, each piece under the field it speaks for."""
    points: list[Point] = []
    for each in dating.evidence:
        if each.says.startswith("platform "):
            name = each.says.removeprefix("platform ").split(",")[0]
            points.append(Point("platforms", name, each.text, each.start, each.end, each.says))
        elif each.says.startswith("region"):
            points.append(Point("regions", each.text, each.text, each.start, each.end, each.says, applied=False))
        else:
            value = dating.content_date or "unknown"
            points.append(Point("content_date", value, each.text, each.start, each.end, each.says))
    return points


def _categories(text: _Kept) -> list[Point]:
    """Categories named at least twice, the most named first; at most two."""
    counted: list[tuple[int, str, re.Match[str]]] = []
    for name, pattern in _category_words():
        found = list(pattern.finditer(text.words))
        if len(found) > 1:
            counted.append((len(found), name, found[0]))
    counted.sort(key=lambda entry: -entry[0])
    return [
        text.point("categories", name, found, f"named {count} times", applied=False)
        for count, name, found in counted[:2]
    ]


@cache
def _category_words() -> tuple[tuple[str, re.Pattern[str]], ...]:
    rows = (line.split("|", 1) for line in word_list("categories"))
    return tuple((name.strip(), re.compile("|".join(re.escape(w) for w in words.split()))) for name, words in rows)
