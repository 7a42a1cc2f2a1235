"""An index that follows a shop's documents while it is open: what is withdrawn stops answering, what is new begins to.

Before each question one `stat` asks whether the register of documents has changed. If so, what is no longer published
is hidden there and then, and the index is brought up to date beside it, only what is new being embedded; questions go
on being answered meanwhile and never wait. `watch` does the same without a question, so that a published document is
found within a second even in a process that nobody has asked for an hour.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import datetime
from typing import Protocol, runtime_checkable

from knowledge.clauses import Clause, Hit, Lang, Place, Policy
from knowledge.documents import Documents
from knowledge.errors import XiaoerError
from knowledge.register import Signature
from knowledge.search import ClauseIndex

EVERY_S = 0.25
"""How often a watcher looks."""


@runtime_checkable
class Clauses(Protocol):
    """What answers need of an index: `ClauseIndex` for a fixed set of policies, `LiveIndex` for a shop's,
    `RerankedIndex` before either."""

    @property
    def policies(self) -> tuple[Policy, ...]: ...

    @property
    def documents(self) -> tuple[Policy, ...]: ...

    @property
    def clauses(self) -> tuple[Clause, ...]: ...

    @property
    def rebuild(self) -> Future[None] | None: ...

    @property
    def takes_time(self) -> bool: ...

    def prepare(self, questions: Sequence[str], *, as_of: datetime, place: Place, lang: Lang | None = None) -> None: ...

    def settle(self) -> bool: ...

    def clause(self, ref_or_id: str, lang: Lang | None = None) -> Clause: ...

    def search(
        self,
        query: str,
        *,
        as_of: datetime,
        place: Place,
        lang: Lang | None = None,
        k: int = 5,
        include_undated: bool = False,
    ) -> list[Hit]: ...


class LiveIndex:
    """The policies of a pack, which stay, and the documents of a shop as they are now. Safe for use from threads.

    `fault` says why the last change could not be taken over (a file broken by hand); the index before it stays.
    """

    def __init__(self, index: ClauseIndex, pack: Sequence[Policy], documents: Documents, seen: Signature) -> None:
        self._pack = tuple(pack)
        self._fixed = {(policy.key, policy.lang) for policy in self._pack}
        self._whole = index
        self._show(index)
        self._documents = documents
        self._seen = seen
        self._looking = threading.Lock()
        self._bringing: threading.Thread | None = None
        self._stop = threading.Event()
        self.fault: XiaoerError | OSError | None = None

    @classmethod
    def open(
        cls, pack: Sequence[Policy], documents: Documents, build: Callable[[Sequence[Policy]], ClauseIndex]
    ) -> LiveIndex:
        """Build the index of the pack and its documents by `build`. Raises as `Documents.policies` and `build` do."""
        seen = documents.signature
        return cls(build((*pack, *documents.policies())), pack, documents, seen)

    @property
    def index(self) -> ClauseIndex:
        """The index as it is now, fixed: for several reads that have to agree."""
        self._look()
        return self._index

    @property
    def policies(self) -> tuple[Policy, ...]:
        return self.index.policies

    @property
    def documents(self) -> tuple[Policy, ...]:
        """Those of the policies that the shop took in itself."""
        self._look()
        return self._own

    @property
    def clauses(self) -> tuple[Clause, ...]:
        return self.index.clauses

    @property
    def rebuild(self) -> Future[None] | None:
        return self._index.rebuild

    @property
    def takes_time(self) -> bool:
        """See `ClauseIndex.takes_time`."""
        return self.index.takes_time

    def prepare(self, questions: Sequence[str], *, as_of: datetime, place: Place, lang: Lang | None = None) -> None:
        """See `ClauseIndex.prepare`."""
        self.index.prepare(questions, as_of=as_of, place=place, lang=lang)

    def clause(self, ref_or_id: str, lang: Lang | None = None) -> Clause:
        """See `ClauseIndex.clause`."""
        return self.index.clause(ref_or_id, lang)

    def search(
        self,
        query: str,
        *,
        as_of: datetime,
        place: Place,
        lang: Lang | None = None,
        k: int = 5,
        include_undated: bool = False,
    ) -> list[Hit]:
        """See `ClauseIndex.search`."""
        return self.index.search(query, as_of=as_of, place=place, lang=lang, k=k, include_undated=include_undated)

    @property
    def behind(self) -> bool:
        """Whether a change is being taken over just now."""
        return self._bringing is not None and self._bringing.is_alive()

    def settle(self) -> bool:
        """Wait until everything that had changed when this was called is taken over: True."""
        while True:
            self._look()
            with self._looking:
                thread = self._bringing
                if not self.behind and self._documents.signature == self._seen:
                    return True
            if thread is not None:
                thread.join()

    def watch(self, every: float = EVERY_S) -> LiveIndex:
        """Look for changes without being asked, until `close` or until nobody holds this index."""
        threading.Thread(
            target=_watching, args=(weakref.ref(self), self._stop, every), name="documents", daemon=True
        ).start()
        return self

    def close(self) -> None:
        """Stop watching."""
        self._stop.set()

    def _look(self) -> None:
        if self._documents.signature == self._seen or not self._looking.acquire(blocking=False):
            return
        try:
            now = self._documents.signature
            if now == self._seen:
                return
            self._hide()
            self._seen = now
            if self._bringing is None or not self._bringing.is_alive():
                self._bringing = threading.Thread(target=self._bring, name="documents-index", daemon=True)
                self._bringing.start()
        finally:
            self._looking.release()

    def _hide(self) -> None:
        """Take out what is no longer published; reads the register, no text."""
        try:
            live = self._documents.live()
        except XiaoerError as error:
            self.fault = error
            return
        held = {(policy.key, policy.lang) for policy in self._whole.policies}
        if gone := held - live - self._fixed:
            self._show(self._whole.without(gone))

    def _show(self, index: ClauseIndex) -> None:
        self._own = tuple(policy for policy in index.policies if (policy.key, policy.lang) not in self._fixed)
        self._index = index

    def _bring(self) -> None:
        """Bring the index up to date; once more if it changed meanwhile."""
        while True:
            seen = self._documents.signature
            try:
                built = self._whole.changed_to((*self._pack, *self._documents.policies()))
            except (XiaoerError, OSError) as error:
                self.fault = error
                return
            with self._looking:
                self._whole, self.fault = built, None
                self._show(built)
                if self._documents.signature == seen == self._seen:
                    self._bringing = None
                    return
                self._hide()
                self._seen = self._documents.signature


def _watching(index: weakref.ref[LiveIndex], stop: threading.Event, every: float) -> None:
    while not stop.wait(every):
        live = index()
        if live is None:
            return
        live._look()
        del live
