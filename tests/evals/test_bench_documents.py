"""The bench of documents measures what it says, on few clauses."""

from __future__ import annotations

from evals import bench_documents
from knowledge.embedding import HashEmbedder


def test_a_small_run_yields_every_figure() -> None:
    outcome = bench_documents.run(60, files=2, embedder=HashEmbedder(32), changes=1)
    figures = {figure.name: figure for figure in outcome.figures}
    assert figures["change one document of them, of that"].budget == bench_documents.CHANGE_SHARE
    assert all(figure.value >= 0 for figure in outcome.figures)
    assert len(figures) == 7
