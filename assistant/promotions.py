"""Promotions of a shop and the arithmetic of a basket: exact in fen, whatever the order of lines or promotions.

At most one promotion of each layer counts, the shop's own layer before coupons. A coupon's threshold is met by what its
goods cost after the shop layer, whose reduction is shared over the goods it covers by their price. A promotion marked
`alone` combines with nothing. No combination makes a price rise.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from pydantic import Field

from assistant.conversation import Frozen
from assistant.shop import Text

Condition = Literal["anyone", "member", "new_user", "limited_coupon"]
PromotionKind = Literal["full_reduction", "second_half_price", "coupon"]


class Promotion(Frozen):
    """One promotion, in force from `start` (inclusive) to `end` (exclusive). Amounts in fen.

    `full_reduction` and `coupon` take `off` from eligible goods worth at least `over`; `second_half_price` halves every
    second piece of the same product. Empty `products` and `categories` mean everything.
    """

    id: str
    kind: PromotionKind
    name: Text
    start: datetime
    end: datetime
    over: int = Field(default=0, ge=0)
    off: int = Field(default=0, ge=0)
    condition: Condition = "anyone"
    products: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    alone: bool = False
    terms: Text | None = None

    @property
    def layer(self) -> Literal["shop", "coupon"]:
        return "coupon" if self.kind == "coupon" else "shop"

    def in_force(self, at: datetime) -> bool:
        return self.start <= at < self.end

    def covers(self, product_id: str, category: str) -> bool:
        """Whether the product takes part; both lists empty means it does."""
        everything = not self.products and not self.categories
        return everything or product_id in self.products or category in self.categories


@dataclass(frozen=True, slots=True)
class BasketLine:
    """`qty` pieces of one sku at `unit` fen each."""

    sku: str
    product_id: str
    category: str
    unit: int
    qty: int = 1

    @property
    def amount(self) -> int:
        return self.unit * self.qty


@dataclass(frozen=True, slots=True)
class Reduction:
    """What one promotion takes off, in fen."""

    promotion: Promotion
    off: int


@dataclass(frozen=True, slots=True)
class Deal:
    """A basket with its best lawful combination: `total = goods − reductions`."""

    goods: int
    reductions: tuple[Reduction, ...] = ()
    missed: tuple[Promotion, ...] = field(default=(), compare=False)
    """Promotions in force that would count if the buyer met their condition (a member, a new customer)."""

    @property
    def total(self) -> int:
        return self.goods - sum(reduction.off for reduction in self.reductions)


def best_deal(
    lines: Sequence[BasketLine],
    promotions: Iterable[Promotion],
    *,
    at: datetime,
    buyer: frozenset[Condition] = frozenset(),
) -> Deal:
    """The cheapest combination without stacking violations. `buyer` holds the conditions the buyer is known to meet.

    Ties go to fewer promotions, then to the smaller ids, so that the answer does not depend on any order.
    """
    goods = sum(line.amount for line in lines)
    live = [p for p in promotions if p.in_force(at) and any(p.covers(line.product_id, line.category) for line in lines)]
    allowed = [p for p in live if p.condition == "anyone" or p.condition in buyer]
    shop: list[Promotion | None] = [None, *(p for p in allowed if p.layer == "shop")]
    coupons: list[Promotion | None] = [None, *(p for p in allowed if p.layer == "coupon")]
    deals = [_deal(lines, goods, first, second) for first in shop for second in coupons if _together(first, second)]
    best = min(deals, key=lambda deal: (deal.total, len(deal.reductions), [r.promotion.id for r in deal.reductions]))
    missed = [p for p in live if p not in allowed and not p.alone and reduction_of(p, lines) > 0]
    return replace(best, missed=tuple(sorted(missed, key=lambda p: p.id)))


def reduction_of(promotion: Promotion, lines: Sequence[BasketLine], spent: int = 0) -> int:
    """What `promotion` takes off these lines, in fen; `spent` is what another promotion has already taken off.

    Never more than the eligible goods are worth.
    """
    eligible = [line for line in lines if promotion.covers(line.product_id, line.category)]
    worth = max(0, sum(line.amount for line in eligible) - spent)
    if promotion.kind == "second_half_price":
        return min(worth, _second_half(eligible))
    return min(promotion.off, worth) if eligible and worth >= promotion.over else 0


def _second_half(lines: Sequence[BasketLine]) -> int:
    """Every second piece of a product at half its price, the cheaper of each pair, half a fen in the shop's favour."""
    off = 0
    for product_id in {line.product_id for line in lines}:
        units = [line.unit for line in lines if line.product_id == product_id for _ in range(line.qty)]
        off += sum(unit // 2 for unit in sorted(units, reverse=True)[1::2])
    return off


def _deal(lines: Sequence[BasketLine], goods: int, first: Promotion | None, second: Promotion | None) -> Deal:
    reductions: list[Reduction] = []
    if first is not None and (off := reduction_of(first, lines)) > 0:
        reductions.append(Reduction(first, off))
    if second is not None:
        spent = _share(reductions[0], second, lines) if reductions else 0
        if (off := reduction_of(second, lines, spent=spent)) > 0:
            reductions.append(Reduction(second, off))
    return Deal(goods, tuple(reductions))


def _share(reduction: Reduction, other: Promotion, lines: Sequence[BasketLine]) -> int:
    """The part of `reduction` that falls on goods `other` covers too, by price, rounded up."""
    covered = [line for line in lines if reduction.promotion.covers(line.product_id, line.category)]
    both = sum(line.amount for line in covered if other.covers(line.product_id, line.category))
    return -(-reduction.off * both // sum(line.amount for line in covered))


def _together(first: Promotion | None, second: Promotion | None) -> bool:
    return first is None or second is None or not (first.alone or second.alone)
