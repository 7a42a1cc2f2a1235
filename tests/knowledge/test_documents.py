"""Documents a shop has ingested: kept, changed only where they changed, never decided by."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from knowledge.clauses import SHANGHAI, Place, Policy
from knowledge.documents import Kept, keep, read_documents, remove
from knowledge.embedding import HashEmbedder
from knowledge.errors import DocumentError, FrontMatterError
from knowledge.ingest import ingest
from knowledge.quotes import check_quote, check_shown, quote_of
from knowledge.search import ClauseIndex
from knowledge.splitting import split
from tests.knowledge import dirty

OWN = '---\nid: shop/returns\nversion: "1"\ntitle: 退货\nlang: zh\n---\n## 怎么退 {#how}\n签收后七天内可以退货。\n'


def take(source: Path, folder: Path, *, pack: tuple[Policy, ...] = ()) -> list[Kept]:
    return keep(ingest([source], isolate=False), folder, pack=pack)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in" / "notice.txt"
    path.parent.mkdir()
    path.write_text(dirty.SPAMMED, encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "documents"


def test_a_found_text_is_kept_whole_under_a_proposed_head(source: Path, folder: Path) -> None:
    (kept,) = take(source, folder)
    (policy,) = read_documents(folder)
    assert (kept.what, kept.policy) == ("added", "news/notice@2021-05-20")
    assert Path(kept.path) == folder / "news" / "notice.md"
    assert policy.text.endswith(dirty.SPAMMED)
    assert (policy.as_found, policy.confirmed, policy.status) == (True, False, "history")


def test_the_same_content_again_leaves_the_file_and_its_edited_head_alone(source: Path, folder: Path) -> None:
    (kept,) = take(source, folder)
    path = Path(kept.path)
    path.write_text(path.read_text("utf-8").replace("confirmed: false", "confirmed: true"), encoding="utf-8")
    before = path.stat().st_mtime_ns
    assert [each.what for each in take(source, folder)] == ["unchanged"]
    assert path.stat().st_mtime_ns == before
    assert read_documents(folder)[0].confirmed


def test_only_what_changed_is_written(source: Path, folder: Path) -> None:
    other = source.with_name("other.txt")
    other.write_text(dirty.REPOST, encoding="utf-8")
    take(source.parent, folder)
    source.write_text(dirty.SPAMMED.replace("優(yōu)化退換貨規(guī)则", "改動退換貨"), encoding="utf-8")
    source.write_text(dirty.SPAMMED.replace("2021年,商家", "從今年起,商家"), encoding="utf-8")
    assert {Path(each.path).stem: each.what for each in take(source.parent, folder)} == {
        "notice": "replaced",
        "other": "unchanged",
    }


def test_what_is_removed_is_gone_and_an_unknown_name_is_said(source: Path, folder: Path) -> None:
    take(source, folder)
    assert [policy.id for policy in remove("news/notice", folder)] == ["news/notice"]
    assert read_documents(folder) == ()
    with pytest.raises(DocumentError, match="news/notice"):
        remove("news/notice", folder)


def test_versions_with_heads_of_their_own_stand_side_by_side(tmp_path: Path, folder: Path) -> None:
    for version in ("1", "2"):
        (tmp_path / "a.md").write_text(OWN.replace('"1"', f'"{version}"'), encoding="utf-8")
        take(tmp_path / "a.md", folder)
    assert [policy.key for policy in read_documents(folder)] == ["shop/returns@1", "shop/returns@2"]
    assert read_documents(folder)[0].text == OWN


def test_a_policy_of_the_pack_is_not_restated(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "a.md").write_text(OWN, encoding="utf-8")
    pack = ingest([tmp_path / "a.md"]).policies
    with pytest.raises(DocumentError, match="shop/returns@1"):
        take(tmp_path / "a.md", folder, pack=pack)
    assert not folder.exists()


def test_a_head_broken_by_hand_is_named_with_its_line(source: Path, folder: Path) -> None:
    (kept,) = take(source, folder)
    path = Path(kept.path)
    path.write_text(path.read_text("utf-8").replace("confirmed: false", "confirmed: perhaps"), encoding="utf-8")
    with pytest.raises(FrontMatterError, match="confirmed") as raised:
        read_documents(folder)
    assert str(path) in str(raised.value)


def test_a_law_keeps_the_date_a_person_wrote_into_its_head(tmp_path: Path, folder: Path) -> None:
    rows = [{"law": "试行条例", "article": f"第{n}条", "text": f"退货内容{n}。"} for n in ("一", "二")]
    law = tmp_path / "law.jsonl"
    law.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    (kept,) = take(law, folder)
    assert read_documents(folder)[0].undated
    path = Path(kept.path)
    path.write_text(path.read_text("utf-8").replace("unknown", "[2024-07-01, null]", 1), encoding="utf-8")
    assert [each.what for each in take(law, folder)] == ["unchanged"]
    (policy,) = read_documents(folder)
    assert policy.window.start == datetime(2024, 7, 1, tzinfo=SHANGHAI)
    assert [clause.anchor for clause in split(policy)] == ["a1", "a2"]


def test_what_is_shown_is_simplified_and_without_artefacts_and_checks_against_the_original(
    source: Path, folder: Path
) -> None:
    take(source, folder)
    policies = read_documents(folder)
    index = ClauseIndex.build(policies, HashEmbedder(64))
    hit = index.search("退货运费服务", as_of=datetime(2026, 1, 1, tzinfo=SHANGHAI), place=Place())[0]
    clause = hit.clause
    assert "商家可以自己决定是否开通退货运费服务" in clause.shown
    assert "開通退貨運費" in clause.text
    span = (clause.start, clause.end)
    assert check_quote(quote_of(clause, clause.text), policies)
    assert check_shown(clause.id, span, clause.shown, policies)
    assert not check_shown(clause.id, span, clause.text, policies)
    assert not check_shown(clause.id, span, clause.shown + "。", policies)
    assert not check_shown(clause.id, (clause.start, clause.end - 2), clause.shown, policies)
