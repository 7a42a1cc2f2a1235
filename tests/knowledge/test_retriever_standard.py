"""The retriever passes LangChain's own suite for retrievers: whoever builds on LangChain can put ours in unchanged."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from langchain_core.retrievers import BaseRetriever
from langchain_tests.integration_tests import RetrieversIntegrationTests

from knowledge.clauses import SHANGHAI, Policy
from knowledge.embedding import HashEmbedder
from knowledge.retriever import ClauseRetriever
from knowledge.search import ClauseIndex

SECTIONS = {
    "freight": "质量问题退货，运费由商家承担。",
    "counting": "七天无理由退货，从签收次日零时起算。",
    "gifts": "退货时赠品一并退回。",
    "refund": "收到退货后七日内退款。",
}
TEXT = "---\n---\n# 退货\n" + "".join(f"## {name} {{#{name}}}\n{words}\n" for name, words in SECTIONS.items())
INDEX = ClauseIndex.build(
    [Policy(id="shop/returns", version="1", title="退货", lang="zh", text=TEXT)], HashEmbedder(32)
)


class TestClauseRetriever(RetrieversIntegrationTests):
    @property
    def retriever_constructor(self) -> type[BaseRetriever]:
        return ClauseRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        return {"index": INDEX, "now": lambda: datetime(2026, 6, 1, tzinfo=SHANGHAI)}

    @property
    def retriever_query_example(self) -> str:
        return "退货"
