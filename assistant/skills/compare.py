"""Two to four products side by side: what differs, in their own words and figures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from assistant.catalogue import Catalogue
from assistant.conversation import Card, Lang
from assistant.shop import Product, Text
from assistant.wording import money

_MOST = 4
_DASH = Text(zh="—", en="—")


@dataclass(frozen=True, slots=True)
class CompareRequest:
    product_ids: tuple[str, ...]
    now: datetime


@dataclass(frozen=True, slots=True)
class CompareRow:
    label: Text
    values: tuple[Text, ...]

    @property
    def differs(self) -> bool:
        return len({value.zh for value in self.values}) > 1


@dataclass(frozen=True, slots=True)
class CompareAdvice:
    outcome: Literal["compared", "same", "ask"]
    products: tuple[Product, ...] = ()
    rows: tuple[CompareRow, ...] = ()
    asks: tuple[str, ...] = ()

    def text(self, lang: Lang) -> str:
        zh = lang == "zh"
        if self.outcome == "ask":
            return "请告诉我要对比的两件商品。" if zh else "Please tell me which two products to compare."
        names = [product.name.in_(lang) for product in self.products]
        if self.outcome == "same":
            return "页面资料里这几件没有区别。" if zh else "By their pages these do not differ."
        head = "和".join(names) + "的区别：" if zh else " and ".join(names) + " differ in:"
        mark, gap = ("：", "；") if zh else (": ", " / ")
        lines = [f"- {row.label.in_(lang)}{mark}{gap.join(v.in_(lang) for v in row.values)}" for row in self._different]
        return "\n".join([head, *lines])

    @property
    def _different(self) -> list[CompareRow]:
        return [row for row in self.rows if row.differs]

    def card(self, lang: Lang) -> Card | None:
        if self.outcome == "ask":
            return None
        names = [product.name.in_(lang) for product in self.products]
        rows = [
            {"label": row.label.in_(lang), "values": [v.in_(lang) for v in row.values], "differs": row.differs}
            for row in self.rows
        ]
        return Card(kind="comparison", title=" / ".join(names), data={"columns": names, "rows": rows})


def advise(request: CompareRequest, catalogue: Catalogue) -> CompareAdvice:
    """Price, stock, every attribute that one of them states, and warranty; "—" where a page says nothing."""
    ids = list(dict.fromkeys(request.product_ids))[:_MOST]
    products = tuple(product for product in map(catalogue.product, ids) if product)
    if len(products) < 2:
        return CompareAdvice("ask", products, asks=("products",))
    labels = list(dict.fromkeys(label for product in products for label in product.attributes))
    rows = [
        CompareRow(Text(zh="价格", en="Price"), tuple(_price(p, catalogue, request.now) for p in products)),
        CompareRow(Text(zh="库存", en="Stock"), tuple(_stock(p) for p in products)),
        *(
            CompareRow(
                Text(zh=label, en=catalogue.word(label, "en")), tuple(p.attributes.get(label, _DASH) for p in products)
            )
            for label in labels
        ),
        CompareRow(Text(zh="质保", en="Warranty"), tuple(_warranty(p) for p in products)),
    ]
    return CompareAdvice("compared" if any(row.differs for row in rows) else "same", products, tuple(rows))


def _price(product: Product, catalogue: Catalogue, now: datetime) -> Text:
    prices = [point.price for v in product.variants if (point := catalogue.price_now(v.sku, now))]
    low = money(min(prices))
    return Text(zh=low, en=low) if len(set(prices)) == 1 else Text(zh=f"{low} 起", en=f"from {low}")


def _stock(product: Product) -> Text:
    if any(variant.stock for variant in product.variants):
        return Text(zh="有货", en="in stock")
    return Text(zh="缺货", en="sold out")


def _warranty(product: Product) -> Text:
    days = product.warranty_days
    return Text(zh=f"{days} 天", en=f"{days} days") if days else _DASH
