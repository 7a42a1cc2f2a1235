"""The command that measures speed: benchmarks, as figures of one run beside their budgets."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from server.cli_options import AsJson, PackName
from server.cli_output import err, out, print_json

if TYPE_CHECKING:
    from rich.table import Table

    from evals.bench_figures import Figure, Outcome

BENCHES = ("turns", "decisions", "retrieval", "rivals", "growth", "documents", "store", "streams", "startup", "all")


def register(app: typer.Typer) -> None:
    app.command()(bench)


def bench(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(BENCHES)}.")],
    *,
    pack: PackName = "demo",
    as_json: AsJson = False,
) -> None:
    """Measure speed, memory and start-up against their budgets, as ratios of one run where that is what compares.

    Ends with 1 when a budget is missed. Figures of a busy machine say so beside the pace it was measured at.
    """
    if name not in BENCHES:
        raise typer.BadParameter(f"{name!r} is none of {', '.join(BENCHES)}", param_hint="NAME")
    from evals import bench as benches

    outcomes: list[Outcome] = []
    measured = benches.run(name, pack=pack)
    while True:
        with err().status("…", spinner="dots"):
            outcome = next(measured, None)
        if outcome is None:
            break
        outcomes.append(outcome)
        if not as_json:
            _print(outcome)
    if as_json:
        print_json({outcome.bench: _plain(outcome) for outcome in outcomes})
    if any(figure.holds is False for outcome in outcomes for figure in outcome.figures):
        raise typer.Exit(1)


def _plain(outcome: Outcome) -> dict[str, object]:
    figures = [{**asdict(figure), "holds": figure.holds} for figure in outcome.figures]
    return {"figures": figures, "skipped": list(outcome.skipped)}


def _print(outcome: Outcome) -> None:
    wide = _table(outcome, beside=True)
    wanted = out().measure(wide, options=out().options.update(width=1_000)).maximum
    out().print(wide if wanted <= out().width else _table(outcome, beside=False))
    for reason in outcome.skipped:
        out().print(f"  not measured: {reason}", style="yellow", highlight=False, markup=False)
    out().print()


def _table(outcome: Outcome, *, beside: bool) -> Table:
    """A row a figure, with its note beside it or, where the terminal is too narrow for that, under its name."""
    from rich.markup import escape
    from rich.table import Table

    table = Table(show_edge=False, pad_edge=False, box=None, title=outcome.bench, title_justify="left")
    table.add_column("figure", no_wrap=beside)
    for heading in ("measured", "unit", "budget", ""):
        table.add_column(heading, justify="right" if heading in {"measured", "budget"} else "left", no_wrap=True)
    table.add_column("", style="dim")
    for figure in outcome.figures:
        name, note = escape(figure.name), escape(figure.note)
        table.add_row(
            name if beside or not note else f"{name}\n  [dim]{note}[/]",
            f"{figure.value:,.3g}" if figure.value < 1000 else f"{figure.value:,.0f}",
            figure.unit, _budget(figure), _verdict(figure), note if beside else "",
        )  # fmt: skip
    return table


def _budget(figure: Figure) -> str:
    return "" if figure.budget is None else f"{'≥' if figure.at_least else '≤'} {figure.budget:g}"


def _verdict(figure: Figure) -> str:
    return {True: "[green]✓[/]", False: "[red]✗[/]", None: ""}[figure.holds]
