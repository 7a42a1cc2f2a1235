"""The outcome of a decision table, as data that can be logged, shown and proved again."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from knowledge.clauses import Place

FactValue: TypeAlias = bool | int | float | str | datetime | list[str] | None
"""A fact's value: money is an `int` in fen, a date an ISO string, an instant an aware `datetime`."""

Facts: TypeAlias = dict[str, FactValue]

Actor = Literal["bot", "agent", "supervisor", "legal", "customer", "seller", "carrier", "platform"]


@dataclass(frozen=True, slots=True)
class Decision:
    """What a table says about a set of facts.

    `code` is a result code of the table, e.g. `ELIGIBLE`, `LATE`, `ASK(condition_photos)`, `HUMAN(compensation)`.
    `amount` is in fen with `formula` as it is shown to an agent; `deadline` is an instant. `clauses` are clause
    references `policy@version#anchor` (no language), the versions in force at `at`. `read` are the facts that were
    read with their values: with `at`, `decided_at` and `place` all that is needed to decide the same again.
    """

    code: str
    table: str
    row: str
    policy: str
    clauses: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    amount: int | None = None
    formula: str | None = None
    deadline: datetime | None = None
    actor: Actor = "bot"
    appeal: str | None = None
    at: datetime | None = None
    read: dict[str, FactValue] = field(default_factory=dict[str, FactValue])
    place: Place | None = None
    decided_at: datetime | None = None
    pack: str | None = None
    """The hash under which the pack that decided is archived; None where it is not."""
    also: tuple[Decision, ...] = ()
    """In a table that accumulates: the further rows that matched."""

    @property
    def kind(self) -> str:
        """The code without its argument: `ASK(signed_at)` → `ASK`."""
        return self.code.partition("(")[0]

    @property
    def argument(self) -> str:
        """What stands in the code's brackets: `ASK(signed_at)` → `signed_at`; empty without brackets."""
        return self.code.partition("(")[2].rstrip(")")

    def __str__(self) -> str:
        """The canonical spelling of design and cases: `LATE: 8.40`, `DEADLINE: 2026-01-05 11:30`."""
        if self.amount is not None:
            return f"{self.code}: {self.amount // 100}.{self.amount % 100:02d}"
        if self.deadline is not None and self.code == "DEADLINE":
            return f"{self.code}: {self.deadline:%Y-%m-%d %H:%M}"
        return self.code
