"""What the shop sells: products as typed data, found by id, sku or words, with prices and stock as of an instant."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any

from assistant.conversation import Lang
from assistant.dated import instant_of, refuse_twice, with_instants
from assistant.delivery import Delivery
from assistant.promotions import Condition, Promotion
from assistant.shop import PricePoint, Product, Text, Variant
from assistant.typed import typed
from knowledge.errors import XiaoerError
from knowledge.mending import query_tokens
from knowledge.text import fold, tokens

_LATIN = re.compile(r"[a-z][a-z-]+")
_FIGURE = re.compile(r"\d")
_MEANT_FOR = ("送", "gift", "办公室", "office", "学习", "study", "通勤", "出差", "飞机")
"""Keywords that say whom or what a thing suits, not what it is."""
_SAYS_LITTLE = frozenset(
    {
        *("with", "near", "their", "date", "and", "for", "the", "large", "light"),
        *("set", "pair", "pairs", "standard", "one", "three", "pack", "bag", "piece", "box", "gift"),
        *("fine", "complete", "live", "free", "high", "care", "name", "made", "measure", "control", "repair"),
    }
)
_DATED = frozenset({"restock_at", "at", "start", "end"})
_LISTED = "-365d"
_FIELD_WEIGHTS = {"name": 3.0, "keywords": 2.0, "category": 1.5, "attributes": 1.0}


@dataclass(frozen=True)
class GoodsTerms:
    """Words for goods: Chinese ones, stems of single Latin words, and stems of several."""

    han: tuple[str, ...]
    stems: frozenset[str]
    phrases: tuple[str, ...]

    @cached_property
    def by_first(self) -> Mapping[str, tuple[str, ...]]:
        """The Chinese ones by their first character."""
        found: dict[str, list[str]] = {}
        for term in self.han:
            found.setdefault(term[0], []).append(term)
        return {first: tuple(terms) for first, terms in found.items()}

    @cached_property
    def letters(self) -> frozenset[tuple[str, str]]:
        """First letter and sorted letters of the longer stems: two letters changed about are still the word."""
        return frozenset((stem[0], "".join(sorted(stem))) for stem in self.stems if len(stem) > 4)


@dataclass(frozen=True, slots=True)
class Found:
    """A product that matches words. `score` orders results; `named` is the share of its name that was said, and 1 when
    a keyword in its name was said that no other product has (`大衣` in a shop with one coat)."""

    product: Product
    score: float
    named: float


class Catalogue:
    """The shop's products, promotions and delivery terms, with a small in-memory word index (hundreds of products)."""

    def __init__(
        self,
        products: Sequence[Product],
        *,
        promotions: Sequence[Promotion] = (),
        delivery: Delivery | None = None,
        categories: Mapping[str, tuple[Text, tuple[str, ...]]] | None = None,
        words: Mapping[str, str] | None = None,
        questions: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.products = tuple(products)
        self.promotions = tuple(promotions)
        self.delivery = delivery
        self.categories = dict(categories or {})
        self.words = dict(words or {})
        self.questions = {label: tuple(asks) for label, asks in (questions or {}).items()}
        self._by_id = {product.id: product for product in self.products}
        self._by_sku = {variant.sku: product for product in self.products for variant in product.variants}
        self._index = _WordIndex(self)

    @classmethod
    def from_data(cls, data: Mapping[str, Any], now: datetime, *, shop: Mapping[str, Any] | None = None) -> Catalogue:
        """Read `catalogue.yaml` (and `promotions`, `delivery` of `shop.yaml`), dates relative to `now`.

        Raises `XiaoerError` that names the product and field at fault.
        """
        categories = {
            key: (Text(zh=row["zh"], en=row["en"]), tuple(row.get("also", ())))
            for key, row in data.get("categories", {}).items()
        }
        products = [_product(key, row, categories, now) for key, row in data.get("products", {}).items()]
        refuse_twice([variant.sku for product in products for variant in product.variants], "sku")
        terms = shop or {}
        promotions = [
            typed(Promotion, {"id": key, **with_instants(row, _DATED, now)}, where=f"promotion `{key}`")
            for key, row in terms.get("promotions", {}).items()
        ]
        _known_products(promotions, {product.id for product in products})
        delivery = terms.get("delivery")
        return cls(
            products,
            promotions=promotions,
            delivery=typed(Delivery, delivery, where="delivery") if delivery else None,
            categories=categories,
            words=data.get("words", {}),
            questions=data.get("questions", {}),
        )

    @cached_property
    def goods_words(self) -> frozenset[str]:
        """All words by which something the shop sells may be called."""
        named = {word for p in self.products for word in goods_words(p.name.zh, p.name.en, p.keywords)}
        kinds = {fold(word) for name, also in self.categories.values() for word in (name.zh, name.en, *also)}
        return frozenset(named | kinds)

    @cached_property
    def goods_terms(self) -> GoodsTerms:
        """`goods_words`, sorted by how each kind is looked for."""
        latin = [word.removesuffix("s") for word in self.goods_words if word.isascii()]
        return GoodsTerms(
            han=tuple(word for word in self.goods_words if not word.isascii()),
            stems=frozenset(stem for stem in latin if " " not in stem),
            phrases=tuple(stem for stem in latin if " " in stem),
        )

    def categories_of(self, word: str) -> frozenset[str]:
        """The categories of what may be called by one of `goods_words`."""
        return self._categories_by_word.get(word, frozenset())

    @cached_property
    def _categories_by_word(self) -> Mapping[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for p in self.products:
            for word in goods_words(p.name.zh, p.name.en, p.keywords):
                found.setdefault(word, set()).add(p.category)
        for key, (name, also) in self.categories.items():
            for word in (name.zh, name.en, *also):
                found.setdefault(fold(word), set()).add(key)
        return {word: frozenset(keys) for word, keys in found.items()}

    def product(self, product_id: str) -> Product | None:
        return self._by_id.get(product_id)

    def by_sku(self, sku: str) -> Product | None:
        """The product that has this variant."""
        return self._by_sku.get(sku)

    def variant(self, sku: str) -> Variant | None:
        product = self._by_sku.get(sku)
        return next((v for v in product.variants if v.sku == sku), None) if product else None

    def find(
        self, text: str, *, limit: int = 5, category: str | None = None, platform: str | None = None
    ) -> list[Found]:
        """Products whose name, keywords, category or attributes share words with `text`, best first; ids and skus
        count."""
        return [
            found
            for found in self._index.find(text)
            if (category is None or found.product.category == category) and sold_on(found.product, platform)
        ][:limit]

    def category_in(self, text: str) -> str | None:
        """The category that `text` names by its name or another word for it; the longest word wins."""
        said = fold(text)
        found = [
            (len(word), key)
            for key, (name, also) in self.categories.items()
            for word in (fold(name.zh), fold(name.en), *(fold(other) for other in also))
            if word in said
        ]
        return max(found)[1] if found else None

    def variants_in(self, text: str, product: Product) -> list[Variant]:
        """The variants whose options `text` names (`灰色`, `L`, `500g`); all of them when it names none."""
        said = fold(text)
        latin = set(tokens(text))
        scored = [(sum(self._says(said, latin, value) for value in v.options.values()), v) for v in product.variants]
        best = max(score for score, _ in scored)
        return [variant for score, variant in scored if score == best]

    def price_at(self, sku: str, at: datetime, *, buyer: frozenset[Condition] = frozenset()) -> PricePoint | None:
        """What the sku cost at `at`: the ordinary price, or a lower one whose condition the buyer is known to meet.

        None for an unknown sku or an instant before it was listed.
        """
        latest = self._latest(sku, at)
        mine = [point for condition, point in latest.items() if condition == "anyone" or condition in buyer]
        return min(mine, key=lambda point: point.price) if mine else None

    def price_now(self, sku: str, now: datetime) -> PricePoint | None:
        """The ordinary buyer's price at `now`."""
        return self.price_at(sku, now)

    def price_against(self, sku: str, unit_paid: int, now: datetime) -> PricePoint | None:
        """The price that price protection compares with: the ordinary one if it is below `unit_paid`, else a lower
        conditional one (which then carries its condition), else the ordinary one (DT-19 R2, R3)."""
        latest = self._latest(sku, now)
        ordinary = latest.get("anyone")
        if ordinary is None or ordinary.price < unit_paid:
            return ordinary
        lower = [point for point in latest.values() if point.price < unit_paid]
        return min(lower, key=lambda point: point.price) if lower else ordinary

    def lowest_price(self, sku: str, at: datetime, *, days: int = 30) -> int | None:
        """The lowest ordinary price in fen of the `days` before `at`, the price it had at their beginning included."""
        product = self._by_sku.get(sku)
        start = at - timedelta(days=days)
        opening = self._latest(sku, start).get("anyone")
        prices = [opening.price] if opening else []
        if product:
            prices += [
                p.price
                for p in product.price_history
                if p.sku == sku and p.condition == "anyone" and start <= p.at <= at
            ]
        return min(prices, default=None)

    def stock(self, sku: str) -> int:
        """Pieces in stock; 0 for an unknown sku."""
        variant = self.variant(sku)
        return variant.stock if variant else 0

    def word(self, label: str, lang: Lang) -> str:
        """An option or attribute label in `lang`: the data keeps it in Chinese."""
        return label if lang == "zh" else self.words.get(label, label)

    def options_in(self, options: Mapping[str, str], lang: Lang) -> str:
        """`驼色/M` or `camel/M`."""
        return "/".join(self.word(value, lang) for value in options.values())

    def _latest(self, sku: str, at: datetime) -> dict[Condition, PricePoint]:
        product = self._by_sku.get(sku)
        if product is None:
            return {}
        points = [point for point in product.price_history if point.sku == sku and point.at <= at]
        return {point.condition: point for point in sorted(points, key=lambda point: point.at)}

    def _says(self, said: str, latin: set[str], value: str) -> float:
        forms = {fold(value), fold(self.words.get(value, value))}
        for form in forms:
            if form in latin or (not form.isascii() and (form in said or form.removesuffix("色") + "色" in said)):
                return 1.0
            if len(form) > 3 and form in said:
                return 1.0
        return 0.0


@lru_cache(maxsize=2048)
def goods_words(zh: str, en: str, keywords: tuple[str, ...]) -> tuple[str, ...]:
    """The words a customer may call a product by: those of its names, and its keywords, folded."""
    words = [word for word in tokens(zh) if len(word) > 1 and not _FIGURE.search(word)]
    words += latin_words(en)
    words += [fold(word) for word in keywords if not word.startswith(_MEANT_FOR)]
    return tuple(dict.fromkeys(words))


def latin_words(text: str) -> list[str]:
    """The Latin words of `text` that tell one thing from another, in the singular."""
    found = (word.removesuffix("s") for word in _LATIN.findall(fold(text)))
    return [word for word in found if len(word) > 2 and word not in _SAYS_LITTLE]


def sold_on(product: Product, platform: str | None) -> bool:
    """Whether the product is sold on the platform; no platform asks for nothing."""
    return platform is None or not product.platforms or platform in product.platforms


def _product(key: str, row: Any, categories: Mapping[str, object], now: datetime) -> Product:
    where = f"product `{key}`"
    if not isinstance(row, dict):
        raise XiaoerError(f"{where}: a product is a mapping.", mend="Write its fields below its id.")
    try:
        fields = with_instants(row, _DATED, now)
        listed = instant_of(fields.pop("listed", _LISTED), now)
    except XiaoerError as error:
        raise XiaoerError(f"{where}: {error.what}", mend=error.mend) from error
    fields["qualifications"] = fields.get("qualifications", [])
    product = typed(Product, {"id": key, **fields}, where=where)
    if categories and product.category not in categories:
        raise XiaoerError(f"{where}: there is no category `{product.category}`.", mend="Add it to `categories`.")
    skus = {variant.sku for variant in product.variants}
    if unknown := {point.sku for point in product.price_history} - skus:
        raise XiaoerError(f"{where}: price_history names {sorted(unknown)}.", mend="Name skus of this product.")
    if not product.variants or any(v.price <= 0 or v.stock < 0 for v in product.variants):
        raise XiaoerError(f"{where}: a variant needs a price above 0 and a stock of 0 or more.", mend="Prices are fen.")
    return _with_history(product, listed, now)


def _with_history(product: Product, listed: datetime, now: datetime) -> Product:
    """The history opens with the written price at `listed`; each variant then shows the ordinary price as of `now`."""
    opening = [PricePoint(at=listed, sku=variant.sku, price=variant.price) for variant in product.variants]
    history = tuple(sorted([*opening, *product.price_history], key=lambda point: point.at))
    current = {point.sku: point.price for point in history if point.condition == "anyone" and point.at <= now}
    variants = tuple(v.model_copy(update={"price": current.get(v.sku, v.price)}) for v in product.variants)
    return product.model_copy(update={"variants": variants, "price_history": history})


def _known_products(promotions: Sequence[Promotion], known: set[str]) -> None:
    for promotion in promotions:
        if unknown := set(promotion.products) - known:
            raise XiaoerError(f"promotion `{promotion.id}` names {sorted(unknown)}.", mend="Name products of the shop.")
        if promotion.end <= promotion.start:
            raise XiaoerError(f"promotion `{promotion.id}` ends before it starts.", mend="Windows are [start, end).")


class _WordIndex:
    """Rare words weigh more (inverse document frequency), and so do words of the name."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._weights: list[tuple[Product, dict[str, float]]] = []
        self._names: dict[str, tuple[frozenset[str], ...]] = {}
        for product in catalogue.products:
            self._weights.append((product, _weights(product, catalogue)))
            self._names[product.id] = tuple(_words(name) for name in (product.name.zh, product.name.en))
        self._own = _own_words(catalogue.products)
        seen = Counter(token for _, weights in self._weights for token in weights)
        count = len(self._weights)
        self._rarity = {token: math.log(1 + count / held) for token, held in seen.items()}

    def find(self, text: str) -> list[Found]:
        said = set(query_tokens(text))
        plain = fold(text)
        results = []
        for product, weights in self._weights:
            score = sum(weights[token] * self._rarity[token] for token in said if token in weights)
            named = max((len(name & said) / len(name) for name in self._names[product.id] if name), default=0.0)
            if any(_holds(plain, said, word) for word in self._own[product.id]):
                named = 1.0
            if product.id in plain or any(fold(variant.sku) in plain for variant in product.variants):
                score, named = score + 100, 1.0
            if score > 0:
                results.append(Found(product, score * (1 + named), named))
        return sorted(results, key=lambda found: (-found.score, found.product.id))


@lru_cache(maxsize=8192)
def _words(text: str) -> frozenset[str]:
    """The tokens of a catalogue text. An evaluation opens the same shop for each case; its texts stay the same."""
    return frozenset(tokens(text))


def _own_words(products: Sequence[Product]) -> dict[str, list[str]]:
    """For each product its keywords that are part of its name and of nothing else's name or keywords."""
    texts = {p.id: fold(" | ".join([p.name.zh, p.name.en, *p.keywords])) for p in products}
    own: dict[str, list[str]] = {}
    for product in products:
        name = fold(f"{product.name.zh} | {product.name.en}")
        words = [word for word in map(fold, product.keywords) if len(word) > 1 and word in name]
        own[product.id] = [word for word in words if not any(word in texts[key] for key in texts if key != product.id)]
    return own


def _holds(plain: str, said: set[str], word: str) -> bool:
    return word in said or (word in plain and (not word.isascii() or " " in word))


def _weights(product: Product, catalogue: Catalogue) -> dict[str, float]:
    name, also = catalogue.categories.get(product.category, (None, ()))
    texts = {
        "name": [product.name.zh, product.name.en],
        "keywords": list(product.keywords),
        "category": [name.zh, name.en, *also] if name else [],
        "attributes": [text for value in product.attributes.values() for text in (value.zh, value.en)],
    }
    weights: dict[str, float] = {}
    for kind, parts in texts.items():
        for token in frozenset[str]().union(*map(_words, parts)):
            weights[token] = max(weights.get(token, 0.0), _FIELD_WEIGHTS[kind])
    return weights
