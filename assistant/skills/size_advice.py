"""Which size of a chart fits the measures a customer gives: one row, two rows to choose between, or honestly none.

A measure belongs to every row whose inclusive range holds it. When the rows of all measures meet in one row, that is
the size; when they meet in several or lie next to each other, the fit preference decides and both are named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from assistant.catalogue import Catalogue
from assistant.conversation import Card, Lang
from assistant.shop import Product, SizeRow, Text
from assistant.skills.advice import listed, plain

Measure = Literal["height", "weight", "bust", "waist", "foot"]
Fit = Literal["slim", "regular", "loose"]
Outcome = Literal["fits", "between", "mixed", "outside", "ask", "no_chart"]

_LABELS: Mapping[str, tuple[Text, str]] = {
    "height": (Text(zh="身高", en="height"), "cm"),
    "weight": (Text(zh="体重", en="weight"), "kg"),
    "bust": (Text(zh="胸围", en="bust"), "cm"),
    "waist": (Text(zh="腰围", en="waist"), "cm"),
    "foot": (Text(zh="脚长", en="foot length"), "cm"),
}


@dataclass(frozen=True, slots=True)
class SizeRequest:
    """`measures` in cm and kg, by the names of `Measure`; others are ignored."""

    product_id: str
    measures: Mapping[str, float] = field(default_factory=dict)
    fit: Fit = "regular"


@dataclass(frozen=True, slots=True)
class SizeAdvice:
    """`size` is the recommended one, `in_stock` is about it; `sizes` are all in question, small to large."""

    outcome: Outcome
    product: Product | None
    used: Mapping[str, float] = field(default_factory=dict)
    fit: Fit = "regular"
    sizes: tuple[str, ...] = ()
    size: str | None = None
    beyond: str | None = None
    """The measure that lies outside the chart."""
    in_stock: bool = True
    asks: tuple[str, ...] = ()

    def text(self, lang: Lang) -> str:
        return _text_zh(self) if lang == "zh" else _text_en(self)

    def card(self, lang: Lang) -> Card | None:
        if self.product is None or not self.product.size_chart:
            return None
        names = _names(self.product.size_chart)
        return Card(
            kind="size",
            title=self.product.name.in_(lang),
            data={
                "columns": [f"{_LABELS[name][0].in_(lang)} {_LABELS[name][1]}" for name in names],
                "rows": [
                    {
                        "size": row.size,
                        "values": [_span(row, name) for name in names],
                        "recommended": row.size == self.size,
                    }
                    for row in self.product.size_chart
                ],
                "why": self.text(lang),
            },
        )


def advise(request: SizeRequest, catalogue: Catalogue) -> SizeAdvice:
    """The size for the measures given; without enough of them, what to ask for."""
    product = catalogue.product(request.product_id)
    if product is None or not product.size_chart:
        return SizeAdvice("no_chart", product)
    names = _names(product.size_chart)
    used = {name: value for name, value in request.measures.items() if name in names}
    if wanted := _missing(names, used):
        return SizeAdvice("ask", product, used, request.fit, asks=wanted)
    rows = {name: _rows_for(product.size_chart, name, value) for name, value in used.items()}
    if beyond := next((name for name, found in rows.items() if not found), None):
        return SizeAdvice("outside", product, used, request.fit, beyond=beyond)
    low, high, outcome = _meet(list(rows.values()))
    sizes = tuple(row.size for row in product.size_chart[low : high + 1])
    size = sizes[0] if request.fit == "slim" and outcome == "between" else sizes[-1]
    return SizeAdvice(outcome, product, used, request.fit, sizes, size, in_stock=_stocked(product, size))


def _names(chart: Sequence[SizeRow]) -> list[str]:
    return [name for name in _LABELS if any(name in row.ranges for row in chart)]


def _missing(names: Sequence[str], used: Mapping[str, float]) -> tuple[str, ...]:
    """Height and weight go together where a chart has both; elsewhere one measure of the chart is enough."""
    pair = [name for name in ("height", "weight") if name in names]
    if len(pair) == 2:
        return tuple(name for name in pair if name not in used)
    return () if used else tuple(names)


def _rows_for(chart: Sequence[SizeRow], name: str, value: float) -> set[int]:
    """Rows whose range holds the value; in a gap between two ranges both neighbours; outside the chart none."""
    ranges = {index: row.ranges[name] for index, row in enumerate(chart) if name in row.ranges}
    inside = {index for index, (low, high) in ranges.items() if low <= value <= high}
    if inside:
        return inside
    below = [index for index, (_, high) in ranges.items() if high < value]
    above = [index for index, (low, _) in ranges.items() if low > value]
    return {max(below), min(above)} if below and above else set()


def _meet(found: Sequence[set[int]]) -> tuple[int, int, Outcome]:
    """First and last row in question, and how they were found."""
    common = set.intersection(*found)
    if common:
        return min(common), max(common), "fits" if len(common) == 1 else "between"
    low, high = sorted((min(max(rows) for rows in found), max(min(rows) for rows in found)))
    return low, high, "between" if high - low == 1 else "mixed"


def _stocked(product: Product, size: str) -> bool:
    return any(variant.stock > 0 for variant in product.variants if size in variant.options.values())


def _span(row: SizeRow, name: str) -> str:
    if name not in row.ranges:
        return "—"
    low, high = row.ranges[name]
    return f"{plain(low)}–{plain(high)}"


def _given(advice: SizeAdvice, lang: Lang) -> str:
    parts = [f"{_LABELS[n][0].in_(lang)} {plain(v)} {_LABELS[n][1]}" for n, v in advice.used.items()]
    return listed(parts, lang)


def _limits(advice: SizeAdvice) -> str:
    chart = advice.product.size_chart if advice.product else ()
    spans = [row.ranges[advice.beyond] for row in chart if advice.beyond in row.ranges]
    unit = _LABELS[advice.beyond or "height"][1]
    return f"{plain(min(low for low, _ in spans))}–{plain(max(high for _, high in spans))} {unit}"


def _text_zh(advice: SizeAdvice) -> str:
    given = _given(advice, "zh")
    sold_out = "" if advice.in_stock else f"{advice.size} 码目前缺货。"
    match advice.outcome:
        case "fits":
            return f"按尺码表，{given} 对应 {advice.size} 码，建议选 {advice.size}。{sold_out}"
        case "between":
            small, large = advice.sizes[0], advice.sizes[-1]
            return (
                f"{given} 在 {small} 和 {large} 之间：喜欢合身选 {small}，喜欢宽松选 {large}。"
                f"{_preferred_zh(advice)}{sold_out}"
            )
        case "mixed":
            return (
                f"{given} 在尺码表里对应的码差得比较远（{advice.sizes[0]} 到 {advice.sizes[-1]}），"
                f"先按较大的 {advice.size} 码考虑，建议量一下再定。{sold_out}"
            )
        case "outside":
            label = _LABELS[advice.beyond or "height"][0].zh
            return f"您的{label}不在这款尺码表的范围里（{_limits(advice)}），没有合适的码，不建议勉强买。"
        case "ask":
            return f"请告诉我{'和'.join(_LABELS[name][0].zh for name in advice.asks)}，我按尺码表帮您看。"
        case "no_chart":
            return "这件商品没有尺码表，我不能凭估计推荐尺码。需要的话我请人工同事确认。"


def _preferred_zh(advice: SizeAdvice) -> str:
    wish = {"slim": "按您喜欢合身", "loose": "按您喜欢宽松", "regular": "没有特别偏好的话"}[advice.fit]
    return f"{wish}，建议 {advice.size}。"


def _text_en(advice: SizeAdvice) -> str:
    given = _given(advice, "en")
    sold_out = "" if advice.in_stock else f" Size {advice.size} is out of stock at the moment."
    match advice.outcome:
        case "fits":
            return f"By the size chart, {given} means size {advice.size}; that is the one to take.{sold_out}"
        case "between":
            small, large = advice.sizes[0], advice.sizes[-1]
            wish = {"slim": "As you like a close fit", "loose": "As you like a loose fit", "regular": "If in doubt"}
            return (
                f"With {given} you are between {small} and {large}: {small} for a close fit, {large} for a loose one. "
                f"{wish[advice.fit]}, take {advice.size}.{sold_out}"
            )
        case "mixed":
            return (
                f"With {given} the chart points to sizes far apart ({advice.sizes[0]} to {advice.sizes[-1]}). "
                f"Think of the larger, {advice.size}, and measure again before you order.{sold_out}"
            )
        case "outside":
            label = _LABELS[advice.beyond or "height"][0].en
            return f"Your {label} is outside this size chart ({_limits(advice)}), so no size would fit properly."
        case "ask":
            wanted = " and ".join(_LABELS[name][0].en for name in advice.asks)
            return f"Please tell me your {wanted} and I will check the size chart."
        case "no_chart":
            return "This product has no size chart, and I would rather not guess. I can ask a colleague to confirm."
