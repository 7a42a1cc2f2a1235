"""The index as a LangChain retriever."""

from __future__ import annotations

from datetime import datetime

from knowledge.clauses import SHANGHAI, Policy
from knowledge.embedding import HashEmbedder
from knowledge.retriever import ClauseRetriever
from knowledge.search import ClauseIndex

NOW = datetime(2026, 6, 1, tzinfo=SHANGHAI)
INDEX = ClauseIndex.build(
    [
        Policy(
            id="shop/x", version="1", title="退货", lang="zh", text="---\n---\n## 运费 {#freight}\n运费由商家承担。\n"
        )
    ],
    HashEmbedder(32),
)


def test_documents_carry_the_clause_and_how_sure_we_are() -> None:
    documents = ClauseRetriever(index=INDEX, now=lambda: NOW).invoke("退货运费")
    assert documents[0].id == "shop/x@1#freight/zh"
    assert documents[0].page_content == "运费由商家承担。"
    assert documents[0].metadata["ref"] == "shop/x@1#freight"
    assert 0 <= documents[0].metadata["score"] <= 1


def test_hits_below_the_least_confidence_are_left_out() -> None:
    assert ClauseRetriever(index=INDEX, now=lambda: NOW, least=0.99).invoke("今天天气") == []
