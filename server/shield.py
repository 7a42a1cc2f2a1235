"""What surrounds every request: its id, the size limit, security headers, the count and one line in the log.

Plain ASGI, so that an event stream passes through without being held back.
"""

from __future__ import annotations

import re
import secrets
import time

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.metrics import Metrics

log = structlog.get_logger("server")

MAX_BODY = 64 * 1024
"""Bytes; the longest message is a few thousand characters."""
MAX_UPLOAD = 8 * 1024 * 1024 + MAX_BODY
"""Bytes of a request that sends one file."""
MAX_DOCUMENT = 16 * 1024 * 1024
"""Bytes of a document that a supervisor sends."""
_UPLOAD = re.compile(r"/v1/conversations/[^/]+/files")
_DOCUMENT = "/v1/desk/documents/files"

CLOSED_CSP = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def page_csp(frame_ancestors: str = "'none'") -> str:
    """The policy of our own pages: scripts, styles and connections of this origin, nothing inline or third-party."""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        f"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors {frame_ancestors}"
    )


class Shield:
    """Wraps the app. Headers a route has set itself are kept."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = secrets.token_hex(8)
        started = time.monotonic()
        status = 500

        async def counted_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _protect(MutableHeaders(scope=message), request_id)
                self._count(scope, status, time.monotonic() - started)
            await send(message)

        with structlog.contextvars.bound_contextvars(request=request_id):
            await self._app(scope, limited(scope, receive), counted_send)
            log.info(
                "request",
                method=scope["method"],
                route=_route(scope),
                status=status,
                ms=round((time.monotonic() - started) * 1000, 1),
            )

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        route = _route(scope)
        self._metrics.requests.labels(scope["method"], route, str(status)).inc()
        self._metrics.seconds.labels(route).observe(seconds)


def limited(scope: Scope, receive: Receive) -> Receive:
    """`receive` that refuses with 413 a body above its limit, declared or not."""
    most = _most(scope["path"])
    declared = Headers(scope=scope).get("content-length", "0")
    too_large = declared.isdigit() and int(declared) > most
    taken = 0

    async def counted() -> Message:
        nonlocal taken
        if too_large:
            raise HTTPException(413)
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > most:
            raise HTTPException(413)
        return message

    return counted


def _most(path: str) -> int:
    if path == _DOCUMENT:
        return MAX_DOCUMENT + MAX_BODY
    return MAX_UPLOAD if _UPLOAD.fullmatch(path) else MAX_BODY


def _protect(headers: MutableHeaders, request_id: str) -> None:
    headers["X-Request-ID"] = request_id
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
    headers.setdefault("Content-Security-Policy", CLOSED_CSP)
    headers.setdefault("Cache-Control", "no-store")


def _route(scope: Scope) -> str:
    """The route's template, never the path itself, which may hold an id."""
    return getattr(scope.get("route"), "path", None) or "none"
