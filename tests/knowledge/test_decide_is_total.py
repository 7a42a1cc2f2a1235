"""Whatever facts of the right types a table is given, it answers; it never crashes and never invents."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.clauses import Place
from knowledge.errors import FactTypeError
from knowledge.facts import FactDefinition
from tests.knowledge.shipped_pack import TODAY, shipped

TABLES = sorted({table.id for table in shipped().tables()})
FIRST, LAST = datetime.fromisoformat("1970-01-01"), datetime.fromisoformat("2200-12-31")


def values(fact: FactDefinition) -> st.SearchStrategy[Any]:
    """Anything the definition lets pass, the outlandish included."""
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "bool": st.booleans(),
        "int": st.integers(-(10**15), 10**15),
        "money": st.integers(-(10**15), 10**15),
        "number": st.floats(-1e15, 1e15),
        "instant": st.datetimes(FIRST, LAST, timezones=st.just(UTC)),
        "date": st.dates().map(lambda day: day.isoformat()),
        "list": st.lists(st.sampled_from(fact.values) if fact.values else st.text(), max_size=4),
        "text": st.text(st.characters(exclude_categories=()), max_size=10),
        "enum": st.sampled_from(fact.values or ("x",)),
    }
    return st.one_of(st.none(), kinds[fact.type]) if fact.nullable else kinds[fact.type]


@pytest.mark.parametrize("table", TABLES)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_every_set_of_facts_has_an_outcome_that_can_be_explained(table: str, data: st.DataObject) -> None:
    policies = shipped()
    read = sorted(set().union(*(each.facts for each in policies.tables() if each.id == table)))
    optional = {name: values(policies.facts[name]) for name in read}
    facts = data.draw(st.fixed_dictionaries({}, optional=optional))
    platform = data.draw(st.sampled_from([None, "taobao", "tmall", "jd", "1688"]))
    decision = policies.decide(table, facts, at=TODAY, place=Place(platform=platform))
    if decision.row:
        assert decision.clauses
        assert policies.policy(decision.policy, "zh") is not None
    assert decision.at == TODAY
    if decision.kind == "ASK" and decision.argument in facts:
        assert facts[decision.argument] in ([], None, "unknown"), "asked for what was already told"


@pytest.mark.parametrize("moment", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_an_instant_outside_the_trade_s_time_is_refused(moment: datetime) -> None:
    with pytest.raises(FactTypeError):
        shipped().decide("DT-14", {"now": moment}, at=TODAY, place=Place())
