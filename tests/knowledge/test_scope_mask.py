"""The bit arrays say what `Scope.covers` and `Window.contains` say."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from knowledge.clauses import SHANGHAI, Place, Policy, Scope, Window
from knowledge.scope_mask import ScopeMask

START = datetime(2020, 1, 1, tzinfo=SHANGHAI)
NAMES = st.frozensets(st.sampled_from(["a", "b", "c"]), max_size=2)
EDGE = st.none() | st.integers(0, 20).map(lambda days: START + timedelta(days=days))
VALUE = st.none() | st.sampled_from(["a", "b", "z"])


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    status = draw(st.sampled_from(["in_force", "announced", "draft", "contested", "history"]))
    return Policy(
        id="shop/x",
        version="1",
        title="",
        lang="zh",
        text="",
        scope=Scope(draw(NAMES), draw(NAMES), draw(NAMES), draw(NAMES), draw(NAMES)),
        window=Window(draw(EDGE), draw(EDGE)),
        status=status,
        undated=draw(st.booleans()),
    )


@given(
    st.lists(policies(), max_size=8),
    st.builds(Place, VALUE, VALUE, VALUE, VALUE, st.sampled_from(["customer", "agent"])),
    st.integers(0, 20),
    st.booleans(),
)
def test_the_mask_equals_the_slow_rule(found: list[Policy], place: Place, days: int, undated: bool) -> None:
    at = START + timedelta(days=days)
    mask = ScopeMask(found).allowed(at, place, include_undated=undated)
    assert mask.tolist() == [
        policy.scope.covers(place)
        and policy.window.contains(at)
        and policy.status != "draft"
        and (undated or not policy.undated)
        for policy in found
    ]
