"""What every test may ask for: real documents that are not ours to ship, where somebody names a folder of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


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
