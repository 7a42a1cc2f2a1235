"""The shop's documents as the desk works with them: every verb off the event loop, searchable when it returns."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import structlog

from assistant.settings import Settings
from knowledge.clauses import Policy
from knowledge.documents import DOCUMENTS_FOLDER, Documents
from knowledge.ingest import FileReport
from knowledge.intake import Terms, take_upload
from knowledge.live_index import Clauses

if TYPE_CHECKING:
    from assistant.turn import Assistant

log = structlog.get_logger("server")

SETTLING_S = 5.0
"""How long an answer waits for the index. What is withdrawn is hidden at the next question in any case."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Library:
    """The documents of one shop. `pack` are the policies that no document may restate."""

    documents: Documents
    pack: tuple[Policy, ...]
    index: Clauses
    reading: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    """One file is read at a time: a reader may take a gigabyte of memory."""

    async def take(self, name: str, content: bytes, terms: Terms, at: datetime) -> FileReport:
        """Read a file that was sent, in a process with limits, and keep it. Raises `DocumentError` or `PackError`."""
        terms = replace(terms, pack=self.pack)
        async with self.reading:
            return await asyncio.to_thread(self._take, name, content, at, terms)

    def _take(self, name: str, content: bytes, at: datetime, terms: Terms) -> FileReport:
        with tempfile.TemporaryDirectory(prefix="xiaoer-") as folder:
            path = Path(folder) / name
            path.write_bytes(content)
            return take_upload(self.documents, path, at=at, terms=terms)

    async def settled(self) -> bool:
        """Wait until this process finds what was published. False when that takes longer than an answer may."""
        bringing = asyncio.create_task(asyncio.to_thread(self.index.settle))
        with suppress(TimeoutError):
            return await asyncio.wait_for(asyncio.shield(bringing), SETTLING_S)
        return False

    async def off_loop(self, work: Callable[[], T]) -> T:
        """`work` in a thread: it reads files, may wait for another writer, and writes durably."""
        return await asyncio.to_thread(work)


def open_library(assistant: Assistant, settings: Settings) -> Library | None:
    """The documents beside the shop's data; None where it is kept in memory only."""
    from assistant.build import IN_MEMORY

    if settings.database_url == IN_MEMORY:
        return None
    documents = Documents(settings.directory(assistant.profile.key) / DOCUMENTS_FOLDER)
    for version, error in documents.damaged():
        log.warning("document_damaged", document=version.key, file=version.file, what=error.what, mend=error.mend)
    return Library(documents, assistant.engine.policies.pack.policies, assistant.engine.index)
