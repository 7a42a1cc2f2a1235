"""The ledger's rows: one chain per shop, appended inside the transaction of whatever it records."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from sqlalchemy import Connection, insert, select, update

from assistant.errors import Conflict, LedgerBroken, StoreUnavailable
from assistant.ledger import EntryKind, Head, LedgerEntry, Verified, append, genesis_body, line_of, load, verify
from assistant.store.database import Database
from assistant.store.schema import ledger, ledger_heads


def signing_key(path: Path | None) -> Ed25519PrivateKey:
    """The key in `path`, readable by its owner only; made at the first call. Without `path`, a key of this process.

    Raises `StoreUnavailable` when the file is no Ed25519 key or may be read by others.
    """
    if path is None:
        return Ed25519PrivateKey.generate()
    if not path.exists():
        _make_key(path)
    if path.stat().st_mode & 0o077:
        raise StoreUnavailable(f"The signing key {path} may be read by others.", mend=f"Run: chmod 600 {path}")
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except ValueError as error:
        raise StoreUnavailable(f"{path} is not a signing key.", mend="Restore it from a copy.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise StoreUnavailable(f"{path} is not an Ed25519 key.", mend="Restore it from a copy.")
    return key


def _make_key(path: Path) -> None:
    """Write a new key beside `path` and link it into place, so that of two processes one wins and none reads half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # made with mode 0600
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()


class LedgerStore:
    """Reads and appends the ledgers of all shops of a database, signing with one key."""

    def __init__(self, database: Database, key: Ed25519PrivateKey) -> None:
        self._database = database
        self._key = key

    @property
    def public_key(self) -> Ed25519PublicKey:
        return self._key.public_key()

    def lock(self, connection: Connection, shop: str) -> None:
        """Let no other writer append to `shop`'s ledger before this transaction ends (SQLite has one writer anyway)."""
        connection.execute(select(ledger_heads.c.seq).where(ledger_heads.c.shop == shop).with_for_update())

    def append(
        self, connection: Connection, kind: EntryKind, body: dict[str, Any], *, shop: str, at: datetime
    ) -> LedgerEntry:
        """Append one entry in the caller's writing transaction. Raises `Conflict` when another writer was faster."""
        head = _head(connection, shop)
        if head is None:
            first, head = append(None, "genesis", genesis_body(shop, self.public_key), shop=shop, at=at, key=self._key)
            connection.execute(insert(ledger).values(_row(first)))
            connection.execute(insert(ledger_heads).values(head.model_dump()))
        entry, moved = append(head, kind, body, shop=shop, at=at, key=self._key)
        connection.execute(insert(ledger).values(_row(entry)))
        changed = connection.execute(
            update(ledger_heads)
            .where(ledger_heads.c.shop == shop, ledger_heads.c.seq == head.seq)
            .values(seq=moved.seq, hash=moved.hash, signature=moved.signature)
        )
        if changed.rowcount != 1:
            raise Conflict("Another writer appended to the ledger first.", mend="Try again.")
        return entry

    async def head(self, shop: str) -> Head | None:
        """The signed end of the chain; None before the first permit."""
        return await self._database.read(lambda connection: _head(connection, shop))

    async def entries(self, shop: str, *, after: int = 0, limit: int = 500) -> list[LedgerEntry]:
        """Entries with `seq > after`, oldest first. Raises `LedgerBroken` when a row is no entry."""
        query = (
            select(ledger.c.seq, ledger.c.line)
            .where(ledger.c.shop == shop, ledger.c.seq > after)
            .order_by(ledger.c.seq)
            .limit(limit)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [_entry(row.line, row.seq) for row in rows]

    async def latest(self, shop: str, *, limit: int = 50) -> list[LedgerEntry]:
        """The newest entries, newest first: what the desk shows."""
        query = (
            select(ledger.c.seq, ledger.c.line).where(ledger.c.shop == shop).order_by(ledger.c.seq.desc()).limit(limit)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [_entry(row.line, row.seq) for row in rows]

    async def verify(self, shop: str) -> Verified:
        """Check the whole ledger of `shop` against its head, in one view. Raises `LedgerBroken`."""
        query = select(ledger.c.seq, ledger.c.line).where(ledger.c.shop == shop).order_by(ledger.c.seq)
        head, rows = await self._database.read(
            lambda connection: (_head(connection, shop), connection.execute(query).all())
        )
        if rows and head is None:
            raise LedgerBroken("The ledger's head is missing.", seq=rows[-1].seq)
        return verify((_entry(row.line, row.seq) for row in rows), self.public_key, head=head)


def permit_entry(connection: Connection, shop: str, permit_id: str) -> LedgerEntry | None:
    """The entry that issued a permit, or None."""
    query = select(ledger.c.seq, ledger.c.line).where(
        ledger.c.shop == shop, ledger.c.permit_id == permit_id, ledger.c.kind == "permit"
    )
    row = connection.execute(query).first()
    return _entry(row.line, row.seq) if row else None


def _head(connection: Connection, shop: str) -> Head | None:
    row = (connection.execute(select(ledger_heads).where(ledger_heads.c.shop == shop))).mappings().first()
    return Head.model_validate(dict(row)) if row else None


def _row(entry: LedgerEntry) -> dict[str, Any]:
    return {
        "shop": entry.shop,
        "seq": entry.seq,
        "kind": entry.kind,
        "permit_id": entry.body.get("permit_id"),
        "line": line_of(entry),
    }


def _entry(line: str, seq: int) -> LedgerEntry:
    try:
        return load([line])[0]
    except LedgerBroken as error:
        raise LedgerBroken(f"Row {seq} of the ledger is not an entry.", seq=seq) from error


def write_jsonl(entries: Iterable[LedgerEntry], path: Path) -> int:
    """Write the JSON Lines form to `path` and return the number of entries."""
    lines = [line_of(entry) for entry in entries]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return len(lines)
