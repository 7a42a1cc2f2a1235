"""BM25 with filters, against a naive count."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.errors import IndexDamaged
from knowledge.lexical import LexicalIndex

WORDS = st.lists(st.sampled_from(["退货", "退款", "运费", "发票", "签收", "a", "b-1"]), min_size=1, max_size=6)


def naive_bm25(documents: list[list[str]], words: list[str]) -> list[float]:
    """Robertson's BM25 with k1 1.2 and b 0.75, written from the formula."""
    average = sum(map(len, documents)) / len(documents)
    scores = []
    for document in documents:
        counts, score = Counter(document), 0.0
        for word in words:
            holding = sum(word in other for other in documents)
            idf = math.log(1 + (len(documents) - holding + 0.5) / (holding + 0.5))
            tf = counts[word]
            score += idf * tf * 2.2 / (tf + 1.2 * (0.25 + 0.75 * len(document) / average))
        scores.append(score)
    return scores


@settings(max_examples=25, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=30), WORDS, st.sets(st.integers(0, 4)), st.integers(1, 8))
def test_a_filtered_search_is_the_naive_ranking_of_the_allowed(
    documents: list[list[str]], query: list[str], allowed_groups: set[int], limit: int
) -> None:
    query = list(dict.fromkeys(query))
    groups = [number % 5 for number in range(len(documents))]
    sides = [number % 3 for number in range(len(documents))]
    index = LexicalIndex.build(documents, groups, sides)
    group_mask = np.array([group in allowed_groups for group in range(5)])
    mask = np.array([group in allowed_groups and side != 2 for group, side in zip(groups, sides, strict=True)])
    scores = naive_bm25(documents, query)
    expected = sorted((-scores[n], n) for n in range(len(documents)) if mask[n] and scores[n] > 0)[:limit]
    for allowed in (mask, None):
        ids, found = index.search(query, limit=limit, allowed=allowed, groups=group_mask, hidden_side=2)
        assert len(ids) == len(expected)
        assert found.tolist() == pytest.approx([-score for score, _ in expected], rel=1e-2)
        assert all(mask[number] for number in ids)


def test_allowed_clauses_below_many_better_forbidden_ones_are_still_found() -> None:
    documents = [["退货"] * 5] * 100 + [["退货", "运费", "发票", "签收"]] * 100
    groups = [0] * 100 + [1] * 100
    index = LexicalIndex.build(documents, groups, [0] * 200)
    mask = np.array([group == 1 for group in groups])
    ids, _ = index.search(["退货"], limit=5, allowed=mask, groups=np.array([False, True]))
    assert ids.tolist() == [100, 101, 102, 103, 104]


def test_an_unknown_word_finds_nothing() -> None:
    index = LexicalIndex.build([["退货"]], [0], [0])
    assert index.search(["天气"], limit=3)[0].tolist() == []
    assert index.search([], limit=3)[0].tolist() == []


def test_an_index_without_clauses_answers() -> None:
    assert LexicalIndex.build([], [], []).search(["退货"], limit=3)[0].tolist() == []


def test_an_index_on_disk_opens_again_and_a_folder_that_is_none_is_damaged(tmp_path: Path) -> None:
    LexicalIndex.build([["退货"], ["退款"]], [0, 1], [0, 0], tmp_path)
    assert LexicalIndex.open(tmp_path, 2).search(["退款"], limit=3)[0].tolist() == [1]
    with pytest.raises(IndexDamaged, match="not 3"):
        LexicalIndex.open(tmp_path, 3)
    (tmp_path / "meta.json").unlink()
    with pytest.raises(IndexDamaged, match="cannot be read"):
        LexicalIndex.open(tmp_path, 2)
