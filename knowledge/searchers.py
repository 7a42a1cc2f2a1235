"""What one question is answered with: both rankings, and the space in which its vector is placed.

An index replaces them as a whole, never one by one, so that no question is embedded by one embedder and compared with
the vectors of another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from knowledge.calibration import Calibration, calibration_for
from knowledge.clauses import Lang
from knowledge.dense import DenseStore
from knowledge.embedding import Vectors, normalized
from knowledge.errors import EmbedderUnavailable, VectorsAway
from knowledge.fusion import Scores
from knowledge.lexical import LexicalIndex
from knowledge.scope_mask import Mask
from knowledge.vector_space import VectorSpace

StoreVectors: TypeAlias = Callable[[Vectors], DenseStore]
Ids: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Searchers:
    """The lexical ranking, and the dense one with its space where there are vectors."""

    lexical: LexicalIndex
    dense: DenseStore | None = None
    space: VectorSpace | None = None
    uncentred: Vectors | None = None
    """The vectors as the embedder gave them, where the store holds others."""

    @classmethod
    def of(
        cls,
        lexical: LexicalIndex,
        space: VectorSpace | None,
        vectors: Vectors | None,
        langs: Sequence[Lang],
        store: StoreVectors,
    ) -> Searchers:
        """With `vectors` as the embedder of `space` gave them, in the languages `langs`."""
        if space is None or vectors is None or not len(vectors):
            return cls(lexical, None, space)
        placed = space.placed(vectors, langs)
        return cls(lexical, store(placed), space, None if placed is vectors else vectors)

    @property
    def vectors(self) -> Vectors | None:
        """As the embedder gave them, in order."""
        return self.uncentred if self.uncentred is not None else self.dense.vectors if self.dense else None

    @property
    def calibration(self) -> Calibration:
        return calibration_for(self.space.embedder.name if self.space else "")

    def near(
        self, asked: Sequence[str], lang: Lang, found: Ids, *, limit: int, mask: Mask
    ) -> tuple[Ids, Scores | None]:
        """Candidates: `found` by words and the nearest to all wordings `asked`, with their cosines.

        Only `found`, without cosines, where there are no vectors, or neither they nor the embedder can be reached.
        """
        if self.dense is None or self.space is None:
            return found, None
        try:
            vectors = self.space.questions(asked, lang)
            vector: Vectors = normalized(vectors.sum(axis=0, keepdims=True))[0] if len(vectors) > 1 else vectors[0]
            near, _ = self.dense.search(vector, limit=limit, allowed=mask)
            ids = np.union1d(found, near)
            return ids, self.dense.cosines(vector, ids).astype(np.float64)
        except (EmbedderUnavailable, VectorsAway):
            return found, None
