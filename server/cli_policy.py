"""The command that shows a merchant what another version of a pack would have decided, and what it would cost."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from server.cli_options import AsJson, DataDir, Now, PackName, instant_of, settings_from
from server.cli_output import out, print_json, yuan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from knowledge.decide import PolicySet
    from knowledge.decision import Decision
    from knowledge.pack import Pack
    from knowledge.what_if import Change, Differences, Question

policy_app = typer.Typer(help="Compare versions of a pack.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(policy_app, name="policy")


@policy_app.callback()
def _subject() -> None:
    """Compare versions of a pack."""


@policy_app.command()
def diff(
    old: Annotated[str, typer.Argument(help="A pack: its folder, its name, or the hash it is archived under.")],
    new: Annotated[str, typer.Argument(help="The pack to compare with it.")],
    *,
    orders: Annotated[
        Path | None,
        typer.Option("--orders", help="Orders or recorded decisions (JSON Lines); else the pack's own orders."),
    ] = None,
    pack: PackName = "demo",
    data_dir: DataDir = None,
    archive: Annotated[
        Path | None, typer.Option("--archive", help="Where archived packs lie; else with the shop's files.")
    ] = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """List each decision on past orders that NEW would make otherwise than OLD, and the money in sum."""
    from assistant.clock import SystemClock
    from knowledge.decide import PolicySet
    from knowledge.what_if import differences

    folder = archive or _archive(pack, data_dir)
    packs = [_open(name, folder) for name in (old, new)]
    was, becomes = (PolicySet(each) for each in packs)
    at = instant_of(now, "--now") or SystemClock().now()
    found = differences(was, becomes, _questions(orders, was, becomes, pack, at))
    if as_json:
        print_json(_plain(found))
        return
    for change in found.changes:
        _line(change)
    summary = f"{len(found.changes)} of {found.asked} decisions change, {yuan(found.amount)} in sum"
    out().print(summary, highlight=False, markup=False, soft_wrap=True)


def _archive(pack: str, data_dir: Path | None) -> Path:
    from assistant.build import ARCHIVE_FOLDER, shop_directory

    return shop_directory(settings_from({"pack": pack, "data_dir": data_dir})) / ARCHIVE_FOLDER


def _open(name: str, archive: Path) -> Pack:
    from knowledge.archive import open_pack_or_archived

    return open_pack_or_archived(name, archive)


def _questions(orders: Path | None, old: PolicySet, new: PolicySet, pack: str, now: Any) -> Iterator[Question]:
    from assistant.catalogue import Catalogue
    from assistant.past_orders import of_orders, read_questions
    from knowledge.pack import load_pack

    # an archived pack holds what decides and no goods: then those of --pack are meant
    goods = next((each.pack for each in (new, old) if each.pack.files("catalogue")), None) or load_pack(pack)
    catalogue = Catalogue.from_data(goods.data("catalogue"), now, shop=goods.data("shop"))
    if orders is None:
        return of_orders(goods.data("orders"), old, new, catalogue, now)
    try:
        lines = orders.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{orders}: {error}", param_hint="--orders") from None
    return read_questions(lines, old, new, catalogue, now)


def _line(change: Change) -> None:
    moved = f"  {yuan(change.amount)}" if change.amount else ""
    text = f"{change.subject}  {change.table}  {_shown(change.old)} → {_shown(change.new)}{moved}"
    out().print(text, highlight=False, markup=False, soft_wrap=True)


def _shown(decision: Decision | None) -> str:
    return "no such table" if decision is None else str(decision)


def _plain(found: Differences) -> dict[str, Any]:
    return {
        "asked": found.asked,
        "amount": found.amount,
        "changes": [
            {
                "subject": change.subject,
                "table": change.table,
                "amount": change.amount,
                "old": _side(change.old),
                "new": _side(change.new),
            }
            for change in found.changes
        ],
    }


def _side(decision: Decision | None) -> dict[str, Any] | None:
    if decision is None:
        return None
    return {
        "code": decision.code,
        "amount": decision.amount,
        "deadline": decision.deadline.isoformat() if decision.deadline else None,
        "row": decision.row,
        "policy": decision.policy,
        "clauses": list(decision.clauses),
    }
