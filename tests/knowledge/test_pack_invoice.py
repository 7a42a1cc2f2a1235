"""DT-25: invoices."""

from __future__ import annotations

import pytest

from tests.knowledge.shipped_pack import decide


@pytest.mark.parametrize(
    ("ask", "row", "code"),
    [
        ("issue", "R1", "ISSUE"),
        ("special", "R2", "HUMAN"),
        ("surcharge", "R3", "SURCHARGE_FORBIDDEN"),
        ("wrong_title", "R4", "REISSUE"),
        ("after_refund", "R5", "REVERSE"),
        ("other_goods", "R6", "HUMAN"),
        ("refused", "R7b", "HUMAN"),
    ],
)
def test_each_request_has_its_outcome(ask: str, row: str, code: str) -> None:
    decision = decide("DT-25", {"invoice_ask": ask, "received": True})
    assert (decision.row, decision.code) == (row, code)


def test_before_receipt_an_invoice_is_noted_and_waits_for_receipt() -> None:
    decision = decide("DT-25", {"invoice_ask": "issue", "received": False})
    assert (decision.code, decision.needs) == ("ISSUE", ("received",))


@pytest.mark.parametrize(("platform", "named"), [("jd", True), ("taobao", False), ("tmall", False)])
def test_the_fifteen_days_are_told_on_jd_orders_only(platform: str, named: bool) -> None:
    decision = decide("DT-25", {"invoice_ask": "refused", "received": True}, platform=platform)
    assert any("jd-dispute-path" in clause for clause in decision.clauses) is named


def test_a_surcharge_is_forbidden_without_asking_anything_else() -> None:
    assert decide("DT-25", {"invoice_ask": "surcharge"}, platform=None).code == "SURCHARGE_FORBIDDEN"
