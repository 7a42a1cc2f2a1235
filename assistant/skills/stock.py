"""What is in stock, and when more is planned: never a promise about a date."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from assistant.catalogue import Catalogue
from assistant.conversation import Card, Lang
from assistant.shop import Product, Variant
from assistant.wording import day
from knowledge.text import fold

_FEW = 5
_SIZE = re.compile(
    r"(?<![a-z0-9.])(\d{2}(?:\.5)?|\d?x{0,3}[sl]|m)\s*(?:码|号(?!楼))|\bsize (\d{2}(?:\.5)?|\d?x{0,3}[sl]|m)\b"
)


@dataclass(frozen=True, slots=True)
class StockRequest:
    """`words` may name options (`驼色 L`); without them, or with words that name none, every variant is meant."""

    product_id: str
    words: str = ""
    sku: str | None = None


@dataclass(frozen=True, slots=True)
class StockRow:
    variant: Variant
    options_zh: str
    options_en: str

    def options(self, lang: Lang) -> str:
        return self.options_zh if lang == "zh" else self.options_en


@dataclass(frozen=True, slots=True)
class StockAdvice:
    """`outcome`: `in_stock` when anything asked for is there, `sold_out`, or `unknown` for a product we do not have."""

    outcome: str
    product: Product | None = None
    rows: tuple[StockRow, ...] = ()
    asks: tuple[str, ...] = field(default=())
    missing: str | None = None
    """A size asked for that the product is not made in."""

    def text(self, lang: Lang) -> str:
        if self.product is None:
            return "店里没有查到这件商品。" if lang == "zh" else "I cannot find this product in the shop."
        stock = self._stock(lang)
        if self.missing is None:
            return stock
        if lang == "zh":
            return f"这款没有 {self.missing.upper()} 码。{stock}"
        return f"It does not come in size {self.missing.upper()}. {stock}"

    def _stock(self, lang: Lang) -> str:
        assert self.product is not None
        parts = [f"{row.options(lang)}{'：' if lang == 'zh' else ': '}{_state(row.variant, lang)}" for row in self.rows]
        name = self.product.name.in_(lang)
        if lang == "zh":
            return f"{name}：" + "；".join(parts) + "。库存以下单时为准。"
        return f"{name} – " + "; ".join(parts) + ". Stock is confirmed when you order."

    def card(self, lang: Lang) -> Card | None:
        return None


def advise(request: StockRequest, catalogue: Catalogue) -> StockAdvice:
    """Stock of the variants that are asked for."""
    product = catalogue.product(request.product_id)
    if product is None:
        return StockAdvice("unknown", asks=("product",))
    variants = [v for v in product.variants if v.sku == request.sku] or catalogue.variants_in(request.words, product)
    rows = tuple(
        StockRow(v, catalogue.options_in(v.options, "zh"), catalogue.options_in(v.options, "en")) for v in variants
    )
    outcome = "in_stock" if any(v.stock for v in variants) else "sold_out"
    return StockAdvice(outcome, product, rows, missing=_missing_size(request.words, product))


def _missing_size(words: str, product: Product) -> str | None:
    """The size that `words` name, where the product comes in sizes and in none such."""
    named = _SIZE.search(fold(words))
    if named is None or not product.size_chart:
        return None
    size = next(filter(None, named.groups()))
    made = {fold(value) for variant in product.variants for value in variant.options.values()}
    return None if size in made else size


def _state(variant: Variant, lang: Lang) -> str:
    if variant.stock > _FEW:
        return "有货" if lang == "zh" else "in stock"
    if variant.stock:
        return f"仅剩 {variant.stock} 件" if lang == "zh" else f"{variant.stock} left"
    if variant.restock_at is None:
        return "缺货，补货时间未定" if lang == "zh" else "sold out, no restock date yet"
    planned = day(variant.restock_at, lang)
    return (
        f"缺货，计划 {planned} 补货（以实际到货为准）" if lang == "zh" else f"sold out, restock planned for {planned}"
    )
