"""What a decision costs with all packs loaded, and what loading them costs. CPU time, of this thread alone."""

from __future__ import annotations

import statistics
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


def run(*, rounds: int = 21) -> Outcome:
    """Every table of every shipped pack, on three platforms, `VARIANTS` sets of facts each, `rounds` times.

    Every third set lacks a third of its facts, so that questions are among the outcomes.
    """
    started = time.process_time()
    packs = {name: PolicySet(load_pack(name)) for name in shipped_packs()}
    loading = time.process_time() - started
    asked = [each for policies in packs.values() for each in _questions(policies)]
    taken: list[list[float]] = [[] for _ in asked]
    for _ in range(rounds):
        for each, spent in zip(asked, taken, strict=True):
            before = time.thread_time_ns()
            each.policies.decide(each.table, each.facts, at=AT, place=each.place)
            spent.append((time.thread_time_ns() - before) / 1000)
    # a neighbour that took the core leaves cold caches to whoever comes next: that is seen over the rounds, and apart
    usual = [statistics.median(spent) for spent in taken]
    slowest = max(zip(usual, asked, strict=True), key=lambda each: each[0])
    every = [spent for spents in taken for spent in spents]
    tables = len({each.table for each in asked})
    figures = (
        Figure("a decision, p50", percentile(usual, 0.5), "µs CPU", note=f"{len(asked)} questions to {tables} tables"),
        Figure(
            "a decision, p99", percentile(usual, 0.99), "µs CPU", DECISION_BUDGET_US, note="each the median of its runs"
        ),
        Figure(f"the slowest question ({slowest[1].table})", slowest[0], "µs CPU"),
        Figure("every single run, p99", percentile(every, 0.99), "µs CPU", note=f"{len(every):,} runs"),
        Figure("loading all packs", loading, "s CPU", LOAD_BUDGET_S, note=", ".join(packs)),
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
                if number % 3 == 2:
                    facts = {name: value for place, (name, value) in enumerate(facts.items()) if place % 3}
                yield _Asked(policies, table, facts, Place(platform=platform))


def _sample(definitions: Mapping[str, FactDefinition], name: str, number: int) -> FactValue:
    """One of a fact's samples. Instants are as they come from a shop: some hours or days before the decision."""
    samples = definitions[name].samples()
    if definitions[name].type == "instant":
        return AT - timedelta(hours=17 * (number % VARIANTS))
    return samples[number % len(samples)]
