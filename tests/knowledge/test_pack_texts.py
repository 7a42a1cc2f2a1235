"""The prose of the shipped packs: bilingual, short, dated, and never one platform's figure for another's order."""

from __future__ import annotations

import re
from functools import cache

import pytest

from knowledge.clauses import Clause, Place, Policy
from knowledge.pack import load_pack
from knowledge.splitting import split
from knowledge.tables import anchors

LONGEST_ZH = 260
LONGEST_EN = 620


@cache
def policies(pack: str) -> tuple[Policy, ...]:
    return load_pack(pack).policies


def pairs() -> dict[str, dict[str, Policy]]:
    found: dict[str, dict[str, Policy]] = {}
    for policy in (*policies("cn_retail"), *policies("demo")):
        found.setdefault(policy.key, {})[policy.lang] = policy
    return found


def clauses() -> list[Clause]:
    return [clause for both in pairs().values() for policy in both.values() for clause in split(policy)]


def test_every_policy_speaks_both_languages_with_the_same_anchors_and_standing() -> None:
    for key, both in pairs().items():
        assert set(both) == {"zh", "en"}, key
        zh, en = both["zh"], both["en"]
        assert anchors(zh) == anchors(en), key
        assert (zh.level, zh.status, zh.window, zh.scope, zh.temporal_basis, zh.content_date) == (
            *(en.level, en.status, en.window, en.scope, en.temporal_basis),
            en.content_date,
        ), key


def test_every_policy_names_its_source() -> None:
    assert [key for key, both in pairs().items() if not all(policy.source for policy in both.values())] == []


def test_every_clause_is_short_enough_to_be_quoted_whole() -> None:
    limit = {"zh": LONGEST_ZH, "en": LONGEST_EN}
    assert [c.id for c in clauses() if len(c.text) > limit[c.policy.lang]] == []


def test_english_texts_are_english_but_for_a_term_of_the_trade() -> None:
    def share_of_han(text: str) -> float:
        return len(re.findall(r"[\u4e00-\u9fff]", text)) / len(text)

    assert [c.id for c in clauses() if c.policy.lang == "en" and share_of_han(c.text) > 0.05] == []


def test_figures_are_the_same_in_both_languages() -> None:
    """Percentages and yuan amounts of a clause agree; years and spelled-out numbers may differ in wording."""
    by_ref: dict[str, dict[str, Clause]] = {}
    for clause in clauses():
        by_ref.setdefault(clause.ref, {})[clause.policy.lang] = clause
    different = {
        ref: (percents(both["zh"].text), percents(both["en"].text))
        for ref, both in by_ref.items()
        if percents(both["zh"].text) != percents(both["en"].text)
    }
    assert different == {}


def percents(text: str) -> list[str]:
    return sorted(re.findall(r"(\d+(?:\.\d+)?) ?%", text))


@pytest.mark.parametrize("word", ["亲，", "亲爱的", "最终解释权归", "！", "全网最低", "最高级", "国家级"])
def test_nothing_said_to_customers_uses_words_we_do_not_use(word: str) -> None:
    said = [c for c in clauses() if c.policy.lang == "zh" and "agent" not in c.policy.scope.audiences]
    assert [c.id for c in said if word in c.text] == []


def test_jd_figures_are_out_of_reach_on_a_taobao_order() -> None:
    for key, both in pairs().items():
        if key.startswith(("platform/jd-", "news/jd-")):
            assert not both["zh"].scope.covers(Place(platform="taobao")), key
            assert both["zh"].scope.covers(Place(platform="jd")), key


def test_announcements_are_dated_and_history_says_so() -> None:
    for key, both in pairs().items():
        if key.startswith("news/"):
            assert both["zh"].content_date, key
            assert both["zh"].status != "history" or key.split("@")[0] in {
                "news/jd-2022-relief",
                "news/1688-2020-relief",
                "news/1688-2020-growth",
                "news/jd-quality-2017",
                "news/ecommerce-forum-2014",
            }, key


def test_the_jewellery_wording_is_contested_and_refuses_nobody() -> None:
    policy = pairs()["news/taobao-2025-jewellery@2025-01"]["zh"]
    assert policy.status == "contested"
    assert "无需" in policy.text
    assert "不会因为超过 48 小时拒绝" in policy.text


def test_internal_limits_are_for_agents_only() -> None:
    for key in ("shop/authority-limits@2026-01", "shop/retention-practice@2026-01", "shop/red-lines@2026-01"):
        policy = pairs()[key]["zh"]
        assert not policy.scope.covers(Place(audience="customer"))
        assert policy.scope.covers(Place(audience="agent"))
