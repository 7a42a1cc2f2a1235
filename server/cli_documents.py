"""The command that takes documents in: read, cleaned, dated, kept with the shop, searched and quoted from then on."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from server.cli_options import AsJson, DataDir, PackName, settings_from
from server.cli_output import err, out, print_json

if TYPE_CHECKING:
    from assistant.settings import Settings
    from knowledge.clauses import Policy
    from knowledge.documents import Kept
    from knowledge.ingest import FileReport, IngestResult


def register(app: typer.Typer) -> None:
    app.command()(ingest)


def ingest(
    paths: Annotated[list[Path] | None, typer.Argument(help="Documents or folders of documents.")] = None,
    *,
    pack: PackName = "demo",
    data_dir: DataDir = None,
    list_kept: Annotated[bool, typer.Option("--list", help="Show what the shop keeps.")] = False,
    remove: Annotated[str | None, typer.Option("--remove", metavar="ID", help="Forget a document.")] = None,
    as_json: AsJson = False,
) -> None:
    """Take documents into the shop, where `search`, `ask`, `chat` and `serve` find and quote them.

    Date, platform and status are proposals until a person edits the file's head; a document decides nothing either way.
    Taking the same content again changes nothing. Ends with 1 when a file was refused.
    """
    if sum((bool(paths), list_kept, remove is not None)) != 1:
        raise typer.BadParameter("give documents, or --list, or --remove ID", param_hint="PATHS")
    settings = settings_from({"pack": pack, "data_dir": data_dir})
    if paths:
        _take(paths, settings, as_json=as_json)
    elif remove is not None:
        _forget(remove, settings, as_json=as_json)
    else:
        _list(settings, as_json=as_json)


def _take(paths: list[Path], settings: Settings, *, as_json: bool) -> None:
    from knowledge.documents import keep
    from knowledge.ingest import ingest as read
    from knowledge.pack import load_pack

    missing = [path for path in paths if not path.exists()]
    if missing:
        raise typer.BadParameter(f"{missing[0]}: no such file or folder", param_hint="PATHS")
    policies = load_pack(settings.pack).policies
    with err().status("…", spinner="dots") as status:
        result = read(paths, on_file=lambda path: status.update(path.name))
        kept = keep(result, _folder(settings), pack=policies)
        status.update("index")
        if any(each.what != "unchanged" for each in kept):
            _refresh(settings)
    if as_json:
        from server.views import plain

        print_json(
            {
                "kept": [asdict(each) for each in kept],
                "refused": len(result.refused),
                "report": [plain(each) for each in result.report],
            }
        )
    else:
        _print_taken(result, kept)
    if result.refused:
        raise typer.Exit(1)


def _print_taken(result: IngestResult, kept: list[Kept]) -> None:
    by_policy = {each.policy: each for each in kept}
    for entry in result.report:
        _print_entry(entry)
        for key in entry.policies:
            if entry.same_as or key not in by_policy:
                continue
            each = by_policy[key]
            colour = {"added": "green", "replaced": "yellow", "unchanged": "dim"}[each.what]
            out().print(f"    [{colour}]{each.what:<9}[/] {each.path}", highlight=False, soft_wrap=True)
    if any(entry.dating is not None for entry in result.report):
        words = "Proposed heads decide nothing; check each file and set `confirmed: true`."
        out().print(f"  {words}", style="dim", highlight=False)


def _print_entry(entry: FileReport) -> None:
    style = "red" if entry.error else ""
    out().print(f"  {entry.line}", style=style, highlight=False, markup=False, soft_wrap=True)


def _list(settings: Settings, *, as_json: bool) -> None:
    from knowledge.documents import read_documents

    documents = read_documents(_folder(settings))
    if as_json:
        print_json([_row(policy) for policy in documents])
        return
    if not documents:
        out().print(f"  nothing in {_folder(settings)}", style="dim", highlight=False)
    for policy in documents:
        row = _row(policy)
        marks = "" if policy.confirmed else " · to confirm"
        marks += " · no date: never quoted as in force" if policy.undated else ""
        out().print(f"[bold]{row['id']}[/]@{row['version']}  {policy.title}", highlight=False, soft_wrap=True)
        where = ", ".join(sorted(policy.scope.platforms)) or "anywhere"
        line = f"   {row['status']} · as of {row['content_date'] or '?'} · {where}"
        out().print(f"{line}{marks} · {policy.path}", style="dim", highlight=False, markup=False, soft_wrap=True)


def _row(policy: Policy) -> dict[str, object]:
    return {
        "id": policy.id,
        "version": policy.version,
        "title": policy.title,
        "lang": policy.lang,
        "status": policy.status,
        "content_date": policy.content_date,
        "undated": policy.undated,
        "confirmed": policy.confirmed,
        "platforms": sorted(policy.scope.platforms),
        "path": policy.path,
    }


def _forget(name: str, settings: Settings, *, as_json: bool) -> None:
    from knowledge.documents import remove

    gone = remove(name, _folder(settings))
    with err().status("index", spinner="dots"):
        _refresh(settings)
    if as_json:
        print_json({"removed": [policy.key for policy in gone]})
    else:
        out().print(f"  removed {', '.join(policy.key for policy in gone)}", highlight=False)


def _folder(settings: Settings) -> Path:
    from assistant.build import shop_directory
    from knowledge.documents import DOCUMENTS_FOLDER

    return shop_directory(settings) / DOCUMENTS_FOLDER


def _refresh(settings: Settings) -> None:
    """Write the index of the pack and its documents, so that the next question need not."""
    from assistant.build import open_index

    open_index(settings)
