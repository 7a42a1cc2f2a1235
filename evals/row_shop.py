"""A shop over rows of somebody else's data: changes lie over the loaded rows, which are shared and never written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeAlias

from assistant.errors import Conflict
from assistant.proposals import args_hash, new_id
from assistant.shop import Action, Receipt

Row: TypeAlias = dict[str, Any]
Rows: TypeAlias = Mapping[str, Mapping[str, Row]]
"""Rows by kind and key."""


def cents(amount: float) -> int:
    """Dollars or yuan as whole cents or fen."""
    return round(amount * 100)


def units(amount: int) -> float:
    """Cents or fen as dollars or yuan, the way the sets write money."""
    return amount / 100


class RowShop:
    """The half of `assistant.shop.Shop` that is the same over any rows: a write happens once per key."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.run = new_id()
        self.changed: dict[tuple[str, str], Row] = {}
        self._receipts: dict[str, tuple[Receipt, str]] = {}

    def row(self, kind: str, key: str) -> Row | None:
        return self.changed.get((kind, key)) or self.rows[kind].get(key)

    def put(self, kind: str, key: str, row: Row) -> None:
        self.changed[kind, key] = row

    def moved(self) -> dict[str, Row]:
        """The rows that differ from the loaded ones, by `kind key`."""
        return {f"{kind} {key}": row for (kind, key), row in self.changed.items() if row != self.rows[kind].get(key)}

    def carry_out(self, action: Action, customer_id: str) -> None:
        """Do `action`, which nobody has done under this key. Raises `EffectRefused`, and changes nothing then."""
        raise NotImplementedError

    async def receipt(self, key: str) -> Receipt | None:
        found = self._receipts.get(key)
        return found[0] if found else None

    async def execute(self, action: Action, *, key: str, customer_id: str, at: datetime) -> Receipt:
        """Carry out `action` once under `key`. Raises `EffectRefused` and `Conflict`."""
        digest = args_hash(action)
        if key in self._receipts:
            receipt, used_for = self._receipts[key]
            if used_for != digest:
                raise Conflict("This key was used for another action.")
            return receipt
        self.carry_out(action, customer_id)
        number = f"R{len(self._receipts) + 1}"
        receipt = Receipt(
            key=key, reference=number, action=action.name, order_id=action.order_id, amount=action.amount, at=at
        )
        self._receipts[key] = (receipt, digest)
        return receipt
