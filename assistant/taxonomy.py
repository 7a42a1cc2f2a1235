"""The intents a shop knows, as its pack lists them (`intents.yaml`): examples, cues, order of service."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from assistant.shop import Text
from assistant.typed import typed
from knowledge.errors import XiaoerError

_BETWEEN = re.compile(r" / |\n")
_NEGATED = re.compile(
    r"(?:不用|不要|不必|不需要|不想|不是要?|不会|无需|没说要?|没要|没有说|别|勿|"
    r"\b(?:no|not|don'?t|do not|doesn'?t|no need|never|without)(?: (?:want|need|have))?(?: to| for| an?| any)?)"
    r"(?:再|给我|帮我|你们?|跟我|去| )*$"
)
"""What voids a cue when it stands right before it: 不用转人工, 别退了, no need for an agent."""


class Intent(BaseModel):
    """One second-level intent. `zh`/`en` are examples, `more_zh`/`more_en` those a shop adds to an inherited intent.

    `cues` are regular expressions over folded text: where one matches, no negation stands right before it and no
    `unless` matches, the intent is meant; where a `never` matches, or no cue and not all of `needs`, it is not.
    `absorbs` names the more general intents that go without saying when this one is found in the same message.
    `order` says whether it speaks of an order the customer has. The smaller the `priority` the earlier it is served;
    `risk` marks what a person must look at.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    l1: Literal["pre_sale", "order_logistics", "after_sale", "complaint_risk", "general"]
    labels: Text
    zh: tuple[str, ...]
    en: tuple[str, ...]
    more_zh: tuple[str, ...] = ()
    more_en: tuple[str, ...] = ()
    cues: tuple[re.Pattern[str], ...] = ()
    unless: tuple[re.Pattern[str], ...] = ()
    never: tuple[re.Pattern[str], ...] = ()
    needs: tuple[re.Pattern[str], ...] = ()
    absorbs: tuple[str, ...] = ()
    order: Literal["none", "own", "any"] = "any"
    priority: int = Field(default=50, ge=0, le=100)
    risk: bool = False

    @field_validator("zh", "en", "more_zh", "more_en", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return (
            tuple(part.strip() for part in _BETWEEN.split(value) if part.strip()) if isinstance(value, str) else value
        )

    @property
    def examples(self) -> tuple[str, ...]:
        return self.zh + self.more_zh + self.en + self.more_en

    def ruled_out(self, folded: str) -> bool:
        if self.needs and not all(pattern.search(folded) for pattern in self.needs) and self.cued(folded) is None:
            return True
        return any(pattern.search(folded) for pattern in self.never)

    def cued(self, folded: str) -> str | None:
        """The words of `folded` that give this intent away, or None."""
        for cue in self.cues:
            for found in cue.finditer(folded):
                if found.group() and not _NEGATED.search(folded[: found.start()]):
                    return None if any(guard.search(folded) for guard in self.unless) else found.group()
        return None


@dataclass(frozen=True)
class Taxonomy:
    """All intents of a shop, by name, in the pack's order."""

    intents: Mapping[str, Intent]

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Taxonomy:
        """Type the merged `intents.yaml` of a pack. Raises `XiaoerError` that names the intent and the field."""
        found: dict[str, Intent] = {}
        for name, entry in data.get("intents", {}).items():
            found[name] = typed(Intent, {"name": name, **entry}, where="intents.yaml", under=["intents", name])
        if len(found) < 2:
            raise XiaoerError("The pack lists fewer than two intents.", mend="Let shop.yaml extend cn_retail.")
        return cls(found)

    def examples(self) -> Iterator[tuple[str, str]]:
        """Every example with the name of its intent, in a fixed order."""
        for intent in self.intents.values():
            for example in intent.examples:
                yield example, intent.name
