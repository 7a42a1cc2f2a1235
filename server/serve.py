"""Runs the application with uvicorn, and stops it well: on SIGTERM or Ctrl+C running turns finish, streams are sent
away, the store is closed, and the process ends with 0. (uvicorn alone waits for open streams for ever.)"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from socket import socket

import structlog
import uvicorn
from fastapi import FastAPI

from assistant.settings import Settings
from server.app import drain

log = structlog.get_logger("server")

LAST_WAIT_S = 2
"""How long a connection may take to end after its goodbye; one that does not read is cut."""


class Drained(uvicorn.Server):
    """A uvicorn server that drains `app` before it closes its connections."""

    def __init__(self, config: uvicorn.Config, app: FastAPI, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._app = app
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        # new connections are refused while the running turns end
        for listening in self.servers:
            listening.close()
        cut_off = await drain(self._app)
        log.info("drained", cut_off=cut_off)
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle SIGINT and SIGTERM. uvicorn raises them again at the end; a drained stop is a success instead."""
        # only the main thread may set handlers; a server in another one is stopped by `should_exit`
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {sig: signal.signal(sig, self.handle_exit) for sig in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for sig, handler in before.items():
                signal.signal(sig, handler)


def server_for(app: FastAPI, settings: Settings, on_ready: Callable[[], None] = lambda: None) -> Drained:
    """The server, not yet running. `on_ready` is called once it answers."""
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=settings.trust_proxy,
        timeout_graceful_shutdown=LAST_WAIT_S,
        lifespan="on",
    )
    return Drained(config, app, on_ready)
