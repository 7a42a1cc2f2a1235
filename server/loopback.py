"""Serve an ASGI app on a free loopback port in a thread: how the scripted systems are run inside a process."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

_POLL_S = 0.02


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """Yield the base URL once the server listens; it stops on leaving. Raises `RuntimeError` if it cannot start."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            if not thread.is_alive():
                raise RuntimeError(f"The server of {app.title} did not start.")
            time.sleep(_POLL_S)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
