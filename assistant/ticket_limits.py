"""How long each party to a ticket has: limits as data, and the instants they end at. Pure.

Two clocks that are never mixed: rolling hours count from the instant, calendar days end at 24:00 Shanghai time of the
last day. A limit that ends at an instant still holds at that instant.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from knowledge.clauses import SHANGHAI

ALERT_POINTS = (50, 80)
"""Percent of a limit of the seller at which the desk is told."""

STATUTORY_ANSWER = timedelta(days=15)
"""A statutory claim unanswered for longer is deliberate delay (SAMR penalty measures 8 and 9; DT-06 R8)."""

_OPENS, _CLOSES = 9, 18
"""Business hours in which the time for further evidence counts, every day (DT-06 R3)."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A span in exactly one unit."""

    hours: int = 0
    days: int = 0
    business_hours: int = 0
    working_days: int = 0

    def end(self, start: datetime) -> datetime:
        """The last instant that is still in time."""
        if self.hours:
            return start + timedelta(hours=self.hours)
        if self.business_hours:
            return _business_end(start, timedelta(hours=self.business_hours))
        return end_of_day(start, self.days) if self.days else _working_end(start, self.working_days)


def end_of_day(at: datetime, days: int) -> datetime:
    """24:00 Shanghai time of the day `days` after `at`."""
    day = at.astimezone(SHANGHAI).date() + timedelta(days=days + 1)
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)


def _business_end(start: datetime, span: timedelta) -> datetime:
    """`span` later, counted between 09:00 and 18:00 only: four hours from 10:00 end at 14:00, from 14:01 at 09:01."""
    at = start.astimezone(SHANGHAI)
    while True:
        opens = at.replace(hour=_OPENS, minute=0, second=0, microsecond=0)
        closes = at.replace(hour=_CLOSES, minute=0, second=0, microsecond=0)
        at = max(at, opens)
        if at < closes and at + span <= closes:
            return at + span
        span -= max(closes - at, timedelta())
        at = opens + timedelta(days=1)


def _working_end(start: datetime, days: int) -> datetime:
    """24:00 of the `days`-th Monday to Friday after `start`. Public holidays are not known here, so none is skipped."""
    at, left = start.astimezone(SHANGHAI), days
    while left:
        at += timedelta(days=1)
        left -= at.weekday() < 5
    return end_of_day(at, 0)
