"""The benchmark of decisions asks every table and measures what its budgets are about."""

from __future__ import annotations

from evals.bench_decisions import DECISION_BUDGET_US, LOAD_BUDGET_S, run
from knowledge.decide import PolicySet
from knowledge.pack import load_pack, shipped_packs


def test_every_table_of_every_shipped_pack_is_asked_and_both_budgets_are_held_to() -> None:
    outcome = run(rounds=2)
    figures = {figure.name: figure for figure in outcome.figures}
    tables = {table.id for name in shipped_packs() for table in PolicySet(load_pack(name)).tables()}
    assert figures["a decision, p50"].note.endswith(f" to {len(tables)} tables")
    assert figures["a decision, p99"].budget == DECISION_BUDGET_US
    assert figures["loading all packs"].budget == LOAD_BUDGET_S
    assert all(figure.value > 0 for figure in outcome.figures)
