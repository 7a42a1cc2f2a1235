"""The shipped suites: files of cases beside this one."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent


def suite_file(name: str) -> Path:
    """The cases of a shipped suite. Raises `KeyError` for a name that is none."""
    if name not in SUITES:
        raise KeyError(name)
    return HERE / f"{name}.jsonl"


SUITES = ("demo",)
