"""What the naive tellings share: a case with all its facts, what is told of it, and the trade's clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

CN = timezone(timedelta(hours=8))
TAOBAO = ("taobao", "tmall")


@dataclass(frozen=True)
class Case:
    """The facts of one case and where and when it stands. `decided_at` is when it is judged."""

    facts: Mapping[str, Any]
    platform: str | None
    at: datetime
    decided_at: datetime

    def __getitem__(self, name: str) -> Any:
        return self.facts[name]

    def has(self, name: str) -> bool:
        return name in self.facts

    def shop(self, name: str, usual: Any) -> Any:
        """One of the shop's own figures: what is given, else what holds for a shop that says nothing."""
        return self.facts.get(name, usual)

    @property
    def on_taobao(self) -> bool:
        """Taobao's own rules of 15 August 2025 hold; they judge a case that is still open by the newest version."""
        return self.platform in TAOBAO and self.decided_at >= on(2025, 8, 15)

    def on_jd_since(self, year: int, month: int, day: int) -> bool:
        """A rule of JD holds that judges by the day on which it happened."""
        return self.platform == "jd" and self.at >= on(year, month, day)


@dataclass(frozen=True)
class Told:
    """A code, with money (fen) and a deadline where the rule names one. `timed` is false where no deadline is told."""

    code: str
    amount: int | None = None
    deadline: datetime | None = field(default=None)
    timed: bool = False

    def __str__(self) -> str:
        return f"{self.code} {self.amount if self.amount is not None else ''} {self.deadline or ''}".rstrip()


NO_RULE = Told("HUMAN(rule)")


def by(code: str, moment: datetime | None) -> Told:
    """A code with a deadline that is told too."""
    return Told(code, None, moment, timed=True)


def on(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=CN)


def day_of(moment: datetime) -> int:
    """The number of the calendar day on the trade's clock."""
    return moment.astimezone(CN).date().toordinal()


def days_between(first: datetime, second: datetime) -> int:
    return day_of(second) - day_of(first)


def hours_between(first: datetime, second: datetime) -> Decimal:
    """Exact, by the second and below."""
    gap = second - first
    return Decimal(gap.days * 86_400_000_000 + gap.seconds * 1_000_000 + gap.microseconds) / Decimal(3_600_000_000)


def midnight_after(moment: datetime, days: int) -> datetime:
    """24:00 of the day that lies `days` after the date of `moment`."""
    that_day = datetime.fromordinal(day_of(moment) + days + 1)
    return that_day.replace(tzinfo=CN)


def share(fen: int, percent: int) -> int:
    """So many percent, a half fen rounded up."""
    return part(fen, percent * 100)


def part(fen: int, basis_points: int) -> int:
    """So many hundredths of a percent, a half fen rounded up."""
    return int((Decimal(fen) * basis_points / 10_000).quantize(Decimal(1), ROUND_HALF_UP))


def between(low: int, amount: int, high: int) -> int:
    return sorted((low, amount, high))[1]
