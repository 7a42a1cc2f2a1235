"""Runs the skills that a flow names: gathers what a skill wants from the talk, and shows what it found."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from assistant.context import Question, TurnContext
from assistant.conversation import Card, QuickReply
from assistant.flow_subject import ordinal
from assistant.follow_up import continued
from assistant.naming import mention, named_orders
from assistant.shop import Product
from assistant.skills import authenticity, compare, eta, freight, price, product_facts, recommend, size_advice, stock
from assistant.skills.advice import Advice
from assistant.slot_words import NEEDS, RECIPIENTS
from assistant.wording import fill
from knowledge.text import fold

WISH = "wish"
"""The slot that keeps what a recommendation was asked for, so that `300以内的` goes on with it."""
SHOWN = "shown_products"
"""The slot that keeps which products were suggested, so that "the first one" means something."""
_WISH_CHARS = 120
_ON_OFFER = frozenset({"promo_query", "coupon_issue"})
_OFFERS = re.compile(
    r"优惠|活动|折|券|满减|立减|减免|便宜|促销|红包|大促|双十[一二]|双1[12]|618|会员价|discount|offer|coupon|sale|deal|promo|cheap"
)
_NAMED = 0.34
"""The share of a product's name that must be said for it to be meant."""


@dataclass(frozen=True, slots=True)
class SkillResult:
    """What a skill says. With a question, it could not yet answer."""

    text: str
    cards: tuple[Card, ...] = ()
    question: Question | None = None
    quick_replies: tuple[QuickReply, ...] = ()
    answered: bool = True


_SUGGESTED = 4
"""Goods offered to be tapped."""


def has_data(name: str, turn: TurnContext) -> bool:
    """Whether the shop keeps what the skill `name` reckons with: goods, offers, a table of delivery."""
    catalogue = turn.engine.catalogue
    match name:
        case "freight":
            return catalogue.delivery is not None
        case "price":
            return bool(catalogue.products or catalogue.promotions)
        case "eta":
            return True  # the shop's promise of when goods leave is always known
        case _:
            return bool(catalogue.products)


def run_skill(name: str, turn: TurnContext) -> SkillResult:
    """Run the skill `name` on what the customer said, now and earlier in this talk."""
    advice = _SKILLS[name](turn)
    if advice is None:
        if few := _fewer_shown(turn):
            return SkillResult(few)
        text = turn.say("pick_product")
        return SkillResult(text, question=Question("product", text, _suggested(turn, name)), answered=False)
    text = advice.text(turn.lang)
    turn.evidence.text(text)  # a skill is a tool: what it reckoned may be said
    turn.told.append(text)
    card = advice.card(turn.lang)
    question = Question(_QUESTION.get(advice.asks[0], advice.asks[0]), text) if advice.asks else None
    return SkillResult(text, cards=(card,) if card else (), question=question)


_QUESTION = {
    "height": "size_measures",
    "weight": "size_measures",
    "bust": "size_measures",
    "waist": "size_measures",
    "foot": "size_measures",
}


def _product(turn: TurnContext) -> Product | None:
    """The product meant: named in this message, else shown on the page, else the one talked about before."""
    catalogue = turn.engine.catalogue
    named = [found for found in catalogue.find(turn.heard.text, limit=2) if found.named >= _NAMED]
    if named:
        best = named[0].product
        turn.remember(sku=best.variants[0].sku)
        return best
    if bought := _bought(turn):
        turn.remember(sku=bought.variants[0].sku)
        return bought
    shown, place = turn.state.slots.get(SHOWN, []), ordinal(turn.heard.text)
    if place is not None and -len(shown) <= place < len(shown):
        turn.remember(sku=shown[place])
    sku = turn.asked.sku or turn.heard.slots.sku or turn.state.sku
    return (catalogue.by_sku(sku) or catalogue.product(sku)) if sku else None


def _bought(turn: TurnContext) -> Product | None:
    """The one thing among the customer's own goods that the message names, by whatever word tells it from the rest."""
    said, catalogue = turn.heard.text, turn.engine.catalogue
    lines = [line for order in named_orders(said, turn.known_orders, catalogue) for line in order.lines]
    best = max((mention(said, line, catalogue).score for line in lines), default=0.0)
    named = {line.product_id for line in lines if best >= 1 and mention(said, line, catalogue).score == best}
    return catalogue.product(named.pop()) if len(named) == 1 else None


def _fewer_shown(turn: TurnContext) -> str | None:
    """What to say when a place is named that the list just shown does not have."""
    shown, place = turn.state.slots.get(SHOWN, []), ordinal(turn.heard.text)
    of = turn.engine.catalogue.by_sku(shown[0]) if len(shown) == 1 else None
    if of is None or place is None:
        return None
    return fill(turn.say("only_one_shown"), {"goods": of.name.in_(turn.lang)})


def _suggested(turn: TurnContext, skill: str) -> tuple[QuickReply, ...]:
    """Goods that the message may mean: of a size, only such as are made in sizes."""
    catalogue = turn.engine.catalogue
    fitting = [each.product for each in catalogue.find(turn.heard.text, limit=len(catalogue.products))]
    if skill == "size_advice":
        foot = turn.heard.slots.foot_cm is not None
        charts = [(product, product.size_chart) for product in catalogue.products if product.size_chart]
        sized = [product for product, chart in charts if not foot or "foot" in chart[0].ranges]
        fitting = [product for product in fitting if product in sized] or sized
    names = [product.name.in_(turn.lang) for product in fitting[:_SUGGESTED]]
    return tuple(QuickReply(label=name, text=name) for name in names)


