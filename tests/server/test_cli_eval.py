"""`xiaoer eval` as people run it: in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

GREETING = {"id": "hello", "group": "general", "now": "2026-11-22T10:00:00+08:00", "steps": [{"say": "你好，在吗"}]}
HOLDS = {**GREETING, "expect": {"proposal": "none"}}
FAILS = {**GREETING, "id": "wrong", "expect": {"proposal": "return_refund"}}
SKIPPED = {**GREETING, "id": "later", "skip": "waits for a courier's answer"}


def xiaoer(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "120", "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-m", "server.cli", *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, env=environment)


def written(path: Path, *cases: object) -> str:
    path.write_text("\n".join(json.dumps(case, ensure_ascii=False) for case in cases), encoding="utf-8")
    return str(path)


def test_the_command_line_starts_without_the_evaluation() -> None:
    program = "import sys, server.cli; print([name for name in sys.modules if name.split('.')[0] == 'evals'])"
    ran = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert ran.stdout.strip() == "[]"


def test_figures_come_as_one_object_and_a_failure_ends_with_1(tmp_path: Path) -> None:
    file, figures = written(tmp_path / "c.jsonl", HOLDS, FAILS, SKIPPED), tmp_path / "figures.json"
    ran = xiaoer("eval", "cases", file, "--json", "--save", str(figures))
    assert ran.returncode == 1, ran.stderr
    found = json.loads(ran.stdout)
    assert set(found) == {"suite", "pack", "n", "skipped", "metrics", "groups", "failures"}
    assert (found["suite"], found["pack"], found["n"], found["skipped"]) == ("cases", "demo", 2, 1)
    assert set(found["metrics"]["cases"]) == {"value", "low", "high", "n"}
    assert [failure["case"] for failure in found["failures"]] == ["wrong"]
    assert found["failures"][0]["trace"]
    assert json.loads(figures.read_text(encoding="utf-8"))["metrics"] == found["metrics"]


def test_with_a_baseline_only_what_fell_below_it_ends_with_1(tmp_path: Path) -> None:
    file, figures = written(tmp_path / "c.jsonl", HOLDS, FAILS), tmp_path / "figures.json"
    assert xiaoer("eval", "cases", file, "--save", str(figures)).returncode == 1
    same = xiaoer("eval", "cases", file, "--baseline", str(figures))
    assert same.returncode == 0, same.stderr
    assert "wrong" in same.stdout
    before = json.loads(figures.read_text(encoding="utf-8"))
    before["groups"]["general"]["value"] = 1.0
    figures.write_text(json.dumps(before), encoding="utf-8")
    fallen = xiaoer("eval", "cases", file, "--baseline", str(figures), "--json")
    assert fallen.returncode == 1
    assert json.loads(fallen.stdout)["regressions"] == ["group general fell from 1.000 to 0.500"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("eval", "nonsense"), "nonsense"),
        (("eval", "cases"), "FILE"),
        (("eval", "demo", "more.jsonl"), "FILE"),
        (("eval", "cases", "nowhere.jsonl"), "nowhere.jsonl"),
    ],
)
def test_a_wrong_call_ends_with_2_and_says_what_is_wrong(arguments: tuple[str, ...], says: str) -> None:
    ran = xiaoer(*arguments)
    assert ran.returncode == 2, ran.stderr
    assert says in ran.stderr
