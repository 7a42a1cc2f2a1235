"""What the page says about a product: attributes, promises, warranty. What it does not say is not answered.

A question is matched to attribute labels by the customer's usual words for them (data of the catalogue), else by words
it shares with an attribute's text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from assistant.catalogue import Catalogue
from assistant.conversation import Card, Lang
from assistant.shop import Product, Text
from knowledge.text import fold, tokens

_WARRANTY = ("保修", "质保", "三包", "warranty", "guarantee")
_PROMISES = {
    "no_reason_days": ("无理由", "7天", "七天", "15天", "退货", "return"),
    "price_protect_days": ("价保", "降价", "补差", "price protection", "price drop"),
    "free_return": ("运费", "退货", "return"),
    "deposit": ("定金", "预售", "尾款", "deposit", "balance"),
    "spoil_refund": ("坏果", "烂", "坏了", "spoiled", "rotten"),
    "free_engraving": ("刻字", "定制", "engrav"),
    "breakage": ("破", "碎", "break", "broken"),
}

_EMPTY = frozenset(
    ["the", "and", "for", "with", "does", "can", "you", "not", "has", "have", "what", "how", "from", "this"]
)


SILENT = Text(zh="页面资料里没有写这一点", en="does not say, and I would rather not guess")
"""What is said where the page says nothing: content is missing there."""


@dataclass(frozen=True, slots=True)
class FactsRequest:
    product_id: str
    question: str


@dataclass(frozen=True, slots=True)
class FactsAdvice:
    """`facts` are label and text pairs, word for word from the catalogue. `no_data`: a person should be asked."""

    outcome: Literal["found", "no_data", "unknown_product"]
    product: Product | None = None
    facts: tuple[tuple[Text, Text], ...] = ()
    asks: tuple[str, ...] = ()

    def text(self, lang: Lang) -> str:
        zh = lang == "zh"
        if self.product is None:
            return "请问您想了解哪一件商品？" if zh else "Which product do you have in mind?"
        name = self.product.name.in_(lang)
        if self.outcome == "no_data":
            if zh:
                return f"{name}的{SILENT.zh}，我不能凭猜测回答。需要的话我请人工同事确认。"
            return f"The page of “{name}” {SILENT.en}. I can ask a colleague to confirm."
        mark, end = ("：", "；") if zh else (": ", "; ")
        told = end.join(f"{label.in_(lang)}{mark}{value.in_(lang)}" for label, value in self.facts)
        return f"{name}{mark}{told}。" if zh else f"{name} – {told}."

    def card(self, lang: Lang) -> Card | None:
        return None


def advise(request: FactsRequest, catalogue: Catalogue) -> FactsAdvice:
    """The facts of the page that answer the question, or `no_data`."""
    product = catalogue.product(request.product_id)
    if product is None:
        return FactsAdvice("unknown_product", asks=("product",))
    said = fold(request.question)
    labels = [label for label in product.attributes if _asked(said, (label, *catalogue.questions.get(label, ())))]
    facts = [(_label(label, catalogue), product.attributes[label]) for label in labels]
    facts += [
        (Text(zh="承诺", en="Promise"), p.text) for p in product.promises if _asked(said, _PROMISES.get(p.kind, ()))
    ]
    if product.warranty_days and _asked(said, _WARRANTY):
        facts.append((Text(zh="质保", en="Warranty"), _days(product.warranty_days)))
    if not facts:
        facts = list(_by_shared_words(request.question, product, catalogue))
    return FactsAdvice("found" if facts else "no_data", product, tuple(facts[:3]))


def _asked(said: str, words: Iterable[str]) -> bool:
    """Whether one of the words is in the question; Latin words only from their beginning."""
    return any(
        re.search(rf"(?<![a-z]){re.escape(fold(word))}", said) if word.isascii() else fold(word) in said
        for word in words
    )


def _by_shared_words(question: str, product: Product, catalogue: Catalogue) -> Iterable[tuple[Text, Text]]:
    """Attributes whose text shares a telling word with the question: three characters or more, or a figure."""
    name = {token for text in (product.name.zh, product.name.en) for token in tokens(text)}
    said = {token for token in tokens(question) if len(token) > 2 or token[:1].isdigit()} - name - _EMPTY
    for label, value in product.attributes.items():
        if said & ({*tokens(value.zh), *tokens(value.en)} - _EMPTY):
            yield _label(label, catalogue), value


def _label(label: str, catalogue: Catalogue) -> Text:
    return Text(zh=label, en=catalogue.word(label, "en"))


def _days(days: int) -> Text:
    if days % 365 == 0:
        years = days // 365
        return Text(zh=f"{years} 年", en=f"{years} year{'s' if years > 1 else ''}")
    return Text(zh=f"{days} 天", en=f"{days} days")
