"""The cases of a pack: lines that are none, and cases that do not hold, each with its line."""

from __future__ import annotations

from pathlib import Path

from evals.case import Case
from evals.judge import Miss, Verdict
from evals.pack_cases import case_problems, read_lines
from evals.run import Played

GOOD = '{"id": "a", "group": "g", "now": "2026-11-22T10:00:00+08:00", "steps": [{"say": "你好"}]}'
OTHER = GOOD.replace('"a"', '"b"')


def played(cases: list[Case], misses: tuple[str, ...] = ()) -> list[Played]:
    miss = Verdict("must", Miss(1, "must", "再见", "你好"))
    return [Played(case, verdicts=[miss] if case.id in misses else []) for case in cases]


def test_every_line_is_read_and_its_fault_named(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text("\n".join(["// a word before", GOOD, "{", '{"id": "b"}', "", GOOD]), encoding="utf-8")
    cases, problems = read_lines(path)
    assert [number for number, _ in cases] == [2, 6]
    assert [(each.line, each.file.name) for each in problems] == [
        (3, "cases.jsonl"),
        (4, "cases.jsonl"),
        (6, "cases.jsonl"),
    ]
    assert "line 2 already" in problems[2].what


def test_a_case_that_misses_is_a_problem_of_its_line(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text(f"{GOOD}\n{OTHER}\n", encoding="utf-8")
    (problem,) = case_problems(path, lambda cases: played(cases, ("b",)))
    assert problem.line == 2
    assert "`b` fails at step 1: must: expected 再见" in problem.what
    assert case_problems(path, played) == []
