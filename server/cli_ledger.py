"""The command that proves a ledger: one that was exported, or the shop's own, before or after exporting it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from server.cli_options import AsJson, DataDir, PackName, settings_from
from server.cli_output import out, print_json

if TYPE_CHECKING:
    from assistant.ledger import Head, LedgerEntry
    from assistant.settings import Settings

PAGE = 500


def register(app: typer.Typer) -> None:
    app.command()(verify)


def verify(
    ledger: Annotated[Path | None, typer.Argument(help="An exported ledger (JSON Lines); else the shop's own.")] = None,
    *,
    pack: PackName = "demo",
    data_dir: DataDir = None,
    key: Annotated[str | None, typer.Option("--key", help="The shop's public key, 64 hex digits.")] = None,
    export: Annotated[Path | None, typer.Option("--export", help="Write the shop's ledger as JSON Lines.")] = None,
    as_json: AsJson = False,
) -> None:
    """Check a ledger offline: chain, signatures, a permit for every effect. Ends with 1 when it is broken."""
    from assistant.errors import LedgerBroken
    from assistant.ledger import key_from_text
    from assistant.ledger import verify as prove

    if ledger is not None and export is not None:
        raise typer.BadParameter("exports the shop's own ledger; leave LEDGER out", param_hint="--export")
    settings = settings_from({"pack": pack, "data_dir": data_dir})
    head, own = None, None
    if ledger is not None:
        entries = _exported(ledger)
    else:
        entries, head, own = asyncio.run(_own(settings))
    if not entries:
        raise LedgerBroken("The ledger is empty.", seq=1)
    signer = own or entries[0].body.get("public_key")
    try:
        public_key = key_from_text(str(key or signer))
    except ValueError:
        raise typer.BadParameter("no public key; give 64 hex digits", param_hint="--key") from None
    verified = prove(entries, public_key, head=head)
    if export is not None:
        _export(entries, export)
    if as_json:
        found = {"ok": True, "entries": verified.n, "head": verified.head, "key": key or signer}
        print_json({**found, "key_given": bool(key or own), "exported": str(export) if export else None})
        return
    out().print(f"[green]✓[/] {verified.n} entries hold, head {verified.head[:16]}…", highlight=False)
    if export is not None:
        out().print(f"  written to {export}", highlight=False, markup=False, soft_wrap=True)
    if key is None and own is None:
        out().print(f"  Signed by {signer}; compare it with the shop's key, or give it with --key.", style="dim")


def _exported(path: Path) -> list[LedgerEntry]:
    from assistant.ledger import load

    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise typer.BadParameter(
            f"{path} is no export; of a database name the folder with --data-dir", param_hint="LEDGER"
        ) from None
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error.strerror}", param_hint="LEDGER") from None
    return load(lines)


async def _own(settings: Settings) -> tuple[list[LedgerEntry], Head | None, str]:
    """The shop's own ledger up to its signed head, and the shop's public key."""
    from assistant.build import open_ledger, shop_key
    from assistant.ledger import key_text

    store, database = await open_ledger(settings)
    try:
        shop = shop_key(settings)
        # the head first: what a running server appends meanwhile lies behind it
        head = await store.head(shop)
        entries: list[LedgerEntry] = []
        while page := await store.entries(shop, after=entries[-1].seq if entries else 0, limit=PAGE):
            entries += page
    finally:
        await database.aclose()
    last = head.seq if head else 0
    return [entry for entry in entries if entry.seq <= last], head, key_text(store.public_key)


def _export(entries: list[LedgerEntry], path: Path) -> None:
    from assistant.store.ledger_store import write_jsonl

    try:
        write_jsonl(entries, path)
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error.strerror}", param_hint="--export") from None
