"""The second telling would notice: change one sign or number in a condition, and its cases disagree with the table.

Some changes mean nothing (a row that stands behind another of the same outcome, `> 0` where nobody promises one hour);
they are printed, and may be an eighth.
"""

from __future__ import annotations

import random
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from knowledge.decide import PolicySet
from knowledge.errors import XiaoerError
from knowledge.pack import SHIPPED, load_pack
from tests.knowledge.oracle.compare import compare
from tests.knowledge.oracle.generate import Draw
from tests.knowledge.oracle.tables import ORACLES

pytestmark = pytest.mark.torture

MUTANTS = 150
CASES = 8_000
OTHER = {"<=": "<", ">=": ">", "<": "<=", ">": ">=", "==": "!=", "!=": "==", "&&": "||", "||": "&&"}
TOKEN = re.compile(r"<=|>=|==|!=|&&|\|\||[<>]|\b\d+\b")
TABLE = re.compile(r"```table\n(.*?)```", re.DOTALL)
CONDITION = re.compile(r'when: "([^"]*)"|when: >-\n((?: {6}.*\n)+)')


@dataclass(frozen=True)
class Mutant:
    """One token of one condition, and what stands there instead."""

    path: Path
    table: str
    start: int
    token: str

    @property
    def instead(self) -> str:
        return OTHER.get(self.token) or str(int(self.token) + 1)


def mutants(pack: Path) -> list[Mutant]:
    found: list[Mutant] = []
    for path in sorted((pack / "policies").glob("*.md")):
        for block in TABLE.finditer(path.read_text("utf-8")):
            table = block[1].split("\n", 1)[0].removeprefix("id: ")
            for condition in CONDITION.finditer(block[1]):
                group = 1 if condition[1] is not None else 2
                start = block.start(1) + condition.start(group)
                # what stands in quotes inside a condition is a word, not a mark
                words = re.sub(r"'[^']*'", lambda quoted: "'" + "_" * (len(quoted[0]) - 2) + "'", condition[group])
                found += [Mutant(path, table, start + token.start(), token[0]) for token in TOKEN.finditer(words)]
    return found


def noticed(pack: Path, table: str) -> bool | None:
    """Whether some case disagrees; None when the changed table does not compile."""
    try:
        policies = PolicySet(load_pack(pack))
    except XiaoerError:
        return None
    draw = Draw(policies.facts, random.Random(f"mutants of {table}"))
    return any(compare(policies, table, draw.case(table)) is not None for _ in range(CASES))


def test_a_changed_condition_is_noticed(tmp_path: Path) -> None:
    pack = Path(shutil.copytree(SHIPPED / "cn_retail", tmp_path / "cn_retail"))
    every = [mutant for mutant in mutants(pack) if mutant.table in ORACLES]
    unnoticed: list[str] = []
    tried = 0
    for mutant in random.Random(5).sample(every, MUTANTS):
        text = mutant.path.read_text("utf-8")
        after = mutant.start + len(mutant.token)
        mutant.path.write_text(text[: mutant.start] + mutant.instead + text[after:], "utf-8")
        seen = noticed(pack, mutant.table)
        mutant.path.write_text(text, "utf-8")
        if seen is None:
            continue
        tried += 1
        if not seen:
            near = text[max(0, mutant.start - 40) : after + 20].replace("\n", " ")
            unnoticed.append(f"{mutant.table}: {mutant.token} → {mutant.instead} in … {near} …")
    print(f"\n{tried} of {len(every):,} single changes tried, {tried - len(unnoticed)} noticed; not:")
    print("\n".join(unnoticed))
    assert len(unnoticed) <= tried / 8
