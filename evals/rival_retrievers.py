"""Retrievers of other projects beside ours, each behind the same two functions. Their packages are optional.

`NAME/same` has our tokens, our vectors and our `K`, joined by rank fusion, and the filters by time and place that its
parts offer: Haystack's filter both halves; LlamaIndex's filter BM25 but its FAISS store has none; LangChain's filter
what FAISS has found but its BM25 has none. `NAME/default` is what its documentation's first lines give: its own
tokenizer and joining, no filter. It keeps our vectors, for there is no model of theirs without a network, and our `K`,
where two of them return fewer by default. A whole clause is one of their documents everywhere.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module, metadata
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np

from evals.bench_retrieval import as_embeddings, floor
from evals.rival_clauses import HERE, NOW, PER_POLICY, Labelled
from knowledge.clauses import Clause, Window
from knowledge.embedding import Vectors
from knowledge.mending import query_tokens
from knowledge.search import ClauseIndex

K = 10
"""How many clauses are returned, and how many each half of a fused retriever is asked for."""
ENVIRONMENT = MappingProxyType(
    {
        "HAYSTACK_TELEMETRY_ENABLED": "False",
        "LANGSMITH_TRACING": "false",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
)
"""Set where any of them runs. None may send anything; and on a busy machine threads that wait for one another cost a
question more than they save, so faiss and numpy have one.
"""
INSTALL = "pip install --group compare (pip 25.1 or later, in the project's folder)"
_FETCHED = 48
_ANYWHERE = "any"
_OPEN_END = 99991231


@dataclass(frozen=True, slots=True)
class Retriever:
    """`ask` is what is timed; `numbers` reads the numbers of the clauses found, best first, from what it returns."""

    ask: Callable[[str], Any]
    numbers: Callable[[Any], list[int]]


@dataclass(frozen=True, slots=True)
class Corpus:
    """What every retriever is built from: labelled clauses, the vector of each, and those of the questions."""

    labelled: Labelled
    vectors: Vectors
    asked: Mapping[str, Vectors]
    name: str = "given"

    @property
    def dim(self) -> int:
        return int(self.vectors.shape[1])

    @property
    def clauses(self) -> tuple[Clause, ...]:
        return self.labelled.clauses

    @property
    def texts(self) -> list[str]:
        return [clause.search_text for clause in self.clauses]

    def embed(self, texts: Sequence[str]) -> Vectors:
        """The vectors of questions by their words, those of all clauses at once by their order."""
        if len(texts) == len(self.vectors):
            return self.vectors
        return np.stack([self.asked[text] for text in texts])

    def vector(self, question: str) -> list[float]:
        return [float(x) for x in self.asked[question]]


Build: TypeAlias = Callable[[Corpus], Retriever]


def ours(corpus: Corpus) -> Retriever:
    """`ClauseIndex` as the assistant asks it: with its filters, its query understanding and its confidence."""
    index = ClauseIndex.build(corpus.labelled.policies, corpus)

    first = {policy.key: at * PER_POLICY for at, policy in enumerate(corpus.labelled.policies)}

    def numbers(hits: Any) -> list[int]:
        return [first[hit.clause.policy.key] + int(hit.clause.anchor.removeprefix("a")) for hit in hits]

    return Retriever(lambda question: index.search(question, as_of=NOW, place=HERE, k=K), numbers)


def bare_floor(corpus: Corpus) -> Retriever:
    """tantivy and faiss, their scores added: what such a search costs at least. It filters nothing."""
    return Retriever(floor(corpus.texts, corpus, k=K), lambda ids: [int(each) for each in ids])


def langchain_same(corpus: Corpus) -> Retriever:
    """`EnsembleRetriever`; its FAISS store filters the nearest 48, its BM25 retriever cannot filter."""
    wanted = {"$and": [{"platform": {"$in": [_ANYWHERE, HERE.platform]}}, {"until": {"$gt": _day()}}]}
    return _langchain(corpus, {"filter": wanted, "fetch_k": _FETCHED}, preprocess_func=query_tokens)


def langchain_default(corpus: Corpus) -> Retriever:
    """`EnsembleRetriever` with words cut at white space."""
    return _langchain(corpus, {})


def _langchain(corpus: Corpus, searching: dict[str, Any], **bm25: Any) -> Retriever:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        from langchain_classic.retrievers import EnsembleRetriever
        from langchain_community.retrievers import BM25Retriever
        from langchain_community.vectorstores import FAISS

        texts = corpus.texts
        metadatas = [_metadata(at, clause) for at, clause in enumerate(corpus.clauses)]
        words: Any = BM25Retriever.from_texts(texts, metadatas=metadatas, k=K, **bm25)
        pairs = zip(texts, corpus.vectors.tolist(), strict=True)
        store = FAISS.from_embeddings(pairs, as_embeddings(corpus), metadatas=metadatas)
        near: Any = store.as_retriever(search_kwargs={"k": K, **searching})
        joined: Any = EnsembleRetriever(retrievers=[words, near], weights=[0.5, 0.5])
    return Retriever(joined.invoke, lambda found: [int(each.metadata["number"]) for each in found[:K]])


def llamaindex_same(corpus: Corpus) -> Retriever:
    """bm25s and FAISS under `QueryFusionRetriever` by reciprocal rank; only BM25 can be filtered."""
    import bm25s
    from llama_index.core.schema import QueryBundle
    from llama_index.core.vector_stores import FilterOperator, MetadataFilter, MetadataFilters
    from llama_index.core.vector_stores.utils import node_to_metadata_dict
    from llama_index.retrievers.bm25 import BM25Retriever

    from knowledge.text import tokens

    nodes = _nodes(corpus, filtered=True)
    ranking = bm25s.BM25(corpus=[node_to_metadata_dict(node) | {"node_id": node.node_id} for node in nodes])
    ranking.index([tokens(text) for text in corpus.texts], show_progress=False)
    filters = MetadataFilters(
        filters=[
            MetadataFilter(key="platform", value=[_ANYWHERE, str(HERE.platform)], operator=FilterOperator.IN),
            MetadataFilter(key="until", value=_day(), operator=FilterOperator.GT),
        ]
    )
    words = BM25Retriever(
        existing_bm25=ranking,
        similarity_top_k=K,
        skip_stemming=True,
        token_pattern=r"\S+",  # noqa: S106 - a pattern of words
        filters=filters,
    )
    joined = _fusion(corpus, nodes, words, mode="reciprocal_rerank", use_async=False)

    def ask(question: str) -> Any:
        bundle = QueryBundle(query_str=" ".join(query_tokens(question)), embedding=corpus.vector(question))
        return joined.retrieve(bundle)

    return Retriever(ask, lambda found: [int(each.node.node_id) for each in found])


def llamaindex_default(corpus: Corpus) -> Retriever:
    """The same two under `QueryFusionRetriever` as it comes, with English stems and words of word characters."""
    from llama_index.retrievers.bm25 import BM25Retriever

    nodes = _nodes(corpus, filtered=False)
    words = BM25Retriever.from_defaults(nodes=nodes, similarity_top_k=K)
    joined = _fusion(corpus, nodes, words)
    return Retriever(joined.retrieve, lambda found: [int(each.node.node_id) for each in found])


def _nodes(corpus: Corpus, *, filtered: bool) -> list[Any]:
    from llama_index.core.schema import TextNode

    vectors = corpus.vectors.tolist()
    return [
        TextNode(
            id_=str(at),
            text=clause.search_text,
            embedding=vectors[at],
            metadata=_metadata(at, clause) if filtered else {},
        )
        for at, clause in enumerate(corpus.clauses)
    ]


def _fusion(corpus: Corpus, nodes: list[Any], words: Any, **joining: Any) -> Any:
    """The inner product, not the distance of their example, which their fusion would take for likeness."""
    import faiss
    from llama_index.core import StorageContext, VectorStoreIndex
    from llama_index.core.embeddings import BaseEmbedding
    from llama_index.core.llms import MockLLM
    from llama_index.core.retrievers import QueryFusionRetriever
    from llama_index.vector_stores.faiss import FaissVectorStore

    class Given(BaseEmbedding):  # type: ignore[misc]
        def _get_query_embedding(self, query: str) -> list[float]:
            return corpus.vector(query)

        async def _aget_query_embedding(self, query: str) -> list[float]:
            return corpus.vector(query)

        def _get_text_embedding(self, text: str) -> list[float]:
            return corpus.vector(text)

    store = FaissVectorStore(faiss_index=faiss.IndexFlatIP(corpus.dim))
    context = StorageContext.from_defaults(vector_store=store)
    index = VectorStoreIndex(nodes, storage_context=context, embed_model=Given())
    near = index.as_retriever(similarity_top_k=K)
    # one query: no model rewrites it
    return QueryFusionRetriever([words, near], llm=MockLLM(), similarity_top_k=K, num_queries=1, **joining)


def haystack_same(corpus: Corpus) -> Retriever:
    """The in-memory store's two retrievers and the joiner by reciprocal rank, called without a pipeline; filtered."""
    from haystack.components.joiners import DocumentJoiner

    from knowledge.text import tokens

    texts = [" ".join(tokens(text)) for text in corpus.texts]
    words, near = _haystack(corpus, texts, bm25_tokenization_regex=r"\S+")
    joiner = DocumentJoiner(join_mode="reciprocal_rank_fusion", top_k=K)
    filters = {
        "operator": "AND",
        "conditions": [
            {"field": "meta.platform", "operator": "in", "value": [_ANYWHERE, HERE.platform]},
            {"field": "meta.until", "operator": ">", "value": _day()},
        ],
    }

    def ask(question: str) -> Any:
        said = words.run(query=" ".join(query_tokens(question)), filters=filters)["documents"]
        meant = near.run(query_embedding=corpus.vector(question), filters=filters)["documents"]
        return joiner.run([said, meant])["documents"]

    return Retriever(ask, lambda found: [int(each.meta["number"]) for each in found])


