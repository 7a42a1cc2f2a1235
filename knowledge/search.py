"""Find the clauses that answer a question, as of an instant and within a scope.

Time and scope are filters of both rankings, applied before they rank, so a filtered search returns `k` hits whenever
`k` clauses are allowed to match. A draft is never returned; what is announced, contested or history is, with its status
in `hit.clause.policy.status` for the caller to say so.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from sys import intern

import numpy as np
from numpy.typing import NDArray

from knowledge.bags import Vocabulary
from knowledge.calibration import Calibration, Signals
from knowledge.clauses import Clause, Hit, Lang, Place, Policy
from knowledge.coverage import Coverage, Held
from knowledge.dense import in_memory
from knowledge.embedding import Embedder, LangChainEmbedder, Vectors
from knowledge.errors import DocumentError, EmbedderUnavailable, IndexDamaged, UnknownClause
from knowledge.formal import Meanings, meanings_of
from knowledge.fusion import LEXICAL_WEIGHT, Fusion, Scores, fuse
from knowledge.index_files import embedded_by, pointer, read_generation, reusable_vectors, write_generation
from knowledge.lexical import LexicalIndex
from knowledge.mending import mend
from knowledge.scope_mask import Mask, ScopeMask
from knowledge.searchers import Searchers, StoreVectors
from knowledge.splitting import split
from knowledge.text import HAN, Subject, fold, subject_of, tokens
from knowledge.vector_space import VectorSpace

TOKENIZER = "3"
"""Raised when `knowledge.text.tokens` changes, so that an index on disk is known to be stale."""

_CANDIDATES = 48
_SIDE: dict[Lang, int] = {"zh": 1, "en": 2}
_HAN = re.compile(f"[{HAN}]")
_K1 = 1.2
"""BM25's saturation in tantivy; a term's score is below idf × (k1 + 1)."""

_FEW = 2
_RERANKED = 48
"""How many of the fused ranking are placed by confidence."""

_SPEAKS_OF_NEWS = re.compile(
    r"京东|淘宝|天猫|1688|平台|公布|公告|宣布|新闻|新规|疫情|20\d\d|\b(?:jd|taobao|tmall|platform|announce|news)"
)
"""A question that names a platform, an announcement or a year may be answered by news; else rules in force go first."""


@dataclass(frozen=True, slots=True)
class _Part:
    """One policy's clauses with what is computed from them alone, kept as long as the policy is the same."""

    policy: Policy
    clauses: tuple[Clause, ...]
    hashes: tuple[str, ...]
    words: tuple[tuple[str, ...], ...]
    held: Held


@dataclass(frozen=True, slots=True)
class _Contents:
    """What is searched: clauses in order, with everything computed once about them."""

    parts: tuple[_Part, ...]
    clauses: tuple[Clause, ...]
    hashes: tuple[str, ...]
    words: tuple[tuple[str, ...], ...]
    coverage: Coverage
    vocabulary: Vocabulary
    lower: NDArray[np.float64]
    """1 for news of a moment, which answers only who asks for it; see `_SPEAKS_OF_NEWS`."""
    inherited: NDArray[np.float64]
    """1 for what the shop has from its parent pack: its own words go first."""
    policy_of: NDArray[np.int64]
    ref_of: NDArray[np.int64]
    """The same number for the languages of one clause."""
    sides: NDArray[np.int64]
    """0 for a clause in one language, else 1 (zh) or 2 (en) where its counterpart is here too."""

    @property
    def langs(self) -> list[Lang]:
        return [clause.policy.lang for clause in self.clauses]

    @property
    def fingerprint(self) -> str:
        ids = "\n".join(f"{clause.id} {digest}" for clause, digest in zip(self.clauses, self.hashes, strict=True))
        return hashlib.sha256(f"{TOKENIZER}\n{ids}".encode()).hexdigest()


