"""Documents a shop has taken in: kept by content, version by version, and what each verb does to what answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from knowledge.clauses import SHANGHAI, Place, Policy
from knowledge.documents import Documents, Kept, keep, read_documents
from knowledge.embedding import HashEmbedder
from knowledge.errors import DocumentError, PackError
from knowledge.front_matter import parse_policy
from knowledge.ingest import ingest
from knowledge.quotes import check_quote, check_shown, quote_of
from knowledge.register import REGISTER, UNCONFIRMED, Head, Register, changing, read_register, write_register
from knowledge.search import ClauseIndex
from knowledge.splitting import split
from tests.knowledge import dirty

OWN = '---\nid: shop/returns\nversion: "1"\ntitle: 退货\nlang: zh\n---\n## 怎么退 {#how}\n签收后七天内可以退货。\n'
NOW = datetime(2026, 11, 22, 12, tzinfo=SHANGHAI)
LATER = NOW + timedelta(hours=1)


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def take(source: Path, folder: Path, *, pack: tuple[Policy, ...] = (), at: datetime = NOW) -> list[Kept]:
    return keep(ingest([source], isolate=False), folder, at=at, pack=pack)


def own(folder: Path, version: str, words: str, *, head: str = "") -> Policy:
    """A policy with a head of its own, read from a file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{version}.md"
    text = OWN.replace('"1"', f'"{version}"').replace("签收后七天内可以退货。", words)
    path.write_text(text.replace("lang: zh\n", f"lang: zh\n{head}"), encoding="utf-8")
    return ingest([path]).policies[0]