def haystack_default(corpus: Corpus) -> Retriever:
    """The same in a pipeline, with its tokenizer (a Han character is a token) and its joining by the better score."""
    from haystack import Pipeline
    from haystack.components.joiners import DocumentJoiner

    words, near = _haystack(corpus, corpus.texts)
    pipeline = Pipeline()
    pipeline.add_component("words", words)
    pipeline.add_component("near", near)
    pipeline.add_component("joiner", DocumentJoiner())
    pipeline.connect("words", "joiner")
    pipeline.connect("near", "joiner")

    def ask(question: str) -> Any:
        run = {"words": {"query": question}, "near": {"query_embedding": corpus.vector(question)}}
        return pipeline.run(run)["joiner"]["documents"]

    return Retriever(ask, lambda found: [int(each.meta["number"]) for each in found[:K]])


def _haystack(corpus: Corpus, texts: list[str], **storing: Any) -> tuple[Any, Any]:
    from haystack import Document
    from haystack.components.retrievers.in_memory import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
    from haystack.document_stores.in_memory import InMemoryDocumentStore

    store = InMemoryDocumentStore(**storing)
    vectors = corpus.vectors.tolist()
    store.write_documents(
        [
            Document(id=str(at), content=text, embedding=vectors[at], meta=_metadata(at, clause))
            for at, (text, clause) in enumerate(zip(texts, corpus.clauses, strict=True))
        ]
    )
    return InMemoryBM25Retriever(store, top_k=K), InMemoryEmbeddingRetriever(store, top_k=K)


