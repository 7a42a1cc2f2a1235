"""`check_pack` lists everything that is wrong with a pack, each with its file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledge.check import Problem, check_pack
from tests.knowledge.tiny_pack import FACTS, line_of, policy, write_pack

ROW = '- {id: R1, when: "a == 1", code: YES, clause: "#x"}'


def errors(folder: Path) -> list[Problem]:
    return [problem for problem in check_pack(folder) if problem.severity == "error"]


def only(folder: Path) -> Problem:
    found = errors(folder)
    assert len(found) == 1, found
    return found[0]


def test_the_shipped_parent_has_sound_policies_and_facts() -> None:
    found = [problem for problem in check_pack("cn_retail") if problem.file.name != "flows.yaml"]
    assert [str(problem) for problem in found if problem.severity == "error"] == []


def test_a_sound_pack_has_no_errors(tmp_path: Path) -> None:
    assert errors(write_pack(tmp_path / "p", {"rule": policy(ROW)})) == []


def test_all_faults_are_listed_at_once(tmp_path: Path) -> None:
    rows = '- {id: R1, when: "wat == 1", code: YES, clause: "#x"}\n- {id: R2, when: "true", clause: "#x"}'
    folder = write_pack(
        tmp_path / "p",
        {"one": policy(rows), "two": "no head at all", "three": policy(ROW, id="shop/three", head="status: maybe")},
        facts=FACTS + "bad: {type: colour, source: order}\n",
    )
    found = {(problem.file.name, problem.line) for problem in errors(folder)}
    one = folder / "policies/one.md"
    assert found == {
        ("one.md", line_of(one, "R1")),
        ("one.md", line_of(one, "R2")),
        ("two.md", 1),
        ("three.md", line_of(folder / "policies/three.md", "status")),
        ("facts.yaml", 6),
    }


def test_a_ring_of_packs_is_a_problem_and_not_a_crash(tmp_path: Path) -> None:
    folder = write_pack(tmp_path / "p", {}, shop="\nextends: p\n")
    assert (only(folder).file, only(folder).line) == (folder / "shop.yaml", 2)


def test_no_pack_at_all_is_a_problem(tmp_path: Path) -> None:
    assert "There is no pack" in only(tmp_path / "void").what


@pytest.mark.parametrize(
    ("end", "supersedes", "wrong"), [("null", "", True), ("2026-01-01", "", False), ("null", "shop/rule@1", False)]
)
def test_windows_of_two_versions_may_not_overlap_in_silence(
    tmp_path: Path, end: str, supersedes: str, wrong: bool
) -> None:
    elder = policy(ROW, version="1", head=f"effective: [2025-01-01, {end}]")
    head = "effective: [2026-01-01, null]" + (f"\nsupersedes: {supersedes}" if supersedes else "")
    folder = write_pack(tmp_path / "p", {"a": elder, "b": policy(ROW, version="2", head=head)})
    if not wrong:
        assert errors(folder) == []
        return
    problem = only(folder)
    assert (problem.file.name, problem.line) == ("b.md", line_of(folder / "policies/b.md", "effective"))
    assert "shop/rule@1" in problem.what


def test_versions_for_other_platforms_may_stand_side_by_side(tmp_path: Path) -> None:
    one = policy(ROW, version="1", head="platforms: [jd]")
    two = policy(ROW, version="2", head="platforms: [taobao]")
    assert errors(write_pack(tmp_path / "p", {"a": one, "b": two})) == []


def test_a_missing_language_or_anchor_is_a_warning(tmp_path: Path) -> None:
    zh = policy(ROW) + "\n## 乙 {#y}\n正文\n"
    en = '---\nid: shop/rule\nversion: "1"\ntitle: Rule\nlang: en\n---\n# Rule\n## One {#x}\nText.\n'
    folder = write_pack(tmp_path / "p", {"rule": zh, "rule.en": en, "alone": policy(ROW, id="shop/alone")})
    warned = {
        (p.file.name, p.line) for p in check_pack(folder) if p.severity == "warning" and "facts" not in p.file.name
    }
    assert warned == {("rule.md", line_of(folder / "policies/rule.md", "{#y}")), ("alone.md", 1)}


def test_a_shop_may_not_put_its_text_in_the_place_of_a_statute(tmp_path: Path) -> None:
    write_pack(tmp_path / "parent", {"law": policy(ROW, id="law/l", head="level: statute")})
    folder = write_pack(tmp_path / "child", {"mine": policy(ROW, id="law/l")}, shop="extends: parent\n")
    assert "replaces a statute" in only(folder).what


@pytest.mark.parametrize(
    ("row", "top", "word"),
    [
        ('- {id: R1, when: "since < a", code: YES, clause: "#x"}', "", "fails"),
        ('- {id: R1, when: "a + b", code: YES, clause: "#x"}', "", "not bool"),
        ('- {id: R1, when: "true", code: LATE, amount: "a > 1", clause: "#x"}', "", "not int"),
        ('- {id: R1, when: "true", code: LATE, deadline: "a", clause: "#x"}', "", "not datetime"),
        ('- {id: R1, when: "true", code: ASK(photo), clause: "#x"}', "", "no question to ask"),
        ('- {id: R1, when: "true", code: YES, clause: "#x"}', "best_first: [YES, NOO]", "NOO"),
    ],
)
def test_types_questions_and_orders_of_a_table_are_looked_at(tmp_path: Path, row: str, top: str, word: str) -> None:
    folder = write_pack(tmp_path / "p", {"rule": policy(row, top=top)})
    assert word in only(folder).what


def test_flows_may_name_only_what_is_there(tmp_path: Path) -> None:
    folder = write_pack(tmp_path / "p", {"rule": policy(ROW)})
    flows = folder / "flows.yaml"
    flows.write_text(
        "flows:\n"
        "  good:\n    tables: [T]\n    replies:\n      YES: {zh: 好}\n      default: {zh: 好}\n"
        "  bad:\n    assume: {zz: 1}\n    tables:\n      - T\n    on:\n      YEP: {zh: 好}\n"
        "  worse:\n    tables: [T, U]\n",
        encoding="utf-8",
    )
    found = {(problem.line, problem.file) for problem in errors(folder)}
    assert found == {(line_of(flows, "bad:"), flows), (line_of(flows, "YEP"), flows), (line_of(flows, "[T, U]"), flows)}


def test_a_derived_value_must_be_one_the_fact_can_have(tmp_path: Path) -> None:
    facts = FACTS + "d: {type: bool, source: decision, derived: {table: T, map: {YES: maybe}}}\n"
    folder = write_pack(tmp_path / "p", {"rule": policy(ROW)}, facts=facts)
    assert (only(folder).line, "wrong value" in only(folder).what) == (6, True)


def test_a_problem_prints_as_an_editor_can_jump_to_it(tmp_path: Path) -> None:
    folder = write_pack(tmp_path / "p", {"rule": policy(ROW.replace("a ==", "wat =="))})
    line = line_of(folder / "policies/rule.md", "wat")
    assert str(only(folder)).startswith(f"{folder}/policies/rule.md:{line}: error: ")


def test_a_shop_is_not_asked_for_a_language_it_does_not_speak(tmp_path: Path) -> None:
    folder = write_pack(tmp_path / "p", {"rule": policy(ROW)}, shop="languages: [zh]\n")
    missed = [problem.what for problem in check_pack(folder) if "English" in problem.what or "in en" in problem.what]
    assert missed == []
    both = write_pack(tmp_path / "q", {"rule": policy(ROW)}, shop="languages: [zh, en]\n")
    assert any("has no English text" in problem.what for problem in check_pack(both))


@pytest.mark.parametrize(("table", "what"), [("NOWHERE", "no policy has"), ("T", "never says ALLOW")])
def test_a_write_needs_a_table_that_can_allow_it(tmp_path: Path, table: str, what: str) -> None:
    folder = write_pack(tmp_path / "p", {"rule": policy(ROW)})
    (folder / "writes.yaml").write_text(f"writes:\n  pay:\n    table: {table}\n", encoding="utf-8")
    problem = only(folder)
    assert (problem.file.name, problem.line) == ("writes.yaml", 3)
    assert what in problem.what


@pytest.mark.parametrize("pack", ["tau_retail", "ecom_bench"])
def test_the_packs_of_the_public_sets_have_nothing_to_mend(pack: str) -> None:
    assert check_pack(pack) == []
