"""At every instant one version of a document holds at most, whatever the order in which they were published."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.clauses import SHANGHAI, Policy, Window
from knowledge.supersession import Published, in_time

DAY = timedelta(days=1)
ZERO = datetime(2026, 1, 1, tzinfo=SHANGHAI)


def version(
    number: int, start: int | None, end: int | None = None, *, order: int | None = None, **more: object
) -> Published:
    window = Window(None if start is None else ZERO + start * DAY, None if end is None else ZERO + end * DAY)
    policy = Policy(id="a", version=str(number), title="t", lang="zh", text="x", window=window, **more)
    return Published(policy, number)


def holding(published: list[Published], day: int) -> list[str]:
    at = ZERO + day * DAY
    return [policy.version for policy in in_time(published) if not policy.undated and policy.window.contains(at)]


@pytest.mark.parametrize(
    ("published", "day", "holds"),
    [
        ([version(1, 0), version(2, 10)], 9, ["1"]),
        ([version(1, 0), version(2, 10)], 10, ["2"]),
        ([version(1, 10), version(2, 0)], 5, ["2"]),
        ([version(1, 10), version(2, 0)], 10, ["1"]),
        ([version(1, 0), version(2, 0)], 0, ["2"]),
        ([version(1, None), version(2, None)], 0, ["2"]),
        ([version(1, None), version(2, 10)], 9, ["1"]),
        ([version(1, 0), version(2, None)], 0, ["2"]),
        ([version(1, 0, 5), version(2, 10)], 7, []),
        ([version(1, 10, as_found=True), version(2, 0, as_found=True)], 20, ["2"]),
        ([version(1, None, undated=True), version(2, 0)], 0, ["2"]),
        ([version(1, 0), version(2, 10), version(3, 5)], 7, ["3"]),
        ([version(1, 0), version(2, 10), version(3, 5)], 12, ["2"]),
    ],
)
def test_the_version_that_holds_is_the_one_that_began_last(
    published: list[Published], day: int, holds: list[str]
) -> None:
    assert holding(published, day) == holds


def test_an_undated_version_is_not_left_beside_a_newer_one() -> None:
    found = in_time([version(1, None, undated=True), version(2, None, undated=True)])
    assert [policy.undated for policy in found] == [False, True]
    assert found[0].window.start == found[0].window.end


def test_another_document_may_end_one() -> None:
    other = Policy(id="b", version="1", title="t", lang="zh", text="x", window=Window(ZERO + 5 * DAY, None))
    ends_it = Published(replace(other, supersedes="a"), 2)
    assert holding([version(1, 0), ends_it], 4) == ["1"]
    assert in_time([version(1, 0), ends_it])[0].window.end == ZERO + 5 * DAY
    in_english = Published(replace(other, supersedes="a", lang="en"), 3)
    assert in_time([version(1, 0), in_english])[0].window.end is None


@given(
    st.lists(st.tuples(st.one_of(st.none(), st.integers(0, 20)), st.booleans()), min_size=1, max_size=6),
    st.integers(-1, 25),
    st.booleans(),
)
@settings(max_examples=150)
def test_never_two_at_once_and_never_outside_its_own_window(
    given_versions: list[tuple[int | None, bool]], day: int, found: bool
) -> None:
    published = [
        version(number, None if undated else start, undated=undated, as_found=found)
        for number, (start, undated) in enumerate(given_versions, start=1)
    ]
    held = holding(published, day)
    assert len(held) <= 1
    own = {each.policy.version: each.policy.window for each in published}
    assert all(own[name].contains(ZERO + day * DAY) for name in held)
