"""The bench of growth measures what it says, on few clauses."""

from __future__ import annotations

import numpy as np
import pytest

from evals import bench_growth
from evals.bench_growth import Likeness, exponent
from knowledge.embedding import HashEmbedder


def test_a_small_run_yields_every_figure() -> None:
    outcome = bench_growth.run((40, 80, 120), (300, 900), embedder=HashEmbedder(32), rounds=2, seeds=60)
    figures = {figure.name: figure for figure in outcome.figures}
    assert figures["search: exponent from 40 to 120"].budget == bench_growth.EXACT_EXPONENT
    assert figures["approximate, 60% allowed: exponent"].budget == bench_growth.APPROXIMATE_EXPONENT
    assert figures["900 clauses: recall@48, worst filter"].budget == bench_growth.RECALL
    assert 0 < figures["900 clauses: recall@48, worst filter"].value <= 1
    assert len(figures) == len(outcome.figures)


@pytest.mark.parametrize("power", [0.0, 0.4, 1.0])
def test_the_exponent_is_the_power_by_which_times_grow(power: float) -> None:
    assert exponent({size: 3 * size**power for size in (10, 100, 1000)}) == pytest.approx(power)


def test_drawn_vectors_are_as_long_as_real_ones_and_near_them() -> None:
    likeness = Likeness.of(HashEmbedder(32), 50)
    drawn = likeness.draw(200, 1)
    assert np.allclose(np.linalg.norm(drawn, axis=1), 1, atol=1e-5)
    assert (drawn @ likeness.seeds.T).max(axis=1).mean() > 0.7
    assert np.array_equal(drawn, likeness.draw(200, 1))
