"""`xiaoer gaps`: what customers ask and the shop's texts do not answer."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from pathlib import Path

import pytest

from assistant.build import open_assistant
from assistant.conversation import Asked
from assistant.settings import Settings
from knowledge.front_matter import parse_policy
from tests.server.echo import parts
from tests.server.test_cli import xiaoer
from tests.server.test_content_routes import Unsure

NOW = "2026-11-22T10:00"


async def ask(folder: Path, text: str) -> None:
    """A talk that is kept."""
    settings = Settings(data_dir=folder, now=datetime.fromisoformat(f"{NOW}+08:00"), embedder="hash")
    assistant = await open_assistant(settings, parts=parts(), planner=Unsure())
    talk = await assistant.open(None)
    await assistant.accept(talk.id, Asked(client_id="m1", text=text), customer_id=None)
    async for _ in assistant.reply(talk.id, customer_id=None):
        pass
    await assistant.close()


def test_a_question_nobody_could_answer_becomes_a_gap_with_a_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XIAOER_EMBEDDER", "hash")
    folder, drafts = tmp_path / "data", tmp_path / "drafts"
    asyncio.run(ask(folder, "你们老板养猫吗，电话13812345678"))
    said = ("gaps", "--data-dir", str(folder), "--now", NOW, "--drafts", str(drafts))
    found = xiaoer(*said, "--json")
    assert found.returncode == 0, found.stderr
    body = json.loads(found.stdout)
    assert body["unanswered"] == 1
    assert "13812345678" not in found.stdout
    (written,) = drafts.iterdir()
    assert body["written"] == [str(written)]
    assert parse_policy(written.read_text(encoding="utf-8"), written).status == "draft"

    written.write_text("mine", encoding="utf-8")
    shown = xiaoer(*said, "--since", "2026-11-22")
    assert "1 questions without a sure answer, 2026-11-22 – 2026-11-22" in shown.stdout
    assert written.read_text(encoding="utf-8") == "mine"


def test_a_shop_that_has_talked_to_nobody_has_no_report(tmp_path: Path) -> None:
    ran = xiaoer("gaps", "--data-dir", str(tmp_path))
    assert (ran.returncode, list(tmp_path.iterdir())) == (2, [])
    assert "--data-dir" in ran.stderr
