"""What ECom-Bench rows must say after writes, read off their arguments alone: the set has no final states of its own.

Written without the shop port, whose work it judges.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from assistant.shop import Action
from evals.ecom_shop import NEW_ORDER, EcomData
from evals.row_shop import cents

Fields: TypeAlias = dict[str, Any]

_KIND = {"issue_invoice": "invoices", "book_service": "services", "register_cashback": "cashbacks"}
"""Where a write leaves its mark; the others do in `orders`."""

_FIELDS: dict[str, Callable[[Mapping[str, Any]], Fields]] = {
    "cancel_order": lambda _: {"订单状态": "已取消"},
    "return_order": lambda _: {"订单状态": "已退货"},
    "urge_order": lambda _: {"是否加急": True},
    "place_order": lambda args: {
        "支付方式": args["payment"],
        "商品": sorted(g.partition(" x ")[0] for g in args["goods"]),
    },
    "change_order": lambda args: {
        {"address": "详细地址", "phone_number": "电话号码"}[name]: v for name, v in args.items()
    },
    "issue_invoice": lambda args: {"发票抬头": args["title"], "发票类型": args["invoice_kind"]},
    "book_service": lambda args: {"服务类型": args["service_kind"], "预约日期": args["service_time"]},
    "register_cashback": lambda _: {"已返现": True},
}


def expected(done: Sequence[Action], customer_id: str, data: EcomData) -> dict[str, Fields]:
    """The fields that must stand in changed rows, by `kind key`; a row that says so already need not change."""
    due: dict[str, Fields] = defaultdict(dict)
    before = balance = cents(data.rows["users"][customer_id]["电子卡余额"])
    for action in done:
        args, key = action.args, action.order_id or NEW_ORDER
        if action.name == "pay_by_card":
            balance -= cents(data.rows["products"][args["product_id"]]["商品价格"]) * args["quantity"]
        elif action.name == "refund_to_card":
            balance += args["refund_asked"]
        elif action.name == "exchange_item":
            bought = flat(data.rows["orders"][key])["商品"]
            left = [each for each in bought if each != args["original_product_id"]]
            due[f"orders {key}"]["商品"] = sorted([*left, args["exchange_product_id"]])
        else:
            due[f"{_KIND.get(action.name, 'orders')} {key}"] |= _FIELDS[action.name](args)
    if balance != before:
        due[f"users {customer_id}"] = {"电子卡余额": balance / 100}
    return {name: fields for name, fields in due.items() if not holds(_loaded(name, data), fields)}


def holds(row: Mapping[str, Any] | None, fields: Mapping[str, Any] | None) -> bool:
    """Whether a row says what it must; a row nothing was expected of does not."""
    if row is None or fields is None:
        return False
    seen = flat(row)
    return all(seen.get(name) == value for name, value in fields.items())


def flat(row: Mapping[str, Any]) -> Fields:
    """A row with the fields of its address beside its own, and the numbers of the products bought."""
    bought = sorted(line["商品ID"] for line in row.get("订单商品列表", ()))
    return {**row, **row.get("收货地址", {}), "商品": bought}


def _loaded(name: str, data: EcomData) -> Mapping[str, Any] | None:
    kind, _, key = name.partition(" ")
    return data.rows[kind].get(key)
