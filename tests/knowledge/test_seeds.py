"""Real dirty pages, when a folder of them is given: `XIAOER_SEEDS=DIR pytest tests/knowledge/test_seeds.py`.

Their text is not ours to ship; what is asserted here are file numbers, dates and a few words.
"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest

from knowledge.clauses import SHANGHAI, Place
from knowledge.embedding import Usem3Embedder
from knowledge.ingest import IngestResult, ingest
from knowledge.quotes import check_quote, check_shown, quote_of
from knowledge.search import ClauseIndex
from knowledge.splitting import split
from knowledge.text import simplified

NOW = datetime(2026, 1, 1, tzinfo=SHANGHAI)


@pytest.fixture(scope="module")
def result(seeds: Path) -> IngestResult:
    return ingest([seeds])


@pytest.fixture(scope="module")
def index(result: IngestResult) -> ClauseIndex:
    return ClauseIndex.build(result.policies, Usem3Embedder())


@pytest.mark.parametrize(
    ("number", "date", "cut"),
    [
        ("000", "2022-05", {"introduction"}),
        ("001", "2017", {"site", "byline", "related"}),
        ("002", "2020", {"navigation"}),
        ("003", "2014-11-04", {"pinyin", "end"}),
        ("004", "2025-01-09", {"pinyin", "spam", "related", "legal", "byline", "site"}),
    ],
)
def test_each_page_is_dated_by_its_content_and_cut(result: IngestResult, number: str, date: str, cut: set[str]) -> None:
    entry = next(entry for entry in result.report if Path(entry.path).name.startswith(number))
    assert entry.dating is not None
    assert entry.dating.content_date == date
    assert cut <= entry.cut.keys()


@pytest.mark.parametrize(
    ("question", "platform", "at", "number", "words"),
    [
        ("退货宝 2025年对淘宝商家有什么变化", "taobao", NOW, "004", "解绑"),
        ("京东豁免了哪五项考核指标，是哪个月", "jd", NOW, "000", "豁免4月"),
        ("1688 2020年2月12日的订单，响应时效怎么放宽", "1688", datetime(2020, 2, 12, tzinfo=SHANGHAI), "002", "2月9日"),
        ("1688 2020年2月12日的订单没按时发货会怎样", "1688", datetime(2020, 2, 12, tzinfo=SHANGHAI), "002", "2月16日"),
        ("京东普通售后人员最多可以先行赔付多少钱", "jd", NOW, "001", "1000元以下"),
    ],
)
def test_the_clause_that_answers_comes_first(
    index: ClauseIndex, question: str, platform: str, at: datetime, number: str, words: str
) -> None:
    hit = index.search(question, as_of=at, place=Place(platform=platform))[0]
    assert Path(hit.clause.policy.path).name.startswith(number)
    assert words in hit.clause.search_text


@pytest.mark.parametrize(
    "query", ["国产精品 无码 在线观看", "久久 色综合", "自贸区 医疗器械", "西藏地震救灾", "春运 旅客", "分类信息网"]
)
@pytest.mark.parametrize("platform", ["taobao", "jd", "1688"])
def test_no_spam_and_no_unrelated_news_is_ever_a_hit(index: ClauseIndex, query: str, platform: str) -> None:
    for hit in index.search(query, as_of=NOW, place=Place(platform=platform), k=50, include_undated=True):
        assert not any(
            word in hit.clause.text for word in ("国产精品", "无码", "久久", "hxllo", "春運", "地震", "分类信息")
        )


def test_what_is_shown_is_simplified_without_pinyin_and_still_checks_against_the_original(result: IngestResult) -> None:
    for policy in result.policies:
        for clause in split(policy):
            assert simplified(clause.shown) == clause.shown
            assert not re.search(r"\([a-z]*[āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ][a-z]*\)", clause.shown)
            assert check_shown(clause.id, (clause.start, clause.end), clause.shown, [policy])
            assert check_quote(quote_of(clause, clause.text), [policy])
