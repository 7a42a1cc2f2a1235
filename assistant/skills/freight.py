"""What delivery to a region costs, from the shop's own table; fees in fen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from assistant.catalogue import Catalogue
from assistant.conversation import Card, Lang
from assistant.delivery import Delivery, Region
from assistant.shop import Product
from assistant.wording import money


@dataclass(frozen=True, slots=True)
class FreightRequest:
    """`region` is what the customer said; `goods` the value of the goods in fen where it is known."""

    region: str = ""
    product_id: str | None = None
    goods: int | None = None


@dataclass(frozen=True, slots=True)
class FreightAdvice:
    """`fee` in fen; None when it is not known. `free_over` is where the usual freight ends."""

    outcome: Literal["free", "fee", "surcharge", "not_served", "ask"]
    delivery: Delivery | None = None
    product: Product | None = None
    region: Region | None = None
    fee: int | None = None
    asks: tuple[str, ...] = ()

    def text(self, lang: Lang) -> str:
        carriers = self._carriers(lang)
        if self.region is None or (self.fee is None and self.outcome != "not_served"):
            ask = "请问寄到哪个省市？我按运费表帮您看。" if lang == "zh" else "Which province or city is it going to?"
            return f"{self._free_over(lang)}{ask}{carriers}"
        name = self.region.name.in_(lang)
        if self.outcome == "not_served":
            return (
                f"这件商品目前不能配送到{name}。" if lang == "zh" else f"We cannot deliver this to {name} at present."
            )
        return (self._zh(name) if lang == "zh" else self._en(name)) + carriers

    def _zh(self, name: str) -> str:
        fee = money(self.fee or 0)
        match self.outcome:
            case "free":
                return f"寄到{name}包邮，不收运费。"
            case "surcharge":
                extra = money(self.region.surcharge if self.region else 0)
                return f"寄到{name}需付运费 {fee}，其中偏远地区附加费 {extra}。"
            case _:
                over = money(self.delivery.free_over) if self.delivery else ""
                return f"寄到{name}运费 {fee}，商品满 {over} 免基础运费。"

    def _en(self, name: str) -> str:
        fee = money(self.fee or 0)
        match self.outcome:
            case "free":
                return f"Delivery to {name} is free."
            case "surcharge":
                extra = money(self.region.surcharge if self.region else 0)
                return f"Delivery to {name} costs {fee}, of which {extra} is the remote-area surcharge."
            case _:
                over = money(self.delivery.free_over) if self.delivery else ""
                return f"Delivery to {name} costs {fee}; the usual freight is waived for goods from {over}."

    def _free_over(self, lang: Lang) -> str:
        """What holds for all places with a fee of their own: from which value on the usual freight is waived."""
        if self.delivery is None or not self.delivery.free_over:
            return ""
        over = money(self.delivery.free_over)
        if lang == "zh":
            return f"商品满 {over} 免基础运费，偏远地区的附加费另算。"
        return f"The usual freight is waived for goods from {over}; a remote-area surcharge may remain. "

    def _carriers(self, lang: Lang) -> str:
        choice = self.delivery.carrier_choice if self.delivery else None
        return ("" if lang == "zh" else " ") + choice.in_(lang) + ("。" if lang == "zh" else ".") if choice else ""

    def card(self, lang: Lang) -> Card | None:
        return None


def advise(request: FreightRequest, catalogue: Catalogue) -> FreightAdvice:
    """The fee to the region that was named. Without a goods value the product's own price counts."""
    delivery = catalogue.delivery
    product = catalogue.product(request.product_id) if request.product_id else None
    region = delivery.region(request.region) if delivery else None
    if delivery is None or region is None:
        return FreightAdvice("ask", delivery, product, asks=("region",))
    if not region.served or (product is not None and product.category == "fresh" and not region.fresh):
        return FreightAdvice("not_served", delivery, product, region)
    goods = request.goods if request.goods is not None else (product.variants[0].price if product else 0)
    fee = delivery.fee(region, goods, freight_free=bool(product and product.freight_free))
    outcome: Literal["free", "fee", "surcharge"] = "surcharge" if region.surcharge else "fee"
    return FreightAdvice("free" if fee == 0 else outcome, delivery, product, region, fee)
