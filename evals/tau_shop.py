"""A shop port over the retail data of tau2-bench (`db.json`): its records, what a write does to them, and look-ups.

Rows are the benchmark's own mappings, so that a final state can be compared field by field. Money in them is dollars as
floats; in facts, actions and orders it is cents.
"""

from __future__ import annotations

import copy
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from assistant.errors import EffectRefused, NotFound
from assistant.shop import Action, Customer, Order, OrderLine, OrderState, Text
from evals.row_shop import Row, Rows, RowShop, cents, units
from knowledge.decision import Facts
from knowledge.expressions import Evaluation, compile_expression

UNDATED = datetime(2024, 1, 1, tzinfo=UTC)
"""When every order was placed: the set has no dates."""

STATUS = {
    "pending": "pending",
    "pending (item modified)": "items_changed",
    "processed": "processed",
    "delivered": "delivered",
    "cancelled": "cancelled",
    "return requested": "return_requested",
    "exchange requested": "exchange_requested",
}
"""The benchmark's order statuses, as the tables name them."""

_STATE: dict[str, OrderState] = {
    "pending": "PAID", "items_changed": "PAID", "processed": "SHIPPED", "delivered": "SIGNED", "cancelled": "CLOSED",
    "return_requested": "SIGNED", "exchange_requested": "SIGNED",
}  # fmt: skip
_ADDRESS = ("address1", "address2", "city", "country", "state", "zip")
_LATER = (
    "cancel_reason", "exchange_items", "exchange_new_items", "exchange_payment_method_id",
    "exchange_price_difference", "return_items", "return_payment_method_id",
)  # fmt: skip


@dataclass(frozen=True)
class TauData:
    """The loaded set. Read only."""

    rows: Rows

    @classmethod
    def read(cls, path: Path) -> TauData:
        return cls(json.loads(path.read_text(encoding="utf-8")))

    @cached_property
    def variants(self) -> dict[str, Row]:
        """Every variant of every product by item id, with its `product_id`."""
        return {
            item: {**variant, "product_id": product["product_id"]}
            for product in self.rows["products"].values()
            for item, variant in product["variants"].items()
        }


