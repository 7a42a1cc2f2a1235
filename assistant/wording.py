"""How amounts, instants and templates become words, in Chinese and English.

Templates are data of a pack. A placeholder `{name}` takes a value that came from a tool, a table or a clause; there
is no other way for a figure into a reply, which is what lets the guard trace each one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from assistant.conversation import Lang
from knowledge.clauses import SHANGHAI
from knowledge.errors import XiaoerError

PLACEHOLDER = re.compile(r"\{([a-z0-9_]+)\}")
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def money(fen: int) -> str:
    """`5990` → `¥59.90`. The same in both languages, so that a figure reads alike."""
    sign = "-" if fen < 0 else ""
    return f"{sign}¥{abs(fen) // 100}.{abs(fen) % 100:02d}"


def instant(at: datetime, lang: Lang) -> str:
    """`11月22日 18:00` or `22 Nov 18:00`, in Shanghai time. Midnight is 24:00 of the day it ends, as deadlines are
    meant.
    """
    local = at.astimezone(SHANGHAI)
    clock = f"{local:%H:%M}"
    if clock == "00:00" and local.second == 0:
        local, clock = local - timedelta(days=1), "24:00"
    if lang == "zh":
        return f"{local.month}月{local.day}日 {clock}"
    return f"{local.day} {_MONTHS[local.month - 1]} {clock}"


def day(at: datetime, lang: Lang, *, year: bool = False) -> str:
    """`11月22日` or `22 Nov`; with `year`, `2026年11月22日` or `22 Nov 2026`."""
    local = at.astimezone(SHANGHAI)
    if lang == "zh":
        return (f"{local.year}年" if year else "") + f"{local.month}月{local.day}日"
    return f"{local.day} {_MONTHS[local.month - 1]}" + (f" {local.year}" if year else "")


def shortened(text: str, most: int) -> str:
    """`text` in at most `most` characters; what is cut ends in “…”, between words where there are any."""
    if len(text) <= most:
        return text
    cut = text[: most - 1]
    if text[most - 1].isascii() and text[most - 1].isalnum():
        cut = cut[: cut.rindex(" ")] if " " in cut else cut
    return f"{cut.rstrip()}…"


def placeholders(template: str) -> set[str]:
    """The names a template asks for."""
    return set(PLACEHOLDER.findall(template))


def fill(template: str, values: Mapping[str, str]) -> str:
    """Put `values` into `template`. Raises `XiaoerError` naming a placeholder that has no value: a reply never has a
    hole.
    """
    missing = placeholders(template) - values.keys()
    if missing:
        raise XiaoerError(
            f"The reply needs {sorted(missing)}, which nothing has yielded.", mend=f"Template: {template}"
        )
    return PLACEHOLDER.sub(lambda match: values[match[1]], template)