def _metadata(at: int, clause: Clause) -> dict[str, str | int]:
    """What their filters can read: one platform, and the day the clause ceases to be in force."""
    policy = clause.policy
    return {
        "number": at,
        "platform": next(iter(policy.scope.platforms), _ANYWHERE),
        "until": _until(policy.window),
    }


def _until(window: Window) -> int:
    return _OPEN_END if window.end is None else int(f"{window.end:%Y%m%d}")


def _day() -> int:
    return int(f"{NOW:%Y%m%d}")


OURS, FLOOR = "ours", "floor"
BUILDS: Mapping[str, Build] = MappingProxyType(
    {
        OURS: ours,
        FLOOR: bare_floor,
        "langchain/same": langchain_same,
        "langchain/default": langchain_default,
        "llamaindex/same": llamaindex_same,
        "llamaindex/default": llamaindex_default,
        "haystack/same": haystack_same,
        "haystack/default": haystack_default,
    }
)
_DISTRIBUTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "langchain": ("langchain-classic", "langchain-community", "rank-bm25"),
        "llamaindex": ("llama-index-core", "llama-index-retrievers-bm25", "llama-index-vector-stores-faiss"),
        "haystack": ("haystack-ai",),
    }
)
_MODULES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "langchain": (
            "langchain_classic.retrievers",
            "langchain_community.retrievers",
            "langchain_community.vectorstores.faiss",
        ),
        "llamaindex": ("llama_index.core", "llama_index.retrievers.bm25", "llama_index.vector_stores.faiss"),
        "haystack": ("haystack", "haystack.components.joiners", "haystack.components.retrievers.in_memory"),
    }
)


def project(name: str) -> str:
    """The project of a retriever: `haystack` of `haystack/same`."""
    return name.partition("/")[0]


def missing(name: str) -> str:
    """Which of the packages a retriever needs are not installed, and how to install them; empty if all are there."""
    absent = [each for each in _DISTRIBUTIONS.get(project(name), ()) if not _version(each)]
    return f"{name}: {', '.join(absent)} not installed; install with: {INSTALL}" if absent else ""


def versions(name: str) -> str:
    """The packages of a retriever and their versions."""
    return ", ".join(f"{each} {_version(each)}" for each in _DISTRIBUTIONS.get(project(name), ()))


def load(name: str) -> None:
    """Import the packages of a retriever. Raises `ImportError`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        for module in _MODULES.get(project(name), ()):
            import_module(module)


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""
