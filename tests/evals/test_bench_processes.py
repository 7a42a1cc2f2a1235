"""The benchmarks that start processes: imports in a fresh interpreter, a real server with a few real streams."""

from __future__ import annotations

import asyncio
import sys

import pytest

from evals import bench_streams
from evals.bench_processes import import_s

LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is read from /proc")


def test_an_import_is_timed_in_an_interpreter_of_its_own() -> None:
    assert 0 <= import_s("assistant", runs=1) < import_s("assistant.conversation", runs=1)


@LINUX
@pytest.mark.slow
def test_a_real_server_holds_idle_streams() -> None:
    outcome = asyncio.run(bench_streams.run(streams=(30, 40)))
    assert outcome.skipped == ()
    assert [figure.name for figure in outcome.figures] == [
        "memory of a stream, 20 to 30",
        "memory of a stream, 30 to 40",
        "server with 40 idle streams",
    ]
    assert outcome.figures[-1].value > 10


def test_too_few_files_skip_the_streams_with_a_reason() -> None:
    outcome = asyncio.run(bench_streams.run(streams=(10**9,)))
    assert outcome.figures == ()
    assert "ulimit" in outcome.skipped[0] or "/proc" in outcome.skipped[0]
