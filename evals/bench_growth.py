"""How search grows with the number of clauses: time as a power of it, memory each, recall where it is approximate.

An exponent of 1 is a time in proportion to the number of clauses, 0 one that does not depend on it. The sizes are asked
in turn, question by question, so that a busy machine slows them alike. Vectors of a million clauses cannot be embedded
in minutes: each is that of a real synthetic clause, moved a third of the way to another's, with noise of its own, which
keeps the topics and the few dimensions of real ones.
"""

from __future__ import annotations

import math
import random
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from evals.bench_figures import Figure, Outcome
from evals.bench_retrieval import QUESTIONS, sentence, synthetic_policies
from knowledge.clauses import SHANGHAI, Place
from knowledge.dense import Allowed, ApproximateIndex, DenseIndex, DenseStore
from knowledge.embedding import Embedder, Usem3Embedder, Vectors, normalized
from knowledge.search import ClauseIndex

EXACT_EXPONENT = 1.05
APPROXIMATE_EXPONENT = 0.4
RECALL = 0.98
EXACT_SIZES = (1_000, 10_000, 100_000)
APPROXIMATE_SIZES = (100_000, 1_000_000)
_SEEDS = 3_000
_NOISE = 0.3
_CHUNK = 50_000
_DEPTH = 48
_SHARES = (1.0, 0.6, 0.25, 0.1, 0.02)
_USUAL = ("100% allowed", "60% allowed")
"""Filters held to the budget: time and place leave most clauses of a shop in."""
_ASKED = 25
_NOW = datetime(2026, 6, 1, 12, tzinfo=SHANGHAI)
_KIB = 1024


@dataclass(frozen=True)
class Likeness:
    """Draws vectors like those of the clauses it was given."""

    seeds: Vectors

    @classmethod
    def of(cls, embedder: Embedder, count: int) -> Likeness:
        draw = random.Random(1)  # noqa: S311 - test data
        return cls(embedder.embed([sentence(draw) for _ in range(count)]))

    def draw(self, count: int, seed: int) -> Vectors:
        draw = np.random.default_rng(seed)
        dim = self.seeds.shape[1]
        drawn = np.empty((count, dim), np.float32)
        for start in range(0, count, _CHUNK):
            one, other = draw.integers(0, len(self.seeds), (2, min(_CHUNK, count - start)))
            mixed = self.seeds[one] * np.float32(2 / 3) + self.seeds[other] * np.float32(1 / 3)
            noise = draw.standard_normal(mixed.shape, np.float32) * np.float32(_NOISE / math.sqrt(dim))
            drawn[start : start + len(mixed)] = normalized(mixed + noise)
        return drawn


class DrawnVectors:
    """An embedder that gives each text the next vector drawn: what a vector says does not matter to the time."""

    def __init__(self, likeness: Likeness) -> None:
        self.name = "drawn"
        self.dim = likeness.seeds.shape[1]
        self._likeness = likeness
        self._few = likeness.draw(512, 7)
        self._calls = 0

    def embed(self, texts: Sequence[str]) -> Vectors:
        self._calls += 1
        at = self._calls % 256
        return self._few[at : at + len(texts)] if len(texts) < 256 else self._likeness.draw(len(texts), self._calls)


def run(
    exact: Sequence[int] = EXACT_SIZES,
    approximate: Sequence[int] = APPROXIMATE_SIZES,
    *,
    embedder: Embedder | None = None,
    rounds: int = 60,
    seeds: int = _SEEDS,
) -> Outcome:
    """Measure whole searches and stores at the `exact` sizes, the approximate store at the others."""
    likeness = Likeness.of(embedder or Usem3Embedder(), seeds)
    figures = (*_searches(exact, likeness, rounds), *_scans(exact, likeness, rounds))
    return Outcome("growth", (*figures, *_approximate(approximate, likeness, rounds)))


def exponent(times: Mapping[int, float]) -> float:
    """The slope of log time over log size, by least squares. Raises `ValueError` for fewer than two sizes."""
    return statistics.linear_regression([math.log(size) for size in times], [math.log(t) for t in times.values()]).slope


def _searches(sizes: Sequence[int], likeness: Likeness, rounds: int) -> list[Figure]:
    """A customer's search among clauses of ours, its scope and time filtered, its vector given."""
    embedder, place = DrawnVectors(likeness), Place(platform="taobao")
    indexes: dict[int, ClauseIndex] = {}
    memory: dict[int, float] = {}
    for size in sizes:
        before = _resident()
        indexes[size] = ClauseIndex.build(synthetic_policies(size), embedder, store=DenseIndex)
        memory[size] = (_resident() - before) / size
    works = {size: _asking(index, place) for size, index in indexes.items()}
    times = _medians(works, rounds)
    return [
        *(Figure(f"{size} clauses: a search, exact", times[size], "ms CPU") for size in sizes),
        Figure(f"search: exponent from {sizes[0]} to {sizes[-1]}", exponent(times), "", EXACT_EXPONENT),
        Figure(f"{sizes[-1]} clauses: memory of all, per clause", memory[sizes[-1]] / _KIB, "KiB"),
    ]


