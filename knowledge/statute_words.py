"""What articles of law are asked for, in the words of people who do not know them: searched with the article, never
shown. They stand in `words/statutes.txt` by law and number of the article, so they hold for the editions named there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from knowledge.text import word_list

_EDITION = re.compile(r"[（(]\d{4}[^）)]*[）)]$")


def asked_of_law(title: str) -> Mapping[str, tuple[str, ...]]:
    """By anchor of an article (`a25`), how people ask for what it says; empty for a law that the list does not name."""
    return _asked().get(plain_title(title), {})


def plain_title(title: str) -> str:
    """《中华人民共和国消费者权益保护法（2013修正）》 → 消费者权益保护法"""
    return _EDITION.sub("", title.strip().strip("《》").removeprefix("中华人民共和国")).strip()


@cache
def _asked() -> dict[str, dict[str, tuple[str, ...]]]:
    told: dict[str, dict[str, tuple[str, ...]]] = {}
    for line in word_list("statutes"):
        law, article, phrases = (part.strip() for part in line.split("|", 2))
        told.setdefault(law, {})[f"a{article}"] = tuple(each.strip() for each in phrases.split("；"))
    return told
