from __future__ import annotations

import asyncio
import sqlite3
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from assistant.conversation import Asked, Done, Said
from assistant.errors import StoreUnavailable
from assistant.store.database import MIGRATIONS, Database, upgrade
from assistant.store.schema import HEAD, metadata
from tests.assistant.store.world import MEMORY, NOW, SHOP, world, yes

INDEXES = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"


def _tables(connection: Connection) -> dict[str, str]:
    """What the database says its indexes are, and that nothing differs from the schema."""
    assert list(compare_metadata(MigrationContext.configure(connection), metadata)) == []
    assert MigrationContext.configure(connection).get_current_revision() == HEAD
    return {row.name: " ".join(row.sql.split()) for row in connection.exec_driver_sql(INDEXES)}


async def test_migrations_from_nothing_give_the_tables_of_the_schema() -> None:
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        upgrade(connection)
        migrated = _tables(connection)
    engine.dispose()
    database = await Database.open(MEMORY)
    assert await database.read(_tables) == migrated
    await database.aclose()


async def test_a_database_without_the_newest_tables_is_migrated_when_it_is_opened(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "x.db") as raw:
        raw.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
    raw.close()
    database = await Database.open(f"sqlite:///{tmp_path}/x.db")
    assert await database.read(_tables)
    await database.aclose()


def test_the_revision_named_in_the_schema_is_the_newest_one() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_every_table_can_be_spelled_for_postgresql_and_carries_its_shop() -> None:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    for table in metadata.sorted_tables:
        assert "TIMESTAMP WITHOUT" not in str(CreateTable(table).compile(dialect=dialect))
        assert "shop" in table.c
        for index in table.indexes:
            assert str(CreateIndex(index).compile(dialect=dialect))


async def test_a_database_is_opened_again_with_all_it_held(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/deep/down/x.db"
    async with world(url) as first:
        talk = await first.talk()
    async with world(url) as again:
        assert await again.talks.get(talk.id, customer_id="c1") == talk
        assert not await again.shop.seed([], [], NOW)


async def test_commits_are_synced_and_the_log_is_written_ahead(tmp_path: Path) -> None:
    database = await Database.open(f"sqlite+aiosqlite:///{tmp_path}/x.db")
    for name, value in (("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)):
        assert await database.read(partial(_pragma, name=name)) == value
    await database.aclose()


async def test_a_database_of_a_newer_program_is_not_touched(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/x.db"
    await (await Database.open(url)).aclose()
    with sqlite3.connect(tmp_path / "x.db") as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.close()
    with pytest.raises(StoreUnavailable, match="9999"):
        await Database.open(url)


async def test_a_file_that_is_no_database_directory_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "x.db").mkdir()
    with pytest.raises(StoreUnavailable):
        await Database.open(f"sqlite+aiosqlite:///{tmp_path}/x.db")


async def test_a_lock_held_by_another_program_is_named_and_writes_work_again_after(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/x.db"
    await (await Database.open(url)).aclose()
    database = await Database.open(url, busy_timeout=timedelta(milliseconds=20))
    other = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="locked"):
        await database.write(lambda _: None)
    other.execute("ROLLBACK")
    other.close()
    await database.write(lambda _: None)
    await database.aclose()


async def test_a_cancelled_writer_is_done_or_undone_whole_and_the_next_one_writes(tmp_path: Path) -> None:
    async with world(f"sqlite+aiosqlite:///{tmp_path}/x.db") as w:
        talk = await w.talk()
        for n in range(20):
            asking = asyncio.create_task(w.talks.ask(talk.id, Asked(client_id=f"m{n}", text="在吗"), NOW))
            for _ in range(n % 4):
                await asyncio.sleep(0)
            asking.cancel()
        await asyncio.sleep(0)
        logged, fresh = await w.talks.ask(talk.id, Asked(client_id="last", text="在吗"), NOW)
        log = await w.talks.read(talk.id)
        assert fresh
        assert [item.seq for item in log] == list(range(1, logged.seq + 1))


async def test_a_full_disk_writes_nothing_by_halves_and_recovers_when_there_is_room(tmp_path: Path) -> None:
    async with world(f"sqlite+aiosqlite:///{tmp_path}/x.db") as w:
        talk, proposal = await w.propose(await w.talk())
        permit = await w.permits.authorise(proposal.proposal_id, **yes(proposal))
        # The page limit of each connection stands in for the end of the disk: SQLite raises the same SQLITE_FULL.
        await _limit_pages(w.database, full=True)
        asked = Asked(client_id="m1", text="退" * 200_000)
        with pytest.raises(StoreUnavailable, match="full"):
            await w.talks.ask(talk.id, asked, NOW)
        with pytest.raises(StoreUnavailable, match="full"):
            await w.talks.commit(talk, [Said(text="好" * 200_000), Done(turn=1)], at=NOW, turn_done=True)
        assert await w.talks.get(talk.id, customer_id="c1") == talk
        assert len(await w.talks.read(talk.id)) == talk.last_seq
        assert (await w.ledger.verify(SHOP)).n == 2

        await _limit_pages(w.database, full=False)
        logged, fresh = await w.talks.ask(talk.id, asked, NOW)
        assert (logged.seq, fresh) == (talk.last_seq + 1, True)
        assert (await w.permits.execute(permit, NOW)).state == "done"


async def _limit_pages(database: Database, *, full: bool) -> None:
    """Hold the writer's connection to the pages it has, or let it grow again."""

    def limit(connection: Connection) -> None:
        pages = _pragma(connection, name="page_count") if full else 1_000_000
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    await database.write(limit)


def _pragma(connection: Connection, *, name: str) -> object:
    return connection.exec_driver_sql(f"PRAGMA {name}").scalar()
