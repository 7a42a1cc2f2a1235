from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from server.limits import Buckets


def test_a_bucket_gives_its_burst_then_one_token_at_a_time() -> None:
    now = 0.0
    buckets = Buckets(60, burst=3, monotonic=lambda: now)
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 1]
    assert buckets.take("b") == 0
    now = 0.99
    assert buckets.take("a") == 1
    now = 1.0
    assert buckets.take("a") == 0


@given(st.lists(st.floats(0, 30), max_size=60), st.integers(1, 120), st.integers(1, 10))
def test_never_more_than_burst_plus_rate_times_time(waits: list[float], per_minute: int, burst: int) -> None:
    now = 0.0
    buckets = Buckets(per_minute, burst=burst, monotonic=lambda: now)
    taken = 0
    for wait in waits:
        now += wait
        taken += buckets.take("a") == 0
    assert taken <= burst + now * per_minute / 60 + 1e-6
