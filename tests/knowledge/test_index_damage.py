"""A few of the damages that torture does by the hundred."""

from __future__ import annotations

import random
import shutil
from functools import partial
from pathlib import Path

import pytest

from knowledge.embedding import HashEmbedder
from knowledge.search import ClauseIndex
from tests.knowledge import index_damage as damage


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return damage.written(damage.OURS, tmp_path_factory.mktemp("ours"))


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return damage.written(damage.THEIRS, tmp_path_factory.mktemp("theirs"))


@pytest.mark.parametrize("how", ["flip", "cut", "lose", "swap"])
def test_damage_is_detected_and_healed_and_no_other_shop_answers(
    how: str, ours: Path, theirs: Path, tmp_path: Path
) -> None:
    ways = {"flip": damage.flip, "cut": damage.cut, "lose": damage.lose, "swap": partial(damage.swap, other=theirs)}
    expected = damage.told(ClauseIndex.build(damage.OURS, HashEmbedder(damage.DIM)))
    rng = random.Random(how)
    for number in range(3):
        folder = Path(shutil.copytree(ours, tmp_path / str(number)))
        ways[how](folder, rng)
        damage.heals(folder, expected)


@pytest.mark.parametrize("moment", [25])
def test_a_writer_killed_between_files_leaves_a_whole_index(moment: int, ours: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(ours, tmp_path / "index"))
    damage.crashed(folder, moment)
    assert damage.survives(folder) == "old"


def test_two_processes_read_whole_generations_while_one_writes_them(tmp_path: Path) -> None:
    opened, _ = damage.two_read_while_one_writes(tmp_path, generations=4)
    assert opened
