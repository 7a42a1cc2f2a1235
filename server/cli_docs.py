"""`xiaoer docs`: what a person does with the shop's documents: look, compare, publish, withdraw, roll back, confirm."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from server.cli_options import AsJson, DataDir, Now, PackName, instant_of, settings_from
from server.cli_output import err, out, print_json

if TYPE_CHECKING:
    from assistant.settings import Settings
    from knowledge.clauses import Policy
    from knowledge.documents import Documents
    from knowledge.pack import Pack
    from knowledge.register import Version
    from knowledge.scope_words import Axis

Holding: TypeAlias = "dict[tuple[str, str], Policy]"
Name = Annotated[
    str, typer.Argument(metavar="ID", help="A document by its id or its file's name, or one version as ID@VERSION.")
]
By = Annotated[str, typer.Option("--by", help="Who says so; kept with the version.")]
Names = Annotated[list[str] | None, typer.Option()]

docs = typer.Typer(name="docs", help="The shop's documents: versions, what holds, who confirmed.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(docs)


def documents_of(settings: Settings) -> Documents:
    """The documents of the shop that the settings name."""
    from assistant.build import shop_directory
    from knowledge.documents import DOCUMENTS_FOLDER, Documents

    return Documents(shop_directory(settings) / DOCUMENTS_FOLDER)


def moment(settings: Settings) -> datetime:
    """The present instant, or the one the settings hold the clock at."""
    from assistant.clock import SystemClock

    return settings.now or SystemClock().now()


@docs.command("list")
def list_(*, pack: PackName = "demo", data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """All versions of all documents, and which of them hold."""
    documents = documents_of(settings_from({"pack": pack, "data_dir": data_dir}))
    print_rows(rows_of(documents), documents.folder, as_json=as_json)


@docs.command()
def show(name: Name, *, pack: PackName = "demo", data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """One document: its head, what each proposed field rests on, its clauses and what was done with it."""
    documents = documents_of(settings_from({"pack": pack, "data_dir": data_dir}))
    held = holding(documents)
    rows = [_whole(documents, each, held) for each in documents.versions(name)]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        _print_whole(row)


@docs.command()
def diff(
    name: Name,
    *,
    against: Annotated[str | None, typer.Option("--against", metavar="VERSION", help="Else the one before.")] = None,
    pack: PackName = "demo",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """What the newest version says otherwise than the one before it, clause by clause."""
    documents = documents_of(settings_from({"pack": pack, "data_dir": data_dir}))
    changes = documents.diff(name, against)
    if as_json:
        print_json(
            [
                {
                    "what": change.what,
                    "heading": list(change.heading),
                    "before": change.before.shown if change.before else None,
                    "after": change.after.shown if change.after else None,
                }
                for change in changes
            ]
        )
        return
    if not changes:
        out().print("  no clause differs", style="dim")
    for change in changes:
        out().print(f"{change.what}  {' › '.join(change.heading)}", style="bold", highlight=False, markup=False)
        for clause, mark, style in ((change.before, "-", "red"), (change.after, "+", "green")):
            if clause is not None:
                out().print(f"  {mark} {clause.shown}", style=style, highlight=False, markup=False, soft_wrap=True)


@docs.command()
def publish(
    name: Name, *, by: By = "", pack: PackName = "demo", data_dir: DataDir = None, now: Now = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Let a version answer, from this moment, in every process that has the shop open."""
    _do(pack, data_dir, now, as_json, lambda documents, at: documents.publish(name, at=at, who=by))


