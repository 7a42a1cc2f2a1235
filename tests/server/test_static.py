"""What browsers load, read as text: small enough, nothing inline or from elsewhere, every word in both languages."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[2] / "server" / "static"
SCRIPTS = sorted(STATIC.rglob("*.js"))
PAGES = sorted(STATIC.rglob("*.html"))
STYLES = sorted(STATIC.rglob("*.css"))

WIDGET_BUDGET = 30 * 1024
"""Bytes of all that the widget loads, each file gzipped by itself, as they travel."""

SVG_NAMESPACE = "http://www.w3.org/2000/svg"
PAIR = re.compile(r'^  (\w+): \[\s*"((?:[^"\\]|\\.)*)",\s*"((?:[^"\\]|\\.)*)",?\s*\],?', re.MULTILINE)
CHINESE = re.compile(r"[\u4e00-\u9fff]")
OTHER_LANGUAGE_ON_PURPOSE = {"language", "language_label"}
"""The switch names the language it leads to, in that language."""

UNSAFE = (
    r"\.innerHTML", r"\.outerHTML", r"insertAdjacentHTML", r"document\.write", r"createContextualFragment", r"srcdoc",
    r"DOMParser", r"\beval\(", r"new Function\(", r"javascript:", r"setAttribute\(\s*[\"']style",
)  # fmt: skip


def name(path: Path) -> str:
    return path.relative_to(STATIC).as_posix()


def words_of(path: Path) -> dict[str, tuple[str, str]]:
    return {key: (zh, en) for key, zh, en in PAIR.findall(path.read_text("utf-8"))}


def test_the_widget_stays_within_its_budget() -> None:
    files = [STATIC / "widget.js", STATIC / "tokens.css", *sorted((STATIC / "widget").iterdir())]
    sizes = {name(file): len(gzip.compress(file.read_bytes(), 9)) for file in files}
    assert sum(sizes.values()) <= WIDGET_BUDGET, sizes


@pytest.mark.parametrize("script", SCRIPTS, ids=name)
@pytest.mark.parametrize("unsafe", UNSAFE)
def test_no_script_turns_text_into_markup_or_code(script: Path, unsafe: str) -> None:
    assert not re.search(unsafe, script.read_text("utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_pages_hold_nothing_inline_that_the_policy_would_block(page: Path) -> None:
    text = page.read_text("utf-8")
    assert not re.search(r"<style|\sstyle\s*=|\son[a-z]+\s*=", text)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text))


@pytest.mark.parametrize("file", [*SCRIPTS, *PAGES, *STYLES], ids=name)
def test_nothing_is_fetched_from_another_site(file: Path) -> None:
    addresses = set(re.findall(r"(?:https?:)?//[\w-]+\.[\w./-]+", file.read_text("utf-8")))
    assert addresses <= {SVG_NAMESPACE}
    assert "@import" not in file.read_text("utf-8")


@pytest.mark.parametrize("table", sorted(STATIC.rglob("words.js")), ids=name)
def test_every_text_exists_in_chinese_and_english_with_the_same_blanks(table: Path) -> None:
    words = words_of(table)
    assert len(words) == len(re.findall(r"^  \w+: \[", table.read_text("utf-8"), re.MULTILINE))
    for key, (zh, en) in words.items():
        assert sorted(re.findall(r"\{\w+\}", zh)) == sorted(re.findall(r"\{\w+\}", en)), key
        if key not in OTHER_LANGUAGE_ON_PURPOSE:
            assert CHINESE.search(zh) or not re.search(r"[A-Za-z]{3}", re.sub(r"\{\w+\}", "", en)), key
            assert en, key
            assert not CHINESE.search(en), key


@pytest.mark.parametrize("folder", ["widget", "demo", "desk", "desk/knowledge"])
def test_every_word_asked_for_is_there(folder: str) -> None:
    words = words_of(STATIC / folder / "words.js")
    sources = [file.read_text("utf-8") for file in (STATIC / folder).iterdir() if file.suffix in {".js", ".html"}]
    asked = {key for text in sources for key in re.findall(r'\bt\("(\w+)"|data-t="(\w+)"', text) for key in key if key}
    assert asked
    assert asked <= words.keys()


@pytest.mark.parametrize("script", [file for file in SCRIPTS if file.name != "words.js"], ids=name)
def test_no_text_for_people_stands_outside_the_tables_of_words(script: Path) -> None:
    code = re.sub(r"^\s*(//|/?\*).*$", "", script.read_text("utf-8"), flags=re.MULTILINE)
    assert not CHINESE.search(code)
