"""Which of the customer's own goods and orders a message names: by name, keyword, category or option, or by where the
order stands, in either language.

A message names a thing by the characters that speak of it: `降噪耳机` is nearer to noise-cancelling earbuds than to
other earphones. Two things named in one message are told apart by where they stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from assistant.catalogue import Catalogue, goods_words, latin_words
from assistant.orders import open_tickets
from assistant.shop import Order, OrderLine, OrderState, TicketKind, TicketState
from knowledge.mending import mend
from knowledge.text import fold

_LATIN_WORDS = re.compile(r"[a-z][a-z-]*")
_FIGURE = re.compile(r"\d")
_NAME, _OPTION, _CATEGORY = 1.0, 0.6, 0.5
_OPTION_COUNTS = 0.5
"""What an option that is named adds: it tells one order of a thing from another of the same."""
_KEPT = re.compile(
    r"[^，,。；;]*(?:留着|留下|保留|不退|不换|自己(?:吃|用|穿|留))[^，,。；;]*"
    r"|\b(?:but )?(?:i'?ll |i will |we |we'?ll )?(?:keep|keeping)\b[^,.;]*",
    re.IGNORECASE,
)
"""The part of a message that names what stays: `空气炸锅留着`, `keep the fryer`."""
_ORDER_OF = re.compile(
    r"[^，,。；;]*?(?:那(?:一)?[单笔]|(?:那个|这个)?订单|那(?:一)?次)(?:里|里面|中|当中)?的(?=[^，,。；;])"
    r"|\b(?:from|in|of) (?:my|the|that) [\w' -]{2,40}? order\b",
    re.IGNORECASE,
)
"""The part of a message that says in which order a thing was: `空气炸锅那单里的毛巾`, `from my air fryer order`."""

_STANDS: tuple[tuple[re.Pattern[str], frozenset[OrderState]], ...] = (
    (re.compile(r"(?:没|未|待)(?:有)?(?:付款|支付)|\bunpaid\b"), frozenset({"CREATED"})),
    (
        re.compile(r"(?:没|未|待|不)(?:有|给我)?(?:发货|发出|出库)|\bnot (?:yet )?(?:been )?shipped|\bunshipped"),
        frozenset({"PAID"}),
    ),
    (
        re.compile(r"(?<![没未])签收|\b(?:says?|shows?|marked(?: as)?) (?:it was |it's |as )?delivered|\bsigned for"),
        frozenset({"SIGNED", "COMPLETED"}),
    ),
    (re.compile(r"驿站|自提|取件码|快递柜|\bpick-?up point|\blocker\b"), frozenset({"AT_PICKUP_POINT"})),
    (re.compile(r"派送|派件|送货中|\bout for delivery"), frozenset({"OUT_FOR_DELIVERY"})),
    (re.compile(r"在路上|在途|运输中|\bin transit|\bon (?:its|the) way"), frozenset({"IN_TRANSIT", "SHIPPED"})),
    (re.compile(r"丢(?:了|件|失)|弄丢|\blost\b|\bgone missing"), frozenset({"LOST"})),
    (re.compile(r"拒收|\brefused\b"), frozenset({"REFUSED", "RETURNED_TO_SELLER"})),
)  # fmt: skip
"""How people say where an order stands, as far as that tells one order from another."""

_CASES: tuple[tuple[re.Pattern[str], TicketKind], ...] = (
    (re.compile(r"纠纷|平台(?:介入|那边|处理)|判(?:了|定|决|下来)|\bdispute|\bruling"), "platform_dispute"),
    (re.compile(r"换货|\bexchange"), "exchange"),
    (re.compile(r"维修|返修|在修|\brepair"), "repair"),
    (re.compile(r"补发|\bresen[dt]"), "resend"),
    (re.compile(r"仅退款|\brefund only|\bwithout return"), "refund_only_received"),
    (re.compile(r"退货|\breturn"), "return_refund"),
    (re.compile(r"价保|差价|\bprice protection"), "price_protection"),
    (re.compile(r"投诉|\bcomplaint"), "complaint"),
)


_CLAUSE = re.compile(r"[,，。;；!！?？]|\. ")
_WISHES = re.compile(r"[退换修补]|取消|\b(?:return|refund|exchange|swap|cancel|repair|send (?:it |them )?back)\b")

_BEFORE_PLATFORM: frozenset[TicketState] = frozenset({"PLATFORM_DISPUTE", "JUDGED", "EXECUTING", "APPEAL", "SUSPENDED"})
"""Where a case of any kind is a dispute before the platform."""


@dataclass(frozen=True, slots=True)
class Mention:
    """How much of a message speaks of something: `score` in characters (two Latin letters count as one)."""

    score: float = 0.0
    places: frozenset[int] = field(default_factory=frozenset)

    def beside(self, other: Mention) -> bool:
        """Whether it is named by words of its own, elsewhere than the other."""
        return self.score > 0 and not self.places & other.places


def mention(words: str, line: OrderLine, catalogue: Catalogue) -> Mention:
    """How `words` name the product of an order line."""
    said = mend(fold(words))
    latin = _LATIN_WORDS.search(said) is not None
    weights: dict[int, float] = {}
    for term, weight in _terms(line, catalogue):
        for start, end in _found(term, said) if latin or not term.isascii() else ():
            for place in range(start, end):
                share = weight / 2 if said[place].isascii() else weight
                weights[place] = max(weights.get(place, 0.0), share)
    forms = (_forms(value, catalogue.words.get(value, "")) for value in line.options.values())
    options = sum(_OPTION_COUNTS for each in forms if any(any(_found(form, said)) for form in each))
    return Mention(sum(weights.values()) + options, frozenset(weights))


def goods_in(words: str, catalogue: Catalogue) -> frozenset[int]:
    """The places in folded `words` that name goods the shop sells."""
    terms = catalogue.goods_terms
    spans = [
        (start, start + len(term))
        for start, first in enumerate(words)
        for term in terms.by_first.get(first, ())
        if words.startswith(term, start)
    ]
    for match in _LATIN_WORDS.finditer(words):
        plain = match[0].removesuffix("s")
        if (
            plain in terms.stems
            or match[0].removesuffix("es") in terms.stems
            or (plain[:1], "".join(sorted(plain))) in terms.letters
        ):
            spans.append(match.span())
    spans += [span for term in terms.phrases if term in words for span in _found(term, words)]
    return frozenset(place for start, end in spans for place in range(start, end))


def without_goods(words: str, catalogue: Catalogue) -> str:
    """`words` without the names of goods the shop sells, and the particle that joined them to the rest."""
    said = fold(words)
    named = goods_in(said, catalogue)
    rest = "".join(" " if place in named else letter for place, letter in enumerate(said))
    return re.sub(r" +的?", " ", rest).strip() if named else words


def order_mention(words: str, order: Order, catalogue: Catalogue) -> Mention:
    """How `words` name an order: by any of its goods."""
    of_lines = [mention(words, line, catalogue) for line in order.lines]
    return Mention(max(each.score for each in of_lines), frozenset().union(*(each.places for each in of_lines)))


def named_orders(words: str, orders: Sequence[Order], catalogue: Catalogue) -> list[Order]:
    """The orders `words` name best, in the order given; none when no goods of theirs are named."""
    told = [(order_mention(words, order, catalogue).score, order) for order in orders]
    best = max((score for score, _ in told), default=0.0)
    return [order for score, order in told if score == best] if best > 0 else []


def kinds_named(words: str) -> set[TicketKind]:
    """The kinds of case that `words` name."""
    said = fold(words)
    return {kind for pattern, kind in _CASES if pattern.search(said)}


def with_case(words: str, orders: Sequence[Order]) -> list[Order]:
    """The orders with an open case of the kind that `words` name (`那个纠纷单`); none when they name none."""
    named = kinds_named(words)
    judged = _BEFORE_PLATFORM if "platform_dispute" in named else frozenset[TicketState]()
    return [o for o in orders if any(t.kind in named or t.state in judged for t in open_tickets(o))]


def standing_where(words: str, orders: Sequence[Order]) -> list[Order]:
    """The orders that stand where `words` say (`显示签收了`, `the one in the locker`); none when they do not say."""
    said = fold(words)
    named = frozenset[OrderState]().union(*(states for pattern, states in _STANDS if pattern.search(said)))
    return [order for order in orders if order.state in named]


def goods_of_others(words: str, orders: Sequence[Order], catalogue: Catalogue) -> str | None:
    """The longest word for goods the shop sells of which `orders` hold nothing, not even of the same category."""
    said = mend(fold(words))
    if not goods_in(said, catalogue):
        return None
    held = {p.category for order in orders for line in order.lines if (p := catalogue.product(line.product_id))}
    named = sorted((word for word in catalogue.goods_words if any(_found(word, said))), key=len, reverse=True)
    if not named or any(catalogue.categories_of(word) & held for word in named):
        return None
    return named[0]


def further_orders(words: str, first: Order, orders: Sequence[Order], catalogue: Catalogue) -> list[Order]:
    """Other orders that words of their own name beside `first`: `毛巾和被子都取消`. One for each thing named."""
    taken = order_mention(words, first, catalogue)
    found: list[Order] = []
    for order in orders:
        here = order_mention(words, order, catalogue)
        if order is not first and here.score >= 1 and here.beside(taken):
            found.append(order)
            taken = Mention(taken.score, taken.places | here.places)
    return found


def named_lines(words: str, order: Order, catalogue: Catalogue) -> list[OrderLine]:
    """The lines of an order a message is about: all that are named by words of their own, best first.

    What it says to keep, and which order a thing was in, names no line; a clause with the wish in it says more than the
    clauses around it (`毛巾和炸锅买多了，炸锅想退`).
    """
    wish = [clause for clause in _CLAUSE.split(words) if _WISHES.search(fold(clause))]
    if wish and len(wish[0]) < len(words) and (told := _lines_in(" ".join(wish), order, catalogue)):
        return told
    return _lines_in(words, order, catalogue)


def _lines_in(words: str, order: Order, catalogue: Catalogue) -> list[OrderLine]:
    about = _KEPT.sub(" ", words)
    inner = _ORDER_OF.sub(" ", about)
    for said in (inner, about):
        told = sorted(((mention(said, line, catalogue), line) for line in order.lines), key=lambda pair: -pair[0].score)
        if told[0][0].score > 0:
            return [told[0][1], *(line for each, line in told[1:] if each.score >= 1 and each.beside(told[0][0]))]
    return []


def _terms(line: OrderLine, catalogue: Catalogue) -> Iterator[tuple[str, float]]:
    product = catalogue.product(line.product_id)
    for term in goods_words(line.name.zh, line.name.en, product.keywords if product else ()):
        yield term, _NAME
    for value in line.options.values():
        yield from ((form, _OPTION) for form in _forms(value, catalogue.words.get(value, "")))
    if product is not None and product.category in catalogue.categories:
        name, also = catalogue.categories[product.category]
        for word in (name.zh, name.en, *also):
            yield fold(word), _CATEGORY


@lru_cache(maxsize=2048)
def _forms(option: str, english: str) -> tuple[str, ...]:
    """How an option may be said: `刻字款` and `刻字`, or the words of its English name."""
    han = [] if option.isascii() else [fold(option), fold(option).removesuffix("款")]
    forms = [*han, *latin_words(option), *latin_words(english)]
    return tuple(form for form in forms if len(form) > 1 and not _FIGURE.search(form))


def _found(term: str, said: str) -> Iterator[tuple[int, int]]:
    if not term.isascii():
        start = said.find(term)
        while start >= 0:
            yield start, start + len(term)
            start = said.find(term, start + 1)
        return
    stem = term.removesuffix("s")
    for match in _LATIN_WORDS.finditer(said) if " " not in stem else re.finditer(rf"(?<![a-z]){re.escape(stem)}", said):
        if " " in stem or _same_word(match[0], stem):
            yield match.span()


def _same_word(said: str, meant: str) -> bool:
    """Whether a Latin word is `meant`, in the plural or with two letters changed about (`swaeter`)."""
    plain = said.removesuffix("s")
    if plain == meant or said.removesuffix("es") == meant:
        return True
    return len(meant) > 4 and plain[:1] == meant[0] and sorted(plain) == sorted(meant)
