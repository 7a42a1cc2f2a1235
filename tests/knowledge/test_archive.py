"""Packs are kept once under their content hash, and come back as they were or not at all."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

import pytest

from knowledge.archive import (
    ArchiveDamaged,
    NotArchived,
    archive_pack,
    archived,
    deciding_files,
    open_archived,
    open_pack_or_archived,
    pack_hash,
)
from knowledge.clauses import SHANGHAI, Place
from knowledge.decide import PolicySet
from knowledge.pack import SHIPPED, load_pack

AT = datetime(2026, 11, 20, 12, tzinfo=SHANGHAI)
LATE = {
    "paid": 16800, "paid_at": "2026-11-10T10:00:00+08:00", "now": "2026-11-13T10:00:00+08:00", "promise_h": 48,
    "shipped_at": "2026-11-12T10:00:01+08:00", "ship_clicked_at": None, "presale_ship_at": None, "late_excuse": "none",
    "no_stock": False,
}  # fmt: skip


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A copy of the demo shop that may be edited."""
    return Path(shutil.copytree(SHIPPED / "demo", tmp_path / "shop"))


def late(policies: PolicySet) -> str:
    return str(policies.decide("DT-14", LATE, at=AT, place=Place(platform="taobao")))  # type: ignore[arg-type]


def test_an_archived_pack_decides_as_the_pack_did_after_the_pack_was_edited(shop: Path, tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    digest = archive_pack(load_pack(shop), folder)
    shop_yaml = shop / "shop.yaml"
    shop_yaml.write_text(shop_yaml.read_text("utf-8").replace("late_scale: A", "late_scale: C"), "utf-8")
    assert late(PolicySet(load_pack(shop))) == "LATE: 50.40"
    assert late(PolicySet(open_archived(folder, digest))) == "LATE: 8.40"


def test_a_pack_that_has_not_changed_is_kept_once(shop: Path, tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    first, second = archive_pack(load_pack(shop), folder), archive_pack(load_pack(shop), folder)
    assert archived(folder) == [first] == [second]
    assert [path.name for path in folder.iterdir()] == [f"{first}.tar.gz"]


def test_any_change_of_what_decides_gives_another_hash_and_other_files_do_not(shop: Path) -> None:
    before = pack_hash(deciding_files((shop,)))
    (shop / "catalogue.yaml").write_text("products: {}\n", "utf-8")
    assert pack_hash(deciding_files((shop,))) == before
    policy = next((shop / "policies").glob("*.md"))
    policy.write_text(policy.read_text("utf-8") + "\n", "utf-8")
    assert pack_hash(deciding_files((shop,))) != before


def test_a_parents_change_gives_another_hash_as_well(shop: Path) -> None:
    files = deciding_files((shop, SHIPPED / "cn_retail"))
    assert pack_hash({**files, "1/shop.yaml": files["1/shop.yaml"] + b"\n"}) != pack_hash(files)


def test_an_archive_with_a_changed_byte_is_refused(shop: Path, tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    digest = archive_pack(load_pack(shop), folder)
    path = folder / f"{digest}.tar.gz"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ArchiveDamaged):
        open_archived(folder, digest)


def test_an_archive_under_another_ones_name_is_refused(shop: Path, tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    digest = archive_pack(load_pack(shop), folder)
    (folder / f"{digest}.tar.gz").rename(folder / f"{'0' * 64}.tar.gz")
    with pytest.raises(ArchiveDamaged):
        open_archived(folder, "0" * 64)
    with pytest.raises(NotArchived):
        open_archived(folder, digest)


def test_a_pack_is_opened_by_its_name_or_by_the_first_digits_of_its_hash(shop: Path, tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    digest = archive_pack(load_pack(shop), folder)
    assert open_pack_or_archived(digest[:8], folder).name == f"archived-{digest[:8]}"
    assert open_pack_or_archived(str(shop), folder).name == "shop"
    assert open_pack_or_archived("demo", None).name == "demo"