def holds(documents: Documents, at: datetime) -> list[str]:
    """The versions in force at an instant."""
    return sorted(p.key for p in documents.policies() if not p.undated and p.window.contains(at))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in" / "notice.txt"
    path.parent.mkdir()
    path.write_text(dirty.SPAMMED, encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "documents"


@pytest.fixture
def documents(folder: Path) -> Documents:
    return Documents(folder)


# ── taking in ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_found_text_is_kept_whole_under_a_proposed_head(source: Path, folder: Path) -> None:
    (kept,) = take(source, folder)
    (policy,) = read_documents(folder)
    assert (kept.what, kept.policy) == ("added", "news/notice@2021-05-20")
    assert Path(kept.path) == folder / "news" / "notice@2021-05-20.md"
    assert policy.text.endswith(dirty.SPAMMED)
    assert (policy.as_found, policy.confirmed, policy.status) == (True, False, "history")


def test_a_document_goes_by_the_name_of_its_file_too(source: Path, folder: Path, documents: Documents) -> None:
    (kept,) = take(source, folder)
    for name in ("notice.txt", "notice", str(source)):
        assert [each.key for each in documents.versions(name)] == [kept.policy]
    assert [each.state for each in documents.withdraw("notice.txt", at=LATER)] == ["withdrawn"]
    other = source.parent / "further" / "notice.txt"
    other.parent.mkdir()
    other.write_text("刻字服务说明\n每件收取 28 元。\n", encoding="utf-8")
    take(other, folder)
    with pytest.raises(DocumentError, match=r"2 documents are from notice\.txt"):
        documents.versions("notice.txt")


def test_a_confirmed_change_leaves_the_past_to_the_words_that_held_then(
    tmp_path: Path, folder: Path, documents: Documents
) -> None:
    path = tmp_path / "engraving.txt"
    text = "刻字服务说明\n自2026年11月1日起，每件收取 28 元。\n"
    path.write_text(text, encoding="utf-8")
    take(path, folder, at=day("2026-11-05"))
    documents.confirm("engraving.txt", at=day("2026-11-05"))
    path.write_text(text.replace("28", "38"), encoding="utf-8")
    take(path, folder, at=day("2026-11-20"))
    (changed,) = documents.confirm("engraving.txt", at=day("2026-11-22"))
    assert holds(documents, day("2026-11-10")) == ["doc/engraving@2026-11-01"]
    assert holds(documents, day("2026-11-21")) == ["doc/engraving@2026-11-01"]
    assert holds(documents, day("2026-11-22")) == [changed.key]
    documents.confirm("engraving.txt", Head(window=(day("2026-11-01"), None)), at=day("2026-11-23"))
    assert holds(documents, day("2026-11-10")) == [changed.key]


def test_an_earlier_text_that_comes_back_answers_again(source: Path, folder: Path, documents: Documents) -> None:
    first = source.read_text("utf-8")
    take(source, folder)
    source.write_text(first.replace("2021年,商家", "從今年起,商家"), encoding="utf-8")
    take(source, folder, at=LATER)
    source.write_text(first, encoding="utf-8")
    (kept,) = take(source, folder, at=LATER + timedelta(hours=1))
    assert (kept.what, kept.policy) == ("restored", "news/notice@2021-05-20")
    assert holds(documents, LATER) == ["news/notice@2021-05-20"]
    assert [change.what for change in documents.versions(kept.policy)[0].changes] == ["published", "published"]


def test_an_earlier_text_that_comes_back_moves_nothing_that_a_person_confirmed(
    source: Path, folder: Path, documents: Documents
) -> None:
    first = source.read_text("utf-8")
    take(source, folder)
    documents.confirm("news/notice", at=NOW)
    source.write_text(first.replace("2021年,商家", "從今年起,商家"), encoding="utf-8")
    take(source, folder, at=LATER)
    documents.confirm("news/notice", at=LATER)
    before = documents.versions()
    source.write_text(first, encoding="utf-8")
    (kept,) = take(source, folder, at=LATER + timedelta(hours=1))
    assert kept.what == "unchanged"
    assert documents.versions() == before


def test_the_same_content_again_changes_nothing(source: Path, folder: Path, documents: Documents) -> None:
    (kept,) = take(source, folder)
    generation, before = documents.generation, Path(kept.path).stat().st_mtime_ns
    assert [each.what for each in take(source, folder)] == ["unchanged"]
    assert Path(kept.path).stat().st_mtime_ns == before
    assert documents.generation == generation


def test_changed_words_are_another_version_which_replaces_the_one_before(
    source: Path, folder: Path, documents: Documents
) -> None:
    take(source, folder)
    source.write_text(dirty.SPAMMED.replace("優(yōu)化退換貨規(guī)则", "改動退換貨"), encoding="utf-8")
    source.write_text(dirty.SPAMMED.replace("2021年,商家", "從今年起,商家"), encoding="utf-8")
    (kept,) = take(source, folder, at=LATER)
    assert (kept.what, kept.policy) == ("replaced", "news/notice@2021-05-20.2")
    assert holds(documents, NOW) == ["news/notice@2021-05-20.2"]
    assert {each.key: each.state for each in documents.versions("news/notice")} == {
        "news/notice@2021-05-20": "published",
        "news/notice@2021-05-20.2": "published",
    }


def test_a_source_that_goes_back_to_earlier_words_gets_the_earlier_version(
    source: Path, folder: Path, documents: Documents
) -> None:
    take(source, folder)
    source.write_text(dirty.SPAMMED.replace("2021年,商家", "從今年起,商家"), encoding="utf-8")
    take(source, folder)
    documents.withdraw("news/notice@2021-05-20", at=NOW)
    source.write_text(dirty.SPAMMED, encoding="utf-8")
    assert [each.what for each in take(source, folder, at=LATER)] == ["restored"]
    assert holds(documents, NOW) == ["news/notice@2021-05-20"]


def test_versions_with_heads_of_their_own_stand_side_by_side(tmp_path: Path, documents: Documents) -> None:
    first = own(tmp_path, "1", "七天内可退。", head="effective: [2024-01-01, null]\n")
    second = own(tmp_path, "2", "十五天内可退。", head="effective: [2026-01-01, null]\n")
    # the order in which they are taken does not matter: each says from when it holds
    documents.keep([second, first], at=NOW)
    assert holds(documents, day("2025-12-31T23:59:59")) == ["shop/returns@1"]
    assert holds(documents, day("2026-01-01")) == ["shop/returns@2"]
    assert documents.policies()[0].text == first.text


def test_what_was_published_never_changes_under_its_name(tmp_path: Path, documents: Documents) -> None:
    documents.keep([own(tmp_path / "a", "1", "七天内可退。")], at=NOW)
    with pytest.raises(DocumentError, match="another version"):
        documents.keep([own(tmp_path / "b", "1", "八天内可退。")], at=NOW)
    assert len(documents.versions()) == 1


def test_a_draft_may_be_taken_again_under_its_name(tmp_path: Path, documents: Documents) -> None:
    documents.keep([own(tmp_path / "a", "1", "七天内可退。")], at=NOW, as_draft=True)
    assert documents.policies() == ()
    documents.keep([own(tmp_path / "b", "1", "八天内可退。")], at=NOW, as_draft=True)
    documents.publish("shop/returns", at=LATER)
    assert "八天" in documents.policies()[0].text


def test_what_nobody_confirmed_never_displaces_what_a_person_has(
    source: Path, folder: Path, documents: Documents
) -> None:
    take(source, folder)
    documents.confirm("news/notice", at=NOW)
    source.write_text(dirty.SPAMMED.replace("2021年,商家", "從今年起,商家"), encoding="utf-8")
    (kept,) = take(source, folder)
    assert (kept.what, kept.state) == ("waiting", "draft")
    assert holds(documents, NOW) == ["news/notice@2021-05-20"]
    documents.confirm("news/notice", at=LATER)
    assert holds(documents, LATER) == ["news/notice@2021-05-20.2"]
    assert holds(documents, NOW) == ["news/notice@2021-05-20"]


def test_a_policy_of_the_pack_is_not_restated(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "a.md").write_text(OWN, encoding="utf-8")
    pack = ingest([tmp_path / "a.md"]).policies
    with pytest.raises(DocumentError, match="shop/returns@1"):
        take(tmp_path / "a.md", folder, pack=pack)
    assert not folder.exists()


def test_files_without_a_register_wait_for_a_person(source: Path, folder: Path) -> None:
    (kept,) = take(source, folder)
    (folder / REGISTER).unlink()
    assert read_documents(folder) == ()
    assert [(each.key, each.state) for each in Documents(folder).versions()] == [(kept.policy, "draft")]
    Documents(folder).publish("news/notice", at=NOW)
    assert [policy.key for policy in read_documents(folder)] == [kept.policy]


def test_what_was_withdrawn_does_not_come_back_with_a_lost_register(source: Path, folder: Path) -> None:
    take(source, folder)
    Documents(folder).withdraw("news/notice", at=NOW)
    (folder / REGISTER).unlink()
    assert read_documents(folder) == ()


# ── files that are no longer what was written ────────────────────────────────────────────────────────────────────────


def _edited(path: Path) -> None:
    path.write_text(path.read_text("utf-8").rstrip() + "也可以九天。\n", encoding="utf-8")


def _cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def _bit_flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


DAMAGES = (_edited, _cut_short, _bit_flipped, Path.unlink)


@pytest.mark.parametrize("damage", DAMAGES, ids=["edited", "cut short", "bit flipped", "missing"])
def test_a_damaged_text_is_never_quoted_and_the_other_documents_answer_on(
    tmp_path: Path, documents: Documents, folder: Path, damage: Callable[[Path], None]
) -> None:
    (kept,) = documents.keep([own(tmp_path, "1", "七天内可退。")], at=NOW)
    other = parse_policy(OWN.replace("shop/returns", "shop/freight"), "f.md")
    documents.keep([other], at=NOW)
    documents.confirm("shop/returns", at=NOW)
    damage(Path(kept.path))
    again = Documents(folder)
    assert [policy.id for policy in again.policies()] == ["shop/freight"]
    ((version, error),) = again.damaged()
    assert version.key == "shop/returns@1"
    assert str(kept.path) in str(error)
    assert "xiaoer ingest" in str(error)


@pytest.mark.parametrize("damage", DAMAGES, ids=["edited", "cut short", "bit flipped", "missing"])
def test_taking_its_source_again_mends_a_damaged_text_and_keeps_what_a_person_said(
    source: Path, folder: Path, damage: Callable[[Path], None]
) -> None:
    (kept,) = take(source, folder)
    documents = Documents(folder)
    documents.confirm("news/notice", Head(title="退货须知"), at=NOW)
    before, generation = documents.policies(), documents.generation
    damage(Path(kept.path))
    assert [each.what for each in take(source, folder, at=LATER)] == ["mended"]
    again = Documents(folder)
    assert again.policies() == before
    assert not again.damaged()
    # processes that have the folder open must hear of it
    assert again.generation > generation
    assert [each.what for each in take(source, folder, at=LATER)] == ["unchanged"]


def test_an_older_text_does_not_answer_for_a_damaged_newer_one(tmp_path: Path, documents: Documents) -> None:
    documents.keep([own(tmp_path / "a", "1", "七天内可退。", head="effective: [2024-01-01, null]\n")], at=NOW)
    (newer,) = documents.keep(
        [own(tmp_path / "b", "2", "九天内可退。", head="effective: [2026-01-01, null]\n")], at=NOW
    )
    Path(newer.path).unlink()
    assert holds(documents, day("2026-02-01")) == []


def test_a_damaged_older_text_does_not_silence_the_one_that_replaced_it(
    source: Path, folder: Path, documents: Documents
) -> None:
    (older,) = take(source, folder)
    source.write_text(dirty.SPAMMED.replace("2021年,商家", "從今年起,商家"), encoding="utf-8")
    (newer,) = take(source, folder, at=LATER)
    Path(older.path).unlink()
    assert [policy.key for policy in documents.policies()] == [newer.policy]


# ── verbs ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_withdrawn_document_is_gone_and_stays_so_when_it_is_taken_again(
    source: Path, folder: Path, documents: Documents
) -> None:
    take(source, folder)
    assert [each.state for each in documents.withdraw("news/notice", at=NOW)] == ["withdrawn"]
    assert documents.policies() == ()
    assert [(each.what, each.state) for each in take(source, folder)] == [("unchanged", "withdrawn")]
    with pytest.raises(DocumentError, match="already"):
        documents.withdraw("news/notice", at=NOW)
    documents.publish("news/notice", at=LATER)
    assert [policy.id for policy in documents.policies()] == ["news/notice"]


