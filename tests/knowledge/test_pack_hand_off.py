"""DT-22: when a person takes over."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.decision import Decision, FactValue
from tests.knowledge.shipped_pack import decide

_FLAGS = (
    *("asked_for_person", "injury", "legal_threat", "damages_asked", "over_authority", "identity_failed"),
    *("statutory_rejection", "rule_contested", "review_threat", "repeated_threat", "minor", "out_of_scope"),
)
_CALM: dict[str, FactValue] = {**dict.fromkeys(_FLAGS, False), "unanswered": 0, "confidence": 0.9}
_ROUTED: dict[str, FactValue] = {
    **dict.fromkeys(("logged_in", "owns_order", "gift_receiver", "claims_official"), False),
    **dict.fromkeys(("asks_internal", "injection", "data_request", "off_platform", "ill"), False),
    "damages_kind": "fraud",
}


def hand_off(**facts: FactValue) -> Decision:
    return decide("DT-22", {**_CALM, **facts})


@pytest.mark.parametrize(
    ("facts", "row", "code"),
    [
        ({"asked_for_person": True}, "R1", "HUMAN"),
        ({"injury": True}, "R2", "HUMAN_NOW"),
        ({"legal_threat": True}, "R3", "HUMAN"),
        ({"unanswered": 2}, "R5", "HUMAN"),
        ({"unanswered": 1}, "R0", "NORMAL"),
        ({"confidence": 0.49}, "R5", "HUMAN"),
        ({"confidence": 0.5}, "R0", "NORMAL"),
        ({"over_authority": True}, "R6", "HUMAN"),
        ({"statutory_rejection": True}, "R8", "HUMAN"),
        ({"rule_contested": True}, "R9", "HUMAN"),
        ({"review_threat": True}, "R10n", "NORMAL"),
        ({"review_threat": True, "repeated_threat": True}, "R10", "HUMAN"),
        ({"repeated_threat": True}, "R0", "NORMAL"),
        ({"minor": True}, "R11", "HUMAN"),
        ({"out_of_scope": True}, "R12", "DECLINE"),
        ({"out_of_scope": True, "confidence": 0.1}, "R12", "DECLINE"),
        ({}, "R0", "NORMAL"),
    ],
)
def test_each_trigger_has_its_outcome(facts: dict[str, FactValue], row: str, code: str) -> None:
    decision = hand_off(**facts)
    assert (decision.row, decision.code) == (row, code)


def test_somebody_hurt_who_asks_for_a_person_gets_the_safety_words_too() -> None:
    decision = hand_off(injury=True, asked_for_person=True)
    assert decision.code == "HUMAN_NOW"
    assert {clause.partition("#")[2] for clause in decision.clauses} >= {"injury", "fire", "food"}


def test_a_claim_for_multiple_damages_goes_on_to_its_own_table() -> None:
    decision = hand_off(damages_asked=True, damages_kind="fraud")
    assert (decision.table, decision.code) == ("DT-24", "HUMAN+LEGAL")


def test_a_failed_identity_goes_on_to_the_privacy_table() -> None:
    decision = hand_off(identity_failed=True, **_ROUTED)
    assert (decision.table, decision.code) == ("DT-23", "VERIFY")


def test_a_bad_review_threat_by_a_minor_reaches_a_person() -> None:
    assert hand_off(review_threat=True, minor=True).row == "R11"


@given(st.fixed_dictionaries({name: st.booleans() for name in _FLAGS}))
def test_whoever_asks_for_a_person_or_is_hurt_always_gets_one(flags: dict[str, FactValue]) -> None:
    decision = hand_off(**flags, **_ROUTED)
    if flags["injury"]:
        assert decision.code == "HUMAN_NOW"
    elif flags["asked_for_person"] or flags["legal_threat"]:
        assert decision.code == "HUMAN"
