"""Documents for a whole story: each sentence is asked, what many find goes first, and the figures are what they say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evals.tau_banking import Task, judged, read_tasks, run, sentences

DOCUMENTS = {
    "savings": "A savings account pays interest. Opening a savings account needs fifty dollars.",
    "dispute": "To dispute a card charge, send the form within sixty days of the statement.",
    "travel": "A travel notice keeps a card working abroad. Foreign purchases cost two percent.",
    "branch": "Branches open at nine on working days.",
}
STORY = (
    "You are a patient customer on the phone. You saw a charge on your card that you want to dispute.\n"
    "You also travel abroad next week and ask about foreign purchases. Be kind."
)


def written(folder: Path, tasks: list[dict[str, object]]) -> Path:
    (folder / "tau_banking").mkdir()
    documents = [{"id": name, "title": name.title(), "content": text} for name, text in DOCUMENTS.items()]
    for name, rows in (("documents", documents), ("tasks", tasks)):
        text = "\n".join(json.dumps(row) for row in rows)
        (folder / "tau_banking" / f"{name}.jsonl").write_text(text, "utf-8")
    return folder


def task(required: list[str]) -> dict[str, object]:
    return {"user_scenario": {"instructions": STORY}, "required_documents": required}


def test_recall_is_the_mean_share_of_the_required_and_a_hit_is_any_of_them() -> None:
    tasks = [Task("a", frozenset({"x", "y"})), Task("b", frozenset({"z"}))]
    found = judged(tasks, {"a": ["x", "q"], "b": ["q"]}.__getitem__)
    assert found["recall_at_10"].value == pytest.approx(0.25)
    assert found["hit_at_10"].value == 0.5


def test_only_the_first_ten_documents_count() -> None:
    found = judged([Task("a", frozenset({"late"}))], lambda _: [*"bcdefghijk", "late"])
    assert found["recall_at_10"].value == 0


def test_a_story_is_asked_in_sentences_and_a_mere_aside_is_not() -> None:
    assert sentences(STORY) == [
        "You are a patient customer on the phone.",
        "You saw a charge on your card that you want to dispute.",
        "You also travel abroad next week and ask about foreign purchases.",
    ]


def test_a_task_that_needs_no_document_is_no_task(tmp_path: Path) -> None:
    folder = written(tmp_path, [task([]), task(["dispute"])])
    assert [each.required for each in read_tasks(folder / "tau_banking" / "tasks.jsonl")] == [{"dispute"}]


def test_the_suite_runs_on_files_of_the_sets_form_and_states_what_can_be_reached(tmp_path: Path) -> None:
    found = run("demo", written(tmp_path, [task(["dispute", "travel"])]))
    assert found.n == 1
    assert found.metrics["recall_at_10"].value == 1
    assert found.groups["the best possible: recall_at_10"].value == 1
