"""Leave-one-out retrieval: the figures are what they are called, and what is learned is learned on `dev`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.jddc_retrieval import (
    Learned,
    Split,
    _average_precision,
    _leave_one_out,
    _supported,
    bm25,
    learn,
    run,
    similarity,
)

TALK = {
    "退款": ("什么时候退款", "退款多久到账", "退款还没到账", "钱什么时候退回来"),
    "发票": ("能开发票吗", "发票怎么开", "帮我开一张发票", "发票抬头写错了"),
    "物流": ("快递到哪了", "包裹怎么还没到", "物流不动了", "快递今天能到吗"),
    "换货": ("想换大一码", "能换一个颜色吗", "尺码不合适想换", "换货怎么申请"),
}


def split_of(intents: list[str], lexical: list[list[float]]) -> Split:
    return Split(np.array(intents), (np.eye(len(intents), dtype=np.float32),), np.array(lexical, np.float32), ())


def test_the_best_other_utterance_decides_p_at_1_and_the_first_right_one_the_reciprocal_rank() -> None:
    scores = np.array([[9.0, 3, 2, 1], [3, 9, 2, 1], [1, 2, 9, 3], [3, 2, 1, 9]])
    found = _leave_one_out(scores, split_of(["a", "a", "b", "b"], scores.tolist()))
    assert found["p_at_1"].value == 0.75
    assert found["mrr"].value == pytest.approx((1 + 1 + 1 + 1 / 3) / 4, abs=1e-4)


def test_average_precision_counts_over_the_named_candidates_only() -> None:
    scores = np.array([[0, 0.9, 0.5, 0.7]])
    split = Split(np.array(["a"]), (np.eye(1, dtype=np.float32),), scores, (((1, 2), (3,)),))
    assert _average_precision(scores, split).value == pytest.approx((1 + 2 / 3) / 2, abs=1e-4)


@given(st.lists(st.lists(st.sampled_from("退换货款"), min_size=1, max_size=5), min_size=2, max_size=8))
def test_bm25_of_an_utterance_with_another_is_never_negative_and_zero_without_a_shared_word(
    documents: list[list[str]],
) -> None:
    scores = bm25(documents)
    assert (scores >= 0).all()
    for row, words in enumerate(documents):
        for column, others in enumerate(documents):
            if row != column:
                assert (scores[row, column] > 0) == bool(set(words) & set(others))


def test_without_a_weight_the_vectors_alone_decide() -> None:
    vectors = np.array([[1.0, 0], [0.9, 0.1]], np.float32)
    split = Split(np.array(["a", "b"]), (vectors,), np.array([[0.0, 5], [5, 0]], np.float32), ())
    assert similarity(split, Learned((np.eye(2, dtype=np.float32),)))[0, 1] == pytest.approx(-1, abs=1e-6)


def test_two_embedders_share_the_cosine() -> None:
    near, far = np.array([[1.0, 0], [1, 0], [0, 1]], np.float32), np.array([[1.0, 0], [0, 1], [1, 0]], np.float32)
    eye = np.eye(2, dtype=np.float32)
    split = Split(np.array(["a", "a", "b"]), (near, far), np.zeros((3, 3), np.float32), ())
    assert similarity(split, Learned((eye, eye), second=0.1))[0].argmax() == 1
    assert similarity(split, Learned((eye, eye), second=0.9))[0].argmax() == 2


def test_an_answer_among_like_ones_is_supported_and_who_asks_supports_nobody() -> None:
    scores = np.zeros((13, 13), np.float32)
    scores[0, 1], scores[0, 2:12], scores[0, 12] = 0.5, 0.49, 0.5
    scores[1, 2:12] = 1.0  # the nearest of 1 are 2 to 11, of 12 nobody near 0's answers
    supported = _supported(scores, 1.0)
    assert supported[0, 1] == pytest.approx(0.5 + 0.49)
    assert supported[0, 1] > supported[0, 12]
    assert (np.diag(supported) == 0).all()


def test_what_is_learned_does_not_depend_on_what_is_measured() -> None:
    draw = np.random.default_rng(0)
    intents = np.repeat([f"i{n}" for n in range(10)], 8)
    vectors = (draw.normal(size=(10, 6)).repeat(8, axis=0) + draw.normal(size=(80, 6))).astype(np.float32)
    dev = Split(intents, (vectors,), np.abs(draw.normal(size=(80, 80))).astype(np.float32), ())
    one, other = learn(dev), learn(dev)
    assert (one.weight, one.support) == (other.weight, other.support)
    assert np.array_equal(one.projections[0], other.projections[0])


def test_the_suite_runs_on_files_of_the_sets_form(tmp_path: Path) -> None:
    (tmp_path / "jddc").mkdir()
    rows = [(text, intent) for intent, texts in TALK.items() for text in texts]
    for name in ("dev", "test"):
        lines = [
            json.dumps({"id": n, "text": text, "intent": intent, "positives": [n ^ 1], "negatives": [(n + 5) % 16]})
            for n, (text, intent) in enumerate(rows)
        ]
        (tmp_path / "jddc" / f"{name}.jsonl").write_text("\n".join(lines), "utf-8")
    found = run("demo", tmp_path)
    assert found.n == len(rows)
    assert found.metrics["p_at_1"].value > 0.5
    assert set(found.metrics) == {"p_at_1", "mrr", "map"}
