"""The case format: one JSON object a line that says who talks, when, what they say, and what must come of it.

A case owns its expectation. It may bring its own customers and orders inline; without them it plays in the pack's own
shop data, dated relative to its clock.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from knowledge.errors import XiaoerError

SCHEMA_ID = "xiaoer-case-1"


class Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Effect(Strict):
    """An effect the ledger must hold. `amount` is in fen; None accepts any."""

    action: str
    order: str | None = None
    amount: int | None = None


class Expect(Strict):
    """What must have come of a turn, or (at the end of a case) of the whole talk. An empty field expects nothing.

    `codes` are `DT-02:ELIGIBLE` (spelled as `Decision` prints them, `DT-14:LATE: 8.40`); `citations` are policy ids or
    clause references without version (`law/no-reason-return#counting`); `hand_off` True, False, or the reason;
    `proposal` the action proposed, or `none`. `must` and `must_not` are looked up in what the assistant said.
    """

    intents: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    proposal: str | None = None
    effects: tuple[Effect, ...] | None = None
    citations: tuple[str, ...] = ()
    hand_off: bool | str | None = None
    asks: str | None = None
    must: tuple[str, ...] = ()
    must_not: tuple[str, ...] = ()
    state_hash: str | None = None
    """SHA-256 of the shop's final orders, as `xiaoer eval` prints it: the outcome, whatever was said on the way."""


class Step(Strict):
    """One thing the customer does: say something, or answer the open proposal by its button."""

    say: str | None = None
    button: Literal["yes", "no"] | None = None
    order: str | None = None
    sku: str | None = None
    wait_minutes: int = 0
    """How long the clock runs before this step."""
    expect: Expect = Expect()


class Case(Strict):
    id: str
    group: str
    lang: Literal["zh", "en"] = "zh"
    pair: str | None = None
    """Cases of the same pair say the same in both languages and must come to the same decisions and effects."""
    now: AwareDatetime
    customer: str | None = None
    data: dict[str, Any] = Field(default_factory=dict)
    """Own `customers` and `orders` in the form of a pack's `orders.yaml`, replacing the pack's."""
    steps: tuple[Step, ...] = Field(min_length=1)
    expect: Expect = Expect()


def json_schema() -> dict[str, Any]:
    """The published JSON Schema of a line."""
    return {"$id": SCHEMA_ID, **Case.model_json_schema()}


def read_cases(path: Path) -> Iterator[Case]:
    """Cases of a JSONL file. Raises `XiaoerError` with file:line and the field at fault."""
    seen: dict[str, int] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise XiaoerError(f"{path}: cannot be read ({error}).", mend="Give a UTF-8 JSONL file.") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("//"):
            continue
        try:
            case = Case.model_validate(json.loads(line))
        except json.JSONDecodeError as error:
            raise XiaoerError(f"{path}:{number}: not JSON: {error.msg}.", mend="One JSON object a line.") from error
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise XiaoerError(f"{path}:{number}: `{where}`: {first['msg']}.", mend="See the JSON Schema.") from error
        if case.id in seen:
            raise XiaoerError(f"{path}:{number}: `{case.id}` stands in line {seen[case.id]} already.")
        seen[case.id] = number
        yield case
