"""What a benchmark yields: figures of one run, each with its budget where there is one, and the machine's own pace.

Times of different machines, or of a busy one, do not compare; ratios of one run do. So a run also measures a *unit*,
work of a known size that no change of ours touches, and says how long the machine made it wait for its cores.
"""

from __future__ import annotations

import hashlib
import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count

_MEGABYTE = b"\0" * 1_000_000
_QUESTION = "连衣裙签收后想退货，运费谁出"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value. `budget` is a ceiling, or a floor with `at_least`; without one there is no verdict."""

    name: str
    value: float
    unit: str = ""
    budget: float | None = None
    at_least: bool = False
    note: str = ""

    @property
    def holds(self) -> bool | None:
        """Whether the budget is kept; None without a budget."""
        if self.budget is None:
            return None
        return self.value >= self.budget if self.at_least else self.value <= self.budget


@dataclass(frozen=True, slots=True)
class Outcome:
    """The figures of one benchmark; `skipped` says what could not be measured here, and why."""

    bench: str
    figures: tuple[Figure, ...]
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast this machine is just now. `waiting` is wall over CPU time of one thread: 1 on an idle machine."""

    sha256_ms: float
    embedding_ms: float
    waiting: float

    def figures(self) -> tuple[Figure, ...]:
        return (
            Figure("pace: SHA-256 of 1 MB", self.sha256_ms, "ms CPU"),
            Figure("pace: one embedding", self.embedding_ms, "ms CPU"),
            Figure("pace: wall over CPU of one thread", self.waiting, "×", note="1 on an idle machine"),
        )


def measure_pace(*, rounds: int = 40) -> Pace:
    """Medians of `rounds` calls, after one that is not counted."""
    from knowledge.embedding import Usem3Embedder

    embedder = Usem3Embedder()
    embedder.embed([_QUESTION])
    wall, cpu = time.perf_counter(), time.process_time()
    hashing = median_ms(lambda: hashlib.sha256(_MEGABYTE).digest(), rounds)
    # never the same text twice, so that nothing is remembered
    numbers = count()
    embedding = median_ms(lambda: embedder.embed([f"{_QUESTION}{next(numbers)}"]), rounds)
    spent = time.process_time() - cpu
    return Pace(hashing, embedding, max(1.0, (time.perf_counter() - wall) / spent) if spent else 1.0)


def median_ms(work: Callable[[], object], rounds: int) -> float:
    """The median CPU milliseconds of a call."""
    taken: list[float] = []
    for _ in range(rounds):
        started = time.process_time()
        work()
        taken.append((time.process_time() - started) * 1000)
    return statistics.median(taken)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of all do not exceed (nearest rank). Raises `ValueError` for none."""
    if not values:
        raise ValueError("no values")
    rank = max(1, math.ceil(share * len(values) - 1e-9))
    return sorted(values)[rank - 1]
