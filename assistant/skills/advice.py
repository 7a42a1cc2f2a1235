"""What every skill returns, as far as a caller needs to know, and the wording they share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from assistant.conversation import Card, Lang


class Advice(Protocol):
    """An answer of a skill. `outcome` is a stable code; `asks` names what the customer should be asked for."""

    @property
    def outcome(self) -> str: ...

    @property
    def asks(self) -> tuple[str, ...]: ...

    def text(self, lang: Lang) -> str: ...

    def card(self, lang: Lang) -> Card | None: ...


def listed(parts: Iterable[str], lang: Lang) -> str:
    """`甲、乙` or `one, two`."""
    return ("、" if lang == "zh" else ", ").join(parts)


def plain(number: float) -> str:
    """`24.5`, and `55` for 55.0."""
    return f"{number:g}"
