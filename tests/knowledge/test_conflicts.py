"""Clauses that say different figures of one thing are found where both hold, and only there."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.clauses import SHANGHAI, Policy
from knowledge.conflicts import conflicts, figures_in
from knowledge.front_matter import parse_policy
from knowledge.pack import load_pack

NOW = datetime(2026, 11, 22, tzinfo=SHANGHAI)


def rule(name: str, words: str, head: str = "") -> Policy:
    text = f'---\nid: shop/{name}\nversion: "1"\ntitle: 售后\nlang: zh\n{head}---\n## 退款 {{#refund}}\n{words}\n'
    return parse_policy(text, f"{name}.md")


SEVEN = rule("a", "收到退回的商品后，七天内原路退款。")


@pytest.mark.parametrize(
    ("words", "values"),
    [
        ("收到退回的商品后，5 天内原路退款。", (168.0, 120.0)),
        ("商家收到退回商品后，72小时内原路退款。", (168.0, 72.0)),
        ("收到退回的商品后十五天内原路退款。", (168.0, 360.0)),
    ],
)
def test_two_figures_for_one_thing_are_a_conflict(words: str, values: tuple[float, float]) -> None:
    (found,) = conflicts([SEVEN, rule("b", words)], at=NOW)
    assert (found.first.value, found.second.value, found.unit) == (*values, "hours")
    assert (found.first.ref, found.second.ref) == ("shop/a@1#refund", "shop/b@1#refund")
    assert found.second.sentence in words


@pytest.mark.parametrize(
    ("words", "head"),
    [
        ("收到退回的商品后，7 天内原路退款。", ""),
        ("收到退回的商品后，168小时内原路退款。", ""),
        ("收到退回的商品后，三个工作日内原路退款。", ""),
        ("冰箱的压缩机质保 10 年。", ""),
        ("收到退回的商品后，5 天内原路退款。", "effective: [2027-01-01, null]\n"),
        ("收到退回的商品后，5 天内原路退款。", "status: draft\n"),
        ("收到退回的商品后，5 天内原路退款。", "status: history\n"),
    ],
)
def test_the_same_figure_another_thing_or_another_time_is_none(words: str, head: str) -> None:
    assert conflicts([SEVEN, rule("b", words, head)], at=NOW) == []


def test_what_has_no_date_may_contradict_what_holds() -> None:
    (found,) = conflicts([SEVEN, rule("b", "收到退回的商品后，5 天内原路退款。", "effective: unknown\n")], at=NOW)
    assert (found.first.value, found.second.value) == (168.0, 120.0)


def test_a_question_that_stands_twice_with_two_answers_is_a_conflict() -> None:
    head = '---\nid: doc/faq\nversion: "1"\ntitle: 问答\nlang: zh\n---\n'
    twice = "## 礼品包装多少钱 {#a}\n礼品包装每件收费 6 元。\n\n## 礼品包装多少钱 {#b}\n礼品包装每件收费 8 元。\n"
    (found,) = conflicts([parse_policy(head + twice, "faq.md")], at=NOW)
    assert (found.first.ref, found.second.ref) == ("doc/faq@1#a", "doc/faq@1#b")
    assert not conflicts(
        [parse_policy(head + twice.replace("## 礼品包装多少钱 {#b}", "## 加急 {#b}"), "faq.md")], at=NOW
    )


def test_rules_for_places_that_do_not_overlap_never_conflict() -> None:
    words = "收到退回的商品后，{} 天内原路退款。"
    on_jd = rule("j", words.format(7), "platforms: [jd]\n")
    on_taobao = rule("t", words.format(5), "platforms: [taobao]\n")
    assert conflicts([on_jd, on_taobao], at=NOW) == []
    assert len(conflicts([on_jd, on_taobao, rule("b", words.format(9))], at=NOW)) == 2


def test_the_shipped_shop_does_not_contradict_itself() -> None:
    assert conflicts(load_pack("demo").policies, at=NOW) == []


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("七天内", [(168.0, "hours")]),
        ("两年或一百二十元", [(24.0, "months"), (120.0, "yuan")]),
        ("赔30%,最高500元", [(30.0, "%"), (500.0, "yuan")]),
        ("2024年7月1日起", []),
        ("within 48 hours", [(48.0, "hours")]),
        ("15-day returns", [(360.0, "hours")]),
        ("3个工作日", [(3.0, "working days")]),
        ("第三天", []),
    ],
)
def test_figures_are_read_in_a_common_unit(sentence: str, found: list[tuple[float, str]]) -> None:
    assert figures_in(sentence) == found


@given(st.text(alphabet="一二三十百两半0129.天小时元%年月日内 第", max_size=30))
@settings(max_examples=100)
def test_any_words_are_read_without_harm(text: str) -> None:
    assert all(value >= 0 and unit for value, unit in figures_in(text))