class ClauseIndex:
    """Searches a fixed set of policies. Immutable to its readers, so it may be shared between threads.

    Build a new one when a policy changes; with a folder, the embeddings of unchanged clauses are read, not computed.
    """

    def __init__(
        self,
        policies: Sequence[Policy],
        contents: _Contents,
        searchers: Searchers,
        store: StoreVectors = in_memory,
    ) -> None:
        self.policies: tuple[Policy, ...] = tuple(policies)
        self._all = self.policies
        self.rebuild: Future[None] | None = None
        """Set while the index is rebuilt in the background; until it is done, answers are lexical only, or by the
        embedder the index had before.
        """
        self._contents = contents
        self._searchers = searchers
        self._store = store
        self._scope = ScopeMask(self.policies)
        self._gone: Mask | None = None
        self._by_id = {clause.id: clause for clause in contents.clauses}
        self._by_ref: dict[str, dict[Lang, Clause]] = {}
        for clause in contents.clauses:
            self._by_ref.setdefault(clause.ref, {})[clause.policy.lang] = clause

    @classmethod
    def build(
        cls,
        policies: Iterable[Policy],
        embedder: Embedder | None,
        *,
        folder: Path | None = None,
        store: StoreVectors = in_memory,
    ) -> ClauseIndex:
        """Split, tokenise and embed. With `folder` the result is written there as the next generation.

        `store` says where the vectors are searched: in memory, exact or approximate by their number, or elsewhere.
        Without an embedder the index is lexical only. Raises `DocumentError` when two policies share id, version and
        language.
        """
        ordered = tuple(policies)
        contents = _contents(ordered)
        known = reusable_vectors(folder, embedder.name) if embedder and folder is not None else {}
        space, vectors = _embedded(contents, embedder, known) if embedder else (None, None)
        lexical = LexicalIndex.build(contents.words, contents.policy_of.tolist(), contents.sides.tolist())
        if folder is not None:
            write_generation(
                folder,
                fingerprint=contents.fingerprint,
                embedder=embedder.name if embedder else "",
                hashes=contents.hashes,
                vectors=vectors,
                means=space.means if space else None,
                fill_lexical=lambda path: LexicalIndex.build(
                    contents.words, contents.policy_of.tolist(), contents.sides.tolist(), path
                ),
            )
        return cls(ordered, contents, Searchers.of(lexical, space, vectors, contents.langs, store), store)

    @classmethod
    def open(
        cls,
        policies: Iterable[Policy],
        embedder: Embedder | None,
        folder: Path,
        *,
        store: StoreVectors = in_memory,
    ) -> ClauseIndex:
        """Open the index of exactly these policies. Raises `IndexDamaged` when it is missing, damaged or stale."""
        ordered = tuple(policies)
        contents = _contents(ordered)
        while True:
            seen = pointer(folder)
            try:
                return cls(ordered, contents, _stored(contents, embedder, folder, store), store)
            except IndexDamaged:
                if pointer(folder) == seen:
                    raise
                # another process wrote meanwhile and took away what was being read: read what it wrote

    @classmethod
    def open_or_build(
        cls,
        policies: Iterable[Policy],
        embedder: Embedder | None,
        folder: Path,
        *,
        background: bool = False,
        store: StoreVectors = in_memory,
        earlier: Callable[[str], Embedder | None] = lambda _: None,
    ) -> ClauseIndex:
        """`open`, or rebuild from the policies when that fails.

        In the foreground the call returns when the rebuilt index is written. In the background it returns at once;
        `rebuild` is a future whose end switches the new ranking on, or holds the error. Until then answers come from
        the vectors on disk if only the embedder is another one, which `earlier` knows by its name, else from a lexical
        index in memory.
        """
        ordered = tuple(policies)
        try:
            return cls.open(ordered, embedder, folder, store=store)
        except IndexDamaged:
            if not background or embedder is None:
                return cls.build(ordered, embedder, folder=folder, store=store)
        index, wanted = cls._meanwhile(ordered, folder, store, earlier), embedder

        def rebuild() -> None:
            index._searchers = cls.build(ordered, wanted, folder=folder, store=store)._searchers

        index.rebuild = _begun(rebuild)
        return index

    @classmethod
    def _meanwhile(
        cls,
        policies: tuple[Policy, ...],
        folder: Path,
        store: StoreVectors,
        earlier: Callable[[str], Embedder | None],
    ) -> ClauseIndex:
        try:
            if before := earlier(embedded_by(folder)):
                return cls.open(policies, before, folder, store=store)
        except (IndexDamaged, EmbedderUnavailable):
            pass
        return cls.build(policies, None, store=store)

    def changed_to(self, policies: Iterable[Policy]) -> ClauseIndex:
        """An index of `policies`, in memory, equal to one built anew; only what is not in this one is split, tokenised
        and embedded. This one stays as it is. While this one is being rebuilt, so is that one. Raises as `build`.
        """
        ordered = tuple(policies)
        rebuild = self.rebuild if self.rebuild is not None and not self.rebuild.done() else None
        # read after that: a rebuild that was done has replaced these
        searchers, before = self._searchers, self._contents
        contents = _contents(ordered, before)
        space = vectors = None
        if searchers.space is not None:
            held = searchers.vectors
            known = {} if held is None else dict(zip(before.hashes, held, strict=True))
            space, vectors = _embedded(contents, searchers.space.embedder, known)
        lexical = LexicalIndex.build(contents.words, contents.policy_of.tolist(), contents.sides.tolist())
        searchers = Searchers.of(lexical, space, vectors, contents.langs, self._store)
        changed = type(self)(ordered, contents, searchers, self._store)
        if rebuild is not None:
            changed.rebuild = _begun(lambda: changed._follow(self, rebuild))
        return changed

    def _follow(self, before: ClauseIndex, rebuild: Future[None]) -> None:
        rebuild.result()
        self._searchers = before.changed_to(self._all)._searchers

    def without(self, gone: Collection[tuple[str, Lang]]) -> ClauseIndex:
        """This index without the policies named by `id@version` and language: not found, not opened. At once."""
        less = copy(self)
        hidden = np.array([(policy.key, policy.lang) in gone for policy in self._all], np.bool_)
        less._gone = hidden
        less.policies = tuple(policy for policy, out in zip(self._all, hidden, strict=True) if not out)
        return less

    @property
    def clauses(self) -> tuple[Clause, ...]:
        """Every clause, in the order of the policies."""
        if self._gone is None:
            return self._contents.clauses
        return tuple(
            clause
            for clause, number in zip(self._contents.clauses, self._contents.policy_of, strict=True)
            if not self._gone[number]
        )

    def clause(self, ref_or_id: str, lang: Lang | None = None) -> Clause:
        """A clause by `policy@version#anchor`, in `lang` if it is there, or by full id. Raises `UnknownClause`."""
        if found := self._by_id.get(ref_or_id):
            ref_or_id, lang = found.ref, lang or found.policy.lang
        languages = self._by_ref.get(ref_or_id, {})
        if self._gone is not None and languages:
            held = {(policy.key, policy.lang) for policy in self.policies}
            languages = {lang: c for lang, c in languages.items() if (c.policy.key, lang) in held}
        if not languages:
            raise UnknownClause(f"There is no clause {ref_or_id}.")
        wanted = lang or "zh"
        return languages.get(wanted) or next(iter(languages.values()))

    def settle(self) -> bool:
        """False: nothing that changes is followed (see `LiveIndex`)."""
        return False

    @property
    def documents(self) -> tuple[Policy, ...]:
        """What a shop took in itself: a fixed set of policies does not tell it apart."""
        return ()

    @property
    def takes_time(self) -> bool:
        """Whether a search waits for something outside, so that `prepare` is worth while."""
        space = self._searchers.space
        return space is not None and isinstance(space.embedder, LangChainEmbedder)

    def prepare(self, questions: Sequence[str], *, as_of: datetime, place: Place, lang: Lang | None = None) -> None:
        """Have the vectors of `questions` fetched, so that searching for them, then and there, waits for nothing.

        Blocks.
        """
        space = self._searchers.space
        if space is not None and isinstance(space.embedder, LangChainEmbedder):
            asked = filter(None, (mend(fold(question)) for question in questions))
            space.embedder.prepare(list(dict.fromkeys(meanings_of(each, tokens).text or each for each in asked)))

    def search(
        self,
        query: str,
        *,
        as_of: datetime,
        place: Place,
        lang: Lang | None = None,
        k: int = 5,
        include_undated: bool = False,
        fusion: Fusion = "convex",
        weight: float = LEXICAL_WEIGHT,
    ) -> list[Hit]:
        """The best `k` clauses in force (or citable) at `as_of` for `place`, best first.

        A clause that exists in both languages is returned once, in `lang` (default: the language of the question).
        `score` is a confidence in [0, 1] that never rises down the list; below `calibration.RELEVANT` nothing fits.
        """
        searchers = self._searchers
        asked = mend(fold(query))
        subject, meanings = subject_of(asked), meanings_of(asked, tokens)
        # of a question that says little, how it is asked says the rest: 怎么退货
        manner = subject.manner if len(subject.words) <= _FEW else ()
        words = list(dict.fromkeys((*subject.words, *manner, *meanings.words)))
        allowed = self._scope.allowed(as_of, place, include_undated=include_undated)
        if self._gone is not None:
            allowed &= ~self._gone
        if k < 1 or not allowed.any():
            return []
        hidden = _SIDE["en" if (lang or _language(asked)) == "zh" else "zh"]
        limit = max(_CANDIDATES, 4 * k)
        mask = self._clause_mask(allowed, hidden)
        found, bm25 = searchers.lexical.search(words, limit=limit, allowed=mask, groups=allowed, hidden_side=hidden)
        ids, dense = found, None
        if words:
            # in the words of rules alone: embedding the question as it was asked too costs as much again for little
            ids, dense = searchers.near([meanings.text or asked], _language(asked), found, limit=limit, mask=mask)
        if not len(ids):
            return []
        lexical = np.zeros(len(ids))
        lexical[np.searchsorted(ids, found) if dense is not None else slice(None)] = bm25
        fused = fuse(fusion, lexical, dense, weight=weight)
        order = self._each_ref_once(ids, np.lexsort((ids, -fused)), max(_RERANKED, k))
        cosines = None if dense is None else dense[order]
        news = bool(_SPEAKS_OF_NEWS.search(asked))
        return self._hits(
            (subject, meanings), ids[order], lexical[order], cosines, k, calibration=searchers.calibration, news=news
        )

    def _each_ref_once(self, ids: NDArray[np.int64], order: NDArray[np.int64], k: int) -> NDArray[np.int64]:
        """The first `k` of `order`; needed only where the languages of one version differ in scope or window."""
        _, first = np.unique(self._contents.ref_of[ids[order]], return_index=True)
        chosen: NDArray[np.int64] = order[np.sort(first)[:k]]
        return chosen

    def _clause_mask(self, allowed: Mask, hidden: int) -> Mask:
        mask: Mask = allowed[self._contents.policy_of] & (self._contents.sides != hidden)
        return mask

    def _hits(
        self,
        asked: tuple[Subject, Meanings],
        ids: NDArray[np.int64],
        lexical: Scores,
        dense: Scores | None,
        k: int,
        *,
        calibration: Calibration,
        news: bool,
    ) -> list[Hit]:
        """The best `k` of `ids` as hits, by confidence; equal ones stay in the order given."""
        contents = self._contents
        covered = contents.coverage.of(*asked, ids)
        reachable = contents.coverage.total(asked[0]) * (_K1 + 1)
        signals = Signals(
            covered.words,
            covered.heading,
            covered.characters,
            np.clip(lexical / reachable, 0, 1),
            dense,
            contents.inherited[ids],
            np.zeros(len(ids)) if news else contents.lower[ids],
            covered.asked,
        )
        confidence = calibration.confidence(signals)
        cosines = dense if dense is not None else np.zeros(len(ids))
        return [
            Hit(contents.clauses[ids[i]], float(confidence[i]), float(lexical[i]), float(cosines[i]))
            for i in np.argsort(-confidence, kind="stable")[:k]
        ]


