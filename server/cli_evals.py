"""Commands that measure: evaluation suites and benchmarks."""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from server.cli_options import AsJson, PackName
from server.cli_output import err, out, print_json

if TYPE_CHECKING:
    from evals.case import Case
    from evals.report import Metric, Report
    from evals.run import Played

SUITES = ("demo", "cases")
BENCHES = ("retrieval",)
SHOWN = 20


def register(app: typer.Typer) -> None:
    app.command("eval")(evaluate)
    app.command()(bench)


def evaluate(
    suite: Annotated[str, typer.Argument(help=f"One of {', '.join(SUITES)}.")],
    file: Annotated[Path | None, typer.Argument(help="For `cases`: a JSONL file of cases.")] = None,
    *,
    pack: PackName = "demo",
    baseline: Annotated[Path | None, typer.Option("--baseline", help="An earlier report; end with 1 below it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Play cases through the engine and say what held, with error bars. Ends with 1 when a case fails."""
    path = _cases(suite, file, pack)
    from evals.case import read_cases
    from evals.report import regressions, report

    found = report(suite, pack, asyncio.run(_play(list(read_cases(path)), pack)))
    fallen = regressions(found, baseline) if baseline else []
    if as_json:
        print_json({**found.model_dump(mode="json"), "regressions": fallen})
    else:
        _print_report(found, fallen)
    if fallen or (found.failures and baseline is None):
        raise typer.Exit(1)


def _cases(suite: str, file: Path | None, pack: str) -> Path:
    if suite == "cases":
        if file is None:
            raise typer.BadParameter("`cases` needs a file, e.g. `xiaoer eval cases my.jsonl`", param_hint="FILE")
        return file
    if suite not in SUITES:
        raise typer.BadParameter(f"{suite!r} is none of {', '.join(SUITES)}", param_hint="SUITE")
    from knowledge.pack import load_pack

    return load_pack(pack).path / "cases.jsonl"


async def _play(cases: list[Case], pack: str) -> list[Played]:
    from rich.progress import track

    from evals.run import parts_for, play
    from server.logs import configure

    configure(sys.stderr, level=logging.CRITICAL)
    with err().status("…", spinner="dots"):
        parts = parts_for(pack)
    return [
        await play(case, parts, pack=pack)
        for case in track(cases, description="cases", console=err(), transient=True, disable=not err().is_terminal)
    ]


def _print_report(report: Report, fallen: list[str]) -> None:
    from rich.table import Table

    table = Table(show_edge=False, pad_edge=False, box=None)
    for name in (f"{report.suite} · {report.pack}", "share", "95 %", "n"):
        table.add_column(name, justify="left" if name.startswith(report.suite) else "right")
    for name, metric in {**report.metrics, **report.groups}.items():
        table.add_row(name, *_figures(metric))
    out().print(table)
    for failure in report.failures[:SHOWN]:
        out().print(f"[red]✗[/] [bold]{failure.case}[/] step {failure.step} {failure.what}", highlight=False)
        out().print(f"    expected {failure.expected}\n    found    {failure.found}", style="dim", markup=False)
    if len(report.failures) > SHOWN:
        out().print(f"  … and {len(report.failures) - SHOWN} more; see them all with --json", style="dim")
    for sentence in fallen:
        out().print(f"[red]▼[/] {sentence}", highlight=False)


def _figures(metric: Metric) -> tuple[str, str, str]:
    return f"{metric.value:.3f}", f"{metric.low:.3f} – {metric.high:.3f}", str(metric.n)


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
