"""The retrieval benchmark measures what it says. No wall-clock figure is asserted."""

from __future__ import annotations

from evals.bench_retrieval import run, synthetic_policies
from knowledge.splitting import split


def test_the_synthetic_policies_hold_as_many_clauses_as_asked_for() -> None:
    assert sum(len(split(policy)) for policy in synthetic_policies(100)) == 100


def test_each_size_is_reported_with_its_ratio() -> None:
    reports = run((40,), rounds=2, ensemble=False)
    assert set(reports) == {"embedded/40", "given/40"}
    for report in reports.values():
        assert report["clauses"] == 40
        assert isinstance(report["ratio_to_floor"], float)
        assert str(report["ensemble"]).startswith("skipped")
