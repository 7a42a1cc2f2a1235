"""DT-01 twice: the Python that selects versions, and the table that can be cited. They may never differ."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.clauses import SHANGHAI, Window
from knowledge.govern import Point, Rule, judge
from tests.knowledge.shipped_pack import decide, instant

EDGE = datetime(2026, 1, 1, tzinfo=SHANGHAI)
MOMENTS = st.sampled_from([EDGE + timedelta(seconds=step) for step in (-86400, -1, 0, 1, 86400, 172800)])
NAMES = st.frozensets(st.sampled_from(["taobao", "tmall", "jd"]), max_size=2)
REGIONS = st.frozensets(st.sampled_from(["shanghai", "beijing"]), max_size=1)
WINDOWS = st.builds(Window, st.one_of(st.none(), MOMENTS), st.one_of(st.none(), MOMENTS))
RULES = st.builds(
    Rule,
    platforms=NAMES,
    regions=REGIONS,
    window=WINDOWS,
    basis=st.sampled_from(["event", "pending_case"]),
    dated=st.booleans(),
    gate_open=st.booleans(),
    less_than_statute=st.booleans(),
    less_than_promise=st.booleans(),
)
POINTS = st.builds(
    Point,
    event_at=MOMENTS,
    decided_at=MOMENTS,
    platform=st.sampled_from([None, "taobao", "jd"]),
    region=st.sampled_from([None, "shanghai", "guangdong"]),
    concluded_at=st.one_of(st.none(), MOMENTS),
    region_matters=st.booleans(),
)


def by_table(rule: Rule | None, point: Point) -> str:
    rule_facts = rule or Rule()
    return decide(
        "DT-01",
        {
            "rule_exists": rule is not None,
            "rule_platforms": sorted(rule_facts.platforms),
            "platform": point.platform,
            "rule_regions": sorted(rule_facts.regions),
            "region": point.region,
            "region_matters": point.region_matters,
            "rule_dated": rule_facts.dated,
            "rule_basis": rule_facts.basis,
            "rule_start": rule_facts.window.start,
            "rule_end": rule_facts.window.end,
            "event_at": point.event_at,
            "decided_at": point.decided_at,
            "concluded_at": point.concluded_at,
            "rule_gate_open": rule_facts.gate_open,
            "less_than_statute": rule_facts.less_than_statute,
            "less_than_promise": rule_facts.less_than_promise,
        },
        platform=None,
    ).code


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.none(), RULES), POINTS)
def test_the_table_and_the_python_select_alike(rule: Rule | None, point: Point) -> None:
    assert by_table(rule, point) == judge(rule, point)


JANUARY = Window(EDGE, datetime(2026, 2, 1, tzinfo=SHANGHAI))


@pytest.mark.parametrize(
    ("rule", "point", "code"),
    [
        (None, Point(EDGE, EDGE), "DEFAULT"),
        (Rule(platforms=frozenset({"jd"})), Point(EDGE, EDGE, platform="taobao"), "DROP_PLATFORM"),
        (Rule(platforms=frozenset({"jd"})), Point(EDGE, EDGE), "DROP_PLATFORM"),
        (Rule(regions=frozenset({"shanghai"})), Point(EDGE, EDGE, region="beijing"), "DROP_REGION"),
        (Rule(regions=frozenset({"shanghai"})), Point(EDGE, EDGE), "DROP_REGION"),
        (Rule(regions=frozenset({"shanghai"})), Point(EDGE, EDGE, region_matters=True), "ASK(region)"),
        (Rule(dated=False), Point(EDGE, EDGE), "HUMAN(rule_date_unknown)"),
        (Rule(window=JANUARY), Point(EDGE - timedelta(seconds=1), EDGE), "NOT_IN_FORCE"),
        (Rule(window=JANUARY), Point(EDGE, EDGE), "USE_RULE"),
        (Rule(window=JANUARY), Point(instant("2026-01-31 23:59:59"), EDGE), "USE_RULE"),
        (Rule(window=JANUARY), Point(instant("2026-02-01 00:00:00"), EDGE), "NOT_IN_FORCE"),
        (Rule(window=JANUARY), Point(EDGE, instant("2026-03-01 00:00:00")), "USE_OLD_VERSION"),
        (Rule(window=JANUARY, basis="pending_case"), Point(instant("2025-12-01 00:00:00"), EDGE), "USE_NEW_VERSION"),
        (
            Rule(window=JANUARY, basis="pending_case"),
            Point(instant("2025-12-01 00:00:00"), EDGE, concluded_at=instant("2025-12-31 23:59:59")),
            "NOT_IN_FORCE",
        ),
        (Rule(gate_open=False), Point(EDGE, EDGE), "DROP_GATED"),
        (Rule(less_than_statute=True), Point(EDGE, EDGE), "LAW_FLOOR"),
        (Rule(less_than_promise=True), Point(EDGE, EDGE), "PROMISE"),
    ],
)
def test_each_row_of_the_selection(rule: Rule | None, point: Point, code: str) -> None:
    assert judge(rule, point) == code
    assert by_table(rule, point) == code
