"""Split a policy into clauses: by heading, then by paragraph and sentence until each fits a budget of tokens.

A policy with our front matter is taken as it is written; any other text is foreign and cleaned first, so that a clause
never spans what was cut. Always `policy.text[clause.start:clause.end] == clause.text`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from knowledge.clauses import Clause, Policy
from knowledge.cleaning import Cleaned, clean
from knowledge.front_matter import body_start, has_front_matter
from knowledge.text import HAN, fold, simplified
from knowledge.token_count import TokenCounter, estimate_tokens

BUDGET = 480
"""Tokens a clause may have. A section of a written rule is rarely longer; a longer one reads badly as a citation."""

SMALL = 60
"""Characters below which neighbouring paragraphs of a text without headings are joined to one clause."""

_HEADING = re.compile(r"^(#{1,6})[ \t]+(\S.*?)\s*(?:\{#([\w.-]+)\}\s*)?$")
_LONGEST_HEADING = 400
_LONGEST_HEAD = 200
_FENCE = re.compile(r"^[ ]{0,3}(`{3,}|~{3,})[ \t]*(\S*)")
_ITEM = re.compile(r"^\s*(?:[-*•·✓]\s|[（(]?\d{1,3}[)）.、]|[（(]?[一二三四五六七八九十]{1,3}[)）、]|第.{1,6}条)")
_END = re.compile(r"[。！？!?；;：:…”」』.）)]\s*$")
_SENTENCE = re.compile(r"[^。！？!?；;\n]*(?:[。！？!?；;]+[”」』）)]*|\n|$)")
_ROW = re.compile(r"[^\n]*(?:\n|$)")
_WRAPPED = re.compile(rf"(?<=[{HAN}，、；])[ \t\u3000]*\n[ \t\u3000]*(?=[{HAN}])")
_BULLET = re.compile(r"^[-*•·]\s+")
_TITLE_LIKE = re.compile(r"^[^|。！？!?；;，,]{2,26}$")


@dataclass(frozen=True, slots=True)
class _Section:
    heading: tuple[str, ...]
    anchor: str
    """Empty when the heading names none or there is no heading."""
    heading_span: tuple[int, int]
    spans: tuple[tuple[int, int], ...]


def split(policy: Policy, *, budget: int = BUDGET, count: TokenCounter = estimate_tokens) -> list[Clause]:
    """The clauses of one policy in reading order; anchors are unique within it. Table fences are not clauses."""
    cleaned = cleaned_text(policy)
    sections = [
        section
        for start, end in cleaned.kept
        for section in _sections(policy.text, max(start, body_start(policy.text)), end)
    ]
    anchors = _Anchors({section.anchor for section in sections})
    clauses: list[Clause] = []
    for section in sections:
        pieces = list(_pieces(policy.text, section, budget, count))
        if not pieces and section.anchor:
            pieces = [(section.heading, *section.heading_span)]
        names = anchors.of_section(section.anchor, bool(section.heading))
        for heading, start, end in pieces:
            readable = cleaned.readable(start, end)[0]
            if not re.search(r"\w", readable):
                continue
            path = tuple(dict.fromkeys((*section.heading, *heading)))
            anchor = next(names)
            words = (policy.title, *path, readable, *policy.asked.get(anchor, ()))
            search_text = fold("\n".join(dict.fromkeys(filter(None, words))))
            text, reading = policy.text[start:end], ""
            if policy.as_found:
                path, reading = tuple(reading_of(step) for step in path), reading_of(readable)
            shown = reading if reading != text else ""
            clauses.append(Clause(policy, anchor, path, text, start, end, search_text, shown))
    return clauses


def cleaned_text(policy: Policy) -> Cleaned:
    """The text of a policy with its cuts: none where it was written for us, those of `clean` where it was found."""
    if policy.as_found or not has_front_matter(policy.text):
        return clean(policy.text, start=body_start(policy.text))
    return Cleaned(policy.text)


def reading_of(readable: str) -> str:
    """Cleaned words as a reader of Simplified script sees them: each character converted, wrapped lines joined, the
    bullet of a list item dropped.
    """
    return _BULLET.sub("", _WRAPPED.sub("", simplified(readable)).strip())


class _Anchors:
    """Gives each piece its anchor: the heading's own, then `x.2`, `x.3`; `s1…` and `p1…` where none is written."""

    def __init__(self, written: set[str]) -> None:
        self._written = written
        self._used: set[str] = set()
        self._counts = {"s": 0, "p": 0}
        self._pieces: dict[str, int] = {}

    def of_section(self, anchor: str, headed: bool) -> Iterator[str]:
        """The anchors of one section's pieces, in order, without end."""
        if not headed:
            while True:
                yield self._fresh("p")
        first = anchor or self._fresh("s")
        if first not in self._used:
            self._used.add(first)
            yield first
        while True:
            self._pieces[first] = number = self._pieces.get(first, 1) + 1
            name = f"{first}.{number}"
            if name not in self._written and name not in self._used:
                self._used.add(name)
                yield name

    def _fresh(self, letter: str) -> str:
        while True:
            self._counts[letter] += 1
            name = f"{letter}{self._counts[letter]}"
            if name not in self._written and name not in self._used:
                return name


