"""`xiaoer verify`: a shop's own ledger, and its export."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import insert

from assistant.build import DATABASE, LEDGER_KEY
from assistant.ledger import append, genesis_body, line_of
from assistant.store.database import Database
from assistant.store.ledger_store import signing_key
from assistant.store.schema import ledger, ledger_heads
from tests.assistant.demo_shop import NOW
from tests.server.test_cli import xiaoer


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A data directory of the demo shop whose ledger has been begun."""
    directory = tmp_path / "data"

    async def begin() -> None:
        key = signing_key(directory / LEDGER_KEY)
        entry, head = append(None, "genesis", genesis_body("demo", key.public_key()), shop="demo", at=NOW, key=key)
        database = await Database.open(f"sqlite+aiosqlite:///{directory / DATABASE}")
        row = {"shop": "demo", "seq": 1, "kind": "genesis", "permit_id": None, "line": line_of(entry)}
        await database.write(lambda connection: connection.execute(insert(ledger).values(row)) and None)
        await database.write(
            lambda connection: connection.execute(insert(ledger_heads).values(head.model_dump())) and None
        )
        await database.aclose()

    asyncio.run(begin())
    return directory


def test_a_shop_proves_its_own_ledger_and_its_export_holds_elsewhere(data_dir: Path, tmp_path: Path) -> None:
    export = tmp_path / "ledger.jsonl"
    ran = xiaoer("verify", "--data-dir", str(data_dir), "--export", str(export), "--json")
    assert ran.returncode == 0, ran.stderr
    own = json.loads(ran.stdout)
    assert (own["ok"], own["entries"], own["key_given"]) == (True, 1, True)
    other = json.loads(xiaoer("verify", str(export), "--key", own["key"], "--json").stdout)
    assert (other["head"], other["entries"]) == (own["head"], 1)


def test_an_edited_row_breaks_the_shops_ledger(data_dir: Path) -> None:
    with sqlite3.connect(data_dir / DATABASE) as connection:
        connection.execute("UPDATE ledger SET line = replace(line, '2026', '2025')")
    ran = xiaoer("verify", "--data-dir", str(data_dir))
    assert ran.returncode == 1
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("named", ["folder", "database", "both"])
def test_what_is_no_ledger_is_said_and_nothing_is_made(data_dir: Path, tmp_path: Path, named: str) -> None:
    empty = tmp_path / "empty"
    arguments = {
        "folder": ("--data-dir", str(empty)),
        "database": (str(data_dir / DATABASE),),
        "both": (str(tmp_path / "a.jsonl"), "--export", str(tmp_path / "b.jsonl")),
    }[named]
    ran = xiaoer("verify", *arguments)
    assert ran.returncode == 2, ran.stderr
    assert "Traceback" not in ran.stderr
    assert not empty.exists()
