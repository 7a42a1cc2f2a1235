"""Their JSON becomes ours and an action becomes their request, exactly or not at all."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from assistant.backend import Call, Take, Unreadable, at, fields_of, nested, read_backend, values_for
from knowledge.clauses import SHANGHAI
from knowledge.errors import XiaoerError

NOON = datetime(2026, 11, 22, 12, tzinfo=SHANGHAI)


def take(**rule: Any) -> dict[str, Take]:
    return {"x": Take.model_validate(rule)}


def read(value: Any, form: str) -> Any:
    return fields_of(take(**{"from": "a.b", "as": form}), {"a": {"b": value}})["x"]


@given(st.integers(min_value=0, max_value=10**11))
def test_an_amount_survives_the_way_to_their_form_and_back(fen: int) -> None:
    for form in ("yuan", "fen"):
        written = values_for(take(**{"from": "amount", "as": form}), {"amount": fen})["x"]
        assert read(written, form) == fen


@given(
    st.integers(min_value=0, max_value=99 * 365 * 86_400 * 10**6).map(
        lambda n: datetime(2000, 1, 2, tzinfo=SHANGHAI) + timedelta(microseconds=n)
    )
)
def test_an_instant_survives_the_way_to_their_form_and_back(instant: datetime) -> None:
    exact = {"epoch_ms": timedelta(milliseconds=1), "epoch_s": timedelta(seconds=1), "shanghai": timedelta(seconds=1),
             "instant": timedelta(microseconds=1)}  # fmt: skip
    for form, step in exact.items():
        written = values_for(take(**{"from": "at", "as": form}), {"at": instant})["x"]
        assert timedelta(0) <= instant - read(written, form) < step


@pytest.mark.parametrize("value", ["699.00", "699.0", "699", 699, Decimal("699.00"), Decimal(699)])
def test_an_amount_in_yuan_may_be_written_in_several_ways(value: Any) -> None:
    assert read(value, "yuan") == 69900


@pytest.mark.parametrize(
    ("form", "value"),
    [
        ("yuan", "0.005"),
        ("yuan", "¥3"),
        ("yuan", True),
        ("yuan", "NaN"),
        ("yuan", "1e99"),
        ("yuan", {}),
        ("yuan", "1,000"),
        ("fen", "3.5"),
        ("fen", False),
        ("epoch_ms", 1_763_784_000),
        ("epoch_s", 1_763_784_000_000),
        ("epoch_ms", "soon"),
        ("epoch_ms", 10**40),
        ("instant", "2026-11-22T12:00:00"),
        ("instant", "yesterday"),
        ("text", {"a": 1}),
        ("text", [1]),
    ],
)
def test_a_value_that_has_not_the_promised_form_is_never_guessed_at(form: str, value: Any) -> None:
    with pytest.raises(Unreadable, match="`x`"):
        read(value, form)


def test_a_time_without_an_offset_is_taken_in_shanghai_only_where_that_is_said() -> None:
    assert read("2026-11-22 12:00:00", "shanghai") == NOON
    assert read("2026-11-22T04:00:00+00:00", "instant") == NOON


def test_their_words_become_ours_and_an_unknown_word_is_refused() -> None:
    rule = {"from": "s", "values": {"WAIT": "PAID", "true": "yes"}}
    assert fields_of(take(**rule), {"s": "WAIT"}) == {"x": "PAID"}
    assert fields_of(take(**rule), {"s": True}) == {"x": "yes"}
    assert fields_of(take(**rule, default="LOST"), {"s": "?"}) == {"x": "LOST"}
    with pytest.raises(Unreadable, match="NEW"):
        fields_of(take(**rule), {"s": "NEW"})


def test_what_is_absent_or_null_is_left_out_or_has_its_default() -> None:
    for data in ({}, {"a": None}, {"a": {"b": None}}, {"a": 3}, {"a": []}):
        assert fields_of(take(**{"from": "a.b"}), data) == {}
        assert fields_of(take(**{"from": "a.b", "default": 0}), data) == {"x": 0}


def test_lists_and_objects_are_read_by_their_own_rules() -> None:
    rules = {
        "lines": Take.model_validate({"each": "goods", "map": {"sku": "code", "qty": "n"}}),
        "parcel": Take.model_validate({"one": "express", "map": {"waybill": "no"}}),
        "name": Take.model_validate({"map": {"zh": "cn", "en": "en"}}),
        "shop": Take.model_validate({"const": "demo"}),
    }
    data = {"goods": [{"code": "a", "n": 2}, {"code": "b"}], "express": None, "cn": "杯", "en": "cup"}
    assert fields_of(rules, data) == {
        "lines": [{"sku": "a", "qty": 2}, {"sku": "b"}],
        "name": {"zh": "杯", "en": "cup"},
        "shop": "demo",
    }
    with pytest.raises(Unreadable, match="lines"):
        fields_of(rules, {"goods": "none"})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=12,
)


@given(JSON)
def test_reading_any_json_gives_fields_or_says_that_it_cannot(data: Any) -> None:
    rules = {
        "a": Take.model_validate({"from": "a.b", "as": "yuan"}),
        "b": Take.model_validate({"each": "a", "map": {"t": {"from": "b", "as": "epoch_ms"}}}),
        "c": Take.model_validate({"one": "c", "map": {"w": {"from": "a", "values": {"x": 1}}}}),
    }
    try:
        found = set(fields_of(rules, data))
    except Unreadable as error:
        found = {error.field.partition(".")[0]}
    assert found <= set(rules)


def test_a_way_reaches_into_lists_by_position() -> None:
    assert at({"a": [{"b": 1}, {"b": 2}]}, "a.1.b") == 2
    assert at({"a": [1]}, "a.7") is None
    assert at({"a": [1]}, "a.x") is None
    assert at(5, "") == 5


def test_a_request_holds_what_is_known_and_nests_by_dots() -> None:
    rules = {
        "no": Take.model_validate("order_id"),
        "money.refund": Take.model_validate({"from": "amount", "as": "yuan"}),
        "money.currency": Take.model_validate({"const": "CNY"}),
        "memo": Take.model_validate("args.reason"),
        "kind": Take.model_validate({"from": "name", "values": {"cancel_refund": "CLOSE"}}),
    }
    known = {"order_id": "O1", "amount": 12000, "args": {}, "name": "cancel_refund"}
    fields = values_for(rules, known)
    assert nested(fields) == {"no": "O1", "money": {"refund": "120.00", "currency": "CNY"}, "kind": "CLOSE"}
    with pytest.raises(Unreadable):
        values_for(take(**{"from": "args.reason", "as": "yuan"}), {"args": {"reason": "a"}})


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"from": "a", "const": 1},
        {"each": "a"},
        {"one": "a"},
        {"from": "a", "map": {"b": "c"}},
        {"from": "a", "how": 1},
        {"from": "a", "as": "euro"},
    ],
)
def test_a_rule_that_says_nothing_or_two_things_is_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Take.model_validate(rule)


def test_short_forms_mean_the_long_ones() -> None:
    assert Take.model_validate("a.b") == Take.model_validate({"from": "a.b"})
    assert Call.model_validate("ping") == Call.model_validate({"id": "ping"})


def test_a_shop_without_a_backend_has_none_and_a_wrong_one_names_its_key() -> None:
    assert read_backend({"name": "x"}) is None
    with pytest.raises(XiaoerError, match=r"backend\.kind"):
        read_backend({"backend": {"kind": "ftp", "openapi": "a", "operations": {}, "map": {}}})
    with pytest.raises(XiaoerError, match=r"base_url"):
        read_backend(
            {"backend": {"kind": "http", "openapi": "a", "operations": {}, "map": {}, "base_url": "http://evil"}}
        )