def _stored(contents: _Contents, embedder: Embedder | None, folder: Path, store: StoreVectors) -> Searchers:
    """The searchers on disk, if they are whole and of these contents. Raises `IndexDamaged`."""
    generation = read_generation(folder)
    if generation.manifest.fingerprint != contents.fingerprint:
        raise IndexDamaged(f"{generation.path.name}: made from other policies.")
    if generation.manifest.embedder != (embedder.name if embedder else ""):
        raise IndexDamaged(f"{generation.path.name}: embedded by {generation.manifest.embedder or 'nothing'}.")
    lexical = LexicalIndex.open(generation.lexical, len(contents.clauses))
    space = None if embedder is None else VectorSpace(embedder, generation.means)
    return Searchers.of(lexical, space, generation.vectors, contents.langs, store)


def _contents(policies: Sequence[Policy], before: _Contents | None = None) -> _Contents:
    """Everything about `policies`; what was held `before` of the same ones is taken from there."""
    known = {(part.policy.key, part.policy.lang): part for part in before.parts} if before else {}
    vocabulary = before.vocabulary if before else Vocabulary()
    twice = [key for key, count in Counter((policy.key, policy.lang) for policy in policies).items() if count > 1]
    if twice:
        raise DocumentError(f"Two policies are {twice[0][0]} in {twice[0][1]}.", mend="Give one another id or version.")
    parts = tuple(_part(policy, known.get((policy.key, policy.lang)), vocabulary) for policy in policies)
    clauses = [clause for part in parts for clause in part.clauses]
    policy_of = np.repeat(np.arange(len(parts)), np.array([len(part.clauses) for part in parts], np.int64))
    sides = _sides(policies, parts)
    return _Contents(
        parts,
        tuple(clauses),
        tuple(digest for part in parts for digest in part.hashes),
        tuple(words for part in parts for words in part.words),
        Coverage(Held.joined([part.held for part in parts]), vocabulary),
        vocabulary,
        np.array([clause.policy.level == "temporary" for clause in clauses], np.float64),
        np.array([clause.policy.inherited and clause.policy.level == "shop" for clause in clauses], np.float64),
        policy_of.astype(np.int64),
        _numbered(clauses),
        np.array(sides, np.int64),
    )


