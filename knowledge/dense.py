"""Search by cosine over clause vectors: a port, and two stores in memory. The one home of faiss.

Exact up to `APPROXIMATE_FROM` clauses, where a search takes some milliseconds and needs no tuning; above that an
inverted file, which looks only at the lists nearest to the question, as many as its own measurement of recall asks for.
In both the filter is a bitmap that faiss reads while it scans, so it cannot cut a result short.
"""

from __future__ import annotations

import math
import os
from typing import Protocol

import faiss
import numpy as np
from numpy.typing import NDArray

from knowledge.embedding import Vectors, normalized

Ids = NDArray[np.int64]
Cosines = NDArray[np.float32]
Allowed = NDArray[np.bool_]

APPROXIMATE_FROM = 100_000
"""So many clauses are worth the training of an inverted file: there it answers several times as fast as a scan."""

RECALL = 0.99
"""What an approximate index aims at when it is measured, so that .98 holds for questions it has not seen."""

_SHARES = (1.0, 0.5, 0.2, 0.08, 0.02)
"""Shares of clauses allowed by a filter at which recall is measured; below the last, every list is looked at."""
_SAMPLED = 24
_DEPTH = 48
"""How many of the nearest recall is measured on; a search for more looks at as many times more lists."""
_TRAINED_ON = 20
_ROUNDS = 6


class DenseStore(Protocol):
    """Vectors of length 1, numbered from 0, which never change. Safe for concurrent reads."""

    @property
    def size(self) -> int: ...

    @property
    def vectors(self) -> Vectors:
        """`(size, dim)`, in order: a copy, for building the next store from this one."""
        ...

    def search(self, query: Vectors, *, limit: int, allowed: Allowed | None = None) -> tuple[Ids, Cosines]:
        """The `limit` nearest numbers to `query` (dim,) and their cosines, best first; only `allowed` ones.

        Never fewer than `limit` while so many are allowed. Raises `VectorsAway` when the vectors cannot be reached.
        """
        ...

    def cosines(self, query: Vectors, ids: Ids) -> Cosines:
        """The cosine of `query` with each of `ids`, in their order. Raises as `search`."""
        ...


def in_memory(vectors: Vectors) -> DenseStore:
    """The store that fits so many vectors."""
    return ApproximateIndex(vectors) if len(vectors) >= APPROXIMATE_FROM else DenseIndex(vectors)


class DenseIndex:
    """Exact: every allowed vector is compared.

    faiss is told to use one thread: a question is one vector, and starting threads for it costs more than it saves
    while other questions are being answered.
    """

    def __init__(self, vectors: Vectors) -> None:
        faiss.omp_set_num_threads(1)
        self._index = faiss.IndexFlatIP(vectors.shape[1])
        self._index.add(np.ascontiguousarray(vectors, np.float32))

    @property
    def size(self) -> int:
        return int(self._index.ntotal)

    @property
    def vectors(self) -> Vectors:
        return _all_of(self._index)

    def search(self, query: Vectors, *, limit: int, allowed: Allowed | None = None) -> tuple[Ids, Cosines]:
        """See `DenseStore.search`."""
        if not self.size:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        parameters = None
        if allowed is not None and not allowed.all():
            selector, _held = _selector(allowed)
            parameters = faiss.SearchParameters()
            parameters.sel = selector
        scores, ids = self._index.search(query[np.newaxis], min(limit, self.size), params=parameters)
        found = ids[0] >= 0
        return ids[0][found], scores[0][found]

    def cosines(self, query: Vectors, ids: Ids) -> Cosines:
        """See `DenseStore.cosines`."""
        return _cosines(self._index, query, ids)


