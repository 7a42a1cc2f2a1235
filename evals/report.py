"""What a suite found: one object with figures, their intervals, groups and failures, and a baseline to hold it
against.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from evals.intervals import Metric, share
from evals.judge import Miss
from evals.run import Played
from knowledge.errors import XiaoerError


class Missed(BaseModel):
    """One expectation of a failed case that did not hold. `step` counts from 1; 0 is the whole talk."""

    model_config = ConfigDict(frozen=True)

    step: int
    what: str
    expected: str
    found: str


class Failure(BaseModel):
    """A case that failed, or a pair whose languages differ (`group` is then `parity`), with what happened."""

    model_config = ConfigDict(frozen=True)

    case: str
    group: str
    misses: tuple[Missed, ...]
    trace: tuple[str, ...] = ()


class Report(BaseModel):
    """`metrics`: `cases` (passed ÷ played), one share for each kind of check (codes, effects, consent, language …) and
    `parity` over zh/en pairs. `groups`: cases passed by group.
    """

    model_config = ConfigDict(frozen=True)

    suite: str
    pack: str
    n: int
    skipped: int = 0
    metrics: dict[str, Metric]
    groups: dict[str, Metric]
    failures: tuple[Failure, ...] = ()


def report(suite: str, pack: str, played: Sequence[Played], *, skipped: int = 0) -> Report:
    """Figures over played cases. Raises `XiaoerError` when none was played."""
    if not played:
        raise XiaoerError("There is no case to run.", mend="Give a file with at least one case that is not skipped.")
    by_group: dict[str, list[bool]] = defaultdict(list)
    by_kind: dict[str, list[bool]] = defaultdict(list)
    for each in played:
        by_group[each.case.group].append(each.passed)
        for verdict in each.verdicts:
            by_kind[verdict.kind].append(verdict.miss is None)
    pairs = pairs_of(played)
    metrics = {"cases": share(sum(each.passed for each in played), len(played))}
    if pairs:
        metrics["parity"] = share(sum(same_decisions(pair) for pair in pairs), len(pairs))
    by_kind.setdefault("crash", []).extend([True] * sum(not _crashed(each) for each in played))
    metrics |= {_NAMES.get(kind, kind): share(sum(held), len(held)) for kind, held in sorted(by_kind.items())}
    failures = [_failure(each) for each in played if not each.passed]
    failures += [_unlike(pair) for pair in pairs if not same_decisions(pair)]
    return Report(
        suite=suite,
        pack=pack,
        n=len(played),
        skipped=skipped,
        metrics=metrics,
        groups={name: share(sum(passed), len(passed)) for name, passed in sorted(by_group.items())},
        failures=tuple(failures),
    )


_NAMES = {
    "crash": "no_crash",
    "wrong_deed": "no_wrong_deed",
    "must": "said",
    "must_not": "not_said",
    "not_codes": "codes_avoided",
    "not_citations": "citations_avoided",
}
"""What a metric is called where the kind of check names the fault."""


def pairs_of(played: Sequence[Played]) -> list[list[Played]]:
    """Cases of the same `pair`, where both languages were played."""
    together: dict[str, list[Played]] = defaultdict(list)
    for each in played:
        if each.case.pair:
            together[each.case.pair].append(each)
    return [pair for pair in together.values() if len({p.case.lang for p in pair}) > 1]


def same_decisions(pair: Sequence[Played]) -> bool:
    """Whether all of a pair came to the same decisions and effects, in the same order, without a crash."""
    return len({each.decisions for each in pair}) == 1 and not any(_crashed(each) for each in pair)


def _crashed(played: Played) -> bool:
    return any(miss.what == "crash" for miss in played.misses)


def _failure(played: Played) -> Failure:
    return Failure(
        case=played.case.id,
        group=played.case.group,
        misses=tuple(_missed(miss) for miss in played.misses),
        trace=played.trace,
    )


def _missed(miss: Miss) -> Missed:
    return Missed(step=miss.step, what=miss.what, expected=miss.expected, found=miss.found)


def _unlike(pair: Sequence[Played]) -> Failure:
    first, *others = pair
    misses = [
        Missed(step=0, what="parity", expected=f"as {first.case.id}: {_shown(first)}", found=_shown(other))
        for other in others
        if other.decisions != first.decisions or _crashed(other) or _crashed(first)
    ]
    return Failure(case=" / ".join(each.case.id for each in pair), group="parity", misses=tuple(misses))


def _shown(played: Played) -> str:
    return "; ".join(played.decisions) or "no decision"


def save_baseline(found: Report, path: Path) -> None:
    """Write the figures, without the failures, to hold later runs against."""
    bare = found.model_dump(mode="json", exclude={"failures"})
    path.write_text(json.dumps(bare, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def regressions(now: Report, baseline: Path) -> list[str]:
    """Figures that fell below the baseline or are gone, each in a sentence. Raises `XiaoerError` when it is none."""
    try:
        data = json.loads(baseline.read_text(encoding="utf-8"))
        before = Report.model_validate({name: data[name] for name in Report.model_fields if name in data})
    except (OSError, ValueError, TypeError, KeyError, ValidationError) as error:
        raise XiaoerError(
            f"{baseline} is no baseline.", mend="Write one with `xiaoer eval SUITE --save FILE`."
        ) from error
    if (before.suite, before.pack) != (now.suite, now.pack):
        raise XiaoerError(
            f"{baseline} is a baseline of {before.suite} on {before.pack}, not of {now.suite} on {now.pack}.",
            mend="Compare like with like.",
        )
    return [
        *_fallen("", before.metrics, now.metrics),
        *_fallen("group ", before.groups, now.groups),
    ]


def _fallen(prefix: str, before: dict[str, Metric], now: dict[str, Metric]) -> list[str]:
    return [
        f"{prefix}{name} fell from {metric.value:.3f} to {now[name].value:.3f}"
        if name in now
        else f"{prefix}{name} is gone"
        for name, metric in before.items()
        if name not in now or now[name].value < metric.value
    ]
