"""Which products suit a wish: within the budget, in stock, ranked with reasons; else the nearest, said to be so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from assistant.catalogue import Catalogue, sold_on
from assistant.conversation import Card, Lang
from assistant.shop import Product, Text, Variant
from assistant.slot_words import RECIPIENTS
from assistant.wording import day, money
from knowledge.text import fold

_SHOWN = 3
_FIGURES = re.compile(r"\d+")
_GIFT = ("送", "gift for")
_NEAR = 0.4
"""A product counts as fitting the words when it scores at least this share of the best one."""


@dataclass(frozen=True, slots=True)
class RecommendRequest:
    """`wish` is what the customer said: needs, recipient, occasion. `budget` in fen, inclusive, None when not given."""

    wish: str
    now: datetime
    category: str | None = None
    budget: int | None = None
    at_least: int | None = None
    """Around what a budget is named (500 左右), in fen: what costs less stands behind what is near it."""
    platform: str | None = None
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A product with its cheapest suitable variant, its price in fen and why it was chosen."""

    product: Product
    variant: Variant
    price: int
    reasons: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class RecommendAdvice:
    """`fits`: all meet the wish. `over_budget`, `sold_out`: nothing does, `items` are the nearest. `ask`: too vague."""

    outcome: Literal["fits", "over_budget", "sold_out", "nothing", "ask"]
    items: tuple[Suggestion, ...] = ()
    budget: int | None = None
    asks: tuple[str, ...] = ()

    def text(self, lang: Lang) -> str:
        zh = lang == "zh"
        if self.outcome == "ask":
            return (
                "想看哪一类商品，预算大概多少？" if zh else "What kind of product, and what budget do you have in mind?"
            )
        if self.outcome == "nothing":
            return "店里没有找到合适的商品。" if zh else "I have found nothing suitable in the shop."
        budget = money(self.budget) if self.budget is not None else ""
        heads = {
            "fits": ("可以看看这几款：", "These would suit:"),
            "over_budget": (f"{budget} 以内没有合适的，最接近的是：", f"Nothing suitable up to {budget}; the nearest:"),
            "sold_out": ("合适的目前都缺货：", "What would suit is sold out at the moment:"),
        }
        mark, gap = ("：", "，") if zh else (": ", ", ")
        rows = [
            f"- {s.product.name.in_(lang)}{mark}{gap.join(reason.in_(lang) for reason in s.reasons)}"
            for s in self.items
        ]
        return "\n".join([heads[self.outcome][0 if zh else 1], *rows])

    def card(self, lang: Lang) -> Card | None:
        if not self.items:
            return None
        items = [
            {
                "product_id": s.product.id,
                "name": s.product.name.in_(lang),
                "price_from": s.price,
                "stock": sum(variant.stock for variant in s.product.variants),
                "why": ("，" if lang == "zh" else ", ").join(reason.in_(lang) for reason in s.reasons),
                "attributes": [value.in_(lang) for value in list(s.product.attributes.values())[:3]],
            }
            for s in self.items
        ]
        return Card(kind="products", title="为您推荐" if lang == "zh" else "Suggestions", data={"items": items})


def advise(request: RecommendRequest, catalogue: Catalogue) -> RecommendAdvice:
    """The best suggestions first; never a sold-out product among those that fit."""
    category = request.category or catalogue.category_in(request.wish)
    candidates = _candidates(request, category, catalogue)
    if not candidates:
        outcome: Literal["ask", "nothing"] = "nothing" if category else "ask"
        return RecommendAdvice(outcome, budget=request.budget, asks=() if category else ("category",))
    stocked = [s for p in candidates if (s := _suggest(p, request, catalogue, in_stock=True))]
    within = [s for s in stocked if request.budget is None or s.price <= request.budget]
    if within:
        near = [s for s in within if request.at_least is not None and s.price >= request.at_least]
        within = near + [s for s in within if s not in near]
        return RecommendAdvice("fits", tuple(within[:_SHOWN]), request.budget)
    if stocked:
        nearest = sorted(stocked, key=lambda s: s.price)[:_SHOWN]
        return RecommendAdvice("over_budget", tuple(nearest), request.budget)
    missing = [s for p in candidates if (s := _suggest(p, request, catalogue, in_stock=False))]
    return RecommendAdvice("sold_out", tuple(missing[:_SHOWN]), request.budget)


