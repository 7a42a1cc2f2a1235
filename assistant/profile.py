"""The shop's own figures and voice, as `shop.yaml` states them, typed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from assistant.shop import Text
from assistant.typed import typed


class Greeting(BaseModel):
    """A quick reply of the first screen: its label and what it says for the customer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: Text
    text: Text


class DoorService(BaseModel):
    """A service at the customer's door: where (no regions: everywhere the shop delivers) and when it is offered."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["pickup_return", "deliver_install", "swap", "repair"]
    regions: tuple[str, ...] = ()
    start: AwareDatetime | None = None
    end: AwareDatetime | None = None

    def offered(self, region: str | None, at: datetime) -> bool:
        """Whether it is offered in `region` at `at`; half-open in time."""
        here = not self.regions or region in self.regions
        return here and (self.start is None or self.start <= at) and (self.end is None or at < self.end)


class ShopProfile(BaseModel):
    """What the engine needs to know of a shop. Money in fen; `*_bp` in basis points of the amount paid.

    Other keys of `shop.yaml` (promotions, freight, carriers) belong to the catalogue and are read there.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    key: str = "demo"
    name: Text
    platforms: tuple[str, ...] = ("taobao",)
    languages: tuple[Literal["zh", "en"], ...] = ("zh", "en")
    region: str | None = None
    brand_color: str = "#2f6f5e"
    greeting: Text = Text(zh="您好，请问有什么可以帮您？", en="Hello, how can I help you?")
    quick_replies: tuple[Greeting, ...] = ()
    hours: Text | None = None

    ship_promise_h: int = 48
    late_scale: str = "none"
    no_reason_days: int = 7
    aftersale_audit_h: int = 48
    price_protect_days: int = 15
    freight_cover_cap: int = 1200
    door_services: tuple[DoorService, ...] = ()
    bot_goodwill_cap: int = 5000
    bot_goodwill_bp: int = 1500
    bot_goodwill_90d: int = 10000
    goodwill_budget: int | None = None
    front_line_limit: int = 100000
    approval_hours: int = Field(default=24, ge=1)
    owner_silence_minutes: int = Field(default=30, ge=1)
    retention_max_offers: int = 1
    proposal_minutes: int = Field(default=30, ge=1)
    answer_confidence: float = 0.5
    """Below this a clause is not an answer (calibrated confidence, 0 to 1)."""

    @property
    def platform(self) -> str:
        """The platform a question is about when neither it nor an order names one."""
        return self.platforms[0]


def read_profile(data: Mapping[str, Any], *, key: str) -> ShopProfile:
    """Type the merged `shop.yaml` of a pack. Raises `XiaoerError` that names the key at fault."""
    return typed(ShopProfile, {**data, "key": data.get("key", key)}, where="shop.yaml")
