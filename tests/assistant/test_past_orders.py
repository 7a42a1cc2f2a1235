"""Past orders under two versions of a pack: what changes, by how much, and nothing else."""

from __future__ import annotations

import json
import shutil
from datetime import datetime
from pathlib import Path

import pytest

from assistant.past_orders import of_orders, read_questions
from knowledge.clauses import SHANGHAI
from knowledge.decide import PolicySet
from knowledge.errors import XiaoerError
from knowledge.pack import SHIPPED, load_pack
from knowledge.what_if import Differences, differences
from tests.assistant.demo_shop import NOW, demo_catalogue, demo_pack
from tests.server.test_cli import xiaoer

LATE = {
    "paid": 16800, "paid_at": "2026-11-10T10:00:00+08:00", "now": "2026-11-13T10:00:00+08:00", "promise_h": 48,
    "shipped_at": "2026-11-12T10:00:01+08:00", "ship_clicked_at": None, "presale_ship_at": None, "late_excuse": "none",
    "no_stock": False, "late_scale": "A",
}  # fmt: skip
ON_TIME = {**LATE, "shipped_at": "2026-11-12T10:00:00+08:00"}


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo shop with a dearer scale for late shipping, a shorter price protection, and a gentler return rule."""
    shop = Path(shutil.copytree(SHIPPED / "demo", tmp_path_factory.mktemp("edited") / "shop"))
    path = shop / "shop.yaml"
    text = path.read_text("utf-8").replace("late_scale: A", "late_scale: C")
    path.write_text(text.replace("price_protect_days: 15", "price_protect_days: 3"), "utf-8")
    return shop


@pytest.fixture(scope="module")
def old() -> PolicySet:
    return PolicySet(demo_pack())


@pytest.fixture(scope="module")
def new(edited: Path) -> PolicySet:
    return PolicySet(load_pack(edited))


def of(lines: list[object], old: PolicySet, new: PolicySet) -> Differences:
    spelled = [json.dumps(line) for line in lines]
    return differences(old, new, read_questions(spelled, old, new, demo_catalogue(), NOW))


def test_the_demo_shops_orders_change_where_its_figures_did_and_only_there(old: PolicySet, new: PolicySet) -> None:
    found = differences(old, new, of_orders(demo_pack().data("orders"), old, new, demo_catalogue(), NOW))
    assert {change.table for change in found.changes} == {"DT-14", "DT-19"}
    assert found.asked > 100
    late = [change for change in found.changes if change.table == "DT-14"]
    assert all(change.amount > 0 for change in late)
    assert all(change.amount < 0 for change in found.changes if change.table == "DT-19")
    assert found.amount == sum(change.amount for change in found.changes)


def test_a_pack_against_itself_changes_nothing(old: PolicySet) -> None:
    found = differences(old, old, of_orders(demo_pack().data("orders"), old, old, demo_catalogue(), NOW))
    assert found.changes == ()
    assert found.amount == 0


def test_a_question_of_its_own_is_put_to_both_with_each_ones_own_figures(old: PolicySet, new: PolicySet) -> None:
    at, place = "2026-11-10T10:00:00+08:00", {"platform": "taobao"}
    asked = {"id": "one", "table": "DT-14", "facts": LATE, "at": at, "place": place}
    found = of([asked, {**asked, "id": "two", "facts": ON_TIME}], old, new)
    assert [(str(c.old), str(c.new), c.amount) for c in found.changes] == [("LATE: 8.40", "LATE: 50.40", 4200)]
    assert (found.changes[0].subject, found.asked) == ("one", 2)


def test_recorded_decisions_are_made_again(old: PolicySet, new: PolicySet) -> None:
    kept = {
        "code": "LATE", "table": "DT-14", "row": "R5", "policy": "shop/late-shipping@2025-01", "amount": 840,
        "at": "2026-11-10T10:00:00+08:00", "place": {"platform": "taobao"}, "read": LATE,
    }  # fmt: skip
    found = of([{"permit_id": "p1", "proposal_id": "x", "decisions": [kept]}], old, new)
    assert [(change.subject, change.amount) for change in found.changes] == [("p1", 4200)]


def test_an_order_of_a_file_needs_no_customer_of_the_pack(old: PolicySet, new: PolicySet) -> None:
    row = {
        "order_id": "o1", "customer_id": "somebody", "state": "PAID", "platform": "taobao", "region": "浙江",
        "paid_at": "-4d@10:00", "lines": [{"sku": next(iter(demo_catalogue().products)).variants[0].sku, "qty": 1}],
    }  # fmt: skip
    found = of([row], old, new)
    assert {change.table for change in found.changes} <= {"DT-14", "DT-19"}
    assert found.asked > 0


def test_a_table_that_only_one_version_has_is_a_change(old: PolicySet) -> None:
    parent = PolicySet(load_pack("cn_retail"))
    mine = sorted({table.id for table in old.tables()} - {table.id for table in parent.tables()})
    if not mine:
        pytest.skip("the demo shop has no table of its own")
    at = datetime(2026, 11, 20, tzinfo=SHANGHAI).isoformat()
    found = of([{"table": name, "facts": {}, "at": at} for name in mine], parent, old)
    assert all(change.old is None for change in found.changes)


def test_a_line_that_is_neither_is_named(old: PolicySet) -> None:
    with pytest.raises(XiaoerError, match="Line 1"):
        of([{"table": "DT-14", "facts": {"paid": "much"}, "at": "2026-11-10"}], old, old)


def test_the_command_lists_changes_and_their_sum(edited: Path) -> None:
    ran = xiaoer("policy", "diff", "demo", str(edited), "--now", "2026-11-22T10:00", "--json")
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == ""
    told = json.loads(ran.stdout)
    assert told["amount"] == sum(change["amount"] for change in told["changes"])
    assert {change["table"] for change in told["changes"]} == {"DT-14", "DT-19"}
    assert told["changes"][0]["old"]["clauses"]
