"""The engine of the demo shop, compiled once for all tests here."""

from __future__ import annotations

import pytest

from assistant.build import Parts
from evals.run import parts_for


@pytest.fixture(scope="session")
def parts() -> Parts:
    return parts_for("demo")
