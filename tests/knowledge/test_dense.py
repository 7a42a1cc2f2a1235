"""Exact search with a filter."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.dense import DenseIndex
from knowledge.embedding import normalized


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 60), st.integers(0, 2**32 - 1), st.integers(1, 70))
def test_a_filtered_search_returns_the_nearest_allowed_and_never_fewer(size: int, seed: int, limit: int) -> None:
    draw = np.random.default_rng(seed)
    vectors = normalized(draw.normal(size=(size, 8)).astype(np.float32))
    query = normalized(draw.normal(size=(1, 8)).astype(np.float32))[0]
    allowed = draw.random(size) < 0.4
    index = DenseIndex(vectors)
    ids, scores = index.search(query, limit=limit, allowed=allowed)
    cosines = vectors @ query
    expected = sorted(np.flatnonzero(allowed), key=lambda n: -cosines[n])[:limit]
    assert len(ids) == min(limit, int(allowed.sum()))
    assert set(ids.tolist()) == {int(n) for n in expected}
    assert np.allclose(scores, index.cosines(query, ids), atol=1e-5)


def test_an_empty_index_finds_nothing() -> None:
    assert DenseIndex(np.zeros((0, 4), np.float32)).search(np.ones(4, np.float32), limit=3)[0].tolist() == []
