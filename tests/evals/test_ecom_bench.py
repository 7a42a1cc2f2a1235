from __future__ import annotations

from pathlib import Path

import pytest

from assistant.shop import Action
from evals import ecom_bench
from evals.ecom_expected import expected, holds
from evals.ecom_mutants import WRONG
from evals.ecom_shop import EcomData
from evals.report import Report
from tests.evals.tiny_sets import write_ecom


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_ecom(tmp_path_factory.mktemp("set"))


@pytest.fixture(scope="module")
def found(folder: Path) -> Report:
    return ecom_bench.run("ecom_bench", folder, a_kind=3)


def test_gold_writes_are_done_but_for_pictures_nobody_has_and_rules_they_break(found: Report) -> None:
    # of 13: 12.00 off needs the screenshot, the cashback a review, and order 21 is another customer's
    assert found.metrics["gold_writes_done"].value == round(10 / 13, 4)
    assert found.metrics["gold_writes_done_if_pictures_show_what_is_said"].value == round(12 / 13, 4)
    assert {name for name in found.groups if name.startswith("gold")} == {
        "gold not done: refund_to_card ASK(drop_shown) shop/card@1#refund",
        "gold not done: register_cashback ASK(review_shown) shop/service@1#cashback",
        "gold not done: return_order NOT_YOURS shop/service@1#own",
    }
    assert found.metrics["final_state"].value == 1
    assert found.failures == ()


def test_look_ups_find_what_the_set_holds_and_is_the_customers_own(found: Report) -> None:
    assert found.metrics["look_ups_found"].value == 0.75
    absent = {name for name in found.groups if name.startswith("look-up")}
    assert absent == {"look-up not found: get_logistics_info_tool", "look-up not found: manage_ecard_tool"}


def test_every_kind_of_wrong_write_is_denied_and_right_ones_are_done(found: Report) -> None:
    for name in ("wrong_writes_denied", "denied_for_its_reason_with_a_clause", "right_writes_done"):
        assert found.metrics[name].value == 1, name
    assert set(WRONG) <= {name.partition(":")[0] for name in found.groups}


def test_what_must_stand_in_rows_is_read_off_the_arguments(folder: Path) -> None:
    data = EcomData.read(folder / "ecom_bench")
    pay = Action(name="pay_by_card", order_id=None, args={"product_id": "100", "quantity": 2})
    assert expected([pay], "甲", data) == {"users 甲": {"电子卡余额": 340.0}}
    address = Action(name="change_order", order_id="12", args={"address": "二号"})
    assert expected([address], "甲", data) == {"orders 12": {"详细地址": "二号"}}
    assert holds({"收货地址": {"详细地址": "二号"}}, {"详细地址": "二号"})
    assert not holds(None, {})
    assert not holds({}, None)
