"""The named moments on the way from a yes to a receipt: where a process may die, and a test lets it.

A point is reached inside or right after the transaction it is named for: `.written` before the commit, `.committed`
after it. Whatever happens there, recovery must end in exactly one effect, told once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

POINTS: tuple[str, ...] = (
    "yes.received", "request.written", "request.committed",
    "approval.written", "approval.committed", "refusal.written", "refusal.committed",
    "expiry.written", "expiry.committed",
    "permit.written", "permit.committed",
    "execute.sending", "execute.answered", "execute.looking_up",
    "settle.written", "settle.committed",
    "recover.found", "recover.answered", "recover.written", "recover.committed",
    "finding.written", "finding.committed", "resolution.written", "resolution.committed",
)  # fmt: skip


Steps: TypeAlias = Callable[[str], None]
"""Hears of every point as it is reached; raising or killing the process there is a crash at that point."""


def unobserved(point: str) -> None:
    """Nobody listens: what runs in production."""
