"""YAML as plain data: words by YAML 1.2, with the line of each value."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.errors import PackError
from knowledge.yaml_text import read_yaml

SCALARS = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(st.characters(categories=["L", "N", "P"]))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc中", min_size=1), inner, max_size=4),
)


@pytest.mark.parametrize(
    ("word", "value"),
    [
        *(
            (word, word)
            for word in ("yes", "no", "on", "off", "12:30", "1:30:00", "2024-01-05", "-3d@12:20", "0b1", "=")
        ),
        *(("true", True), ("False", False), ("~", None), ("null", None), ('""', ""), ("'1'", "1"), ("", None)),
        *(("017", 17), ("0o17", 15), ("0x1F", 31), ("-7", -7), ("60_000", 60000), ("1e3", 1000.0), (".5", 0.5)),
        *((".inf", math.inf), ("-.Inf", -math.inf)),
    ],
)
def test_plain_words_mean_what_yaml_1_2_says(word: str, value: object) -> None:
    found = read_yaml(f"a: {word}\n", "a.yaml").data["a"]
    assert found == value
    assert type(found) is type(value)


@given(VALUES)
def test_json_is_read_as_what_it_says(value: object) -> None:
    assert read_yaml(json.dumps(value, ensure_ascii=False), "a.yaml").data == value


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("a: 1\nb:\n  c: 1\n  c: 2\n", 4, "`c` stands twice"),
        ("a: [1, 2\nb: 3\n", 2, "Not YAML"),
        ("a: 1\nb: !python/object:os.system x\n", 2, "is not allowed"),
        ("a: 1\n? [b]\n: 1\n", 2, "plain text"),
        ("a: *nowhere\n", 1, "Not YAML"),
        ("--- a\n--- b\n", 2, "Not YAML"),
        ("a: \x01", 1, "Not YAML"),
        ("a: \ud800", 1, "Not YAML"),
        ("[" * 50 + "]" * 50, 1, "Nested too deeply"),
    ],
)
def test_a_fault_names_its_line(text: str, line: int, says: str) -> None:
    with pytest.raises(PackError, match=says) as caught:
        read_yaml(text, "a.yaml", lines_before=3)
    assert caught.value.where == f"a.yaml:{line + 3}"


def test_every_value_knows_its_line() -> None:
    document = read_yaml("a: 1\nb:\n  - x\n  - {c: 2,\n     d: 3}\n", "a.yaml")
    assert [document.line(*way) for way in [("a",), ("b", 0), ("b", 1, "d"), ("b", 1, "absent"), ()]] == [1, 3, 5, 4, 1]


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "[" * 50_000 + "]" * 50_000,
        "a: " + "{b: " * 50_000 + "}" * 50_000,
        "a:\n  " + "- " * 50_000 + "x",
        "? " * 50_000 + "x",
        "\n".join(" " * depth + "a:" for depth in range(600)),
    ],
    ids=["lists", "mappings", "items", "keys", "indents"],
)
def test_what_is_nested_very_deeply_is_refused_and_does_no_harm(text: str) -> None:
    with pytest.raises(PackError, match="Nested too deeply"):
        read_yaml(text, "deep.yaml")


def test_words_full_of_brackets_are_words() -> None:
    text = "a: '" + "[" * 500 + "'\nb: [" + ", ".join(["[x]"] * 500) + "]"
    assert read_yaml(text, "x.yaml").data == {"a": "[" * 500, "b": [["x"]] * 500}


def test_repetition_cannot_grow_without_bound() -> None:
    lines = ['a: &a ["x", "x", "x", "x", "x", "x", "x", "x", "x"]']
    for before, name in zip("abcdefghi", "bcdefghij", strict=True):
        lines.append(f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]")
    with pytest.raises(PackError, match="More than 200000 values"):
        read_yaml("\n".join(lines), "bomb.yaml")
