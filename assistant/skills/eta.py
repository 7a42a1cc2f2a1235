"""When an order would leave and usually arrive: the shipping promise is firm, the days on the road are an estimate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from assistant.catalogue import Catalogue
from assistant.conversation import Card, Lang
from assistant.delivery import Region
from assistant.shop import Product
from assistant.wording import day, instant


@dataclass(frozen=True, slots=True)
class EtaRequest:
    """`region` is what the customer said; `paid_at` the instant of payment (now, for an order not yet placed).

    `promise_h` is the shop's own shipping promise, used when the product has none.
    """

    paid_at: datetime
    region: str = ""
    product_id: str | None = None
    promise_h: int = 48


@dataclass(frozen=True, slots=True)
class EtaAdvice:
    outcome: Literal["estimate", "leaves", "not_served", "ask"]
    """`leaves`: only when it is sent is known, for the shop keeps no table of delivery."""
    ship_by: datetime
    product: Product | None = None
    region: Region | None = None
    arrives: tuple[datetime, datetime] | None = None
    asks: tuple[str, ...] = ()

    def text(self, lang: Lang) -> str:
        leaves = instant(self.ship_by, lang)
        if lang == "zh":
            start = f"现在下单，最晚 {leaves} 前发出。"
            if self.outcome == "not_served":
                return f"这件商品目前不能配送到{self.region.name.zh if self.region else '那里'}。"
            if self.outcome == "leaves":
                return start
            if self.region is None or self.arrives is None:
                return start + "请问寄到哪个省市？我帮您看预计几天到。"
            low, high = self.region.days
            return (
                f"{start}寄到{self.region.name.zh}路上一般 {low}–{high} 天，预计 {day(self.arrives[0], lang)}"
                f"到 {day(self.arrives[1], lang)}送达。到达时间是预估，不是承诺。"
            )
        start = f"If you order now, it leaves by {leaves} at the latest."
        if self.outcome == "not_served":
            return (
                f"We cannot deliver this product to {self.region.name.en if self.region else 'that region'} at present."
            )
        if self.outcome == "leaves":
            return start
        if self.region is None or self.arrives is None:
            return start + " Which province or city is it going to? I will check the usual delivery time."
        low, high = self.region.days
        return (
            f"{start} To {self.region.name.en} it is usually {low}–{high} days on the road, so around "
            f"{day(self.arrives[0], lang)} to {day(self.arrives[1], lang)}. The arrival is an estimate, not a promise."
        )

    def card(self, lang: Lang) -> Card | None:
        return None


def advise(request: EtaRequest, catalogue: Catalogue) -> EtaAdvice:
    """The latest shipping instant and, for a region we know, the usual arrival days."""
    product = catalogue.product(request.product_id) if request.product_id else None
    hours = product.ship_promise_h if product and product.ship_promise_h else request.promise_h
    ship_by = request.paid_at + timedelta(hours=hours)
    region = catalogue.delivery.region(request.region) if catalogue.delivery else None
    if catalogue.delivery is None:
        return EtaAdvice("leaves", ship_by, product)
    if region is None:
        return EtaAdvice("ask", ship_by, product, asks=("region",))
    if not delivers(region, product):
        return EtaAdvice("not_served", ship_by, product, region)
    return EtaAdvice("estimate", ship_by, product, region, catalogue.delivery.arrival(region, ship_by))


def delivers(region: Region, product: Product | None) -> bool:
    """Whether the shop delivers there at all, and fresh food where it is fresh food."""
    return region.served and (region.fresh or product is None or product.category != "fresh")