def _candidates(request: RecommendRequest, category: str | None, catalogue: Catalogue) -> list[Product]:
    found = catalogue.find(request.wish, limit=len(catalogue.products), category=category, platform=request.platform)
    found = [hit for hit in found if hit.product.id not in request.exclude]
    if who := _recipients(request.wish):
        # a gift for somebody: what is meant for them, else anything that is not meant for somebody else
        for_them = [p for p in catalogue.products if _is_for(who, p) and category in {None, p.category}]
        if for_them := [p for p in for_them if p.id not in request.exclude and sold_on(p, request.platform)]:
            rank = {hit.product.id: place for place, hit in enumerate(found)}
            return sorted(for_them, key=lambda p: rank.get(p.id, len(rank)))
        found = [hit for hit in found if not _given_to(hit.product)]
    # a gift for somebody is meant for that somebody: half the words of another gift do not make it one
    meant = [hit for hit in found if any(word.startswith(_GIFT) for word in _said(hit.product, request.wish))]
    found = meant or found
    if found:
        return [hit.product for hit in found if hit.score >= _NEAR * found[0].score]
    if category is None:
        return []
    return [
        product
        for product in catalogue.products
        if product.category == category and product.id not in request.exclude and sold_on(product, request.platform)
    ]


def _recipients(words: str) -> frozenset[str]:
    """Whom `words` name: father, mother and whoever else is old in years count as elders too."""
    said = {name for name, pattern in RECIPIENTS if pattern.search(fold(words))} - {"self", "pet", "colleague"}
    return frozenset(said | {"elder"} if said & {"father", "mother"} else said)


def _is_for(who: frozenset[str], product: Product) -> bool:
    given = _given_to(product)
    return bool(who & given) and not (given & {"father", "mother"} and not given & (who - {"elder"}))


def _given_to(product: Product) -> frozenset[str]:
    gifts = [word for word in product.keywords if word.startswith(_GIFT)]
    return frozenset(name for name, pattern in RECIPIENTS if any(pattern.search(fold(word)) for word in gifts))


def _suggest(product: Product, request: RecommendRequest, catalogue: Catalogue, *, in_stock: bool) -> Suggestion | None:
    priced = [
        (point.price, variant)
        for variant in product.variants
        if (variant.stock > 0 or not in_stock) and (point := catalogue.price_now(variant.sku, request.now))
    ]
    if not priced:
        return None
    price, variant = min(priced, key=lambda pair: (pair[0], pair[1].sku))
    return Suggestion(product, variant, price, tuple(_reasons(product, variant, price, request)))


def _reasons(product: Product, variant: Variant, price: int, request: RecommendRequest) -> Sequence[Text]:
    reasons = [_price_reason(price, request.budget)]
    words = _said(product, request.wish)
    if words:
        both = "、".join(words)
        reasons.append(Text(zh=f"符合“{both}”", en=f"matches “{', '.join(words)}”"))
    if product.summary:
        reasons.append(product.summary)
    elif product.attributes:
        reasons.append(next(iter(product.attributes.values())))
    if variant.stock == 0:
        reasons.append(_restock(variant))
    return reasons


def _said(product: Product, wish: str) -> list[str]:
    """The product's keywords that the wish holds."""
    said = fold(wish)
    return [word for word in product.keywords if fold(word) in said]


def _price_reason(price: int, budget: int | None) -> Text:
    if budget is None:
        return Text(zh=money(price), en=money(price))
    if price <= budget:
        return Text(zh=f"{money(price)}，在预算内", en=f"{money(price)}, within your budget")
    over = money(price - budget)
    return Text(zh=f"{money(price)}，超出预算 {over}", en=f"{money(price)}, {over} over your budget")


def _restock(variant: Variant) -> Text:
    if variant.restock_at is None:
        return Text(zh="缺货，补货时间未定", en="sold out, no restock date yet")
    return Text(
        zh=f"缺货，计划 {day(variant.restock_at, 'zh')} 补货",
        en=f"sold out, restock planned for {day(variant.restock_at, 'en')}",
    )
