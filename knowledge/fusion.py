"""Join a lexical and a dense ranking. Pure functions over arrays that speak of the same candidates in the same order.

Convex combination of normalised scores is the default (it beats rank fusion in and out of domain when the scores mean
something: Bruch, Gai, Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval", 2023); reciprocal rank fusion
(Cormack, Clarke, Büttcher, 2009) serves where they do not.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Fusion = Literal["convex", "rrf"]
Scores = NDArray[np.float64]

LEXICAL_WEIGHT = 0.5


def convex(lexical: Scores, dense: Scores, *, weight: float = LEXICAL_WEIGHT) -> Scores:
    """`weight` × BM25 over its maximum + (1 − `weight`) × cosine clipped to [0, 1] over its maximum. In [0, 1]."""
    return weight * _over_maximum(lexical) + (1 - weight) * _over_maximum(np.clip(dense, 0, 1))


def rrf(lexical: Scores, dense: Scores, *, constant: int = 60) -> Scores:
    """Reciprocal rank fusion; a candidate without a lexical match (score 0) gets nothing from the lexical ranking."""
    ranks = [np.argsort(np.argsort(-scores, kind="stable"), kind="stable") for scores in (lexical, dense)]
    from_lexical = np.where(lexical > 0, 1 / (constant + 1 + ranks[0]), 0.0)
    fused: Scores = from_lexical + 1 / (constant + 1 + ranks[1])
    return fused


def fuse(how: Fusion, lexical: Scores, dense: Scores | None, *, weight: float = LEXICAL_WEIGHT) -> Scores:
    """Fuse as told; without dense scores the lexical ranking stands alone."""
    if dense is None:
        return _over_maximum(lexical)
    return convex(lexical, dense, weight=weight) if how == "convex" else rrf(lexical, dense)


def _over_maximum(scores: Scores) -> Scores:
    top = scores.max(initial=0.0)
    return scores / top if top > 0 else np.zeros_like(scores)
