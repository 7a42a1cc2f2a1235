"""The databases that the store is tested on: SQLite in memory, in a file, and a real PostgreSQL."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest

from tests.assistant.store.world import MEMORY
from tests.knowledge.postgres_server import database

_numbers = count()


def _address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "memory":
        return MEMORY
    if request.param == "postgresql":
        return database(request.getfixturevalue("postgres_server"), f"store_{next(_numbers)}")
    return f"sqlite+aiosqlite:///{tmp_path}/x.db"


@pytest.fixture(params=["memory", "file", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    return _address(request, tmp_path)


@pytest.fixture(params=["file", "postgresql"])
def lasting_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database that outlives the process which opens it."""
    return _address(request, tmp_path)
