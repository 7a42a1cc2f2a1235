"""Clauses in force together, in places that overlap, that give different figures for the same thing.

A figure is a number with its unit in one sentence; two are about the same thing when the rest of their sentences, with
the headings above them, share enough of their rarer words. What is found is for a person to look at: a shop that
promises more than the law demands says another figure too, and rightly.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

from knowledge.clauses import Clause, Level, Policy, Scope
from knowledge.numerals import number
from knowledge.splitting import split
from knowledge.text import fold, tokens

ALIKE = 0.4
"""The share of two sentences' weighed words that has to be common. Lower values find contrasts, not contradictions."""

_UNITS: dict[str, tuple[str, float]] = {
    **dict.fromkeys(("小时", "hour", "hours"), ("hours", 1.0)),
    **dict.fromkeys(("天", "日", "自然日", "个自然日", "day", "days"), ("hours", 24.0)),
    **dict.fromkeys(("工作日", "个工作日", "working days", "business days"), ("working days", 1.0)),
    **dict.fromkeys(("个月", "月", "months", "month"), ("months", 1.0)),
    **dict.fromkeys(("年", "years", "year"), ("months", 12.0)),
    **dict.fromkeys(("分钟", "minutes"), ("hours", 1 / 60)),
    **dict.fromkeys(("元", "块", "块钱", "yuan", "rmb"), ("yuan", 1.0)),
    "万元": ("yuan", 10_000.0),
    **dict.fromkeys(("%", "percent"), ("%", 1.0)),
    **dict.fromkeys(("倍", "times"), ("times", 1.0)),
    **dict.fromkeys(("次", "件", "张"), ("pieces", 1.0)),
}
_DIGITS = "零〇一二三四五六七八九两"
_FIGURE = re.compile(
    rf"(?<![\d.第年月])(?P<number>\d+(?:\.\d+)?|[{_DIGITS}十百千]{{1,5}}|半)\s*-?\s*"
    rf"(?P<unit>{'|'.join(sorted(map(re.escape, _UNITS), key=len, reverse=True))})(?![号a-z])"
)
_DATE = re.compile(
    r"\d{4}\s*年(?:\s*\d{1,2}\s*月(?:\s*\d{1,2}\s*[日号])?)?|\d{1,2}\s*月\s*\d{1,2}\s*[日号]|\d{4}-\d{1,2}(?:-\d{1,2})?"
)
_SENTENCE = re.compile(r"[^。！？!?；;\n|]+")
_AXES = ("platforms", "regions", "categories", "channels", "audiences")
_HOLDS = frozenset({"in_force", "contested"})
_FEWEST = 3
_LONGEST = 160
_COMMON = 120


