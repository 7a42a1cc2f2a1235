"""`xiaoer ingest`: documents are read, cleaned, dated, kept with the shop, searched and quoted from then on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from server import cli_docs
from server.cli_docs import documents_of, moment, print_rows, rows_of
from server.cli_options import AsJson, DataDir, PackName, settings_from
from server.cli_output import err, out, print_json

if TYPE_CHECKING:
    from assistant.settings import Settings
    from knowledge.documents import Documents
    from knowledge.ingest import FileReport
    from knowledge.intake import Terms, Wanted

_COLOURS = {
    "added": "green",
    "restored": "green",
    "mended": "green",
    "replaced": "yellow",
    "waiting": "cyan",
    "unchanged": "dim",
}


def register(app: typer.Typer) -> None:
    app.command()(ingest)
    cli_docs.register(app)


def ingest(
    sources: Annotated[
        list[str] | None, typer.Argument(metavar="[SOURCES]", help="Documents, folders of them, or web addresses.")
    ] = None,
    *,
    pack: PackName = "demo",
    data_dir: DataDir = None,
    url_list: Annotated[Path | None, typer.Option("--url-list", help="A file with one web address a line.")] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option("--allow-host", metavar="HOST[:PORT]", help="A host of your own network that may be read."),
    ] = None,
    encoding: Annotated[str, typer.Option("--encoding", help="Of text files that do not say it, e.g. big5.")] = "",
    draft: Annotated[bool, typer.Option("--draft", help="Keep them as drafts, which answer nothing.")] = False,
    list_kept: Annotated[bool, typer.Option("--list", help="Show what the shop keeps.")] = False,
    remove: Annotated[str | None, typer.Option("--remove", metavar="ID", help="Delete a document for good.")] = None,
    as_json: AsJson = False,
) -> None:
    """Take documents into the shop, where `search`, `ask`, `chat` and `serve` find and quote them.

    Date, platform and status are proposals until a person confirms them (`xiaoer docs confirm`); a document decides
    nothing either way. A run that was stopped goes on where it was. Ends with 1 when something was refused.
    """
    takes = bool(sources) or url_list is not None
    if sum((takes, list_kept, remove is not None)) != 1:
        raise typer.BadParameter("give documents, or --list, or --remove ID", param_hint="SOURCES")
    settings = settings_from({"pack": pack, "data_dir": data_dir})
    if takes:
        terms = _terms(settings, allow_host or [], encoding, as_draft=draft)
        _take(settings, sources or [], url_list, terms, as_json=as_json)
    elif remove is not None:
        _forget(remove, settings, as_json=as_json)
    else:
        documents = documents_of(settings)
        print_rows(rows_of(documents), documents.folder, as_json=as_json)


def _terms(settings: Settings, hosts: list[str], encoding: str, *, as_draft: bool) -> Terms:
    import codecs

    from knowledge.fetching import FetchLimits
    from knowledge.intake import Terms
    from knowledge.pack import load_pack

    try:
        codecs.lookup(encoding or "utf-8")
    except LookupError:
        raise typer.BadParameter(f"{encoding!r} is no encoding", param_hint="--encoding") from None
    allowed = frozenset(host.strip().lower() for host in hosts)
    return Terms(
        fetching=FetchLimits(allowed=allowed),
        encoding=encoding,
        as_draft=as_draft,
        pack=load_pack(settings.pack).policies,
    )


def _take(settings: Settings, sources: list[str], url_list: Path | None, terms: Terms, *, as_json: bool) -> None:
    from knowledge.intake import wanted

    what = wanted(sources, url_list)
    documents = documents_of(settings)
    before = documents.generation
    report, stopped = _run(documents, what, terms, moment(settings))
    if documents.generation != before and not stopped:  # who waits to get away is not kept for the index
        with err().status("index", spinner="dots"):
            _refresh(settings)
    if as_json:
        from server.views import plain

        print_json(
            {
                "kept": [row for entry in report for row in _kept(documents, entry)],
                "refused": sum(bool(entry.error) for entry in report),
                "skipped": sum(bool(entry.skipped) for entry in report),
                "report": [plain(each) for each in report],
            }
        )
    else:
        for entry in report:
            _print_entry(documents, entry)
        _print_next(report)
    if stopped:
        left = len(what) - len(report)
        words = f"Stopped. What is listed is kept; {left} are left: run the same command again to go on."
        err().print(f"  {words}", style="yellow", highlight=False)
        raise typer.Exit(130)
    if any(entry.error for entry in report):
        raise typer.Exit(1)


def _run(documents: Documents, what: Wanted, terms: Terms, at: datetime) -> tuple[list[FileReport], bool]:
    """A report for each source, and whether somebody stopped it before the last."""
    from knowledge.intake import take

    report: list[FileReport] = []
    try:
        with _progress(len(what)) as (advance, show):
            for entry in take(documents, what, at=at, terms=terms, on_source=show):
                report.append(entry)
                advance()
    except KeyboardInterrupt:
        return report, True
    return report, False


@contextmanager
def _progress(total: int) -> Iterator[tuple[Callable[[], None], Callable[[str], None]]]:
    """A bar with the name of what is being read, on stderr, where a person is looking."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=err(), transient=True) as progress:
        task = progress.add_task("", total=total)
        yield (
            lambda: progress.advance(task),
            lambda name: progress.update(task, description=name[-60:].replace("[", "\\[")),
        )


