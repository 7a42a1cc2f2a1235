"""Files made to hurt: each is refused with a sentence, in a process of its own, and nothing else happens."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledge.ingest import Limits, ingest
from knowledge.loaders.archive import MAX_PARTS
from tests.knowledge import made_files

LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {n} "{f"&{p};" * 10}">' for p, n in zip("abcdefgh", "bcdefghi", strict=True))
    + "]><w>&i;</w>"
)
READS_A_FILE = '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]><w>&x;</w>'
FAR_CELL = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1">'
    '<c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
)
BOOK = {"a": [["x", "y"], ["1", "2"]]}


def hostile() -> dict[str, tuple[str, bytes, str]]:
    docx, xlsx = made_files.docx(), made_files.xlsx(BOOK)
    zeros = b"<w>" + b" " * (120 * 1024 * 1024) + b"</w>"
    return {
        "zip bomb": ("a.docx", made_files.repacked(docx, {"word/document.xml": zeros}), "unpacks to"),
        "zip bomb of one part": ("a.xlsx", made_files.repacked(xlsx, {"xl/media/a.bin": b"\0" * 2**24}), "far more"),
        "too many parts": ("a.docx", made_files.zipped({f"p{i}": "" for i in range(MAX_PARTS + 1)}), "parts"),
        "zip slip": ("a.docx", made_files.repacked(docx, {"../../etc/cron.d/x": "y"}), "lies outside"),
        "zip slip of Windows": ("a.xlsx", made_files.repacked(xlsx, {"..\\..\\x": "y"}), "lies outside"),
        "an absolute part": ("a.docx", made_files.repacked(docx, {"/etc/passwd": "y"}), "lies outside"),
        "billion laughs": ("a.docx", made_files.repacked(docx, {"word/document.xml": LAUGHS}), "document type"),
        "laughs in UTF-16": (
            "a.docx",
            made_files.repacked(docx, {"word/document.xml": LAUGHS.encode("utf-16")}),
            "document type",
        ),
        "XML that reads a file": (
            "a.xlsx",
            made_files.repacked(xlsx, {"xl/worksheets/sheet1.xml": READS_A_FILE}),
            "document type",
        ),
        "XML in a strange encoding": (
            "a.docx",
            made_files.repacked(docx, {"word/document.xml": b'<?xml version="1.0" encoding="UTF-7"?><w/>'}),
            "UTF-7",
        ),
        "a cell at the far corner": (
            "a.xlsx",
            made_files.repacked(xlsx, {"xl/worksheets/sheet1.xml": FAR_CELL}),
            "spans",
        ),
        "PDF bomb": ("a.pdf", made_files.pdf_bomb(), "PDF"),
        "a PDF of 10,000 pages": ("a.pdf", made_files.pdf(["页"], reuse=10_000), "10000 pages"),
        "a locked PDF": ("a.pdf", made_files.locked_pdf(), "password"),
        "a PDF without text": ("a.pdf", made_files.pdf([""]), "no text"),
        "a cut-off PDF": ("a.pdf", made_files.pdf(["退货"])[:300], "damaged"),
        "an old office file": ("a.docx", bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600, "password"),
        "a cut-off zip": ("a.xlsx", xlsx[:-40], "damaged"),
        "a workbook named .docx": ("a.docx", xlsx, "no .docx file"),
        "a PDF named .txt": ("a.txt", made_files.pdf(["退货"]), "it holds a PDF"),
        "a Word file named .md": ("a.md", docx, "office or zip"),
        "a page named .pdf": ("a.pdf", b"<html><body>x</body></html>", "no PDF"),
        "a text named .xlsx": ("a.xlsx", "退货".encode(), "no office file"),
        "a picture named .html": ("a.html", b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "a picture"),
        "a program": ("a.txt", b"\x7fELF" + bytes(100), "a program"),
        "a page of scripts": ("a.html", b"<script>" + b"f();" * 200_000 + b"</script>", "no visible text"),
        "a page of hidden words": ("a.html", b"<div style='display:none'>x</div>", "no visible text"),
        "NUL alone": ("a.txt", b"\0" * 500, "not text"),
        "an empty file": ("a.txt", b"", "nothing is left"),
        "an empty table": ("a.csv", b",,,\n,,,\n", "no text"),
    }


@pytest.fixture(scope="module")
def bad_files() -> dict[str, tuple[str, bytes, str]]:
    return hostile()


NAMES = [
    *("zip bomb", "zip bomb of one part", "too many parts", "zip slip", "zip slip of Windows", "an absolute part"),
    *("billion laughs", "laughs in UTF-16", "XML that reads a file", "XML in a strange encoding"),
    *("a cell at the far corner", "PDF bomb", "a PDF of 10,000 pages", "a locked PDF", "a PDF without text"),
    *("a cut-off PDF", "an old office file", "a cut-off zip", "a workbook named .docx", "a PDF named .txt"),
    *("a Word file named .md", "a page named .pdf", "a text named .xlsx", "a picture named .html", "a program"),
    *("a page of scripts", "a page of hidden words", "NUL alone", "an empty file", "an empty table"),
]


def test_every_hostile_file_is_tried(bad_files: dict[str, tuple[str, bytes, str]]) -> None:
    assert set(NAMES) == set(bad_files)


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_file_is_refused_with_a_sentence(
    tmp_path: Path, bad_files: dict[str, tuple[str, bytes, str]], name: str
) -> None:
    file, data, says = bad_files[name]
    (tmp_path / file).write_bytes(data)
    result = ingest([tmp_path / file])
    assert result.policies == ()
    assert says in result.refused[0].error, result.refused[0].error
    assert file in result.refused[0].error


def test_a_reader_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(made_files.pdf(["退货" * 400], reuse=1900))
    result = ingest([tmp_path / "a.pdf"], limits=Limits(seconds=1))
    assert "longer than 1 s" in result.refused[0].error


def test_a_reader_that_writes_too_much_is_stopped(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("退货" * 50_000, encoding="utf-8")
    result = ingest([tmp_path / "a.txt"], limits=Limits(output=10_000))
    assert "reader stopped" in result.refused[0].error or "more text" in result.refused[0].error


def test_more_text_than_a_document_may_hold_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("退货\n".encode() * 1_400_000)
    assert "characters of text" in ingest([tmp_path / "a.txt"]).refused[0].error


def test_long_ligatures_are_taken_without_harm(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("退货说明：" + "\ufdfa" * 2000 + "七天内可退。\n", encoding="utf-8")
    result = ingest([tmp_path / "a.txt"])
    assert result.refused == ()
    assert result.policies[0].text.count("\ufdfa") == 2000


def test_nul_and_lone_surrogates_never_reach_a_text(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("问题,答案\n几天能退,七\x00天内。\n".encode("utf-16"))
    docx = made_files.repacked(made_files.docx(), {})
    (tmp_path / "b.docx").write_bytes(docx)
    for policy in ingest([tmp_path]).policies:
        assert "\x00" not in policy.text
        policy.text.encode("utf-8")
