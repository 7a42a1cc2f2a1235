from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from assistant.settings import Settings


def test_every_default_works_offline_and_without_a_model() -> None:
    settings = Settings()
    assert settings.model is None
    assert settings.directory("demo") == Path(".xiaoer/demo")


def test_the_environment_is_read_under_its_prefix_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "1")
    monkeypatch.setenv("XIAOER_PORT", "9001")
    monkeypatch.setenv("XIAOER_ALLOWED_ORIGINS", "https://a.example, https://b.example:8443")
    settings = Settings()
    assert settings.port == 9001
    assert settings.allowed_origins == ("https://a.example", "https://b.example:8443")


def test_an_argument_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XIAOER_PORT", "9001")
    assert Settings(port=9002).port == 9002


@pytest.mark.parametrize(
    "origin", ["*", "a.example", "https://a.example/", "https://a.example;script-src *", "file://x"]
)
def test_what_is_not_an_origin_is_refused(origin: str) -> None:
    with pytest.raises(ValidationError, match="not an origin"):
        Settings(allowed_origins=(origin,))


def test_a_signing_key_has_at_least_32_bytes() -> None:
    assert Settings(jwt_key=SecretStr("k" * 32)).jwt_key is not None
    with pytest.raises(ValidationError, match="32 bytes"):
        Settings(jwt_key=SecretStr("k" * 31))


def test_secrets_do_not_show_in_a_printed_settings_object() -> None:
    shown = repr(Settings(jwt_key=SecretStr("s3cret" * 8), api_key=SecretStr("sk-123")))
    assert "s3cret" not in shown
    assert "sk-123" not in shown


def test_open_demo_sign_in_needs_a_loopback_address() -> None:
    assert Settings(demo=True, host="127.0.0.1").demo_open
    assert not Settings(demo=True, host="0.0.0.0").demo_open
    assert not Settings(demo=False, host="127.0.0.1").demo_open


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({"now": "2026-01-05T11:30:00"})
