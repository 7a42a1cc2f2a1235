"""Commands that measure: evaluation suites and benchmarks."""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """Nothing yet."""
