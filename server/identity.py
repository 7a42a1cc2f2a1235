"""Who is asking: signed tokens for customers, guests and the people at the desk.

A token is a JWT (RFC 7519) signed with HS256 and bound to one audience and one shop. The shop's own back end may sign
its customers in with the same key. A guest may ask about products and policies; orders need a signed-in customer.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, cast

import jwt

from assistant.approvals import Role, Signer
from assistant.clock import Clock
from assistant.settings import MIN_KEY_BYTES, Settings
from server.problems import Unauthenticated

ISSUER = "xiaoer"
ALGORITHM = "HS256"
GUEST = "guest:"
CUSTOMER_TTL = timedelta(hours=12)
GUEST_TTL = timedelta(hours=4)
DESK_TTL = timedelta(hours=10)

Audience = Literal["customer", "desk"]


@dataclass(frozen=True, slots=True)
class Visitor:
    """A signed-in customer or a guest. `subject` owns the conversations it opens."""

    subject: str

    @property
    def guest(self) -> bool:
        return self.subject.startswith(GUEST)


@dataclass(frozen=True, slots=True)
class Colleague:
    """A person at the desk."""

    name: str
    role: Role

    @property
    def signer(self) -> Signer:
        """The person as approvals and the ledger name them."""
        return Signer(name=self.name, role=self.role)


@dataclass(frozen=True, slots=True)
class Issued:
    token: str
    expires_at: datetime


def load_key(settings: Settings, directory: Path) -> bytes:
    """The signing key: from the settings, else from `directory/jwt.key`, made at the first start (mode 0600)."""
    if settings.jwt_key is not None:
        return settings.jwt_key.get_secret_value().encode()
    path = directory / "jwt.key"
    directory.mkdir(parents=True, exist_ok=True)
    # two processes may start at once: the file is written whole under another name, and the first link wins
    draft = directory / f"jwt.key.{secrets.token_hex(8)}"
    if not path.exists():
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(MIN_KEY_BYTES))
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    key = path.read_bytes().strip()
    if len(key) < MIN_KEY_BYTES:
        raise Unauthenticated(f"{path} holds fewer than {MIN_KEY_BYTES} bytes.", mend="Delete it and start again.")
    return key


class Tokens:
    """Makes and reads the tokens of one shop. `clock` is the machine's: a replayed shop day must not revive a token."""

    def __init__(self, key: bytes, *, shop: str, clock: Clock) -> None:
        if len(key) < MIN_KEY_BYTES:
            raise ValueError(f"HS256 needs a key of at least {MIN_KEY_BYTES} bytes")
        self._key = key
        self._shop = shop
        self._clock = clock

    def customer(self, customer_id: str) -> Issued:
        return self._issue("customer", customer_id, CUSTOMER_TTL)

    def guest(self) -> Issued:
        return self._issue("customer", GUEST + secrets.token_urlsafe(18), GUEST_TTL)

    def colleague(self, name: str, role: Role) -> Issued:
        return self._issue("desk", name, DESK_TTL, role=role)

    def read_visitor(self, token: str) -> Visitor:
        """The customer or guest a token names. Raises `Unauthenticated`."""
        return Visitor(cast(str, self._read(token, "customer")["sub"]))

    def read_colleague(self, token: str) -> Colleague:
        """The person at the desk a token names. Raises `Unauthenticated`."""
        claims = self._read(token, "desk")
        role = claims.get("role")
        if role not in ("agent", "supervisor", "legal"):
            raise Unauthenticated("The token names no role of the desk.")
        return Colleague(cast(str, claims["sub"]), role)

    def _issue(self, audience: Audience, subject: str, ttl: timedelta, **more: str) -> Issued:
        expires_at = (self._clock.now().astimezone(UTC) + ttl).replace(microsecond=0)
        claims = {"iss": ISSUER, "aud": audience, "sub": subject, "shop": self._shop, "exp": expires_at, **more}
        return Issued(jwt.encode(claims, self._key, algorithm=ALGORITHM), expires_at)

    def _read(self, token: str, audience: Audience) -> dict[str, object]:
        # expiry is checked below against the injected clock, with no leeway
        try:
            claims: dict[str, object] = jwt.decode(
                token,
                self._key,
                algorithms=[ALGORITHM],
                audience=audience,
                issuer=ISSUER,
                options={"require": ["iss", "aud", "sub", "exp", "shop"], "verify_exp": False, "verify_iat": False},
            )
        except jwt.InvalidTokenError as error:
            raise Unauthenticated("The token is not one of ours.") from error
        exp, subject = claims["exp"], claims["sub"]
        if not isinstance(exp, int | float) or isinstance(exp, bool) or exp <= self._clock.now().timestamp():
            raise Unauthenticated("The token has expired.")
        if claims["shop"] != self._shop or claims["aud"] != audience or not subject:
            raise Unauthenticated("The token was made for another shop or audience.")
        return claims
