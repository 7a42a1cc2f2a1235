"""A shop port over the JD appliance data of ECom-Bench: its records, what a write does to them, and look-ups.

Rows keep the set's own Chinese fields. Money in them is yuan; in facts, actions and orders it is fen.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeAlias

from assistant.errors import EffectRefused, NotFound
from assistant.shop import Action, Customer, Order, OrderLine, OrderState, Text
from evals.row_shop import Row, Rows, RowShop, cents, units
from knowledge.decision import Facts

CARD = "京东E卡"
NEW_ORDER = "1234567890"
"""The number the set gives to an order that a task places."""

UNDATED = datetime(2025, 1, 1, tzinfo=UTC)
"""When every order was placed: its orders have no dates."""

Pictures: TypeAlias = Literal["none", "unseen", "as_said"]
"""Whether a task points to pictures, which are not part of the set: taken at their word only with `as_said`."""

_STATE: dict[str, OrderState] = {
    "待付款": "CREATED", "已付款": "PAID", "处理中": "PAID", "已发货": "SHIPPED", "运输中": "IN_TRANSIT",
    "已送达": "SIGNED", "已签收": "SIGNED", "已取消": "CLOSED", "已退货": "CLOSED",
}  # fmt: skip


@dataclass(frozen=True)
class EcomData:
    """The loaded set. Read only."""

    rows: Rows

    @classmethod
    def read(cls, folder: Path) -> EcomData:
        def load(name: str) -> Any:
            return json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))

        def of_shop(name: str) -> dict[str, Any]:
            (platform,) = load(name).values()
            (shop,) = platform.values()
            return dict(shop)

        def flat(name: str) -> dict[str, Any]:
            return {key: row for of_user in of_shop(name).values() for key, row in of_user.items()}

        parcels = {f"{user} {key}": row for user, own in of_shop("logistics").items() for key, row in own.items()}
        return cls(
            {
                "orders": flat("orders"),
                "users": load("users_info"),
                "products": of_shop("products"),
                "invoices": load("invoices"),
                "logistics": parcels,
                "services": flat("service"),
                "cashbacks": {key: {"已返现": done} for key, done in flat("register_cashback").items()},
                "discounts": {"shop": of_shop("discount")},
                "card": {},
            }
        )


class EcomShop(RowShop):
    """One run's shop. Implements `assistant.shop.Shop` and `assistant.gate.Records`."""

    def __init__(self, data: EcomData, pictures: Pictures = "none") -> None:
        super().__init__(data.rows)
        self.pictures = pictures

    def own(self, customer_id: str, order_id: str | None) -> Row | None:
        """The customer's own order; absent and somebody else's are both None."""
        row = self.row("orders", order_id) if order_id else None
        return row if row and row["用户ID"] == customer_id else None

    def all_own(self, customer_id: str) -> list[Row]:
        placed = [key for kind, key in self.changed if kind == "orders" and key not in self.rows["orders"]]
        found = [self.own(customer_id, key) for key in (*self.rows["orders"], *placed)]
        return [row for row in found if row]

    def card(self, customer_id: str) -> Row:
        """What this run did with a customer's card: orders refunded, price drops paid, goods paid ahead of an order."""
        return self.row("card", customer_id) or {"refunded": [], "protected": [], "ahead": []}

    async def customer(self, customer_id: str) -> Customer | None:
        row = self.row("users", customer_id)
        return Customer(customer_id=customer_id, name=row["用户姓名"], platform="jd") if row else None

    async def orders(self, customer_id: str) -> list[Order]:
        return [_order(row) for row in self.all_own(customer_id)]

    async def order(self, customer_id: str, order_id: str) -> Order | None:
        row = self.own(customer_id, order_id)
        return _order(row) if row else None

    async def facts(self, action: Action, customer_id: str) -> Facts:
        args, user = action.args, self.row("users", customer_id)
        facts = self._order_facts(action, customer_id)
        facts["contact_given"] = all(
            str(args.get(n) or "").strip() for n in ("user_name", "phone_number", "service_time")
        )
        facts["title_given"] = all(str(args.get(n) or "").strip() for n in ("title", "phone_number"))
        facts["change_given"] = any(str(args.get(n) or "").strip() for n in ("address", "phone_number"))
        facts["card_balance"] = cents(user["电子卡余额"]) if user else 0
        if goods := _goods(action):
            facts |= self._goods_facts(goods, customer_id)
        if action.name == "refund_to_card":
            facts |= self._refund_facts(int(args["refund_asked"]), customer_id)
        if self.pictures != "unseen":
            facts["review_shown"] = self.pictures == "as_said"
        return facts

    def _order_facts(self, action: Action, customer_id: str) -> Facts:
        order = self.own(customer_id, action.order_id)
        if order is None:
            return {"own_order": False}
        facts: Facts = {"own_order": True, "order_status": order["订单状态"], "pay_method": order["支付方式"]}
        facts |= {"order_paid": cents(order["订单总金额"]), "urged": order["是否加急"]}
        facts["cashback_booked"] = (self.row("cashbacks", order["订单ID"]) or {}).get("已返现", False)
        original = action.args.get("original_product_id")
        facts["line_in_order"] = any(line["商品ID"] == original for line in order["订单商品列表"])
        product = self.row("products", str(original)) or {"可换货商品": []}
        wanted = [each for each in product["可换货商品"] if each["商品ID"] == action.args.get("exchange_product_id")]
        return facts | {
            "exchangeable": bool(wanted),
            "exchange_on_shelf": all(each["商品状态"] == "已上架" for each in wanted),
        }

    def _goods_facts(self, goods: list[tuple[str, int]], customer_id: str) -> Facts:
        found = [(self.row("products", product_id), n) for product_id, n in goods]
        known = [(row, n) for row, n in found if row is not None and n > 0]
        if len(known) < len(found):
            return {"goods_known": False}
        return {
            "goods_known": True,
            "on_shelf": all(row["商品状态"] == "已上架" for row, _ in known),
            "goods_sum": sum(cents(row["商品价格"]) * n for row, n in known),
            "card_paid_ahead": all([product_id, n] in self.card(customer_id)["ahead"] for product_id, n in goods),
        }

    def _refund_facts(self, asked: int, customer_id: str) -> Facts:
        due = sum(cents(order["订单总金额"]) for order in self.refundable(customer_id))
        facts: Facts = {"refund_due": due, "is_price_drop": asked in self.price_drops(customer_id).values()}
        if self.pictures != "unseen":
            facts["drop_shown"] = asked if self.pictures == "as_said" else None
        return facts

    def refundable(self, customer_id: str) -> list[Row]:
        """Orders paid by card that were returned or cancelled in this run and not paid back yet."""
        changed = [self.own(customer_id, key) for kind, key in self.changed if kind == "orders"]
        over = [row for row in changed if row and row["订单状态"] in ("已取消", "已退货") and row["支付方式"] == CARD]
        return [row for row in over if row["订单ID"] not in self.card(customer_id)["refunded"]]

    def price_drops(self, customer_id: str) -> dict[str, int]:
        """By `order product`: how much a line paid by card is cheaper today, in fen."""
        drops: dict[str, int] = {}
        for order in self.all_own(customer_id):
            for line in order["订单商品列表"] if order["支付方式"] == CARD else ():
                name = f"{order['订单ID']} {line['商品ID']}"
                product = self.row("products", line["商品ID"])
                drop = (cents(line["单价"]) - cents(product["商品价格"])) * line["数量"] if product else 0
                if drop > 0 and name not in self.card(customer_id)["protected"]:
                    drops[name] = drop
        return drops

    def carry_out(self, action: Action, customer_id: str) -> None:
        change = _CHANGES.get(action.name)
        if change is None or self.row("users", customer_id) is None:
            raise EffectRefused("There is no such change, or no such customer.")
        change(self, action, customer_id)

    def change_own(self, action: Action, customer_id: str, allowed: tuple[str, ...], **changes: Any) -> Row:
        """Change the order of `action`, which must be the customer's and in one of the states (none: in any)."""
        order = self.own(customer_id, action.order_id)
        if order is None or (allowed and order["订单状态"] not in allowed):
            raise EffectRefused("There is no such order, or not in this state.")
        self.put("orders", order["订单ID"], {**order, **changes})
        return order

    def product(self, product_id: str) -> Row:
        """Raises `EffectRefused` when there is none."""
        row = self.row("products", product_id)
        if row is None:
            raise EffectRefused("There is no such product.")
        return row

    def move_balance(self, customer_id: str, amount: int) -> None:
        user = self.row("users", customer_id) or {}
        balance = cents(user["电子卡余额"]) + amount
        if balance < 0:
            raise EffectRefused("The card does not hold enough.")
        self.put("users", customer_id, {**user, "电子卡余额": units(balance)})

    def look_up(self, name: str, args: Mapping[str, Any], customer_id: str) -> Any:
        """A look-up by the set's name for it. Raises `NotFound`, also for what is somebody else's."""
        found = _LOOK_UPS[name](self, args, customer_id)
        if not found:
            raise NotFound(f"{name} found nothing.")
        return found


