"""Vectors in PostgreSQL with pgvector, for shops whose vectors should not lie in every process.

The one home of psycopg and pgvector.

A set of vectors is a generation of one shop, named by the hash of its content, so that processes with the same clauses
share one and write it once. Searches are exact: PostgreSQL compares every allowed vector of the generation, and what is
allowed travels as one bit a clause, so a filter cannot cut a result short.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import psycopg
from pgvector.psycopg import register_vector
from psycopg_pool import ConnectionPool, PoolTimeout

from knowledge.dense import Allowed, Cosines, Ids
from knowledge.embedding import Vectors
from knowledge.errors import VectorsAway

_KEPT_GENERATIONS = 3
"""The one in use, the one before it that other processes may still read, and the one being taken over."""
_WAIT_S = 2.0
_PAUSE_S = 5.0
"""After a failure nobody waits for the database again for so long: questions are answered by words meanwhile."""
_LOCK = 0x7869616F
"""The advisory lock under which tables are made and generations written."""

_TABLES = (
    "CREATE EXTENSION IF NOT EXISTS vector",
    """CREATE TABLE IF NOT EXISTS clause_vector_generations (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, shop text NOT NULL, content text NOT NULL,
        size integer NOT NULL, UNIQUE (shop, content))""",
    """CREATE TABLE IF NOT EXISTS clause_vectors (
        generation bigint NOT NULL REFERENCES clause_vector_generations ON DELETE CASCADE, shop text NOT NULL,
        number integer NOT NULL, vector vector NOT NULL, PRIMARY KEY (generation, number))""",
    # in the row, not beside it: a scan reads every vector anyway
    "ALTER TABLE clause_vectors ALTER COLUMN vector SET STORAGE PLAIN",
)
_NEAREST = """SELECT number, -(vector <#> %(query)s) FROM clause_vectors
    WHERE generation = %(generation)s AND shop = %(shop)s AND (%(all)s OR get_bit(%(bits)s, number) = 1)
    ORDER BY vector <#> %(query)s, number LIMIT %(limit)s"""


class PostgresVectors:
    """A database that keeps the vectors of shops. Opened at the first use; safe for use from threads."""

    def __init__(self, url: str) -> None:
        self._pool = ConnectionPool(url, min_size=0, max_size=8, open=False, timeout=_WAIT_S, configure=_prepared)
        self._made = False
        self._away_until = 0.0

    def keep(self, shop: str, vectors: Vectors) -> PostgresDense:
        """Write `vectors` as the shop's newest generation, unless they are there. Raises `VectorsAway`."""
        given = np.ascontiguousarray(vectors, np.float32)
        content = hashlib.sha256(repr(given.shape).encode() + given.tobytes()).hexdigest()
        with self.connection() as connection, connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
            made = connection.execute(
                "INSERT INTO clause_vector_generations (shop, content, size) VALUES (%s, %s, %s)"
                " ON CONFLICT DO NOTHING RETURNING id",
                (shop, content, len(given)),
            ).fetchone()
            if made is not None:
                _write(connection, shop, made[0], given)
            found = connection.execute(
                "SELECT id FROM clause_vector_generations WHERE shop = %s AND content = %s", (shop, content)
            ).fetchone()
        assert found is not None
        return PostgresDense(self, shop, found[0], given.shape)

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection]:
        """A connection that knows vectors. Raises `VectorsAway` for whatever the database does not answer."""
        if time.monotonic() < self._away_until:
            raise VectorsAway("The vectors in PostgreSQL could not be reached just now.")
        try:
            self._pool.open()
            if not self._made:
                self._make()
            with self._pool.connection() as connection:
                register_vector(connection)
                yield connection
        except (psycopg.OperationalError, PoolTimeout) as error:
            self._away_until = time.monotonic() + _PAUSE_S
            raise VectorsAway(f"The vectors in PostgreSQL cannot be reached: {error}.") from error
        except psycopg.Error as error:
            raise VectorsAway(f"The vectors in PostgreSQL cannot be reached: {error}.") from error

    def close(self) -> None:
        """Give the connections back."""
        self._pool.close()

    def _make(self) -> None:
        with self._pool.connection() as connection, connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
            for statement in _TABLES:
                connection.execute(statement)
        self._made = True


class PostgresDense:
    """One generation of a shop's vectors; see `DenseStore`."""

    def __init__(self, database: PostgresVectors, shop: str, generation: int, shape: tuple[int, ...]) -> None:
        self._database = database
        self._shop = shop
        self._generation = generation
        self._size, self._dim = shape

    @property
    def size(self) -> int:
        return self._size

    @property
    def vectors(self) -> Vectors:
        """See `DenseStore.vectors`. Raises `VectorsAway`."""
        with self._database.connection() as connection:
            rows = connection.execute(
                "SELECT vector FROM clause_vectors WHERE generation = %s AND shop = %s ORDER BY number",
                (self._generation, self._shop),
            ).fetchall()
        self._whole(len(rows), self._size)
        return np.array([row[0].to_numpy() for row in rows], np.float32).reshape(self._size, self._dim)

    def search(self, query: Vectors, *, limit: int, allowed: Allowed | None = None) -> tuple[Ids, Cosines]:
        """See `DenseStore.search`."""
        wanted = min(limit, self._size if allowed is None else int(np.count_nonzero(allowed)))
        if wanted < 1:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        bits = b"" if allowed is None else np.packbits(allowed, bitorder="little").tobytes()
        asked = {"query": query, "generation": self._generation, "shop": self._shop, "limit": wanted}
        with self._database.connection() as connection:
            rows = connection.execute(_NEAREST, asked | {"all": allowed is None, "bits": bits}).fetchall()
        self._whole(len(rows), wanted)
        return np.array([row[0] for row in rows], np.int64), np.array([row[1] for row in rows], np.float32)

    def cosines(self, query: Vectors, ids: Ids) -> Cosines:
        """See `DenseStore.cosines`."""
        with self._database.connection() as connection:
            rows = connection.execute(
                "SELECT number, -(vector <#> %s) FROM clause_vectors"
                " WHERE generation = %s AND shop = %s AND number = ANY(%s)",
                (query, self._generation, self._shop, ids.tolist()),
            ).fetchall()
        found = dict(rows)
        self._whole(len(found), len(set(ids.tolist())))
        return np.array([found[number] for number in ids.tolist()], np.float32)

    def _whole(self, found: int, expected: int) -> None:
        """Another process may have written so many newer generations that this one is gone."""
        if found != expected:
            raise VectorsAway(f"{expected - found} vectors of generation {self._generation} are gone from PostgreSQL.")


def _prepared(connection: psycopg.Connection) -> None:
    connection.autocommit = True


def _write(connection: psycopg.Connection, shop: str, generation: int, vectors: Vectors) -> None:
    with connection.cursor().copy(
        "COPY clause_vectors (generation, shop, number, vector) FROM STDIN WITH (FORMAT BINARY)"
    ) as copy:
        copy.set_types(("int8", "text", "int4", "vector"))
        for number, vector in enumerate(vectors):
            copy.write_row((generation, shop, number, vector))
    connection.execute(
        "DELETE FROM clause_vector_generations WHERE shop = %s AND id NOT IN"
        " (SELECT id FROM clause_vector_generations WHERE shop = %s ORDER BY id DESC LIMIT %s)",
        (shop, shop, _KEPT_GENERATIONS),
    )