def _kept(documents: Documents, entry: FileReport) -> list[dict[str, object]]:
    if not entry.what:
        return []
    found = [version for key in entry.policies for version in documents.versions(key)]
    return [
        {
            "policy": version.key,
            "what": entry.what.partition(" ")[0],
            "state": version.state,
            "path": str(documents.folder / version.file),
        }
        for version in found
    ]


def _print_entry(documents: Documents, entry: FileReport) -> None:
    style = "red" if entry.error else "yellow" if entry.gone else "dim" if entry.skipped or entry.same_as else ""
    if entry.what.startswith("unchanged"):
        out().print(f"  {entry.path}: {entry.what}.", style="dim", highlight=False, markup=False, soft_wrap=True)
        return
    out().print(f"  {entry.line}", style=style, highlight=False, markup=False, soft_wrap=True)
    for row in _kept(documents, entry):
        colour = _COLOURS.get(str(row["what"]), "")
        out().print(f"    [{colour}]{row['what']:<9}[/] {row['policy']}", highlight=False, soft_wrap=True)
    for point in entry.points:
        words = f" ← “{' '.join(point.quote.split())[:80]}”" if point.quote else ""
        suggested = "" if point.applied else ", suggested only"
        said = f"      {point.field}: {point.value}{words} ({point.why}{suggested})"
        out().print(said, style="dim", highlight=False, markup=False, soft_wrap=True)


def _print_next(report: list[FileReport]) -> None:
    counts = {
        "taken": sum(bool(entry.what) and not entry.what.startswith("unchanged") for entry in report),
        "unchanged": sum(entry.what.startswith("unchanged") for entry in report),
        "known": sum(bool(entry.same_as) for entry in report),
        "skipped": sum(bool(entry.skipped) for entry in report),
        "refused": sum(bool(entry.error) for entry in report),
        "gone": sum(bool(entry.gone) for entry in report),
    }
    line = " · ".join(f"{count} {name}" for name, count in counts.items() if count)
    out().print(f"  {line or 'nothing found'}", style="bold", highlight=False)
    proposed = [entry.policies[0].partition("@")[0] for entry in report if entry.dating is not None and entry.policies]
    if proposed:
        name = proposed[0]
        words = f"Proposed heads decide nothing. Look: xiaoer docs show {name}; then: xiaoer docs confirm {name}"
        others = f" (and so {', '.join(proposed[1:])})" if len(proposed) > 1 else ""
        out().print(f"  {words}{others}", style="dim", highlight=False, markup=False, soft_wrap=True)


def _forget(name: str, settings: Settings, *, as_json: bool) -> None:
    gone = documents_of(settings).forget(name)
    with err().status("index", spinner="dots"):
        _refresh(settings)
    if as_json:
        print_json({"removed": [version.key for version in gone]})
    else:
        out().print(f"  removed {', '.join(version.key for version in gone)}", highlight=False)


def _refresh(settings: Settings) -> None:
    """Write the index of the pack and its documents, so that the next question need not."""
    from assistant.build import open_index

    open_index(settings)
