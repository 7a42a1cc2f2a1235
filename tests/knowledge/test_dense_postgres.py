"""What is true of vectors in PostgreSQL alone: shops, generations, and a database that goes away."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import psycopg
import pytest

from knowledge.clauses import SHANGHAI, Place, Policy
from knowledge.dense_postgres import PostgresVectors
from knowledge.embedding import HashEmbedder, Vectors
from knowledge.errors import VectorsAway
from knowledge.search import ClauseIndex
from tests.knowledge.index_damage import NEWER, OURS, THEIRS, answers, told
from tests.knowledge.postgres_server import CannotStart, postgres
from tests.knowledge.postgres_server import database as new_database

NOW = datetime(2026, 6, 1, tzinfo=SHANGHAI)


@pytest.fixture
def url(postgres_server: str) -> str:
    return new_database(postgres_server, "one_test")


@pytest.fixture
def database(url: str) -> Iterator[PostgresVectors]:
    opened = PostgresVectors(url)
    yield opened
    opened.close()


def some(seed: int, size: int = 20) -> Vectors:
    return np.random.default_rng(seed).normal(size=(size, 8)).astype(np.float32)


def index(policies: list[Policy], database: PostgresVectors, shop: str) -> ClauseIndex:
    return ClauseIndex.build(policies, HashEmbedder(32), store=lambda vectors: database.keep(shop, vectors))


def test_an_index_whose_vectors_lie_in_postgresql_answers_as_one_in_memory(database: PostgresVectors) -> None:
    for policies in (OURS, NEWER):
        assert told(index(policies, database, "ours")) == told(ClauseIndex.build(policies, HashEmbedder(32)))
    changed = index(OURS, database, "ours").changed_to(NEWER)
    assert told(changed) == told(ClauseIndex.build(NEWER, HashEmbedder(32)))


def test_a_shop_never_finds_the_vectors_of_another(database: PostgresVectors) -> None:
    here, there = index(OURS, database, "ours"), index(THEIRS, database, "theirs")
    assert all("乙" not in hit.clause.text for hit in answers(here))
    assert all("甲" not in hit.clause.text for hit in answers(there))
    store = database.keep("ours", some(1))
    database.keep("theirs", some(2))
    ids, cosines = store.search(some(2)[0], limit=100)
    assert len(ids) == 20
    assert np.allclose(cosines, some(1)[ids] @ some(2)[0], atol=1e-4)


def test_two_processes_with_the_same_clauses_share_what_is_written_once(database: PostgresVectors, url: str) -> None:
    other = PostgresVectors(url)
    for opened in (database, other, database):
        opened.keep("ours", some(1))
    other.close()
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM clause_vectors").fetchone() == (20,)


def test_old_generations_go_and_who_still_reads_one_is_told(database: PostgresVectors, url: str) -> None:
    first, theirs = database.keep("ours", some(0)), database.keep("theirs", some(0))
    for seed in range(1, 4):
        database.keep("ours", some(seed))
    with pytest.raises(VectorsAway, match="20 vectors of generation"):
        first.search(some(0)[0], limit=20)
    with pytest.raises(VectorsAway):
        first.cosines(some(0)[0], np.array([1]))
    assert len(theirs.search(some(0)[0], limit=20)[0]) == 20
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM clause_vectors WHERE shop = 'ours'").fetchone() == (60,)


def test_while_the_database_is_away_answers_are_by_words_alone(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="xiaoer-pg-") as folder:
        try:
            with postgres(Path(folder)) as url:
                database = PostgresVectors(url)
                built = index(OURS, database, "ours")
                assert any(hit.dense for hit in answers(built))
        except CannotStart as reason:
            pytest.skip(str(reason))
        found = built.search("玉镯几天内可以退", as_of=NOW, place=Place())
        assert found[0].clause.ref == "shop/rule-0@1#days"
        assert {hit.dense for hit in found} == {0.0}
        with pytest.raises(VectorsAway, match="not be reached"):
            database.keep("ours", some(1))
        database.close()
