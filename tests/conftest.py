"""What every test may ask for, and how property tests draw.

Real documents are not ours to ship: their tests run where somebody names a folder of them. Property tests draw the same
examples in every run, so that a change is judged by what it changed; `--hypothesis-profile searching` draws new ones.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.knowledge.postgres_server import CannotStart, postgres

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("searching", deadline=None)
settings.load_profile("repeatable")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--seeds",
        default=os.environ.get("XIAOER_SEEDS", ""),
        help="folder of the five real pages (default: XIAOER_SEEDS); without it their tests are skipped",
    )


@pytest.fixture(scope="session")
def seeds(request: pytest.FixtureRequest) -> Path:
    """The folder of real pages. Their text is never shipped; tests assert file numbers, dates and a few words."""
    named = str(request.config.getoption("--seeds"))
    if not named or not Path(named).is_dir():
        pytest.skip("no folder of real pages: name one with --seeds or XIAOER_SEEDS")
    return Path(named)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a real PostgreSQL with pgvector; skips, and says what to install, where none can be started."""
    # not below pytest's own folder: that is for root alone, and the server runs as somebody else
    with tempfile.TemporaryDirectory(prefix="xiaoer-pg-") as folder:
        try:
            with postgres(Path(folder)) as url:
                yield url
        except CannotStart as reason:
            pytest.skip(str(reason))