def _part(policy: Policy, before: _Part | None, vocabulary: Vocabulary) -> _Part:
    if before is not None and before.policy == policy:
        return before
    clauses = tuple(split(policy))
    # a word is kept once, not once a clause: words are a third of what a large index holds
    words = tuple(tuple(map(intern, tokens(clause.search_text))) for clause in clauses)
    hashes = tuple(hashlib.sha256(clause.search_text.encode()).hexdigest() for clause in clauses)
    return _Part(policy, clauses, hashes, words, Held.of(clauses, words, vocabulary))


def _numbered(clauses: Sequence[Clause]) -> NDArray[np.int64]:
    """A number per clause, the same for the languages of one."""
    numbers: dict[tuple[str, str], int] = {}
    found = [numbers.setdefault((clause.policy.key, clause.anchor), len(numbers)) for clause in clauses]
    return np.array(found, np.int64)


def _sides(policies: Sequence[Policy], parts: Sequence[_Part]) -> list[int]:
    """0 for a clause in one language; only policies that are there in two need a closer look."""
    both = {key for key, count in Counter(policy.key for policy in policies).items() if count > 1}
    twins = Counter(_twin_key(clause) for part in parts if part.policy.key in both for clause in part.clauses)
    return [
        _SIDE[clause.policy.lang] if part.policy.key in both and twins[_twin_key(clause)] > 1 else 0
        for part in parts
        for clause in part.clauses
    ]


