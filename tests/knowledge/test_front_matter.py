"""The head of a policy file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.clauses import SHANGHAI, Window
from knowledge.errors import FrontMatterError
from knowledge.front_matter import body_start, has_front_matter, instant, parse_policy

HEAD = """---
id: shop/returns
version: "2024-07"
title: 退货
lang: zh
level: platform
platforms: [taobao, tmall]
effective: [2024-07-01, 2024-08-01 09:30]
temporal_basis: pending_case
status: announced
source: 店铺规则
supersedes: shop/returns@2023
content_date: 2024-06-30
---
# 退货
"""


def test_every_field_is_read() -> None:
    policy = parse_policy(HEAD, Path("p/returns.md"))
    assert (policy.key, policy.title, policy.lang, policy.level) == ("shop/returns@2024-07", "退货", "zh", "platform")
    assert policy.scope.platforms == {"taobao", "tmall"}
    assert policy.scope.regions == frozenset()
    assert policy.window == Window(datetime(2024, 7, 1, tzinfo=SHANGHAI), datetime(2024, 8, 1, 9, 30, tzinfo=SHANGHAI))
    assert (policy.temporal_basis, policy.status, policy.content_date) == ("pending_case", "announced", "2024-06-30")
    assert policy.text == HEAD
    assert HEAD[body_start(HEAD) :] == "# 退货\n"


def test_an_unknown_window_is_marked_undated() -> None:
    policy = parse_policy("---\nid: a/b\nversion: '1'\ntitle: t\nlang: en\neffective: unknown\n---\n", "a.md")
    assert policy.undated
    assert policy.window == Window()


@pytest.mark.parametrize(
    ("line", "replacement", "says", "where"),
    [
        ("lang: zh", "lang: jp", "not one of zh, en", 5),
        ("lang: zh", "", "`lang` is missing", 2),
        ("level: platform", "levle: platform", "Did you mean `level`?", 6),
        ("platforms: [taobao, tmall]", "platforms: {a: b}", "list of names", 7),
        ("effective: [2024-07-01, 2024-08-01 09:30]", "effective: [2024-07-01, 2024-07-01]", "ends before", 8),
        ("effective: [2024-07-01, 2024-08-01 09:30]", "effective: [soon, null]", "not a date", 8),
        ("source: 店铺规则", "source: [1", "not YAML", 12),
        ("title: 退货", "title: 退货\ntitle: 换货", "not YAML", 5),
        ('version: "2024-07"', "version: 2024.0", "must be text", 3),
        ("id: shop/returns", "id: Shop Returns", "family/slug", 2),
    ],
)
def test_a_fault_names_its_line(line: str, replacement: str, says: str, where: int) -> None:
    with pytest.raises(FrontMatterError, match=says) as caught:
        parse_policy(HEAD.replace(line, replacement), "p/returns.md")
    assert caught.value.where == f"p/returns.md:{where}"


def test_a_file_without_a_head_is_refused() -> None:
    assert not has_front_matter("# title\n---\n")
    with pytest.raises(FrontMatterError, match="does not open"):
        parse_policy("# title\n---\n", "a.md")


def test_twenty_four_hundred_is_the_next_midnight() -> None:
    assert instant("2020-03-31 24:00") == datetime(2020, 4, 1, tzinfo=SHANGHAI)


@given(st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2090, 1, 1)))  # noqa: DTZ001 - the zone is what is tested
def test_an_instant_with_a_zone_keeps_its_moment(moment: datetime) -> None:
    aware = moment.replace(microsecond=0, tzinfo=UTC)
    assert instant(aware.isoformat()) == aware
    assert instant(aware.replace(tzinfo=None).isoformat()) == aware.replace(tzinfo=SHANGHAI)
