"""Clauses of a policy."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from knowledge.clauses import Policy
from knowledge.splitting import split
from knowledge.token_count import estimate_tokens
from tests.knowledge import dirty

RULES = """---
id: shop/returns
version: "1"
title: 退货
lang: zh
---
# 退货
先看总则。

## 怎么算七天 {#counting}
签收次日起算，第七天二十四点截止。

```table
id: DT-02
rows: []
```
表后的话。

## 只有表 {#only-table}
```table
id: DT-03
```

### 例外 {#exceptions}
生鲜不退。

```text
# 这不是标题
```
"""


def policy(text: str) -> Policy:
    return Policy(id="shop/returns", version="1", title="退货", lang="zh", text=text)


def test_headings_with_anchors_become_clauses_without_their_tables() -> None:
    clauses = {clause.anchor: clause for clause in split(policy(RULES))}
    assert list(clauses) == ["s1", "counting", "counting.2", "only-table", "exceptions"]
    assert clauses["counting"].text == "签收次日起算，第七天二十四点截止。"
    assert clauses["counting"].heading == ("退货", "怎么算七天")
    assert clauses["counting"].id == "shop/returns@1#counting/zh"
    assert clauses["counting.2"].text == "表后的话。"
    assert clauses["only-table"].text == "只有表"
    assert clauses["exceptions"].heading == ("退货", "只有表", "例外")
    assert "这不是标题" in clauses["exceptions"].text
    assert not any("DT-0" in clause.text or "{#" in clause.text for clause in clauses.values())


def test_a_section_above_the_budget_is_split_at_sentences() -> None:
    text = "---\n---\n## 长 {#long}\n" + "买家可以申请退货，商家应当处理。" * 40
    clauses = split(policy(text), budget=60)
    assert [clause.anchor for clause in clauses[:3]] == ["long", "long.2", "long.3"]
    assert all(estimate_tokens(clause.text) <= 60 for clause in clauses)
    assert all(clause.text.endswith("。") for clause in clauses)


def test_text_without_headings_gets_paragraph_anchors_and_short_titles_head_what_follows() -> None:
    text = (
        "规则调整\n- 1、" + "发货时限放宽两天，商家无需报备。" * 6 + "\n- 2、" + "考核暂停一个月，次月恢复。" * 6 + "\n"
    )
    clauses = split(policy(text))
    assert [(clause.anchor, clause.heading) for clause in clauses] == [("p1", ("规则调整",)), ("p2", ("规则调整",))]


def test_a_clause_of_a_foreign_page_never_holds_what_was_cut() -> None:
    clauses = split(policy(dirty.SPAMMED))
    shown = "".join(clause.text for clause in clauses)
    assert not any(word in shown for word in ("国产", "地鐵", "免責", "kbd"))
    assert any("不再与大促捆绑" in clause.search_text for clause in clauses)
    assert any("優(yōu)化" in clause.text and "优化" in clause.search_text for clause in clauses)


def test_a_list_of_short_lines_loses_none_of_them() -> None:
    clauses = split(policy("退货\n换货\n维修\n补发\n"))
    assert [clause.text for clause in clauses] == ["退货\n换货\n维修\n补发"]


def test_an_empty_policy_has_no_clauses() -> None:
    assert split(policy("")) == []
    assert split(policy("---\n---\n\n")) == []


LINES = st.sampled_from(
    (
        *("# 总则\n", "## 甲 {#a}\n", "## 甲 {#a}\n", "## 丁 {#a.2}\n", "## 戊 {#p1}\n", "### 乙\n"),
        *("```table\n", "```\n", "~~~\n", "买家可以退货。", "\n", "\n\n", "| a | b |\n", "<b>", "務(wù)部"),
        *("相关阅读\n", "- 1、退款\n", "x" * 90, "国产精品无码\n", "p1 ", "\u2028", "\r\n", "   "),
    )
)


@given(st.lists(LINES, max_size=40).map("".join), st.booleans(), st.integers(5, 80))
def test_every_clause_stands_at_its_span_with_a_unique_anchor(body: str, ours: bool, budget: int) -> None:
    text = ("---\n---\n" if ours else "") + body
    clauses = split(policy(text), budget=budget)
    assert all(text[clause.start : clause.end] == clause.text for clause in clauses)
    assert all(clause.text.strip() == clause.text != "" for clause in clauses)
    assert len({clause.anchor for clause in clauses}) == len(clauses)
    assert all(first.end <= second.start for first, second in itertools.pairwise(clauses))
