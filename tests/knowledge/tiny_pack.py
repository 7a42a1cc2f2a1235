"""Small packs on disk, for tests of loading, compiling and checking."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

FACTS = """\
a: {type: int, source: order, ask: {zh: 甲？, en: A?}}
b: {type: int, source: order, ask: {zh: 乙？, en: B?}}
seen: {type: bool, source: order, ask: {zh: 见过？, en: Seen?}}
since: {type: 'instant?', source: order, ask: {zh: 何时？, en: When?}}
region: {type: 'text?', source: order, ask: {zh: 哪里？, en: Where?}}
"""


def policy(
    rows: str, *, id: str = "shop/rule", version: str = "1", table: str = "T", head: str = "", top: str = ""
) -> str:
    """The text of a Chinese policy with one table; `head` are further front-matter lines, `top` further table lines."""
    lines = ["---", f"id: {id}", f'version: "{version}"', "title: 规则", "lang: zh", *head.splitlines(), "---"]
    lines += ["# 规则", "## 甲 {#x}", "正文。", "", "```table", f"id: {table}", "title: {zh: 规则, en: Rule}"]
    return "\n".join([*lines, *top.splitlines(), "rows:", *rows.splitlines(), "```", ""])


def write_pack(
    folder: Path, policies: Mapping[str, str], *, shop: str = "name: {zh: 店, en: Shop}\n", facts: str = FACTS
) -> Path:
    """A pack at `folder` with these policy files; returns `folder`."""
    (folder / "policies").mkdir(parents=True, exist_ok=True)
    (folder / "shop.yaml").write_text(shop, encoding="utf-8")
    (folder / "facts.yaml").write_text(facts, encoding="utf-8")
    for name, text in policies.items():
        (folder / "policies" / f"{name}.md").write_text(text, encoding="utf-8")
    return folder


def line_of(path: Path, needle: str) -> int:
    """The line (from 1) on which `needle` stands first."""
    return next(n for n, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1) if needle in line)
