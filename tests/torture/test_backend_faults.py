"""500 calls to a system that executes and falls silent, fails, or answers twice: nothing is done twice."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from tests.assistant.backend_faults import run_faults

pytestmark = pytest.mark.torture

CALLS = 250


@pytest.mark.parametrize("promised", [True, False], ids=["keys are done once", "whatever is sent is done"])
async def test_no_effect_is_doubled_whatever_the_system_answers(promised: bool) -> None:
    with capture_logs():
        counts = await run_faults(CALLS, seed=2026, promised=promised)
    print(f"\nidempotent system {promised}: {counts}")
    assert (counts.doubled, counts.wrong) == (0, [])
    assert counts.ends.total() == CALLS
