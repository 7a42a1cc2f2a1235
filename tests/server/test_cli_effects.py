"""`xiaoer effects`: what is uncertain, and how a person settles it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.server.test_cli import xiaoer


@pytest.mark.parametrize(
    "wrong",
    [
        ["p1"],
        ["p1", "--done", "S-1", "--not-done", "no", "--by", "agent:Li"],
        ["p1", "--done", "S-1"],
        ["p1", "--done", "S-1", "--by", "Li"],
        ["p1", "--done", "S-1", "--by", "king:Li"],
        ["--done", "S-1"],
    ],
)
def test_half_a_finding_is_a_wrong_use(wrong: list[str], tmp_path: Path) -> None:
    assert xiaoer("effects", *wrong, "--data-dir", str(tmp_path)).returncode == 2


def test_a_shop_without_uncertain_effects_lists_none_and_settles_none(tmp_path: Path) -> None:
    listed = xiaoer("effects", "--data-dir", str(tmp_path), "--json")
    assert (listed.returncode, json.loads(listed.stdout)) == (0, {"effects": []})
    unknown = xiaoer("effects", "p1", "--done", "S-1", "--by", "agent:Li", "--data-dir", str(tmp_path))
    assert unknown.returncode == 2
    assert "no such" in unknown.stderr.lower()
