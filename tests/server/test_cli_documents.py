"""`xiaoer ingest` and what follows from it, as people run it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from knowledge.clauses import SHANGHAI
from knowledge.documents import Documents
from knowledge.intake import Terms, take, wanted
from server.cli import app
from server.cli_serve import empty
from tests.knowledge import dirty
from tests.server.test_cli import xiaoer

RUNNER = CliRunner()


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


# ── docs: versions and what a person does with them ──────────────────────────────────────────────────────────────────


def docs(tmp_path: Path, *arguments: str) -> Any:
    """What a verb prints as JSON; its exit status has to be 0."""
    ran = RUNNER.invoke(app, ["docs", *arguments, "--pack", "demo", "--data-dir", str(tmp_path / "data"), "--json"])
    assert ran.exit_code == 0, ran.output
    return json.loads(ran.stdout)


def taken(tmp_path: Path, text: str = "刻字服务说明\n本店自2026年3月1日起提供刻字，每件收取 28 元。\n") -> Documents:
    """A shop that has taken one document, without the index that the command writes."""
    (tmp_path / "engraving.txt").write_text(text, encoding="utf-8")
    documents = Documents(tmp_path / "data" / "documents")
    at = datetime(2026, 11, 22, 12, tzinfo=SHANGHAI)
    report = list(take(documents, wanted([tmp_path / "engraving.txt"]), at=at, terms=Terms(isolate=False)))
    assert [entry.error for entry in report] == [""]
    return documents


def test_a_document_is_shown_with_the_words_that_each_proposed_field_rests_on(tmp_path: Path) -> None:
    taken(tmp_path)
    (shown,) = docs(tmp_path, "show", "doc/engraving")
    assert shown["in_force_from"].startswith("2026-03-01")
    assert {point["quote"] for point in shown["proposed"]} >= {"自2026年3月1日起"}
    assert [clause["ref"] for clause in shown["clauses"]] == ["doc/engraving@2026-03-01#p1"]
    assert len(shown["clauses"][0]["hash"]) == 64
    assert (shown["confirmed"], shown["state"]) == (False, "published")


def test_a_confirmation_is_kept_with_the_name_of_who_gave_it(tmp_path: Path) -> None:
    taken(tmp_path)
    said = ("--by", "李雷", "--platform", "taobao", "--from", "2026-04-01", "--to", "2027-01-01", "--title", "刻字")
    (row,) = docs(tmp_path, "confirm", "doc/engraving", *said, "--now", "2026-11-22T13:00")
    assert (row["confirmed"], row["title"], row["platforms"]) == (True, "刻字", ["taobao"])
    assert (row["in_force_from"][:10], row["in_force_to"][:10]) == ("2026-04-01", "2027-01-01")
    (shown,) = docs(tmp_path, "show", "doc/engraving")
    assert [(change["what"], change["who"]) for change in shown["changes"]] == [
        ("published", ""),
        ("confirmed", "李雷"),
    ]


def test_verbs_move_a_document_and_say_what_they_did(tmp_path: Path) -> None:
    documents = taken(tmp_path)
    assert [row["state"] for row in docs(tmp_path, "withdraw", "doc/engraving")] == ["withdrawn"]
    assert documents.policies() == ()
    assert [row["state"] for row in docs(tmp_path, "publish", "doc/engraving")] == ["published"]
    assert [row["state"] for row in docs(tmp_path, "draft", "doc/engraving")] == ["draft"]
    docs(tmp_path, "publish", "doc/engraving")
    taken(tmp_path, "刻字服务说明\n本店自2026年3月1日起提供刻字，每件收取 38 元。\n")
    (change,) = docs(tmp_path, "diff", "doc/engraving")
    assert ("28 元" in change["before"], "38 元" in change["after"]) == (True, True)
    (row,) = docs(tmp_path, "rollback", "doc/engraving")
    assert row["version"] == "2026-03-01"
    assert {row["version"]: row["state"] for row in docs(tmp_path, "list")} == {
        "2026-03-01": "published",
        "2026-03-01.2": "withdrawn",
    }


def test_conflicts_between_documents_are_told_and_end_with_1(tmp_path: Path) -> None:
    documents = taken(tmp_path)
    (tmp_path / "other.txt").write_text("刻字加工\n本店自2026年3月1日起提供刻字，每件收取 30 元。\n", encoding="utf-8")
    at = datetime(2026, 11, 22, 12, tzinfo=SHANGHAI)
    list(take(documents, wanted([tmp_path / "other.txt"]), at=at, terms=Terms(isolate=False)))
    where = ["--pack", "demo", "--data-dir", str(tmp_path / "data")]
    ran = RUNNER.invoke(app, ["docs", "conflicts", *where, "--at", "2026-11-22"])
    assert ran.exit_code == 1
    assert "28" in ran.stdout
    assert "30" in ran.stdout
    docs(tmp_path, "withdraw", "doc/other")
    assert docs(tmp_path, "conflicts") == []


def test_people_get_lines_instead_of_json(tmp_path: Path) -> None:
    taken(tmp_path)
    where = ["--pack", "demo", "--data-dir", str(tmp_path / "data")]
    for verb, says in (("list", "to confirm"), ("show", "自2026年3月1日起"), ("withdraw", "withdrawn")):
        ran = RUNNER.invoke(app, ["docs", verb, *([] if verb == "list" else ["doc/engraving"]), *where])
        assert ran.exit_code == 0
        assert says in ran.stdout


def test_a_list_says_where_a_version_holds_and_which_ones_a_later_one_replaced(tmp_path: Path) -> None:
    taken(tmp_path)
    docs(tmp_path, "confirm", "doc/engraving", "--region", "浙江", "--category", "jewelry", "--audience", "agent")
    taken(tmp_path, "刻字服务说明\n本店自2026年3月1日起提供刻字，每件收取 30 元。\n")
    docs(tmp_path, "confirm", "doc/engraving", "--from", "2026-02-01")
    first, second = docs(tmp_path, "list")
    assert (first["superseded"], second["superseded"]) == (True, False)
    assert (first["regions"], first["categories"], first["audiences"]) == (["浙江"], ["jewellery"], ["agent"])
    shown = RUNNER.invoke(app, ["docs", "list", "--pack", "demo", "--data-dir", str(tmp_path / "data")]).stdout
    assert "superseded" in shown
    assert "only 浙江 · only jewellery · only agent" in shown


def test_scope_is_written_as_policies_write_it_and_a_word_nobody_uses_is_told(tmp_path: Path) -> None:
    taken(tmp_path)
    (row,) = docs(
        tmp_path, "confirm", "doc/engraving", "--platform", "淘宝", "--region", "Shanghai", "--channel", "live"
    )
    assert (row["platforms"], row["regions"], row["channels"]) == (["taobao"], ["上海"], ["live"])
    where = ["--pack", "demo", "--data-dir", str(tmp_path / "data")]
    ran = RUNNER.invoke(
        app, ["docs", "confirm", "doc/engraving", "--category", "digital", "--category", "kites", *where]
    )
    assert ran.exit_code == 0
    assert "kites: nothing in this shop" in ran.stderr
    assert "digital:" not in ran.stderr


def test_a_damaged_version_is_listed_with_what_to_do(tmp_path: Path) -> None:
    documents = taken(tmp_path)
    (documents.folder / documents.versions()[0].file).write_text("---\n", encoding="utf-8")
    (row,) = docs(tmp_path, "list")
    assert "not what was taken in" in row["damage"]
    shown = RUNNER.invoke(app, ["docs", "list", "--pack", "demo", "--data-dir", str(tmp_path / "data")])
    assert shown.exit_code == 0
    assert "damaged" in shown.stdout
    assert "take its source in again" in shown.stdout


def test_who_stops_it_is_told_what_is_kept_and_how_to_go_on(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(60):
        (folder / f"{number:02}.txt").write_text(
            f"第{number}号说明\n本店第{number}条：{number}天内发货。\n", encoding="utf-8"
        )
    data = tmp_path / "data"
    # what runs in the background is born deaf to this signal, and so are its children
    hears = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])"
    command = [sys.executable, "-m", "server.cli", "ingest", str(folder), "--pack", "demo", "--data-dir", str(data)]
    running = subprocess.Popen(
        [sys.executable, "-c", hears, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while running.poll() is None and not list(data.rglob("register.json")):
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    said, warned = running.communicate(timeout=60)
    assert running.returncode == 130, warned
    assert "taken" in said
    assert "run the same command again" in warned
    assert "Traceback" not in warned


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("confirm", "doc/engraving", "--status", "perhaps"), "in_force"),
        (("confirm", "doc/engraving", "--title", " "), "title"),
        (("confirm", "doc/engraving", "--from", "soon"), "instant"),
        (("show", "doc/none"), "doc/none"),
        (("rollback", "doc/engraving"), "go back"),
        (("diff", "doc/engraving"), "compare"),
    ],
)
def test_a_wrong_call_of_docs_is_said(tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    taken(tmp_path)
    ran = RUNNER.invoke(app, ["docs", *arguments, "--pack", "demo", "--data-dir", str(tmp_path / "data")])
    assert ran.exit_code != 0
    assert says in ran.output + str(ran.exception)


def test_an_address_inside_is_refused_by_the_command(tmp_path: Path) -> None:
    where = ["--pack", "demo", "--data-dir", str(tmp_path / "data")]
    ran = RUNNER.invoke(app, ["ingest", "http://169.254.169.254/latest", *where])
    assert ran.exit_code == 1
    assert "no public address" in ran.stdout
    wrong = RUNNER.invoke(app, ["ingest", "x.txt", "--encoding", "klingon", *where])
    assert wrong.exit_code == 2


def test_an_empty_scope_holds_anywhere_and_an_unknown_audience_is_refused(tmp_path: Path) -> None:
    taken(tmp_path)
    docs(tmp_path, "confirm", "doc/engraving", "--platform", "jd")
    (row,) = docs(tmp_path, "confirm", "doc/engraving", "--platform", "")
    assert row["platforms"] == []
    words = ["docs", "confirm", "doc/engraving", "--audience", "bob", "--data-dir", str(tmp_path / "data")]
    refused = RUNNER.invoke(app, words)
    assert refused.exit_code == 2
    assert "customer or agent" in refused.output
