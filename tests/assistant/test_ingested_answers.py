"""From an ingested document to an answer, in a shop whose pack says nothing about the matter."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import pytest

from assistant.build import IN_MEMORY, Parts, load_parts, open_assistant
from assistant.clock import FixedClock
from assistant.conversation import Asked, Cited, Decided, Logged, Said
from assistant.settings import Settings
from assistant.turn import Assistant
from knowledge.clauses import SHANGHAI
from knowledge.documents import keep
from knowledge.ingest import ingest
from knowledge.pack import SHIPPED
from knowledge.quotes import check_shown
from knowledge.text import simplified
from tests.knowledge import dirty

NOW = datetime(2026, 11, 22, 11, 30, tzinfo=SHANGHAI)
_PINYIN = re.compile(r"\([a-z]*[āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ][a-z]*\)")


def bare_pack(folder: Path) -> Path:
    """A shop on Taobao whose parent knows the law and the rules, but none of the announcements."""
    shutil.copytree(SHIPPED / "cn_retail", folder / "parent")
    for path in (folder / "parent" / "policies").glob("*.md"):
        if path.name.startswith("news-") or "news/" in path.read_text("utf-8"):
            path.unlink()
    (folder / "mine").mkdir()
    (folder / "mine" / "shop.yaml").write_text(
        "extends: ../parent\nkey: mine\nname: {zh: 小店, en: Shop}\nplatforms: [taobao]\n", encoding="utf-8"
    )
    return folder / "mine"


@asynccontextmanager
async def talking(parts: Parts, pack: Path | str) -> AsyncIterator[Assistant]:
    settings = Settings(pack=str(pack), database_url=IN_MEMORY)
    assistant = await open_assistant(settings, parts=parts, clock=FixedClock(NOW))
    try:
        yield assistant
    finally:
        await assistant.close()


async def entries(parts: Parts, pack: Path | str, question: str) -> list[object]:
    async with talking(parts, pack) as assistant:
        conversation = await assistant.open(None, lang="zh")
        await assistant.accept(conversation.id, Asked(client_id="1", text=question), customer_id=None)
        replies = assistant.reply(conversation.id, customer_id=None)
        return [event.entry async for event in replies if isinstance(event, Logged)]


def said(found: list[object]) -> str:
    return "\n".join(entry.text for entry in found if isinstance(entry, Said))


def citations_hold(found: list[object], parts: Parts) -> bool:
    cited = [entry.citation for entry in found if isinstance(entry, Cited)]
    policies = parts.index.policies
    return bool(cited) and all(
        check_shown(f"{each.clause}/zh", (each.start, each.end), each.text, policies) for each in cited
    )


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A bare pack and a folder for its documents."""
    root = tmp_path_factory.mktemp("shop")
    return bare_pack(root), root / "documents"