def _region(turn: TurnContext) -> str:
    slots = turn.heard.slots
    named = slots.city or slots.region
    if named is None and (delivery := turn.engine.catalogue.delivery):
        named = region.name.zh if (region := delivery.destination(turn.heard.text)) else None
    return named or str(turn.state.slots.get("region") or "")


def _facts(turn: TurnContext) -> Advice | None:
    product = _product(turn)
    if product is None:
        return None
    return product_facts.advise(product_facts.FactsRequest(product.id, turn.heard.text), turn.engine.catalogue)


def _compare(turn: TurnContext) -> Advice | None:
    found = turn.engine.catalogue.find(turn.heard.text, limit=3)
    ids = tuple(each.product.id for each in found if each.named >= _NAMED)[:3]
    if len(ids) < 2:
        return None
    return compare.advise(compare.CompareRequest(ids, turn.now), turn.engine.catalogue)


def _recommend(turn: TurnContext) -> Advice | None:
    slots, kept = turn.heard.slots, turn.state.slots
    catalogue = turn.engine.catalogue
    wish = turn.heard.text
    if continued(turn) and kept.get(WISH):
        # what is named anew replaces what was sought before; for whom and what for stays
        kinds = catalogue.category_in(wish) or [
            found for found in catalogue.find(wish, limit=1) if found.named >= _NAMED
        ]
        wish = f"{_for_whom(kept[WISH]) if kinds else kept[WISH]} {wish}"[-_WISH_CHARS:]
    advice = recommend.advise(
        recommend.RecommendRequest(
            wish=wish,
            now=turn.now,
            category=catalogue.category_in(wish),
            budget=slots.budget_max or slots.money or kept.get("budget_max"),
            at_least=slots.budget_min,
            platform=turn.engine.profile.platform,
            exclude=tuple(p.id for p in (_product(turn),) if p and _matching(turn)),
        ),
        catalogue,
    )
    found = [suggestion.variant.sku for suggestion in advice.items]
    turn.remember(slots={**turn.state.slots, WISH: wish, SHOWN: found}, sku=found[0] if found else turn.state.sku)
    return advice


def _for_whom(wish: str) -> str:
    """The words of an earlier wish that name a person or a need."""
    folded = fold(wish)
    return " ".join(found[0] for _, pattern in (*RECIPIENTS, *NEEDS) if (found := pattern.search(folded)))


def _matching(turn: TurnContext) -> bool:
    """Whether something is sought to go with a product, which is then not recommended itself."""
    return any(guess.name == "outfit_match" for guess in turn.heard.intents)


def _size(turn: TurnContext) -> Advice | None:
    product = _product(turn)
    if product is None:
        return None
    kept = turn.state.slots
    slots = turn.heard.slots
    given = {
        "height": slots.height_cm or kept.get("height_cm"),
        "weight": slots.weight_kg or kept.get("weight_kg"),
        "bust": slots.chest_cm,
        "waist": slots.waist_cm,
        "foot": slots.foot_cm or kept.get("foot_cm"),
    }
    fit: size_advice.Fit = "loose" if "loose" in slots.needs else "slim" if "slim" in slots.needs else "regular"
    measures = {name: float(value) for name, value in given.items() if value}
    return size_advice.advise(size_advice.SizeRequest(product.id, measures, fit), turn.engine.catalogue)


def _stock(turn: TurnContext) -> Advice | None:
    product = _product(turn)
    if product is None:
        return None
    return stock.advise(stock.StockRequest(product.id, turn.heard.text), turn.engine.catalogue)


def _price(turn: TurnContext) -> Advice | None:
    product = _product(turn)
    if product is None and _asks_one_price(turn):
        return None
    items: tuple[tuple[str, int], ...] = ()
    if product is not None:
        variant = turn.engine.catalogue.variants_in(turn.heard.text, product)[0]
        items = ((variant.sku, turn.heard.slots.quantity or 1),)
    buyer = frozenset({"member"}) if turn.customer and turn.customer.member else frozenset[str]()
    return price.advise(
        price.PriceRequest(now=turn.now, items=items, region=_region(turn), buyer=buyer),  # type: ignore[arg-type]
        turn.engine.catalogue,
    )


def _asks_one_price(turn: TurnContext) -> bool:
    """Whether the price of some goods is asked for and not what is on offer."""
    intents = {guess.name for guess in turn.heard.intents}
    return "price_query" in intents and not intents & _ON_OFFER and not _OFFERS.search(fold(turn.heard.text))


def _eta(turn: TurnContext) -> Advice | None:
    product = _product(turn)
    return eta.advise(
        eta.EtaRequest(
            paid_at=turn.now,
            region=_region(turn),
            product_id=product.id if product else None,
            promise_h=turn.engine.profile.ship_promise_h,
        ),
        turn.engine.catalogue,
    )


def _freight(turn: TurnContext) -> Advice | None:
    product = _product(turn)
    return freight.advise(
        freight.FreightRequest(region=_region(turn), product_id=product.id if product else None), turn.engine.catalogue
    )


def _authenticity(turn: TurnContext) -> Advice | None:
    product = _product(turn)
    if product is None:
        return None
    return authenticity.advise(authenticity.AuthenticityRequest(product.id), turn.engine.catalogue)


_SKILLS: Mapping[str, Callable[[TurnContext], Advice | None]] = {
    "product_facts": _facts,
    "compare": _compare,
    "recommend": _recommend,
    "size_advice": _size,
    "stock": _stock,
    "price": _price,
    "eta": _eta,
    "freight": _freight,
    "authenticity": _authenticity,
}
