"""How wrong writes are made of right ones, over any data set: so many of a kind, no two alike, the same for a seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar, get_args

from evals.gate_run import Consent, Write

C = TypeVar("C")
"""What draws from a data set."""

TRIES = 50
"""How many draws are made at most for each write of a kind."""

CONSENT_CODES: dict[Consent, str] = {
    "nothing": "NOT_CONFIRMED",
    "no": "DECLINED",
    "late": "TOO_LATE",
    "twice": "ANSWERED_BEFORE",
    "other_terms": "OTHER_TERMS",
    "other_customer": "OTHER_TERMS",
    "never_proposed": "NOT_CONFIRMED",
}
"""Each answer that is no yes, with the code of the denial."""


def made(kind: str, maker: Callable[[C], Write | None], chance: C, n: int) -> Iterator[Write]:
    """Up to `n` different writes of a kind; fewer when the data does not yield them."""
    seen: set[str] = set()
    for _ in range(TRIES * n):
        if len(seen) == n:
            return
        write = maker(chance)
        if write is None or (name := repr(write)) in seen:
            continue
        seen.add(name)
        yield replace(write, kind=kind)


def unconfirmed(right: Callable[[C], Write | None]) -> dict[str, Callable[[C], Write | None]]:
    """Right writes with each kind of answer that is no yes."""
    return {f"consent {consent}": _answered(right, consent) for consent in get_args(Consent) if consent != "yes"}


def _answered(right: Callable[[C], Write | None], consent: Consent) -> Callable[[C], Write | None]:
    def maker(chance: C) -> Write | None:
        write = right(chance)
        return write and replace(write, consent=consent, codes=frozenset({CONSENT_CODES[consent]}))

    return maker


def overtaken(second: Callable[[C], Write | None]) -> Callable[[C], Write | None]:
    """The write that comes too late, proposed while it still was right: both proposals are open, both get their yes."""

    def maker(chance: C) -> Write | None:
        write = second(chance)
        return write and replace(write, before=(), between=write.before)

    return maker
