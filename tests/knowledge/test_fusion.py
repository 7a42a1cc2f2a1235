"""Joining two rankings."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from knowledge.fusion import convex, fuse, rrf

BM25 = arrays.arrays(np.float64, st.shared(st.integers(1, 20), key="n"), elements=st.floats(0, 100))
COSINE = arrays.arrays(np.float64, st.shared(st.integers(1, 20), key="n"), elements=st.floats(-1, 1))


@given(BM25, COSINE, st.floats(0, 1))
def test_a_convex_score_lies_between_nought_and_one(lexical: np.ndarray, dense: np.ndarray, weight: float) -> None:
    scores = convex(lexical, dense, weight=weight)
    assert ((scores >= 0) & (scores <= 1 + 1e-9)).all()


@given(BM25, COSINE)
def test_who_is_at_least_as_good_in_both_is_never_ranked_below(lexical: np.ndarray, dense: np.ndarray) -> None:
    scores = convex(lexical, dense)
    for a in range(len(scores)):
        better = (lexical[a] >= lexical) & (dense[a] >= dense)
        assert (scores[a] >= scores[better] - 1e-9).all()


def test_rank_fusion_adds_reciprocal_ranks_and_nothing_for_no_match() -> None:
    scores = rrf(np.array([9.0, 0.0, 3.0]), np.array([0.1, 0.9, 0.5]))
    assert scores.tolist() == pytest.approx([1 / 61 + 1 / 63, 1 / 61, 1 / 62 + 1 / 62])


def test_without_vectors_the_lexical_ranking_stands() -> None:
    assert fuse("convex", np.array([2.0, 4.0]), None).tolist() == [0.5, 1.0]
    assert fuse("rrf", np.array([0.0]), None).tolist() == [0.0]