def _goods(action: Action) -> list[tuple[str, int]]:
    """What is bought: `["<product> x <quantity>", …]` of an order, or one product of a payment."""
    if action.name == "place_order":
        pairs = [str(each).partition(" x ") for each in action.args["goods"]]
        return [(product_id, int(n or 0)) for product_id, _, n in pairs]
    return [(str(action.args["product_id"]), int(action.args["quantity"]))] if action.name == "pay_by_card" else []


_CHANGEABLE = ("待付款", "已付款", "处理中")
Change: TypeAlias = Callable[[EcomShop, Action, str], None]


def _change(shop: EcomShop, action: Action, customer_id: str) -> None:
    order = shop.own(customer_id, action.order_id) or {"收货地址": {}}
    given = {"详细地址": action.args.get("address"), "电话号码": action.args.get("phone_number")}
    address = {**order["收货地址"], **{name: value for name, value in given.items() if value}}
    shop.change_own(action, customer_id, _CHANGEABLE, 收货地址=address)


def _place(shop: EcomShop, action: Action, customer_id: str) -> None:
    goods = [(shop.product(product_id), n) for product_id, n in _goods(action)]
    lines = [{"商品ID": row["商品ID"], "单价": row["商品价格"], "数量": n} for row, n in goods]
    total = units(sum(cents(row["商品价格"]) * n for row, n in goods))
    user = shop.row("users", customer_id) or {}
    order = {
        "用户ID": customer_id, "订单ID": NEW_ORDER, "订单状态": "已付款", "订单总金额": total, "是否加急": False,
        "订单商品列表": lines, "收货地址": user.get("地址信息", {}), "支付方式": action.args["payment"],
    }  # fmt: skip
    if NEW_ORDER in shop.rows["orders"] or ("orders", NEW_ORDER) in shop.changed:
        raise EffectRefused("The set has a number for one new order only.")
    shop.put("orders", NEW_ORDER, order)


