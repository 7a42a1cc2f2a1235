"""What failed repeatedly is left alone for a while, then tried once."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from assistant.breaker import Breaker
from assistant.clock import FixedClock

NOW = datetime.fromisoformat("2026-11-22T10:00:00+08:00")


@given(st.lists(st.sampled_from(["ok", "fail", "wait"]), max_size=40))
def test_a_breaker_is_open_exactly_while_it_rests_after_three_failures_in_a_row(steps: list[str]) -> None:
    clock = FixedClock(NOW)
    breaker = Breaker(clock)
    in_a_row, rests_until = 0, NOW
    for step in steps:
        if step == "wait":
            clock.advance(timedelta(seconds=17))
            continue
        if clock.now() < rests_until:
            assert breaker.resting
            assert not breaker.admits()
            continue
        assert not breaker.resting
        assert breaker.admits()
        in_a_row = in_a_row + 1 if step == "fail" else 0
        breaker.failed() if step == "fail" else breaker.succeeded()
        rests_until = clock.now() + breaker.rest if in_a_row >= breaker.limit else clock.now()


def test_a_resting_breaker_lets_one_call_through_at_a_time() -> None:
    clock = FixedClock(NOW)
    breaker = Breaker(clock, limit=1)
    breaker.failed()
    clock.advance(timedelta(seconds=30))
    assert breaker.admits()
    assert not breaker.admits()
