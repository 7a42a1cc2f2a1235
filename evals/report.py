"""What a suite found: one object with figures, their intervals, groups and failures, and a baseline to hold it
against.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from evals.run import Played
from knowledge.errors import XiaoerError

_Z95 = 1.959963984540054


class Metric(BaseModel):
    """A share with its 95 % Wilson score interval over `n` trials."""

    model_config = ConfigDict(frozen=True)

    value: float
    low: float
    high: float
    n: int


class Failure(BaseModel):
    model_config = ConfigDict(frozen=True)

    case: str
    group: str
    step: int
    what: str
    expected: str
    found: str


class Report(BaseModel):
    model_config = ConfigDict(frozen=True)

    suite: str
    pack: str
    n: int
    skipped: int = 0
    metrics: dict[str, Metric]
    groups: dict[str, Metric]
    failures: tuple[Failure, ...]


def share(hits: int, n: int) -> Metric:
    """`hits` of `n` with Wilson's interval (Wilson 1927); nothing to check has no value, so `n` must be positive."""
    if n <= 0:
        raise ValueError("a share of nothing has no value")
    p = hits / n
    middle = (p + _Z95**2 / (2 * n)) / (1 + _Z95**2 / n)
    half = _Z95 * math.sqrt(p * (1 - p) / n + _Z95**2 / (4 * n * n)) / (1 + _Z95**2 / n)
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return Metric(value=round(p, 4), low=round(low, 4), high=round(high, 4), n=n)


def report(suite: str, pack: str, played: Sequence[Played]) -> Report:
    """Figures over played cases: passed, per kind of expectation, per group, and zh/en parity over pairs."""
    if not played:
        raise XiaoerError("There is no case to run.", mend="Give a file with at least one case.")
    by_group: dict[str, list[bool]] = defaultdict(list)
    for each in played:
        by_group[each.case.group].append(each.passed)
    metrics = {"passed": share(sum(each.passed for each in played), len(played))}
    pairs = _pairs(played)
    if pairs:
        metrics["parity"] = share(sum(len({p.decisions for p in pair}) == 1 for pair in pairs), len(pairs))
    failures = [
        Failure(case=each.case.id, group=each.case.group, step=m.step, what=m.what, expected=m.expected, found=m.found)
        for each in played
        for m in each.misses
    ]
    failures += [
        Failure(case=p.case.id, group="parity", step=0, what="pair", expected=str(pair[0].decisions),
                found=str(p.decisions))
        for pair in pairs for p in pair[1:] if p.decisions != pair[0].decisions
    ]  # fmt: skip
    return Report(
        suite=suite,
        pack=pack,
        n=len(played),
        metrics=metrics,
        groups={name: share(sum(passed), len(passed)) for name, passed in sorted(by_group.items())},
        failures=tuple(failures),
    )


def _pairs(played: Sequence[Played]) -> list[list[Played]]:
    together: dict[str, list[Played]] = defaultdict(list)
    for each in played:
        if each.case.pair:
            together[each.case.pair].append(each)
    return [pair for pair in together.values() if len(pair) > 1]


def regressions(now: Report, baseline: Path) -> list[str]:
    """Figures that fell below the baseline, each in a sentence. Raises `XiaoerError` when the file is none."""
    try:
        before = json.loads(baseline.read_text(encoding="utf-8"))
        values = {**before["metrics"], **{f"group {k}": v for k, v in before["groups"].items()}}
        floors = {name: float(metric["value"]) for name, metric in values.items()}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise XiaoerError(f"{baseline} is no baseline.", mend="Write one with `--json > FILE`.") from error
    found = {**now.metrics, **{f"group {k}": v for k, v in now.groups.items()}}
    return [
        f"{name} fell from {floor:.3f} to {found[name].value:.3f}" if name in found else f"{name} is gone"
        for name, floor in floors.items()
        if name not in found or found[name].value < floor - 1e-9
    ]
