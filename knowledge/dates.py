"""Propose when a document without front matter speaks of, and where it applies, each with the words it rests on.

The date of the *content* is not the date of publication: a page may be a repost. Relative years (本年, 去年) resolve
against the document's own year. Everything here is a proposal for a person to confirm; what cannot be resolved stays
unknown and is never guessed from today's date.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Literal

from knowledge.cleaning import Cleaned
from knowledge.scope_words import PLATFORMS, PROVINCES
from knowledge.text import fold, word_list

Precision = Literal["day", "month", "year", "unknown"]

_FULL = re.compile(r"(?<!\d)((?:19|20)\d{2})\s*[-/年.]\s*(\d{1,2})(?:\s*[-/月.]\s*(\d{1,2})日?)?(?!\d)")
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d{2})\s*年")
_DAY = re.compile(r"(?<![\d年])(\d{1,2})月(\d{1,2})[日号]")
_MONTH = re.compile(r"(?<!\d)(\d{1,2})月(?:份|(\d{1,2})[日号])?")
_RELATIVE = re.compile(r"(去年|上年|本年度?|今年|当年)")
_SHIFT = {"去年": -1, "上年": -1}
_NEWS = re.compile(r"[,，].{0,40}?(召开|举行|举办|参加|宣布|发布|表示|获悉|出席|上线)")
_AHEAD = re.compile(r"^\s*(之?前|起|开始|截止|生效|实施|施行)")
_AHEAD_YEAR = re.compile(r"^.{0,16}?(将|拟|计划|预计)")
_REPOST_MONTHS = 12
_SHORT_EVENT_DAYS = 200


@dataclass(frozen=True, slots=True)
class Evidence:
    """Words of the document, with their half-open span in its original text."""

    text: str
    start: int
    end: int
    says: str


@dataclass(frozen=True, slots=True)
class Dating:
    """A proposal. `content_date` is ISO to its precision (`2022-05`), None when unknown; always to be confirmed."""

    content_date: str | None
    precision: Precision
    evidence: tuple[Evidence, ...] = ()
    published: str | None = None
    platforms: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    to_confirm: bool = True

    @property
    def year(self) -> int | None:
        return int(self.content_date[:4]) if self.content_date else None

    def resolve(self, word: str) -> int | None:
        """The year that 本年, 今年, 去年 or 上年 means in this document; None when its own year is unknown."""
        return None if self.year is None else self.year + _SHIFT.get(word, 0)


@dataclass(frozen=True, slots=True)
class _Text:
    """The kept text, folded, with the way back to the original."""

    original: str
    folded: str
    offsets: list[int]

    def evidence(self, start: int, end: int, says: str) -> Evidence:
        first, last = self.offsets[start], self.offsets[end - 1] + 1
        return Evidence(self.original[first:last], first, last, says)


def propose(document: Cleaned) -> Dating:
    """Date a cleaned document and guess its platform and regions. Pure; no clock is read."""
    text = _folded(document)
    published, published_evidence = _published(document)
    found = _from_publication(text, published) or _from_years(text) or _from_events(text)
    evidence = (*((published_evidence,) if published_evidence else ()), *(found[2] if found else ()))
    if found is None and published is not None and published_evidence is not None:
        # A stamp alone dates the page, not what it says; with nothing against it, it is the best proposal.
        found = (published.isoformat(), "day", [])
    content: str | None = found[0] if found else None
    precision: Precision = found[1] if found else "unknown"
    platforms, regions, places = _places(text)
    published_text = published.isoformat() if published else None
    return Dating(content, precision, (*evidence, *places), published_text, platforms, regions)


_Found = tuple[str, Precision, list[Evidence]]


def _from_publication(text: _Text, published: date | None) -> _Found | None:
    """The stamp, when the text itself names no year or its latest year is not long before the stamp."""
    if published is None:
        return None
    latest = max((month for month, _ in _months_named(text)), default=None)
    if latest is None or published.year * 12 + published.month - latest > _REPOST_MONTHS:
        return None
    evidence = [
        text.evidence(*span, "the text speaks of this") for month, span in _months_named(text) if month == latest
    ]
    evidence += [
        text.evidence(*found.span(), "the stamp's day, named in the text")
        for found in _DAY.finditer(text.folded)
        if (int(found[1]), int(found[2])) == (published.month, published.day)
    ]
    return published.isoformat(), "day", evidence[:3]


def _from_years(text: _Text) -> _Found | None:
    """The latest year the text names, or the one a relative date and a dated event give together."""
    months = _months_named(text)
    if not months:
        return None
    year = max(month for month, _ in months) // 12
    spans = [span for month, span in months if month // 12 == year]
    evidence = [text.evidence(*span, "the latest year the text names") for span in spans[:3]]
    told = _told_day(text)
    if told is not None:
        return date(year, told[0], told[1]).isoformat(), "day", [*evidence, told[2]]
    return str(year), "year", evidence


def _from_events(text: _Text) -> _Found | None:
    """The year from public events, then month or day from what the text tells; None when no event is named."""
    windows: list[tuple[date, date]] = []
    evidence: list[Evidence] = []
    for kind, first, last, words in _events():
        places = [text.folded.find(word) for word in words]
        if min(places) < 0:
            continue
        at = places[0]
        shift = _year_before(text.folded, at) if kind == "day" else 0
        if kind == "day" and shift is None:
            continue
        years = -(shift or 0)
        windows.append(
            (date(first.year + years, 1, 1), date(last.year + years, 12, 31)) if kind == "day" else (first, last)
        )
        evidence.append(text.evidence(at, at + len(words[0]), f"public event of {first.isoformat()}"))
    if not windows:
        return None
    start, end = max(first for first, _ in windows), min(last for _, last in windows)
    if start > end:
        return None
    told = _told_day(text)
    if told is not None and start <= (day := date(start.year, told[0], told[1])) <= end:
        return day.isoformat(), "day", [*evidence, told[2]]
    named = [
        (int(found[1]), found.span())
        for found in _MONTH.finditer(text.folded)
        if start.month <= int(found[1]) <= end.month and (end - start).days < _SHORT_EVENT_DAYS
    ]
    if named:
        month, span = max(named)
        said = text.evidence(*span, "the latest month of that event the text names")
        return f"{start.year}-{month:02d}", "month", [*evidence, said]
    return (str(start.year), "year", evidence) if start.year == end.year else None


def _year_before(folded: str, at: int) -> int | None:
    """The shift of a relative year in the sentence before `at`: -1 after 去年, 0 after 今年 or without one."""
    sentence = folded[max(0, at - 40) : at]
    found = list(_RELATIVE.finditer(sentence))
    return _SHIFT.get(found[-1][1], 0) if found else None


def _told_day(text: _Text) -> tuple[int, int, Evidence] | None:
    """`11月4日,…参加了`: a news sentence that opens with a day and goes on with what happened on it."""
    for found in _DAY.finditer(text.folded):
        sentence = text.folded[found.end() : found.end() + 60].split("。")[0]
        month, day = int(found[1]), int(found[2])
        if 1 <= month <= 12 and 1 <= day <= 28 + (month != 2) * 2 and _NEWS.match(sentence):
            return month, day, text.evidence(*found.span(), "the day of the event the text reports")
    return None


def _months_named(text: _Text) -> list[tuple[int, tuple[int, int]]]:
    """(year * 12 + month - 1, span) of each year the text names; a year announced with 将 is not yet reached."""
    named: list[tuple[int, tuple[int, int]]] = []
    for found in _FULL.finditer(text.folded):
        month = int(found[2])
        if 1 <= month <= 12:
            named.append((int(found[1]) * 12 + month - 1, found.span()))
    full_starts = {span[0] for _, span in named}
    for found in _YEAR.finditer(text.folded):
        ahead = _AHEAD.match(text.folded[found.end() :]) or _AHEAD_YEAR.match(
            text.folded[found.end() : found.end() + 40]
        )
        if found.start() not in full_starts and not ahead:
            named.append((int(found[1]) * 12, found.span()))
    return named


def _published(document: Cleaned) -> tuple[date | None, Evidence | None]:
    """The stamp of the page: a full date in what was cut as a byline, or alone in one of the first lines."""
    for cut in document.cuts:
        stamp = _FULL.search(document.original, cut.start, cut.end) if cut.reason == "byline" else None
        if stamp and stamp[3]:
            try:
                day = date(int(stamp[1]), int(stamp[2]), int(stamp[3]))
            except ValueError:
                continue
            return day, Evidence(stamp.group(), stamp.start(), stamp.end(), "published (the page's stamp)")
    return None, None


_HOLDS_ON = re.compile(r"(?:适用于|仅限于?|只限|限于|适用范围[是为:：]?|适用平台[是为:：]?)([^。；;\n]{1,40})")
_NAMED = re.compile("淘宝|天猫|京东|1688|拼多多|抖音|快手小店|小红书")
"""After words of scope, once is enough."""
_PROVINCES = "|".join(PROVINCES)
_REGIONS = re.compile(f"({_PROVINCES})(?:地区|全境|省|市|企业|商家|等地|及其他地区)")
_PROVINCE = re.compile(_PROVINCES)


def _places(text: _Text) -> tuple[tuple[str, ...], tuple[str, ...], list[Evidence]]:
    """Platforms that the text says it holds on, else those named at least half as often as the most named; and regions
    where it says it holds, or named with a word of scope.
    """
    runs = [found.span(1) for found in _HOLDS_ON.finditer(text.folded)]
    stated = {found[0]: found.span() for run in runs for found in _NAMED.finditer(text.folded, *run)}
    holds = {name: stated[word] for name, (word, *_) in PLATFORMS.items() if word in stated}
    evidence = [text.evidence(*span, f"platform {name}, where it says it holds") for name, span in holds.items()]
    counts = {name: sum(text.folded.count(word) for word in words) for name, words in PLATFORMS.items()}
    most = max(counts.values())
    often = () if holds else tuple(name for name, count in counts.items() if count >= 2 and count * 2 >= most)
    for name in often:
        at = min(place for word in PLATFORMS[name] if (place := text.folded.find(word)) >= 0)
        evidence.append(text.evidence(at, at + len(PLATFORMS[name][0]), f"platform {name}, named {counts[name]} times"))
    platforms = (*holds, *often)
    within = {found[0]: found.span() for run in runs for found in _PROVINCE.finditer(text.folded, *run)}
    evidence += [text.evidence(*span, "region, where it says it holds") for span in within.values()]
    named = Counter(found[1] for found in _REGIONS.finditer(text.folded) if found[1] not in within)
    often_named = tuple(name for name, count in named.most_common() if count >= 2)
    for name in often_named:
        at = text.folded.find(name)
        evidence.append(text.evidence(at, at + len(name), f"region, named {named[name]} times"))
    return platforms, (*within, *often_named), evidence


def _folded(document: Cleaned) -> _Text:
    """Fold line by line so that offsets hold: a line whose length changes maps proportionally."""
    pieces: list[str] = []
    offsets: list[int] = []
    for start, end in document.kept:
        readable, places = document.readable(start, end)
        at = 0
        for line in readable.splitlines(keepends=True):
            folded = fold(line)
            scale = len(line) / max(1, len(folded))
            pieces.append(folded)
            offsets += [places[min(at + int(i * scale), len(places) - 1)] for i in range(len(folded))]
            at += len(line)
    return _Text(document.original, "".join(pieces), offsets)


@cache
def _events() -> tuple[tuple[str, date, date, tuple[str, ...]], ...]:
    rows = (line.split("|") for line in word_list("events"))
    return tuple(
        (kind.strip(), date.fromisoformat(first.strip()), date.fromisoformat(last.strip()), _all_of(words))
        for kind, first, last, words in rows
    )


def _all_of(words: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in words.split("&"))
