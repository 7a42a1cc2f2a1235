"""The writes a pack allows, as data (`writes.yaml`): which table decides each, and the terms the customer agrees to."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from assistant.flows import TermLine
from assistant.shop import Text
from assistant.typed import typed
from knowledge.errors import XiaoerError

ALLOW = "ALLOW"
"""The code with which a table lets a write be proposed."""


class Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class WriteRule(Strict):
    """One kind of write. `table` decides it; `args` must be there, `optional` may be, and no others.

    The values of `terms` take arguments and the facts of the decision by name, and `{amount}`.
    """

    table: str
    args: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    title: Text
    terms: tuple[TermLine, ...] = ()


class WriteBook(Strict):
    """All writes of a pack. `scope` is the table asked first, with the fact `write`: is this a thing we do at all?

    `consent` is asked with the fact `answer` (`yes`, `no`, `none`, `late`, `settled`, `other_terms`,
    `second_person`): may it happen upon this answer?
    """

    scope: str
    consent: str
    writes: dict[str, WriteRule]

    def problems(self, tables: Collection[str]) -> Iterator[str]:
        """Tables that are named and not there."""
        named = {"scope": self.scope, "consent": self.consent}
        named |= {f"writes.{name}.table": rule.table for name, rule in self.writes.items()}
        for where, table in named.items():
            if table not in tables:
                yield f"`{where}` names {table}, which no policy has"


def read_writes(data: Mapping[str, Any], tables: Collection[str]) -> WriteBook:
    """Type the merged `writes.yaml` of a pack, whose policies have `tables`.

    Raises `XiaoerError` that names the key at fault.
    """
    book = typed(WriteBook, data, where="writes.yaml")
    for problem in book.problems(tables):
        raise XiaoerError(f"writes.yaml: {problem}.", mend="Correct the name, or add the table.")
    return book
