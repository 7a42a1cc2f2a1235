"""The cases a pack brings: every line typed, and every case played; what fails is a problem with its line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from evals.case import Case, case_of
from evals.run import Played
from knowledge.check import Problem
from knowledge.errors import XiaoerError

FILE = "cases.jsonl"


def read_lines(path: Path) -> tuple[list[tuple[int, Case]], list[Problem]]:
    """The cases of a file with their lines, and the lines that are none."""
    cases: list[tuple[int, Case]] = []
    problems: list[Problem] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").split("\n"), start=1):
        if not line.strip() or line.lstrip().startswith("//"):
            continue
        try:
            case = case_of(line, f"line {number}")
        except XiaoerError as error:
            problems.append(Problem(path, number, error.what, error.mend))
            continue
        if case.id in seen:
            what = f"The case `{case.id}` stands in line {seen[case.id]} already."
            problems.append(Problem(path, number, what, "Give it its own id."))
        seen.setdefault(case.id, number)
        cases.append((number, case))
    return cases, problems


def case_problems(path: Path, play: Callable[[list[Case]], list[Played]]) -> list[Problem]:
    """Every case of the file that does not hold, with the first thing that missed. `play` plays them."""
    cases, problems = read_lines(path)
    to_play = [(number, case) for number, case in cases if case.skip is None]
    for (number, case), played in zip(to_play, play([case for _, case in to_play]), strict=True):
        if not played.passed:
            miss = played.misses[0]
            found = json.dumps(miss.found, ensure_ascii=False)[:120]
            what = (
                f"The case `{case.id}` fails at step {miss.step}: {miss.what}: expected {miss.expected}, found {found}."
            )
            problems.append(Problem(path, number, what, f"See `xiaoer eval cases {path.name}`."))
    return problems
