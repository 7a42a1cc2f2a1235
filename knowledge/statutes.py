"""Statutes from JSONL: one object a line with `law` (or `title`), `article` and `text`; one clause per article.

Optional fields, read from a law's first line: `effective_from`, `effective_to` (ISO dates), `version`, `source`. A law
without `effective_from` has an unknown window: it can be quoted when asked for, but is not in force anywhere.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from knowledge.clauses import Policy, Window
from knowledge.errors import DocumentError
from knowledge.front_matter import instant
from knowledge.numerals import number
from knowledge.statute_words import asked_of_law

_NUMBER = re.compile(r"第([零〇一二三四五六七八九十百千两\d]+)条(?:之([一二三四五六七八九十\d]+))?")
_UNHELD = re.compile("[\x00\ud800-\udfff]")
"""NUL and half characters, which no file can hold; all else stays as the law has it."""


@dataclass(slots=True)
class _Law:
    first: dict[str, Any]
    articles: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])


def load_statutes(path: Path, *, max_bytes: int) -> tuple[Policy, ...]:
    """One `Policy` per law, in the order of the file. Raises `DocumentError` that names the faulty line."""
    try:
        if path.stat().st_size > max_bytes:
            raise DocumentError(f"{path.name}: more than {max_bytes} bytes.", mend="Split it or raise the limit.")
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DocumentError(f"{path.name}: is not UTF-8.", mend="Save it as UTF-8.") from error
    laws: dict[str, _Law] = {}
    for count, line in enumerate(lines, 1):
        if line.strip():
            row = _row(path, count, line)
            name = str(row.get("law") or row.get("title"))
            laws.setdefault(name, _Law(row)).articles.append((str(row["article"]), str(row["text"])))
    return tuple(_policy(path, name, law) for name, law in laws.items())


def article_number(article: str) -> str:
    """`第二十五条` → `25`, `第八条之一` → `8-1`; empty when it is no article number."""
    found = _NUMBER.match(article.strip())
    if found is None:
        return ""
    return f"{_arabic(found[1])}-{_arabic(found[2])}" if found[2] else str(_arabic(found[1]))


def _row(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"{path.name}:{number}: not JSON.") from error
    if not isinstance(row, dict) or not (row.get("law") or row.get("title")) or not row.get("article"):
        raise DocumentError(f"{path.name}:{number}: needs `law` (or `title`), `article` and `text`.")
    if not isinstance(row.get("text"), str):
        raise DocumentError(f"{path.name}:{number}: `text` is not text.")
    return {key: _UNHELD.sub("", value) if isinstance(value, str) else value for key, value in row.items()}


def _policy(path: Path, name: str, law: _Law) -> Policy:
    """Write the law as one document of ours: a heading with an anchor, then the article's own words."""
    digest = hashlib.sha256(json.dumps(law.articles, ensure_ascii=False).encode()).hexdigest()
    slug = hashlib.sha256(name.encode()).hexdigest()[:10]
    start, end = law.first.get("effective_from"), law.first.get("effective_to")
    try:
        window = Window(instant(start) if start else None, instant(end) if end else None)
    except ValueError as error:
        raise DocumentError(f"{path.name}: {name}: {error}.") from error
    parts = ["---\n---\n"]
    used: set[str] = set()
    for article, text in law.articles:
        anchor = unique = f"a{article_number(article) or len(used) + 1}"
        copy = 1
        while unique in used:
            copy += 1
            unique = f"{anchor}-{copy}"
        used.add(unique)
        parts.append(f"## {article} {{#{unique}}}\n{text.strip()}\n\n")
    return Policy(
        id=f"law/{slug}",
        version=str(law.first.get("version") or (str(start) if start else digest[:8])),
        title=name,
        lang="zh",
        text="".join(parts),
        level="statute",
        window=window,
        undated=start is None,
        status="in_force" if start else "history",
        source=str(law.first.get("source") or f"《{name}》"),
        path=str(path),
        asked=asked_of_law(name),
    )


def _arabic(numeral: str) -> int:
    value = number(numeral)
    return int(value) if value is not None else 0
