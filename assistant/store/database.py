"""One database, opened once: its connections, its transactions, and what its failures mean.

SQLite is the embedded default: write-ahead log, every commit synced to the disk, writers begin by taking the write lock
(`BEGIN IMMEDIATE`), so that a read inside a writing transaction can never be overtaken.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event, inspect, make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import StaticPool

from assistant.errors import StoreUnavailable
from assistant.store.schema import HEAD

MIGRATIONS = Path(__file__).with_name("migrations")

_UNAVAILABLE = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_BUSY: "the database is locked by another writer",
    sqlite3.SQLITE_LOCKED: "the database is locked by another writer",
    sqlite3.SQLITE_IOERR: "the disk could not be read or written",
    sqlite3.SQLITE_READONLY: "the database may only be read",
    sqlite3.SQLITE_CANTOPEN: "the database file cannot be opened",
}


class Database:
    """Connections to one database. Use `read()` and `write()`; each is one transaction.

    A transaction must not be opened inside another one: writers of a process queue up behind a lock.
    """

    def __init__(self, engine: AsyncEngine, *, one_connection: bool) -> None:
        self._engine = engine
        self._writer = engine.execution_options(writes=True)
        # SQLite's own waiting sleeps in steps of up to 100 ms; a lock hands over at once and in order.
        self._writing = asyncio.Lock()
        self._one_connection = one_connection

    @classmethod
    async def open(cls, url: str, *, busy_timeout: timedelta = timedelta(seconds=5)) -> Database:
        """Open `url` (`sqlite+aiosqlite:///var/xiaoer.db`, `sqlite+aiosqlite://` in memory) at the newest schema.

        Raises `StoreUnavailable` when the file cannot be opened, is locked, or was written by a newer version.
        """
        target = make_url(url)
        if target.drivername == "sqlite":
            target = target.set(drivername="sqlite+aiosqlite")
        in_memory = target.get_backend_name() == "sqlite" and target.database in (None, "", ":memory:")
        if target.get_backend_name() == "sqlite" and not in_memory:
            Path(str(target.database)).parent.mkdir(parents=True, exist_ok=True)
        engine = create_async_engine(target, **({"poolclass": StaticPool} if in_memory else {}))
        if engine.dialect.name == "sqlite":
            _prepare_sqlite(engine, busy_timeout)
        database = cls(engine, one_connection=in_memory)
        try:
            async with database.write() as connection:
                await connection.run_sync(_migrate)
        except BaseException:
            await database.aclose()
            raise
        return database

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A reading transaction: one consistent view. Raises `StoreUnavailable`."""
        if self._one_connection:
            async with self._writing:
                with _failures_named():
                    async with self._engine.begin() as connection:
                        yield connection
            return
        with _failures_named():
            async with self._engine.connect() as connection:
                yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A writing transaction: committed and synced at the end, or undone whole. Raises `StoreUnavailable`."""
        async with self._writing:
            with _failures_named():
                async with self._writer.begin() as connection:
                    yield connection

    async def aclose(self) -> None:
        await self._engine.dispose()


@contextmanager
def _failures_named() -> Iterator[None]:
    """Turn a full disk, a lock and their like into `StoreUnavailable`; other faults stay what they are."""
    try:
        yield
    except OperationalError as error:
        code = getattr(error.orig, "sqlite_errorcode", None)
        what = _UNAVAILABLE.get(code & 0xFF) if code is not None else None
        if what is None:
            raise
        raise StoreUnavailable(f"Nothing was written: {what}.", mend="Send the same again in a moment.") from error


def _prepare_sqlite(engine: AsyncEngine, busy_timeout: timedelta) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def _settings(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {int(busy_timeout.total_seconds() * 1000)}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _migrate(connection: Connection) -> None:
    """Bring the tables to `HEAD`. Alembic is only loaded when there is something to do: it costs 0.15 s to import."""
    if inspect(connection).has_table("alembic_version"):
        revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        if revision == HEAD:
            return
        if revision is not None and str(revision) > HEAD:
            raise StoreUnavailable(
                f"The database stands at schema {revision}, this program knows {HEAD}.",
                mend="Use the newer program, or an older copy of the database.",
            )
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