def _exchange(shop: EcomShop, action: Action, customer_id: str) -> None:
    order = shop.own(customer_id, action.order_id) or {"订单商品列表": []}
    old, new = action.args["original_product_id"], action.args["exchange_product_id"]
    lines = [{**line, "商品ID": new} if line["商品ID"] == old else line for line in order["订单商品列表"]]
    shop.change_own(action, customer_id, _CHANGEABLE, 订单商品列表=lines)


def _pay(shop: EcomShop, action: Action, customer_id: str) -> None:
    ((product_id, n),) = _goods(action)
    price = cents(shop.product(product_id)["商品价格"])
    shop.move_balance(customer_id, -price * n)
    card = shop.card(customer_id)
    shop.put("card", customer_id, {**card, "ahead": [*card["ahead"], [product_id, n]]})


def _refund(shop: EcomShop, action: Action, customer_id: str) -> None:
    amount, card = action.amount or 0, shop.card(customer_id)
    drops, due = shop.price_drops(customer_id), shop.refundable(customer_id)
    if due and amount == sum(cents(order["订单总金额"]) for order in due):
        card = {**card, "refunded": [*card["refunded"], *(order["订单ID"] for order in due)]}
    elif name := next((name for name, drop in drops.items() if drop == amount), None):
        card = {**card, "protected": [*card["protected"], name]}
    shop.move_balance(customer_id, amount)
    shop.put("card", customer_id, card)


def _invoice(shop: EcomShop, action: Action, customer_id: str) -> None:
    order, args = shop.change_own(action, customer_id, ()), action.args
    row = {"订单ID": order["订单ID"], "发票类型": args["invoice_kind"]}
    shop.put("invoices", order["订单ID"], {**row, "发票抬头": args["title"], "电话号码": args["phone_number"]})


def _visit(shop: EcomShop, action: Action, customer_id: str) -> None:
    order, args = shop.change_own(action, customer_id, ()), action.args
    row = {"服务类型": args["service_kind"], "用户ID": customer_id, "订单ID": order["订单ID"]}
    row |= {"电话号码": args["phone_number"], "用户姓名": args["user_name"], "预约日期": args["service_time"]}
    shop.put("services", order["订单ID"], row)


