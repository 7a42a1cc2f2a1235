"""Customers' words for what a clause says: found by them, never shown; a name that fits nothing is told."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from knowledge.check import check_pack
from knowledge.clauses import SHANGHAI, Place
from knowledge.errors import PackError
from knowledge.pack import load_pack
from knowledge.search import ClauseIndex

NOW = datetime(2026, 6, 1, tzinfo=SHANGHAI)
POLICY = (
    '---\nid: shop/price\nversion: "{version}"\ntitle: 价格保护\nlang: zh\n{dates}---\n## 补差 {{#pay}}\n降价退差额。\n'
)
OTHERS = "---\nid: shop/rest\nversion: '1'\ntitle: 其他\nlang: zh\n---\n" + "".join(
    f"## 第{number}条 {{#r{number}}}\n第{number}种情况按第{number}条办理。\n" for number in range(20)
)


def pack(folder: Path, asked: str, *, extends: str = "") -> Path:
    (folder / "policies").mkdir(parents=True)
    shop = f"key: x\nname: {{zh: 店, en: Shop}}\nplatforms: [taobao]\nlanguages: [zh]\n{extends}"
    (folder / "shop.yaml").write_text(shop, encoding="utf-8")
    for version, dates in (("1", "effective: [2024-01-01, 2025-01-01]\n"), ("2", "effective: [2025-01-01, null]\n")):
        (folder / "policies" / f"price-{version}.md").write_text(
            POLICY.format(version=version, dates=dates), encoding="utf-8"
        )
    (folder / "policies" / "rest.md").write_text(OTHERS, encoding="utf-8")
    (folder / "asked.yaml").write_text(asked, encoding="utf-8")
    return folder


def first(folder: Path, question: str, at: datetime = NOW) -> str:
    index = ClauseIndex.build(load_pack(folder).policies, None)
    hit = index.search(question, as_of=at, place=Place(platform="taobao"), k=1)[0]
    assert "便宜" not in hit.clause.text + "".join(hit.clause.heading)
    assert hit.clause.policy.text[hit.clause.start : hit.clause.end] == hit.clause.text
    return hit.clause.ref


def test_a_clause_is_found_by_what_customers_say_for_it_in_each_version(tmp_path: Path) -> None:
    folder = pack(tmp_path, "shop/price:\n  pay: {zh: [刚买完就便宜了]}\n")
    assert first(folder, "刚买完就便宜了怎么弄") == "shop/price@2#pay"
    assert first(folder, "刚买完就便宜了怎么弄", datetime(2024, 6, 1, tzinfo=SHANGHAI)) == "shop/price@1#pay"
    bare = ClauseIndex.build(load_pack(pack(tmp_path / "bare", "{}\n")).policies, None)
    assert bare.search("刚买完就便宜了怎么弄", as_of=NOW, place=Place(platform="taobao")) == []


def test_what_a_child_says_of_a_clause_replaces_what_its_parent_says(tmp_path: Path) -> None:
    pack(tmp_path / "parent", "shop/price:\n  pay: {zh: [买贵了]}\n")
    child = tmp_path / "child"
    child.mkdir()
    (child / "shop.yaml").write_text("extends: ../parent\nkey: y\n", encoding="utf-8")
    (child / "asked.yaml").write_text("shop/price:\n  pay: {zh: [便宜了]}\n", encoding="utf-8")
    policies = [policy for policy in load_pack(child).policies if policy.id == "shop/price"]
    assert {policy.asked["pay"] for policy in policies} == {("便宜了",)}


@pytest.mark.parametrize(
    ("asked", "what", "line"),
    [
        ("shop/price:\n  pay: {zh: 买贵了}\n", "list of questions", 2),
        ("shop/price:\n  pay: {fr: [trop cher]}\n", "one of zh, en", 2),
        ("shop/price: [买贵了]\n", "mapping is expected", 1),
        ("- 买贵了\n", "mapping is expected", 1),
    ],
)
def test_another_form_is_refused_with_its_line(tmp_path: Path, asked: str, what: str, line: int) -> None:
    folder = pack(tmp_path, asked)
    with pytest.raises(PackError, match=what) as refused:
        load_pack(folder)
    assert (refused.value.file.name, refused.value.line) == ("asked.yaml", line)
    assert any(what in problem.what and problem.line == line for problem in check_pack(folder))


def test_a_clause_that_is_not_there_is_a_fault_of_the_pack(tmp_path: Path) -> None:
    folder = pack(tmp_path, "shop/price:\n  pay: {zh: [买贵了]}\n  refund: {zh: [退钱]}\n")
    (problem,) = [each for each in check_pack(folder) if each.file.name == "asked.yaml"]
    assert (problem.line, problem.what) == (3, "There is no clause `shop/price#refund` in zh.")
