"""Quality scoring (客服质检) by rules that can be shown: no deduction without the turn and the words it rests on.

Items, points, words and patterns are data (`scorecard.yaml`); each check is a small function over a transcript. Red
lines are reported for a person to confirm; they never set a score to zero by themselves.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from assistant.conversation import Frozen
from assistant.shop import Text
from assistant.transcripts import Transcript, Utterance, gap
from assistant.typed import typed
from knowledge.errors import XiaoerError

CAP_AFTER_RED_LINE = 59


class Item(BaseModel):
    """One item of the scorecard. `deduct` is in points of 100; a red line caps the score once a person has confirmed
    it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: Text
    dimension: Literal["speed", "manner", "accuracy", "process", "value", "red_line"]
    deduct: int = Field(ge=-10, le=100)
    check: str
    red_line: bool = False
    seconds: int = 0
    patterns: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    triggers: tuple[str, ...] = ()
    by: tuple[Literal["agent", "assistant"], ...] = ("agent", "assistant")


class ScorecardRules(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    items: dict[str, Item]
    thresholds: dict[str, int] = Field(default_factory=lambda: {"excellent": 90, "pass": 80, "coach": 60})


class Deduction(Frozen):
    """One finding: the item, its points, and the evidence (turn and quoted words, or what was absent)."""

    item: str
    label: str
    points: int
    turn: int
    quote: str
    red_line: bool = False


class Scorecard(Frozen):
    """A scored talk. `score` is before red lines; `capped` is what it becomes if a person confirms them."""

    transcript: str
    score: int
    level: str
    capped: int | None
    deductions: tuple[Deduction, ...]
    checked: tuple[str, ...]
    not_checked: tuple[str, ...]
    """Items that could not be judged (no times, no such speaker): unscored, not passed."""


class NotApplicable(Exception):
    """The transcript has nothing this item could be judged on."""


Check = Callable[[Item, Transcript], Iterator[tuple[Utterance, str]]]


def score(transcript: Transcript, rules: ScorecardRules, *, lang: Literal["zh", "en"] = "zh") -> Scorecard:
    """Score one transcript. Items that have nothing to judge are named in `not_checked`."""
    deductions: list[Deduction] = []
    checked: list[str] = []
    skipped: list[str] = []
    for name, item in rules.items.items():
        try:
            found = list(CHECKS[item.check](item, transcript))
        except NotApplicable:
            skipped.append(name)
            continue
        checked.append(name)
        deductions += [
            Deduction(item=name, label=item.label.in_(lang), points=item.deduct, turn=line.turn, quote=quote[:80],
                      red_line=item.red_line)
            for line, quote in found[:1 if item.deduct < 0 else None]
        ]  # fmt: skip
    total = max(0, min(100, 100 - sum(d.points for d in _once(deductions))))
    red = any(d.red_line for d in deductions)
    return Scorecard(
        transcript=transcript.id,
        score=total,
        level=_level(total, rules.thresholds),
        capped=min(total, CAP_AFTER_RED_LINE) if red else None,
        deductions=tuple(deductions),
        checked=tuple(checked),
        not_checked=tuple(skipped),
    )


def _once(deductions: Sequence[Deduction]) -> Iterator[Deduction]:
    """Each item counts once, however often it was found; red lines count by their cap, not by points."""
    seen: set[str] = set()
    for each in deductions:
        if each.item not in seen and not each.red_line:
            seen.add(each.item)
            yield each


def _level(total: int, thresholds: Mapping[str, int]) -> str:
    return next((n for n, floor in sorted(thresholds.items(), key=lambda t: -t[1]) if total >= floor), "fail")


def read_scorecard(data: Mapping[str, Any]) -> ScorecardRules:
    """Type the merged `scorecard.yaml` of a pack. Raises `XiaoerError` that names the key at fault."""
    rules = typed(ScorecardRules, data, where="scorecard.yaml")
    for name, item in rules.items.items():
        if item.check not in CHECKS:
            raise XiaoerError(f"scorecard.yaml: `{name}`: no check `{item.check}`.", mend=f"One of {sorted(CHECKS)}.")
        for pattern in (*item.patterns, *item.unless, *item.triggers):
            try:
                re.compile(pattern)
            except re.error as error:
                raise XiaoerError(f"scorecard.yaml: `{name}`: {pattern!r} is no pattern ({error}).") from error
    return rules


# ── checks ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _served(item: Item, transcript: Transcript) -> list[Utterance]:
    lines = [line for line in transcript.lines if line.speaker in item.by]
    if not lines:
        raise NotApplicable
    return lines


def _says(line: Utterance, patterns: Sequence[str]) -> re.Match[str] | None:
    return next((m for p in patterns if (m := re.search(p, line.text, re.IGNORECASE))), None)


def _waits(item: Item, transcript: Transcript) -> list[tuple[Utterance, Utterance, timedelta]]:
    """Customer line, the reply to it, and how long it took; only where both times are known."""
    pairs, waiting = [], None
    for line in transcript.lines:
        if line.speaker == "customer":
            waiting = waiting or line
        elif line.speaker in item.by and waiting is not None:
            took = gap(waiting.at, line.at)
            if took is not None:
                pairs.append((waiting, line, took))
            waiting = None
    if not pairs:
        raise NotApplicable
    return pairs


def _first_response(item: Item, transcript: Transcript) -> Iterator[tuple[Utterance, str]]:
    _, line, took = _waits(item, transcript)[0]
    if took > timedelta(seconds=item.seconds):
        yield line, f"{took.total_seconds():.0f} s"


def _average_response(item: Item, transcript: Transcript) -> Iterator[tuple[Utterance, str]]:
    waits = _waits(item, transcript)
    mean = sum(took.total_seconds() for _, _, took in waits) / len(waits)
    if mean > item.seconds:
        yield waits[-1][1], f"{mean:.0f} s / {len(waits)}"


def _long_wait(item: Item, transcript: Transcript) -> Iterator[tuple[Utterance, str]]:
    for _, line, took in _waits(item, transcript):
        after = [x for x in transcript.lines if x.speaker in item.by and x.turn >= line.turn][:5]
        if took > timedelta(seconds=item.seconds) and not any(_says(x, item.unless) for x in after):
            yield line, f"{took.total_seconds():.0f} s"


def _dropped(item: Item, transcript: Transcript) -> Iterator[tuple[Utterance, str]]:
    served = _served(item, transcript)
    for line in served:
        match = _says(line, item.patterns)
        if match is None:
            continue
        later = [x for x in served if x is not line and transcript.lines.index(x) > transcript.lines.index(line)]
        took = gap(line.at, later[0].at) if later else None
        if not later or (took is not None and took > timedelta(seconds=item.seconds)):
            yield line, match.group()


def _absent(item: Item, transcript: Transcript) -> Iterator[tuple[Utterance, str]]:
    """`patterns` must stand in the first served lines (`seconds` 0) or in the last ones (`seconds` 1)."""
    served = _served(item, transcript)
    part = served[-2:] if item.seconds else served[:2]
    if not any(_says(line, item.patterns) for line in part):
        yield part[-1], part[-1].text


def _present(item: Item, transcript: Transcript) -> Iterator[tuple[Utterance, str]]:
    """Words that may not stand, unless denied or quoted in the same sentence."""
    for line in _served(item, transcript):
        match = _says(line, item.patterns)
        if match and not _says(line, item.unless):
            yield line, match.group()


def _customer_says(item: Item, transcript: Transcript) -> Iterator[tuple[Utterance, str]]:
    _served(item, transcript)
    for line in transcript.lines:
        if line.speaker == "customer" and (match := _says(line, item.patterns)):
            yield line, match.group()


def _unanswered_trigger(item: Item, transcript: Transcript) -> Iterator[tuple[Utterance, str]]:
    """After a customer's line that matches `triggers`, one of `patterns` must follow within two served lines."""
    _served(item, transcript)
    for number, line in enumerate(transcript.lines):
        if line.speaker != "customer" or not (match := _says(line, item.triggers)):
            continue
        after = [x for x in transcript.lines[number + 1 :] if x.speaker in item.by][:2]
        handed = any(turn >= line.turn for turn in transcript.handed_off)
        if after and not handed and not any(_says(x, item.patterns) for x in after):
            yield line, match.group()


def _repeated_after_no(item: Item, transcript: Transcript) -> Iterator[tuple[Utterance, str]]:
    """More than one line of `patterns` after the customer's `triggers` (a no)."""
    _served(item, transcript)
    refused, asks = False, 0
    for line in transcript.lines:
        if line.speaker == "customer":
            refused = refused or bool(_says(line, item.triggers))
        elif refused and line.speaker in item.by and (match := _says(line, item.patterns)):
            asks += 1
            if asks > 1:
                yield line, match.group()


CHECKS: Mapping[str, Check] = {
    "first_response": _first_response,
    "average_response": _average_response,
    "long_wait": _long_wait,
    "dropped": _dropped,
    "absent": _absent,
    "present": _present,
    "customer_says": _customer_says,
    "unanswered_trigger": _unanswered_trigger,
    "repeated_after_no": _repeated_after_no,
}
