"""The HTTP application: routes over one `Assistant`, built when the server starts and closed when it stops."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, TypeAlias

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from assistant.clock import SystemClock
from assistant.settings import Settings
from server import (
    authority,
    content_routes,
    conversations,
    decision_routes,
    demo,
    desk,
    document_routes,
    files,
    health,
    knowledge_routes,
    pages,
    problems,
    ticker,
    tickets,
)
from server.front import Front, State
from server.identity import Tokens, load_key
from server.library import open_library
from server.limits import Buckets
from server.metrics import Metrics
from server.shield import Shield
from server.stream import Hub
from server.turns import Turns

if TYPE_CHECKING:
    from assistant.after_sale import AfterSale
    from assistant.content_report import Content
    from assistant.turn import Assistant

DESCRIPTION = """A shop assistant whose every promise is lawful, cited and within its authority.

Customers carry a bearer token (JWT, audience `customer`), people at the desk one of audience `desk` or its cookie. A
message is on record before the request is answered; what follows arrives as server-sent events, resumable by
`Last-Event-ID`. Money is an integer in fen. Errors are RFC 9457 problem details in Chinese or English."""


ROUTED = (
    *(conversations, knowledge_routes, desk, authority, decision_routes, health, tickets, files),
    *(content_routes, document_routes),
)


class Described(FastAPI):
    """An application whose OpenAPI document also holds the problem details that its routes refer to."""

    def openapi(self) -> dict[str, Any]:
        document = super().openapi()
        schemas: dict[str, Any] = document.setdefault("components", {}).setdefault("schemas", {})
        schemas.setdefault("Problem", problems.Problem.model_json_schema())
        return document


Opening: TypeAlias = Callable[[Settings], Awaitable["Assistant"]]


def create_app(settings: Settings, opening: Opening | None = None) -> FastAPI:
    """The application for `settings`. At its start it opens its assistant with `opening`, else from the settings alone.

    Whoever serves it calls `drain(app)` before it stops.
    """
    hub = Hub()
    metrics = Metrics(hub)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[State]:
        engine = await (opening or _open)(settings)
        # before anybody is connected: what a kill left open is in the log when clients come back for it
        await engine.recover()
        turns = Turns(engine, hub, metrics)
        directory = settings.directory(engine.profile.key)
        # the machine's clock, also when the shop's is set: a replayed day must not revive an expired token
        tokens = Tokens(load_key(settings, directory), shop=engine.profile.key, clock=SystemClock())
        front = Front(
            after_sale=_after_sale(engine, settings),
            content=_content(engine, settings),
            library=open_library(engine, settings),
            settings=settings,
            assistant=engine,
            tokens=tokens,
            hub=hub,
            turns=turns,
            metrics=metrics,
            requests=_buckets(settings.requests_per_minute),
            messages=_buckets(settings.messages_per_minute),
        )
        app.state.front = front
        clockwork = asyncio.create_task(ticker.run(front, settings.sweep_s))
        try:
            yield {"front": front}
        finally:
            await drain(app)
            await ticker.stop(clockwork)
            await engine.close()

    app = Described(title="Xiaoer", version=version("xiaoer"), description=DESCRIPTION, lifespan=lifespan,
                  docs_url=None, redoc_url=None, redirect_slashes=False)  # fmt: skip
    problems.install(app)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=list(settings.allowed_origins),
        allow_methods=["GET", "POST"],
        allow_headers=["authorization", "content-type", "last-event-id", "accept-language"],
        expose_headers=["x-request-id", "retry-after"],
        allow_credentials=False,
    )
    app.add_middleware(Shield, metrics=metrics)
    for module in ROUTED:
        app.include_router(module.router)
    if settings.demo_open:
        app.include_router(demo.router)
    pages.install(app, settings)
    return app


async def drain(app: FastAPI) -> int:
    """Take nothing new, finish what runs within the deadline, then send every stream away.

    Returns the turns that had to be cut off; what they left unanswered is taken up at the next start.
    """
    front: Front = app.state.front
    cut_off = await front.turns.drain(front.settings.drain_s)
    front.hub.goodbye()
    return cut_off


def _buckets(a_minute: int) -> Buckets:
    return Buckets(a_minute, burst=a_minute, monotonic=time.monotonic)


def _after_sale(engine: Assistant, settings: Settings) -> AfterSale | None:
    from assistant.build import open_after_sale

    return open_after_sale(engine, settings)


def _content(engine: Assistant, settings: Settings) -> Content:
    from assistant.build import open_content

    return open_content(engine, settings)


async def _open(settings: Settings) -> Assistant:
    from assistant.build import open_assistant

    return await open_assistant(settings)
