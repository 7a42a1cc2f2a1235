"""The rows of the conversation log, and how entries are appended to it inside a transaction.

Nothing here reads more than a bounded number of rows: a turn costs the same at the start of a talk and after years.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from assistant.conversation import (
    ENTRY,
    AgentSaid,
    Answered,
    Asked,
    Closed,
    Conversation,
    DialogueState,
    Entry,
    Logged,
    Understood,
)
from assistant.errors import Conflict, NotFound
from assistant.store.schema import Instant, conversations, log

Posted = Asked | Answered | AgentSaid
"""What a person sends, under an id of the sender's own."""


# Built once: putting a statement together costs several times more than running it.
_HEAD = select(conversations).where(conversations.c.id == bindparam("head_id"))
_SAME_ID = select(log).where(
    log.c.conversation_id == bindparam("talk"),
    log.c.kind == bindparam("of_kind"),
    log.c.client_id == bindparam("sender_id"),
)
_MOVE = update(conversations).where(
    conversations.c.id == bindparam("head_id"), conversations.c.last_seq == bindparam("seen_seq")
)
_MOVE_WAITING = _MOVE.values(
    waiting_since=func.coalesce(conversations.c.waiting_since, bindparam("waiting_at", type_=Instant()))
)
_ANSWERED = (
    update(log)
    .where(log.c.conversation_id == bindparam("talk"), log.c.open, log.c.turn <= bindparam("until"))
    .values(open=False)
)
_TOLD = (
    update(log)
    .where(log.c.conversation_id == bindparam("talk"), log.c.open, log.c.kind == Answered.model_fields["kind"].default)
    .values(open=False)
)
_LOG = insert(log)
_OPEN = select(log).where(log.c.conversation_id == bindparam("talk"), log.c.open).order_by(log.c.turn).limit(1)


def conversation_of(row: Mapping[Any, Any]) -> Conversation:
    """The head as its model."""
    fields = {name: row[name] for name in Conversation.model_fields if name != "state"}
    return Conversation(**fields, state=DialogueState.model_validate_json(row["state"]))


def logged_of(row: Mapping[Any, Any]) -> Logged:
    """A log row as its model."""
    return Logged(seq=row["seq"], turn=row["turn"], at=row["at"], entry=ENTRY.validate_json(row["body"]))


def head(connection: Connection, conversation_id: str) -> Conversation:
    """The head of a conversation. Raises `NotFound`."""
    row = connection.execute(_HEAD, {"head_id": conversation_id}).mappings().first()
    if row is None:
        raise NotFound("There is no such conversation.")
    return conversation_of(row)


def oldest_open(connection: Connection, conversation_id: str) -> Logged | None:
    """What the customer sent first of all that the assistant has not answered."""
    row = connection.execute(_OPEN, {"talk": conversation_id}).mappings().first()
    return None if row is None else logged_of(row)


def post(connection: Connection, conversation: Conversation, entry: Posted, at: datetime) -> tuple[Logged, bool]:
    """Append what a person sent, once per `client_id`; False when it already stands there.

    `conversation` is the head as this transaction read it. What the customer sends opens a turn. Raises `Conflict` when
    the id was used for something else or the conversation is closed.
    """
    same_id = {"talk": conversation.id, "of_kind": entry.kind, "sender_id": entry.client_id}
    row = connection.execute(_SAME_ID, same_id).mappings().first()
    if row is not None:
        before = logged_of(row)
        if before.entry != entry:
            raise Conflict("This client id was used for another message.", mend="Use a new id for a new message.")
        return before, False
    if conversation.closed:
        raise Conflict("The conversation is closed.", mend="Open a new one.")
    opens = not isinstance(entry, AgentSaid)
    turn = conversation.turns + 1 if opens else conversation.turns
    extra: dict[str, Any] = {"turns": turn}
    if isinstance(entry, Asked):
        extra["last_text"] = entry.text
    _, (logged,) = append(connection, conversation, [entry], at=at, turn=turn, opens=opens, waits=opens, extra=extra)
    if not opens:
        answer_until(connection, conversation.id, turn)
    return logged, True


def append(
    connection: Connection,
    conversation: Conversation,
    entries: Sequence[Entry],
    *,
    at: datetime,
    turn: int,
    opens: bool = False,
    waits: bool = False,
    extra: dict[str, Any] | None = None,
) -> tuple[Conversation, list[Logged]]:
    """Append `entries` behind the head the caller read, and write `extra` columns of the head.

    With `opens` they wait for the assistant's answer; with `waits` the customer waits from `at` on, if not for longer.
    Raises `Conflict` when the head has moved since: read it again and decide again.
    """
    start = conversation.last_seq
    logged = [
        Logged(seq=start + offset, turn=turn, at=at, entry=entry) for offset, entry in enumerate(entries, start=1)
    ]
    changes = {**(extra or {}), **_head_changes(entries), "last_seq": start + len(logged)}
    waits = waits and "waiting_since" not in changes
    seen = {"head_id": conversation.id, "seen_seq": start} | ({"waiting_at": at} if waits else {})
    moved = connection.execute(_MOVE_WAITING if waits else _MOVE, seen | changes)
    if moved.rowcount != 1:
        raise Conflict("The conversation has moved on.", mend="Read it again and try again.")
    if logged:
        connection.execute(_LOG, [_row(conversation, item, opens=opens) for item in logged])
    known = {name: value for name, value in changes.items() if name in Conversation.model_fields and name != "state"}
    return conversation.model_copy(update=known), logged


def answer_until(connection: Connection, conversation_id: str, turn: int) -> None:
    """Mark what was asked up to `turn` as answered; when nothing is left, nobody waits any more."""
    connection.execute(_ANSWERED, {"talk": conversation_id, "until": turn})


def answered(connection: Connection, conversation_id: str) -> None:
    """Mark the customer's answers to proposals as told; questions stay open."""
    connection.execute(_TOLD, {"talk": conversation_id})


def _head_changes(entries: Sequence[Entry]) -> dict[str, Any]:
    """What entries say about the head by themselves."""
    changes: dict[str, Any] = {}
    for entry in entries:
        if isinstance(entry, Closed):
            changes["closed"] = True
        elif isinstance(entry, Understood):
            changes["understood"] = entry.model_dump_json()
        elif isinstance(entry, AgentSaid):
            changes |= {"waiting_since": None, "escalated_at": None}
    return changes


def _row(conversation: Conversation, logged: Logged, *, opens: bool) -> dict[str, Any]:
    return {
        "conversation_id": conversation.id,
        "seq": logged.seq,
        "shop": conversation.shop,
        "turn": logged.turn,
        "at": logged.at,
        "kind": logged.entry.kind,
        "client_id": logged.entry.client_id if isinstance(logged.entry, Posted) else None,
        "open": opens,
        "body": logged.entry.model_dump_json(),
    }
