"""What every store of vectors must do, asked of each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from knowledge.dense import ApproximateIndex, DenseIndex, DenseStore, in_memory
from knowledge.embedding import Vectors, normalized
from tests.knowledge.postgres_server import database as new_database

DIM, SIZE, QUERIES, TOPICS = 32, 3000, 300, 60
Draw = np.random.Generator


@dataclass(frozen=True)
class Kept:
    """A store, what it holds, and whether it promises the exact ranking."""

    store: DenseStore
    vectors: Vectors
    exact: bool


def clauses(size: int, draw: Draw) -> Vectors:
    """Vectors as texts give them: about some topics, each in its own words."""
    topics = np.random.default_rng(1).normal(size=(TOPICS, DIM))
    return normalized((topics[draw.integers(0, TOPICS, size)] + 0.5 * draw.normal(size=(size, DIM))).astype(np.float32))


@pytest.fixture(scope="module", params=["flat", "approximate", "pgvector"])
def make(request: pytest.FixtureRequest) -> Iterator[Callable[[Vectors], DenseStore]]:
    if request.param == "pgvector":
        from knowledge.dense_postgres import PostgresVectors

        database = PostgresVectors(new_database(request.getfixturevalue("postgres_server"), "stores"))
        yield lambda vectors: database.keep(f"a-shop-of-{len(vectors)}", vectors)
        database.close()
    else:
        yield {"flat": DenseIndex, "approximate": ApproximateIndex}[request.param]


@pytest.fixture(scope="module")
def kept(make: Callable[[Vectors], DenseStore]) -> Kept:
    vectors = clauses(SIZE, np.random.default_rng(2))
    store = make(vectors)
    return Kept(store, vectors, not isinstance(store, ApproximateIndex))


def masks(vectors: Vectors, draw: Draw) -> np.ndarray:
    """A filter that allows much, little, one or none of the clauses, spread evenly or bunched about a topic."""
    share = draw.choice([0.0, 1 / SIZE, 0.003, 0.03, 0.2, 0.7, 1.0])
    if draw.random() < 0.5:
        return draw.random(len(vectors)) < share
    near = vectors @ normalized(draw.normal(size=(1, DIM)).astype(np.float32))[0]
    return near >= np.quantile(near, 1 - share) if share else np.zeros(len(vectors), np.bool_)


def test_a_filtered_search_is_never_short_and_finds_what_brute_force_finds(kept: Kept) -> None:
    draw = np.random.default_rng(5)
    short, recalls = 0, []
    for query in clauses(QUERIES, draw):
        allowed, limit = masks(kept.vectors, draw), int(draw.choice([1, 5, 48, 200]))
        ids, scores = kept.store.search(query, limit=limit, allowed=allowed)
        cosines = kept.vectors @ query
        best = np.sort(cosines[allowed])[::-1][:limit]
        short += len(ids) != len(best)
        assert allowed[ids].all()
        assert len(set(ids.tolist())) == len(ids)
        assert np.allclose(scores, cosines[ids], atol=1e-5)
        assert (np.diff(scores) <= 1e-6).all(), "best first"
        if kept.exact:
            assert np.allclose(scores, best, atol=1e-5)
        if len(best):
            recalls.append(float(np.mean(scores >= best[-1] - 1e-6)))
    assert short == 0
    assert np.mean(recalls) >= 0.98


def test_a_search_without_a_filter_equals_one_that_allows_all(kept: Kept) -> None:
    for query in kept.vectors[:20]:
        ids, _ = kept.store.search(query, limit=10)
        assert ids.tolist() == kept.store.search(query, limit=10, allowed=np.ones(SIZE, np.bool_))[0].tolist()
        assert len(ids) == 10


def test_cosines_come_in_the_order_asked_for(kept: Kept) -> None:
    ids = np.array([7, 3, 2999, 0, 7], np.int64)
    assert np.allclose(kept.store.cosines(kept.vectors[1], ids), kept.vectors[ids] @ kept.vectors[1], atol=1e-5)
    assert kept.store.cosines(kept.vectors[1], np.empty(0, np.int64)).tolist() == []


def test_a_store_gives_its_vectors_back(kept: Kept) -> None:
    assert kept.store.size == SIZE
    assert np.array_equal(kept.store.vectors, kept.vectors)


@pytest.mark.parametrize("size", [0, 1, 2, 25])
def test_a_store_of_few_vectors_finds_them_all(make: Callable[[Vectors], DenseStore], size: int) -> None:
    vectors = clauses(size, np.random.default_rng(size))
    store = make(vectors)
    query = clauses(1, np.random.default_rng(9))[0]
    assert store.search(query, limit=30)[0].tolist() == np.argsort(-(vectors @ query), kind="stable").tolist()
    assert store.search(query, limit=30, allowed=np.zeros(size, np.bool_))[0].tolist() == []
    assert store.vectors.shape == (size, DIM)


def test_few_clauses_are_searched_exactly() -> None:
    assert isinstance(in_memory(clauses(100, np.random.default_rng(0))), DenseIndex)
