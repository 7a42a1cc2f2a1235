import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.intervals import share


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [
        # as tables of the score interval give them
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (5, 10, 0.2366, 0.7634),
        (81, 263, 0.2553, 0.3662),  # the worked example of Newcombe 1998
        (1, 1, 0.2065, 1.0),
    ],
)
def test_the_interval_has_the_published_values(hits: int, n: int, low: float, high: float) -> None:
    metric = share(hits, n)
    assert (metric.low, metric.high) == pytest.approx((low, high), abs=6e-5)


@pytest.mark.parametrize(("hits", "n"), [(0, 0), (2, 1), (-1, 3)])
def test_what_is_no_share_has_no_value(hits: int, n: int) -> None:
    with pytest.raises(ValueError, match="no share"):
        share(hits, n)


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_is_where_the_score_test_stops_rejecting(counts: tuple[int, int]) -> None:
    hits, n = counts
    metric = share(hits, n)
    assert 0 <= metric.low <= metric.value <= metric.high <= 1
    for bound in (metric.low, metric.high):
        if 0.001 < bound < 0.999:
            score = abs(hits / n - bound) / math.sqrt(bound * (1 - bound) / n)
            assert score == pytest.approx(1.96, abs=0.05)
