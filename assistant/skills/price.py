"""What a basket costs in the end, with its sum shown; or which promotions are in force. Exact in fen.

Only promotions in force at the asked instant and open to the buyer are counted, in the best combination that the shop's
terms allow; what would need a member or a new customer is named but not counted. Nothing is said of the
future.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from assistant.catalogue import Catalogue
from assistant.conversation import Card, Lang
from assistant.delivery import Region
from assistant.promotions import BasketLine, Condition, Deal, Promotion, best_deal
from assistant.shop import Product
from assistant.wording import instant, money

_NAMED = 3


@dataclass(frozen=True, slots=True)
class PriceRequest:
    """`items` are sku and quantity; none asks which promotions are in force (for `product_id`, else for the shop).

    `buyer` holds the conditions the buyer is known to meet, from the shop's records and never from what was typed.
    """

    now: datetime
    items: tuple[tuple[str, int], ...] = ()
    product_id: str | None = None
    region: str = ""
    buyer: frozenset[Condition] = frozenset()


@dataclass(frozen=True, slots=True)
class PricedLine:
    line: BasketLine
    label_zh: str
    label_en: str

    def label(self, lang: Lang) -> str:
        return self.label_zh if lang == "zh" else self.label_en


@dataclass(frozen=True, slots=True)
class PriceAdvice:
    """`total` is goods less reductions plus freight, in fen; `freight` is None while the region is unknown."""

    outcome: Literal["priced", "offers", "no_offers", "ask"]
    lines: tuple[PricedLine, ...] = ()
    deal: Deal | None = None
    freight: int | None = None
    region: Region | None = None
    offers: tuple[Promotion, ...] = ()
    asks: tuple[str, ...] = ()

    @property
    def total(self) -> int | None:
        return self.deal.total + (self.freight or 0) if self.deal else None

    def text(self, lang: Lang) -> str:
        match self.outcome:
            case "ask":
                return "请问是哪一件商品？" if lang == "zh" else "Which product do you have in mind?"
            case "no_offers":
                return "目前没有适用的活动。" if lang == "zh" else "No promotion applies at present."
            case "offers":
                return _offers(self.offers, lang)
            case "priced":
                return _sum(self, lang)

    def card(self, lang: Lang) -> Card | None:
        return None


def advise(request: PriceRequest, catalogue: Catalogue) -> PriceAdvice:
    """The sum for the items, or the promotions in force when no item is named."""
    if not request.items:
        return _promotions(request, catalogue)
    lines = [_line(sku, qty, request, catalogue) for sku, qty in request.items]
    known = tuple(line for line in lines if line)
    if len(known) < len(lines) or any(qty < 1 for _, qty in request.items):
        return PriceAdvice("ask", known, asks=("product",))
    basket = [line.line for line in known]
    deal = best_deal(basket, catalogue.promotions, at=request.now, buyer=request.buyer)
    region = catalogue.delivery.region(request.region) if catalogue.delivery else None
    fee = None
    if catalogue.delivery and region and region.served:
        free = all(_product(line.line, catalogue).freight_free for line in known)
        fee = catalogue.delivery.fee(region, deal.total, freight_free=free)
    return PriceAdvice("priced", known, deal, fee, region)


def _promotions(request: PriceRequest, catalogue: Catalogue) -> PriceAdvice:
    product = catalogue.product(request.product_id) if request.product_id else None
    live = [p for p in catalogue.promotions if p.in_force(request.now)]
    if product is not None:
        live = [p for p in live if p.covers(product.id, product.category)]
    return PriceAdvice("offers" if live else "no_offers", offers=tuple(sorted(live, key=lambda p: p.id)))


def _line(sku: str, qty: int, request: PriceRequest, catalogue: Catalogue) -> PricedLine | None:
    product, variant = catalogue.by_sku(sku), catalogue.variant(sku)
    point = catalogue.price_at(sku, request.now, buyer=request.buyer)
    if product is None or variant is None or point is None:
        return None
    labels = [f"{product.name.in_(lang)} {catalogue.options_in(variant.options, lang)}" for lang in ("zh", "en")]
    return PricedLine(BasketLine(sku, product.id, product.category, point.price, qty), *labels)


def _product(line: BasketLine, catalogue: Catalogue) -> Product:
    product = catalogue.product(line.product_id)
    assert product is not None, "a basket line is made from a product of the catalogue"
    return product


def _sum(advice: PriceAdvice, lang: Lang) -> str:
    assert advice.deal is not None, "a priced advice carries its deal"
    zh = lang == "zh"
    mark = "：" if zh else ": "
    rows = []
    for priced in advice.lines:
        line = priced.line
        times = f"{money(line.unit)} × {line.qty} = {money(line.amount)}" if line.qty > 1 else money(line.unit)
        rows.append(f"- {priced.label(lang)}{mark}{times}")
    rows += [f"- {r.promotion.name.in_(lang)}{mark}-{money(r.off)}" for r in advice.deal.reductions]
    rows.append(_freight_row(advice, lang))
    total = money(advice.total or 0)
    head = f"到手价 {total}，算法如下：" if zh else f"The final price is {total}:"
    return "\n".join([head, *rows, *_missed(advice.deal.missed, lang)])


def _freight_row(advice: PriceAdvice, lang: Lang) -> str:
    zh = lang == "zh"
    if advice.freight is None or advice.region is None:
        return (
            "- 运费：大部分地区包邮，偏远地区另计" if zh else "- Freight: free to most regions, extra for remote ones"
        )
    name, fee = advice.region.name.in_(lang), money(advice.freight)
    return f"- 运费（{name}）：{fee}" if zh else f"- Freight ({name}): {fee}"


def _missed(missed: Sequence[Promotion], lang: Lang) -> list[str]:
    """Named, so that the customer can use them; never counted."""
    shown = [_named(promotion, lang) for promotion in missed[:_NAMED]]
    if not shown:
        return []
    return ["另外符合条件时可用：" + "、".join(shown)] if lang == "zh" else ["If you qualify: " + ", ".join(shown)]


def _named(promotion: Promotion, lang: Lang) -> str:
    who = promotion.terms.in_(lang) if promotion.terms else ""
    if not who:
        return promotion.name.in_(lang)
    return f"{promotion.name.in_(lang)}（{who}）" if lang == "zh" else f"{promotion.name.in_(lang)} ({who})"


def _offers(offers: Sequence[Promotion], lang: Lang) -> str:
    zh = lang == "zh"
    head = "现在有这些活动：" if zh else "These promotions are running:"
    rows = [
        f"- {_named(p, lang)}，{instant(p.end, lang)} 前"
        if zh
        else f"- {_named(p, lang)}, before {instant(p.end, lang)}"
        for p in offers
    ]
    tail = "同类活动取最优惠的一项，优惠券可再用一张；之后的活动暂时没有消息。"
    english = "The best one of a kind counts, plus one coupon. I have no word of later promotions."
    return "\n".join([head, *rows, tail if zh else english])
