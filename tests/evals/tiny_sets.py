"""Data of our own in the formats of the public sets, so that their suites run without them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

STATUSES = ("pending", "processed", "delivered", "cancelled")
OTHER_ADDRESS = {
    "address1": "5 Mill Lane", "address2": "", "city": "Ashford", "country": "USA", "state": "VT", "zip": "05001",
}  # fmt: skip
LATER = (
    "cancel_reason", "exchange_items", "exchange_new_items", "exchange_payment_method_id",
    "exchange_price_difference", "return_items", "return_payment_method_id",
)  # fmt: skip


def tau_rows() -> dict[str, dict[str, Any]]:
    """Three customers with four orders each, of two products in four variants."""
    products = {name: _product(name, number) for number, name in enumerate(("Kettle", "Lamp"), start=1)}
    users = {f"user_{letter}": _user(letter) for letter in "abc"}
    orders = {}
    for letter in "abc":
        for number, status in enumerate(STATUSES):
            order = _order(letter, number, status, list(products.values()))
            orders[order["order_id"]] = order
    return {"products": {p["product_id"]: p for p in products.values()}, "users": users, "orders": orders}


def _product(name: str, number: int) -> dict[str, Any]:
    prices = (40.1, 60.25, 95.0, 20.0)
    variants = {
        f"{number}0{i}": {
            "item_id": f"{number}0{i}", "options": {"size": str(i)}, "available": i != 3, "price": price,
        }
        for i, price in enumerate(prices)
    }  # fmt: skip
    return {"name": name, "product_id": f"p{number}", "variants": variants}


def _user(letter: str) -> dict[str, Any]:
    balance = {"a": 5.0, "b": 15.5, "c": 900.0}[letter]
    card = {"source": "credit_card", "id": f"credit_card_{letter}", "brand": "visa", "last_four": "0001"}
    methods = [card, {"source": "paypal", "id": f"paypal_{letter}"}]
    methods.append({"source": "gift_card", "id": f"gift_card_{letter}", "balance": balance})
    return {
        "user_id": f"user_{letter}", "name": {"first_name": "Kim", "last_name": letter.upper()},
        "address": {**OTHER_ADDRESS, "address1": f"1 {letter.upper()} Street", "zip": f"0000{ord(letter) % 10}"},
        "email": f"kim.{letter}@shop.example", "payment_methods": {m["id"]: m for m in methods},
        "orders": [f"#{letter}{number}" for number in range(len(STATUSES))],
    }  # fmt: skip


def _order(letter: str, number: int, status: str, products: list[dict[str, Any]]) -> dict[str, Any]:
    items = []
    for product in products:
        variant = product["variants"][f"{product['product_id'][1]}00"]
        bare = {key: variant[key] for key in ("item_id", "price", "options")}
        items.append({"name": product["name"], "product_id": product["product_id"], **bare})
    paid = {"transaction_type": "payment", "amount": 80.2, "payment_method_id": f"credit_card_{letter}"}
    history = [paid, {**paid, "transaction_type": "refund"}] if status == "cancelled" else [paid]
    return {
        "order_id": f"#{letter}{number}", "user_id": f"user_{letter}", "address": _user(letter)["address"],
        "items": items, "status": status, "fulfillments": [], "payment_history": history,
    }  # fmt: skip


def write_tau(folder: Path, *, mistaken: bool = False) -> Path:
    """The set under `folder`; with `mistaken`, a final state that no right replay leaves."""
    rows = tau_rows()
    cancelled = {
        **dict.fromkeys(LATER), **rows["orders"]["#a0"], "status": "cancelled", "cancel_reason": "no longer needed",
        "payment_history": [
            *rows["orders"]["#a0"]["payment_history"],
            {"transaction_type": "refund", "amount": 80.2 - 1e-10, "payment_method_id": "credit_card_a"},
        ],
    }  # fmt: skip
    moved = {**rows["users"]["user_b"], "address": OTHER_ADDRESS}
    tasks = [
        _task("0", ("find_user_id_by_email", {"email": "kim.a@shop.example"}),
              ("get_order_details", {"order_id": "#a0"}), ("calculate", {"expression": "40.1 + 2 * 20"}),
              ("cancel_pending_order", {"order_id": "#a0", "reason": "no longer needed"})),
        _task("1", ("find_user_id_by_name_zip", {"first_name": "kim", "last_name": "b", "zip": "nowhere"}),
              ("get_order_details", {"order_id": "#b9"}),
              ("modify_user_address", {"user_id": "user_b", **OTHER_ADDRESS}),
              ("exchange_delivered_order_items", {"order_id": "#b2", "item_ids": ["100"], "new_item_ids": ["102"],
                                                  "payment_method_id": "gift_card_b"}),
              ("transfer_to_human_agents", {"summary": "no"})),
    ]  # fmt: skip
    short = "Insufficient gift card balance to pay for the price difference"
    failing = [{"action": 0, "name": "find_user_id_by_name_zip", "error": "User not found"},
               {"action": 1, "name": "get_order_details", "error": "Order not found"},
               {"action": 3, "name": "exchange_delivered_order_items", "error": short}]  # fmt: skip
    states = [
        {"task_id": "0", "changed": {} if mistaken else {"orders": {"#a0": cancelled}}, "failing_actions": []},
        {"task_id": "1", "changed": {"users": {"user_b": moved}}, "failing_actions": failing},
    ]
    place = folder / "tau_retail"
    place.mkdir()
    (place / "db.json").write_text(json.dumps(rows), encoding="utf-8")
    _write_lines(place / "tasks_train.jsonl", tasks)
    _write_lines(place / "expected_states_train.jsonl", states)
    return folder


def _task(name: str, *calls: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    actions = [{"action_id": f"{name}_{i}", "name": each, "arguments": args} for i, (each, args) in enumerate(calls)]
    return {"id": name, "evaluation_criteria": {"actions": actions}}


ECOM_STATES = ("待付款", "已付款", "处理中", "已发货", "已签收")


def ecom_files() -> dict[str, Any]:
    """Two customers with five orders each, of three products."""
    products = {f"10{i}": _appliance(i) for i in range(3)}
    users = {
        name: {"用户ID": name, "用户姓名": f"测试{name}", "电话号码": "13000000001", "电子卡余额": balance,
               "地址信息": {"城市": "杭州市", "详细地址": "一号"}}
        for name, balance in (("甲", 500), ("乙", 90))
    }  # fmt: skip
    orders = {
        name: {f"{n}{i}": _ecom_order(name, f"{n}{i}", i) for i in range(5)} for n, name in ((1, "甲"), (2, "乙"))
    }
    parcels = {name: {f"{n}3": {"物流单号": f"T{n}"}} for n, name in ((1, "甲"), (2, "乙"))}
    in_shop = {"orders": orders, "products": products, "logistics": parcels, "service": {"甲": {}},
               "register_cashback": {"甲": {"14": False}}, "discount": {"活动": "满减"}}  # fmt: skip
    files: dict[str, Any] = {name: {"jd": {"s1": content}} for name, content in in_shop.items()}
    return {**files, "users_info": users, "invoices": {}}


def _appliance(number: int) -> dict[str, Any]:
    others = [
        {"商品ID": f"2{number}{i}", "商品描述": "", "商品状态": state} for i, state in enumerate(("已上架", "缺货"))
    ]
    return {
        "商品ID": f"10{number}", "商品名称": f"水壶{number}", "商品状态": "已上架", "商品价格": 80 + number,
        "可换货商品": others, "商品描述": "好用", "安装说明": "自装", "维修说明": "保修",
        "赠品信息": [{"赠品名称": "杯子"}], "辅材材料": [{"name": "管"}],
        "常见故障": [{"故障代码": "E1", "故障名称": "不热"}],
    }  # fmt: skip


def _ecom_order(name: str, order_id: str, number: int) -> dict[str, Any]:
    lines = [{"商品ID": f"10{number % 3}", "单价": 90 + number, "数量": 1}]
    return {
        "用户ID": name, "订单ID": order_id, "订单状态": ECOM_STATES[number], "订单总金额": 90 + number,
        "是否加急": False, "订单商品列表": lines, "收货地址": {"详细地址": "一号", "电话号码": "13000000001"},
        "支付方式": "京东E卡" if number % 2 else "微信",
    }  # fmt: skip


def write_ecom(folder: Path) -> Path:
    place = folder / "ecom_bench"
    place.mkdir()
    for name, content in ecom_files().items():
        (place / f"{name}.json").write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    own = {"platform": "jd", "shop_id": "s1", "user_id": "甲"}
    writes = [
        ("manage_order", {"action": "取消", "order_id": "11"}),
        ("manage_ecard", {"action": "退款", "amount": 91.0}),
        ("manage_order", {"action": "修改", "order_id": "12", "address": "二号"}),
        ("manage_exchange", {"action": "换货", "order_id": "12", "original_product_id": "102",
                             "exchange_product_id": "220"}),
        ("manage_order", {"action": "增加", "payment": "京东E卡",
                          "product_info_list": [{"product_id": "100", "quantity": 2}]}),
        ("manage_ecard", {"action": "余额使用", "product_id": "100", "quantity": 2}),
        ("manage_urgent", {"order_id": "1234567890"}),
        ("manage_return", {"order_id": "14"}),
        ("manage_ecard", {"action": "退款", "amount": 12.0}),
        ("manage_invoice", {"order_id": "14", "title": "测试", "phone_number": "1", "invoice_type": "个人发票"}),
        ("schedule_service", {"order_id": "14", "user_name": "测试", "phone_number": "1", "service_type": "安装",
                              "service_time": "周一"}),
        ("register_cashback_by_review", {"action": "返现", "order_id": "14"}),
        ("manage_return", {"order_id": "21"}),
    ]  # fmt: skip
    look_ups = [
        ("get_product_info_tool", {"product_id": "100"}),
        ("get_fault_code_info_tool", {"product_id": "100", "fault_code": "E1"}),
        ("get_logistics_info_tool", {"order_id": "13"}),
        ("get_logistics_info_tool", {"order_id": "23"}),
        ("compare_products_info_tool", {"product_ids": ["100", "101"]}),
        ("manage_exchange_tool", {"action": "查询", "order_id": "12", "original_product_id": "102"}),
        ("manage_ecard_tool", {"action": "信息查询"}),
        ("register_cashback_by_review_tool", {"action": "查询", "order_id": "14"}),
    ]
    metadata = {
        key: [{"name": name, "arguments": {**own, **args}} for name, args in calls]
        for key, calls in (("actions", writes), ("searches", look_ups))
    }
    said = "你想办几件事，晒单截图在 https://pictures.example/1.jpg"
    _write_lines(place / "tasks.jsonl", [{"annotator": "0", **own, "instruction": said, "metadata": metadata}])
    return folder


def _write_lines(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
