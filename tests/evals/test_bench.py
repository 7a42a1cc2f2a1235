"""Benchmarks by name, and how the command prints them."""

from __future__ import annotations

import pytest

from evals import bench
from server.cli_bench import BENCHES


def test_the_command_offers_every_benchmark_and_all() -> None:
    assert (*bench.NAMES, bench.ALL) == BENCHES


def test_an_unknown_benchmark_is_refused() -> None:
    with pytest.raises(KeyError):
        bench.run("nothing")


def test_retrieval_is_held_to_the_floor_and_says_what_it_left_out() -> None:
    outcome = bench.retrieval((40,), rounds=2, ensemble=False)
    assert {figure.name for figure in outcome.figures if figure.budget} == {
        "embedded/40: over the bare floor",
        "given/40: over the bare floor",
    }
    assert len(outcome.skipped) == 2
