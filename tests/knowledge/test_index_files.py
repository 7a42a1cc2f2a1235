"""Index files that are damaged, stale or half written."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.clauses import SHANGHAI, Place, Policy
from knowledge.embedding import HashEmbedder, Vectors
from knowledge.errors import IndexDamaged
from knowledge.index_files import read_generation
from knowledge.search import ClauseIndex

NOW = datetime(2026, 6, 1, tzinfo=SHANGHAI)


def policy(name: str, body: str) -> Policy:
    return Policy(id=f"shop/{name}", version="1", title=name, lang="zh", text=f"---\n---\n## 规则 {{#rule}}\n{body}\n")


POLICIES = [policy("freight", "退货运费由商家承担。"), policy("refund", "退款三天内到账。")]


class CountingEmbedder(HashEmbedder):
    """The hash double, counting what it embeds."""

    def __init__(self) -> None:
        super().__init__(32)
        self.embedded: list[str] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.embedded += texts
        return super().embed(texts)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("index")
    ClauseIndex.build(POLICIES, HashEmbedder(32), folder=folder)
    return folder


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    return shutil.copytree(written, tmp_path / "copy")


def first(index: ClauseIndex) -> str:
    return index.search("退款到账", as_of=NOW, place=Place())[0].clause.ref


def files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix != ".lock")


def test_a_whole_index_opens_and_answers_as_it_was_built(folder: Path) -> None:
    assert first(ClauseIndex.open(POLICIES, HashEmbedder(32), folder)) == "shop/refund@1#rule"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_flipped_bit_is_noticed(written: Path, tmp_path: Path, data: st.DataObject) -> None:
    folder = tmp_path / "flipped"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(written, folder)
    path = data.draw(st.sampled_from([p for p in files(folder) if p.stat().st_size]))
    content = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)
    with pytest.raises(IndexDamaged):
        ClauseIndex.open(POLICIES, HashEmbedder(32), folder)


@pytest.mark.parametrize("name", ["CURRENT", "manifest.json", "vectors.npy", "clauses.json", "meta.json"])
@pytest.mark.parametrize("how", ["missing", "truncated", "empty"])
def test_a_lost_or_cut_file_is_noticed_and_the_index_rebuilt(folder: Path, name: str, how: str) -> None:
    path = next(p for p in files(folder) if p.name == name)
    if how == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[: 0 if how == "empty" else path.stat().st_size // 2])
    with pytest.raises(IndexDamaged):
        ClauseIndex.open(POLICIES, HashEmbedder(32), folder)
    assert first(ClauseIndex.open_or_build(POLICIES, HashEmbedder(32), folder)) == "shop/refund@1#rule"
    ClauseIndex.open(POLICIES, HashEmbedder(32), folder)


def test_current_may_not_point_outside(folder: Path) -> None:
    (folder / "CURRENT").write_text("../copy")
    with pytest.raises(IndexDamaged, match="no generation"):
        read_generation(folder)


def test_an_index_of_other_policies_or_another_embedder_is_stale(folder: Path) -> None:
    with pytest.raises(IndexDamaged, match="other policies"):
        ClauseIndex.open(POLICIES[:1], HashEmbedder(32), folder)
    with pytest.raises(IndexDamaged, match="embedded by hash-32"):
        ClauseIndex.open(POLICIES, HashEmbedder(64), folder)


def test_only_changed_clauses_are_embedded_again(tmp_path: Path) -> None:
    embedder = CountingEmbedder()
    ClauseIndex.build(POLICIES, embedder, folder=tmp_path)
    assert len(embedder.embedded) == 2
    changed = [POLICIES[0], policy("refund", "退款一天内到账。"), policy("extra", "可开发票。")]
    index = ClauseIndex.open_or_build(changed, embedder, tmp_path)
    assert len(embedder.embedded) == 4
    fresh = ClauseIndex.build(changed, HashEmbedder(32))
    for one, other in zip(_all(index), _all(fresh), strict=True):
        assert one == pytest.approx(other)


def test_a_damaged_lexical_part_does_not_cost_the_embeddings(folder: Path) -> None:
    next(p for p in files(folder) if p.name == "meta.json").unlink()
    embedder = CountingEmbedder()
    ClauseIndex.open_or_build(POLICIES, embedder, folder)
    assert embedder.embedded == []


def test_a_failed_build_leaves_the_previous_generation_in_use(folder: Path) -> None:
    class FailingEmbedder(HashEmbedder):
        def embed(self, texts: Sequence[str]) -> Vectors:
            raise ConnectionError("the endpoint is away")

    before = (folder / "CURRENT").read_text()
    with pytest.raises(ConnectionError):
        ClauseIndex.build([policy("new", "新规则。")], FailingEmbedder(32), folder=folder)
    assert (folder / "CURRENT").read_text() == before
    assert not list(folder.glob(".building-*"))
    ClauseIndex.open(POLICIES, HashEmbedder(32), folder)


def test_at_most_two_generations_are_kept(tmp_path: Path) -> None:
    for _ in range(4):
        ClauseIndex.build(POLICIES, HashEmbedder(32), folder=tmp_path)
    assert sorted(p.name for p in tmp_path.glob("gen-*")) == ["gen-000003", "gen-000004"]


def test_while_it_is_rebuilt_in_the_background_answers_are_lexical(tmp_path: Path) -> None:
    index = ClauseIndex.open_or_build(POLICIES, HashEmbedder(32), tmp_path, background=True)
    assert first(index) == "shop/refund@1#rule"
    assert index.rebuild is not None
    index.rebuild.result(timeout=30)
    assert index.search("退款", as_of=NOW, place=Place())[0].dense != 0
    ClauseIndex.open(POLICIES, HashEmbedder(32), tmp_path)


def test_a_manifest_of_another_format_is_not_read(folder: Path) -> None:
    path = next(p for p in files(folder) if p.name == "manifest.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 99}))
    generation = path.parent.name
    (folder / "CURRENT").write_text(f"{generation} {hashlib.sha256(path.read_bytes()).hexdigest()}\n")
    with pytest.raises(IndexDamaged, match="another format"):
        read_generation(folder)


def test_an_older_generation_may_not_be_named_in_place_of_the_current_one(tmp_path: Path) -> None:
    for _ in range(2):
        ClauseIndex.build(POLICIES, HashEmbedder(32), folder=tmp_path)
    current = tmp_path / "CURRENT"
    (tmp_path / "gen-000001" / "manifest.json").write_text("{}")
    current.write_text(current.read_text().replace("gen-000002", "gen-000001"))
    with pytest.raises(IndexDamaged, match=r"manifest\.json does not match"):
        read_generation(tmp_path)


def test_what_a_killed_writer_left_goes_with_the_next_write(folder: Path) -> None:
    (folder / ".building-left" / "lexical").mkdir(parents=True)
    ClauseIndex.build(POLICIES, HashEmbedder(32), folder=folder)
    assert not list(folder.glob(".building-*"))


def _all(index: ClauseIndex) -> list[float]:
    hits = index.search("退款", as_of=NOW, place=Place(), k=5)
    return [float(np.round(score, 5)) for hit in hits for score in (hit.score, hit.lexical, hit.dense)]
