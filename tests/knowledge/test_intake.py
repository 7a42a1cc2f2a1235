"""Taking a folder in: each source once, where it stopped, with a report of everything."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from knowledge.clauses import SHANGHAI
from knowledge.documents import Documents
from knowledge.errors import DocumentError
from knowledge.ingest import FileReport
from knowledge.intake import Terms, take, take_upload, wanted
from tests.knowledge import dirty, made_files

NOW = datetime(2026, 11, 22, 12, tzinfo=SHANGHAI)
HERE = Terms(isolate=False)


def run(documents: Documents, *sources: Path, terms: Terms = HERE) -> dict[str, FileReport]:
    return {Path(entry.path).name: entry for entry in take(documents, wanted(sources), at=NOW, terms=terms)}


@pytest.fixture
def documents(tmp_path: Path) -> Documents:
    return Documents(tmp_path / "documents")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A merchant's folder of mixed files."""
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    (folder / "faq.xlsx").write_bytes(made_files.xlsx({"a": [["问题", "答案"], ["几天能退", "十天内。"]]}))
    (folder / "guide.docx").write_bytes(made_files.docx())
    (folder / "notice.txt").write_bytes(dirty.SPAMMED.encode("gb18030"))
    (folder / "rules.pdf").write_bytes(made_files.pdf(["本店规则：自2026年3月1日起，满九十九元包邮。"]))
    (folder / "sizes.csv").write_text("尺码,胸围\nM,92cm\nL,96cm\n", encoding="utf-8")
    (folder / "sub" / "guide.txt").write_text("本店手册：礼品卡不退。\n", encoding="utf-8")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 nothing")
    (folder / "photo.png").write_bytes(b"\x89PNG")
    (folder / ".hidden.txt").write_text("x", encoding="utf-8")
    (folder / "out.txt").symlink_to("/etc/hostname")
    return folder


def test_a_folder_is_taken_with_a_line_for_everything_in_it(shop: Path, documents: Documents) -> None:
    report = run(documents, shop)
    assert {name: entry.what for name, entry in report.items() if entry.what} == dict.fromkeys(
        ["faq.xlsx", "guide.docx", "notice.txt", "rules.pdf", "sizes.csv", "guide.txt"], "added"
    )
    assert "damaged" in report["broken.pdf"].error
    assert {name: entry.skipped for name, entry in report.items() if entry.skipped} == {
        "photo.png": "no loader for `.png`",
        ".hidden.txt": "a hidden or temporary file",
        "out.txt": "a link that leads out of the folder",
    }
    assert all(str(entry.path) in entry.line for entry in report.values())
    assert {policy.id for policy in documents.policies()} == {
        *("doc/faq", "doc/guide", "news/notice", "doc/rules", "doc/sizes"),
        next(policy.id for policy in documents.policies() if policy.id.startswith("doc/guide-")),
    }


def test_a_document_that_says_from_when_it_holds_is_proposed_so_with_the_words(
    shop: Path, documents: Documents
) -> None:
    entry = run(documents, shop)["rules.pdf"]
    version = documents.versions("doc/rules")[0]
    policy = documents.policy(version)
    assert policy.window.start == datetime(2026, 3, 1, tzinfo=SHANGHAI)
    point = next(point for point in version.points if point.field == "effective from")
    assert (point.value, point.quote) == ("2026-03-01", "自2026年3月1日起")
    assert entry.points == version.points


def test_what_is_unchanged_is_not_read_again(shop: Path, documents: Documents) -> None:
    run(documents, shop)
    generation = documents.generation
    again = run(documents, shop, terms=Terms(isolate=True))
    assert {entry.what for entry in again.values() if not (entry.error or entry.skipped)} == {"unchanged"}
    assert documents.generation == generation


def test_only_what_changed_is_another_version(shop: Path, documents: Documents) -> None:
    run(documents, shop)
    (shop / "sizes.csv").write_text("尺码,胸围\nM,93cm\n", encoding="utf-8")
    again = run(documents, shop)
    assert [name for name, entry in again.items() if entry.what == "replaced"] == ["sizes.csv"]


def test_the_same_words_in_another_file_are_taken_once(shop: Path, documents: Documents, tmp_path: Path) -> None:
    run(documents, shop)
    (tmp_path / "copy.txt").write_text(dirty.SPAMMED, encoding="utf-8")
    assert run(documents, tmp_path / "copy.txt")["copy.txt"].same_as == "news/notice@2021-05-20"


def test_a_file_that_moved_keeps_its_id(documents: Documents, tmp_path: Path) -> None:
    for number, folder in enumerate(("old", "new")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "rules.txt").write_text(f"本店规则：{number + 7} 天内可退。\n", encoding="utf-8")
        run(documents, tmp_path / folder)
        (tmp_path / folder / "rules.txt").unlink()
    assert [version.key for version in documents.versions()] == ["doc/rules@undated", "doc/rules@undated.2"]