def test_a_rollback_lets_the_version_before_hold_again(tmp_path: Path, documents: Documents) -> None:
    for version, words in [("1", "七天内可退。"), ("2", "十天内可退。"), ("3", "三天内可退。")]:
        documents.keep([own(tmp_path, version, words)], at=NOW)
    assert holds(documents, NOW) == ["shop/returns@3"]
    assert [each.key for each in documents.rollback("shop/returns", at=LATER)] == ["shop/returns@2"]
    assert holds(documents, NOW) == ["shop/returns@2"]
    documents.rollback("shop/returns@1", at=LATER)
    assert holds(documents, NOW) == ["shop/returns@1"]
    with pytest.raises(DocumentError, match="go back"):
        documents.rollback("shop/returns", at=LATER)


def test_a_draft_taken_back_no_longer_answers(tmp_path: Path, documents: Documents) -> None:
    documents.keep([own(tmp_path, "1", "七天内可退。")], at=NOW)
    documents.draft("shop/returns", at=NOW)
    assert documents.policies() == ()
    with pytest.raises(DocumentError, match="published"):
        documents.draft("shop/returns", at=NOW)


def test_a_confirmation_may_say_what_is_right_instead_and_leaves_the_text_alone(
    tmp_path: Path, documents: Documents, folder: Path
) -> None:
    (tmp_path / "rules.txt").write_text("本店售后：签收后十天内可以退货，吊牌完好。\n", encoding="utf-8")
    take(tmp_path / "rules.txt", folder)
    (before,) = documents.policies()
    assert (before.undated, before.confirmed, before.source) == (True, False, f"{UNCONFIRMED} rules.txt")
    documents.confirm("doc/rules", Head(platforms=("taobao",), title="退货说明"), at=NOW, who="李雷")
    (after,) = documents.policies()
    assert (after.undated, after.confirmed, after.window.start) == (False, True, NOW)
    assert (after.scope.platforms, after.title, after.status) == (frozenset({"taobao"}), "退货说明", "in_force")
    assert (after.text, after.source) == (before.text, "rules.txt")
    version = documents.versions("doc/rules")[0]
    assert [(change.what, change.who) for change in version.changes] == [("published", ""), ("confirmed", "李雷")]


