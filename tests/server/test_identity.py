from __future__ import annotations

import contextlib
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from assistant.clock import FixedClock
from assistant.settings import Settings
from server.identity import CUSTOMER_TTL, Tokens, load_key
from server.problems import Unauthenticated

KEY = b"k" * 32
NOW = datetime(2026, 1, 5, 11, 30, tzinfo=UTC)


def tokens(clock: FixedClock | None = None, *, key: bytes = KEY, shop: str = "demo") -> Tokens:
    return Tokens(key, shop=shop, clock=clock or FixedClock(NOW))


def test_a_customer_token_names_its_customer_until_the_second_it_expires() -> None:
    clock = FixedClock(NOW)
    ours = tokens(clock)
    token = ours.customer("c1").token
    clock.advance(CUSTOMER_TTL - timedelta(seconds=1))
    assert ours.read_visitor(token).subject == "c1"
    clock.advance(timedelta(seconds=1))
    with pytest.raises(Unauthenticated):
        ours.read_visitor(token)


def test_a_guest_is_known_as_one_and_no_two_are_the_same() -> None:
    ours = tokens()
    first, second = (ours.read_visitor(ours.guest().token) for _ in range(2))
    assert first.guest
    assert first != second
    assert not ours.read_visitor(ours.customer("c1").token).guest


def test_a_token_of_another_shop_audience_or_key_is_refused() -> None:
    ours = tokens()
    for token in (
        tokens(shop="other").customer("c1").token,
        tokens(key=b"x" * 32).customer("c1").token,
        ours.colleague("小周", "agent").token,
    ):
        with pytest.raises(Unauthenticated):
            ours.read_visitor(token)
    with pytest.raises(Unauthenticated):
        ours.read_colleague(ours.customer("c1").token)


@pytest.mark.parametrize("algorithm", ["none", "HS512"])
def test_only_the_one_algorithm_counts(algorithm: str) -> None:
    claims = {"iss": "xiaoer", "aud": "customer", "sub": "c1", "shop": "demo", "exp": NOW + timedelta(hours=1)}
    key = "" if algorithm == "none" else b"k" * 64
    token = jwt.encode(claims, key, algorithm=algorithm)
    with pytest.raises(Unauthenticated):
        tokens(key=b"k" * 64).read_visitor(token)


@pytest.mark.parametrize("missing", ["iss", "aud", "sub", "shop", "exp"])
def test_a_token_without_one_of_its_claims_is_refused(missing: str) -> None:
    claims = {"iss": "xiaoer", "aud": "customer", "sub": "c1", "shop": "demo", "exp": NOW + timedelta(hours=1)}
    del claims[missing]
    with pytest.raises(Unauthenticated):
        tokens().read_visitor(jwt.encode(claims, KEY, algorithm="HS256"))


@given(st.text(max_size=80), st.integers(0, 200))
def test_a_token_that_was_touched_or_made_up_is_refused(noise: str, at: int) -> None:
    ours = tokens()
    good = ours.customer("c1").token
    touched = good[:at] + noise + good[at + 1 :]
    for token in (noise, touched):
        if token == good:
            continue
        with contextlib.suppress(Unauthenticated):
            # base64 has spare bits: the same bytes may be spelled otherwise, but never another subject
            assert ours.read_visitor(token).subject == "c1"


def test_the_key_is_made_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    first = load_key(Settings(), tmp_path)
    assert len(first) >= 32
    assert load_key(Settings(), tmp_path) == first
    assert stat.S_IMODE((tmp_path / "jwt.key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["jwt.key"]


def test_a_key_in_the_settings_wins_and_writes_nothing(tmp_path: Path) -> None:
    assert load_key(Settings(jwt_key=SecretStr("s" * 40)), tmp_path) == b"s" * 40
    assert list(tmp_path.iterdir()) == []


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Tokens(b"short", shop="demo", clock=FixedClock(NOW))
