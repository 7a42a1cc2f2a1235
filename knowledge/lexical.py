"""BM25 over our own tokens. The one home of tantivy.

Tokens are cut by `knowledge.text` and joined by spaces; tantivy only splits them again at white space. Filters are part
of the query, so a filtered search ranks exactly the allowed clauses and never returns fewer than match.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

import numpy as np
import tantivy
from numpy.typing import NDArray

from knowledge.errors import IndexDamaged

_ANALYZER = "spaces"
_HEAP = 64_000_000
_CACHED_FILTERS = 64
_WORTH_TRYING = 0.2
"""Below this share of allowed clauses the filtered query is asked at once."""
_MARGIN = 1.5


class LexicalIndex:
    """An immutable index of token lists. Safe for concurrent reads."""

    def __init__(self, index: tantivy.Index, size: int) -> None:
        self._schema = index.schema
        self._searcher = index.searcher()
        self._filters: OrderedDict[tuple[bytes, int], tuple[tantivy.Occur, tantivy.Query] | None] = OrderedDict()
        self._lock = Lock()
        self.size = size
        if self._searcher.num_docs != size:
            raise IndexDamaged(f"The lexical index holds {self._searcher.num_docs} clauses, not {size}.")

    @classmethod
    def build(
        cls,
        documents: Sequence[Sequence[str]],
        groups: Sequence[int],
        sides: Sequence[int],
        folder: Path | None = None,
    ) -> LexicalIndex:
        """Index `documents[i]` as number `i` with its group (policy) and side (see `search`), in memory or on disk."""
        index = tantivy.Index(_schema(), path=str(folder) if folder else None)
        _register(index)
        writer = index.writer(heap_size=_HEAP, num_threads=1)
        for number, (words, group, side) in enumerate(zip(documents, groups, sides, strict=True)):
            document = tantivy.Document()
            document.add_text("words", " ".join(words))
            document.add_unsigned("number", number)
            document.add_unsigned("group", group)
            document.add_unsigned("side", side)
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        return cls(index, len(documents))

    @classmethod
    def open(cls, folder: Path, size: int) -> LexicalIndex:
        """Open an index on disk. Raises `IndexDamaged` when it cannot be read or holds another number of clauses."""
        try:
            index = tantivy.Index.open(str(folder))
        except (ValueError, OSError) as error:
            raise IndexDamaged(f"The lexical index cannot be read: {error}.") from error
        _register(index)
        return cls(index, size)

    def search(
        self,
        words: Sequence[str],
        *,
        limit: int,
        allowed: NDArray[np.bool_] | None = None,
        groups: NDArray[np.bool_] | None = None,
        hidden_side: int = 0,
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The best `limit` clause numbers and their BM25 scores, best first, ties by number.

        `groups[g]` says whether group `g` may be returned (None: all); clauses of `hidden_side` (not 0) never are.
        `allowed` is the same filter per clause. A score does not depend on the filter, so the allowed ones among the
        best unfiltered hits *are* the best allowed ones, as long as enough of them are there; that is tried first,
        for it is several times faster, and the filtered query runs when it falls short.
        """
        if not words or not self.size:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        if allowed is None:
            return self._ranked(self._query(words, groups, hidden_side), limit)
        share = np.count_nonzero(allowed) / self.size
        if share >= _WORTH_TRYING:
            tried = int(limit / share * _MARGIN)
            ids, scores = self._ranked(self._query(words, None, 0), tried)
            kept = allowed[ids]
            if len(ids) < tried or np.count_nonzero(kept) >= limit:
                return ids[kept][:limit], scores[kept][:limit]
        return self._ranked(self._query(words, groups, hidden_side), limit)

    def _ranked(self, query: tantivy.Query, limit: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        hits = self._searcher.search(query, limit=limit, count=False).hits
        numbers = self._searcher.fast_field_values("number", [address for _, address in hits])
        ids = np.asarray(numbers, np.int64)
        scores = np.asarray([score for score, _ in hits], np.float32)
        order = np.lexsort((ids, -scores))
        return ids[order], scores[order]

    def _query(self, words: Sequence[str], groups: NDArray[np.bool_] | None, hidden_side: int) -> tantivy.Query:
        term = tantivy.Query.term_query
        matches = tantivy.Query.boolean_query(
            [(tantivy.Occur.Should, term(self._schema, "words", word, "freq")) for word in words]
        )
        filters = [found for found in (self._groups(groups), self._side(hidden_side)) if found is not None]
        return tantivy.Query.boolean_query([(tantivy.Occur.Must, matches), *filters]) if filters else matches

    def _side(self, hidden: int) -> tuple[tantivy.Occur, tantivy.Query] | None:
        if not hidden:
            return None
        return tantivy.Occur.MustNot, tantivy.Query.term_query(self._schema, "side", hidden)

    def _groups(self, groups: NDArray[np.bool_] | None) -> tuple[tantivy.Occur, tantivy.Query] | None:
        if groups is None or groups.all():
            return None
        key = (np.packbits(groups).tobytes(), len(groups))
        with self._lock:
            if key in self._filters:
                self._filters.move_to_end(key)
                return self._filters[key]
        allowed, denied = np.flatnonzero(groups).tolist(), np.flatnonzero(~groups).tolist()
        few_denied = len(denied) <= len(allowed)
        members = tantivy.Query.term_set_query(self._schema, "group", denied if few_denied else allowed)
        found = (
            (tantivy.Occur.MustNot, members)
            if few_denied
            else (tantivy.Occur.Must, tantivy.Query.const_score_query(members, 0.0))
        )
        with self._lock:
            self._filters[key] = found
            while len(self._filters) > _CACHED_FILTERS:
                self._filters.popitem(last=False)
        return found


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("words", tokenizer_name=_ANALYZER, index_option="freq")
    builder.add_unsigned_field("number", fast=True)
    builder.add_unsigned_field("group", indexed=True)
    builder.add_unsigned_field("side", indexed=True)
    return builder.build()


def _register(index: tantivy.Index) -> None:
    index.register_tokenizer(_ANALYZER, tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