def _twin_key(clause: Clause) -> tuple[object, ...]:
    """Two languages of one clause stand in for each other only where both may be returned at the same times."""
    policy = clause.policy
    return clause.ref, policy.scope, policy.window, policy.status == "draft", policy.undated


def _begun(work: Callable[[], None]) -> Future[None]:
    worker = ThreadPoolExecutor(1, thread_name_prefix="index-rebuild")
    future = worker.submit(work)
    worker.shutdown(wait=False)
    return future


def _embedded(contents: _Contents, embedder: Embedder, known: Mapping[str, Vectors]) -> tuple[VectorSpace, Vectors]:
    """Vectors in clause order, and how they are compared; those of unchanged content are `known` by their hash."""
    missing = {
        digest: clause.search_text
        for digest, clause in zip(contents.hashes, contents.clauses, strict=True)
        if digest not in known
    }
    held = {**known, **(dict(zip(missing, embedder.embed(list(missing.values())), strict=True)) if missing else {})}
    rows = [held[digest] for digest in contents.hashes]
    vectors = np.stack(rows) if rows else np.zeros((0, embedder.dim), np.float32)
    return VectorSpace.learned(embedder, vectors, contents.langs), vectors


def _language(query: str) -> Lang:
    """Chinese when the question holds any Han character."""
    return "zh" if _HAN.search(query) else "en"
