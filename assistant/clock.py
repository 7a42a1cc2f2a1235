"""Time, injected. No other module of the project reads the wall clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol

from knowledge.clauses import SHANGHAI


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, aware, in Asia/Shanghai."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC).astimezone(SHANGHAI)


class FixedClock:
    """A clock that stands until told to move: for cases, replays and tests."""

    def __init__(self, at: datetime) -> None:
        if at.tzinfo is None:
            raise ValueError("an instant needs a time zone, e.g. 2026-01-05T11:30:00+08:00")
        self._at = at.astimezone(SHANGHAI)

    def now(self) -> datetime:
        return self._at

    def advance(self, by: timedelta) -> None:
        self._at += by