def test_a_text_that_was_damaged_in_the_shop_is_mended_from_its_file(shop: Path, documents: Documents) -> None:
    run(documents, shop)
    before = documents.policies()
    for version in documents.versions():
        (documents.folder / version.file).unlink()
    assert documents.policies() == ()
    again = run(documents, shop)
    assert {entry.what for entry in again.values() if entry.what} == {"mended"}
    assert documents.policies() == before


def test_a_file_that_is_gone_is_named_as_long_as_its_document_answers(shop: Path, documents: Documents) -> None:
    run(documents, shop)
    (shop / "rules.pdf").unlink()
    assert {name: entry.gone for name, entry in run(documents, shop).items() if entry.gone} == {
        "rules.pdf": ("doc/rules",)
    }
    assert not [entry for entry in run(documents, shop / "faq.xlsx").values() if entry.gone]
    documents.withdraw("doc/rules", at=NOW)
    assert not [entry for entry in run(documents, shop).values() if entry.gone]


def test_a_file_that_only_moved_is_not_gone(shop: Path, documents: Documents) -> None:
    run(documents, shop)
    (shop / "rules.pdf").rename(shop / "sub" / "rules.pdf")
    assert not [entry for entry in run(documents, shop).values() if entry.gone]


def test_a_withdrawn_document_is_said_to_be_so_when_its_folder_is_taken_again(shop: Path, documents: Documents) -> None:
    run(documents, shop)
    documents.withdraw("doc/rules", at=NOW)
    assert run(documents, shop)["rules.pdf"].what == "unchanged (withdrawn)"


def test_drafts_answer_nothing(shop: Path, documents: Documents) -> None:
    run(documents, shop, terms=Terms(isolate=False, as_draft=True))
    assert documents.policies() == ()
    assert {version.state for version in documents.versions()} == {"draft"}


def test_a_path_that_is_not_there_is_said_before_anything_is_read() -> None:
    with pytest.raises(DocumentError, match="no such file"):
        wanted(["nowhere.txt"])


def test_a_list_of_addresses_may_hold_comments(tmp_path: Path) -> None:
    (tmp_path / "urls.txt").write_text("# ours\nhttps://a.example/x\n\nhttps://b.example/\n", encoding="utf-8")
    assert wanted(["https://a.example/x"], tmp_path / "urls.txt").urls == ("https://a.example/x", "https://b.example/")


def test_an_address_that_may_not_be_read_is_a_line_of_the_report(documents: Documents) -> None:
    (entry,) = take(documents, wanted(["http://127.0.0.1/x"]), at=NOW)
    assert "no public address" in entry.error
    assert documents.versions() == []


KILLED = """
import sys
from datetime import datetime
from pathlib import Path
from knowledge.clauses import SHANGHAI
from knowledge.documents import Documents
from knowledge.intake import take, wanted
folder, kept = map(Path, sys.argv[1:])
for entry in take(Documents(kept), wanted([folder]), at=datetime(2026, 11, 22, tzinfo=SHANGHAI)):
    print(entry.what or entry.error, flush=True)
"""


def test_a_killed_run_goes_on_where_it_stopped_and_leaves_nothing_half_done(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(8):
        (folder / f"f{number}.txt").write_text(f"本店规则{number}：{number + 7} 天内可以退货。\n", encoding="utf-8")
    command = [sys.executable, "-c", KILLED, str(folder), str(tmp_path / "documents")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(3):
            assert process.stdout.readline().strip() == "added"
        process.kill()
    documents = Documents(tmp_path / "documents")
    done = {policy.id for policy in documents.policies()}
    assert 3 <= len(done) < 8
    report = run(documents, folder)
    assert sum(entry.what == "unchanged" for entry in report.values()) == len(done)
    assert len(documents.policies()) == 8


def test_a_file_that_was_sent_is_known_by_its_name_wherever_it_lay(tmp_path: Path, documents: Documents) -> None:
    for number, words in enumerate(("七天内可以退货。", "八天内可以退货。")):
        folder = tmp_path / f"sent-{number}"
        folder.mkdir()
        (folder / "terms.txt").write_text(f"本店规则：{words}\n", encoding="utf-8")
        assert take_upload(documents, folder / "terms.txt", at=NOW, terms=HERE).path == "terms.txt"
    assert {version.id for version in documents.versions()} == {"doc/terms"}
    assert {version.origin for version in documents.versions()} == {"upload:terms.txt"}
    assert len(documents.versions()) == 2


def test_a_file_that_was_sent_and_one_that_was_found_are_two_documents(tmp_path: Path, documents: Documents) -> None:
    (tmp_path / "terms.txt").write_text("本店规则：七天内可以退货。\n", encoding="utf-8")
    take_upload(documents, tmp_path / "terms.txt", at=NOW, terms=HERE)
    found = tmp_path / "in"
    found.mkdir()
    (found / "terms.txt").write_text("本店规则：寄存三天免费。\n", encoding="utf-8")
    run(documents, found)
    assert len({version.id for version in documents.versions()}) == 2
