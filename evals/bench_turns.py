"""What a turn of the embedded assistant costs: alone, among twenty talks, late in a long talk, and without its parts.

Twenty talks go on at once as people's do: each customer reads the answer for a moment before writing again. Wall time
is what a customer waits; CPU time is what stays comparable while other programs want the cores.
"""

from __future__ import annotations

import asyncio
import inspect
import random
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar, cast

from assistant.build import Parts
from assistant.conversation import Conversation
from assistant.turn import Assistant
from evals.bench_figures import Figure, Outcome, Pace, measure_pace, percentile
from evals.bench_talks import CUSTOMERS, QUESTIONS, on_disk, parts_of, turn

T = TypeVar("T")

P50_MS, P99_MS = 15.0, 50.0
ORCHESTRATION_MS = 1.0
GROWTH = 1.2
EARLY, LATE = 10, 400
_SPAN = 10
"""Turns around an early and a late one whose median is taken: each question once."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds of one turn."""

    wall: float
    cpu: float


def run(
    *,
    pack: str = "demo",
    turns: int = 200,
    talks: int = 20,
    late: int = LATE,
    read_s: float = 1.0,
    parts: Parts | None = None,
) -> Outcome:
    """Measure on a database file in a temporary folder. `read_s`: the mean time a customer reads before writing."""
    parts = parts or parts_of(pack)
    pace = measure_pace()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        alone = asyncio.run(_alone(folder / "alone", parts, max(turns, late + _SPAN)))
        among = asyncio.run(_among(folder / "among", parts, talks, max(2, turns // talks), read_s))
        shares = asyncio.run(_shares(folder / "shares", parts, turns))
    after = measure_pace()
    # the machine may have grown busy meanwhile: told is the worse of both
    pace = replace(pace, waiting=max(pace.waiting, after.waiting))
    return Outcome(
        "turns", (*_turn_figures(alone, among, talks, pace), *_growth(alone, late), *shares, *pace.figures())
    )


def _turn_figures(alone: list[Cost], among: list[float], talks: int, pace: Pace) -> tuple[Figure, ...]:
    cpu, wall = [cost.cpu for cost in alone], [cost.wall for cost in alone]
    busy = "" if pace.waiting < 1.2 else f"busy machine: {pace.waiting:.1f}×"
    return (
        Figure("one talk, p50", percentile(cpu, 0.5), "ms CPU", P50_MS),
        Figure("one talk, p99", percentile(cpu, 0.99), "ms CPU", P99_MS),
        Figure("one talk, p50 in embeddings", percentile(cpu, 0.5) / pace.embedding_ms, "×"),
        Figure("one talk, p50 waited", percentile(wall, 0.5), "ms wall", note=busy),
        Figure("one talk, p99 waited", percentile(wall, 0.99), "ms wall", note=busy),
        Figure(f"{talks} talks, p50 waited", percentile(among, 0.5), "ms wall", P50_MS, note=busy),
        Figure(f"{talks} talks, p99 waited", percentile(among, 0.99), "ms wall", P99_MS, note=busy),
    )


def _growth(costs: list[Cost], late: int) -> tuple[Figure, ...]:
    first = statistics.median(cost.cpu for cost in costs[EARLY : EARLY + _SPAN])
    last = statistics.median(cost.cpu for cost in costs[late : late + _SPAN])
    return (Figure(f"turn {late} over turn {EARLY}", last / first, "×", GROWTH),)


async def _alone(folder: Path, parts: Parts, turns: int) -> list[Cost]:
    """The cost of each of `turns` turns of one talk, the first included."""
    async with on_disk(folder, parts) as assistant:
        await _warm(assistant)
        talk = await assistant.open(CUSTOMERS[0])
        return [await _timed(assistant, talk, number) for number in range(turns)]


async def _among(folder: Path, parts: Parts, talks: int, turns: int, read_s: float) -> list[float]:
    """The wall milliseconds of each turn of `talks` talks at once."""
    draw = random.Random(11)  # noqa: S311 - when customers write
    async with on_disk(folder, parts) as assistant:
        await _warm(assistant)

        async def one(place: int, pauses: list[float]) -> list[float]:
            talk = await assistant.open(CUSTOMERS[place % len(CUSTOMERS)])
            taken: list[float] = []
            for number, pause in enumerate(pauses):
                await asyncio.sleep(pause)
                taken.append((await _timed(assistant, talk, place + number)).wall)
            return taken

        pauses = [[read_s * draw.uniform(0, 2) for _ in range(turns)] for _ in range(talks)]
        found = await asyncio.gather(*(one(place, each) for place, each in enumerate(pauses)))
    return [wall for taken in found for wall in taken]


async def _warm(assistant: Assistant) -> None:
    """Each question once, so that what is built on first use is built."""
    talk = await assistant.open(CUSTOMERS[-1])
    for number, question in enumerate(QUESTIONS):
        await turn(assistant, talk, number, question)


async def _timed(assistant: Assistant, talk: Conversation, number: int) -> Cost:
    wall, cpu = time.perf_counter(), time.process_time()
    await turn(assistant, talk, number, QUESTIONS[number % len(QUESTIONS)])
    return Cost((time.perf_counter() - wall) * 1000, (time.process_time() - cpu) * 1000)


class Timed:
    """Stands before a part and adds up the CPU seconds that calls to it take of the calling thread."""

    def __init__(self, part: Any, spent: defaultdict[str, float], name: str) -> None:
        self._part = part
        self._spent = spent
        self._name = name

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._part, name)
        if not callable(found):
            return found
        timed = self._later(found) if inspect.iscoroutinefunction(found) else self._now(found)
        # kept, so that only the first call pays for looking
        self.__dict__[name] = timed
        return timed

    def _now(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **given: Any) -> Any:
            started = time.thread_time()
            try:
                return call(*args, **given)
            finally:
                self._spent[self._name] += time.thread_time() - started

        return timed

    def _later(self, call: Callable[..., Any]) -> Callable[..., Any]:
        async def timed(*args: Any, **given: Any) -> Any:
            started = time.thread_time()
            try:
                return await call(*args, **given)
            finally:
                self._spent[self._name] += time.thread_time() - started

        return timed


def _watch(part: T, spent: defaultdict[str, float], name: str) -> T:
    """`part` behind a `Timed`, which answers to everything that `part` does."""
    return cast("T", Timed(part, spent, name))


async def _shares(folder: Path, parts: Parts, turns: int) -> tuple[Figure, ...]:
    """Where the CPU of a turn goes; what no part took is orchestration."""
    spent: defaultdict[str, float] = defaultdict(float)
    watched = replace(
        parts,
        understander=_watch(parts.understander, spent, "understanding"),
        index=_watch(parts.index, spent, "retrieval"),
        policies=_watch(parts.policies, spent, "decisions"),
    )
    async with on_disk(folder, watched) as assistant:
        assistant.engine = replace(
            assistant.engine,
            shop=_watch(assistant.engine.shop, spent, "store"),
            catalogue=_watch(assistant.engine.catalogue, spent, "products"),
        )
        assistant.conversations = _watch(assistant.conversations, spent, "store")
        await _warm(assistant)
        talk = await assistant.open(CUSTOMERS[0])
        spent.clear()
        here, everywhere = time.thread_time(), time.process_time()
        for number in range(turns):
            await turn(assistant, talk, number, QUESTIONS[number % len(QUESTIONS)])
        here, everywhere = time.thread_time() - here, time.process_time() - everywhere
    # the store's own threads are everything that did not run in this one
    spent["store"] += everywhere - here
    rest = everywhere - sum(spent.values())
    names = ("understanding", "retrieval", "decisions", "products", "store")
    return (
        *(Figure(f"of a turn: {name}", spent[name] / turns * 1000, "ms CPU") for name in names),
        Figure("of a turn: orchestration", rest / turns * 1000, "ms CPU", ORCHESTRATION_MS),
    )
