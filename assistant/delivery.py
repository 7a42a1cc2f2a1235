"""Where the shop delivers, what it costs and how long it usually takes. Estimates, never promises; fees in fen."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import cached_property

from pydantic import Field

from assistant.conversation import Frozen
from assistant.shop import Text
from knowledge.clauses import SHANGHAI
from knowledge.text import fold

_SENT_TO = re.compile(
    r"(?=(?:[寄发送运到往去]|\b(?:to|ship|send|deliver|delivery))(?:到|往|去|给|至|\s+to)?"
    r"\s?((?:the )?[a-z]+(?: [a-z]+)?|\w{2,5}))"
)
"""A word of sending and the beginning of what follows it, which may be a place."""


class Region(Frozen):
    """A delivery region: other names people give it, usual days on the road, and what it costs.

    `fee` is the usual freight; `surcharge` is charged even on goods with free shipping; `served` is False where the
    shop cannot deliver.
    """

    name: Text
    also: tuple[str, ...] = ()
    days: tuple[int, int]
    fee: int = Field(default=0, ge=0)
    surcharge: int = Field(default=0, ge=0)
    served: bool = True
    fresh: bool = True
    """Whether fresh food can be sent there."""


class Delivery(Frozen):
    """The shop's delivery terms. `free_over` in fen: from there the usual freight is waived."""

    ships_from: Text
    free_over: int = Field(default=0, ge=0)
    cutoff_hour: int = Field(default=16, ge=0, le=24)
    """Orders paid before this hour usually leave the same day; an aim, the promise is `ship_promise_h`."""
    carriers: tuple[Text, ...] = ()
    carrier_choice: Text | None = None
    regions: tuple[Region, ...] = ()

    def carrier(self, name: str) -> Text:
        """A carrier by the name a parcel carries, in both languages; an unknown one keeps its name."""
        return next((each for each in self.carriers if name in (each.zh, each.en)), Text(zh=name, en=name))

    def region(self, text: str) -> Region | None:
        """The region named in `text` (a province, a city we know, Chinese or English); the longest name wins."""
        said = fold(text)
        return next((region for name, region in self._named if name in said), None)

    @cached_property
    def _named(self) -> list[tuple[str, Region]]:
        """The regions by each of their folded names, the longest first."""
        named = [
            (fold(name), region) for region in self.regions for name in (region.name.zh, region.name.en, *region.also)
        ]
        return sorted(named, key=lambda pair: -len(pair[0]))

    def destination(self, text: str) -> Region | None:
        """The region that `text` asks to send to (`寄到日本`); one that only says where goods are from is none."""
        said = fold(text)
        named = (self.region(match.group(1)) for match in _SENT_TO.finditer(said))
        return next((region for region in named if region is not None), None)

    def fee(self, region: Region, goods: int, *, freight_free: bool) -> int:
        """Freight in fen for goods worth `goods` after reductions; `freight_free` is the product's own promise."""
        waived = freight_free or goods >= self.free_over
        return region.surcharge + (0 if waived else region.fee)

    def arrival(self, region: Region, ship_by: datetime) -> tuple[datetime, datetime]:
        """The usual arrival window counted from the latest shipping instant: starts of the first and last day."""
        start = ship_by.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
        return start + timedelta(days=region.days[0]), start + timedelta(days=region.days[1])
