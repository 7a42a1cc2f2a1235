"""Our index as a LangChain retriever."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from knowledge.clauses import Lang, Place
from knowledge.live_index import Clauses


class ClauseRetriever(BaseRetriever):
    """Clauses as documents: `page_content` is the clause's own text, `metadata` says which version and how sure.

    `now` gives the instant to search as of (a fixed order time, or a clock's reading). `invoke(query, k=3)` asks for
    another number of clauses than `k` once.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    index: Clauses
    now: Callable[[], datetime]
    place: Place = Place()
    lang: Lang | None = None
    k: int = 5
    least: float = 0.0
    """Hits below this confidence are left out."""

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, k: int | None = None
    ) -> list[Document]:
        wanted = self.k if k is None else k
        hits = self.index.search(query, as_of=self.now(), place=self.place, lang=self.lang, k=wanted)
        return [
            Document(
                id=hit.clause.id,
                page_content=hit.clause.shown,
                metadata={
                    "ref": hit.clause.ref,
                    "title": hit.clause.policy.title,
                    "heading": list(hit.clause.heading),
                    "status": hit.clause.policy.status,
                    "source": hit.clause.policy.source,
                    "start": hit.clause.start,
                    "end": hit.clause.end,
                    "score": hit.score,
                    "lexical": hit.lexical,
                    "dense": hit.dense,
                    "reranked": hit.reranked,
                },
            )
            for hit in hits
            if hit.score >= self.least
        ]
