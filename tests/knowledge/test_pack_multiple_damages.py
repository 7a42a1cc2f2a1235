"""DT-24: claims for three or ten times, and what they would amount to for information."""

from __future__ import annotations

import pytest

from tests.knowledge.shipped_pack import decide, instant


@pytest.mark.parametrize(
    ("kind", "ill", "row", "code"),
    [
        ("fraud", False, "R1", "HUMAN+LEGAL"),
        ("food", False, "R2", "ACCEPT_FIRST+HUMAN"),
        ("food", True, "R2b", "HUMAN_NOW"),
        ("label", False, "R3", "HUMAN+LEGAL"),
        ("promise", False, "R5", "HUMAN+LEGAL"),
    ],
)
def test_the_kind_of_claim_decides_who_takes_it(kind: str, ill: bool, row: str, code: str) -> None:
    decision = decide("DT-24", {"damages_kind": kind, "ill": ill})
    assert (decision.row, decision.code, decision.amount) == (row, code, None)


def test_a_fraud_claim_is_handed_over_without_asking_the_price() -> None:
    assert decide("DT-24", {"damages_kind": "fraud"}).code == "HUMAN+LEGAL"


def test_with_food_it_is_asked_first_whether_anybody_is_ill() -> None:
    assert decide("DT-24", {"damages_kind": "food"}).code == "ASK(ill)"


@pytest.mark.parametrize(
    ("price", "shown"),
    [(16666, "HUMAN+LEGAL: 500.00"), (16667, "HUMAN+LEGAL: 500.01"), (100, "HUMAN+LEGAL: 500.00")],
)
def test_three_times_the_price_is_at_least_five_hundred_yuan(price: int, shown: str) -> None:
    assert str(decide("DT-24-amount", {"damages_kind": "fraud", "price": price, "loss": 0})) == shown


@pytest.mark.parametrize(
    ("price", "loss", "amount"),
    [
        (10000, 0, 100000),
        (10001, 0, 100010),
        (1000, 33333, 100000),
        (1000, 33334, 100002),
        (5000, 20000, 100000),
        (1, 0, 100000),
    ],
)
def test_ten_times_the_price_or_three_times_the_loss_is_at_least_a_thousand_yuan(
    price: int, loss: int, amount: int
) -> None:
    assert decide("DT-24-amount", {"damages_kind": "food", "price": price, "loss": loss}).amount == amount


@pytest.mark.parametrize("kind", ["label", "promise"])
def test_no_figure_is_worked_out_where_the_law_gives_no_formula(kind: str) -> None:
    decision = decide("DT-24-amount", {"damages_kind": kind})
    assert (decision.code, decision.amount) == ("HUMAN+LEGAL", None)


def test_the_table_is_there_for_orders_of_earlier_years() -> None:
    decision = decide("DT-24", {"damages_kind": "fraud"}, at=instant("2018-05-01 00:00"))
    assert decision.code == "HUMAN+LEGAL"
