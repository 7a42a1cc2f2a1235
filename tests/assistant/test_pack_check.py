"""The data of a pack under the compiler's eye: each row's own fault, with its line."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from assistant.pack_check import data_problems
from knowledge.clauses import SHANGHAI
from knowledge.pack import load_pack

NOW = datetime(2026, 11, 22, 10, tzinfo=SHANGHAI)
CATALOGUE = """\
categories:
  home: {zh: 家居, en: Home}
products:
  mug:
    name: {zh: 杯, en: Mug}
    category: home
    variants: [{sku: mug-white, options: {颜色: 白色}, price: 5900, stock: 30}]
  jug:
    name: {zh: 壶, en: Jug}
    category: home
    variants: [{sku: jug-white, options: {颜色: 白色}, price: 9900, stock: 3}]
"""
ORDERS = """\
customers:
  wang: {name: 王芳}
  li: {name: 李丽}
orders:
  "1": {customer_id: wang, state: PAID, paid_at: -1d@10:00, lines: [{sku: mug-white, qty: 1, unit_paid: 5900}]}
  "2": {customer_id: li, state: PAID, paid_at: -1d@10:00, lines: [{sku: jug-white, qty: 1, unit_paid: 9900}]}
"""


def found(folder: Path, catalogue: str = CATALOGUE, orders: str = ORDERS, shop: str = "") -> list[tuple[str, int, str]]:
    folder.mkdir(exist_ok=True)
    (folder / "shop.yaml").write_text(f"extends: cn_retail\nname: {{zh: 店, en: Shop}}\n{shop}", encoding="utf-8")
    (folder / "catalogue.yaml").write_text(catalogue, encoding="utf-8")
    (folder / "orders.yaml").write_text(orders, encoding="utf-8")
    return [(each.file.name, each.line, each.what) for each in data_problems(load_pack(folder), NOW)]


def test_a_sound_pack_and_the_shipped_ones_have_none(tmp_path: Path) -> None:
    assert found(tmp_path / "p") == []
    assert data_problems(load_pack("demo"), NOW) == []
    assert data_problems(load_pack("cn_retail"), NOW) == []


def test_each_product_at_fault_is_named_with_its_line(tmp_path: Path) -> None:
    broken = CATALOGUE.replace("price: 5900", "price: dear").replace(
        "  jug:\n    name: {zh: 壶, en: Jug}\n    category: home",
        "  jug:\n    name: {zh: 壶, en: Jug}\n    category: moon",
    )
    rows = found(tmp_path / "p", broken)
    assert [(file, line) for file, line, _ in rows] == [("catalogue.yaml", 4), ("catalogue.yaml", 8)]
    assert "price" in rows[0][2]
    assert "moon" in rows[1][2]


@pytest.mark.parametrize(
    ("was", "becomes", "line", "says"),
    [
        ("customer_id: li", "customer_id: nobody", 6, "nobody"),
        ("sku: jug-white", "sku: jar-white", 6, "jar-white"),
        ("wang, state: PAID", "wang, state: PAYED", 5, "state"),
        ("{name: 李丽}", "{name: 李丽, phone: 1}", 3, "phone"),
        ("paid_at: -1d@10:00, lines: [{sku: jug", "paid_at: +9d, lines: [{sku: jug", 6, "2"),
    ],
)  # fmt: skip
def test_each_customer_and_order_at_fault_is_named_with_its_line(
    tmp_path: Path, was: str, becomes: str, line: int, says: str
) -> None:
    rows = found(tmp_path / "p", orders=ORDERS.replace(was, becomes))
    assert [(file, at) for file, at, _ in rows if at == line] == [("orders.yaml", line)]
    assert any(says in what for _, _, what in rows)


def test_two_faults_are_two_problems(tmp_path: Path) -> None:
    broken = ORDERS.replace("sku: jug-white", "sku: x").replace("sku: mug-white", "sku: y")
    assert [line for _, line, _ in found(tmp_path / "p", orders=broken)] == [5, 6]


def test_a_promotion_and_the_shop_s_figures_are_typed_too(tmp_path: Path) -> None:
    rows = found(tmp_path / "p", shop="promotions:\n  deal: {kind: gift_of_the_gods}\n")
    assert [(file, line) for file, line, _ in rows] == [("shop.yaml", 4)]
    assert found(tmp_path / "q", shop="proposal_minutes: soon\n")[0][0] == "shop.yaml"


@pytest.mark.parametrize("name", ["tau_retail", "ecom_bench"])
def test_a_pack_that_only_lets_others_write_needs_no_flows(name: str) -> None:
    assert data_problems(load_pack(name), NOW) == []
