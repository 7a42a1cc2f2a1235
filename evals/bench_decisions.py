"""What a decision costs with all packs loaded, and what loading them costs. CPU time, of this thread alone."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from evals.bench_figures import Figure, Outcome, percentile
from knowledge.clauses import SHANGHAI, Place
from knowledge.decide import PolicySet
from knowledge.decision import Facts, FactValue
from knowledge.facts import FactDefinition
from knowledge.pack import load_pack, shipped_packs

DECISION_BUDGET_US = 100.0
LOAD_BUDGET_S = 0.5
PLATFORMS = ("taobao", "jd", "1688")
AT = datetime(2026, 11, 20, 12, tzinfo=SHANGHAI)
VARIANTS = 8
"""Sets of facts per table and platform: each takes the next sample of every fact."""


@dataclass(frozen=True, slots=True)
class _Asked:
    policies: PolicySet
    table: str
    facts: Facts
    place: Place


def run(*, rounds: int = 5) -> Outcome:
    """Every table of every shipped pack, on three platforms, `VARIANTS` sets of facts each, `rounds` times."""
    started = time.process_time()
    packs = {name: PolicySet(load_pack(name)) for name in shipped_packs()}
    loading = time.process_time() - started
    asked = [each for policies in packs.values() for each in _questions(policies)]
    taken: dict[str, list[float]] = {}
    for number in range(rounds + 1):
        for each in asked:
            before = time.thread_time_ns()
            each.policies.decide(each.table, each.facts, at=AT, place=each.place)
            spent = (time.thread_time_ns() - before) / 1000
            if number:  # the first round fills what is filled once
                taken.setdefault(each.table, []).append(spent)
    every = [spent for spents in taken.values() for spent in spents]
    slowest = max(taken, key=lambda table: percentile(taken[table], 0.99))
    of_slowest = percentile(taken[slowest], 0.99)
    names = ", ".join(packs)
    figures = (
        Figure("a decision, p50", percentile(every, 0.5), "µs CPU", note=f"{len(every):,} of {len(taken)} tables"),
        Figure("a decision, p99", percentile(every, 0.99), "µs CPU", DECISION_BUDGET_US),
        Figure(f"a decision of the slowest table ({slowest}), p99", of_slowest, "µs CPU"),
        Figure("loading all packs", loading, "s CPU", LOAD_BUDGET_S, note=names),
    )
    return Outcome("decisions", figures)


def _questions(policies: PolicySet) -> Iterator[_Asked]:
    for table in sorted({each.id for each in policies.tables()}):
        read = {name for each in policies.tables() if each.id == table for name in each.facts}
        for platform in PLATFORMS:
            for number in range(VARIANTS):
                facts = {name: _sample(policies.facts, name, number + place) for place, name in enumerate(sorted(read))}
                if "platform" in facts:
                    facts["platform"] = platform
                yield _Asked(policies, table, facts, Place(platform=platform))


def _sample(definitions: Mapping[str, FactDefinition], name: str, number: int) -> FactValue:
    """One of a fact's samples. Instants are as they come from a shop: some hours or days before the decision."""
    samples = definitions[name].samples()
    if definitions[name].type == "instant":
        return AT - timedelta(hours=17 * (number % VARIANTS))
    return samples[number % len(samples)]