def test_a_confirmation_that_ends_before_it_begins_is_refused(source: Path, folder: Path, documents: Documents) -> None:
    take(source, folder)
    with pytest.raises(DocumentError, match="ends before"):
        documents.confirm("news/notice", Head(window=(LATER, NOW)), at=NOW)


def test_a_document_that_supersedes_another_ends_it(tmp_path: Path, documents: Documents) -> None:
    documents.keep([own(tmp_path, "1", "七天内可退。")], at=NOW)
    text = OWN.replace("shop/returns", "shop/new-returns").replace(
        "lang: zh\n", "lang: zh\neffective: [2026-06-01, null]\nsupersedes: shop/returns\n"
    )
    (tmp_path / "n.md").write_text(text, encoding="utf-8")
    documents.keep(ingest([tmp_path / "n.md"]).policies, at=LATER)
    assert holds(documents, day("2026-05-31")) == ["shop/returns@1"]
    assert holds(documents, day("2026-06-01")) == ["shop/new-returns@1"]


def test_what_is_forgotten_is_deleted_and_an_unknown_name_is_said(
    source: Path, folder: Path, documents: Documents
) -> None:
    (kept,) = take(source, folder)
    assert [each.key for each in documents.forget("news/notice")] == ["news/notice@2021-05-20"]
    assert not Path(kept.path).exists()
    for verb in (documents.versions, documents.forget, documents.diff):
        with pytest.raises(DocumentError, match="news/notice"):
            verb("news/notice")


