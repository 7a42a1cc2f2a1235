"""A real server over a real socket: uvicorn in a thread, or in a process of its own where signals matter."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from assistant.settings import Settings
from server.app import Opening, create_app
from server.serve import server_for
from tests.server.echo import opening


@contextmanager
def serving(settings: Settings, open_with: Opening | None = None) -> Iterator[str]:
    """Serve on a free port in a thread; the base URL."""
    app = create_app(settings, open_with or opening())
    server = server_for(app, settings)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def settings_for(directory: Path, **more: Any) -> Settings:
    chosen = {"port": 0, "requests_per_minute": 100_000, "messages_per_minute": 100_000, **more}
    return Settings(data_dir=directory, **chosen)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(settings_for(tmp_path_factory.mktemp("shop"))) as base:
        yield base


@dataclass
class Client:
    """One guest with a conversation."""

    http: httpx.Client
    token: str
    conversation: str

    def path(self, rest: str = "") -> str:
        return f"/v1/conversations/{self.conversation}{rest}"

    def say(self, text: str, client_id: str) -> httpx.Response:
        return self.http.post(self.path("/messages"), json={"client_id": client_id, "text": text})

    def events(self, until: str, *, after: int = 0, count: int = 1) -> list[dict[str, Any]]:
        """The stream's events up to the `count`-th of kind `until`."""
        headers = {"Last-Event-ID": str(after)} if after else {}
        return read_events(self.http, self.path("/events"), until=until, count=count, headers=headers)


def read_events(
    http: httpx.Client, path: str, *, until: str, count: int = 1, headers: dict[str, str] | None = None
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    with http.stream("GET", path, headers=headers or {}) as response:
        assert response.status_code == 200, response.read()
        event: dict[str, Any] = {}
        for line in response.iter_lines():
            name, _, value = line.partition(": ")
            if line:
                event[name] = json.loads(value) if name == "data" else value
                continue
            if "event" in event:
                found.append(event)
                count -= event["event"] == until
            event = {}
            if count == 0:
                break
    return found


def new_client(base: str) -> Client:
    http = httpx.Client(base_url=base, timeout=10, trust_env=False)
    token = http.post("/v1/guests").json()["token"]
    http.headers["Authorization"] = f"Bearer {token}"
    return Client(http, token, http.post("/v1/conversations", json={}).json()["id"])


@pytest.fixture
def client(url: str) -> Iterator[Client]:
    made = new_client(url)
    yield made
    made.http.close()


@pytest.fixture
def stranger(url: str) -> Iterator[Client]:
    """Another guest with another conversation."""
    made = new_client(url)
    yield made
    made.http.close()
