"""Files become policies, or a line that says why not."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from knowledge.clauses import SHANGHAI, Place
from knowledge.embedding import HashEmbedder
from knowledge.ingest import FileReport, IngestResult, Limits, ingest
from knowledge.register import UNCONFIRMED
from knowledge.search import ClauseIndex
from tests.knowledge import dirty, made_files

OWN = '---\nid: shop/returns\nversion: "1"\ntitle: 退货\nlang: zh\n---\n## 怎么退 {#how}\n签收后七天内可以退货。\n'


def report_of(path: Path, **options: object) -> tuple[IngestResult, FileReport]:
    result = ingest([path], **options)
    return result, result.report[0]


def test_our_own_markdown_is_used_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(OWN)
    result, entry = report_of(tmp_path / "a.md")
    assert result.policies[0].text == OWN
    assert result.policies[0].status == "in_force"
    assert (entry.policies, entry.clauses, entry.dating, entry.error) == (("shop/returns@1",), 1, None, "")


def test_a_foreign_page_is_cleaned_dated_and_may_decide_nothing(tmp_path: Path) -> None:
    (tmp_path / "news.txt").write_text(dirty.SPAMMED)
    result, entry = report_of(tmp_path / "news.txt")
    policy = result.policies[0]
    assert policy.text == dirty.SPAMMED
    assert (policy.key, policy.status, policy.content_date) == ("news/news@2021-05-20", "history", "2021-05-20")
    assert policy.window.start == datetime(2021, 5, 20, tzinfo=SHANGHAI)
    assert policy.source.startswith(UNCONFIRMED)
    assert entry.dating is not None
    assert entry.dating.to_confirm
    assert entry.cut["spam"] > 0
    assert "proposed date 2021-05-20 (confirm it)" in entry.line


def test_a_page_that_cannot_be_dated_has_an_unknown_window(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("本年起回复时限放宽一倍,去年的订单不变。\n")
    policy = ingest([tmp_path]).policies[0]
    assert policy.undated
    assert policy.content_date is None


def test_spam_is_never_among_the_hits(tmp_path: Path) -> None:
    for name, text in [("spammed", dirty.SPAMMED), ("repost", dirty.REPOST), ("intro", dirty.INTRODUCTION)]:
        (tmp_path / f"{name}.txt").write_text(text)
    index = ClauseIndex.build(ingest([tmp_path]).policies, HashEmbedder(64))
    now = datetime(2026, 1, 1, tzinfo=SHANGHAI)
    for query in (
        "国产精品 无码 在线观看",
        "久久亚洲",
        "地铁线路",
        "夏粮收购",
        "分类信息",
        "consultancy prizes",
        "kbd qzx",
    ):
        for hit in index.search(query, as_of=now, place=Place(), k=20, include_undated=True):
            assert not any(
                word in hit.clause.text for word in ("国产", "久久", "地鐵", "夏糧", "分类信息", "Brightlane", "kbd")
            )


def test_a_law_in_jsonl_gives_one_clause_per_article(tmp_path: Path) -> None:
    rows = [
        {"law": "试行条例", "article": f"第{n}条", "text": f"内容{n}。\n\n（一）项。"} for n in ("一", "二", "十一")
    ]
    (tmp_path / "laws.jsonl").write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows))
    result, entry = report_of(tmp_path / "laws.jsonl")
    assert entry.clauses == 3
    assert (result.policies[0].title, result.policies[0].level, result.policies[0].undated) == (
        "试行条例",
        "statute",
        True,
    )


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.exe", b"MZ", "no loader"),
        ("a.txt", bytes(range(256)) * 3, "not text"),
        ("a.html", b"<html></html>", "no visible text"),
        ("a.txt", b"x" * 2000, "more than 1000"),
        ("a.md", OWN.replace("lang: zh", "lang: xx").encode(), "a.md:5"),
        ("a.txt", b"\n\n  \n", "nothing is left"),
        ("a.jsonl", b'{"law": "x"}\n', "a.jsonl:1"),
        ("a.jsonl", b"{", "not JSON"),
    ],
)
@pytest.mark.parametrize("isolate", [True, False])
def test_a_file_that_fails_is_a_line_in_the_report_and_nothing_else(
    tmp_path: Path, name: str, content: bytes, says: str, isolate: bool
) -> None:
    (tmp_path / name).write_bytes(content)
    (tmp_path / "good.md").write_text(OWN)
    result = ingest([tmp_path / name, tmp_path / "good.md"], limits=Limits(bytes=1000), isolate=isolate)
    assert [policy.id for policy in result.policies] == ["shop/returns"]
    assert len(result.refused) == 1
    assert says in result.refused[0].line
    assert "refused" in result.refused[0].line


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    _, entry = report_of(tmp_path / "none.txt")
    assert "No such file" in entry.error


def test_the_same_content_is_taken_once(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(dirty.REPOST)
    (tmp_path / "b.txt").write_text(dirty.REPOST)
    result = ingest([tmp_path])
    assert len(result.policies) == 1
    assert result.report[1].same_as == result.policies[0].key
    assert "not taken twice" in result.report[1].line


def test_two_files_may_not_claim_the_same_version(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(OWN)
    (tmp_path / "b.md").write_text(OWN + "另有规定。\n")
    result = ingest([tmp_path])
    assert len(result.policies) == 1
    assert "already in" in result.report[1].error


def test_a_chinese_file_name_still_gives_a_usable_id(tmp_path: Path) -> None:
    (tmp_path / "退货说明.txt").write_text("签收后七天内可以退货。\n")
    policy = ingest([tmp_path]).policies[0]
    assert policy.id.startswith("doc/doc-")


@pytest.mark.parametrize(
    ("stated", "title"),
    [
        ("退货须知", "退货须知"),
        ("return.html", "沙发清洗"),
        ("Microsoft Word - 说明.docx", "沙发清洗"),
        ("Untitled", "沙发清洗"),
    ],
)
def test_a_file_name_that_a_program_wrote_as_title_is_none(tmp_path: Path, stated: str, title: str) -> None:
    (tmp_path / "a.pdf").write_bytes(made_files.pdf(["沙发清洗\n每座收费 45 元。"], title=stated))
    assert ingest([tmp_path], isolate=False).policies[0].title == title


def test_records_of_questions_in_jsonl_are_no_law(tmp_path: Path) -> None:
    (tmp_path / "faq.jsonl").write_text('{"question": "几天能退", "answer": "七天内。"}\n', encoding="utf-8")
    (policy,) = ingest([tmp_path], isolate=False).policies
    assert (policy.level, policy.as_found) == ("shop", True)
    assert "## 几天能退" in policy.text