@dataclass(frozen=True, slots=True)
class Side:
    """One of two figures, with the sentence it stands in."""

    ref: str
    policy: str
    title: str
    level: Level
    value: float
    sentence: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two figures for one thing. `likeness` in [0, 1] says how much their sentences share, `unit` is of both values."""

    subject: str
    unit: str
    first: Side
    second: Side
    likeness: float


@dataclass(frozen=True, slots=True)
class _Figure:
    clause: Clause
    unit: str
    values: frozenset[float]
    words: frozenset[str]
    sentence: str


def conflicts(policies: Iterable[Policy], *, at: datetime, alike: float = ALIKE) -> list[Conflict]:
    """All of them at the instant `at`, the likeliest first. Pure; about linear in the number of clauses.

    What has no known date may be quoted at any time, so it may contradict what holds now.
    """
    holding = [
        policy for policy in policies if policy.status in _HOLDS and (policy.undated or policy.window.contains(at))
    ]
    figures = [figure for policy in holding for clause in split(policy) for figure in _figures(clause)]
    weights = _weights(figures)
    found: dict[tuple[str, str, str], Conflict] = {}
    for one, other in _candidates(figures, weights):
        likeness = _likeness(one.words, other.words, weights)
        if likeness < alike or not _overlap(one.clause.policy.scope, other.clause.policy.scope):
            continue
        conflict = _conflict(one, other, likeness)
        key = (conflict.first.ref, conflict.second.ref, conflict.unit)
        if key not in found or found[key].likeness < likeness:
            found[key] = conflict
    return sorted(found.values(), key=lambda each: (-each.likeness, each.first.ref, each.second.ref))


def figures_in(sentence: str) -> list[tuple[float, str]]:
    """The (value, unit) of each figure in a folded sentence, in a common unit: hours for days, months for years."""
    found: list[tuple[float, str]] = []
    for match in _FIGURE.finditer(_DATE.sub(" ", sentence)):
        value = _number(match["number"])
        unit, scale = _UNITS[match["unit"]]
        if value is not None:
            found.append((round(value * scale, 6), unit))
    return found


def _figures(clause: Clause) -> list[_Figure]:
    heading = clause.heading[-1] if clause.heading else clause.policy.title
    found: list[_Figure] = []
    for match in _SENTENCE.finditer(clause.shown):
        sentence = match.group().strip()
        folded = fold(sentence)
        by_unit: dict[str, set[float]] = defaultdict(set)
        for value, unit in figures_in(folded):
            by_unit[unit].add(value)
        if not by_unit or len(sentence) > _LONGEST:
            continue
        words = frozenset(tokens(_FIGURE.sub(" ", fold(f"{heading} {folded}"))))
        if len(words) >= _FEWEST:
            found += [_Figure(clause, unit, frozenset(values), words, sentence) for unit, values in by_unit.items()]
    return found


def _candidates(figures: Sequence[_Figure], weights: dict[str, float]) -> Iterable[tuple[_Figure, _Figure]]:
    """Pairs of one unit and language without a value in common that share a rare word: of two policies, or of two
    clauses that one heading has, as a question that stands twice in a sheet.
    """
    by_word: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for place, figure in enumerate(figures):
        for word in sorted(figure.words, key=lambda word: -weights[word])[: max(4, len(figure.words) // 2)]:
            by_word[word, figure.unit, figure.clause.policy.lang].append(place)
    seen: set[tuple[int, int]] = set()
    for numbers in by_word.values():
        # a word of very many figures says nothing of what they are about; sentences alike share a rarer one
        for pair in combinations(numbers if len(numbers) <= _COMMON else (), 2):
            one, other = figures[pair[0]], figures[pair[1]]
            if pair in seen or one.values & other.values or not _may_contradict(one.clause, other.clause):
                continue
            seen.add(pair)
            yield one, other


def _may_contradict(one: Clause, other: Clause) -> bool:
    if one.policy.id != other.policy.id:
        return True
    return one.ref != other.ref and bool(one.heading) and one.heading == other.heading


def _weights(figures: Sequence[_Figure]) -> dict[str, float]:
    counts = Counter(word for figure in figures for word in figure.words)
    return {word: math.log(1 + len(figures) / count) for word, count in counts.items()}


def _likeness(one: frozenset[str], other: frozenset[str], weights: dict[str, float]) -> float:
    """Of the shorter sentence's weighed words, the share that the other holds too, tempered by the union."""
    common = sum(weights[word] for word in one & other)
    least = min(sum(weights[word] for word in side) for side in (one, other))
    union = sum(weights[word] for word in one | other)
    return (common / least + common / union) / 2 if union else 0.0


def _overlap(one: Scope, other: Scope) -> bool:
    pairs = ((getattr(one, axis), getattr(other, axis)) for axis in _AXES)
    return all(not mine or not its or mine & its for mine, its in pairs)


def _conflict(one: _Figure, other: _Figure, likeness: float) -> Conflict:
    first, second = sorted((one, other), key=lambda figure: figure.clause.ref)
    subject = " › ".join(first.clause.heading[-2:]) or first.clause.policy.title
    return Conflict(subject, one.unit, _side(first), _side(second), round(likeness, 3))


def _side(figure: _Figure) -> Side:
    policy = figure.clause.policy
    return Side(figure.clause.ref, policy.key, policy.title, policy.level, min(figure.values), figure.sentence)


def _number(text: str) -> float | None:
    """None for 三五 (天): some, and no figure."""
    if text == "半":
        return 0.5
    return None if len(text) > 1 and set(text) <= set(_DIGITS) else number(text)
