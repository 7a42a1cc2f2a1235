"""Flipped bits, cut, lost and foreign files, crashes between files, readers beside a writer: no wrong answer, ever."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from knowledge.embedding import HashEmbedder
from knowledge.search import ClauseIndex
from tests.knowledge import index_damage as damage

pytestmark = pytest.mark.torture

TIMES = {"flip": 200, "cut": 100, "lose": 50, "swap": 50}
CRASHES = 20
GENERATIONS = 150


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return damage.written(damage.OURS, tmp_path_factory.mktemp("ours"))


@pytest.mark.parametrize("how", list(TIMES))
def test_every_damage_is_detected_and_healed_and_no_other_shop_answers(how: str, ours: Path, tmp_path: Path) -> None:
    theirs = damage.written(damage.THEIRS, tmp_path / "theirs")
    ways = {"flip": damage.flip, "cut": damage.cut, "lose": damage.lose, "swap": partial(damage.swap, other=theirs)}
    expected = damage.told(ClauseIndex.build(damage.OURS, HashEmbedder(damage.DIM)))
    rng = random.Random(how)
    for _ in range(TIMES[how]):
        folder = Path(shutil.copytree(ours, tmp_path / "copy"))
        ways[how](folder, rng)
        damage.heals(folder, expected)
        shutil.rmtree(folder)
    print(f"\nindex, {how}: {TIMES[how]} detected, answered by words alone meanwhile, rebuilt; 0 hits of another shop")


def test_a_writer_killed_at_any_moment_leaves_a_whole_index(ours: Path, tmp_path: Path) -> None:
    moments = damage.crashed(Path(shutil.copytree(ours, tmp_path / "whole")), 10**9)
    left: Counter[str] = Counter()
    for number in range(CRASHES):
        folder = Path(shutil.copytree(ours, tmp_path / str(number)))
        damage.crashed(folder, 1 + number * (moments - 1) // (CRASHES - 1))
        left[damage.survives(folder)] += 1
    print(f"\nindex, kill -9 at {CRASHES} of {moments} moments of a write: the old answers after {left['old']}, "
          f"the new after {left['new']}, a mixture after 0")  # fmt: skip
    assert left["old"] >= 10
    assert left["new"] >= 1


def test_two_processes_read_whole_generations_while_one_writes_them(tmp_path: Path) -> None:
    opened, asked = damage.two_read_while_one_writes(tmp_path, GENERATIONS)
    print(f"\nindex, two readers beside {GENERATIONS} writes: opened {opened:,} times, {asked:,} questions, 0 wrong")
    assert opened >= GENERATIONS
