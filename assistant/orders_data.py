"""Customers and orders of a shop from `orders.yaml`, or a case's own data in the same shape, dates relative to now.

A row uses the field names of `assistant.shop.Order`. What the catalogue already knows is filled in: names, options,
item classes, the price at payment. Rows that contradict themselves are refused with the order and field at fault.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from assistant.catalogue import Catalogue
from assistant.dated import refuse_twice, with_instants
from assistant.shop import Customer, Order, OrderState, Product
from assistant.typed import typed
from knowledge.errors import XiaoerError

_DATED = frozenset(
    {
        "created_at", "paid_at", "ship_clicked_at", "shipped_at", "signed_at", "completed_at", "opened_at",
        "updated_at", "deadline", "at",
    }
)  # fmt: skip
_UNPAID: frozenset[OrderState] = frozenset({"CREATED", "CLOSED"})
_NOT_SENT: frozenset[OrderState] = frozenset({"CREATED", "PAID", "CLOSED"})
_RECEIVED: frozenset[OrderState] = frozenset({"SIGNED", "COMPLETED"})
_MAY_HAVE_BEEN_SIGNED: frozenset[OrderState] = _RECEIVED | {"CLOSED"}
_MOMENTS = ("created_at", "paid_at", "shipped_at", "signed_at", "completed_at")


def load_orders(data: Mapping[str, Any], catalogue: Catalogue, now: datetime) -> tuple[list[Customer], list[Order]]:
    """Type `customers` and `orders` (mappings by id, or lists with the id in each row) of `data`.

    Raises `XiaoerError` that names the row: unknown customer or sku, a state without its instants, an instant in the
    future or out of order, more paid back than paid, an id that stands twice.
    """
    customers = [_customer(key, row) for key, row in _rows(data.get("customers"), "customer_id")]
    known = {customer.customer_id: customer for customer in customers}
    words = data.get("scans", {})
    orders = [
        _order(key, row, customers=known, words=words, catalogue=catalogue, now=now)
        for key, row in _rows(data.get("orders"), "order_id")
    ]
    refuse_twice([customer.customer_id for customer in customers], "customer")
    refuse_twice([order.order_id for order in orders], "order")
    refuse_twice([ticket.ticket_id for order in orders for ticket in order.tickets], "ticket")
    return customers, orders


def _rows(rows: object, key: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if rows is None:
        return
    items = rows.items() if isinstance(rows, Mapping) else [(_id(row, key), row) for row in _list(rows)]
    for name, row in items:
        if not isinstance(row, Mapping):
            raise XiaoerError(f"{key} {name}: a row is a mapping.", mend="Write its fields as `name: value`.")
        yield str(name), {field: value for field, value in row.items() if field != key}


def _list(rows: object) -> list[Any]:
    if isinstance(rows, list):
        return rows
    raise XiaoerError("customers and orders are mappings by id or lists.", mend="Write `c01: {...}` a line.")


def _id(row: object, key: str) -> object:
    if isinstance(row, Mapping) and key in row:
        return row[key]
    raise XiaoerError(f"A row lacks its `{key}`.", mend=f"Give each row a `{key}`.")


def _customer(key: str, row: dict[str, Any]) -> Customer:
    return typed(Customer, {"customer_id": key, **row}, where=f"customer {key}")


def _order(
    key: str,
    row: dict[str, Any],
    *,
    customers: Mapping[str, Customer],
    words: Mapping[str, Any],
    catalogue: Catalogue,
    now: datetime,
) -> Order:
    where = f"order {key}"
    customer = customers.get(str(row.get("customer_id")))
    if customer is None:
        raise XiaoerError(f"{where}: there is no customer `{row.get('customer_id')}`.", mend="Add the customer.")
    try:
        fields = with_instants({**row, "parcel": _parcel(row.get("parcel"), words)}, _DATED, now)
        fields = _filled(key, fields, customer, catalogue, now)
    except XiaoerError as error:
        raise XiaoerError(f"{where}: {error.what}", mend=error.mend) from error
    order = typed(Order, fields, where=where)
    for problem in _problems(order, now):
        raise XiaoerError(f"{where}: {problem}.", mend="Correct the row; dates may be relative, e.g. -3d@12:00.")
    return order


def _filled(
    key: str, fields: dict[str, Any], customer: Customer, catalogue: Catalogue, now: datetime
) -> dict[str, Any]:
    """The row with everything the customer and the catalogue already know."""
    paid_at = fields.get("paid_at")
    created_at = fields.get("created_at") or (paid_at - timedelta(minutes=3) if paid_at else now - timedelta(hours=1))
    rows = fields.get("lines") or []
    products = [_product(line, catalogue) for line in rows]
    lines = [
        _line(n, line, product, catalogue, created_at)
        for n, (line, product) in enumerate(zip(rows, products, strict=True), 1)
    ]
    promises = [product.ship_promise_h for product in products if product.ship_promise_h]
    goods = sum(line["unit_paid"] * line.get("qty", 1) for line in lines)
    return {
        "platform": customer.platform,
        "freight_free": all(product.freight_free for product in products),
        "ship_promise_h": max(promises, default=None),
        "paid": goods + fields.get("freight_paid", 0) if paid_at else 0,
        **fields,
        "order_id": key,
        "created_at": created_at,
        "lines": lines,
        "tickets": [_ticket(key, n, ticket) for n, ticket in enumerate(fields.get("tickets") or [], 1)],
    }


def _product(line: Any, catalogue: Catalogue) -> Product:
    sku = line.get("sku") if isinstance(line, Mapping) else None
    product = catalogue.by_sku(str(sku))
    if product is None:
        raise XiaoerError(f"there is no sku `{sku}`.", mend="Name a sku of the catalogue.")
    return product


def _line(number: int, line: dict[str, Any], product: Product, catalogue: Catalogue, at: datetime) -> dict[str, Any]:
    variant = next(v for v in product.variants if v.sku == line["sku"])
    price = catalogue.price_at(variant.sku, at)
    return {
        "line_id": f"L{number}",
        "product_id": product.id,
        "name": product.name,
        "options": variant.options,
        "unit_paid": price.price if price else variant.price,
        "item_class": product.item_class,
        "confirmed_at_purchase": product.confirm_at_purchase,
        **line,
    }


def _parcel(parcel: Any, words: Mapping[str, Any]) -> Any:
    """Scans are written `[instant, place, word]`, the word a key of `scans` or a text in both languages."""
    if not isinstance(parcel, Mapping):
        return parcel
    scans = [_scan(scan, words) if isinstance(scan, list) else scan for scan in parcel.get("scans", [])]
    return {**parcel, "scans": scans}


def _scan(scan: list[Any], words: Mapping[str, Any]) -> dict[str, Any]:
    if len(scan) != 3:
        raise XiaoerError("a scan is [instant, place, word].", mend="e.g. [-2d@08:10, 杭州, sorted]")
    at, place, word = scan
    text = words.get(word) if isinstance(word, str) else word
    if text is None:
        raise XiaoerError(f"there is no scan word `{word}`.", mend="Add it to `scans`.")
    return {"at": at, "place": place, "text": text}


def _ticket(order_id: str, number: int, ticket: Any) -> Any:
    if not isinstance(ticket, Mapping):
        return ticket
    opened = ticket.get("opened_at")
    return {"ticket_id": f"T{order_id[-8:]}{number}", "order_id": order_id, "updated_at": opened, **ticket}


def _problems(order: Order, now: datetime) -> Iterator[str]:
    moments = [(name, getattr(order, name)) for name in _MOMENTS]
    known = [(name, at) for name, at in moments if at is not None]
    for (earlier, first), (later, second) in pairwise(known):
        if second < first:
            yield f"`{later}` is before `{earlier}`"
    for name, at in known:
        if at > now:
            yield f"`{name}` is in the future"
    if order.state not in _UNPAID and order.paid_at is None:
        yield f"{order.state} needs `paid_at`"
    if order.state not in _NOT_SENT and (order.shipped_at is None or order.parcel is None):
        yield f"{order.state} needs `shipped_at` and a parcel"
    if order.state in _RECEIVED and order.signed_at is None:
        yield f"{order.state} needs `signed_at`"
    if order.signed_at is not None and order.state not in _MAY_HAVE_BEEN_SIGNED:
        yield f"{order.state} cannot have `signed_at`"
    if order.returnable < 0:
        yield "more was paid back than was paid"
    lines = {line.line_id for line in order.lines}
    if not lines or any(set(ticket.line_ids) - lines for ticket in order.tickets):
        yield "an order needs lines, and a ticket names lines of its order"
