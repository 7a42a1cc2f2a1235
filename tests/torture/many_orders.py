"""A shop of many customers with many orders each, so that thousands of writes find something to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

CUSTOMERS = tuple(f"t{number:02d}" for number in range(1, 9))


@dataclass(frozen=True, slots=True)
class Wish:
    """What a customer asks about one order, and the action that must come of it."""

    order_id: str
    words: str
    action: str


_KINDS: tuple[tuple[str, str, str], ...] = (
    # (how the order stands, the customer's words, the action proposed)
    ("state: PAID, paid_at: -5h", "我不想要了，取消这个订单", "cancel_refund"),
    ("state: PAID, paid_at: -3d@10:08", "超过48小时还没发货，我要赔偿", "late_compensation"),
    (
        "state: SIGNED, paid_at: -6d@20:15, shipped_at: -5d@18:40, signed_at: -3d@12:20, parcel: {carrier: 中通快递, "
        "waybill: '1', scans: [[-5d@18:40, 杭州, picked_up], [-3d@12:20, 上海, signed]], signed_by: 本人}",
        "我要七天无理由退货，没拆封没用过",
        "return_refund",
    ),
)
_SKUS = ("coat-wool-black-m", "knit-cashmere-beige-m", "sneaker-run-39", "tote-canvas-beige")


def write_pack(folder: Path, *, orders_each: int) -> dict[str, list[Wish]]:
    """A pack in `folder` that extends the demo shop; each customer's wishes, one an order."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "shop.yaml").write_text("extends: demo\nkey: torture\n", "utf-8")
    orders: dict[str, object] = {}
    wishes: dict[str, list[Wish]] = {}
    for row, customer in enumerate(CUSTOMERS):
        for number in range(orders_each):
            order_id = f"9{row + 1:02d}{number:06d}"
            stands, words, action = _KINDS[number % len(_KINDS)]
            line = f"lines: [{{sku: {_SKUS[number % len(_SKUS)]}, qty: 1, unit_paid: 29900}}]"
            orders[order_id] = yaml.safe_load(f"{{customer_id: {customer}, region: 上海, {stands}, {line}}}")
            wishes.setdefault(customer, []).append(Wish(order_id, words, action))
    customers = {customer: {"name": f"顾客{customer}", "phone_tail": "0000"} for customer in CUSTOMERS}
    text = yaml.safe_dump({"customers": customers, "orders": orders}, allow_unicode=True)
    (folder / "orders.yaml").write_text(text, "utf-8")
    return wishes
