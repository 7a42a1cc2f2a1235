"""The second look at what a search has found: it places, it never adds, and where it fails the first look stands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.cross_encoders import BaseCrossEncoder

from knowledge.clauses import SHANGHAI, Place, Policy, Scope, Window
from knowledge.embedding import HashEmbedder
from knowledge.errors import RerankerUnavailable
from knowledge.reranking import LOOKED_AT, LangChainReranker, RerankedIndex, WordReranker
from knowledge.search import ClauseIndex

NOW = datetime(2026, 6, 1, tzinfo=SHANGHAI)
HERE = Place(platform="taobao")


def policy(number: int, words: str, **more: object) -> Policy:
    return Policy(
        id=f"shop/{number}",
        version="1",
        title=f"规则{number}",
        lang="zh",
        text=f"---\n---\n## 退货 {{#it}}\n{words}\n",
        **more,  # type: ignore[arg-type]
    )


def shop() -> ClauseIndex:
    return ClauseIndex.build(
        [
            policy(1, "退货运费由商家承担。"),
            policy(2, "退货运费由买家承担。"),
            policy(3, "退货要在七天内。"),
            policy(4, "京东退货运费另算。", scope=Scope(platforms=frozenset({"jd"}))),
            policy(5, "从前退货运费由平台承担。", window=Window(None, NOW - timedelta(days=1))),
            *(policy(number, f"第{number}条说的是退货。") for number in range(6, 40)),
        ],
        HashEmbedder(64),
    )


class Fixed:
    """Says of each text what it was told; fails where it was told to. Counts what it is asked."""

    name = "fixed"

    def __init__(self, says: dict[str, float], *, fails: bool = False) -> None:
        self.says, self.fails = says, fails
        self.asked: list[tuple[str, int]] = []

    def relevance(self, question: str, texts: Sequence[str]) -> list[float]:
        self.asked.append((question, len(texts)))
        if self.fails:
            raise RerankerUnavailable("It does not answer.")
        return [next((sure for part, sure in self.says.items() if part in text), 0.1) for text in texts]


def found(index: RerankedIndex | ClauseIndex, k: int = 3) -> list[str]:
    return [hit.clause.ref for hit in index.search("退货运费谁承担", as_of=NOW, place=HERE, k=k)]


def test_what_reads_both_together_places_the_best() -> None:
    index = shop()
    other = next(ref for ref in found(index)[1:] if ref in ("shop/1@1#it", "shop/2@1#it"))
    words = "商家承担" if other.startswith("shop/1") else "买家承担"
    assert found(RerankedIndex(index, Fixed({words: 0.98})))[0] == other


def test_each_look_has_half_of_the_say() -> None:
    index = shop()
    before = index.search("退货运费谁承担", as_of=NOW, place=HERE, k=1)[0]
    sure = RerankedIndex(index, Fixed({}, fails=False)).search("退货运费谁承担", as_of=NOW, place=HERE, k=1)[0]
    same = RerankedIndex(index, Fixed({"承担": before.score})).search("退货运费谁承担", as_of=NOW, place=HERE, k=1)[0]
    assert sure.score < before.score
    assert sure.reranked == 0.1
    assert same.score == pytest.approx(before.score)
    assert before.reranked is None


@given(st.lists(st.floats(0, 1), min_size=LOOKED_AT, max_size=LOOKED_AT), st.integers(1, 15))
def test_whatever_it_says_nothing_is_added_and_the_best_stands_first(says: list[float], k: int) -> None:
    class Any:
        name = "any"

        def relevance(self, question: str, texts: Sequence[str]) -> list[float]:
            return [says[number % len(says)] for number in range(len(texts))]

    index = shop_once()
    allowed = {hit.clause.id for hit in index.search("退货运费", as_of=NOW, place=HERE, k=max(k, LOOKED_AT))}
    hits = RerankedIndex(index, Any()).search("退货运费", as_of=NOW, place=HERE, k=k)
    assert {hit.clause.id for hit in hits} <= allowed
    assert len(hits) == k
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert not {"shop/4@1#it", "shop/5@1#it"} & {hit.clause.ref for hit in hits}


_SHOP: list[ClauseIndex] = []


def shop_once() -> ClauseIndex:
    if not _SHOP:
        _SHOP.append(shop())
    return _SHOP[0]


def test_where_it_does_not_answer_the_ranking_stands_as_it_was() -> None:
    index = shop()
    assert found(RerankedIndex(index, Fixed({}, fails=True)), 8) == found(index, 8)


def test_what_was_looked_at_ahead_is_not_asked_again_not_even_after_a_failure() -> None:
    for fails in (False, True):
        reranker = Fixed({}, fails=fails)
        index = RerankedIndex(shop(), reranker)
        index.prepare(["退货运费谁承担", "退货运费谁承担"], as_of=NOW, place=HERE)
        assert len(reranker.asked) == 1
        found(index)
        assert len(reranker.asked) == 1


def test_a_question_of_another_time_reads_only_what_was_not_read_before() -> None:
    reranker = Fixed({})
    index = RerankedIndex(shop(), reranker)
    index.prepare(["退货运费谁承担"], as_of=NOW, place=HERE)
    hits = index.search("退货运费谁承担", as_of=NOW - timedelta(days=3), place=HERE, k=LOOKED_AT)
    assert "shop/5@1#it" in {hit.clause.ref for hit in hits}
    assert [number for _, number in reranker.asked] == [LOOKED_AT, 1]


def test_the_double_goes_by_words() -> None:
    assert WordReranker().relevance("运费谁承担", ["运费由商家承担。", "今天天气好。"])[1] == 0
    assert WordReranker().relevance("", ["运费"]) == [0]


class Scores(BaseCrossEncoder):
    def __init__(self, scores: list[float] | None) -> None:
        self.scores = scores

    def score(self, text_pairs: list[tuple[str, str]]) -> list[float]:
        if self.scores is None:
            raise ConnectionError("sk-secret")
        return self.scores


def test_any_cross_encoder_of_langchain_will_do() -> None:
    assert LangChainReranker(Scores([0.2, 0.9]), name="x").relevance("退", ["a", "b"]) == [0.2, 0.9]
    logits = LangChainReranker(Scores([-800.0, 0.0, 800.0]), name="x", logits=True).relevance("退", ["a", "b", "c"])
    assert logits == pytest.approx([0, 0.5, 1])


@pytest.mark.parametrize("scores", [[0.5], [0.5, 1.2], [0.5, float("nan")], [0.5, -0.1], None])
def test_what_is_no_certainty_is_refused(scores: list[float] | None) -> None:
    with pytest.raises(RerankerUnavailable) as refused:
        LangChainReranker(Scores(scores), name="x").relevance("退", ["a", "b"])
    assert "sk-secret" not in str(refused.value)
