"""What was decided is made again from its own facts under the pack of then; anything exchanged since is found."""

from __future__ import annotations

import asyncio
import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from assistant.build import ARCHIVE_FOLDER, DATABASE, Parts, open_assistant
from assistant.clock import FixedClock
from assistant.ledger import LedgerEntry, sha256_of
from assistant.reproof import Recorded, Reproof, lines_of, read_lines, reprove
from assistant.settings import Settings
from assistant.store.database import Database
from assistant.store.recorded import recorded_decisions
from knowledge.archive import archive_pack
from knowledge.decide import PolicySet
from knowledge.errors import XiaoerError
from knowledge.pack import SHIPPED, load_pack
from tests.assistant.talk import NOW, begin
from tests.server.test_cli import xiaoer


@dataclass
class Books:
    """A shop in which a customer was paid for a late order, and what its books hold of it."""

    data: Path
    pack: Path
    entries: list[LedgerEntry]
    recorded: list[Recorded]

    @property
    def archive(self) -> Path:
        return self.data / ARCHIVE_FOLDER

    def prove(self, **instead: Any) -> Reproof:
        return reprove(self.entries, instead.get("recorded", self.recorded), instead.get("archive", self.archive))


@pytest.fixture(scope="module")
def kept(parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> Books:
    return asyncio.run(_pay_for_lateness(parts, tmp_path_factory.mktemp("reproof")))


async def _pay_for_lateness(parts: Parts, root: Path) -> Books:
    pack = load_pack(shutil.copytree(SHIPPED / "demo", root / "demo"))
    data = root / "data"
    digest = archive_pack(pack, data / ARCHIVE_FOLDER)
    own = replace(parts, pack=pack, policies=PolicySet(pack, kept_as=digest))
    assistant = await open_assistant(Settings(data_dir=data), parts=own, clock=FixedClock(NOW))
    talk = await begin(assistant, "c04", "zh")
    await talk.say("怎么还没发货，我要迟发赔付", order_id="478401700111350335")
    await talk.button("yes")
    ledger = assistant.permits.ledger
    entries = await ledger.entries("demo")
    await assistant.close()
    database = await Database.open(f"sqlite+aiosqlite:///{data / DATABASE}")
    recorded = await recorded_decisions(database, "demo")
    await database.aclose()
    return Books(data, pack.path, entries, recorded)


@pytest.fixture
def books(kept: Books, tmp_path: Path) -> Books:
    """A copy of the books that may be spoilt."""
    return replace(kept, data=Path(shutil.copytree(kept.data, tmp_path / "data")))


def test_a_permit_names_the_archived_pack_and_the_hash_of_its_decisions(books: Books) -> None:
    permit = next(entry for entry in books.entries if entry.kind == "permit")
    assert (books.archive / f"{permit.body['pack']}.tar.gz").exists()
    assert len(permit.body["decisions_hash"]) == 64
    assert [each.permit_id for each in books.recorded] == [permit.body["permit_id"]]


def test_the_decisions_come_out_the_same_after_the_shop_has_changed_its_pack(books: Books) -> None:
    shop = books.pack / "shop.yaml"
    shop.write_text(shop.read_text("utf-8").replace("late_scale: A", "late_scale: C"), "utf-8")
    proof = books.prove()
    assert proof.holds, proof.findings
    assert proof.same >= 2
    assert (proof.permits, proof.older, proof.undated) == (1, 0, 0)


def test_a_changed_fact_or_amount_is_found(books: Books) -> None:
    line = next(iter(lines_of(books.recorded)))
    amount = next(kept["amount"] for kept in books.recorded[0].decisions if kept["amount"])
    forged = read_lines([line.replace(f'"amount":{amount}', f'"amount":{amount + 1}')])
    assert [finding.what for finding in books.prove(recorded=forged).findings] == [
        "its decisions are not the ones the ledger names"
    ]


def test_decisions_that_are_gone_are_found(books: Books) -> None:
    assert [finding.what for finding in books.prove(recorded=[]).findings] == ["its decisions are not there"]


def test_a_pack_that_is_gone_or_was_exchanged_is_found(books: Books) -> None:
    path = next(books.archive.iterdir())
    other = archive_pack(load_pack("cn_retail"), books.data / "other")
    shutil.copy(books.data / "other" / f"{other}.tar.gz", path)
    assert "does not hold the pack" in books.prove().findings[0].what
    path.unlink()
    proof = books.prove()
    assert not proof.holds
    assert "There is no archived pack" in proof.findings[0].what


def test_a_decision_that_the_archived_pack_does_not_give_is_found(books: Books) -> None:
    """As if a decision had been forged before it was signed: the hash fits, the rules do not."""
    forged = Recorded.model_validate_json(next(iter(lines_of(books.recorded))))
    decisions = tuple({**kept, "code": "SEVERE"} if kept["amount"] else kept for kept in forged.decisions)
    recorded = [forged.model_copy(update={"decisions": decisions})]
    entries = [
        entry.model_copy(update={"body": {**entry.body, "decisions_hash": sha256_of(list(decisions))}})
        if entry.kind == "permit"
        else entry
        for entry in books.entries
    ]
    proof = reprove(entries, recorded, books.archive)
    assert [finding.what for finding in proof.findings] == ["code was SEVERE, now LATE"]


def test_a_permit_from_before_packs_were_archived_still_holds(books: Books) -> None:
    entries = [
        entry.model_copy(update={"body": {k: v for k, v in entry.body.items() if k not in {"pack", "decisions_hash"}}})
        for entry in books.entries
    ]
    proof = reprove(entries, [], books.archive)
    assert proof.holds
    assert (proof.older, proof.same) == (1, 0)


def test_a_line_that_is_no_decision_is_named() -> None:
    with pytest.raises(XiaoerError, match="Line 1"):
        read_lines(["{}"])


def test_an_export_is_proved_elsewhere_with_its_decisions_and_packs(books: Books, tmp_path: Path) -> None:
    export = tmp_path / "ledger.jsonl"
    own = xiaoer("verify", "--data-dir", str(books.data), "--pack", str(books.pack), "--export", str(export), "--json")
    assert own.returncode == 0, own.stdout + own.stderr
    shutil.rmtree(books.data)
    proved = json.loads(xiaoer("verify", str(export), "--json").stdout)
    assert proved["ok"]
    assert proved["decisions"]["same"] == json.loads(own.stdout)["decisions"]["same"] >= 2
    decisions = export.with_suffix(".decisions.jsonl")
    decisions.write_text(decisions.read_text("utf-8").replace('"code":"LATE"', '"code":"OUT_OF_STOCK"'), "utf-8")
    forged = xiaoer("verify", str(export))
    assert forged.returncode == 1
    assert "its decisions are not the ones the ledger names" in forged.stdout
