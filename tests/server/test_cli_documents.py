"""`xiaoer ingest` and what follows from it, as people run it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from server.cli_serve import empty
from tests.knowledge import dirty
from tests.server.test_cli import xiaoer


@pytest.fixture
def notice(tmp_path: Path) -> Path:
    path = tmp_path / "notice.txt"
    path.write_text(dirty.SPAMMED, encoding="utf-8")
    return path


def test_a_document_is_taken_found_listed_and_forgotten(tmp_path: Path, notice: Path) -> None:
    where = ("--pack", "cn_retail", "--data-dir", str(tmp_path / "data"), "--json")
    taken = xiaoer("ingest", str(notice), *where)
    assert taken.returncode == 0, taken.stderr
    (kept,) = json.loads(taken.stdout)["kept"]
    assert (kept["policy"], kept["what"]) == ("news/notice@2021-05-20", "added")
    assert Path(kept["path"]).is_file()
    again = json.loads(xiaoer("ingest", str(notice), *where).stdout)
    assert [each["what"] for each in again["kept"]] == ["unchanged"]
    (listed,) = json.loads(xiaoer("ingest", "--list", *where).stdout)
    assert (listed["id"], listed["confirmed"], listed["content_date"]) == ("news/notice", False, "2021-05-20")
    hits = json.loads(xiaoer("search", "2021年岭南百货的退货运费服务", *where).stdout)
    assert any(hit["clause"]["ref"].startswith("news/notice@") for hit in hits)
    shown = json.dumps(hits, ensure_ascii=False)
    assert "(yōu)" not in shown
    assert "運費" not in shown
    gone = xiaoer("ingest", "--remove", "news/notice", *where)
    assert json.loads(gone.stdout) == {"removed": ["news/notice@2021-05-20"]}
    assert json.loads(xiaoer("ingest", "--list", *where).stdout) == []


def test_the_answer_quotes_the_document_with_its_date(tmp_path: Path, notice: Path) -> None:
    where = ("--pack", "cn_retail", "--data-dir", str(tmp_path / "data"))
    text = dirty.SPAMMED.replace("岭南百货", "淘宝").replace("平臺將", "淘宝將")
    notice.write_text(text.replace("退貨運費服務", "夜間配送服務"), encoding="utf-8")
    assert xiaoer("ingest", str(notice), *where).returncode == 0
    asked = xiaoer("ask", "淘宝2021年的夜间配送服务还和大促捆绑吗？", *where, "--json")
    events = [event["entry"] for event in json.loads(asked.stdout)["events"]]
    words = "".join(event["text"] for event in events if event["kind"] == "said")
    assert "不再与大促捆绑" in words
    assert "截至 2021-05-20" in words


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "--list"),
        (("--list", "--remove", "news/x"), "--remove"),
        (("nowhere.txt",), "nowhere.txt"),
        (("--remove", "news/x"), "news/x"),
    ],
)
def test_a_wrong_call_of_ingest_ends_with_2(tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    ran = xiaoer("ingest", *arguments, "--pack", "cn_retail", "--data-dir", str(tmp_path))
    assert ran.returncode == 2, ran.stdout
    assert says in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_refused_file_ends_with_1_and_the_others_are_kept(tmp_path: Path, notice: Path) -> None:
    broken = tmp_path / "broken.txt"
    broken.write_bytes(bytes(range(256)) * 3)
    ran = xiaoer("ingest", str(broken), str(notice), "--pack", "cn_retail", "--data-dir", str(tmp_path / "data"))
    assert ran.returncode == 1
    assert "refused" in ran.stdout
    assert (tmp_path / "data" / "documents" / "news" / "notice@2021-05-20.md").is_file()


def test_beginning_afresh_keeps_the_documents(tmp_path: Path) -> None:
    for name in ("documents/news/a.md", "index/CURRENT", "xiaoer.db"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x", encoding="utf-8")
    empty(tmp_path)
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == ["a.md"]
