"""DT-23: who may see or change an order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.decision import Decision, FactValue
from tests.knowledge.shipped_pack import decide

_OWNER: dict[str, FactValue] = {
    "logged_in": True,
    "owns_order": True,
    "gift_receiver": False,
    "claims_official": False,
    "asks_internal": False,
    "injection": False,
    "data_request": False,
    "off_platform": False,
}


def privacy(**facts: FactValue) -> Decision:
    return decide("DT-23", {**_OWNER, **facts})


@pytest.mark.parametrize(
    ("facts", "row", "code"),
    [
        ({}, "R1", "SERVE"),
        ({"logged_in": False, "owns_order": False}, "R2", "VERIFY"),
        ({"owns_order": False}, "R3", "REFUSE_DISCLOSE"),
        ({"owns_order": False, "gift_receiver": True}, "R4", "REFUSE_DISCLOSE"),
        ({"logged_in": False, "owns_order": False, "gift_receiver": True}, "R4", "REFUSE_DISCLOSE"),
        ({"gift_receiver": True}, "R1", "SERVE"),
        ({"claims_official": True}, "R5", "HUMAN"),
        ({"asks_internal": True}, "R6", "REFUSE"),
        ({"injection": True}, "R7", "IGNORE_INJECTION"),
        ({"data_request": True}, "R8", "HUMAN"),
        ({"off_platform": True}, "R9", "REFUSE"),
    ],
)
def test_each_situation_has_its_answer(facts: dict[str, FactValue], row: str, code: str) -> None:
    decision = privacy(**facts)
    assert (decision.row, decision.code) == (row, code)


def test_without_sign_in_the_order_itself_is_not_even_looked_at() -> None:
    facts = {name: value for name, value in _OWNER.items() if name != "owns_order"}
    decision = decide("DT-23", {**facts, "logged_in": False})
    assert decision.code == "VERIFY"
    assert "owns_order" not in decision.read


def test_instructions_inside_a_message_never_open_an_order() -> None:
    assert privacy(injection=True, logged_in=False, owns_order=False).code == "IGNORE_INJECTION"


@given(st.fixed_dictionaries({name: st.booleans() for name in _OWNER}))
def test_nobody_but_the_signed_in_owner_is_served(facts: dict[str, FactValue]) -> None:
    if privacy(**facts).code == "SERVE":
        assert facts["logged_in"]
        assert facts["owns_order"]
        assert not any(facts[name] for name in ("injection", "off_platform", "asks_internal", "claims_official"))
