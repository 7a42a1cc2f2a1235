"""The benchmark of turns measures answers, and its shares add up. No time is asserted."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from pathlib import Path

import pytest

from assistant.build import Parts, load_parts
from assistant.settings import Settings
from evals import bench_talks
from evals.bench_turns import Timed, run


@pytest.fixture(scope="module")
def parts() -> Parts:
    # with the real embedder: one that does not understand would call a person and fall silent
    return load_parts(Settings())


def test_a_small_run_yields_every_figure(parts: Parts) -> None:
    figures = {f.name: f for f in run(turns=10, talks=2, late=20, read_s=0.0, parts=parts).figures}
    assert {"one talk, p50", "2 talks, p99 waited", "turn 20 over turn 10", "of a turn: orchestration"} <= set(figures)
    assert all(figure.value > 0 for name, figure in figures.items() if name != "of a turn: decisions")
    shares = sum(figure.value for name, figure in figures.items() if name.startswith("of a turn"))
    # of the same questions, in two rounds: far from each other, one of them would measure something else
    assert 0.2 < shares / figures["one talk, p50"].value < 5


def test_a_watched_part_answers_as_before_and_its_time_is_kept() -> None:
    class Part:
        name = "part"

        def double(self, value: int) -> int:
            return sum(value for _ in range(2))

        async def later(self, value: int) -> int:
            return self.double(value)

    spent: defaultdict[str, float] = defaultdict(float)
    part = Timed(Part(), spent, "it")
    assert (part.name, part.double(2), asyncio.run(part.later(3))) == ("part", 4, 6)
    assert spent["it"] > 0


def test_silence_is_no_turn(tmp_path: Path, parts: Parts) -> None:
    async def after_a_person_took_over() -> None:
        async with bench_talks.on_disk(tmp_path, parts) as assistant:
            talk = await assistant.open("c01")
            await assistant.take_over(talk.id, "小陈")
            await bench_talks.turn(assistant, talk, 1, "你好")

    with pytest.raises(RuntimeError, match="was not answered"):
        asyncio.run(after_a_person_took_over())