class ApproximateIndex:
    """An inverted file over lists of like vectors: the lists nearest to the question are scanned, exactly.

    When it is built it measures how many lists must be looked at to find `recall` of what a full scan finds, for
    filters that allow much and little, spread evenly and bunched together. A search that finds too few all the same
    looks further, in the end at every list, which is a full scan.
    """

    def __init__(self, vectors: Vectors, *, recall: float = RECALL) -> None:
        given = np.ascontiguousarray(vectors, np.float32)
        self._lists = max(1, min(len(given) // _TRAINED_ON, int(4 * math.sqrt(len(given)))))
        # the index owns its quantizer only when told to; Python keeps it alive as long as the index
        self._quantizer = faiss.IndexFlatIP(given.shape[1])
        self._index = faiss.IndexIVFFlat(self._quantizer, given.shape[1], self._lists, faiss.METRIC_INNER_PRODUCT)
        faiss.omp_set_num_threads(os.cpu_count() or 1)
        try:
            self._fill(given)
            self.probes = self._measured(given, recall)
            """Lists looked at, by the share of clauses that the filter allows at least."""
        finally:
            faiss.omp_set_num_threads(1)

    @property
    def size(self) -> int:
        return int(self._index.ntotal)

    @property
    def vectors(self) -> Vectors:
        return _all_of(self._index)

    def search(self, query: Vectors, *, limit: int, allowed: Allowed | None = None) -> tuple[Ids, Cosines]:
        """See `DenseStore.search`. Of what a full scan finds, some may be missing: others, less near, stand there."""
        if not self.size:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        count = self.size if allowed is None else int(np.count_nonzero(allowed))
        wanted = min(limit, count)
        share = count / self.size
        lists = next((lists for least, lists in self.probes.items() if share >= least), self._lists)
        probes = min(lists * max(1, -(-wanted // _DEPTH)), self._lists)
        while True:
            ids, scores = self._probe(query[np.newaxis], wanted, probes, None if count == self.size else allowed)
            found = ids[0] >= 0
            if np.count_nonzero(found) >= wanted or probes >= self._lists:
                return ids[0][found], scores[0][found]
            probes = min(4 * probes, self._lists)

    def scan(self, query: Vectors, *, limit: int, allowed: Allowed | None = None) -> tuple[Ids, Cosines]:
        """What `search` would find if it looked at every list."""
        wanted = min(limit, self.size if allowed is None else int(np.count_nonzero(allowed)))
        ids, scores = self._probe(query[np.newaxis], wanted, self._lists, allowed)
        return ids[0], scores[0]

    def cosines(self, query: Vectors, ids: Ids) -> Cosines:
        """See `DenseStore.cosines`."""
        return _cosines(self._index, query, ids)

    def _fill(self, vectors: Vectors) -> None:
        clustering = self._index.cp
        clustering.niter, clustering.spherical = _ROUNDS, True
        clustering.min_points_per_centroid, clustering.max_points_per_centroid = 1, _TRAINED_ON
        if not len(vectors):
            return
        some = np.random.default_rng(0).choice(len(vectors), min(len(vectors), _TRAINED_ON * self._lists), False)
        self._index.train(vectors[np.sort(some)])
        self._index.add(vectors)
        self._index.make_direct_map()

    def _measured(self, vectors: Vectors, recall: float) -> dict[float, int]:
        """The fewest lists, in powers of two, that find `recall` of the nearest, by share; rarer shares come last."""
        draw = np.random.default_rng(1)
        if not len(vectors):
            return {}
        one, other = draw.integers(0, len(vectors), (2, _SAMPLED))
        # a question is less near to its clauses than they are to one another: between two of them
        asked = normalized(vectors[one] + vectors[other])
        spread = draw.random(len(vectors))
        bunched = np.empty(len(vectors))
        bunched[np.argsort(vectors @ draw.standard_normal(vectors.shape[1], np.float32))] = np.arange(
            len(vectors)
        ) / len(vectors)
        measured: dict[float, int] = {}
        for share in _SHARES:
            masks = [spread < share, bunched < share] if share < 1 else [None]
            measured[share] = max(self._lists_for(asked, mask, recall) for mask in masks)
        return measured

    def _lists_for(self, asked: Vectors, allowed: Allowed | None, recall: float) -> int:
        depth = min(_DEPTH, self.size if allowed is None else int(np.count_nonzero(allowed)))
        if not depth:
            return 1
        _, best = self._probe(asked, depth, self._lists, allowed)
        probes = 1
        while probes < self._lists:
            _, scores = self._probe(asked, depth, probes, allowed)
            if np.mean(scores >= best[:, -1:] - 1e-6) >= recall:
                return probes
            probes *= 2
        return self._lists

    def _probe(self, queries: Vectors, limit: int, probes: int, allowed: Allowed | None) -> tuple[Ids, Cosines]:
        parameters = faiss.SearchParametersIVF()
        parameters.nprobe = probes
        if allowed is not None:
            selector, _held = _selector(allowed)
            parameters.sel = selector
        scores, ids = self._index.search(queries, max(1, limit), params=parameters)
        return ids[:, :limit], scores[:, :limit]


def _selector(allowed: Allowed) -> tuple[faiss.IDSelector, NDArray[np.uint8]]:
    """faiss's filter, and the bits it points to, which must live as long."""
    bitmap = np.packbits(allowed, bitorder="little")
    return faiss.IDSelectorBitmap(len(bitmap), faiss.swig_ptr(bitmap)), bitmap


def _cosines(index: faiss.Index, query: Vectors, ids: Ids) -> Cosines:
    scores: Cosines = index.reconstruct_batch(ids) @ query
    return scores


def _all_of(index: faiss.Index) -> Vectors:
    vectors: Vectors = index.reconstruct_n(0, index.ntotal)
    return vectors
