"""Clauses found as of an instant, within a scope, in a language."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.calibration import RELEVANT
from knowledge.clauses import SHANGHAI, Place, Policy, Scope, Window
from knowledge.embedding import HashEmbedder, Usem3Embedder
from knowledge.errors import DocumentError, UnknownClause
from knowledge.search import ClauseIndex

NOW = datetime(2026, 6, 1, tzinfo=SHANGHAI)
EMBEDDER = HashEmbedder(64)


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def policy(name: str, body: str, **changes: object) -> Policy:
    made = Policy(id=f"shop/{name}", version="1", title=name, lang="zh", text=f"---\n---\n## 规则 {{#rule}}\n{body}\n")
    return replace(made, **changes)


OLD = policy("freight", "退货运费由买家承担。", window=Window(None, day("2025-01-01")))
NEW = policy("freight", "退货运费由商家承担。", version="2", window=Window(day("2025-01-01"), None))
NEW_EN = policy(
    "freight",
    "The shop pays the return freight.",
    version="2",
    window=Window(day("2025-01-01"), None),
    lang="en",
    title="Return freight",
)
JD = policy("jd-refund", "京东订单退款一天内到账。", scope=Scope(platforms=frozenset({"jd"})))
DRAFT = policy("draft", "退款两小时内到账。", status="draft")
COMING = policy("coming", "运费险即将改为自选。", status="announced")
UNDATED = policy("undated", "闪电退款暂停。", undated=True)
INSIDE = policy("inside", "客服可赔付两百元。", scope=Scope(audiences=frozenset({"agent"})))
INDEX = ClauseIndex.build([OLD, NEW, NEW_EN, JD, DRAFT, COMING, UNDATED, INSIDE], EMBEDDER)


def found(query: str, *, at: datetime = NOW, place: Place = Place(), **options: object) -> list[str]:  # noqa: B008
    return [hit.clause.id for hit in INDEX.search(query, as_of=at, place=place, k=8, **options)]


def test_the_version_in_force_at_the_instant_answers() -> None:
    assert "shop/freight@1#rule/zh" in found("退货运费谁出", at=day("2024-12-31"))
    assert not any(name.startswith("shop/freight@2") for name in found("退货运费谁出", at=day("2024-12-31")))
    assert found("退货运费谁出", at=day("2025-01-01"))[0] == "shop/freight@2#rule/zh"
    assert not any(name.startswith("shop/freight@1") for name in found("退货运费谁出", at=day("2025-01-01")))


def test_a_rule_of_a_platform_is_found_only_there() -> None:
    assert "shop/jd-refund@1#rule/zh" in found("退款到账", place=Place(platform="jd"))
    assert "shop/jd-refund@1#rule/zh" not in found("退款到账", place=Place(platform="taobao"))
    assert "shop/jd-refund@1#rule/zh" not in found("退款到账")


def test_what_is_for_agents_is_not_shown_to_customers() -> None:
    assert "shop/inside@1#rule/zh" not in found("客服赔付两百元")
    assert "shop/inside@1#rule/zh" in found("客服赔付两百元", place=Place(audience="agent"))


def test_a_draft_is_never_found_and_an_announcement_says_so() -> None:
    assert not any("draft" in name for name in found("退款两小时内到账", place=Place(platform="jd")))
    hit = INDEX.search("运费险自选", as_of=NOW, place=Place())[0]
    assert hit.clause.policy.status == "announced"


def test_an_unknown_window_answers_only_when_asked_for() -> None:
    assert "shop/undated@1#rule/zh" not in found("闪电退款暂停")
    assert found("闪电退款暂停", include_undated=True)[0] == "shop/undated@1#rule/zh"


def test_each_clause_is_found_once_and_in_the_language_asked_for() -> None:
    for query, lang, expected in [
        ("退货运费", None, "zh"),
        ("return freight", None, "en"),
        ("退货运费", "en", "en"),
        ("return freight", "zh", "zh"),
    ]:
        hits = [name for name in found(query, lang=lang) if name.startswith("shop/freight@2")]
        assert hits == [f"shop/freight@2#rule/{expected}"]


def test_a_counterpart_that_may_not_be_shown_does_not_hide_the_other_language() -> None:
    index = ClauseIndex.build([NEW, replace(NEW_EN, status="draft")], EMBEDDER)
    hits = index.search("return freight 退货运费", as_of=NOW, place=Place(), lang="en")
    assert [hit.clause.id for hit in hits] == ["shop/freight@2#rule/zh"]


def test_languages_with_different_windows_still_give_a_ref_once() -> None:
    index = ClauseIndex.build([NEW, replace(NEW_EN, window=Window())], EMBEDDER)
    refs = [hit.clause.ref for hit in index.search("退货 freight", as_of=NOW, place=Place())]
    assert len(refs) == len(set(refs)) == 1


def test_confidence_never_rises_down_the_list_and_hits_carry_both_scores() -> None:
    hits = INDEX.search("退货运费谁承担", as_of=NOW, place=Place(platform="jd"), k=8)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert hits[0].lexical > 0
    assert -1 <= hits[0].dense <= 1


@pytest.mark.parametrize("fusion", ["convex", "rrf"])
def test_either_fusion_puts_the_plain_answer_first(fusion: str) -> None:
    assert found("退货运费由商家承担", fusion=fusion)[0] == "shop/freight@2#rule/zh"


def test_nothing_relevant_is_an_answer_with_the_bundled_encoder() -> None:
    index = ClauseIndex.build([NEW, JD, COMING], Usem3Embedder())
    place = Place(platform="jd")
    assert index.search("今天天气怎么样", as_of=NOW, place=place)[0].score < RELEVANT / 2
    assert index.search("退货运费谁承担", as_of=NOW, place=place)[0].score > RELEVANT


def test_a_question_with_no_word_in_it_finds_nothing() -> None:
    assert found("？！  ") == []
    assert INDEX.search("退货", as_of=NOW, place=Place(), k=0) == []
    assert ClauseIndex.build([], EMBEDDER).search("退货", as_of=NOW, place=Place()) == []


def test_a_clause_is_given_by_reference_in_the_language_asked_for() -> None:
    assert INDEX.clause("shop/freight@2#rule").policy.lang == "zh"
    assert INDEX.clause("shop/freight@2#rule", "en").policy.lang == "en"
    assert INDEX.clause("shop/freight@2#rule/en").policy.lang == "en"
    assert INDEX.clause("shop/freight@2#rule/en", "zh").policy.lang == "zh"
    assert INDEX.clause("shop/freight@1#rule", "en").policy.lang == "zh"
    with pytest.raises(UnknownClause):
        INDEX.clause("shop/freight@3#rule")


def test_two_policies_may_not_be_the_same_version() -> None:
    with pytest.raises(DocumentError, match="shop/freight@1"):
        ClauseIndex.build([OLD, OLD], EMBEDDER)


def test_without_an_embedder_the_answers_are_lexical() -> None:
    hits = ClauseIndex.build([NEW, JD], None).search("退货运费", as_of=NOW, place=Place())
    assert hits[0].clause.ref == "shop/freight@2#rule"
    assert hits[0].dense == 0


def test_pinyin_and_traditional_writing_are_asked_as_what_they_mean() -> None:
    plain = INDEX.search("退货运费", as_of=NOW, place=Place())
    for query in ("退貨運費", "tuihuo yunfei", "退或运费"):
        hits = INDEX.search(query, as_of=NOW, place=Place())
        assert hits[0].clause.id == plain[0].clause.id == "shop/freight@2#rule/zh"


def test_many_threads_get_the_same_answers() -> None:
    questions = ["退货运费谁出", "退款到账", "运费险自选", "return freight"] * 10
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(found, questions))
    assert answers == [found(question) for question in questions]


WORDS = ["退货", "退款", "运费", "发票", "签收", "换货", "赔付"]
AXIS = st.frozensets(st.sampled_from(["jd", "taobao"]), max_size=1)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(AXIS, st.integers(0, 9), st.lists(st.sampled_from(WORDS), min_size=1)), min_size=1, max_size=40),
    st.sampled_from(WORDS),
    st.integers(1, 12),
)
def test_a_filter_never_returns_fewer_than_brute_force(
    rows: list[tuple[frozenset[str], int, list[str]]], word: str, k: int
) -> None:
    policies = [
        policy(
            f"p{number}",
            "，".join(words),
            scope=Scope(platforms=platforms),
            window=Window(NOW - timedelta(days=start), NOW - timedelta(days=start - 5)),
        )
        for number, (platforms, start, words) in enumerate(rows)
    ]
    place = Place(platform="jd")
    index = ClauseIndex.build(policies, EMBEDDER)
    hits = index.search(word, as_of=NOW, place=place, k=k)
    allowed = {p.id for p in policies if p.scope.covers(place) and p.window.contains(NOW)}
    # Every allowed clause is a candidate of the dense ranking, so exactly min(k, allowed) must come back.
    assert len(hits) == min(k, len(allowed))
    assert {hit.clause.policy.id for hit in hits} <= allowed
    matching = {p.id for p in policies if p.id in allowed and word in p.text}
    if matching and k >= len(allowed):
        assert matching <= {hit.clause.policy.id for hit in hits}
