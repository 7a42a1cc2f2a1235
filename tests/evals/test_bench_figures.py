"""What a benchmark reports: budgets as ceilings and floors, percentiles by nearest rank."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.bench_figures import Figure, measure_pace, percentile

VALUES = st.lists(st.floats(0, 1e6), min_size=1)


def test_a_budget_is_a_ceiling_unless_it_is_a_floor() -> None:
    assert Figure("a", 2.0, budget=2.0).holds is True
    assert Figure("a", 2.1, budget=2.0).holds is False
    assert Figure("a", 12.0, budget=12.0, at_least=True).holds is True
    assert Figure("a", 11.9, budget=12.0, at_least=True).holds is False


def test_without_a_budget_there_is_no_verdict() -> None:
    assert Figure("a", 2.0).holds is None


def test_percentiles_are_values_that_were_measured() -> None:
    hundred = [float(n) for n in range(1, 101)]
    assert (percentile(hundred, 0.5), percentile(hundred, 0.99), percentile(hundred, 1.0)) == (50, 99, 100)
    assert percentile([3.0], 0.99) == 3.0
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


@given(VALUES, st.floats(0.001, 1))
def test_a_percentile_leaves_at_most_its_rest_above(values: list[float], share: float) -> None:
    found = percentile(values, share)
    assert found in values
    assert sum(value > found for value in values) <= (1 - share) * len(values) + 1e-6


def test_the_pace_of_the_machine_is_measured() -> None:
    pace = measure_pace(rounds=3)
    assert pace.sha256_ms > 0
    assert pace.embedding_ms > 0
    assert pace.waiting >= 1
    assert all(figure.holds is None for figure in pace.figures())
