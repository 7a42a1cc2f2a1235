"""What people at the desk say is out of date, as it is kept. A report changes no answer and no decision by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, insert, select, update

from assistant.errors import NotFound
from assistant.proposals import new_id
from assistant.store.database import Database
from assistant.store.schema import clause_reports as table


@dataclass(frozen=True, slots=True)
class ClauseReport:
    """`agent` says that the clause `ref` (`policy@version#anchor`) is out of date, and why. Open until it is closed."""

    report_id: str
    ref: str
    agent: str
    conversation_id: str | None
    reason: str
    at: datetime
    closed_at: datetime | None = None
    closed_by: str | None = None
    note: str = ""


class ClauseReports:
    """The reports of one shop."""

    def __init__(self, database: Database, shop: str) -> None:
        self._database = database
        self._shop = shop

    async def report(
        self, ref: str, *, agent: str, reason: str, conversation_id: str | None, at: datetime
    ) -> tuple[ClauseReport, bool]:
        """Keep what `agent` says of a clause; False when they had said so before: then the reason is the new one, and
        a report that was closed is open again.
        """
        said = {"reason": reason, "conversation_id": conversation_id, "at": at, "closed_at": None, "closed_by": None}
        mine = (table.c.shop == self._shop) & (table.c.ref == ref) & (table.c.agent == agent)

        def work(connection: Connection) -> tuple[ClauseReport, bool]:
            known = connection.execute(update(table).where(mine).values(**said, note="")).rowcount
            if not known:
                row = {"shop": self._shop, "report_id": new_id(), "ref": ref, "agent": agent, "note": ""}
                connection.execute(insert(table).values(**row, **said))
            return _report(connection.execute(select(table).where(mine)).mappings().one()), not known

        return await self._database.write(work)

    async def close(self, report_id: str, *, by: str, note: str, at: datetime) -> ClauseReport:
        """Say that a report was looked at; one that is closed stays as it is. Raises `NotFound`."""
        this = (table.c.shop == self._shop) & (table.c.report_id == report_id)

        def work(connection: Connection) -> ClauseReport:
            still = this & table.c.closed_at.is_(None)
            connection.execute(update(table).where(still).values(closed_at=at, closed_by=by, note=note))
            row = connection.execute(select(table).where(this)).mappings().first()
            if row is None:
                raise NotFound("There is no such report.")
            return _report(row)

        return await self._database.write(work)

    async def open(self, *, limit: int = 200) -> list[ClauseReport]:
        """The open reports, newest first."""
        query = select(table).where(table.c.shop == self._shop, table.c.closed_at.is_(None))

        def work(connection: Connection) -> list[ClauseReport]:
            return [
                _report(row) for row in connection.execute(query.order_by(table.c.at.desc()).limit(limit)).mappings()
            ]

        return await self._database.read(work)


def _report(row: RowMapping) -> ClauseReport:
    return ClauseReport(**{name: row[name] for name in ClauseReport.__dataclass_fields__})
