"""Times for a visit: what customers say, what can be booked, and how it is said back."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.visits import (
    DAYS_AHEAD,
    PARTS,
    Window,
    calls_off,
    offered,
    read_window,
    service_in,
    tells_of_no_show,
    words_of,
)
from knowledge.clauses import SHANGHAI

NOW = datetime(2026, 11, 22, 10, tzinfo=SHANGHAI)  # a Sunday


@pytest.mark.parametrize(
    ("said", "window"),
    [
        ("明天上午来取", "2026-11-23 09-12"),
        ("后天下午三点可以吗", "2026-11-24 14-18"),
        ("后天下午3点可以吗", "2026-11-24 14-18"),
        ("周二下午", "2026-11-24 14-18"),
        ("下周六晚上8点", "2026-11-28 19-21"),
        ("周末上午", "2026-11-28 09-12"),
        ("11月24日（周二）上午 9:00–12:00", "2026-11-24 09-12"),
        ("24号下午吧", "2026-11-24 14-18"),
        ("3号上午", "2026-12-03 09-12"),
        ("tomorrow morning please", "2026-11-23 09-12"),
        ("Saturday afternoon", "2026-11-28 14-18"),
        ("Tue 24 Nov, evening 19:00–21:00", "2026-11-24 19-21"),
        ("2026-11-25 14-18", "2026-11-25 14-18"),
        ("今天下午", None),
        ("昨天上午", None),
        ("明天", None),
        ("上午", None),
        ("1月15日上午", None),
        ("随便什么时候", None),
        ("2026-11-25 13-15", None),
    ],
)
def test_a_time_for_a_visit_is_read_as_it_is_meant(said: str, window: str | None) -> None:
    found = read_window(said, NOW)
    assert (str(found) if found else None) == window


@given(st.integers(1, DAYS_AHEAD), st.integers(0, len(PARTS) - 1), st.integers(0, 800))
def test_every_window_is_read_back_from_its_words_in_both_languages(ahead: int, part: int, later: int) -> None:
    now = NOW + timedelta(days=later)
    window = Window((now + timedelta(days=ahead)).date(), part)
    assert read_window(str(window), now) == window
    for lang in ("zh", "en"):
        assert words_of(str(window), lang) == window.words(lang)
        assert read_window(window.words(lang), now) == window
    assert now < window.start < window.end


@given(st.text(max_size=40))
def test_any_words_give_a_window_that_can_be_booked_or_none(text: str) -> None:
    window = read_window(text, NOW)
    assert window is None or 1 <= (window.day - NOW.date()).days <= DAYS_AHEAD


def test_offered_windows_begin_tomorrow_and_come_in_order() -> None:
    windows = offered(NOW)
    assert windows == sorted(windows)
    assert [str(each) for each in windows] == ["2026-11-23 09-12", "2026-11-23 14-18", "2026-11-24 09-12"]
    assert words_of("soon", "zh") is None
    assert words_of(None, "en") is None


@pytest.mark.parametrize(
    ("said", "service"),
    [
        ("能上门取件吗", "pickup_return"),
        ("约个师傅上门维修", "repair"),
        ("支持上门换新吗", "swap"),
        ("冰箱什么时候上门安装", "deliver_install"),
        ("Can you pick up the return from my home", "pickup_return"),
        ("book an installation", "deliver_install"),
        ("可以上门吗", None),
    ],
)
def test_the_service_at_the_door_is_told_by_its_words(said: str, service: str | None) -> None:
    assert service_in(said) == service


def test_a_visit_is_called_off_only_by_words_that_say_so() -> None:
    assert calls_off("预约的取件取消")
    assert calls_off("改一下上门时间")
    assert calls_off("取件改到周四上午")
    assert calls_off("cancel the pickup appointment")
    assert not calls_off("预约明天上门取件")
    assert tells_of_no_show("约好的师傅没来")
    assert tells_of_no_show("the pickup courier didn't show up")
    assert not tells_of_no_show("师傅几点来")
