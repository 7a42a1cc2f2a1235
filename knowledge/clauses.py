"""The nouns of the knowledge layer: policy, clause, scope, window, hit.

Everything here is immutable data without I/O. Instants are aware `datetime`s; the trade's clock is Asia/Shanghai.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")

Level = Literal["statute", "platform", "category", "shop", "temporary"]
Status = Literal["in_force", "announced", "draft", "contested", "history"]
TemporalBasis = Literal["event", "pending_case"]
Audience = Literal["customer", "agent"]
Lang = Literal["zh", "en"]
LANGS: tuple[Lang, ...] = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open stretch of time `[start, end)`; `None` is unbounded on that side."""

    start: datetime | None = None
    end: datetime | None = None

    def contains(self, at: datetime) -> bool:
        return (self.start is None or self.start <= at) and (self.end is None or at < self.end)

    def overlaps(self, other: Window) -> bool:
        starts_before = self.start is None or other.end is None or self.start < other.end
        ends_after = self.end is None or other.start is None or other.start < self.end
        return starts_before and ends_after


@dataclass(frozen=True, slots=True)
class Place:
    """Where a question or an order stands. `None` means unknown, which a scoped rule may not assume."""

    platform: str | None = None
    region: str | None = None
    category: str | None = None
    channel: str | None = None
    audience: Audience = "customer"


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a policy applies. An empty set is *anywhere* on that axis."""

    platforms: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    audiences: frozenset[str] = frozenset()

    def covers(self, place: Place) -> bool:
        """True when no axis of the scope excludes `place`. An axis that `place` leaves unknown covers only
        *anywhere*.
        """
        pairs = (
            (self.platforms, place.platform),
            (self.regions, place.region),
            (self.categories, place.category),
            (self.channels, place.channel),
            (self.audiences, place.audience),
        )
        return all(not allowed or value in allowed for allowed, value in pairs)


ANYWHERE = Scope()


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of one document in one language, as its front matter states it. `text` is the original text."""

    id: str
    version: str
    title: str
    lang: Lang
    text: str = field(repr=False)
    level: Level = "shop"
    scope: Scope = ANYWHERE
    window: Window = Window()
    temporal_basis: TemporalBasis = "event"
    status: Status = "in_force"
    source: str = ""
    supersedes: str | None = None
    path: str = ""
    content_date: str | None = None
    """The date the content speaks of (ISO), which may differ from its publication date."""
    undated: bool = False
    """`effective: unknown`: the window could not be resolved, so the policy may be cited but decides nothing."""
    as_found: bool = False
    """The body is somebody else's text as it was found: it is cleaned before it is searched, and shown as a reading."""
    inherited: bool = False
    """Comes from a parent of the shop's pack: where the shop says the same thing itself, its own words go first."""
    confirmed: bool = True
    """False while date, scope and status are a machine's proposal that no person has confirmed."""
    asked: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False, hash=False)
    """By anchor, how customers ask for what a clause says (`knowledge.asked`)."""

    @property
    def key(self) -> str:
        """`id@version`, the same for every language of that version."""
        return f"{self.id}@{self.version}"


@dataclass(frozen=True, slots=True)
class Clause:
    """A citable passage of one version, with its half-open character span in `policy.text`.

    `policy.text[start:end] == text` always holds; `search_text` is what is indexed (folded and cleaned).
    """

    policy: Policy
    anchor: str
    heading: tuple[str, ...]
    text: str
    start: int
    end: int
    search_text: str = field(default="", repr=False)
    reading: str = field(default="", repr=False)
    """The text without artefacts and in Simplified script, where a text as it was found needs it; else empty."""

    @property
    def shown(self) -> str:
        """The words as a reader sees them: the reading where there is one, else the text itself."""
        return self.reading or self.text

    @property
    def id(self) -> str:
        """`policy@version#anchor/lang`; `ref` is the same without the language."""
        return f"{self.ref}/{self.policy.lang}"

    @property
    def ref(self) -> str:
        return f"{self.policy.key}#{self.anchor}"


@dataclass(frozen=True, slots=True)
class Hit:
    """A clause found by a search. `lexical` is BM25, `dense` a cosine in [-1, 1], `score` the calibrated confidence
    in [0, 1]; `reranked` what a second look says of it, in [0, 1], where there was one.
    """

    clause: Clause
    score: float
    lexical: float
    dense: float
    reranked: float | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of a clause with their half-open span in the document, so that a machine can check them.

    `reading` is how the same words are shown where they stand with artefacts or in another script; it is recomputed
    from the span when the quote is checked.
    """

    clause_id: str
    start: int
    end: int
    text: str
    reading: str = ""
