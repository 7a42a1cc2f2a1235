"""The process itself: how it stops, and what it remembers when it was killed."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.server.conftest import Client, new_client

pytestmark = pytest.mark.slow


@contextmanager
def process(directory: Path, port: int, *, delay: float = 0.0) -> Iterator[subprocess.Popen[bytes]]:
    env = {
        **os.environ,
        "XIAOER_PORT": str(port),
        "XIAOER_DATA_DIR": str(directory),
        "ECHO_DELAY_S": str(delay),
    }
    with (directory.parent / f"{port}.log").open("ab") as log:
        running = subprocess.Popen([sys.executable, "-m", "tests.server.echo"], env=env, stderr=log)
    try:
        _until_ready(running, port)
        yield running
    finally:
        if running.poll() is None:
            running.kill()
        running.wait()


def _until_ready(running: subprocess.Popen[bytes], port: int) -> None:
    while running.poll() is None:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError(f"the server ended with {running.returncode}")


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Listening(threading.Thread):
    """Reads a stream to its end in the background."""

    def __init__(self, client: Client) -> None:
        super().__init__()
        self.client = client
        self.lines: list[str] = []
        self.connected = threading.Event()
        self.start()
        self.connected.wait()

    def run(self) -> None:
        with self.client.http.stream("GET", self.client.path("/events"), timeout=30) as response:
            self.connected.set()
            self.lines.extend(response.iter_lines())


def test_sigterm_finishes_the_running_turn_says_goodbye_and_ends_with_0(tmp_path: Path, port: int) -> None:
    with process(tmp_path / "shop", port, delay=0.6) as running:
        clients = [new_client(f"http://127.0.0.1:{port}") for _ in range(3)]
        streams = [Listening(client) for client in clients]
        assert clients[0].say("你好", "m1").status_code == 202
        running.send_signal(signal.SIGTERM)
        assert running.wait(timeout=20) == 0
        for stream in streams:
            stream.join()
            assert "event: goodbye" in stream.lines
        # the turn was under way when the signal came: its end precedes the goodbye
        lines = streams[0].lines
        assert lines.index("event: done") < lines.index("event: goodbye")
        for client in clients:
            client.http.close()


def test_a_client_that_never_reads_does_not_hold_up_the_stop(tmp_path: Path, port: int) -> None:
    with process(tmp_path / "shop", port) as running:
        client = new_client(f"http://127.0.0.1:{port}")
        with socket.create_connection(("127.0.0.1", port)) as mute:
            head = f"GET {client.path('/events')} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {client.token}\r\n\r\n"
            mute.sendall(head.encode())
            client.say("你好", "m1")
            running.send_signal(signal.SIGTERM)
            assert running.wait(timeout=20) == 0
        client.http.close()


def test_after_a_kill_the_message_is_answered_and_the_stream_goes_on_where_it_was(tmp_path: Path, port: int) -> None:
    directory = tmp_path / "shop"
    with process(directory, port) as running:
        client = new_client(f"http://127.0.0.1:{port}")
        client.say("一", "m1")
        before: list[dict[str, Any]] = [event for event in client.events("done") if "id" in event]
        running.kill()
        running.wait()
    with process(directory, port, delay=30) as running:
        client.http.close()
        client.http = httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {client.token}"}, trust_env=False
        )
        assert client.say("二", "m2").status_code == 202
        running.kill()
        running.wait()
    with process(directory, port):
        client.http.close()
        client.http = httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {client.token}"}, trust_env=False
        )
        last = int(before[-1]["id"])
        after = [event for event in client.events("done", after=last) if "id" in event]
        assert [event["event"] for event in after] == ["asked", "said", "done"]
        assert "二" in after[1]["data"]["text"]
        assert int(after[0]["id"]) == last + 1
        client.http.close()


async def test_the_1025th_stream_hears_what_the_first_hears(url: str) -> None:
    client = await asyncio.to_thread(new_client, url)
    head = f"GET {client.path('/events')} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {client.token}\r\n\r\n"
    host, port = url.removeprefix("http://").split(":")
    streams = [await asyncio.open_connection(host, int(port)) for _ in range(1025)]
    for _, writer in streams:
        writer.write(head.encode())
    for reader, _ in streams:
        await reader.readuntil(b"\r\n\r\n")
    assert (await asyncio.to_thread(client.say, "你好", "m1")).status_code == 202
    for reader, _ in streams:
        await asyncio.wait_for(reader.readuntil(b"event: done"), timeout=60)
    for _, writer in streams:
        writer.close()
    client.http.close()