def _asking(index: ClauseIndex, place: Place) -> Callable[[int], object]:
    return lambda turn: index.search(QUESTIONS[turn % len(QUESTIONS)], as_of=_NOW, place=place, k=5)


def _scans(sizes: Sequence[int], likeness: Likeness, rounds: int) -> list[Figure]:
    """The vectors alone, all of them compared."""
    asked = likeness.draw(rounds + 1, 99)
    stores = {size: DenseIndex(likeness.draw(size, 3)) for size in sizes}
    works = {
        size: _nearest(store, asked, np.random.default_rng(5).random(size) < 0.6) for size, store in stores.items()
    }
    times = _medians(works, rounds)
    return [
        Figure(f"{sizes[-1]} clauses: their vectors alone, exact", times[sizes[-1]], "ms CPU"),
        Figure(f"vectors alone: exponent from {sizes[0]} to {sizes[-1]}", exponent(times), ""),
    ]


@dataclass
class _Large:
    """An approximate store of one size, what it took to make, and the filters it is asked with."""

    store: ApproximateIndex
    built_s: float
    bytes_each: float
    filters: dict[str, Allowed | None]

    @classmethod
    def of(cls, vectors: Vectors) -> _Large:
        before, started = _resident(), time.perf_counter()
        store = ApproximateIndex(vectors)
        built = time.perf_counter() - started
        each = (_resident() - before) / len(vectors)
        draw = np.random.default_rng(5)
        spread = draw.random(len(vectors))
        filters = {f"{share:.0%} allowed": spread < share if share < 1 else None for share in _SHARES}
        near = vectors @ normalized(draw.normal(size=(1, vectors.shape[1])).astype(np.float32))[0]
        filters["10% allowed, alike"] = near >= np.quantile(near, 0.9)
        return cls(store, built, each, filters)


def _approximate(sizes: Sequence[int], likeness: Likeness, rounds: int) -> list[Figure]:
    """The approximate store at each size: time without and with filters, and recall against the full scan."""
    asked = likeness.draw(rounds + 1, 99)
    stores = {size: _Large.of(likeness.draw(size, 3)) for size in sizes}
    largest = sizes[-1]
    times: dict[str, dict[int, float]] = {}
    recalls: dict[int, dict[str, float]] = {size: {} for size in sizes}
    scan = 0.0
    for name in stores[largest].filters:
        times[name] = _medians(
            {n: _nearest(each.store, asked, each.filters[name]) for n, each in stores.items()}, rounds
        )
        for size, each in stores.items():
            recalls[size][name], taken = _recall(each.store, asked[:_ASKED], each.filters[name])
            scan = scan or (taken if size == largest else 0.0)
    free = times["100% allowed"]
    figures = [
        Figure(f"{n} clauses: vectors alone, approximate", free[n], "ms CPU", note=f"built: {each.built_s:.0f} s")
        for n, each in stores.items()
    ]
    figures.append(Figure(f"{largest} clauses: a full scan over that", scan / free[largest], "×"))
    for name, taken_at in times.items():
        figures.append(
            Figure(
                f"approximate, {name}: exponent",
                exponent(taken_at),
                "",
                APPROXIMATE_EXPONENT if name in _USUAL else None,
                note=f"{taken_at[largest]:.2g} ms",
            )
        )
    for size in sizes:
        worst = min(recalls[size], key=lambda name: recalls[size][name])
        figures.append(
            Figure(f"{size} clauses: recall@{_DEPTH}, worst filter", recalls[size][worst], "", RECALL, True, worst)
        )
    return [*figures, Figure(f"{largest} clauses: memory of vectors", stores[largest].bytes_each / _KIB, "KiB each")]


def _nearest(store: DenseStore, asked: Vectors, allowed: Allowed | None) -> Callable[[int], object]:
    return lambda turn: store.search(asked[turn], limit=_DEPTH, allowed=allowed)


def _recall(store: ApproximateIndex, asked: Vectors, allowed: Allowed | None) -> tuple[float, float]:
    """The mean share of the nearest that is found, and the median milliseconds of a full scan."""
    shares: list[float] = []
    taken: list[float] = []
    for query in asked:
        _, scores = store.search(query, limit=_DEPTH, allowed=allowed)
        started = time.thread_time()
        _, best = store.scan(query, limit=_DEPTH, allowed=allowed)
        taken.append((time.thread_time() - started) * 1000)
        shares.append(float(np.mean(scores >= best[-1] - 1e-6)) if len(scores) == len(best) else 0.0)
    return statistics.mean(shares), statistics.median(taken)


def _medians(works: Mapping[int, Callable[[int], object]], rounds: int) -> dict[int, float]:
    """CPU milliseconds a call; the sizes take turns on the same question, after one round that is not counted."""
    taken: dict[int, list[float]] = {size: [] for size in works}
    for turn in range(rounds + 1):
        for size, work in works.items():
            started = time.thread_time()
            work(turn)
            if turn:
                taken[size].append((time.thread_time() - started) * 1000)
    return {size: statistics.median(values) for size, values in taken.items()}


def _resident() -> int:
    """Bytes of this process in memory; 0 where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except OSError:
        return 0
    return pages * 4 * _KIB
