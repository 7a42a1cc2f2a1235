"""One database, opened once: its connections, its transactions, and what its failures mean.

SQLite is the embedded default: write-ahead log, every commit synced to the disk, writers begin by taking the write lock
(`BEGIN IMMEDIATE`), so that a read inside a writing transaction can never be overtaken. In PostgreSQL writers begin by
taking a lock of ours, for the same reason, and readers see one snapshot.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    insert,
    inspect,
    make_url,
    select,
)
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import StaticPool

from assistant.errors import StoreUnavailable
from assistant.store.schema import HEAD, metadata

MIGRATIONS = Path(__file__).with_name("migrations")

READERS = 4
"""Threads, and with them connections, for reading."""

_WRITE_LOCK = 0x78696165
"""The advisory lock that a writing transaction holds to its end in PostgreSQL."""

_POSTGRESQL = {
    "53100": "the disk is full",
    "53300": "the database takes no more connections",
    "55P03": "the database is locked by another writer",
    "57P01": "the database was stopped",
    "57P03": "the database is starting",
}
"""SQLSTATEs after which the same may be sent again."""

_UNAVAILABLE = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_BUSY: "the database is locked by another writer",
    sqlite3.SQLITE_LOCKED: "the database is locked by another writer",
    sqlite3.SQLITE_IOERR: "the disk could not be read or written",
    sqlite3.SQLITE_READONLY: "the database may only be read",
    sqlite3.SQLITE_CANTOPEN: "the database file cannot be opened",
}

T = TypeVar("T")


class Database:
    """Connections to one database. `read` and `write` run a function of a connection as one transaction.

    The function runs whole in a thread, so that the event loop changes hands once per transaction and not once per
    statement, and no transaction stays open while other tasks run. Writers share one thread: they queue up in order.
    A caller that is cancelled leaves its transaction to end by itself, done or undone.
    """

    def __init__(self, engine: Engine, *, one_connection: bool) -> None:
        self._engine = engine
        self._writing = engine.execution_options(writes=True)
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store-writer")
        self._readers = (
            self._writer if one_connection else ThreadPoolExecutor(READERS, thread_name_prefix="store-reader")
        )

    @classmethod
    async def open(cls, url: str, *, busy_timeout: timedelta = timedelta(seconds=5)) -> Database:
        """Open `url` (`sqlite:///var/xiaoer.db`, `sqlite://` in memory, `postgresql://…`) and bring it up to date.

        Raises `StoreUnavailable` when the file cannot be opened, is locked, or was written by a newer version.
        """
        target = make_url(url)
        if target.get_backend_name() == "postgresql":
            try:
                engine = create_engine(target.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
            except ModuleNotFoundError as error:
                raise StoreUnavailable("PostgreSQL needs psycopg.", mend="pip install 'xiaoer[postgres]'") from error
            _prepare_postgresql(engine, busy_timeout)
            database = cls(engine, one_connection=False)
        else:
            in_memory = target.database in (None, "", ":memory:")
            if not in_memory:
                Path(str(target.database)).parent.mkdir(parents=True, exist_ok=True)
            engine = create_engine(
                target.set(drivername="sqlite"),
                connect_args={"check_same_thread": False},
                **({"poolclass": StaticPool} if in_memory else {}),
            )
            _prepare_sqlite(engine, busy_timeout)
            database = cls(engine, one_connection=in_memory)
        try:
            await database.write(_migrate)
        except BaseException:
            await database.aclose()
            raise
        return database

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on one consistent view. Raises `StoreUnavailable`."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, _transact, self._engine, work)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work`; what it wrote is committed and synced at its end, or undone whole. Raises `StoreUnavailable`."""
        return await asyncio.get_running_loop().run_in_executor(self._writer, _transact, self._writing, work)

    async def aclose(self) -> None:
        """Wait for what is under way and close all connections."""
        await asyncio.to_thread(self._writer.shutdown)
        await asyncio.to_thread(self._readers.shutdown)
        self._engine.dispose()


def _transact(engine: Engine, work: Callable[[Connection], T]) -> T:
    with _failures_named(), engine.begin() as connection:
        return work(connection)


@contextmanager
def _failures_named() -> Iterator[None]:
    """Turn a full disk, a lock and their like into `StoreUnavailable`; other faults stay what they are."""
    try:
        yield
    except OperationalError as error:
        if (what := _unavailable(error)) is None:
            raise
        raise StoreUnavailable(f"Nothing was written: {what}.", mend="Send the same again in a moment.") from error


def _unavailable(error: OperationalError) -> str | None:
    """Why the database cannot be used just now; None for any other fault."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return _UNAVAILABLE.get(code & 0xFF)
    state = getattr(error.orig, "sqlstate", "")
    # psycopg has no state for a server that does not answer at all
    return "the database does not answer" if state is None else _POSTGRESQL.get(state)


def _prepare_postgresql(engine: Engine, busy_timeout: timedelta) -> None:
    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if connection.get_execution_options().get("writes", False):
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(busy_timeout.total_seconds() * 1000)}")
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITE_LOCK})")
        else:
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


def _prepare_sqlite(engine: Engine, busy_timeout: timedelta) -> None:
    @event.listens_for(engine, "connect")
    def _settings(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {int(busy_timeout.total_seconds() * 1000)}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


_REVISION = Table("alembic_version", MetaData(), Column("version_num", String(32), primary_key=True))
"""Alembic's own note of where a database stands."""


def _migrate(connection: Connection) -> None:
    """Bring the tables to `HEAD`; an empty database gets them at once, which the migrations are tested to equal.

    Alembic is only loaded when there is something to migrate: that costs 0.3 s.
    """
    found = inspect(connection).get_table_names()
    if not found:
        metadata.create_all(connection)
        _REVISION.create(connection)
        connection.execute(insert(_REVISION).values(version_num=HEAD))
        return
    if _REVISION.name in found:
        revision = connection.execute(select(_REVISION.c.version_num)).scalar()
        if revision == HEAD:
            return
        if revision is not None and revision > HEAD:
            raise StoreUnavailable(
                f"The database stands at schema {revision}, this program knows {HEAD}.",
                mend="Use the newer program, or an older copy of the database.",
            )
    upgrade(connection)


def upgrade(connection: Connection) -> None:
    """Run the migrations that are missing, in the caller's transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
