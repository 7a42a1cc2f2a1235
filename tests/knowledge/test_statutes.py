"""Laws from JSONL."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from knowledge.clauses import SHANGHAI
from knowledge.errors import DocumentError
from knowledge.splitting import split
from knowledge.statutes import article_number, load_statutes


@pytest.mark.parametrize(
    ("article", "number"),
    [("第一条", "1"), ("第十条", "10"), ("第二十五条", "25"), ("第一百零三条", "103"), ("第一千二百五十九条", "1259"),
     ("第八条之一", "8-1"), ("第42条", "42"), ("附则", "")],
)  # fmt: skip
def test_article_numbers_become_anchors(article: str, number: str) -> None:
    assert article_number(article) == number


def write(folder: Path, *rows: dict[str, str]) -> Path:
    path = folder / "laws.jsonl"
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n\n")
    return path


def test_a_law_with_a_date_is_in_force_from_it(tmp_path: Path) -> None:
    row = {
        "law": "甲法",
        "article": "第二十五条",
        "text": "七日内退货。",
        "effective_from": "2014-03-15",
        "version": "2013",
    }
    law = load_statutes(write(tmp_path, row), max_bytes=1000)[0]
    assert (law.version, law.status, law.undated) == ("2013", "in_force", False)
    assert law.window.start is not None
    assert law.window.start.tzinfo is SHANGHAI
    clause = split(law)[0]
    assert (clause.anchor, clause.heading, clause.text) == ("a25", ("第二十五条",), "七日内退货。")


def test_laws_are_kept_apart_and_repeated_articles_stay_citable(tmp_path: Path) -> None:
    rows = [
        {"law": "甲法", "article": "第一条", "text": "一。"},
        {"title": "乙法", "article": "第一条", "text": "二。"},
        {"law": "甲法", "article": "第一条", "text": "三。"},
    ]
    first, second = load_statutes(write(tmp_path, *rows), max_bytes=1000)
    assert [clause.anchor for clause in split(first)] == ["a1", "a1-2"]
    assert second.title == "乙法"
    assert first.undated


def test_what_no_file_can_hold_is_left_out_of_an_article(tmp_path: Path) -> None:
    path = tmp_path / "laws.jsonl"
    path.write_text(
        '{"law": "试行法\\ud800（一）", "article": "第一条", "text": "可以\\u0000退\\ud800货"}\n', encoding="utf-8"
    )
    (law,) = load_statutes(path, max_bytes=1000)
    assert (law.title, split(law)[0].text) == ("试行法（一）", "可以退货")
    law.text.encode()


@pytest.mark.parametrize(
    ("content", "what"),
    [(b"[" * 100_000, r"laws\.jsonl:1: not JSON"), ('{"law": "测"}'.encode("gbk"), "not UTF-8. Save it as UTF-8")],
)
def test_a_file_of_another_form_is_refused_with_its_name(tmp_path: Path, content: bytes, what: str) -> None:
    path = tmp_path / "laws.jsonl"
    path.write_bytes(content)
    with pytest.raises(DocumentError, match=what):
        load_statutes(path, max_bytes=1_000_000)
