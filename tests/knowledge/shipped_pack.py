"""The shipped parent pack, compiled once, for the tests of its tables."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache

from knowledge.clauses import SHANGHAI, Place
from knowledge.decide import PolicySet
from knowledge.decision import Decision, FactValue
from knowledge.pack import load_pack

TODAY = datetime(2026, 11, 20, 12, 0, tzinfo=SHANGHAI)


@cache
def shipped() -> PolicySet:
    return PolicySet(load_pack("cn_retail"))


def decide(
    table: str, facts: Mapping[str, FactValue], *, platform: str | None = "taobao", at: datetime = TODAY
) -> Decision:
    """Decide by the shipped pack; `platform` is where the order stands and, unless it is None, also a fact."""
    known: dict[str, FactValue] = {"platform": platform, **facts} if platform else dict(facts)
    return shipped().decide(table, known, at=at, place=Place(platform=platform))


def instant(text: str) -> datetime:
    """`2020-02-09 23:59:59` on the trade's clock."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)