def _sections(text: str, start: int, end: int) -> Iterator[_Section]:
    """Cut `[start, end)` at headings; leave out the spans of table fences."""
    stack: list[str] = []
    anchor, heading_span, spans, at = "", (start, start), list[tuple[int, int]](), start
    fence: tuple[str, int, bool] | None = None
    position = start
    for line in text[start:end].splitlines(keepends=True):
        line_start, position = position, position + len(line)
        mark = _FENCE.match(line)
        if fence is not None:
            if mark and mark[1].startswith(fence[0]) and not mark[2]:
                if fence[2]:
                    spans.append((at, fence[1]))
                    at = position
                fence = None
        elif mark:
            fence = (mark[1], line_start, mark[2] == "table")
        elif len(line) <= _LONGEST_HEADING and (found := _HEADING.match(line.rstrip())):
            yield _Section(tuple(filter(None, stack)), anchor, heading_span, (*spans, (at, line_start)))
            level, spans, at = len(found[1]), [], position
            stack = [*stack[: level - 1], *[""] * (level - 1 - len(stack)), found[2]]
            anchor, heading_span = found[3] or "", (line_start + found.start(2), line_start + found.end(2))
    if fence is not None and fence[2]:
        spans.append((at, fence[1]))
        at = end
    yield _Section(tuple(filter(None, stack)), anchor, heading_span, (*spans, (at, end)))


def _pieces(
    text: str, section: _Section, budget: int, count: TokenCounter
) -> Iterator[tuple[tuple[str, ...], int, int]]:
    """(further heading, start, end) of each clause of a section, white space trimmed, none above the budget."""
    for start, end in section.spans:
        if section.heading:
            if (whole := _trim(text, start, end)) is None:
                continue
            units = (
                [((), *whole)] if count(text[slice(*whole)]) <= budget else _grouped(text, start, end, budget, count)
            )
        else:
            units = _grouped(text, start, end, min(budget, 260), count)
        yield from units


def _grouped(
    text: str, start: int, end: int, budget: int, count: TokenCounter
) -> list[tuple[tuple[str, ...], int, int]]:
    """Paragraphs, the small ones joined, the long ones cut at sentences; a short title-like line heads what follows."""
    groups: list[tuple[tuple[str, ...], int, int]] = []
    heading: tuple[str, ...] = ()
    paragraphs = list(_paragraphs(text, start, end))
    for number, (first, last) in enumerate(paragraphs):
        paragraph = text[first:last]
        after = text[slice(*paragraphs[number + 1])] if number + 1 < len(paragraphs) else ""
        if _heads(paragraph, after):
            heading = (paragraph.strip(),)
            continue
        if count(paragraph) > budget and paragraph.startswith("|"):
            groups += _table_pieces(text, (first, last), heading, budget, count)
            continue
        if count(paragraph) > budget:
            groups += [(heading, *span) for span in _sentences(text, first, last, budget, count)]
            continue
        previous = groups[-1] if groups else None
        if (
            previous
            and previous[0] == heading
            and min(last - first, previous[2] - previous[1]) < SMALL
            and count(text[previous[1] : last]) <= min(budget, 160)
        ):
            groups[-1] = (heading, previous[1], last)
        else:
            groups.append((heading, first, last))
    return groups


