"""Finding the utterance that means the same (jddc): each of JD customers' utterances asks, all the others answer.

Leave-one-out over the whole test split, gold = the same intent: P@1 and MRR; MAP over the candidates that the set names
for each utterance. Both rankings are the engine's: BM25 over our tokens and the embedded encoder, joined as
`knowledge.fusion.convex` does. How much either weighs, and which directions of the vectors tell intents apart
(within-class covariance normalisation: Hatch, Kajarekar, Stolcke 2006), is learned on `dev` alone; its intents are
halved, so that what is chosen was good for intents it had not seen.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from evals.intervals import Metric, mean, share
from evals.report import Report
from knowledge.embedding import Embedder, Usem3Embedder
from knowledge.text import fold, mend, tokens

Matrix: TypeAlias = NDArray[np.float64]

SHRINKAGES = (0.3, 0.5, 0.7, 0.9)
WEIGHTS = (0.0, 0.2, 0.3, 0.4)
_K1, _B = 1.2, 0.75


@dataclass(frozen=True, slots=True)
class Split:
    """Utterances with their intents, vectors and BM25 of each with each (nothing with itself)."""

    intents: NDArray[Any]
    vectors: Matrix
    lexical: Matrix
    candidates: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]
    """For each utterance the ones that mean the same and the ones that only look so."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What `dev` taught: the projection of vectors, and the weight of BM25."""

    projection: Matrix
    weight: float
    shrinkage: float


def run(pack: str, data: Path) -> Report:
    """Learn on `dev`, report on `test`. Raises `FileNotFoundError` where the set is absent."""
    embedder = Usem3Embedder()
    dev, test = (read(data / "jddc" / f"{split}.jsonl", embedder) for split in ("dev", "test"))
    learned = learn(dev)
    plain = Learned(np.eye(dev.vectors.shape[1]), 0.0, 1.0)
    fused = similarity(test, learned)
    dense = similarity(test, Learned(learned.projection, 0.0, learned.shrinkage))
    return Report(
        suite="jddc-retrieval",
        pack=pack,
        n=len(test.intents),
        metrics={
            **_leave_one_out(fused, test),
            "map": _average_precision(dense, test),
        },
        groups={
            "encoder alone: p_at_1": _leave_one_out(similarity(test, plain), test)["p_at_1"],
            "bm25 alone: p_at_1": _leave_one_out(test.lexical, test)["p_at_1"],
        },
    )


def read(path: Path, embedder: Embedder) -> Split:
    with path.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    texts = [mend(fold(row["text"])) for row in rows]
    return Split(
        np.array([row["intent"] for row in rows]),
        embedder.embed(texts).astype(np.float64),
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
    scores: Matrix = (asked @ told.T).toarray()
    np.fill_diagonal(scores, 0)
    return scores


def learn(dev: Split) -> Learned:
    """The weight and shrinkage that found most on intents the projection had not seen, then learned on all of `dev`."""
    halves = np.isin(dev.intents, sorted(set(dev.intents))[::2])

    def found(choice: tuple[float, float]) -> float:
        right = 0.0
        for seen in (halves, ~halves):
            taught = Learned(_projection(dev.vectors[seen], dev.intents[seen], choice[0]), choice[1], choice[0])
            held = np.flatnonzero(~seen)
            part = Split(dev.intents[held], dev.vectors[held], dev.lexical[np.ix_(held, held)], ())
            right += _leave_one_out(similarity(part, taught), part)["p_at_1"].value * len(held)
        return right

    shrinkage, weight = max(product(SHRINKAGES, WEIGHTS), key=found)
    return Learned(_projection(dev.vectors, dev.intents, shrinkage), weight, shrinkage)


def _projection(vectors: Matrix, intents: NDArray[Any], shrinkage: float) -> Matrix:
    """The inverse square root of the covariance within intents, shrunk towards a multiple of the identity."""
    within = np.zeros((vectors.shape[1], vectors.shape[1]))
    for intent in set(intents):
        members = vectors[intents == intent]
        centred = members - members.mean(0)
        within += centred.T @ centred
    within /= len(vectors)
    within = (1 - shrinkage) * within + shrinkage * np.trace(within) / len(within) * np.eye(len(within))
    values, directions = np.linalg.eigh(within)
    projection: Matrix = (directions * values**-0.5) @ directions.T
    return projection


def similarity(split: Split, learned: Learned) -> Matrix:
    """`weight` × BM25 + (1 − `weight`) × cosine, each over the best of its question; the diagonal is 0."""
    placed = (split.vectors - split.vectors.mean(0)) @ learned.projection
    placed /= np.maximum(np.linalg.norm(placed, axis=1, keepdims=True), 1e-12)
    cosines: Matrix = placed @ placed.T
    np.fill_diagonal(cosines, 0)
    if not learned.weight:
        return cosines
    return learned.weight * _over_best(split.lexical) + (1 - learned.weight) * _over_best(cosines)


def _over_best(scores: Matrix) -> Matrix:
    best = scores.max(axis=1, keepdims=True)
    over: Matrix = scores / np.where(best > 0, best, 1)
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
