from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.dated import instant_of, with_instants
from knowledge.clauses import SHANGHAI
from knowledge.errors import XiaoerError
from tests.assistant.demo_shop import NOW


def test_a_duration_counts_back_from_now() -> None:
    assert instant_of("-3d4h", NOW) == NOW - timedelta(days=3, hours=4)
    assert instant_of("-90m", NOW) == NOW - timedelta(minutes=90)
    assert instant_of("+2d", NOW) == instant_of("2d", NOW) == NOW + timedelta(days=2)


def test_a_calendar_day_with_a_time_is_meant_in_shanghai() -> None:
    midnight_utc = datetime.fromisoformat("2026-11-21T17:00:00+00:00")  # 01:00 of the 22nd in Shanghai
    assert instant_of("-2d@10:30", midnight_utc).isoformat() == "2026-11-20T10:30:00+08:00"


def test_24_00_is_the_start_of_the_next_day() -> None:
    assert instant_of("0d@24:00", NOW).isoformat() == "2026-11-23T00:00:00+08:00"


def test_an_iso_instant_stands_as_it_is_and_a_bare_date_is_shanghai_midnight() -> None:
    assert instant_of("2026-11-01T10:30:00+00:00", NOW).isoformat() == "2026-11-01T18:30:00+08:00"
    assert instant_of("2026-11-01", NOW) == datetime(2026, 11, 1, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    "text", ["", "yesterday", "-", "+", "-d", "3", "-2d4h@10:30", "-2d@25:00", "-1d@24:01", "@10:00"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(XiaoerError, match="not an instant"):
        instant_of(text, NOW)


@given(st.integers(0, 400), st.integers(0, 23), st.integers(0, 59))
def test_a_calendar_day_is_that_many_dates_away(days: int, hour: int, minute: int) -> None:
    at = instant_of(f"-{days}d@{hour:02d}:{minute:02d}", NOW)
    assert (NOW.date() - at.date()).days == days
    assert (at.hour, at.minute) == (hour, minute)


def test_only_the_named_fields_become_instants_at_any_depth() -> None:
    row = {"at": "-1d", "note": "-1d", "scans": [{"at": "-2d", "place": "-3d"}]}
    read = with_instants(row, frozenset({"at"}), NOW)
    assert read["note"] == "-1d"
    assert read["scans"][0] == {"at": NOW - timedelta(days=2), "place": "-3d"}
