"""The command that measures speed: benchmarks, as ratios of one run."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from server.cli_options import AsJson
from server.cli_output import err, out, print_json

BENCHES = ("retrieval",)


def register(app: typer.Typer) -> None:
    app.command()(bench)


def bench(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(BENCHES)}.")], *, as_json: AsJson = False
) -> None:
    """Measure speed as ratios of one run; wall-clock figures are printed, never judged."""
    if name not in BENCHES:
        raise typer.BadParameter(f"{name!r} is none of {', '.join(BENCHES)}", param_hint="NAME")
    from evals import bench_retrieval

    with err().status("…", spinner="dots"):
        found: dict[str, dict[str, Any]] = dict(bench_retrieval.run())
    if as_json:
        print_json(found)
        return
    for size, figures in found.items():
        out().print(f"[bold]{size}[/]", highlight=False)
        for label, value in figures.items():
            shown = f"{value:.3f}" if isinstance(value, float) else str(value)
            out().print(f"  {label:<32}{shown:>12}", highlight=False, markup=False)