@pytest.fixture(scope="module")
def own(shop: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Parts:
    source = tmp_path_factory.mktemp("in")
    text = dirty.SPAMMED.replace("岭南百货召開", "淘宝岭南百货召開").replace("2021年,商家", "2021年,淘宝商家")
    (source / "notice.txt").write_text(text, encoding="utf-8")
    pack, documents = shop
    keep(ingest([source], isolate=False), documents, at=NOW)
    return load_parts(Settings(pack=str(pack)), documents=documents)


async def test_an_unconfirmed_document_is_quoted_with_its_date_and_a_note(own: Parts, shop: tuple[Path, Path]) -> None:
    found = await entries(own, shop[0], "淘宝2021年的退货运费服务还和大促捆绑吗？")
    words = said(found)
    assert "店铺收录的资料" in words
    assert "不再与大促捆绑" in words
    assert "截至 2021-05-20" in words
    assert "还没有经店铺核对" in words
    assert simplified(words) == words
    assert citations_hold(found, own)


def test_documents_are_searched_but_never_decide(own: Parts) -> None:
    assert any(policy.as_found for policy in own.index.policies)
    assert not any(policy.as_found for policy in own.pack.policies)
    assert {table.policy.key for table in own.policies.tables()} <= {policy.key for policy in own.pack.policies}


@pytest.fixture(scope="module")
def with_seeds(seeds: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Parts]:
    root = tmp_path_factory.mktemp("seeds")
    pack = bare_pack(root)
    keep(ingest([seeds]), root / "documents", at=NOW)
    return pack, load_parts(Settings(pack=str(pack)), documents=root / "documents")


@pytest.mark.parametrize(
    ("question", "words", "as_of", "number"),
    [
        ("退货宝2025年对淘宝商家有什么变化？", ("解绑", "试点部分用户开通"), "2025-01-09", "004"),
        ("京东豁免了哪五项考核指标，是哪个月？",
         ("4月", "咨询差评率", "延迟发货率", "服务单差评率", "平台介入率", "监管投诉成立量"), "2022-05", "000"),
        ("京东2022年疫情期间豁免了哪五项考核指标？是哪个月的？", ("4月", "咨询差评率"), "2022-05", "000"),
        ("1688 2020年2月12日的订单，响应时限能放宽吗？", ("1月19日至2月9日",), "2020", "002"),
        ("1688 2020年2月12日的订单没按时发货，可以免责吗？", ("1月19日至2月16日", "视情形综合做出考量"), "2020", "002"),
        ("京东普通售后人员最多可以先行赔付多少钱？", ("1000元以下", "普通售后人员"), "2017", "001"),
    ],
)  # fmt: skip
async def test_the_real_pages_answer_with_quote_and_date(
    with_seeds: tuple[Path, Parts], question: str, words: tuple[str, ...], as_of: str, number: str
) -> None:
    pack, parts = with_seeds
    found = await entries(parts, pack, question)
    answer = said(found)
    assert all(word in answer for word in words), answer
    assert f"截至 {as_of}）" in answer
    cited = [entry.citation for entry in found if isinstance(entry, Cited)]
    assert cited[0].policy.startswith(f"news/{number}")
    shown = "\n".join([answer, *(each.text for each in cited), *(each.title for each in cited)])
    assert simplified(shown) == shown
    assert not _PINYIN.search(shown)
    assert citations_hold(found, parts)


@pytest.mark.parametrize(
    "question", ["国产精品无码在线观看", "自贸区医疗器械保税维修是什么", "西藏地震救灾怎么样了", "分类信息网怎么发信息"]
)
async def test_spam_and_unrelated_news_never_reach_an_answer(with_seeds: tuple[Path, Parts], question: str) -> None:
    pack, parts = with_seeds
    found = await entries(parts, pack, question)
    assert not any(isinstance(entry, Cited) and entry.citation.policy.startswith("news/") for entry in found)


@pytest.fixture(scope="module")
def shipped() -> Parts:
    return load_parts(Settings(pack="cn_retail"))


@pytest.mark.parametrize(
    ("question", "codes", "words"),
    [
        ("1688 2020年2月12日的订单，响应时限能放宽吗？", ["NOT_COVERED"], ("不在当时放宽的范围内", "2 月 9 日")),
        ("1688 2020年2月9日的订单，响应时限能放宽吗？", ["RELAXED"], ("在当时放宽的范围内",)),
        ("1688 2020年2月12日的订单没按时发货可以免责吗？我们是48小时发货服务", ["DISCRETIONARY"], ("不是自动免责",)),
        ("1688 2020年2月12日的订单，响应时限能放宽吗？没按时发货可以免责吗？",
         ["NOT_COVERED", "ASK(ship_service_h)"], ("响应时限：不在", "发货时限：是否适用还要看")),
    ],
)  # fmt: skip
async def test_the_table_of_temporary_rules_says_the_decision_before_the_quotation(
    shipped: Parts, question: str, codes: list[str], words: tuple[str, ...]
) -> None:
    found = await entries(shipped, "cn_retail", question)
    assert [entry.code for entry in found if isinstance(entry, Decided) and entry.table == "DT-26"] == codes
    assert all(word in said(found) for word in words), said(found)
    assert citations_hold(found, shipped)
