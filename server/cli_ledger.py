"""The command that proves a ledger and the decisions behind it: one that was exported, or the shop's own."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from server.cli_options import AsJson, DataDir, PackName, settings_from
from server.cli_output import out, print_json

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from assistant.ledger import Head, LedgerEntry
    from assistant.reproof import Recorded, Reproof
    from assistant.settings import Settings

PAGE = 500


@dataclass(frozen=True)
class _Evidence:
    """What is to be proved. `recorded` is None where only the ledger itself was handed over."""

    entries: list[LedgerEntry]
    recorded: list[Recorded] | None
    archive: Path
    head: Head | None = None
    key: str | None = None


def register(app: typer.Typer) -> None:
    app.command()(verify)


def verify(
    ledger: Annotated[Path | None, typer.Argument(help="An exported ledger (JSON Lines); else the shop's own.")] = None,
    *,
    pack: PackName = "demo",
    data_dir: DataDir = None,
    key: Annotated[str | None, typer.Option("--key", help="The shop's public key, 64 hex digits.")] = None,
    archive: Annotated[
        Path | None, typer.Option("--archive", help="Where the packs of then are kept; else beside the ledger.")
    ] = None,
    export: Annotated[
        Path | None, typer.Option("--export", help="Write the ledger, its decisions and their packs.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a ledger offline: chain, signatures, a permit for every effect, and every decision made again.

    Ends with 1 when something does not hold.
    """
    from assistant.errors import LedgerBroken
    from assistant.ledger import verify as prove
    from assistant.reproof import reprove

    if ledger is not None and export is not None:
        raise typer.BadParameter("exports the shop's own ledger; leave LEDGER out", param_hint="--export")
    settings = settings_from({"pack": pack, "data_dir": data_dir})
    found = asyncio.run(_own(settings)) if ledger is None else _exported(ledger)
    if not found.entries:
        raise LedgerBroken("The ledger is empty.", seq=1)
    signer = found.key or found.entries[0].body.get("public_key")
    verified = prove(found.entries, _public_key(str(key or signer)), head=found.head)
    if archive is not None and found.recorded is None:
        raise typer.BadParameter(f"there is no {_decisions_beside(ledger)}", param_hint="--archive")
    proof = None if found.recorded is None else reprove(found.entries, found.recorded, archive or found.archive)
    if export is not None:
        _export(found, export)
    if as_json:
        ok = proof is None or proof.holds
        told = {"ok": ok, "entries": verified.n, "head": verified.head, "key": key or signer}
        told |= {"key_given": bool(key or found.key), "exported": str(export) if export else None}
        print_json({**told, "decisions": None if proof is None else asdict(proof)})
    else:
        out().print(f"[green]✓[/] {verified.n} entries hold, head {verified.head[:16]}…", highlight=False)
        _show(proof)
        if export is not None:
            out().print(f"  written to {export}", highlight=False, markup=False, soft_wrap=True)
        if key is None and found.key is None:
            out().print(f"  Signed by {signer}; compare it with the shop's key, or give it with --key.", style="dim")
    if proof is not None and not proof.holds:
        raise typer.Exit(1)


def _public_key(text: str) -> Ed25519PublicKey:
    from assistant.ledger import key_from_text

    try:
        return key_from_text(text)
    except ValueError:
        raise typer.BadParameter("no public key; give 64 hex digits", param_hint="--key") from None


def _show(proof: Reproof | None) -> None:
    def line(text: str, style: str | None = None) -> None:
        out().print(text, style=style, highlight=False, markup=False, soft_wrap=True)

    if proof is None:
        line("  Only the ledger is here: its decisions were not made again.", "dim")
        return
    if proof.same:
        line(f"✓ {proof.same} decisions made again under the packs of then ({len(proof.packs)}): the same")
    if proof.older or proof.undated:
        line(f"  {proof.older} permits and {proof.undated} decisions are from before packs were archived.", "dim")
    for finding in proof.findings:
        where = f" {finding.table}" if finding.table else ""
        line(f"✗ entry {finding.seq}, permit {finding.permit_id}{where}: {finding.what}", "red")


def _decisions_beside(ledger: Path | None) -> Path:
    return (ledger or Path("ledger.jsonl")).with_suffix(".decisions.jsonl")


def _packs_beside(ledger: Path) -> Path:
    return ledger.with_suffix(".packs")


def _exported(path: Path) -> _Evidence:
    from assistant.ledger import load
    from assistant.reproof import read_lines

    decisions = _decisions_beside(path)
    recorded = read_lines(_lines(decisions)) if decisions.exists() else None
    return _Evidence(load(_lines(path)), recorded, _packs_beside(path))


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise typer.BadParameter(
            f"{path} is no export; of a database name the folder with --data-dir", param_hint="LEDGER"
        ) from None
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error.strerror}", param_hint="LEDGER") from None


async def _own(settings: Settings) -> _Evidence:
    """The shop's own ledger up to its signed head, what its permits rest on, and the shop's public key."""
    from assistant.build import ARCHIVE_FOLDER, open_ledger, shop_directory, shop_key
    from assistant.ledger import key_text
    from assistant.store.recorded import recorded_decisions

    store, database = await open_ledger(settings)
    try:
        shop = shop_key(settings)
        # the head first: what a running server appends meanwhile lies behind it
        head = await store.head(shop)
        entries: list[LedgerEntry] = []
        while page := await store.entries(shop, after=entries[-1].seq if entries else 0, limit=PAGE):
            entries += page
        recorded = await recorded_decisions(database, shop)
    finally:
        await database.aclose()
    last = head.seq if head else 0
    entries = [entry for entry in entries if entry.seq <= last]
    return _Evidence(entries, recorded, shop_directory(settings) / ARCHIVE_FOLDER, head, key_text(store.public_key))


def _export(found: _Evidence, path: Path) -> None:
    """The ledger, beside it the decisions of its permits, and the archived packs they were made under."""
    from assistant.reproof import lines_of
    from assistant.store.ledger_store import write_jsonl
    from knowledge.archive import SUFFIX

    bodies: list[dict[str, Any]] = [entry.body for entry in found.entries if entry.kind == "permit"]
    permits = {body["permit_id"] for body in bodies}
    decisions = [each for each in found.recorded or () if each.permit_id in permits]
    packs = {kept["pack"] for each in decisions for kept in each.decisions if kept.get("pack")}
    try:
        write_jsonl(found.entries, path)
        lines = "".join(f"{line}\n" for line in lines_of(decisions))
        _decisions_beside(path).write_text(lines, encoding="utf-8")
        for digest in sorted(packs):
            _packs_beside(path).mkdir(exist_ok=True)
            if (kept := found.archive / f"{digest}{SUFFIX}").exists():  # one that is gone is among the findings
                shutil.copy(kept, _packs_beside(path))
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error.strerror}", param_hint="--export") from None
