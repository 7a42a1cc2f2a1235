"""Past orders and recorded decisions, as questions that can be put to another version of a pack."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from assistant.catalogue import Catalogue
from assistant.order_facts import order_facts, place_of
from assistant.orders_data import load_orders
from assistant.profile import ShopProfile, read_profile
from assistant.shop import Order
from knowledge.clauses import Place
from knowledge.decide import PolicySet
from knowledge.decision import Decision, Facts
from knowledge.errors import FactTypeError, XiaoerError
from knowledge.facts import check_facts
from knowledge.front_matter import instant
from knowledge.pack import Pack
from knowledge.what_if import Question

_DECISION: TypeAdapter[Decision] = TypeAdapter(Decision)


def read_questions(
    lines: Iterable[str], old: PolicySet, new: PolicySet, catalogue: Catalogue, now: datetime
) -> Iterator[Question]:
    """Questions from JSON Lines. A line is an order, the decisions of a permit (as `xiaoer verify --export` writes
    them), or a question of its own: `{"id", "table", "facts", "at", "place"}`.

    Raises `XiaoerError` that names the line.
    """
    rows: list[dict[str, Any]] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            if "decisions" in row:
                yield from _of_permit(row)
            elif "table" in row:
                yield _own(row, number, old, new)
            else:
                rows.append(row)
        except (ValueError, TypeError, KeyError, FactTypeError) as error:
            raise XiaoerError(f"Line {number} is no order and no decision: {error}.") from error
    if rows:
        yield from of_orders({"orders": rows, "customers": _customers(rows)}, old, new, catalogue, now)


def of_orders(
    data: Mapping[str, Any], old: PolicySet, new: PolicySet, catalogue: Catalogue, now: datetime
) -> Iterator[Question]:
    """Every table that a whole order's own records can answer, for each order of `data` (as in `orders.yaml`)."""
    profiles = [_profile(policies.pack) for policies in (old, new)]
    tables = sorted({table.id for policies in (old, new) for table in policies.tables()})
    _, orders = load_orders(data, catalogue, now)
    for order in orders:
        was, is_now = (_facts(order, catalogue, profile, now) for profile in profiles)
        place = place_of(order, catalogue.product(order.lines[0].product_id))
        at = order.paid_at or order.created_at
        for table in tables:
            yield Question(order.order_id, table, was, at, place, now, is_now)


def _facts(order: Order, catalogue: Catalogue, profile: ShopProfile, now: datetime) -> Facts:
    return order_facts(order, order.lines, catalogue, profile, now)


def _profile(pack: Pack) -> ShopProfile:
    return read_profile(pack.data("shop"), key=pack.name)


def _customers(rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    return {str(row["customer_id"]): {"name": str(row["customer_id"])} for row in rows if "customer_id" in row}


def _of_permit(row: Mapping[str, Any]) -> Iterator[Question]:
    for kept in row["decisions"]:
        decision = _DECISION.validate_python(kept)
        if decision.at is None:
            continue
        place = decision.place or Place()
        yield Question(str(row["permit_id"]), decision.table, decision.read, decision.at, place, decision.decided_at)


def _own(row: Mapping[str, Any], number: int, old: PolicySet, new: PolicySet) -> Question:
    definitions = {**old.facts, **new.facts}
    return Question(
        subject=str(row.get("id", number)),
        table=str(row["table"]),
        facts=check_facts(definitions, row["facts"]),
        at=instant(row["at"]),
        place=Place(**row.get("place", {})),
        decided_at=instant(row["decided_at"]) if row.get("decided_at") else None,
    )
