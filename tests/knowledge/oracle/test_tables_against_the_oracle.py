"""The shipped tables give what their naive telling gives, on the marks where rules turn and beside them."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.clauses import Place
from tests.knowledge.oracle.compare import compare, compare_partly_known, decided
from tests.knowledge.oracle.generate import Draw, cases
from tests.knowledge.oracle.tables import ORACLES
from tests.knowledge.shipped_pack import shipped

SEEDED = 120
"""Cases per table of a fixed seed; the bulk of them is run by `make torture`."""

QUICK = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def test_every_table_of_the_pack_is_told_a_second_time() -> None:
    assert {table.id for table in shipped().tables()} == set(ORACLES)


@pytest.mark.parametrize("table", sorted(ORACLES))
@QUICK
@given(data=st.data())
def test_a_table_gives_what_the_rules_say(table: str, data: st.DataObject) -> None:
    case = data.draw(cases(shipped().facts, table))
    disagreement = compare(shipped(), table, case)
    assert disagreement is None, str(disagreement)


@pytest.mark.parametrize("table", sorted(ORACLES))
def test_seeded_cases_agree_with_all_facts_and_with_some_unknown(table: str) -> None:
    rng = random.Random(f"{table} in the quick suite")
    draw = Draw(shipped().facts, rng)
    for _ in range(SEEDED):
        case = draw.case(table)
        for disagreement in (compare(shipped(), table, case), compare_partly_known(shipped(), table, case, rng)):
            assert disagreement is None, str(disagreement)


@QUICK
@given(data=st.data())
def test_a_refund_is_never_below_nothing_nor_above_what_was_paid(data: st.DataObject) -> None:
    case = data.draw(cases(shipped().facts, "DT-05"))
    amount = decided(shipped(), "DT-05", case).amount
    assert amount is None or 0 <= amount <= case["paid"]


@QUICK
@given(data=st.data(), table=st.sampled_from(sorted(ORACLES)))
def test_a_question_names_a_fact_that_somebody_can_be_asked_for(table: str, data: st.DataObject) -> None:
    case = data.draw(cases(shipped().facts, table))
    decision = shipped().decide(table, {}, at=case.at, place=Place(platform=case.platform))
    if decision.kind == "ASK":
        for name in decision.argument.split(", "):
            assert shipped().facts[name].ask
