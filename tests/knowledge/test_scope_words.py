"""The words of scope as people write them."""

from __future__ import annotations

import pytest

from knowledge.clauses import Place
from knowledge.scope_words import PLATFORMS, PROVINCES, Axis, category_words, place_of, scope_word, unknown_words


@pytest.mark.parametrize(
    ("axis", "said", "word"),
    [
        ("platforms", "淘宝", "taobao"),
        ("platforms", "Taobao", "taobao"),
        ("regions", "上海市", "上海"),
        ("regions", "shanghai", "上海"),
        ("regions", "浙江省", "浙江"),
        ("regions", "新疆维吾尔自治区", "新疆"),
        ("regions", "廣東", "广东"),
        ("categories", "服装", "apparel"),
        ("categories", "jewelry", "jewellery"),
        # a city is not its province, and what is not known stays as it is
        ("regions", "杭州", "杭州"),
        ("platforms", "mini shop", "mini shop"),
    ],
)
def test_a_word_is_written_as_policies_write_it(axis: Axis, said: str, word: str) -> None:
    assert scope_word(axis, said) == word


def test_every_word_of_policies_is_its_own() -> None:
    axes: dict[Axis, list[str]] = {
        "platforms": [*PLATFORMS],
        "regions": [*PROVINCES],
        "categories": [name for name, _ in category_words()],
    }
    for axis, words in axes.items():
        assert [scope_word(axis, word) for word in words] == words
        assert unknown_words(axis, words) == []


def test_what_only_the_shop_uses_is_known_when_it_is_said() -> None:
    assert unknown_words("categories", ["apparel", "lamps", "kites"], {"lamps"}) == ["kites"]


def test_a_place_is_named_in_any_of_these_words() -> None:
    assert place_of("京东", "Shanghai", "鞋类", "live", "agent") == Place("jd", "上海", "shoes", "live", "agent")
    assert place_of() == Place()
