"""The shipped tables give the same outcomes as a second, naive telling of the rules in plain Python."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.clauses import SHANGHAI
from tests.knowledge import naive_rules as naive
from tests.knowledge.shipped_pack import decide, shipped

START = datetime(2025, 12, 28, tzinfo=SHANGHAI)
MONEY = st.integers(0, 2_000_000)
STEPS = st.one_of(
    st.integers(0, 40 * 24 * 3600),
    st.builds(lambda hours, seconds: hours * 3600 + seconds, st.integers(0, 240), st.sampled_from([-1, 0, 1])),
    st.builds(lambda days, seconds: days * 86400 + seconds, st.integers(1, 20), st.sampled_from([-1, 0, 1])),
)
MOMENTS = STEPS.map(lambda seconds: START + timedelta(seconds=seconds))


def strategy_of(name: str) -> st.SearchStrategy[Any]:
    """Any value that `facts.yaml` allows for a fact; instants lie within some weeks, on and beside round hours."""
    special: dict[str, st.SearchStrategy[Any]] = {
        "promised_days": st.sampled_from([0, 7, 15, 30]),
        "promise_h": st.sampled_from([24, 48, 72]),
        "price_protect_days": st.sampled_from([0, 7, 15, 30]),
        "qty": st.integers(1, 5),
    }
    if name in special:
        return special[name]
    fact = shipped().facts[name]
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "bool": st.booleans(),
        "money": st.one_of(st.just(0), MONEY),
        "instant": MOMENTS,
        "list": st.lists(st.sampled_from(fact.values or ("x",)), unique=True, max_size=3),
        "enum": st.sampled_from(fact.values or ("x",)),
    }
    return st.one_of(st.none(), kinds[fact.type]) if fact.nullable and name in NULLABLE else kinds[fact.type]


NULLABLE = {"shipped_at", "ship_clicked_at", "presale_ship_at", "campaign_end", "gift_price"}
GOODS = ("item_class", "promised_days")
FACTS: dict[str, tuple[str, ...]] = {
    "DT-02": (*GOODS, "confirmed_at_purchase", "signed_at", "notice_at", "intact_class", "condition"),
    "DT-04": (
        *("freight_cause", "freight_free", "freight_cover", "freight_cover_cap", "below_free_shipping"),
        "promises_free_return",
    ),
    "DT-05": (
        *("whole_order", "seller_at_fault", "paid", "lines_paid", "freight_paid", "freight_waived", "deal_broken"),
        *("kept_value", "gift_missing", "gift_price", "below_free_shipping"),
    ),
    "DT-13": (
        *GOODS,
        *("order_state", "paid", "freight_paid", "freight_free", "production_started", "scanned", "interceptable"),
        *("lost", "out_for_delivery", "shipped_after_request", "refused_at_door", "refusal_without_cause"),
        *("presale_deposit", "signed", "seller_at_fault"),
    ),
    "DT-14": (
        *("paid", "paid_at", "now", "promise_h", "presale_ship_at", "shipped_at", "ship_clicked_at", "late_excuse"),
        *("no_stock", "late_scale"),
    ),
    "DT-19": (
        *("order_closed", "price_protected", "price_protect_days", "campaign_end", "unit_paid", "current_unit"),
        *("paid_at", "price_condition", "already_granted", "compares_other_shop", "now"),
        *("qty", "best_price_promise"),
    ),
}  # fmt: skip
ORACLES: dict[str, Callable[[dict[str, Any], str], naive.Outcome]] = {
    "DT-02": lambda facts, _: naive.no_reason(facts),
    "DT-04": naive.freight,
    "DT-05": lambda facts, _: naive.refund(facts),
    "DT-13": naive.cancel,
    "DT-14": lambda facts, _: naive.shipping(facts),
    "DT-19": lambda facts, _: naive.price(facts),
}


@pytest.mark.parametrize("table", sorted(FACTS))
@settings(max_examples=150, deadline=None)
@given(data=st.data(), platform=st.sampled_from(["taobao", "tmall", "jd"]))
def test_a_table_agrees_with_its_naive_telling(table: str, data: st.DataObject, platform: str) -> None:
    facts = data.draw(st.fixed_dictionaries({name: strategy_of(name) for name in FACTS[table]}))
    given_facts = {**facts, "signed": True} if table == "DT-02" else facts
    decision = decide(table, given_facts, platform=platform)
    assert (decision.code, decision.amount) == ORACLES[table](facts, platform)
    assert set(decision.read) <= {*given_facts, "platform", "intact"}


@pytest.mark.parametrize("table", sorted(FACTS))
@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_with_any_fact_missing_a_table_asks_for_one_that_is_missing_or_does_not_need_it(
    table: str, data: st.DataObject
) -> None:
    facts = data.draw(st.fixed_dictionaries({name: strategy_of(name) for name in FACTS[table]}))
    if table == "DT-02":
        facts["signed"] = True
    whole = decide(table, facts)
    of_shop = {name for name in facts if shipped().facts[name].source == "shop"}  # never missing: shop.yaml has them
    kept = data.draw(st.sets(st.sampled_from(sorted(facts)))) | of_shop
    partial = decide(table, {name: value for name, value in facts.items() if name in kept})
    if partial.kind == "ASK" and partial.argument != "condition_photos":
        assert partial.argument not in kept
    elif partial.argument != "condition_photos":
        assert (partial.code, partial.amount) == (whole.code, whole.amount)


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_a_refund_is_never_below_nothing_nor_above_what_was_paid(data: st.DataObject) -> None:
    facts = data.draw(st.fixed_dictionaries({name: strategy_of(name) for name in FACTS["DT-05"]}))
    amount = decide("DT-05", facts).amount
    assert amount is None or 0 <= amount <= facts["paid"]
