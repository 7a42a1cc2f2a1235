"""What is said of a database in PostgreSQL alone; what both engines must do is asked of both beside this file."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, text

from assistant.errors import StoreUnavailable
from assistant.store.database import Database, upgrade
from assistant.store.schema import HEAD, metadata
from tests.knowledge.postgres_server import CannotStart, database, postgres

INDEXES = "SELECT indexname, indexdef FROM pg_indexes WHERE tablename <> 'alembic_version' AND schemaname = 'public'"


@pytest.fixture
def address(postgres_server: str) -> str:
    return database(postgres_server, "store_alone")


def _tables(connection: Connection) -> dict[str, str]:
    assert list(compare_metadata(MigrationContext.configure(connection), metadata)) == []
    assert MigrationContext.configure(connection).get_current_revision() == HEAD
    return {row.indexname: row.indexdef for row in connection.exec_driver_sql(INDEXES)}


async def test_migrations_from_nothing_give_the_tables_of_the_schema(postgres_server: str, address: str) -> None:
    migrated = database(postgres_server, "store_migrated").replace("postgresql:", "postgresql+psycopg:")
    engine = create_engine(migrated)
    with engine.begin() as connection:
        upgrade(connection)
        expected = _tables(connection)
    engine.dispose()
    opened = await Database.open(address)
    assert await opened.read(_tables) == expected
    await opened.aclose()


async def test_a_reader_sees_one_snapshot_and_may_not_write(address: str) -> None:
    opened = await Database.open(address)

    def twice(connection: Connection) -> set[int]:
        counted = text("SELECT count(*) FROM shop_seeds")
        first = connection.execute(counted).scalar_one()
        with psycopg.connect(address) as other:
            other.execute("INSERT INTO shop_seeds (shop, seeded_at) VALUES ('s', now())")
        return {first, connection.execute(counted).scalar_one()}

    assert await opened.read(twice) == {0}
    with pytest.raises(Exception, match="read-only transaction"):
        await opened.read(lambda connection: connection.execute(text("DELETE FROM shop_seeds")))
    await opened.aclose()


async def test_a_second_writer_waits_and_is_then_told(address: str) -> None:
    first = await Database.open(address)
    second = await Database.open(address, busy_timeout=timedelta(milliseconds=50))

    def meanwhile(_: Connection) -> str:
        with psycopg.connect(address) as other:
            other.execute("SET lock_timeout = 50")
            try:
                other.execute(f"SELECT pg_advisory_xact_lock({0x78696165})")
            except psycopg.errors.LockNotAvailable:
                return "locked"
        return "free"

    assert await first.write(meanwhile) == "locked"
    with psycopg.connect(address) as holder:
        holder.execute(f"SELECT pg_advisory_xact_lock({0x78696165})")
        with pytest.raises(StoreUnavailable, match="locked by another writer"):
            await second.write(lambda connection: connection.execute(text("SELECT 1")))
    await second.write(lambda connection: connection.execute(text("SELECT 1")))
    await first.aclose()
    await second.aclose()


async def test_a_database_that_is_gone_is_named_and_used_again_when_it_is_back() -> None:
    with tempfile.TemporaryDirectory(prefix="xiaoer-pg-") as folder:
        try:
            with postgres(Path(folder)) as url:
                opened = await Database.open(url)
        except CannotStart as reason:
            pytest.skip(str(reason))
        with pytest.raises(StoreUnavailable):
            await opened.read(lambda connection: connection.execute(text("SELECT 1")))
        with postgres(Path(folder)):
            await opened.read(lambda connection: connection.execute(text("SELECT 1")))
        await opened.aclose()
