"""Whoever tampers with an exported ledger, its decisions or its packs is found: a slice of what `make torture` runs."""

from __future__ import annotations

import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.assistant.tampering import Export, exported, found, opened, tampered, tampered_decisions

FORGERIES = 40


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Export:
    return exported(8, tmp_path_factory.mktemp("archive"))


def test_an_honest_export_holds_whatever_the_order_of_its_decisions(export: Export) -> None:
    assert found(export) == ""
    assert found(replace(export, decisions=export.decisions[::-1])) == ""


def test_forgeries_of_the_ledger_are_all_found(export: Export) -> None:
    rng, packs = random.Random(1), opened(export)
    for _ in range(FORGERIES):
        name, forged = tampered(export, rng)
        assert forged.lines == export.lines or found(forged, packs), name


def test_forgeries_of_the_decisions_are_all_found(export: Export) -> None:
    rng, packs = random.Random(2), opened(export)
    for _ in range(FORGERIES // 2):
        name, forged = tampered_decisions(export, rng)
        assert forged.decisions == export.decisions or found(forged, packs), name


def test_a_pack_that_was_exchanged_or_taken_away_is_found(export: Export, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(export.archive, tmp_path / "archive"))
    path = next(folder.iterdir())
    path.write_bytes(path.read_bytes()[:-100])
    assert found(replace(export, archive=folder))
    path.unlink()
    assert found(replace(export, archive=folder))