@docs.command()
def draft(
    name: Name, *, by: By = "", pack: PackName = "demo", data_dir: DataDir = None, now: Now = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Take what is published back into waiting."""
    _do(pack, data_dir, now, as_json, lambda documents, at: documents.draft(name, at=at, who=by))


@docs.command()
def withdraw(
    name: Name, *, by: By = "", pack: PackName = "demo", data_dir: DataDir = None, now: Now = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Take a document from everybody, at once. It stays so when its file is taken again."""
    _do(pack, data_dir, now, as_json, lambda documents, at: documents.withdraw(name, at=at, who=by))


@docs.command()
def rollback(
    name: Name, *, by: By = "", pack: PackName = "demo", data_dir: DataDir = None, now: Now = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Let the version before hold again, or the one named; what came after it is withdrawn."""
    _do(pack, data_dir, now, as_json, lambda documents, at: documents.rollback(name, at=at, who=by))


@docs.command()
def confirm(
    name: Name,
    *,
    start: Annotated[str | None, typer.Option("--from", metavar="DATE", help="From when it holds.")] = None,
    end: Annotated[str | None, typer.Option("--to", metavar="DATE", help="Until when, exclusive.")] = None,
    status: Annotated[str | None, typer.Option("--status", help="in_force, announced, contested, history.")] = None,
    level: Annotated[str | None, typer.Option("--level", help="statute, platform, category, shop, temporary.")] = None,
    title: Annotated[str | None, typer.Option("--title", help="What it is called when it is quoted.")] = None,
    platform: Annotated[list[str] | None, typer.Option("--platform", help="Where it applies; may be repeated.")] = None,
    region: Annotated[list[str] | None, typer.Option("--region", help="May be repeated.")] = None,
    category: Annotated[list[str] | None, typer.Option("--category", help="May be repeated.")] = None,
    channel: Annotated[list[str] | None, typer.Option("--channel", help="May be repeated.")] = None,
    audience: Annotated[list[str] | None, typer.Option("--audience", help="customer or agent; else both.")] = None,
    by: By = "",
    pack: PackName = "demo",
    data_dir: DataDir = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Say that what is proposed for a document is right, or what is right instead. A draft is published with it.

    A document without a known date holds from now on, unless --from says otherwise.
    """
    from knowledge.register import Head

    if unknown := set(_all(audience) or ()) - {"customer", "agent"}:
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: customer or agent", param_hint="--audience")
    if title is not None and not title.strip():
        raise typer.BadParameter("a title has words", param_hint="--title")
    settings = settings_from({"pack": pack, "data_dir": data_dir})
    window = None if start is None and end is None else (instant_of(start, "--from"), instant_of(end, "--to"))
    head = Head(
        title=title,
        level=_one_of(level, "level"),
        status=_one_of(status, "status"),
        window=window,
        platforms=_scope("platforms", platform, settings),
        regions=_scope("regions", region, settings),
        categories=_scope("categories", category, settings),
        channels=_all(channel),
        audiences=_all(audience),
    )
    _do(pack, data_dir, now, as_json, lambda documents, at: documents.confirm(name, head, at=at, who=by))


@docs.command()
def conflicts(
    *,
    pack: PackName = "demo",
    data_dir: DataDir = None,
    at: Annotated[str | None, typer.Option("--at", help="The instant to look at; else now.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also between two policies of the pack.")] = False,
    as_json: AsJson = False,
) -> None:
    """Clauses in force together that say different figures of the same thing. Ends with 1 when there are any."""
    from knowledge.conflicts import conflicts as find
    from knowledge.pack import load_pack
    from server.views import plain

    settings = settings_from({"pack": pack, "data_dir": data_dir})
    documents = documents_of(settings).policies()
    own = {policy.key for policy in documents}
    found = find((*load_pack(settings.pack).policies, *documents), at=instant_of(at, "--at") or moment(settings))
    if not everything:
        found = [each for each in found if {each.first.policy, each.second.policy} & own]
    if as_json:
        print_json(
            [
                {"subject": each.subject, "unit": each.unit, "first": plain(each.first), "second": plain(each.second)}
                for each in found
            ]
        )
    elif not found:
        out().print("  no conflict found", style="green")
    else:
        for each in found:
            out().print(f"{each.subject} ({each.unit})", style="bold yellow", highlight=False, markup=False)
            for side in (each.first, each.second):
                line = f"  {side.value:g}: “{side.sentence}”  {side.ref}"
                out().print(line, highlight=False, markup=False, soft_wrap=True)
    if found:
        raise typer.Exit(1)


def _do(
    pack: str,
    data_dir: Path | None,
    now: str | None,
    as_json: bool,
    verb: Callable[[Documents, datetime], list[Version]],
) -> None:
    settings = settings_from({"pack": pack, "data_dir": data_dir, "now": instant_of(now, "--now")})
    documents = documents_of(settings)
    rows = [row_of(documents, each) for each in verb(documents, moment(settings))]
    print_rows(rows, documents.folder, as_json=as_json)


def rows_of(documents: Documents) -> list[dict[str, Any]]:
    """All versions of all documents as lines of a list."""
    held = holding(documents)
    return [row_of(documents, each, held) for each in documents.versions()]


def holding(documents: Documents) -> Holding:
    """The policies that may answer, by key and language, each within the time that later versions leave it."""
    return {(policy.key, policy.lang): policy for policy in documents.policies()}


def row_of(documents: Documents, version: Version, holding: Holding | None = None) -> dict[str, Any]:
    """One version as a line of a list. `holding` are the policies that may answer, with the time others leave them."""
    from knowledge.errors import PackError

    known = {
        "id": version.id,
        "version": version.version,
        "title": version.head.title or version.id,
        "lang": version.lang,
        "state": version.state,
        "origin": version.origin,
        "path": str(documents.folder / version.file),
        "damage": None,
    }
    try:
        policy = documents.policy(version)
    except PackError as error:
        return {**known, "damage": error.what}
    cut = holding.get((version.key, version.lang), policy) if holding is not None else policy
    scope = policy.scope
    return {
        **known,
        "title": policy.title,
        "status": policy.status,
        "level": policy.level,
        "content_date": policy.content_date,
        "undated": policy.undated,
        "in_force_from": policy.window.start.isoformat() if policy.window.start else None,
        "in_force_to": cut.window.end.isoformat() if cut.window.end else None,
        "superseded": cut is not policy and cut.window.start is not None and cut.window.start == cut.window.end,
        "confirmed": policy.confirmed,
        "platforms": sorted(scope.platforms),
        "regions": sorted(scope.regions),
        "categories": sorted(scope.categories),
        "channels": sorted(scope.channels),
        "audiences": sorted(scope.audiences),
    }


def print_rows(rows: list[dict[str, Any]], folder: Path, *, as_json: bool) -> None:
    """Lines of versions for a person or a program."""
    if as_json:
        print_json(rows)
        return
    if not rows:
        out().print(f"  nothing in {folder}", style="dim", highlight=False)
    for row in rows:
        state, colour = _state(row)
        head = f"[bold]{row['id']}[/]@{row['version']}  [{colour}]{state}[/]"
        out().print(head, end="  ", highlight=False, soft_wrap=True)
        out().print(row["title"], highlight=False, markup=False, soft_wrap=True)
        if row["damage"]:
            line = f"   {row['damage']} It answers nothing: take its source in again. · {row['origin']}"
            out().print(line, style="red", highlight=False, markup=False, soft_wrap=True)
            continue
        marks = "" if row["confirmed"] else " · to confirm"
        line = f"   {row['status']} · {_window(row)} · {_where(row)}{marks} · {row['origin']}"
        out().print(line, style="dim", highlight=False, markup=False, soft_wrap=True)


def _state(row: dict[str, Any]) -> tuple[str, str]:
    """What a version is, in a word, and its colour."""
    if row["damage"]:
        return f"{row['state']}, damaged", "red"
    if row["superseded"]:
        return "superseded", "dim"
    return row["state"], {"published": "green", "draft": "cyan", "withdrawn": "red"}[row["state"]]


def _window(row: dict[str, Any]) -> str:
    if row["superseded"]:
        return "a later version holds instead"
    since, until = (str(row[name] or "…")[:10] for name in ("in_force_from", "in_force_to"))
    return "no known date: never quoted as in force" if row["undated"] else f"{since} – {until}"


def _where(row: dict[str, Any]) -> str:
    axes = ("platforms", "regions", "categories", "channels", "audiences")
    named = [", ".join(row[axis]) for axis in axes if row[axis]]
    return " · ".join(f"only {names}" for names in named) or "anywhere"


def _whole(documents: Documents, version: Version, holding: Holding) -> dict[str, Any]:
    from knowledge.clause_diff import content_hash
    from knowledge.splitting import split
    from server.views import plain

    policy = documents.policy(version)
    return {
        **row_of(documents, version, holding),
        "content": version.content,
        "proposed": [plain(point) for point in version.points],
        "changes": [plain(change) for change in version.changes],
        "clauses": [
            {"ref": clause.ref, "heading": list(clause.heading), "text": clause.shown, "hash": content_hash(clause)}
            for clause in split(policy)
        ],
    }


def _print_whole(row: dict[str, Any]) -> None:
    print_rows([row], Path(), as_json=False)
    for point in row["proposed"]:
        quote = " ".join(point["quote"].split())[:80]
        suggested = "" if point["applied"] else " (suggested only)"
        line = f"   {point['field']}: {point['value']}{suggested} ← “{quote}” ({point['why']})"
        out().print(line, highlight=False, markup=False, soft_wrap=True)
    for change in row["changes"]:
        by = f" by {change['who']}" if change["who"] else ""
        out().print(f"   {change['at'][:16]} {change['what']}{by}", style="dim", highlight=False, markup=False)
    for clause in row["clauses"]:
        words = " ".join(clause["text"].split())
        line = f"   #{clause['ref'].partition('#')[2]}  {words[:100]}{'…' if len(words) > 100 else ''}"
        out().print(line, highlight=False, markup=False, soft_wrap=True)


def _one_of(value: str | None, option: str) -> Any:
    from typing import get_args

    from knowledge.clauses import Level, Status

    allowed = get_args({"level": Level, "status": Status}[option])
    if value is not None and value not in allowed:
        raise typer.BadParameter(f"{value!r} is not one of {', '.join(allowed)}", param_hint=f"--{option}")
    return value


def _scope(axis: Axis, names: list[str] | None, settings: Settings) -> tuple[str, ...] | None:
    """The words as policies write them; of one that no policy and no goods of this shop use it is said so."""
    from knowledge.pack import load_pack
    from knowledge.scope_words import scope_word, unknown_words

    said = _all(names)
    if not said:
        return said
    words = tuple(dict.fromkeys(scope_word(axis, name) for name in said))
    pack = load_pack(settings.pack)
    used = {name for policy in pack.policies for name in getattr(policy.scope, axis)}
    for word in unknown_words(axis, words, {*used, *_of_shop(pack, axis)}):
        line = f"  {word}: nothing in this shop is of that {_ONE[axis]} yet; such a document answers nobody until then."
        err().print(line, style="yellow", highlight=False, markup=False, soft_wrap=True)
    return words


_ONE = {"platforms": "platform", "regions": "region", "categories": "category"}


def _of_shop(pack: Pack, axis: Axis) -> set[str]:
    """The words that the shop's own files use."""
    if axis == "platforms":
        return {str(name) for file in pack.files("shop") for name in (file.data or {}).get("platforms", ())}
    if axis == "categories":
        rows = [row for file in pack.files("catalogue") for row in (file.data or {}).get("products", {}).values()]
        return {str(row.get("category")) for row in rows}
    return set()


def _all(names: list[str] | None) -> tuple[str, ...] | None:
    """None where the option was not given; `--platform ""` says anywhere."""
    return tuple(name.strip() for name in names if name.strip()) if names else None
