"""Tables compile, or say in which file and line they do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledge.decide import PolicySet
from knowledge.errors import PackError, TableError, UnknownFactError
from knowledge.pack import load_pack
from tests.knowledge.tiny_pack import line_of, policy, write_pack

GOOD = '- {id: R1, when: "a == 1", code: YES, clause: "#x"}'


@pytest.mark.parametrize(
    ("row", "error", "word"),
    [
        ('- {id: R2, when: "wat == 1", code: NO, clause: "#x"}', UnknownFactError, "wat"),
        ('- {id: R2, when: "a ==", code: NO, clause: "#x"}', TableError, "does not compile"),
        ('- {id: R2, when: "a == nope(1)", code: NO, clause: "#x"}', TableError, "no function `nope`"),
        ('- {id: R2, when: "true", clause: "#x"}', TableError, "needs a code"),
        ('- {id: R2, when: "true", code: NO, then: T, clause: "#x"}', TableError, "and not both"),
        ('- {id: R2, when: "true", code: nein, clause: "#x"}', TableError, "not a code"),
        ('- {id: R2, when: "true", code: NO}', TableError, "must name the clause"),
        ('- {id: R2, when: "true", code: NO, clause: "#y"}', TableError, "shop/rule@1#y"),
        ('- {id: R2, when: "true", code: NO, clause: "law/none@1#x"}', TableError, "law/none@1#x"),
        ('- {id: R2, when: "true", code: NO, clause: "#x", amount: "b + z"}', UnknownFactError, "`z`"),
        ('- {id: R2, when: "true", code: NO, clause: "#x", colour: red}', TableError, "Unknown field"),
        ('- {id: R2, when: "true", code: NO, clause: "#x", actor: robot}', TableError, "robot"),
        ('- {id: R2, when: "true", code: NO, clause: "#x", formula: "{z}"}', TableError, "`z`"),
        ('- {id: R2, when: 1, code: NO, clause: "#x"}', TableError, "in quotes"),
        ('- {id: R1, when: "true", code: NO, clause: "#x"}', TableError, "stands twice"),
        ('- {id: R2, when: "true", then: U, clause: "#x"}', TableError, "no table U"),
        ('- {id: R2, when: "true", then: T, clause: "#x"}', TableError, "back to it"),
    ],
)
def test_a_bad_row_is_named_by_file_and_line(tmp_path: Path, row: str, error: type[PackError], word: str) -> None:
    folder = write_pack(tmp_path / "p", {"rule": policy(f"{GOOD}\n{row}")})
    with pytest.raises(error, match=word) as caught:
        PolicySet(load_pack(folder))
    path = folder / "policies/rule.md"
    assert caught.value.file == path
    assert caught.value.line == (line_of(path, row) if "back to it" not in word else line_of(path, "id: T"))


def test_a_table_may_not_stand_in_two_languages_of_one_version(tmp_path: Path) -> None:
    text = policy(GOOD)
    folder = write_pack(tmp_path / "p", {"rule": text, "rule.en": text.replace("lang: zh", "lang: en")})
    with pytest.raises(TableError, match="stands twice"):
        PolicySet(load_pack(folder))


def test_a_derived_fact_needs_its_table(tmp_path: Path) -> None:
    facts = "a: {type: int, source: order}\nd: {type: bool, source: decision, derived: {table: U, map: {YES: true}}}\n"
    folder = write_pack(tmp_path / "p", {"rule": policy(GOOD)}, facts=facts)
    with pytest.raises(PackError, match="derived from U") as caught:
        PolicySet(load_pack(folder))
    assert caught.value.where == f"{folder / 'facts.yaml'}:2"


def test_a_fact_may_not_be_derived_from_itself(tmp_path: Path) -> None:
    facts = "a: {type: int, source: order}\nd: {type: bool, source: decision, derived: {table: T, map: {YES: true}}}\n"
    folder = write_pack(tmp_path / "p", {"rule": policy('- {id: R1, when: "d", code: YES, clause: "#x"}')}, facts=facts)
    with pytest.raises(PackError, match="derived from itself"):
        PolicySet(load_pack(folder))


def test_every_shipped_row_cites_a_clause_that_is_there_in_both_languages() -> None:
    policies = PolicySet(load_pack("cn_retail"))
    for table in policies.tables():
        for row in table.rows:
            for reference in row.clauses:
                key, _, anchor = reference.partition("#")
                for lang in ("zh", "en"):
                    found = policies.policy(key, lang)
                    assert found is not None
                    assert found.lang == lang, f"{key} has no {lang} text"
                    assert f"{{#{anchor}}}" in found.text, f"{reference} in {lang}"
