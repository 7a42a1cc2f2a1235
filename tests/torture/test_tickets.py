"""Thousands of random lives of after-sale tickets: whoever sends whatever whenever, the invariants hold."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.assistant.ticket_life import TicketLife

pytestmark = pytest.mark.torture

RUNS = 2000
STEPS = 50


def test_two_thousand_lives_of_a_ticket_break_no_invariant() -> None:
    ended: Counter[str] = Counter()
    steps = 0

    class Counted(TicketLife):
        def teardown(self) -> None:
            nonlocal steps
            if self.order.tickets:
                ended[self.ticket.state] += 1
                steps += len(self.ticket.history)

    run_state_machine_as_test(
        Counted,
        settings=settings(
            max_examples=RUNS, stateful_step_count=STEPS, deadline=None, database=None, derandomize=False,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
    runs = sum(ended.values())
    print(f"\ntickets: {runs} lives, {steps} transitions, {len(ended)} states ended in: {dict(ended.most_common())}")
    assert runs >= RUNS
    assert len(ended) >= 12, "the lives reach most states"
