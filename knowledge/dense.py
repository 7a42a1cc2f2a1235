"""Exact cosine search over clause vectors. The one home of faiss.

A flat inner-product index: one shop's clauses number thousands, where exact search costs under a millisecond and needs
no tuning. The filter is a bitmap that faiss reads while it scans, so it cannot cut a result short.
"""

from __future__ import annotations

import faiss
import numpy as np
from numpy.typing import NDArray

from knowledge.embedding import Vectors


class DenseIndex:
    """An immutable index of vectors of length 1. Safe for concurrent reads.

    faiss is told to use one thread: a question is one vector, and starting threads for it costs more than it saves
    while other questions are being answered.
    """

    def __init__(self, vectors: Vectors) -> None:
        faiss.omp_set_num_threads(1)
        self.vectors: Vectors = np.ascontiguousarray(vectors, np.float32)
        self._index = faiss.IndexFlatIP(self.vectors.shape[1])
        self._index.add(self.vectors)

    @property
    def size(self) -> int:
        return len(self.vectors)

    def search(
        self, query: Vectors, *, limit: int, allowed: NDArray[np.bool_] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The `limit` nearest clause numbers to `query` (dim,) and their cosines, best first; only `allowed` ones."""
        if not self.size:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        parameters = None
        if allowed is not None and not allowed.all():
            bitmap = np.packbits(allowed, bitorder="little")
            selector = faiss.IDSelectorBitmap(len(bitmap), faiss.swig_ptr(bitmap))
            parameters = faiss.SearchParameters()
            parameters.sel = selector
        scores, ids = self._index.search(query[np.newaxis], min(limit, self.size), params=parameters)
        found = ids[0] >= 0
        return ids[0][found], scores[0][found]

    def cosines(self, query: Vectors, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """The cosine of `query` with each of `ids`, in their order."""
        scores: NDArray[np.float32] = self.vectors[ids] @ query
        return scores
