"""Whose a conversation is: the place in the queue, taking, transfer on acceptance, and silence that is noted once.

First asked, first owner (首问责任制): a conversation handed to people has exactly one owner; it changes hands only when
the other accepts, and whoever stays silent too long brings it before a supervisor.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, func, or_, select

from assistant.conversation import (
    Conversation,
    Entry,
    Escalated,
    GivenBack,
    Logged,
    TakenOver,
    TransferAnswered,
    TransferOffered,
)
from assistant.errors import Conflict, NotAuthorised
from assistant.store import log as rows
from assistant.store.database import Database
from assistant.store.schema import conversations

_TAKES = 20
"""How many takings the expected wait is reckoned from."""
_RECENT = timedelta(hours=4)
"""Takings before this do not tell how fast people take conversations now."""
_ENOUGH = 3
"""With fewer takings no wait is named: it would be a guess."""


@dataclass(frozen=True, slots=True)
class QueuePlace:
    """`place` counts from 1. `expected_wait` is None when too little was taken lately to tell."""

    place: int
    expected_wait: timedelta | None


class OwnershipStore:
    """Who owns the conversations of one shop."""

    def __init__(self, database: Database, shop: str) -> None:
        self._database = database
        self._shop = shop

    async def place_in_queue(self, conversation_id: str, at: datetime) -> QueuePlace | None:
        """The place of a conversation among those that wait for a person; None when it does not wait for one.

        The expected wait is the mean gap between the latest takings times the place. Raises `NotFound`.
        """
        return await self._database.read(lambda connection: self._place(connection, conversation_id, at))

    async def next_place(self, at: datetime) -> QueuePlace:
        """The place a conversation gets that is handed to people now."""
        return await self._database.read(lambda connection: self._behind(connection, self._waiting(connection), at))

    def _place(self, connection: Connection, conversation_id: str, at: datetime) -> QueuePlace | None:
        head = rows.head(connection, conversation_id)
        if head.owner != "queue" or head.closed or head.shop != self._shop:
            return None
        mine = head.queued_at or head.opened_at
        since = func.coalesce(conversations.c.queued_at, conversations.c.opened_at)
        earlier = or_(since < mine, (since == mine) & (conversations.c.id < head.id))
        return self._behind(connection, self._waiting(connection, earlier), at)

    def _waiting(self, connection: Connection, *which: ColumnElement[bool]) -> int:
        """How many conversations wait for a person."""
        table = conversations.c
        count = select(func.count()).where(
            table.shop == self._shop, table.owner == "queue", table.closed.is_(False), *which
        )
        return int(connection.execute(count).scalar_one())

    def _behind(self, connection: Connection, before: int, at: datetime) -> QueuePlace:
        table = conversations.c
        taken: Sequence[datetime] = (
            connection.execute(
                select(table.taken_at)
                .where(table.shop == self._shop, table.taken_at.is_not(None), table.taken_at >= at - _RECENT)
                .order_by(table.taken_at.desc())
                .limit(_TAKES)
            )
            .scalars()
            .all()
        )
        place = before + 1
        if len(taken) < _ENOUGH:
            return QueuePlace(place, None)
        return QueuePlace(place, (taken[0] - taken[-1]) / (len(taken) - 1) * place)

    async def take(self, conversation_id: str, agent: str, at: datetime, *, supervises: bool = False) -> list[Logged]:
        """Make `agent` the owner of a conversation nobody owns; nothing happens when it is theirs already.

        A supervisor (`supervises`) may also take one whose owner stayed silent. Raises `NotFound`, and `Conflict` when
        a colleague owns it: only a transfer that is accepted changes that.
        """

        def work(connection: Connection) -> list[Logged]:
            head = self._open(connection, conversation_id)
            if head.owner == "agent" and head.agent == agent:
                return []
            if head.owner == "agent" and not (supervises and head.escalated_at is not None):
                raise Conflict("A colleague owns this conversation.", mend="Ask them to transfer it.")
            return self._hand(connection, head, TakenOver(agent=agent), agent, at)

        return await self._database.write(work)

    async def offer(self, conversation_id: str, agent: str, to: str, at: datetime) -> list[Logged]:
        """Offer a conversation to a colleague: it stays `agent`'s until they accept.

        Raises `NotAuthorised` when it is not `agent`'s, `Conflict` when it is offered to its own owner.
        """

        def work(connection: Connection) -> list[Logged]:
            head = self._owned(connection, conversation_id, agent)
            if to == agent:
                raise Conflict("It is yours already.")
            return self._append(connection, head, [TransferOffered(agent=agent, to=to)], at, {"transfer_to": to})

        return await self._database.write(work)

    async def answer_offer(self, conversation_id: str, agent: str, at: datetime, *, accept: bool) -> list[Logged]:
        """Accept or decline a conversation that was offered to `agent`. Raises `NotAuthorised` when it was not."""

        def work(connection: Connection) -> list[Logged]:
            head = self._open(connection, conversation_id)
            if head.owner != "agent" or head.transfer_to != agent:
                raise NotAuthorised("This conversation was not offered to you.")
            said = TransferAnswered(agent=agent, accepted=accept)
            if accept:
                return self._hand(connection, head, said, agent, at)
            return self._append(connection, head, [said], at, {"transfer_to": None})

        return await self._database.write(work)

    async def give_back(self, conversation_id: str, agent: str, at: datetime, *, supervises: bool) -> list[Logged]:
        """Give a conversation back to the assistant. Raises `NotAuthorised` when it is a colleague's."""

        def work(connection: Connection) -> list[Logged]:
            head = self._open(connection, conversation_id)
            if head.owner == "agent" and head.agent != agent and not supervises:
                raise NotAuthorised("A colleague owns this conversation.")
            nobody = {"owner": "assistant", "agent": None, "transfer_to": None, "escalated_at": None}
            return self._append(connection, head, [GivenBack(agent=agent)], at, nobody)

        return await self._database.write(work)

    async def require_owner(self, conversation_id: str, agent: str) -> Conversation:
        """The head of a conversation `agent` owns. Raises `NotAuthorised` when it is not theirs."""
        return await self._database.read(lambda connection: self._owned(connection, conversation_id, agent))

    async def escalate_silent(self, before: datetime, at: datetime) -> list[str]:
        """Bring conversations whose customer has waited since `before` or longer before a supervisor, each once.

        Their ids. It stays with its owner until a supervisor takes it; an answer ends the alarm.
        """

        def work(connection: Connection) -> list[str]:
            found = self._silent(connection, before)
            for head in found:
                self._append(connection, head, [Escalated(silent=head.agent)], at, {"escalated_at": at})
            return [head.id for head in found]

        return await self._database.write(work) if await self.silent(before) else []

    async def silent(self, before: datetime) -> list[Conversation]:
        """Conversations with people whose customer has waited since `before` or longer, and no supervisor knows."""
        return await self._database.read(lambda connection: self._silent(connection, before))

    def _silent(self, connection: Connection, before: datetime) -> list[Conversation]:
        table = conversations.c
        query = select(conversations).where(
            table.shop == self._shop,
            table.owner.in_(("queue", "agent")),
            table.closed.is_(False),
            table.waiting_since <= before,
            table.escalated_at.is_(None),
        )
        return [rows.conversation_of(row) for row in connection.execute(query).mappings().all()]

    def _open(self, connection: Connection, conversation_id: str) -> Conversation:
        head = rows.head(connection, conversation_id)
        if head.closed:
            raise Conflict("The conversation is closed.")
        return head

    def _owned(self, connection: Connection, conversation_id: str, agent: str) -> Conversation:
        head = self._open(connection, conversation_id)
        if head.owner != "agent" or head.agent != agent:
            raise NotAuthorised("This conversation is not yours.", mend="Take it over first.")
        return head

    def _hand(self, connection: Connection, head: Conversation, entry: Entry, agent: str, at: datetime) -> list[Logged]:
        owner = {"owner": "agent", "agent": agent, "transfer_to": None, "escalated_at": None, "taken_at": at}
        return self._append(connection, head, [entry], at, owner, waits=True)

    def _append(
        self,
        connection: Connection,
        head: Conversation,
        entries: Sequence[Entry],
        at: datetime,
        columns: Mapping[str, object],
        *,
        waits: bool = False,
    ) -> list[Logged]:
        return rows.append(connection, head, entries, at=at, turn=head.turns, waits=waits, extra=dict(columns))[1]
