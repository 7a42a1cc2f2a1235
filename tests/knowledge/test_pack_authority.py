"""DT-20: who may commit how much."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.check import check_pack
from knowledge.clauses import Place
from knowledge.decide import PolicySet
from knowledge.decision import Decision, FactValue
from knowledge.errors import PackError
from knowledge.expressions import percent
from knowledge.pack import load_pack
from tests.knowledge.shipped_pack import TODAY, decide, shipped

_ORDINARY: dict[str, FactValue] = {
    "paid": 40000,
    "same_cause_sum": 0,
    "customer_sum_90d": 0,
    "sensitive": False,
    "fault_established": True,
    "dispute_amount": 0,
    "requester": "li",
    "approver": "",
}


def authority(actor: str, purpose: str, amount: int, **facts: FactValue) -> Decision:
    return decide("DT-20", {**_ORDINARY, "actor": actor, "purpose": purpose, "amount": amount, **facts})


@pytest.mark.parametrize(
    ("paid", "amount", "row", "code"),
    [
        (40000, 5000, "R1a", "ALLOW"),  # 50.00 of 400: the fixed cap
        (40000, 5001, "R1c", "TO_AGENT"),
        (10000, 1500, "R1a", "ALLOW"),  # 15 % of 100
        (10000, 1501, "R1c", "TO_AGENT"),
    ],
)
def test_the_machine_gives_goodwill_up_to_the_lower_of_fifty_yuan_and_fifteen_percent(
    paid: int, amount: int, row: str, code: str
) -> None:
    decision = authority("bot", "goodwill", amount, paid=paid)
    assert (decision.row, decision.code) == (row, code)


@pytest.mark.parametrize(("before", "code"), [(8000, "ALLOW"), (8001, "TO_AGENT")])
def test_a_customer_gets_at_most_a_hundred_yuan_of_goodwill_from_the_machine_in_ninety_days(
    before: int, code: str
) -> None:
    assert authority("bot", "goodwill", 2000, customer_sum_90d=before).code == code


@pytest.mark.parametrize(("amount", "row", "code"), [(5000, "R1b", "ALLOW"), (5001, "R1c", "TO_AGENT")])
def test_compensation_by_rule_goes_to_an_agent_above_fifty_yuan(amount: int, row: str, code: str) -> None:
    decision = authority("bot", "rule_compensation", amount)
    assert (decision.row, decision.code) == (row, code)


def test_the_machine_never_pays_in_advance() -> None:
    decision = authority("bot", "advance", 100)
    assert (decision.code, decision.actor) == ("TO_AGENT", "agent")


@pytest.mark.parametrize(
    ("paid", "amount", "row", "code"),
    [
        (100000, 20000, "R2a", "ALLOW"),
        (100000, 20001, "R2c", "SUPERVISOR"),
        (10000, 3000, "R2a", "ALLOW"),
        (10000, 3001, "R2c", "SUPERVISOR"),
    ],
)
def test_an_agent_gives_goodwill_up_to_the_lower_of_two_hundred_yuan_and_thirty_percent(
    paid: int, amount: int, row: str, code: str
) -> None:
    decision = authority("agent", "goodwill", amount, paid=paid)
    assert (decision.row, decision.code) == (row, code)


@pytest.mark.parametrize(("amount", "row"), [(100000, "R2b"), (100001, "R2c")])
def test_an_agent_confirms_compensation_by_rule_up_to_the_front_line_limit(amount: int, row: str) -> None:
    assert authority("agent", "rule_compensation", amount, paid=200000).row == row


@pytest.mark.parametrize(("dispute", "row", "code"), [(100000, "R3", "ALLOW"), (100001, "R4", "SUPERVISOR")])
def test_the_front_line_pays_first_in_disputes_up_to_and_including_a_thousand_yuan(
    dispute: int, row: str, code: str
) -> None:
    decision = authority("agent", "advance", 10000, dispute_amount=dispute)
    assert (decision.row, decision.code) == (row, code)


def test_nothing_is_paid_in_advance_by_the_front_line_before_fault_is_established() -> None:
    decision = authority("agent", "advance", 10000, fault_established=False)
    assert (decision.row, decision.code) == ("R3a", "SUPERVISOR")


def test_not_even_a_supervisor_pays_in_advance_before_fault_is_established() -> None:
    decision = authority("supervisor", "advance", 10000, fault_established=False, approver="wang")
    assert (decision.row, decision.code) == ("R4b", "FORBIDDEN")


@pytest.mark.parametrize(("approver", "row", "code"), [("wang", "R4c", "ALLOW"), ("li", "R6", "FORBIDDEN")])
def test_a_supervisor_approves_what_somebody_else_asked_for(approver: str, row: str, code: str) -> None:
    decision = authority("supervisor", "advance", 200000, dispute_amount=200000, approver=approver)
    assert (decision.row, decision.code) == (row, code)


@pytest.mark.parametrize("actor", ["bot", "agent", "supervisor"])
def test_sensitive_matters_go_to_legal_whatever_the_sum(actor: str) -> None:
    decision = authority(actor, "goodwill", 1, sensitive=True)
    assert (decision.row, decision.code, decision.actor) == ("R5", "LEGAL", "legal")


def test_legal_itself_may_settle_a_sensitive_matter() -> None:
    assert authority("legal", "goodwill", 100, sensitive=True, approver="wang").code == "ALLOW"


@pytest.mark.parametrize("actor", ["bot", "agent", "supervisor", "legal"])
def test_money_due_by_law_waits_for_nobody(actor: str) -> None:
    decision = authority(actor, "statutory_refund", 900000, sensitive=True, requester="li", approver="li")
    assert (decision.row, decision.code) == ("R0", "ALLOW")


@pytest.mark.parametrize(
    ("actor", "purpose", "amount", "before", "row", "code"),
    [
        ("bot", "goodwill", 3000, 2000, "R1a", "ALLOW"),
        ("bot", "goodwill", 3000, 2001, "R7a", "TO_AGENT"),
        ("agent", "goodwill", 6000, 6000, "R2a", "ALLOW"),
        ("agent", "goodwill", 6000, 6001, "R7b", "SUPERVISOR"),
        ("agent", "advance", 60000, 40000, "R3", "ALLOW"),
        ("agent", "advance", 60000, 40001, "R4", "SUPERVISOR"),
    ],
)
def test_split_sums_are_added_up(actor: str, purpose: str, amount: int, before: int, row: str, code: str) -> None:
    decision = authority(actor, purpose, amount, same_cause_sum=before)
    assert (decision.row, decision.code) == (row, code)


@pytest.mark.parametrize(("amount", "row"), [(40000, "R4c"), (40001, "R8b")])
def test_goodwill_never_exceeds_what_was_paid(amount: int, row: str) -> None:
    assert authority("supervisor", "goodwill", amount, approver="wang").row == row


@pytest.mark.parametrize("amount", [0, -1])
def test_an_amount_must_be_more_than_zero(amount: int) -> None:
    decision = authority("agent", "goodwill", amount)
    assert (decision.row, decision.code) == ("R8a", "FORBIDDEN")


def test_an_unknown_earlier_sum_is_asked_for_and_never_taken_as_zero() -> None:
    facts = {**_ORDINARY, "actor": "bot", "purpose": "goodwill", "amount": 100}
    del facts["same_cause_sum"]
    assert decide("DT-20", facts).code == "ASK(same_cause_sum)"


@given(
    paid=st.integers(1, 10**7),
    amount=st.integers(1, 10**6),
    before=st.integers(0, 10**6),
    given_90d=st.integers(0, 20000),
)
def test_what_the_machine_may_give_an_agent_may_give_too_and_never_more(
    paid: int, amount: int, before: int, given_90d: int
) -> None:
    facts: dict[str, FactValue] = {"paid": paid, "same_cause_sum": before, "customer_sum_90d": given_90d}
    if authority("bot", "goodwill", amount, **facts).code == "ALLOW":
        assert authority("agent", "goodwill", amount, **facts).code == "ALLOW"
        assert amount + before <= min(5000, paid)
        assert amount + given_90d <= 10000


def test_the_limits_of_the_table_are_those_the_shop_file_states() -> None:
    shop = shipped().pack.data("shop")
    fixed = shop["bot_goodwill_cap"], shop["agent_goodwill_cap"]
    for actor, cap in zip(("bot", "agent"), fixed, strict=True):
        large: dict[str, FactValue] = {"paid": 10**8}
        assert authority(actor, "goodwill", cap, **large).code == "ALLOW"
        assert authority(actor, "goodwill", cap + 1, **large).code != "ALLOW"
        share = percent(10000, shop[f"{actor}_goodwill_bp"])
        assert authority(actor, "goodwill", share, paid=10000).code == "ALLOW"
        assert authority(actor, "goodwill", share + 1, paid=10000).code != "ALLOW"
    ninety = shop["bot_goodwill_90d"]
    assert authority("bot", "goodwill", 1, customer_sum_90d=ninety - 1).code == "ALLOW"
    assert authority("bot", "goodwill", 1, customer_sum_90d=ninety).code != "ALLOW"
    rule_cap = shop["bot_rule_compensation_cap"]
    assert authority("bot", "rule_compensation", rule_cap).code == "ALLOW"
    assert authority("bot", "rule_compensation", rule_cap + 1).code != "ALLOW"
    front = shop["front_line_limit"]
    assert authority("agent", "advance", 1, dispute_amount=front).code == "ALLOW"
    assert authority("agent", "advance", 1, dispute_amount=front + 1).code != "ALLOW"


def test_the_caps_are_the_shop_s_own_figures(tmp_path: Path) -> None:
    shop = tmp_path / "s"
    shop.mkdir()
    (shop / "shop.yaml").write_text("extends: cn_retail\nbot_goodwill_cap: 2000\nagent_goodwill_cap: 9000\n")
    policies = PolicySet(load_pack(shop))

    def code(actor: str, amount: int, **more: FactValue) -> str:
        facts = {**_ORDINARY, "actor": actor, "purpose": "goodwill", "amount": amount, **more}
        return policies.decide("DT-20", facts, at=TODAY, place=Place()).code

    assert [code("bot", 2000), code("bot", 2001)] == ["ALLOW", "TO_AGENT"]
    assert [code("agent", 9000), code("agent", 9001)] == ["ALLOW", "SUPERVISOR"]
    assert code("bot", 2001, bot_goodwill_cap=5000) == "ALLOW"


def test_a_cap_of_another_type_is_named_with_its_line(tmp_path: Path) -> None:
    shop = tmp_path / "s"
    shop.mkdir()
    (shop / "shop.yaml").write_text("extends: cn_retail\n\nbot_goodwill_cap: fifty\n")
    with pytest.raises(PackError, match="bot_goodwill_cap") as caught:
        PolicySet(load_pack(shop))
    assert (caught.value.file.name, caught.value.line) == ("shop.yaml", 3)
    assert [(p.file.name, p.line) for p in check_pack(shop) if p.severity == "error"] == [("shop.yaml", 3)]
