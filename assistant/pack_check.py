"""A pack's shop data under the compiler's eye: every product, promotion, customer and order typed, each by itself.

`Catalogue.from_data` and `load_orders` stop at the first fault of a file; here every row's own fault is found, with the
line it stands in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from assistant.catalogue import Catalogue
from assistant.flows import read_flows
from assistant.orders_data import load_orders
from assistant.profile import read_profile
from knowledge.check import Problem
from knowledge.errors import PackError, XiaoerError
from knowledge.pack import Pack


def data_problems(pack: Pack, now: datetime) -> list[Problem]:
    """What is wrong with the shop's figures, its flows' words, catalogue and orders, dates relative to `now`."""
    try:
        catalogue, orders, shop = pack.data("catalogue"), pack.data("orders"), pack.data("shop")
    except PackError as error:
        return [Problem(error.file, error.line, error.what, error.mend)]
    problems = [
        *_refused(pack, "shop", (), lambda: read_profile(shop, key=pack.name)),
        *_flows(pack),
        *_products(pack, catalogue, shop, now),
    ]
    if problems:
        return problems
    try:
        whole = Catalogue.from_data(catalogue, now, shop=shop)
    except XiaoerError as error:
        return [_problem(pack, "catalogue", (), error)]
    return list(_orders(pack, orders, whole, now))


def _flows(pack: Pack) -> Iterator[Problem]:
    """A pack that only lets others write (`writes.yaml`) talks to nobody and needs no flows."""
    if pack.data("flows") or not pack.data("writes"):
        yield from _refused(pack, "flows", (), lambda: read_flows(pack.data("flows")))


def _products(pack: Pack, catalogue: Mapping[str, Any], shop: Mapping[str, Any], now: datetime) -> Iterator[Problem]:
    rows = catalogue.get("products") or {}
    for name, row in _rows(rows):
        alone = {**catalogue, "products": {name: row}}
        yield from _refused(pack, "catalogue", ("products", name), partial(Catalogue.from_data, alone, now))
    for name, row in _rows(shop.get("promotions") or {}):
        alone = {"promotions": {name: {**row, "products": []} if isinstance(row, dict) else row}}
        yield from _refused(pack, "shop", ("promotions", name), partial(Catalogue.from_data, {}, now, shop=alone))


def _orders(pack: Pack, orders: Mapping[str, Any], catalogue: Catalogue, now: datetime) -> Iterator[Problem]:
    customers = orders.get("customers") or {}
    good = dict(_rows(customers))
    faults = 0
    for name, row in _rows(customers):
        found = list(
            _refused(
                pack, "orders", ("customers", name),
                partial(load_orders, {"customers": {name: row}}, catalogue, now),
            )
        )  # fmt: skip
        faults += len(found)
        if found:
            good.pop(name)
        yield from found
    for name, row in _rows(orders.get("orders") or {}):
        alone = {**orders, "customers": good, "orders": {name: row}}
        found = list(_refused(pack, "orders", ("orders", name), partial(load_orders, alone, catalogue, now)))
        faults += len(found)
        yield from found
    if not faults:
        yield from _refused(pack, "orders", (), lambda: load_orders(orders, catalogue, now))


def _rows(rows: object) -> Iterator[tuple[str, Any]]:
    """The rows of a mapping by name; a list is read as a whole by what loads it."""
    if isinstance(rows, Mapping):
        yield from rows.items()


def _refused(pack: Pack, stem: str, way: tuple[str | int, ...], read: Callable[[], object]) -> Iterator[Problem]:
    try:
        read()
    except XiaoerError as error:
        yield _problem(pack, stem, way, error)


def _problem(pack: Pack, stem: str, way: tuple[str | int, ...], error: XiaoerError) -> Problem:
    file, line = pack.where(stem, *way)
    return Problem(file, line, error.what, error.mend)