def test_a_diff_names_the_clauses_that_changed(tmp_path: Path, documents: Documents) -> None:
    documents.keep([own(tmp_path, "1", "七天内可退。\n\n## 运费 {#freight}\n买家承担。")], at=NOW)
    documents.keep([own(tmp_path, "2", "十天内可退。\n\n## 例外 {#except}\n定制商品不退。")], at=NOW)
    changes = documents.diff("shop/returns")
    assert {(change.what, change.heading) for change in changes} == {
        ("changed", ("怎么退",)),
        ("removed", ("运费",)),
        ("added", ("例外",)),
    }
    assert len(documents.diff("shop/returns@1", "2")) == 3
    with pytest.raises(DocumentError, match="compare"):
        documents.diff("shop/returns", "9")


# ── on disk ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_register_reads_back_as_it_was_written(tmp_path: Path, documents: Documents, folder: Path) -> None:
    documents.keep([own(tmp_path, "1", "七天内可退。")], at=NOW)
    documents.confirm("shop/returns", Head(window=(NOW, None), regions=("zhejiang",)), at=NOW)
    register = read_register(folder)
    with changing(folder):
        again = write_register(folder, register)
    assert read_register(folder) == again
    assert again.generation == register.generation + 1


def test_every_change_raises_the_generation_and_is_seen_by_another_reader(tmp_path: Path, folder: Path) -> None:
    writer, reader = Documents(folder), Documents(folder)
    seen = {reader.signature}
    writer.keep([own(tmp_path, "1", "七天内可退。")], at=NOW)
    seen.add(reader.signature)
    assert [policy.key for policy in reader.policies()] == ["shop/returns@1"]
    writer.withdraw("shop/returns", at=NOW)
    seen.add(reader.signature)
    assert reader.policies() == ()
    assert len(seen) == 3
    assert reader.generation == 2


def test_a_damaged_register_is_said_and_nothing_withdrawn_comes_back(tmp_path: Path, documents: Documents) -> None:
    documents.keep([own(tmp_path, "1", "七天内可退。")], at=NOW)
    documents.withdraw("shop/returns", at=NOW)
    path = documents.folder / REGISTER
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(PackError, match="cannot be read"):
        Documents(documents.folder).policies()


def test_a_text_whose_writing_was_cut_off_before_the_register_is_not_there(
    tmp_path: Path, documents: Documents
) -> None:
    documents.keep([own(tmp_path, "1", "七天内可退。")], at=NOW)
    orphan = documents.folder / "shop" / "returns@2.md"
    orphan.write_text(OWN.replace('"1"', '"2"'), encoding="utf-8")
    assert [policy.key for policy in Documents(documents.folder).policies()] == ["shop/returns@1"]
    documents.keep([own(tmp_path, "2", "十天内可退。")], at=NOW)
    assert "十天" in documents.policies()[1].text


def test_many_writers_at_once_lose_nothing(tmp_path: Path, folder: Path) -> None:
    texts = [
        own(tmp_path / str(number), "1", f"{number + 3}天内可退。").text.replace("shop/returns", f"shop/r{number}")
        for number in range(12)
    ]

    def write(number: int) -> None:
        policy = parse_policy(texts[number], f"{number}.md")
        documents = Documents(folder)
        documents.keep([policy], at=NOW)
        documents.confirm(policy.id, Head(title=f"第{number}篇"), at=NOW)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(12)))
    assert {policy.title for policy in read_documents(folder)} == {f"第{number}篇" for number in range(12)}
    assert read_register(folder).generation == 24


def test_an_empty_folder_has_an_empty_register(folder: Path) -> None:
    assert Documents(folder).register() == Register()
    assert read_documents(None) == ()


def test_a_law_may_be_confirmed_with_its_date(tmp_path: Path, folder: Path, documents: Documents) -> None:
    rows = [{"law": "试行条例", "article": f"第{n}条", "text": f"退货内容{n}。"} for n in ("一", "二")]
    law = tmp_path / "law.jsonl"
    law.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    (kept,) = take(law, folder)
    assert read_documents(folder)[0].undated
    documents.confirm(kept.policy, Head(window=(day("2024-07-01"), None)), at=NOW)
    assert [each.what for each in take(law, folder)] == ["unchanged"]
    (policy,) = read_documents(folder)
    assert policy.window.start == day("2024-07-01")
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
