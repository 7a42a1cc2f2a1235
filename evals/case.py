"""The case format: one JSON object a line that says who talks, when, what they say, and what must come of it.

A case owns its expectation. It may bring its own customers and orders inline; without them it plays in the pack's own
shop data, dated relative to its clock. The published JSON Schema is `evals/case.schema.json`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from knowledge.errors import XiaoerError

SCHEMA_ID = "xiaoer-case-1"
SCHEMA_FILE = Path(__file__).with_name("case.schema.json")


class Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Effect(Strict):
    """An effect that was carried out. `amount` is in fen; None accepts any."""

    action: str
    order: str | None = None
    amount: int | None = None


class Expect(Strict):
    """What must have come of a step, or (at the end of a case) of the whole talk. A field left out expects nothing.

    A code is spelled `TABLE:CODE`, with its amount in yuan or not: `DT-02:ELIGIBLE`, `DT-14:LATE: 8.40`, `DT-02:ASK`,
    `DT-02:ASK(condition_photos)`. A citation is a policy or clause, with its version or without:
    `law/no-reason-return`, `law/no-reason-return#counting`; `news/` stands for the whole family.
    """

    intents: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    not_codes: tuple[str, ...] = ()
    proposal: str | None = None
    """The action that must be proposed; `none` when nothing may be."""
    effects: tuple[Effect, ...] | None = None
    """Exactly these effects, in any order. Left out at the end of a case: those its steps name, and no other."""
    citations: tuple[str, ...] = ()
    not_citations: tuple[str, ...] = ()
    hand_off: bool | str | None = None
    """Whether a person is brought in, or the reason for which."""
    urgent: bool | None = None
    must: tuple[str, ...] = ()
    """Words the customer must have seen, said or in a proposal; `a|b` is met by either. Case is ignored."""
    must_not: tuple[str, ...] = ()
    cards: tuple[str, ...] = ()
    """Kinds of cards shown."""
    state_hash: str | None = None
    """SHA-256 of the customer's final orders, as `xiaoer eval` prints it: the outcome, whatever was said on the way."""


class Step(Strict):
    """One thing the customer does: say something, or answer the open proposal by its button."""

    say: str | None = None
    button: Literal["yes", "no"] | None = None
    order: str | None = None
    """The order the customer tapped with the message."""
    sku: str | None = None
    """The product page the message was sent from."""
    wait_minutes: int = Field(default=0, ge=0)
    """How long the clock runs before this step."""
    expect: Expect = Expect()

    @model_validator(mode="after")
    def _one_deed(self) -> Step:
        if (self.say is None) == (self.button is None):
            raise ValueError("a step either says something or presses a button")
        return self


class Case(Strict):
    id: str
    group: str
    lang: Literal["zh", "en"] = "zh"
    pair: str | None = None
    """Cases of the same pair say the same in both languages and must come to the same decisions and effects."""
    skip: str | None = None
    """Why this case is not played for now. It counts as skipped, never as passed."""
    now: AwareDatetime
    customer: str | None = None
    """Who is signed in; left out for a visitor."""
    data: dict[str, Any] = Field(default_factory=dict)
    """Own `customers` and `orders` (with their parcels and tickets) in the form of a pack's `orders.yaml`, replacing
    the pack's.
    """
    steps: tuple[Step, ...] = Field(min_length=1)
    expect: Expect = Expect()


def json_schema() -> dict[str, Any]:
    """The published JSON Schema of a line."""
    return {"$id": SCHEMA_ID, "title": "xiaoer case", **Case.model_json_schema()}


def read_cases(path: Path) -> Iterator[Case]:
    """Cases of a JSONL file; empty lines and `//` lines are passed over.

    Raises `XiaoerError` with file:line and the field at fault.
    """
    seen: dict[str, int] = {}
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise XiaoerError(f"{path}: cannot be read ({error}).", mend="Give a UTF-8 JSONL file.") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("//"):
            continue
        case = case_of(line, f"{path}:{number}")
        if case.id in seen:
            raise XiaoerError(
                f"{path}:{number}: case `{case.id}` stands in line {seen[case.id]} already.", mend="Give it its own id."
            )
        seen[case.id] = number
        yield case


def case_of(line: str, where: str) -> Case:
    """One line as a case. Raises `XiaoerError` that names `where` and the field at fault."""
    try:
        return Case.model_validate(json.loads(line))
    except json.JSONDecodeError as error:
        raise XiaoerError(
            f"{where}: not JSON: {error.msg} at character {error.pos + 1}.", mend="One JSON object a line."
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "the case"
        raise XiaoerError(f"{where}: `{field}`: {first['msg']}.", mend=f"See {SCHEMA_FILE.name}.") from error
