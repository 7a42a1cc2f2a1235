"""Cut what does not belong to a document's own text, and say what was cut and why. Nothing is rewritten in place.

The original stays for display; cleaning marks half-open spans of it. A *block* cut (spam, a list of other articles,
the frame of a site) also ends a clause; an *inline* cut (a tag, pinyin in brackets) may lie inside one. The signals are
general: known fragments as data, script, shape of a line, and position in the page. No rule names one document.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

import ftfy
import ftfy.badness

from knowledge.text import HAN, fold, word_list

Reason = Literal[
    "markup", "pinyin", "mojibake", "spam", "site", "byline", "related", "legal", "end", "navigation", "introduction",
    "debris",
]  # fmt: skip

_TAG = re.compile(
    r"</?[a-zA-Z][a-zA-Z0-9-]*(?:\s[^<>\n]{0,300})?/?>|<!--[^<>]{0,500}-->|&(?:nbsp|amp|lt|gt|quot|#\d{2,5});", re.S
)
_BRACKET = re.compile(rf"(?<=[{HAN}])[(（]([a-zü\u00e0-\u01dc]{{1,6}})[)）]")
_SYLLABLE = re.compile(
    r"(?:zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw])?(?:[iuv]?(?:ang|eng|ong|ing|an|en|in|un|ai|ei|ao|ou|er|a|o|e|i|u|v)|i[ae]o?|u[aeo]i?|io?u)"
)
_HAN = re.compile(f"[{HAN}]")
_LATIN = re.compile("[A-Za-z]")
_SENTENCE = re.compile(r"[。！？!?；;：:，,]")
_BROKEN = re.compile("\ufffd|锟斤拷|烫烫烫|屯屯屯|Ã.|â€")
_GLUED = re.compile(rf"\s*(?:[A-Za-z]+[ ]+){{1,5}}[A-Za-z]+(?=[{HAN}])")
_LIST_SHAPE = re.compile(r"^\s*[•·\-*]|(\.\.\.|…)\W*$|^\W*(时间|日期)\s*[:：]|^[^。!?]{0,40}$")

_INTRODUCTION_SHARE = 0.8
"""Characters of Latin script per Chinese one: three letters say what one Han character says, so about a quarter."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A half-open span of the original that is not searched, and why. `inline` cuts do not end a clause."""

    start: int
    end: int
    reason: Reason
    inline: bool = False


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A document with its cuts, in order and without overlap between block cuts."""

    original: str
    cuts: tuple[Cut, ...] = ()

    @property
    def kept(self) -> list[tuple[int, int]]:
        """The half-open spans between block cuts that hold any text."""
        spans: list[tuple[int, int]] = []
        at = 0
        for cut in (*(c for c in self.cuts if not c.inline), Cut(len(self.original), len(self.original), "debris")):
            if self.original[at : cut.start].strip():
                spans.append((at, cut.start))
            at = max(at, cut.end)
        return spans

    def readable(self, start: int, end: int) -> tuple[str, list[int]]:
        """A span without its cuts, mojibake mended, and for each character the offset it came from."""
        characters: list[str] = []
        offsets: list[int] = []
        at = start
        first = max(0, bisect_left(self.cuts, start, key=_start_of) - 1)
        last = bisect_left(self.cuts, end, key=_start_of)
        for cut in (*(c for c in self.cuts[first:last] if c.end > start), Cut(end, end, "debris")):
            piece, places = _mended(self.original[at : max(at, cut.start)], at)
            characters.append(piece)
            offsets += places
            at = max(at, min(cut.end, end))
        return "".join(characters), offsets

    @property
    def text(self) -> str:
        """All that is kept, blocks separated by a line feed."""
        return "\n".join(self.readable(start, end)[0].strip("\n") for start, end in self.kept)

    def summary(self) -> dict[Reason, int]:
        """How many characters were cut for each reason."""
        total: dict[Reason, int] = {}
        for cut in self.cuts:
            total[cut.reason] = total.get(cut.reason, 0) + cut.end - cut.start
        return total


def clean(text: str, *, start: int = 0) -> Cleaned:
    """Mark what is not the document's own text. Linear in the length of `text`; never raises.

    What stands before `start` (a head of ours) is neither looked at nor cut.
    """
    if start:
        cuts = clean(text[start:]).cuts
        return Cleaned(text, tuple(replace(cut, start=cut.start + start, end=cut.end + start) for cut in cuts))
    inline = [*_tags(text), *_pinyin(text)]
    lines = _lines(text, inline)
    blocks = _block_cuts(lines, text)
    outside = [cut for cut in inline if not _inside(cut, blocks)]
    return Cleaned(text, tuple(sorted([*blocks, *_disjoint(outside)], key=lambda cut: (cut.start, cut.end))))


@dataclass(slots=True)
class _Line:
    start: int
    end: int
    raw: str
    """The line without its inline cuts."""
    folded: str
    had_markup: bool
    reason: Reason | None = None


def _lines(text: str, inline: list[Cut]) -> list[_Line]:
    inline = _disjoint(inline)
    lines: list[_Line] = []
    next_cut = 0
    at = 0
    for line in text.splitlines(keepends=True):
        end = at + len(line)
        pieces: list[str] = []
        place = at
        had_markup = False
        while next_cut < len(inline) and inline[next_cut].start < end:
            cut = inline[next_cut]
            pieces.append(text[place : max(place, cut.start)])
            place = max(place, cut.end)
            had_markup = had_markup or cut.reason == "markup"
            if cut.end > end:
                break
            next_cut += 1
        raw = "".join([*pieces, text[place:end] if place < end else ""]).strip()
        lines.append(_Line(at, end, raw, fold(raw).strip(), had_markup))
        at = end
    return lines


def _block_cuts(lines: list[_Line], text: str) -> list[Cut]:
    for line in lines:
        line.reason = _reason(line)
    _mark_introduction(lines)
    _mark_tails(lines)
    cuts: list[Cut] = []
    for line in lines:
        if line.reason is None:
            continue
        last = cuts[-1] if cuts else None
        if last and last.reason == line.reason and not text[last.end : line.start].strip():
            cuts[-1] = Cut(last.start, line.end, line.reason)
        else:
            cuts.append(Cut(line.start, line.end, line.reason))
    glued = _glued_introduction(lines, cuts)
    return sorted([*cuts, *glued], key=lambda cut: cut.start)


def _reason(line: _Line) -> Reason | None:
    text = line.folded
    if not text:
        return None
    strong, weak = _spam()
    if strong.search(text) or len(set(weak.findall(text))) >= 2:
        return "spam"
    if len(_BROKEN.findall(line.raw)) * 8 > len(line.raw):
        return "mojibake"
    for kind, pattern in _boilerplate():
        if len(text) < 240 and pattern.search(text):
            return kind
    if line.had_markup and not re.search(r"[^\W\d_]", text):
        return "debris"
    return "navigation" if _is_navigation(line.raw) else None


def _is_navigation(line: str) -> bool:
    """Eight or more words of at most four characters and no sentence mark: the menu of a page, not a sentence."""
    words = line.split()
    return (
        len(words) >= 8 and all(len(word) <= 4 for word in words) and not _SENTENCE.search(line) and "|" not in line
    ) and len(_HAN.findall(line)) > len(line) // 2


def _mark_introduction(lines: list[_Line]) -> None:
    """A leading passage in Latin script before a mainly Chinese article that shares no figures with it."""
    kept = [line for line in lines if line.reason is None and line.raw]
    lead: list[_Line] = []
    for line in kept:
        if _share_of_latin(line.raw) < 0.8:
            break
        lead.append(line)
    lead_text = " ".join(line.raw for line in lead)
    rest = " ".join(line.raw for line in kept[len(lead) :])
    if len(lead_text) < 80 or len(_HAN.findall(rest)) < 200 or len(lead_text) > len(rest) * _INTRODUCTION_SHARE:
        return
    if len(set(re.findall(r"\d{2,}", lead_text)) & set(re.findall(r"\d{2,}", rest))) >= 2:
        return
    for line in lead:
        line.reason = "introduction"


def _glued_introduction(lines: list[_Line], cuts: list[Cut]) -> list[Cut]:
    """Latin words stuck to the first Chinese sentence after a cut introduction (the label of a button)."""
    ends = {cut.end for cut in cuts if cut.reason == "introduction"}
    for line in lines:
        if line.start in ends and line.reason is None and (glue := _GLUED.match(line.raw)):
            return [Cut(line.start, line.start + glue.end(), "introduction")]
    return []


def _mark_tails(lines: list[_Line]) -> None:
    """After `related` or `end`, cut what follows: all of it past the middle of the page, else list-like lines only."""
    total = sum(len(line.raw) for line in lines) or 1
    before = 0
    tail: Reason | None = None
    whole = False
    for line in lines:
        share = before / total
        before += len(line.raw)
        if line.reason in ("related", "end", "legal"):
            whole = share > 0.5
            tail = "related" if line.reason == "related" else "end" if line.reason == "end" else tail
            continue
        if tail is None or line.reason is not None or not line.raw:
            continue
        if line.raw.startswith("#") or not (whole or _LIST_SHAPE.search(line.folded)):
            tail = None
            continue
        line.reason = tail


def _tags(text: str) -> list[Cut]:
    return [Cut(found.start(), found.end(), "markup", inline=True) for found in _TAG.finditer(text)]


def _pinyin(text: str) -> list[Cut]:
    """`務(wù)`: brackets after a Han character around one toned syllable; toneless ones only where toned abound."""
    found = [(match, _toneless(match[1])) for match in _BRACKET.finditer(text)]
    syllables = [(match, plain) for match, plain in found if _SYLLABLE.fullmatch(plain)]
    toned = sum(match[1] != plain for match, plain in syllables)
    return [
        Cut(match.start(), match.end(), "pinyin", inline=True)
        for match, plain in syllables
        if match[1] != plain or toned >= 3
    ]


def _toneless(syllable: str) -> str:
    decomposed = unicodedata.normalize("NFD", syllable.replace("ü", "v"))
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def _start_of(cut: Cut) -> int:
    return cut.start


def _inside(cut: Cut, blocks: list[Cut]) -> bool:
    before = bisect_right(blocks, cut.start, key=_start_of)
    return before > 0 and cut.end <= blocks[before - 1].end


def _disjoint(cuts: list[Cut]) -> list[Cut]:
    kept: list[Cut] = []
    for cut in sorted(cuts, key=lambda c: (c.start, -c.end)):
        if not kept or cut.start >= kept[-1].end:
            kept.append(cut)
    return kept


def _mended(piece: str, start: int) -> tuple[str, list[int]]:
    """Mojibake mended by ftfy where it is sure of it; offsets of a changed piece are spread evenly over it."""
    if not ftfy.badness.is_bad(piece):
        return piece, list(range(start, start + len(piece)))
    fixed = ftfy.fix_encoding(piece)
    scale = len(piece) / max(1, len(fixed))
    return fixed, [start + int(i * scale) for i in range(len(fixed))]


def _share_of_latin(line: str) -> float:
    latin, han = len(_LATIN.findall(line)), len(_HAN.findall(line))
    return latin / (latin + han) if latin + han else 0.0


@cache
def _spam() -> tuple[re.Pattern[str], re.Pattern[str]]:
    words = word_list("spam")
    strong = [re.escape(word[1:].strip()) for word in words if word.startswith("!")]
    weak = [
        rf"(?<![a-z0-9]){word}(?![a-z0-9])" if word.isascii() else re.escape(word)
        for word in words
        if not word.startswith("!")
    ]
    return re.compile("|".join(strong)), re.compile("|".join(weak))


@cache
def _boilerplate() -> tuple[tuple[Reason, re.Pattern[str]], ...]:
    kinds: dict[str, Reason] = {
        "site": "site",
        "byline": "byline",
        "end": "end",
        "related": "related",
        "legal": "legal",
    }
    pairs = (line.split("|", 1) for line in word_list("boilerplate"))
    return tuple((kinds[kind.strip()], re.compile(pattern.strip())) for kind, pattern in pairs)
