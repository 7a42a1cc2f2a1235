"""Packs are folders that extend folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledge.errors import CyclicPackError, FrontMatterError, PackError
from knowledge.pack import load_pack, shipped_packs
from tests.knowledge.tiny_pack import policy, write_pack

ROW = '- {id: R1, when: "true", code: YES, clause: "#x"}'


def test_a_child_overrides_its_parent_key_by_key(tmp_path: Path) -> None:
    write_pack(
        tmp_path / "parent", {}, shop="name: {zh: 父, en: Parent}\nlimits: {bot: 1, agent: 2}\nplatforms: [jd, tmall]\n"
    )
    write_pack(tmp_path / "child", {}, shop="extends: parent\nname: {zh: 子}\nlimits: {bot: 9}\nplatforms: [taobao]\n")
    shop = load_pack(tmp_path / "child").data("shop")
    assert shop["name"] == {"zh": "子", "en": "Parent"}
    assert shop["limits"] == {"bot": 9, "agent": 2}
    assert shop["platforms"] == ["taobao"]


def test_a_value_is_found_in_the_file_that_wrote_it(tmp_path: Path) -> None:
    parent = write_pack(tmp_path / "parent", {}, shop="a: 1\nb:\n  c: 2\n")
    child = write_pack(tmp_path / "child", {}, shop="extends: parent\n\na: 3\n")
    pack = load_pack(child)
    assert pack.where("shop", "a") == (child / "shop.yaml", 3)
    assert pack.where("shop", "b", "c") == (parent / "shop.yaml", 3)


def test_a_child_restates_one_version_of_a_policy(tmp_path: Path) -> None:
    write_pack(tmp_path / "parent", {"one": policy(ROW), "two": policy(ROW, id="shop/two")})
    child = write_pack(tmp_path / "child", {"mine": policy(ROW.replace("YES", "NO"))}, shop="extends: ../parent\n")
    pack = load_pack(child)
    assert sorted(each.key for each in pack.policies) == ["shop/rule@1", "shop/two@1"]
    assert "NO" in next(each.text for each in pack.policies if each.key == "shop/rule@1")


def test_shipped_packs_are_found_by_name() -> None:
    assert "cn_retail" in shipped_packs()
    assert load_pack("cn_retail").name == "cn_retail"


def test_a_ring_of_packs_is_refused_with_the_line_that_closes_it(tmp_path: Path) -> None:
    first = write_pack(tmp_path / "first", {}, shop="name: {zh: 甲}\nextends: second\n")
    second = write_pack(tmp_path / "second", {}, shop="\n\nextends: first\n")
    with pytest.raises(CyclicPackError) as caught:
        load_pack(first)
    assert caught.value.where == f"{second / 'shop.yaml'}:3"
    assert "first → second → first" in caught.value.what


def test_a_pack_that_extends_itself_is_a_ring(tmp_path: Path) -> None:
    with pytest.raises(CyclicPackError):
        load_pack(write_pack(tmp_path / "alone", {}, shop="extends: alone\n"))


def test_a_missing_parent_is_named_where_it_is_asked_for(tmp_path: Path) -> None:
    folder = write_pack(tmp_path / "child", {}, shop="name: {zh: 店}\nextends: nowhere\n")
    with pytest.raises(PackError, match="nowhere") as caught:
        load_pack(folder)
    assert caught.value.where == f"{folder / 'shop.yaml'}:2"


def test_no_pack_at_all_says_which_there_are(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="cn_retail"):
        load_pack(tmp_path / "void")


def test_broken_front_matter_stops_the_load(tmp_path: Path) -> None:
    folder = write_pack(tmp_path / "p", {"bad": policy(ROW, head="levle: shop")})
    with pytest.raises(FrontMatterError) as caught:
        load_pack(folder)
    assert caught.value.where == f"{folder / 'policies/bad.md'}:6"


def test_two_files_of_one_pack_may_not_be_the_same_version(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="stands twice in zh"):
        load_pack(write_pack(tmp_path / "p", {"one": policy(ROW), "two": policy(ROW)}))


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "stands twice"),
        ("a: 1\nb: [1, 2\nc: 3\n", 3, "Not YAML"),
        ("a: !!python/object:os.system x\n", 1, "not allowed"),
        ("? [a, b]\n: 1\n", 1, "plain text"),
    ],
)
def test_broken_yaml_is_named_by_line(tmp_path: Path, text: str, line: int, word: str) -> None:
    folder = write_pack(tmp_path / "p", {})
    (folder / "flows.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(PackError, match=word) as caught:
        load_pack(folder).data("flows")
    assert caught.value.where == f"{folder / 'flows.yaml'}:{line}"


def test_a_merged_mapping_gives_way_to_the_keys_beside_it(tmp_path: Path) -> None:
    folder = write_pack(tmp_path / "p", {})
    (folder / "flows.yaml").write_text("one: &one {a: 1, b: 2}\ntwo:\n  b: 3\n  <<: *one\n", encoding="utf-8")
    assert load_pack(folder).data("flows")["two"] == {"a": 1, "b": 3}


def test_dates_stay_text_and_yes_is_a_word(tmp_path: Path) -> None:
    folder = write_pack(tmp_path / "p", {}, shop="day: 2026-01-05\nanswer: yes\nfen: 1_200\nshare: 0.5\nnone: ~\n")
    assert load_pack(folder).data("shop") == {
        "day": "2026-01-05",
        "answer": "yes",
        "fen": 1200,
        "share": 0.5,
        "none": None,
    }


def test_records_come_from_the_nearest_pack_that_has_them(tmp_path: Path) -> None:
    parent = write_pack(tmp_path / "parent", {})
    child = write_pack(tmp_path / "child", {}, shop="extends: parent\n")
    (parent / "orders.jsonl").write_text('{"order_id": "1"}\n\n{"order_id": "2"}\n', encoding="utf-8")
    assert [row["order_id"] for row in load_pack(child).rows("orders")] == ["1", "2"]
    (child / "orders.csv").write_text("order_id,note\n3,\n", encoding="utf-8")
    assert load_pack(child).rows("orders") == [{"order_id": "3"}]
    assert load_pack(child).rows("catalogue") == []


def test_a_record_that_is_no_json_is_named_by_line(tmp_path: Path) -> None:
    folder = write_pack(tmp_path / "p", {})
    (folder / "orders.jsonl").write_text('{"order_id": "1"}\n{oops\n', encoding="utf-8")
    with pytest.raises(PackError) as caught:
        load_pack(folder).rows("orders")
    assert caught.value.where == f"{folder / 'orders.jsonl'}:2"
