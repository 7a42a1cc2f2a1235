"""The command line as people run it: in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.ledger import append, dump, genesis_body
from server.cli_options import instant_of


def xiaoer(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "120", "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-m", "server.cli", *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd=cwd, env=environment)


def test_help_names_every_command_and_imports_nothing_heavy() -> None:
    program = "import sys, server.cli; print({'faiss', 'sqlalchemy', 'fastapi', 'sklearn'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert ran.stdout.strip() == "set()"
    shown = xiaoer("--help")
    assert shown.returncode == 0
    for command in ("serve", "chat", "ask", "search", "decide", "check", "init", "ingest", "verify"):
        assert command in shown.stdout


def test_decide_prints_one_object_with_what_it_rests_on() -> None:
    ran = xiaoer(
        "decide", "DT-02", "--facts", '{"signed": true}', "--platform", "taobao", "--pack", "cn_retail", "--json"
    )
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert found["code"].startswith("ASK(")
    assert found["read"]["signed"] is True
    assert found["clauses"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("decide", "DT-02", "--facts", "{"), "JSON"),
        (("decide", "DT-02", "--facts", "[]"), "object"),
        (("decide", "DT-02", "--facts", "@nowhere.json"), "nowhere.json"),
        (("decide", "DT-02", "--at", "tomorrow"), "--at"),
        (("decide", "DT-99"), "DT-99"),
        (("decide", "DT-02", "--facts", '{"sigmed": true}'), "sigmed"),
        (("decide", "DT-02", "--pack", "nowhere"), "nowhere"),
        (("ask", "你好", "--lang", "fr"), "--lang"),
        (("ingest", "nowhere"), "nowhere"),
        (("verify", "nowhere"), "nowhere"),
        (("nonsense",), "nonsense"),
    ],
)
def test_a_wrong_call_ends_with_2_and_says_on_stderr_what_is_wrong(arguments: tuple[str, ...], says: str) -> None:
    ran = xiaoer(*arguments)
    assert ran.returncode == 2, ran.stderr
    assert says in ran.stderr
    assert "Traceback" not in ran.stderr
    assert ran.stdout == ""


def test_an_error_with_json_is_json_too() -> None:
    ran = xiaoer("decide", "DT-99", "--json")
    assert ran.returncode == 2
    assert json.loads(ran.stderr)["error"] == "UnknownTable"


def test_init_writes_a_pack_once_and_never_over_anything(tmp_path: Path) -> None:
    ran = xiaoer("init", str(tmp_path / "mine"), "--name", "小店", "--json")
    assert ran.returncode == 0, ran.stderr
    assert {Path(name).name for name in json.loads(ran.stdout)["files"]} == {"shop.yaml", "packing.md", "packing.en.md"}
    again = xiaoer("init", str(tmp_path / "mine"))
    assert again.returncode == 2
    assert "not empty" in again.stderr
    decided = xiaoer("decide", "DT-02", "--facts", "{}", "--pack", str(tmp_path / "mine"), "--json")
    assert decided.returncode == 0, decided.stderr


def test_init_extends_the_pack_it_is_given_and_check_reads_rows_and_cases(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    assert xiaoer("init", str(mine), "--pack", "demo", "--json").returncode == 0
    assert "extends: demo" in (mine / "shop.yaml").read_text(encoding="utf-8")
    case = {"id": "hi", "group": "g", "now": "2026-11-22T10:00:00+08:00",
            "steps": [{"say": "你好", "expect": {"intents": ["greeting_chat"]}}]}  # fmt: skip
    wrong = {**case, "id": "no", "steps": [{"say": "你好", "expect": {"intents": ["exchange"]}}]}
    lines = [json.dumps(each, ensure_ascii=False) for each in (case, wrong)]
    (mine / "cases.jsonl").write_text("\n".join(lines), encoding="utf-8")
    ran = xiaoer("check", "--pack", str(mine), "--json")
    assert ran.returncode == 1, ran.stderr
    (problem,) = [each for each in json.loads(ran.stdout)["problems"] if each["severity"] == "error"]
    assert (Path(problem["file"]).name, problem["line"]) == ("cases.jsonl", 2)
    assert "`no` fails" in problem["what"]
    assert xiaoer("check", str(mine), "--no-cases", "--json").returncode == 0
    assert xiaoer("init", str(tmp_path / "other"), "--pack", "nowhere").returncode == 2


def test_init_refuses_a_name_that_would_break_the_file(tmp_path: Path) -> None:
    assert xiaoer("init", str(tmp_path / "mine"), "--name", "a: {b").returncode == 2
    assert not (tmp_path / "mine").exists()


def test_verify_tells_a_whole_ledger_from_a_changed_one(tmp_path: Path) -> None:
    from datetime import UTC, datetime

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    at = datetime(2026, 1, 5, tzinfo=UTC)
    entry, _ = append(None, "genesis", genesis_body("demo", key.public_key()), shop="demo", at=at, key=key)
    path = tmp_path / "ledger.jsonl"
    path.write_text("\n".join(dump([entry])) + "\n", encoding="utf-8")
    assert xiaoer("verify", str(path)).returncode == 0
    assert xiaoer("verify", str(path), "--key", "00" * 32).returncode == 1
    path.write_text(path.read_text(encoding="utf-8").replace("demo", "other"), encoding="utf-8")
    broken = xiaoer("verify", str(path))
    assert broken.returncode == 1
    assert broken.stdout == ""


def test_an_instant_without_a_zone_is_shanghais() -> None:
    at = instant_of("2026-01-05T11:30", "--at")
    assert at is not None
    assert at.isoformat() == "2026-01-05T11:30:00+08:00"
    assert instant_of(None, "--at") is None


def test_score_reads_transcripts_and_names_what_it_could_not_judge(tmp_path: Path) -> None:
    talk = {
        "id": "t1",
        "lines": [{"speaker": "customer", "text": "什么时候发货"}, {"speaker": "agent", "text": "今天发"}],
    }
    path = tmp_path / "talks.jsonl"
    path.write_text(json.dumps(talk, ensure_ascii=False) + "\n", encoding="utf-8")
    ran = xiaoer("score", str(path), "--json")
    assert ran.returncode in {0, 1}, ran.stderr
    (card,) = json.loads(ran.stdout)
    assert card["transcript"] == "t1"
    assert card["not_checked"]


@pytest.mark.parametrize("arguments", [("eval", "nonsense"), ("eval", "cases"), ("bench", "nonsense")])
def test_an_unknown_suite_or_benchmark_is_a_wrong_call(arguments: tuple[str, ...]) -> None:
    ran = xiaoer(*arguments)
    assert ran.returncode == 2
    assert "Traceback" not in ran.stderr