def _cashback(shop: EcomShop, action: Action, customer_id: str) -> None:
    order = shop.change_own(action, customer_id, ())
    shop.put("cashbacks", order["订单ID"], {"已返现": True})


def _to_state(state: str, allowed: tuple[str, ...]) -> Change:
    def change(shop: EcomShop, action: Action, customer_id: str) -> None:
        shop.change_own(action, customer_id, allowed, 订单状态=state)

    return change


def _urge(shop: EcomShop, action: Action, customer_id: str) -> None:
    shop.change_own(action, customer_id, (*_CHANGEABLE, "已发货", "运输中"), 是否加急=True)


_CHANGES: dict[str, Change] = {
    "cancel_order": _to_state("已取消", _CHANGEABLE),
    "return_order": _to_state("已退货", ("已签收",)),
    "change_order": _change,
    "place_order": _place,
    "exchange_item": _exchange,
    "pay_by_card": _pay,
    "refund_to_card": _refund,
    "urge_order": _urge,
    "issue_invoice": _invoice,
    "book_service": _visit,
    "register_cashback": _cashback,
}


def _order(row: Row) -> Order:
    paid = cents(row["订单总金额"])
    return Order(
        order_id=row["订单ID"],
        customer_id=row["用户ID"],
        platform="jd",
        state=_STATE[row["订单状态"]],
        lines=tuple(
            OrderLine(
                line_id=str(number), sku=line["商品ID"], product_id=line["商品ID"], qty=line["数量"],
                name=Text(zh=line["商品ID"], en=line["商品ID"]), unit_paid=cents(line["单价"]),
            )
            for number, line in enumerate(row["订单商品列表"], start=1)
        ),
        paid=paid,
        refunded=paid if row["订单状态"] in ("已取消", "已退货") else 0,
        created_at=UNDATED,
    )  # fmt: skip


LookUp: TypeAlias = Callable[[EcomShop, Mapping[str, Any], str], Any]


def _of_product(field: str) -> LookUp:
    return lambda shop, args, _: (shop.row("products", args["product_id"]) or {}).get(field)


def _fault(shop: EcomShop, args: Mapping[str, Any], _customer_id: str) -> Any:
    faults = (shop.row("products", args["product_id"]) or {}).get("常见故障", ())
    return next((fault for fault in faults if fault["故障代码"] == args["fault_code"]), None)


def _compare(shop: EcomShop, args: Mapping[str, Any], _customer_id: str) -> Any:
    found = [shop.row("products", product_id) for product_id in args["product_ids"]]
    return found if all(found) else None


def _cashback_of(shop: EcomShop, args: Mapping[str, Any], customer_id: str) -> Any:
    order = shop.own(customer_id, args["order_id"])
    return {"已返现": False, **(shop.row("cashbacks", args["order_id"]) or {})} if order else None


def _exchanges(shop: EcomShop, args: Mapping[str, Any], customer_id: str) -> Any:
    order = shop.own(customer_id, args["order_id"])
    product = shop.row("products", args["original_product_id"])
    return {"订单状态": order["订单状态"], "可换货商品": product["可换货商品"]} if order and product else None


def _card_of(shop: EcomShop, args: Mapping[str, Any], customer_id: str) -> Any:
    user = shop.row("users", customer_id)
    return {"余额": user["电子卡余额"]} if user and args["action"] == "余额查询" else None


_LOOK_UPS: dict[str, LookUp] = {
    "get_installation_service_info_tool": _of_product("安装说明"),
    "get_repair_info_tool": _of_product("维修说明"),
    "get_gift_info_tool": _of_product("赠品信息"),
    "get_auxiliary_materials_info_tool": _of_product("辅材材料"),
    "get_product_info_tool": _of_product("商品描述"),
    "get_fault_code_info_tool": _fault,
    "compare_products_info_tool": _compare,
    "get_discount_info_tool": lambda shop, _args, _me: shop.row("discounts", "shop"),
    "get_logistics_info_tool": lambda shop, args, me: shop.row("logistics", f"{me} {args['order_id']}"),
    "manage_order_tool": lambda shop, args, me: shop.own(me, args["order_id"]),
    "manage_exchange_tool": _exchanges,
    "manage_ecard_tool": _card_of,
    "register_cashback_by_review_tool": _cashback_of,
}
