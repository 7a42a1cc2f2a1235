"""What an idle event stream costs the server in memory, over real connections on the loopback address."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import tempfile
import urllib.request
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import urlsplit

from evals.bench_figures import Figure, Outcome
from evals.bench_processes import Served, served

STREAMS = (200, 1_000)
_WARM = 20
_AT_ONCE = 50
_SPARE_FILES = 200
_NO_LIMITS = {"XIAOER_REQUESTS_PER_MINUTE": "1000000", "XIAOER_MESSAGES_PER_MINUTE": "1000000"}
_CUSTOMER = "c01"


async def run(*, pack: str = "demo", streams: tuple[int, ...] = STREAMS) -> Outcome:
    """Open `streams` (ascending) to one conversation and read the server's memory after each step."""
    if not sys.platform.startswith("linux"):
        return Outcome("streams", (), ("memory of the server: it is read from /proc",))
    if (files := resource.getrlimit(resource.RLIMIT_NOFILE)[0]) < max(streams) + _SPARE_FILES:
        return Outcome("streams", (), (f"{max(streams)} streams: only {files} open files are allowed (ulimit -n)",))
    with tempfile.TemporaryDirectory() as name, served(Path(name) / "shop", pack, _NO_LIMITS) as server:
        return Outcome("streams", await _measured(server, streams))


async def _measured(server: Served, streams: tuple[int, ...]) -> tuple[Figure, ...]:
    token = _post(server, "/demo/sign-in", {"customer_id": _CUSTOMER}, None)["token"]
    talk = _post(server, "/v1/conversations", {}, token)["id"]
    figures: list[Figure] = []
    async with AsyncExitStack() as open_streams:
        await _opened(server, talk, token, _WARM, open_streams)
        before, count = await _settled(server), _WARM
        for wanted in streams:
            await _opened(server, talk, token, wanted - count, open_streams)
            after = await _settled(server)
            figures.append(
                Figure(f"memory of a stream, {count} to {wanted}", (after - before) / (wanted - count), "KiB")
            )
            before, count = after, wanted
        figures.append(Figure(f"server with {count} idle streams", before / 1024, "MiB"))
    return tuple(figures)


def _post(server: Served, path: str, body: dict[str, str], token: str | None) -> dict[str, str]:
    headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {token}"} if token else {})
    request = urllib.request.Request(server.base + path, json.dumps(body).encode(), headers)  # noqa: S310 - our server
    with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310 - our own server
        answer: dict[str, str] = json.load(response)
        return answer


async def _opened(server: Served, talk: str, token: str, count: int, streams: AsyncExitStack) -> None:
    """`count` more streams whose response has begun."""
    gate = asyncio.Semaphore(_AT_ONCE)
    await asyncio.gather(*(_stream(server, talk, token, gate, streams) for _ in range(count)))


async def _stream(server: Served, talk: str, token: str, gate: asyncio.Semaphore, streams: AsyncExitStack) -> None:
    where = urlsplit(server.base)
    async with gate:
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        streams.callback(writer.close)
        head = f"GET /v1/conversations/{talk}/events HTTP/1.1\r\nHost: {where.netloc}\r\nAuthorization: Bearer {token}"
        writer.write(f"{head}\r\nAccept: text/event-stream\r\n\r\n".encode())
        status = await asyncio.wait_for(reader.readline(), 60)
    if b" 200 " not in status:
        raise RuntimeError(f"a stream was refused: {status.decode().strip()}")


async def _settled(server: Served) -> int:
    """Resident KiB once it has stopped changing."""
    last = -1
    for _ in range(20):
        await asyncio.sleep(0.25)
        if abs((now := server.resident_kb) - last) <= 64:
            return now
        last = now
    return last
