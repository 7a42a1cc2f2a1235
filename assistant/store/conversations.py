"""Conversations as they are kept: a head and an append-only log, changed together in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, RowMapping, Select, insert, select

from assistant.conversation import (
    AgentSaid,
    Answered,
    Asked,
    Conversation,
    DialogueState,
    Done,
    Entry,
    Lang,
    Logged,
    Understood,
)
from assistant.errors import NotFound
from assistant.proposals import Proposal, Settled, new_id
from assistant.steps import Steps, unobserved
from assistant.store import log as rows
from assistant.store.database import Database
from assistant.store.ledger_store import LedgerStore
from assistant.store.proposals import Past, insert_proposals, past_of, record_settled
from assistant.store.schema import conversations, log

Owner = Literal["assistant", "agent", "queue"]


@dataclass(frozen=True, slots=True)
class QueueHead:
    """A conversation as the desk's queue shows it. `waiting_since` is None when nobody waits for an answer."""

    conversation: Conversation
    last_text: str | None
    waiting_since: datetime | None
    understood: Understood | None


@dataclass(frozen=True, slots=True)
class Opening:
    """What a turn begins from, all of one view. `waiting` is the oldest entry the assistant has not answered."""

    conversation: Conversation
    waiting: Logged | None
    past: Past


class ConversationStore:
    """Conversations of all shops of a database."""

    def __init__(self, database: Database, ledger: LedgerStore, *, steps: Steps = unobserved) -> None:
        self._steps = steps
        self._database = database
        self._ledger = ledger

    async def open(
        self, shop: str, customer_id: str | None, channel: str = "widget", lang: Lang = "zh", *, at: datetime
    ) -> Conversation:
        """Begin a conversation under a new, unguessable id. Without `customer_id` the customer is anonymous."""
        conversation = Conversation(
            id=new_id(),
            shop=shop,
            customer_id=customer_id,
            channel=channel,
            lang=lang,
            opened_at=at,
            state=DialogueState(lang=lang),
        )
        fields = conversation.model_dump(exclude={"state"}) | {"state": conversation.state.model_dump_json()}
        insertion = insert(conversations).values(fields)
        await self._database.write(lambda connection: connection.execute(insertion).rowcount)
        return conversation

    async def get(self, conversation_id: str, *, customer_id: str | None, shop: str | None = None) -> Conversation:
        """The head, for its customer only; `customer_id=None` asks as the desk, without that check.

        Raises `NotFound` for an absent conversation and for somebody else's alike.
        """
        return await self._database.read(lambda connection: _own(connection, conversation_id, customer_id, shop))

    async def opening(self, conversation_id: str, *, customer_id: str | None, shop: str | None = None) -> Opening:
        """What the next turn begins from. Raises `NotFound`, as `get`."""

        def work(connection: Connection) -> Opening:
            head = _own(connection, conversation_id, customer_id, shop)
            return Opening(head, rows.oldest_open(connection, conversation_id), past_of(connection, head))

        return await self._database.read(work)

    async def ask(
        self,
        conversation_id: str,
        asked: Asked,
        at: datetime,
        *,
        customer_id: str | None = None,
        shop: str | None = None,
    ) -> tuple[Logged, bool]:
        """Log what the customer wrote, before anything is done about it; it opens a turn.

        The same `client_id` again gives the first entry and False. Raises `NotFound` as `get` does, and `Conflict` when
        the id was used for another message or the conversation is closed.
        """

        def work(connection: Connection) -> tuple[Logged, bool]:
            return rows.post(connection, _own(connection, conversation_id, customer_id, shop), asked, at)

        return await self._database.write(work)

    async def answer(self, conversation_id: str, answered: Answered, at: datetime) -> tuple[Logged, bool]:
        """Log a button's yes or no; it opens a turn, as `ask` does."""
        return await self._post(conversation_id, answered, at)

    async def agent_said(self, conversation_id: str, said: AgentSaid, at: datetime) -> tuple[Logged, bool]:
        """Log an agent's message, once per `client_id`; it answers all that was asked so far."""
        return await self._post(conversation_id, said, at)

    async def _post(self, conversation_id: str, entry: rows.Posted, at: datetime) -> tuple[Logged, bool]:
        def work(connection: Connection) -> tuple[Logged, bool]:
            return rows.post(connection, rows.head(connection, conversation_id), entry, at)

        return await self._database.write(work)

    async def commit(
        self,
        conversation: Conversation,
        entries: Sequence[Entry],
        *,
        at: datetime,
        state: DialogueState | None = None,
        owner: Owner | None = None,
        agent: str | None = None,
        lang: Lang | None = None,
        proposals: Sequence[Proposal] = (),
        settled: Sequence[Settled] = (),
        turn_done: bool,
        turn: int | None = None,
    ) -> tuple[Conversation, list[Logged]]:
        """Append a turn's entries and all that follows from them in one transaction.

        `conversation` is the head the turn was computed from: when the log has grown since, `Conflict` is raised and
        nothing is written; read the head again and decide again. With `owner`, the talk changes hands to `agent`.
        `turn` is the turn the entries belong to: by default that of their `Done`, else the newest one.
        """
        turn = turn if turn is not None else _turn_of(entries, conversation)
        changes: dict[str, Any] = {}
        if state is not None:
            changes["state"] = state.model_dump_json()
        if owner is not None:
            changes |= {"owner": owner, "agent": agent, "transfer_to": None, "escalated_at": None}
            if owner != "assistant":
                changes["queued_at" if owner == "queue" else "taken_at"] = at
        if lang is not None:
            changes["lang"] = lang
        waits = owner in ("queue", "agent")
        if turn_done and not waits and (owner or conversation.owner) == "assistant":
            changes["waiting_since"] = None

        def work(connection: Connection) -> tuple[Conversation, list[Logged]]:
            written = rows.append(connection, conversation, entries, at=at, turn=turn, waits=waits, extra=changes)
            insert_proposals(connection, proposals)
            for end in settled:
                record_settled(connection, self._ledger, end, shop=conversation.shop, at=at)
            if turn_done:
                rows.answer_until(connection, conversation.id, turn)
            if settled:
                self._steps("settle.written")
            return written

        moved, logged = await self._database.write(work)
        if settled:
            self._steps("settle.committed")
        return (moved.model_copy(update={"state": state}) if state is not None else moved), logged

    async def read(self, conversation_id: str, after: int = 0, limit: int = 500) -> list[Logged]:
        """Entries with `seq > after`, oldest first, at most `limit`."""
        query = (
            select(log)
            .where(log.c.conversation_id == conversation_id, log.c.seq > after)
            .order_by(log.c.seq)
            .limit(limit)
        )
        return [rows.logged_of(row) for row in await self._all(query)]

    async def recent(self, conversation_id: str, n: int = 30) -> list[Logged]:
        """The newest `n` entries, oldest first: what a turn may look back at."""
        query = select(log).where(log.c.conversation_id == conversation_id).order_by(log.c.seq.desc()).limit(n)
        return [rows.logged_of(row) for row in await self._all(query)][::-1]

    async def unanswered(self, shop: str) -> list[tuple[Conversation, Logged]]:
        """What customers sent and the assistant has not answered, oldest first: where to go on after a kill."""
        query = (
            select(log, *(column.label(f"head_{column.name}") for column in conversations.c))
            .join(conversations, conversations.c.id == log.c.conversation_id)
            .where(
                log.c.open,
                log.c.shop == shop,
                conversations.c.owner == "assistant",
                conversations.c.closed.is_(False),
            )
            .order_by(log.c.at, log.c.seq)
        )
        found = await self._all(query)
        heads = [{name.removeprefix("head_"): row[name] for name in row if name.startswith("head_")} for row in found]
        return [(rows.conversation_of(head), rows.logged_of(dict(row))) for head, row in zip(heads, found, strict=True)]

    async def queue(
        self, shop: str, *, owners: Sequence[Owner] = ("queue", "agent"), limit: int = 200
    ) -> list[QueueHead]:
        """Open conversations in these hands, those who wait longest first, then those where nobody waits."""
        query = (
            select(conversations)
            .where(conversations.c.shop == shop, conversations.c.owner.in_(owners), conversations.c.closed.is_(False))
            .order_by(conversations.c.waiting_since.is_(None), conversations.c.waiting_since, conversations.c.opened_at)
            .limit(limit)
        )
        found = await self._all(query)
        return [
            QueueHead(
                conversation=rows.conversation_of(row),
                last_text=row["last_text"],
                waiting_since=row["waiting_since"],
                understood=Understood.model_validate_json(row["understood"]) if row["understood"] else None,
            )
            for row in found
        ]

    async def _all(self, query: Select[Any]) -> Sequence[RowMapping]:
        return await self._database.read(lambda connection: connection.execute(query).mappings().all())


def _own(connection: Connection, conversation_id: str, customer_id: str | None, shop: str | None) -> Conversation:
    head = rows.head(connection, conversation_id)
    if customer_id not in (None, head.customer_id) or shop not in (None, head.shop):
        raise NotFound("There is no such conversation.")
    return head


def _turn_of(entries: Sequence[Entry], conversation: Conversation) -> int:
    return next((entry.turn for entry in entries if isinstance(entry, Done)), conversation.turns)
