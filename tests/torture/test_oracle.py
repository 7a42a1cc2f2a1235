"""Every decision table against its naive telling on a hundred thousand random cases and more; counts are printed."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.knowledge.oracle.compare import compare, compare_partly_known, decided
from tests.knowledge.oracle.generate import Draw
from tests.knowledge.oracle.tables import ORACLES
from tests.knowledge.shipped_pack import shipped

pytestmark = pytest.mark.torture

PER_TABLE = 10_000
SEED = 20261111
STANDS_BEHIND = {("law/quality-ladder@2024-07", "R7-return")}
"""Rows that speak only where a shop leaves out its own row of the same content, which cites them."""
_told: Counter[str] = Counter()


@pytest.fixture(scope="module", autouse=True)
def totals() -> Iterator[None]:
    yield
    print(
        f"\noracle: {_told['whole']:,} whole and {_told['partly']:,} partly known cases of {len(ORACLES)} tables agree"
    )
    assert _told["whole"] >= 100_000 or _told["whole"] < PER_TABLE * len(ORACLES)  # fewer when tables are picked


@pytest.mark.parametrize("table", sorted(ORACLES))
def test_a_table_agrees_with_its_naive_telling_in_bulk(table: str) -> None:
    rng = random.Random(f"{SEED} {table}")
    draw = Draw(shipped().facts, rng)
    rows = {(t.policy.key, row.id) for t in shipped().tables() if t.id == table for row in t.rows if not row.then}
    reached: Counter[tuple[str, str]] = Counter()
    wrong: list[str] = []
    for number in range(PER_TABLE):
        case = draw.case(table)
        found = compare(shipped(), table, case) or (
            compare_partly_known(shipped(), table, case, rng) if number % 2 else None
        )
        if found is not None:
            wrong.append(str(found))
        decision = decided(shipped(), table, case)
        reached[decision.policy, decision.row] += 1
    _told["whole"] += PER_TABLE
    _told["partly"] += PER_TABLE // 2
    missed = sorted(f"{policy} {row}" for policy, row in rows - set(reached) - STANDS_BEHIND)
    print(f"\n{table}: {PER_TABLE} cases, {len(wrong)} disagreements, {len(rows) - len(missed)} of {len(rows)} rows")
    assert not wrong, "\n".join(wrong[:5])
    assert not missed, f"no case reached {', '.join(missed)}"
