"""What the log says about answers: questions that got none, and how often each clause was cited."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, select, text

from assistant.conversation import Asked, Cited, Done, Gap, Lang, Understood
from assistant.store import log as rows
from assistant.store.database import Database
from assistant.store.schema import conversations, log

_REPORTED = text("log.kind IN ('cited', 'done')")
"""Literally the condition of the index `ix_log_report`, which SQLite uses for nothing else."""
_PAGE = 500


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A question without a sure answer, as the customer wrote it: mask it before it is shown."""

    conversation_id: str
    seq: int
    at: datetime
    lang: Lang
    text: str
    gap: Gap
    understood: Understood | None


@dataclass(frozen=True, slots=True)
class Cite:
    """How often a clause was cited, by its id `policy@version#anchor/lang`, and when last."""

    clause: str
    times: int
    last_at: datetime


class AnswerLog:
    """The answers of one shop."""

    def __init__(self, database: Database, shop: str) -> None:
        self._database = database
        self._shop = shop

    async def unanswered(self, since: datetime, *, limit: int) -> list[Unanswered]:
        """The newest `limit` questions without a sure answer from `since` on, newest first."""
        ends = (
            self._since(since, "done")
            .where(log.c.body.like('%"gap":"%'), log.c.body.not_like('%"gap":""%'))
            .order_by(log.c.at.desc())
            .limit(limit)
        )

        def work(connection: Connection) -> list[Unanswered]:
            found = [(row, rows.logged_of(row)) for row in connection.execute(ends).mappings()]
            return [
                question
                for row, logged in found
                if isinstance(logged.entry, Done)
                and (question := _question(connection, row["conversation_id"], logged.turn, logged.entry.gap))
            ]

        return await self._database.read(work)

    async def cites(self, since: datetime) -> list[Cite]:
        """How often each clause was cited from `since` on, most often first."""

        def work(connection: Connection) -> list[Cite]:
            times: Counter[str] = Counter()
            last: dict[str, datetime] = {}
            for clause, at in _cited(connection, self._since(since, "cited")):
                times[clause] += 1
                last[clause] = max(at, last.get(clause, at))
            return [Cite(clause, count, last[clause]) for clause, count in times.most_common()]

        return await self._database.read(work)

    def _since(self, since: datetime, kind: str) -> Select[Any]:
        return select(log).where(_REPORTED, log.c.shop == self._shop, log.c.kind == kind, log.c.at >= since)


def _question(connection: Connection, conversation_id: str, turn: int, gap: Gap) -> Unanswered | None:
    """What was asked in that turn; None where a button was pressed instead."""
    query = (
        select(log, conversations.c.lang)
        .join(conversations, conversations.c.id == log.c.conversation_id)
        .where(and_(log.c.conversation_id == conversation_id, log.c.turn == turn))
        .where(log.c.kind.in_(("asked", "understood")))
        .order_by(log.c.seq)
    )
    asked: Unanswered | None = None
    for row in connection.execute(query).mappings():
        logged = rows.logged_of(row)
        if isinstance(logged.entry, Asked):
            asked = Unanswered(conversation_id, logged.seq, logged.at, row["lang"], logged.entry.text, gap, None)
        elif isinstance(logged.entry, Understood) and asked is not None:
            lang = logged.entry.lang
            asked = Unanswered(conversation_id, asked.seq, asked.at, lang, asked.text, gap, logged.entry)
    return asked


def _cited(connection: Connection, query: Select[Any]) -> Iterator[tuple[str, datetime]]:
    """A page of rows at a time, so that years of a busy shop need no more memory than a day."""
    for row in connection.execute(query.execution_options(yield_per=_PAGE)).mappings():
        logged = rows.logged_of(row)
        if isinstance(logged.entry, Cited):
            yield logged.entry.citation.clause, logged.at
