"""Expressions: the trade's functions, absent facts, and no way out of the sandbox."""

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.decision import Facts
from knowledge.expressions import (
    TRADE_ZONE,
    AbsentFact,
    Evaluation,
    ExpressionError,
    compile_expression,
    percent,
)

NOON = datetime(2026, 1, 5, 12, tzinfo=TRADE_ZONE)


def value(source: str, facts: Facts | None = None) -> Any:
    return Evaluation(facts or {}).value(compile_expression(source))


@given(st.integers(0, 10**10), st.integers(0, 10_000))
def test_a_share_is_rounded_half_up_to_the_fen(fen: int, basis_points: int) -> None:
    exact = Decimal(fen) * basis_points / 10_000
    assert percent(fen, basis_points) == int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def test_half_a_fen_rounds_up() -> None:
    assert value("pct(10, 500)") == 1
    assert value("pct(9, 500)") == 0
    assert value("pct(16800, 500)") == 840


def test_days_are_dates_on_the_trade_s_clock() -> None:
    late = datetime(2026, 1, 5, 23, 59, 59, tzinfo=TRADE_ZONE)
    assert value("days_since(a, b)", {"a": late, "b": late + timedelta(seconds=1)}) == 1
    assert value("days_since(a, b)", {"a": late - timedelta(hours=23), "b": late}) == 0


def test_a_day_ends_at_its_24_00() -> None:
    assert value("end_of_day(a, 7)", {"a": NOON}) == datetime(2026, 1, 13, tzinfo=TRADE_ZONE)
    assert value("add_hours(a, 48)", {"a": NOON}) == NOON + timedelta(hours=48)
    assert value("hours_since(a, b) == 0.5", {"a": NOON, "b": NOON + timedelta(minutes=30)}) is True
    assert value("date_time('2020-01-19') < a", {"a": NOON}) is True
    assert value("clamp(7, 10, 20) + clamp(15, 10, 20) + clamp(25, 10, 20)") == 45
    assert value("min(3, 1, 2) + max(1, 9, 5)") == 10


@pytest.mark.parametrize("source", ["a == 1 || b == 2", "b == 2 || a == 1", "!(b == 2 && a == 2)"])
def test_an_absent_fact_that_changes_nothing_is_absorbed(source: str) -> None:
    assert value(source, {"a": 1}) is True


@pytest.mark.parametrize(
    ("source", "missing"),
    [
        ("b == 2 && a == 1", "b"),
        ("a == 1 && b == 2", "b"),
        ("max(b, 1) == 1", "b"),
        ("(b == 1 && a == 2) || c == 1", "c"),
        ("a == 1 ? c > 0 : b > 0", "c"),
        ("b in ['x']", "b"),
        ("b == 1 || c == 1", "b"),
        ("b == 1 && c == 1", "b"),
        ("(c == 1 && a == 2) || (b == 1 && c == 1)", "c"),
    ],
)
def test_the_fact_the_outcome_hangs_on_is_the_one_that_is_missing(source: str, missing: str) -> None:
    with pytest.raises(AbsentFact) as caught:
        Evaluation({"a": 1}, lambda name: (1, 0)).value(compile_expression(source))
    assert caught.value.name == missing


def test_null_is_known_and_can_be_asked_about() -> None:
    assert value("a == null", {"a": None}) is True
    assert value("a != null && a < b", {"a": None, "b": NOON}) is False


def test_what_was_read_is_kept() -> None:
    evaluation = Evaluation({"a": 1, "b": None, "c": 3})
    evaluation.truth(compile_expression("a == 1 && b == null"))
    assert evaluation.read == {"a": 1, "b": None}


@pytest.mark.parametrize("source", ["a ==", "nope(a)", "x" * 3000, "", "a; b", "__import__('os')"])
def test_what_does_not_compile_is_refused(source: str) -> None:
    with pytest.raises(ExpressionError):
        compile_expression(source)


@pytest.mark.parametrize("source", ["a + 'x'", "1 / 0", "9223372036854775807 + a", "a < b", "a.__class__"])
def test_an_expression_that_fails_is_its_author_s_mistake(source: str) -> None:
    with pytest.raises(ExpressionError):
        value(source, {"a": 1, "b": NOON})


def test_a_condition_must_be_true_or_false() -> None:
    with pytest.raises(ExpressionError, match="not true or false"):
        Evaluation({}).truth(compile_expression("1 + 1"))


@given(st.text(max_size=40))
def test_any_text_compiles_or_is_refused(source: str) -> None:
    with contextlib.suppress(ExpressionError):
        compile_expression(source)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 200_000), st.integers(0, 40), st.integers(0, 23), st.integers(1, 24))
def test_open_hours_are_counted_minute_by_minute(start: int, hours: int, opens: int, length: int) -> None:
    closes = min(24, opens + length)
    begin = datetime(2026, 1, 1, tzinfo=TRADE_ZONE) + timedelta(minutes=start)
    facts: Facts = {"a": begin, "n": hours, "o": opens, "c": closes}
    end = value("add_open_hours(a, n, o, c)", facts)
    inside = sum(1 for m in minutes(begin, end) if opens <= m.hour < closes)
    assert inside == hours * 60
    assert hours == 0 or opens <= (end - timedelta(minutes=1)).hour < closes


def minutes(start: datetime, end: datetime) -> list[datetime]:
    return [start + timedelta(minutes=n) for n in range(int((end - start).total_seconds() // 60))]


@pytest.mark.parametrize(("opens", "closes", "hours"), [(9, 9, 1), (18, 9, 1), (9, 25, 1), (9, 18, -1), (9, 18, 10**9)])
def test_hours_that_are_none_are_a_mistake(opens: int, closes: int, hours: int) -> None:
    with pytest.raises(ExpressionError):
        value("add_open_hours(a, n, o, c)", {"a": NOON, "o": opens, "c": closes, "n": hours})


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2025-12-15", 1, "2026-01-15"),
        ("2026-08-31", 6, "2027-02-28"),
    ],
)
def test_months_end_on_the_corresponding_day(start: str, months: int, end: str) -> None:
    begin = datetime.fromisoformat(start).replace(hour=9, tzinfo=TRADE_ZONE)
    assert value("add_months(a, n)", {"a": begin, "n": months}).date().isoformat() == end
