"""DT-21: may an offer be made."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.decision import Decision, FactValue
from tests.knowledge.shipped_pack import decide

_FREE: dict[str, FactValue] = {
    "safety": False,
    "fake_or_recalled": False,
    "minor": False,
    "right_clearly_due": False,
    "said_no": False,
    "offers_used": 0,
    "offers_max": 1,
    "integrity_risk": "none",
    "strong_anger": False,
    "threat": False,
    "seller_fault_proven": False,
}


def gate(**facts: FactValue) -> Decision:
    return decide("DT-21", {**_FREE, **facts})


@pytest.mark.parametrize(
    ("facts", "row", "code", "actor"),
    [
        ({"safety": True}, "G1", "NO_RETENTION", "bot"),
        ({"fake_or_recalled": True}, "G2", "NO_RETENTION", "bot"),
        ({"minor": True}, "G3", "NO_RETENTION", "agent"),
        ({"right_clearly_due": True, "said_no": True}, "G4", "NO_RETENTION", "bot"),
        ({"offers_used": 1}, "G5", "NO_RETENTION", "bot"),
        ({"integrity_risk": "high"}, "G6", "NO_OFFER", "agent"),
        ({"strong_anger": True}, "G7", "NO_RETENTION", "agent"),
        ({"threat": True}, "G7", "NO_RETENTION", "agent"),
        ({"seller_fault_proven": True}, "G8", "REMEDY_CHOICE", "bot"),
        ({}, "G9", "OFFER(ladder)", "bot"),
    ],
)
def test_each_gate_closes_for_its_own_reason(facts: dict[str, FactValue], row: str, code: str, actor: str) -> None:
    decision = gate(**facts)
    assert (decision.row, decision.code, decision.actor) == (row, code, actor)


def test_a_right_that_is_due_does_not_forbid_one_offer_before_the_customer_said_no() -> None:
    assert gate(right_clearly_due=True).code == "OFFER(ladder)"


def test_a_no_to_something_that_is_not_clearly_due_leaves_one_offer() -> None:
    assert gate(said_no=True).code == "OFFER(ladder)"


@pytest.mark.parametrize(("used", "most", "row"), [(0, 0, "G5"), (1, 2, "G9"), (2, 2, "G5"), (3, 2, "G5")])
def test_offers_are_counted_against_their_limit(used: int, most: int, row: str) -> None:
    assert gate(offers_used=used, offers_max=most).row == row


def test_a_weak_signal_does_not_stop_an_offer() -> None:
    assert gate(integrity_risk="look").row == "G9"


def test_safety_closes_the_gate_before_anything_else_is_known() -> None:
    assert decide("DT-21", {"safety": True}).code == "NO_RETENTION"


def test_an_open_safety_question_is_asked_before_any_offer() -> None:
    facts = {name: value for name, value in _FREE.items() if name != "safety"}
    assert decide("DT-21", facts).code == "ASK(safety)"


@given(
    st.fixed_dictionaries({name: st.booleans() for name, value in _FREE.items() if isinstance(value, bool)}),
    st.integers(0, 3),
    st.sampled_from(["none", "look", "high"]),
)
def test_no_offer_reaches_the_hurt_the_young_the_angry_or_those_at_the_limit(
    flags: dict[str, FactValue], used: int, risk: str
) -> None:
    decision = gate(**flags, offers_used=used, integrity_risk=risk)
    if decision.kind == "OFFER":
        assert not any(flags[name] for name in ("safety", "fake_or_recalled", "minor", "strong_anger", "threat"))
        assert used < 1
        assert risk != "high"
        assert not flags["seller_fault_proven"]
