"""Files customers sent, by SHA-256 below the data directory, and what is known of each in the database.

The original is kept as it came, for a dispute; what is shown is a copy without metadata. Equal files share their bytes.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal

from sqlalchemy import ColumnElement, Connection, func, insert, select

from assistant.conversation import Frozen
from assistant.errors import Conflict, FileRefused, NotFound, StoreUnavailable
from assistant.photos import Checked, MediaType, alike
from assistant.proposals import new_id
from assistant.store.database import Database
from assistant.store.schema import files

PER_CONVERSATION = 20
"""How many files one conversation takes."""

Signal = Literal["same_file_before", "looks_like_before", "same_file_other_customer", "looks_like_other_customer"]


class Attachment(Frozen):
    """What is known of a file. `name` is the sender's own word for it, for people only; `shows` the item of the
    evidence list it was sent for. `signals` are for people at the desk, never verdicts.
    """

    file_id: str
    client_id: str
    customer_id: str
    conversation_id: str
    order_id: str | None = None
    ticket_id: str | None = None
    shows: str | None = None
    name: str
    media_type: MediaType
    size: int
    sha256: str
    phash: str | None = None
    at: datetime
    signals: tuple[Signal, ...] = ()

    @property
    def medium(self) -> Literal["image", "pdf"]:
        return "pdf" if self.media_type == "application/pdf" else "image"


class FileStore:
    """The files of one shop. Without a folder they live in memory, for tests and evaluations."""

    def __init__(self, database: Database, shop: str, folder: Path | None) -> None:
        self._database = database
        self._shop = shop
        self._folder = folder
        self._memory: dict[str, bytes] = {}

    async def add(self, sent: Attachment, checked: Checked, content: bytes) -> tuple[Attachment, bool]:
        """Keep a file, once per client id; False when it was kept before. `sent` comes without signals.

        Raises `Conflict` when the client id was used for another file, `FileRefused` (`too_many_files`) and
        `StoreUnavailable` when the disk takes no more.
        """
        # what is refused leaves nothing on the disk
        await self._database.read(lambda connection: self._before(connection, sent))
        await asyncio.to_thread(self._put, checked.sha256, content)
        if checked.shown is not None:
            await asyncio.to_thread(self._put, f"{checked.sha256}.shown", checked.shown)

        def work(connection: Connection) -> tuple[Attachment, bool]:
            before = self._before(connection, sent)
            if before is not None:
                return before, False
            kept = sent.model_copy(update={"file_id": new_id(), "signals": self._signals(connection, sent)})
            row = kept.model_dump(include={
                "file_id", "customer_id", "conversation_id", "client_id", "order_id", "ticket_id", "sha256", "phash",
                "at",
            })  # fmt: skip
            connection.execute(insert(files).values(**row, shop=self._shop, body=kept.model_dump_json()))
            return kept, True

        return await self._database.write(work)

    async def find(self, file_id: str, *, customer_id: str | None = None) -> Attachment:
        """A file; with `customer_id`, only the customer's own. Raises `NotFound`."""
        found = await self._database.read(lambda connection: self._one(connection, files.c.file_id == file_id))
        if found is None or customer_id not in (None, found.customer_id):
            raise NotFound("There is no such file.")
        return found

    async def of_conversation(self, conversation_id: str) -> list[Attachment]:
        return await self._all(files.c.conversation_id == conversation_id)

    async def of_order(self, order_id: str) -> list[Attachment]:
        """Files that were sent about an order, oldest first."""
        return await self._all(files.c.order_id == order_id)

    async def original(self, attachment: Attachment) -> bytes:
        """The file as it came. Raises `NotFound` when its bytes are gone."""
        return await asyncio.to_thread(self._get, attachment.sha256)

    async def shown(self, attachment: Attachment) -> bytes | None:
        """The copy without metadata; None for a PDF."""
        if attachment.medium == "pdf":
            return None
        return await asyncio.to_thread(self._get, f"{attachment.sha256}.shown")

    async def _all(self, *which: ColumnElement[bool]) -> list[Attachment]:
        query = select(files.c.body).where(files.c.shop == self._shop, *which).order_by(files.c.at, files.c.file_id)
        bodies = await self._database.read(lambda connection: connection.execute(query).scalars().all())
        return [Attachment.model_validate_json(body) for body in bodies]

    def _one(self, connection: Connection, *which: ColumnElement[bool]) -> Attachment | None:
        body = connection.execute(select(files.c.body).where(files.c.shop == self._shop, *which)).scalar()
        return Attachment.model_validate_json(body) if body else None

    def _before(self, connection: Connection, sent: Attachment) -> Attachment | None:
        """The file that was kept under this client id. Raises `Conflict` and `FileRefused` as `add` does."""
        mine = files.c.conversation_id == sent.conversation_id
        before = self._one(connection, mine, files.c.client_id == sent.client_id)
        if before is not None and before.sha256 != sent.sha256:
            raise Conflict("This client id was used for another file.", mend="Use a new id for a new file.")
        count = connection.execute(select(func.count()).select_from(files).where(mine)).scalar_one()
        if before is None and count >= PER_CONVERSATION:
            raise FileRefused("There are too many files in this conversation.", code="too_many_files")
        return before

    def _signals(self, connection: Connection, sent: Attachment) -> tuple[Signal, ...]:
        """What the shop's earlier files say about this one: the same bytes or the same picture, and whose."""
        known = connection.execute(
            select(files.c.customer_id, files.c.sha256, files.c.phash, files.c.order_id).where(
                files.c.shop == self._shop, files.c.conversation_id != sent.conversation_id
            )
        ).all()
        return _compare(sent, [(row.customer_id, row.sha256, row.phash) for row in known])

    def _path(self, name: str) -> Path | None:
        return None if self._folder is None else self._folder / name[:2] / name

    def _put(self, name: str, content: bytes) -> None:
        path = self._path(name)
        if path is None:
            self._memory[name] = content
            return
        if path.exists():
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=".draft-")
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(draft).replace(path)
        except OSError as error:
            raise StoreUnavailable("The file could not be kept.", mend="Send it again in a moment.") from error

    def _get(self, name: str) -> bytes:
        path = self._path(name)
        if path is None and name in self._memory:
            return self._memory[name]
        if path is None or not path.is_file():
            raise NotFound("The file is no longer there.")
        return path.read_bytes()


def _compare(sent: Attachment, known: Sequence[tuple[str, str, str | None]]) -> tuple[Signal, ...]:
    found: set[Signal] = set()
    for customer_id, sha256, phash in known:
        own = customer_id == sent.customer_id
        if sha256 == sent.sha256:
            found.add("same_file_before" if own else "same_file_other_customer")
        elif phash and sent.phash and alike(phash, sent.phash):
            found.add("looks_like_before" if own else "looks_like_other_customer")
    return tuple(sorted(found))
