"""Retention offers (挽单): what may stand beside a proposal once DT-21 allows one, never instead of it.

An offer solves the customer's reason first (size, time, missing part). It never delays, hides or replaces the refund,
says so in its own words, and is made once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from assistant.shop import Text
from assistant.typed import typed

Stage = Literal["before_shipping", "in_transit", "after_receipt"]


class Offer(BaseModel):
    """One rung of the ladder: for these reasons at this stage. `button` takes it up by saying `says`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    reasons: tuple[str, ...]
    stages: tuple[Stage, ...]
    kind: Literal["exchange", "change_order", "expedite", "wait", "guidance", "information"]
    text: Text
    button: Text | None = None
    says: Text | None = None


class OfferBook(BaseModel):
    """The ladder of a shop, the cheapest true fix first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    offers: tuple[Offer, ...] = ()
    promise: Text = Text(
        zh="这只是多一个选择，不影响您的退款。", en="This is only another option; your refund is not affected."
    )

    def choose(self, reason: str | None, stage: Stage) -> Offer | None:
        """The first rung that fits the reason given; none without a reason, for a guess would be pushing."""
        if reason is None:
            return None
        return next((o for o in self.offers if reason in o.reasons and stage in o.stages), None)


def read_offers(data: Mapping[str, Any]) -> OfferBook:
    """Type the merged `offers.yaml` of a pack. Raises `XiaoerError` that names the key at fault."""
    return typed(OfferBook, data, where="offers.yaml")


def stage_of(order_state: str) -> Stage:
    """Where in its life an order stands for the ladder."""
    if order_state in {"CREATED", "PAID"}:
        return "before_shipping"
    return "after_receipt" if order_state in {"SIGNED", "COMPLETED"} else "in_transit"
