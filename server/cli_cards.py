"""The cards of a reply in the terminal: the words and figures that the widget shows, never the keys of the data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from assistant.wording import instant, money

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from assistant.conversation import Card, Lang

Data: TypeAlias = Mapping[str, Any]
Shown: TypeAlias = Callable[[Data, "Lang"], str]


def _text(name: str) -> Shown:
    return lambda data, _lang: str(data.get(name) or "")


def _money(name: str) -> Shown:
    return lambda data, _lang: money(data[name]) if data.get(name) is not None else ""


def _at(name: str) -> Shown:
    return lambda data, lang: instant(datetime.fromisoformat(data[name]), lang) if data.get(name) else ""


def _listed(name: str) -> Shown:
    return lambda data, lang: _and(data.get(name) or (), lang)


def _and(parts: Sequence[str], lang: Lang) -> str:
    return ("、" if lang == "zh" else ", ").join(parts)


def _goods(data: Data, lang: Lang) -> str:
    named = [f"{line['name']} {line['options']}".strip() + f" ×{line['qty']}" for line in data.get("lines") or ()]
    return _and(named, lang)


def _parcel(data: Data, _lang: Lang) -> str:
    parcel = data.get("parcel") or {}
    return " · ".join(str(parcel[name]) for name in ("carrier", "waybill", "last_scan") if parcel.get(name))


def _cases(data: Data, lang: Lang) -> str:
    return _and([f"{case['kind_label']}：{case['state_label']}" for case in data.get("tickets") or ()], lang)


_NUMBER = (("订单号", "Order no."), _text("order_id"))
_STATE = (("状态", "State"), _text("state_label"))
_PAID = (("实付", "Paid"), _money("paid"))
_FACTS: Mapping[str, Sequence[tuple[tuple[str, str], Shown]]] = {
    "order": (
        _NUMBER,
        _STATE,
        _PAID,
        (("付款", "Paid on"), _at("paid_at")),
        (("发货", "Shipped"), _at("shipped_at")),
        (("签收", "Received"), _at("signed_at")),
        (("物流", "Parcel"), _parcel),
        (("售后", "Cases"), _cases),
    ),
    "case": (
        (("售后单", "Case"), _text("ticket_id")),
        _STATE,
        (("金额", "Amount"), _money("amount")),
        (("下一步", "Next step"), _text("next_step")),
        (("期限", "Due"), _at("by_when")),
        (("等待", "Waiting for"), _text("party")),
        (("可补充", "Could add"), _listed("missing")),
    ),
    "parcel": ((("快递", "Carrier"), _text("carrier")), (("运单号", "Tracking no."), _text("waybill"))),
}
"""By kind of card, what is shown of its data: the label in both languages, and the value in words."""
_ROWS: Mapping[str, tuple[str, Sequence[tuple[tuple[str, str], Shown]]]] = {
    "orders": ("items", ((("商品", "Items"), _goods), _STATE, _PAID, _NUMBER)),
    "products": (
        "items",
        (
            (("商品", "Product"), _text("name")),
            (("价格（起）", "From"), _money("price_from")),
            (("库存", "In stock"), _text("stock")),
            (("理由", "Why"), _text("why")),
        ),
    ),
    "parcel": (
        "scans",
        ((("时间", "When"), _at("at")), (("地点", "Where"), _text("place")), (("", ""), _text("text"))),
    ),
}
"""By kind of card, the list in its data and the columns of that."""


def print_card(card: Card, lang: Lang, console: Console) -> None:
    """A card's title, its facts line by line, its list as a table."""
    facts = [(label[lang == "en"], shown(card.data, lang)) for label, shown in _FACTS.get(card.kind, ())]
    table = _table(card.title)
    table.show_header = False
    for label, value in facts:
        if value:
            table.add_row(label, value)
    if table.row_count:
        console.print(table)
    listed = _listing(card, lang, title=not table.row_count)
    if listed is not None:
        console.print(listed)
    if card.kind == "size":
        console.print(f"  {card.data['why']}", markup=False)


def _listing(card: Card, lang: Lang, *, title: bool) -> Table | None:
    table = _table(card.title if title else "")
    if card.kind in _ROWS:
        name, columns = _ROWS[card.kind]
        for label, _ in columns:
            table.add_column(label[lang == "en"], overflow="fold")
        for row in card.data.get(name) or ():
            table.add_row(*(shown(row, lang) for _, shown in columns))
    elif card.kind in ("comparison", "size"):
        for column in ("", *card.data["columns"]):
            table.add_column(str(column), overflow="fold")
        for row in card.data["rows"]:
            first, style = str(row.get("size") or row["label"]), None
            if row.get("recommended"):
                first, style = f"✓ {first}", "bold"
            table.add_row(first, *map(str, row["values"]), style=style)
    return table if table.row_count else None


def _table(title: str) -> Table:
    from rich.table import Table

    return Table(title=title or None, title_justify="left", title_style="bold", show_edge=False, pad_edge=False)