class TauShop(RowShop):
    """One run's shop. Implements `assistant.shop.Shop` and `assistant.gate.Records`."""

    def __init__(self, data: TauData) -> None:
        super().__init__(data.rows)
        self.data = data

    def own(self, customer_id: str, order_id: str | None) -> Row | None:
        """The customer's own order; absent and somebody else's are both None."""
        row = self.row("orders", order_id) if order_id else None
        return row if row and row["user_id"] == customer_id else None

    async def customer(self, customer_id: str) -> Customer | None:
        row = self.row("users", customer_id)
        name = " ".join(row["name"].values()) if row else ""
        return Customer(customer_id=customer_id, name=name, lang="en", platform="web") if row else None

    async def orders(self, customer_id: str) -> list[Order]:
        row = self.row("users", customer_id)
        found = [self.own(customer_id, order_id) for order_id in (row["orders"] if row else ())]
        return [_order(each) for each in found if each]

    async def order(self, customer_id: str, order_id: str) -> Order | None:
        row = self.own(customer_id, order_id)
        return _order(row) if row else None

    def carry_out(self, action: Action, customer_id: str) -> None:
        if action.order_id is None:
            self._move_home(action, customer_id)
        else:
            self._change(action, customer_id)

    def _move_home(self, action: Action, customer_id: str) -> None:
        user = self.row("users", customer_id)
        if action.name != "modify_user_address" or user is None or action.args.get("user_id") != customer_id:
            raise EffectRefused("There is no such profile.")
        self.put("users", customer_id, {**user, "address": {name: action.args[name] for name in _ADDRESS}})

    def _change(self, action: Action, customer_id: str) -> None:
        order = self.own(customer_id, action.order_id)
        needs, change = _CHANGES.get(action.name, ("", None))
        if order is None or change is None:
            raise EffectRefused("There is no such order, or no such change.")
        if order["status"] != needs:
            raise EffectRefused(f"The order is {order['status']}.")
        moved = {**dict.fromkeys(_LATER), **copy.deepcopy(order)}
        change(self, moved, action)
        self.put("orders", moved["order_id"], moved)

    def pay(self, user_id: str, method_id: str, amount: int) -> None:
        """Take `amount` (below zero: give it back). Only a gift card's balance is on record here."""
        user = self.row("users", user_id)
        method = user["payment_methods"].get(method_id) if user else None
        if user is None or method is None:
            raise EffectRefused("There is no such payment method.")
        if method["source"] != "gift_card":
            return
        balance = cents(method["balance"]) - amount
        if balance < 0:
            raise EffectRefused("The gift card does not hold enough.")
        methods = {**user["payment_methods"], method_id: {**method, "balance": units(balance)}}
        self.put("users", user_id, {**user, "payment_methods": methods})

    async def facts(self, action: Action, customer_id: str) -> Facts:
        args = action.args
        facts: Facts = {"own_profile": args.get("user_id") == customer_id}
        facts["address_complete"] = all(str(args.get(name) or "").strip() for name in _ADDRESS if name != "address2")
        order, user = self.own(customer_id, action.order_id), self.row("users", customer_id)
        if order is None or user is None:
            return facts | {"own_order": False}
        history = order["payment_history"]
        facts |= {"own_order": True, "order_status": STATUS[order["status"]], "payments": len(history)}
        facts["order_paid"] = sum(_net(order).values())
        facts |= self._item_facts(order, args.get("item_ids"), args.get("new_item_ids"))
        if (method := user["payment_methods"].get(args.get("payment_method_id"))) is None:
            return facts | {"own_method": False}
        facts |= {"own_method": True, "method_kind": method["source"]}
        facts["original_method"] = history[0]["payment_method_id"] == method["id"]
        return facts | ({"gift_balance": cents(method["balance"])} if method["source"] == "gift_card" else {})

    def _item_facts(self, order: Row, old: list[str] | None, new: list[str] | None) -> Facts:
        if old is None:
            return {}
        listed = bool(old) and Counter(old) <= Counter(item["item_id"] for item in order["items"])
        if not listed:
            return {"items_listed": False}
        items = [_item(order, item_id) for item_id in old]
        facts: Facts = {"items_listed": True, "items_value": sum(cents(item["price"]) for item in items)}
        if new is None:
            return facts
        variants = [self.data.variants.get(item_id) for item_id in new]
        facts["items_paired"] = len(old) == len(new)
        facts["options_differ"] = all(one != other for one, other in zip(old, new, strict=False))
        pairs = list(zip(items, variants, strict=False))
        facts["same_product"] = all(v is not None and v["product_id"] == item["product_id"] for item, v in pairs)
        if facts["items_paired"] and facts["same_product"]:
            facts["new_available"] = all(v is not None and v["available"] for v in variants)
            facts["price_difference"] = self.difference(order, old, new)
        return facts

    def difference(self, order: Row, old: list[str], new: list[str]) -> int:
        """What the new items cost more than the old ones, in cents. Raises `EffectRefused` when they do not pair up."""
        held = {item["item_id"] for item in order["items"]}
        if len(old) != len(new) or not held.issuperset(old) or not self.data.variants.keys() >= set(new):
            raise EffectRefused("These items cannot be exchanged for each other.")
        pairs = zip(old, new, strict=True)
        return sum(cents(self.data.variants[n]["price"]) - cents(_item(order, o)["price"]) for o, n in pairs)

    def look_up(self, name: str, args: Mapping[str, Any], customer_id: str) -> Any:
        """A look-up by its benchmark name. Raises `NotFound`, also for what is somebody else's."""
        found = _LOOK_UPS[name](self, args, customer_id)
        if found is None:
            raise NotFound(f"{name} found nothing.")
        return found


def _item(order: Row, item_id: str) -> Row:
    found: Row = next(item for item in order["items"] if item["item_id"] == item_id)
    return found


def _net(order: Row) -> Counter[str]:
    """What each payment method has paid for an order and not got back, in cents."""
    net: Counter[str] = Counter()
    for entry in order["payment_history"]:
        sign = 1 if entry["transaction_type"] == "payment" else -1
        net[entry["payment_method_id"]] += sign * cents(entry["amount"])
    return net


def _entry(kind: str, amount: int, method_id: str) -> Row:
    return {"transaction_type": kind, "amount": units(amount), "payment_method_id": method_id}


def _cancel(shop: TauShop, order: Row, action: Action) -> None:
    for method_id, amount in _net(order).items():
        if amount > 0:
            order["payment_history"].append(_entry("refund", amount, method_id))
            shop.pay(order["user_id"], method_id, -amount)
    order |= {"status": "cancelled", "cancel_reason": action.args["reason"]}


def _address(_shop: TauShop, order: Row, action: Action) -> None:
    order["address"] = {name: action.args[name] for name in _ADDRESS}


def _payment(shop: TauShop, order: Row, action: Action) -> None:
    old, new = order["payment_history"][0]["payment_method_id"], action.args["payment_method_id"]
    amount = sum(_net(order).values())
    shop.pay(order["user_id"], new, amount)
    shop.pay(order["user_id"], old, -amount)
    order["payment_history"] += [_entry("payment", amount, new), _entry("refund", amount, old)]


