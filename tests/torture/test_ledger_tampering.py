"""A thousand forgeries of an exported ledger and some hundred of its decisions and packs: every one is found."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from tests.assistant.tampering import Export, exported, found, opened, tampered, tampered_decisions

pytestmark = pytest.mark.torture

PERMITS = 60
OF_THE_LEDGER = 1_000
OF_THE_DECISIONS = 300
OF_THE_PACKS = 100


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Export:
    return exported(PERMITS, tmp_path_factory.mktemp("archive"))


def test_every_forgery_of_the_ledger_is_found(export: Export) -> None:
    rng, packs, kinds = random.Random(11), opened(export), Counter[str]()
    assert found(export) == ""
    while kinds.total() < OF_THE_LEDGER:
        name, forged = tampered(export, rng)
        if forged.lines != export.lines:
            assert found(forged, packs), f"{name}: nothing found"
            kinds[name] += 1
    print(f"\nledger: {kinds.total():,} forgeries found, {dict(kinds)}")


def test_every_forgery_of_the_decisions_is_found(export: Export) -> None:
    rng, packs, kinds = random.Random(12), opened(export), Counter[str]()
    while kinds.total() < OF_THE_DECISIONS:
        name, forged = tampered_decisions(export, rng)
        if forged.decisions != export.decisions:
            assert found(forged, packs), f"{name}: nothing found"
            kinds[name] += 1
    print(f"\ndecisions: {kinds.total():,} forgeries found, {dict(kinds)}")


def test_every_damage_of_an_archived_pack_is_found_or_changes_nothing(export: Export, tmp_path: Path) -> None:
    """A flipped bit may fall where the archive's format has no meaning: then the same pack comes out of it."""
    rng, ends = random.Random(13), Counter[str]()
    folder = Path(shutil.copytree(export.archive, tmp_path / "archive"))
    path = next(folder.iterdir())
    whole = path.read_bytes()
    for _ in range(OF_THE_PACKS):
        content = bytearray(whole)
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
        path.write_bytes(content)
        ends["found" if found(replace(export, archive=folder)) else "without meaning"] += 1
    print(f"\npacks: {OF_THE_PACKS} flipped bits, {dict(ends)}")
    assert ends["found"] >= OF_THE_PACKS * 0.9
