from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from assistant.errors import LedgerBroken, StoreUnavailable
from assistant.ledger import key_text, load, verify
from assistant.shop import Action
from assistant.store.ledger_store import signing_key, write_jsonl
from tests.assistant.store.world import NOW, SHOP, order, world, yes


def test_the_key_is_made_once_and_kept_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "data" / "ledger.key"
    first = signing_key(path)
    assert key_text(signing_key(path).public_key()) == key_text(first.public_key())
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["ledger.key"]


def test_without_a_path_each_key_is_new_and_kept_nowhere() -> None:
    assert key_text(signing_key(None).public_key()) != key_text(signing_key(None).public_key())


async def test_of_several_starts_at_once_all_use_one_key(tmp_path: Path) -> None:
    keys = await asyncio.gather(*(asyncio.to_thread(signing_key, tmp_path / "k") for _ in range(8)))
    assert len({key_text(key.public_key()) for key in keys}) == 1


def test_a_key_others_may_read_or_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "k"
    signing_key(path)
    path.chmod(0o644)
    with pytest.raises(StoreUnavailable, match="chmod 600"):
        signing_key(path)
    path.chmod(0o600)
    path.write_text("nonsense")
    with pytest.raises(StoreUnavailable, match="not a signing key"):
        signing_key(path)


async def _some_effects(path: Path, key: Ed25519PrivateKey) -> None:
    orders = tuple(order(f"O{n}") for n in range(4))
    async with world(f"sqlite+aiosqlite:///{path}", key=key, orders=orders) as w:
        talk = await w.talk()
        for each in orders:
            talk, proposal = await w.propose(talk, _cancel(each.order_id))
            permit = await w.permits.authorise(proposal.proposal_id, **yes(proposal))
            settled = await w.permits.execute(permit, NOW)
            talk, _ = await w.talks.commit(talk, [settled.as_event()], at=NOW, settled=[settled], turn_done=True)


def _cancel(order_id: str) -> Action:
    return Action(name="cancel_refund", order_id=order_id, amount=12000)


TAMPERING = {
    "an amount in a row": (
        """UPDATE ledger SET line = replace(line, '"amount":12000', '"amount":12') WHERE seq = 4""",
        4,
    ),
    "a row removed": ("DELETE FROM ledger WHERE seq = 5", 5),
    "the last row removed": ("DELETE FROM ledger WHERE seq = 9", 9),
    "the last row and the head removed": ("DELETE FROM ledger WHERE seq = 9; DELETE FROM ledger_heads", 8),
    "the head set back with the tail cut": (
        "DELETE FROM ledger WHERE seq = 9; UPDATE ledger_heads SET seq = 8",
        8,
    ),
    "two rows swapped": (
        "UPDATE ledger SET seq = 99 WHERE seq = 3; UPDATE ledger SET seq = 3 WHERE seq = 6;"
        "UPDATE ledger SET seq = 6 WHERE seq = 99",
        3,
    ),
    "a row copied": ("INSERT INTO ledger SELECT shop, 10, kind, permit_id, line FROM ledger WHERE seq = 9", 10),
    "a row that is no entry": ("UPDATE ledger SET line = '{}' WHERE seq = 7", 7),
}


@pytest.mark.parametrize("what", sorted(TAMPERING))
async def test_tampering_with_the_database_is_found_and_named(what: str, tmp_path: Path) -> None:
    statement, seq = TAMPERING[what]
    key = Ed25519PrivateKey.generate()
    await _some_effects(tmp_path / "x.db", key)
    raw = sqlite3.connect(tmp_path / "x.db")
    raw.executescript(statement)
    raw.commit()
    raw.close()
    async with world(f"sqlite+aiosqlite:///{tmp_path}/x.db", key=key) as w:
        with pytest.raises(LedgerBroken) as caught:
            await w.ledger.verify(SHOP)
    assert caught.value.seq == seq


async def test_an_exported_ledger_is_verified_offline_with_the_public_key_alone(tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    await _some_effects(tmp_path / "x.db", key)
    async with world(f"sqlite+aiosqlite:///{tmp_path}/x.db", key=key) as w:
        entries = await w.ledger.entries(SHOP)
        head = await w.ledger.head(SHOP)
        assert [entry.seq for entry in await w.ledger.latest(SHOP, limit=2)] == [9, 8]
        assert (await w.ledger.verify(SHOP)).n == 9
    assert write_jsonl(entries, tmp_path / "ledger.jsonl") == 9
    lines = (tmp_path / "ledger.jsonl").read_text(encoding="utf-8").splitlines()
    assert verify(load(lines), key.public_key(), head=head).n == 9
