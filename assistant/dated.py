"""Instants of shop data that are written relative to an injected now, so that a demo shop never grows old.

`-3d4h` is three days and four hours ago, `+2d` in two days, `-90m` ninety minutes ago, `-2d@10:30` half past ten in
Shanghai on the day before yesterday; `0d@24:00` is the end of today. An ISO date or instant is taken as it stands.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from knowledge.clauses import SHANGHAI
from knowledge.errors import XiaoerError

_RELATIVE = re.compile(r"(?P<sign>[+-]?)(?:(?P<d>\d+)d)?(?:(?P<h>\d+)h)?(?:(?P<m>\d+)m)?(?:@(?P<at>\d{1,2}:\d{2}))?")


def instant_of(text: str, now: datetime) -> datetime:
    """The instant `text` means at `now`, in Asia/Shanghai.

    Raises `XiaoerError` when it is neither relative nor ISO, or when hours stand together with `@hh:mm`.
    """
    match = _RELATIVE.fullmatch(text.strip())
    if match and any(match[part] for part in "dhm"):
        return _relative(match, text, now.astimezone(SHANGHAI))
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise XiaoerError(
            f"`{text}` is not an instant.", mend="Write e.g. -3d4h, -2d@10:30, +5d or 2026-11-01T10:30:00+08:00."
        ) from error
    return at.replace(tzinfo=SHANGHAI) if at.tzinfo is None else at.astimezone(SHANGHAI)


def _relative(match: re.Match[str], text: str, now: datetime) -> datetime:
    days, hours, minutes = (int(match[part] or 0) for part in "dhm")
    sign = -1 if match["sign"] == "-" else 1
    if match["at"] is None:
        return now + sign * timedelta(days=days, hours=hours, minutes=minutes)
    hour, minute = (int(part) for part in match["at"].split(":"))
    if match["h"] or match["m"] or hour > 24 or minute > 59 or (hour == 24 and minute):
        raise XiaoerError(f"`{text}` is not an instant.", mend="Before @ only days may stand, after it hh:mm to 24:00.")
    start = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return start + sign * timedelta(days=days) + timedelta(hours=hour, minutes=minute)


def with_instants(row: dict[str, Any], names: frozenset[str], now: datetime) -> dict[str, Any]:
    """`row` with the text under each of `names`, at any depth, turned into an instant."""
    return {key: _at(value, key in names, names, now) for key, value in row.items()}


def _at(value: Any, dated: bool, names: frozenset[str], now: datetime) -> Any:
    if isinstance(value, dict):
        return with_instants(value, names, now)
    if isinstance(value, list):
        return [_at(item, dated, names, now) for item in value]
    return instant_of(value, now) if dated and isinstance(value, str) else value


def refuse_twice(ids: Sequence[str], what: str) -> None:
    """Raises `XiaoerError` that names an id standing more than once."""
    twice = [name for name, count in Counter(ids).items() if count > 1]
    if twice:
        raise XiaoerError(f"The {what} {twice[0]} stands twice.", mend=f"Give each {what} once.")