def _table_pieces(
    text: str, span: tuple[int, int], heading: tuple[str, ...], budget: int, count: TokenCounter
) -> Iterator[tuple[tuple[str, ...], int, int]]:
    """Runs of rows; from the second on, the head of the table is a heading: no figure stands without its name."""
    start, end = span
    head = " | ".join(cell.strip() for cell in text[start : text.find("\n", start)].strip().strip("|").split("|"))
    repeated = (*heading, head[:_LONGEST_HEAD])
    room = max(budget // 2, budget - count(head))
    for number, piece in enumerate(_sentences(text, start, end, room, count, rows=True)):
        yield (heading if number == 0 else repeated, *piece)


def _heads(paragraph: str, after: str) -> bool:
    """A short line without a sentence's end, or a numbered line that a longer plain paragraph follows."""
    if not after or _END.search(paragraph):
        return False
    if _ITEM.match(paragraph):
        return len(paragraph) <= 48 and not _ITEM.match(after) and len(after) > 2 * len(paragraph)
    # Of a list of short lines none heads the next: each would be lost as the heading of nothing.
    followed = len(after) > 26 or _ITEM.match(after) or _END.search(after)
    return bool(followed) and _TITLE_LIKE.match(paragraph) is not None


def _paragraphs(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Trimmed spans, parted by blank lines, list items, and line ends after a sentence or a short line."""
    first: int | None = None
    last = start
    position = start
    for line in text[start:end].splitlines(keepends=True):
        line_start, position = position, position + len(line)
        span = _trim(text, line_start, position)
        if span is None:
            if first is not None:
                yield first, last
            first = None
            continue
        table = text[span[0]] == "|" and first is not None and text[first] == "|"
        before = last - (text.rfind("\n", 0, last) + 1)
        # A wrapped line is as long as its neighbours; a short line before a long one is a heading or a paragraph.
        wrapped = first is not None and 30 <= before <= 130 and span[1] - span[0] <= before * 1.3
        wrapped = wrapped and not _END.search(text[max(0, line_start - 12) : line_start].rstrip())
        if first is None:
            first = span[0]
        elif not table and (not wrapped or _ITEM.match(text[span[0] : span[1]])):
            yield first, last
            first = span[0]
        last = span[1]
    if first is not None:
        yield first, last


def _sentences(
    text: str, start: int, end: int, budget: int, count: TokenCounter, *, rows: bool = False
) -> Iterator[tuple[int, int]]:
    """Runs of sentences, or of table rows, within the budget; one above it is cut where the budget ends."""
    first = last = start
    for found in (_ROW if rows else _SENTENCE).finditer(text, start, end):
        stop = min(found.end(), end)
        if stop <= last:
            continue
        if last > first and count(text[first:stop]) > budget:
            if (span := _trim(text, first, last)) is not None:
                yield span
            first = last
        # No tokenizer puts sixteen characters of prose in one token; a longer piece need not be counted whole.
        while count(window := text[first : min(stop, first + budget * 16)]) > budget:
            cut = first + _longest_prefix(window, budget, count)
            if (span := _trim(text, first, cut)) is not None:
                yield span
            first = cut
        last = stop
    if (span := _trim(text, first, end)) is not None:
        yield span


def _longest_prefix(text: str, budget: int, count: TokenCounter) -> int:
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if count(text[:middle]) <= budget else (low, middle - 1)
    return low


def _trim(text: str, start: int, end: int) -> tuple[int, int] | None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return (start, end) if start < end else None
