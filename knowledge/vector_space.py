"""How the vectors of one index are compared: each language about its own mean, where an embedder needs that.

The means are learned from the clauses when an index is made and kept with it, so that a question is placed exactly as
the clauses were. An embedder that needs none of this is used as it is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from knowledge.clauses import LANGS, Lang
from knowledge.embedding import Embedder, Vectors, normalized


@runtime_checkable
class CentringEmbedder(Embedder, Protocol):
    """An embedder whose vectors crowd about a mean, and who reads questions otherwise than passages."""

    def embed_questions(self, texts: Sequence[str]) -> Vectors:
        """As `embed`, for what is asked; not centred."""
        ...

    def ordinary(self, lang: Lang) -> Vectors:
        """Vectors of some everyday passages: what a mean of few clauses is steadied with."""
        ...

    def centred(self, vectors: Vectors, mean: Vectors) -> Vectors:
        """`(n, dim)` without `mean` `(dim,)`, of length 1 again."""
        ...


@dataclass(frozen=True, slots=True)
class VectorSpace:
    """An embedder with the means its vectors are placed by; `means` is `(2, dim)`, a row per `LANGS`, or None."""

    embedder: Embedder
    means: Vectors | None = None

    @classmethod
    def learned(cls, embedder: Embedder, vectors: Vectors, langs: Sequence[Lang]) -> VectorSpace:
        """The space of these passages, `(n, dim)` as the embedder gave them."""
        if not isinstance(embedder, CentringEmbedder):
            return cls(embedder)
        of = np.array(langs, dtype="U2")
        held = {lang: np.concatenate([embedder.ordinary(lang), vectors[of == lang]]) for lang in LANGS}
        return cls(embedder, np.stack([held[lang].mean(axis=0) for lang in LANGS]).astype(np.float32))

    def placed(self, vectors: Vectors, langs: Sequence[Lang]) -> Vectors:
        """Passages as they are searched. The very array where nothing is centred."""
        if self.means is None or not isinstance(self.embedder, CentringEmbedder):
            return vectors
        return self.embedder.centred(vectors, self.means[[LANGS.index(lang) for lang in langs]])

    def questions(self, texts: Sequence[str], lang: Lang) -> Vectors:
        """Questions in one language `(n, dim)` as they are searched with. Raises `EmbedderUnavailable`."""
        if self.means is None or not isinstance(self.embedder, CentringEmbedder):
            return self.embedder.embed(texts)
        return self.embedder.centred(self.embedder.embed_questions(texts), self.means[LANGS.index(lang)])


class JointEmbedder:
    """Several embedders as one: their vectors side by side, so that a cosine is the weighted mean of theirs.

    One index holds them and is searched once. The parts that need centring are centred, each by its own columns.
    """

    def __init__(self, parts: Sequence[tuple[Embedder, float]]) -> None:
        """`parts` are embedders with their relative weights."""
        whole = sum(weight for _, weight in parts)
        self._parts = [(embedder, np.float32(math.sqrt(weight / whole))) for embedder, weight in parts]
        self.name = "+".join(embedder.name for embedder, _ in parts)
        self.dim = sum(embedder.dim for embedder, _ in parts)

    def embed(self, texts: Sequence[str]) -> Vectors:
        return self._beside([embedder.embed(texts) for embedder, _ in self._parts])

    def embed_questions(self, texts: Sequence[str]) -> Vectors:
        return self._beside(
            [
                embedder.embed_questions(texts) if isinstance(embedder, CentringEmbedder) else embedder.embed(texts)
                for embedder, _ in self._parts
            ]
        )

    def ordinary(self, lang: Lang) -> Vectors:
        """Everyday passages of the first part that has some; a part without needs no mean, so zeros do."""
        given = [
            embedder.ordinary(lang) if isinstance(embedder, CentringEmbedder) else np.zeros((0, 0), np.float32)
            for embedder, _ in self._parts
        ]
        rows = max(len(vectors) for vectors in given)
        return self._beside(
            [
                vectors if len(vectors) else np.zeros((rows, embedder.dim), np.float32)
                for vectors, (embedder, _) in zip(given, self._parts, strict=True)
            ]
        )

    def centred(self, vectors: Vectors, mean: Vectors) -> Vectors:
        found, at = [], 0
        for embedder, share in self._parts:
            columns = slice(at, at := at + embedder.dim)
            own = normalized(vectors[:, columns])
            if isinstance(embedder, CentringEmbedder):
                own = embedder.centred(own, mean[..., columns] / share)
            found.append(own)
        return self._beside(found)

    def _beside(self, found: Sequence[Vectors]) -> Vectors:
        weighed = [share * vectors for vectors, (_, share) in zip(found, self._parts, strict=True)]
        return np.concatenate(weighed, axis=1).astype(np.float32, copy=False)