def _items(shop: TauShop, order: Row, action: Action) -> None:
    old, new, method_id = (action.args[name] for name in ("item_ids", "new_item_ids", "payment_method_id"))
    difference = shop.difference(order, old, new)
    shop.pay(order["user_id"], method_id, difference)
    kind = "payment" if difference > 0 else "refund"
    order["payment_history"].append(_entry(kind, abs(difference), method_id))
    # the benchmark's own backend leaves price and options of the last item on all of them; a port of it does the same,
    # while facts and amounts are reckoned from each item's own
    last = shop.data.variants[new[-1]]
    for was, becomes in zip(old, new, strict=True):
        _item(order, was).update(item_id=becomes, price=last["price"], options=last["options"])
    order["status"] = "pending (item modified)"


def _return(_shop: TauShop, order: Row, action: Action) -> None:
    order |= {"status": "return requested", "return_items": sorted(action.args["item_ids"])}
    order["return_payment_method_id"] = action.args["payment_method_id"]


def _exchange(shop: TauShop, order: Row, action: Action) -> None:
    old, new = action.args["item_ids"], action.args["new_item_ids"]
    order |= {"status": "exchange requested", "exchange_items": sorted(old), "exchange_new_items": sorted(new)}
    order["exchange_payment_method_id"] = action.args["payment_method_id"]
    order["exchange_price_difference"] = units(shop.difference(order, old, new))


_CHANGES: dict[str, tuple[str, Callable[[TauShop, Row, Action], None] | None]] = {
    "cancel_pending_order": ("pending", _cancel),
    "modify_pending_order_address": ("pending", _address),
    "modify_pending_order_payment": ("pending", _payment),
    "modify_pending_order_items": ("pending", _items),
    "return_delivered_order_items": ("delivered", _return),
    "exchange_delivered_order_items": ("delivered", _exchange),
}
"""Each change of an order with the status it needs: the shop's own last look, whatever was decided before."""


def _order(row: Row) -> Order:
    paid = sum(cents(entry["amount"]) for entry in row["payment_history"] if entry["transaction_type"] == "payment")
    lines = tuple(
        OrderLine(
            line_id=str(number), sku=item["item_id"], product_id=item["product_id"], options=item["options"],
            name=Text(zh=item["name"], en=item["name"]), unit_paid=cents(item["price"]),
        )
        for number, item in enumerate(row["items"], start=1)
    )  # fmt: skip
    return Order(
        order_id=row["order_id"],
        customer_id=row["user_id"],
        platform="web",
        state=_STATE[STATUS[row["status"]]],
        lines=lines,
        paid=paid,
        refunded=paid - sum(_net(row).values()),
        created_at=UNDATED,
    )


def _by_email(shop: TauShop, args: Mapping[str, Any], _customer_id: str) -> str | None:
    wanted = args["email"].lower()
    return next((key for key, user in shop.data.rows["users"].items() if user["email"].lower() == wanted), None)


def _by_name(shop: TauShop, args: Mapping[str, Any], _customer_id: str) -> str | None:
    wanted = (args["first_name"].lower(), args["last_name"].lower(), args["zip"])
    for key in shop.data.rows["users"]:
        user = shop.row("users", key) or {}
        name = user["name"]
        if (name["first_name"].lower(), name["last_name"].lower(), user["address"]["zip"]) == wanted:
            return key
    return None


def _sum(_shop: TauShop, args: Mapping[str, Any], _customer_id: str) -> float:
    """Arithmetic in the language of the tables. Raises `ExpressionError`."""
    doubles = re.sub(r"(?<![\d.])(\d+)(?![\d.])", r"\1.0", args["expression"])
    return round(float(Evaluation({}).value(compile_expression(doubles))), 2)


_LOOK_UPS: dict[str, Callable[[TauShop, Mapping[str, Any], str], Any]] = {
    "find_user_id_by_email": _by_email,
    "find_user_id_by_name_zip": _by_name,
    "get_user_details": lambda shop, args, me: shop.row("users", me) if args["user_id"] == me else None,
    "get_order_details": lambda shop, args, me: shop.own(me, args["order_id"]),
    "get_product_details": lambda shop, args, _: shop.row("products", args["product_id"]),
    "get_item_details": lambda shop, args, _: shop.data.variants.get(args["item_id"]),
    "calculate": _sum,
}
LOOK_UPS = frozenset(_LOOK_UPS)
