"""Front matter for a document that has none: what its own words say about when, where and how it holds.

Each field is proposed with the words it rests on, for a person to confirm. What says when a text holds ("自…起施行",
"有效期至…") goes before the date that its content speaks of. Region and category are only suggested: applied wrongly
they would hide the text from everybody whose region or category is not known.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache

from knowledge.clauses import SHANGHAI, Level, Status, Window
from knowledge.cleaning import Cleaned
from knowledge.dates import Dating
from knowledge.front_matter import instant
from knowledge.register import Point
from knowledge.scope_words import category_words
from knowledge.text import simplified
from knowledge.written_dates import DAY, with_plain_days

_BEGINS = (
    re.compile(rf"(?:自|从|于|由)\s*{DAY}\s*(?:起|开始|正式)"),
    re.compile(rf"{DAY}\s*(?:起(?:施行|实施|执行|生效|适用|使用)?|(?:开始|正式)?(?:施行|实施|执行|生效))"),
    re.compile(rf"(?:生效|施行|实施|执行|启用)(?:日期|时间|日)\s*[:：为]?\s*{DAY}"),
    re.compile(
        rf"(?:effective|valid|applies|in force|with effect|starting|starts|begins)\s+(?:from|as of|since|on|date)?\s*:?"
        rf"\s*{DAY}",
        re.I,
    ),
)
_WRITTEN = (
    re.compile(rf"(?:更新|修订|修改|发布|公布|发文|印发|签发|制定|编制)(?:日期|时间|日)?\s*[:：于]?\s*{DAY}"),
    re.compile(rf"{DAY}\s*(?:最后)?(?:更新|修订|修改|发布|公布|印发)"),
    re.compile(rf"(?:updated|revised|published|issued|posted)(?:\s+on|\s+date)?\s*:?\s*{DAY}", re.I),
)
_ENDS = (
    re.compile(
        rf"(?:有效期(?:至|到|截至)|有效至|截止(?:时间|日期)?(?:至|到|为|[:：])?|至|到)\s*{DAY}"
        r"\s*(?:止|为止|截止|结束|前有效|24时|24:00|23:59)"
    ),
    re.compile(rf"(?:有效期(?:至|到|截至)|有效至|截止(?:时间|日期)\s*[:：]?)\s*{DAY}"),
    re.compile(rf"(?:valid|ends?|expires?)\s+(?:until|through|on|to)?\s*:?\s*{DAY}", re.I),
)
_SPAN = re.compile(
    r"(?:有效期|时间|日期|期限|期间|自|从|from|between|valid|effective|runs?)\s*[:：为]?\s*(?:自|从|from|as of)?"
    rf"\s*{DAY}\s*(?:至|到|[-–—~～]+|to|until|through|till|and)\s*{DAY}",
    re.I,
)
_BARE_SPAN = re.compile(rf"{DAY} *(?:至|到|[-–—~～]+|to|until|through|till) *{DAY}", re.I)
"""Without a word for what it is, a span says when a text holds only where it opens the text."""
_STATUSES: tuple[tuple[Status, re.Pattern[str], str], ...] = (
    ("draft", re.compile(r"征求意见稿|讨论稿|草案|\bdraft for\b", re.I), "it calls itself a draft"),
    (
        "history",
        re.compile(r"(?:本|该)(?:规则|规定|通知|公告|政策|文件)(?:已|现已)?(?:废止|失效|停止执行)"),
        "it says that it has ended",
    ),
)
_AHEAD = re.compile(r"将推出|即将|(?<![模虚])拟(?!人|态)|\bwill be\b")
_REPORTS = re.compile(r"记者|获悉|据悉|召开|发布会|举行|报道|消息人士|新闻|announce|press release")
_NOTICE = re.compile(r"各位商家|尊敬的(?:商家|卖家)|公告|通知|宣布|公布|推出")
_NEWS_CUTS = frozenset({"byline", "introduction"})
_OPENING = 4_000
_BEGINNING = 600
_HEADING = 200
_ON_NEWS_PAGE = "it stands on a page of news"
_GIVES_NOTICE = "it gives notice"


@dataclass(frozen=True, slots=True)
class ProposedHead:
    """Values for a head, each of which some of `points` accounts for."""

    level: Level
    status: Status
    window: Window
    undated: bool
    content_date: str | None
    """ISO to its precision."""
    points: tuple[Point, ...]

    @property
    def is_news(self) -> bool:
        return self.level == "temporary"


def propose_head(cleaned: Cleaned, dating: Dating) -> ProposedHead:
    """Level, status and window of a found text, with the words for each. Pure; reads no clock.

    A year alone says from when only of news, which speaks of a moment; a standing text that names one is undated.
    """
    text = _Kept.of(cleaned)
    news = _news(text, cleaned, dating)
    begins, ends = _window(text, is_news=news is not None)
    status = _status(text, news, says_when=bool(begins or ends), dated=dating.content_date is not None)
    if begins is None and news is None:
        begins = _written(text)
    start = begins[0] if begins else _start_of(dating) if news is not None or dating.precision != "year" else None
    end = ends[0] if ends and (start is None or ends[0] > start) else None
    content = _content_date(dating, begins[0] if begins else None)
    points = [*_of_dating(dating, content), *([begins[1]] if begins else []), *([ends[1]] if ends else [])]
    points += [point for point in (news, status[1]) if point is not None]
    points += _categories(text)
    level: Level = "temporary" if news else "shop"
    return ProposedHead(level, status[0], Window(start, end), start is end is None, content, tuple(points))


def _content_date(dating: Dating, begins: datetime | None) -> str | None:
    """What the text speaks of; the day that it names itself says more than a year it mentions."""
    vague = dating.content_date is None or dating.precision == "year"
    return f"{begins:%Y-%m-%d}" if begins is not None and vague else dating.content_date


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
            # a PDF may spell 月 with the sign of the radical
            plain = "".join(c if len(one := unicodedata.normalize("NFKC", c)) != 1 else one for c in readable)
            folded = simplified(plain)
            # phrases may change length; then the words stay as they are written, so that spans hold
            pieces.append((folded if len(folded) == len(readable) else plain) + "\n")
            offsets += [*places, end]
        return cls(cleaned.original, *with_plain_days("".join(pieces), offsets))

    def point(self, name: str, value: str, found: re.Match[str], why: str, *, applied: bool = True) -> Point:
        start, end = self.offsets[found.start()], self.offsets[found.end() - 1] + 1
        return Point(name, value, self.original[start:end], start, end, why, applied)


def _news(text: _Kept, cleaned: Cleaned, dating: Dating) -> Point | None:
    """News of a moment, not a standing rule of the shop: it reports, announces, or stands on a page of news."""
    opening = text.words[:_OPENING]
    if found := _REPORTS.search(opening):
        return text.point("level", "temporary", found, "it reports or announces")
    if dating.published or {cut.reason for cut in cleaned.cuts} & _NEWS_CUTS:
        return Point("level", "temporary", "", 0, 0, _ON_NEWS_PAGE)
    if found := _NOTICE.search(opening):
        return text.point("level", "temporary", found, _GIVES_NOTICE)
    return None


def _status(text: _Kept, news: Point | None, *, says_when: bool, dated: bool) -> tuple[Status, Point | None]:
    for status, pattern, why in _STATUSES:
        if found := pattern.search(text.words[:_OPENING]):
            return status, text.point("status", status, found, why)
    if news is None:
        return "in_force", None
    if found := _AHEAD.search(text.words):
        return "announced", text.point("status", "announced", found, "it says what will be done")
    if news.why == _GIVES_NOTICE and (says_when or not dated):
        return "in_force", None
    return "history", replace(news, field="status", value="history", why=f"{news.why}; what it says may have ended")


def _window(text: _Kept, *, is_news: bool) -> tuple[tuple[datetime, Point] | None, tuple[datetime, Point] | None]:
    """From when and until when the text says that it holds; a day named as the last is in it.

    Deep in a text a span is that of one of its parts, and in news every day is.
    """
    for found in (*_SPAN.finditer(text.words[:_BEGINNING]), *_BARE_SPAN.finditer(text.words[:_HEADING])):
        first, last = date.fromisoformat(found[1]), date.fromisoformat(found[2])
        if first <= last:
            why = "it says from when until when it holds"
            begins = text.point("effective from", first.isoformat(), found, why)
            ends = text.point("effective to", last.isoformat(), found, f"{why}; that day is in it")
            return (_midnight(first), begins), (_midnight(last + timedelta(days=1)), ends)
    words = text.words[:_BEGINNING] if is_news else text.words
    begin = _first(words, _BEGINS)
    end = _first(words, _ENDS)
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


def _written(text: _Kept) -> tuple[datetime, Point] | None:
    """The day on which a standing text was written or changed; of several, the latest."""
    named = [(date.fromisoformat(found[1]), found) for pattern in _WRITTEN for found in pattern.finditer(text.words)]
    if not named:
        return None
    day, found = max(named, key=lambda each: each[0])
    return _midnight(day), text.point("effective from", day.isoformat(), found, "the day it is of")


def _first(words: str, patterns: tuple[re.Pattern[str], ...]) -> tuple[date, re.Match[str]] | None:
    for pattern in patterns:
        if found := pattern.search(words):
            return date.fromisoformat(found[1]), found
    return None


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)


def _start_of(dating: Dating) -> datetime | None:
    if dating.content_date is None:
        return None
    year, month, day = (*dating.content_date.split("-"), "01", "01")[:3]
    return instant(f"{year}-{month}-{day}")


def _of_dating(dating: Dating, content: str | None) -> list[Point]:
    """The evidence of `dates.propose`, each piece under the field it speaks for."""
    points: list[Point] = []
    for each in dating.evidence:
        if each.says.startswith("platform "):
            name = each.says.removeprefix("platform ").split(",")[0]
            points.append(Point("platforms", name, each.text, each.start, each.end, each.says))
        elif each.says.startswith("region"):
            points.append(Point("regions", each.text, each.text, each.start, each.end, each.says, applied=False))
        elif content == dating.content_date:
            value = content or "unknown"
            points.append(Point("content_date", value, each.text, each.start, each.end, each.says))
    return points


def _categories(text: _Kept) -> list[Point]:
    """Categories named at least twice, the most named first; at most two."""
    counted: list[tuple[int, str, re.Match[str]]] = []
    for name, pattern in _category_patterns():
        found = list(pattern.finditer(text.words))
        if len(found) > 1:
            counted.append((len(found), name, found[0]))
    counted.sort(key=lambda entry: -entry[0])
    return [
        text.point("categories", name, found, f"named {count} times", applied=False)
        for count, name, found in counted[:2]
    ]


@cache
def _category_patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((name, re.compile("|".join(map(re.escape, words)))) for name, words in category_words())
