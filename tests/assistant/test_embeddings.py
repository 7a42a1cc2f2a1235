"""An endpoint for embeddings, over a real socket: what it is sent, and what its failures cost."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest

from assistant.build import IN_MEMORY, open_assistant, open_index
from assistant.clock import FixedClock
from assistant.conversation import Asked
from assistant.embeddings import open_endpoint
from assistant.settings import Settings
from knowledge.clauses import SHANGHAI, Place
from knowledge.embedding import HashEmbedder
from knowledge.errors import EmbedderUnavailable

NOW = datetime(2026, 11, 22, 12, tzinfo=SHANGHAI)
KEY = "sk-secret-words"


class Endpoint(ThreadingHTTPServer):
    """Speaks OpenAI's embeddings API with the double's vectors; keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.asked: list[dict[str, Any]] = []
        self.keys: set[str] = set()
        self.answer: bytes | None = None
        self.status = 200
        self.before: Callable[[], None] = lambda: None
        """Called before each answer."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class _Answer(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.asked.append({"path": self.path, **body})
        self.server.keys.add(self.headers["authorization"])
        self.server.before()
        vectors = HashEmbedder(48).embed(body["input"])
        data = [{"object": "embedding", "index": n, "embedding": row.tolist()} for n, row in enumerate(vectors)]
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        whole = {"object": "list", "data": data, "model": body["model"], "usage": usage}
        answer = self.server.answer if self.server.answer is not None else json.dumps(whole).encode()
        self.send_response(self.server.status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    server = Endpoint()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def settings_for(endpoint: Endpoint, **more: Any) -> Settings:
    return Settings(
        embedder="openai", embedder_model="bge-m3", embedder_base_url=endpoint.url, embedder_api_key=KEY, **more
    )


def test_texts_go_out_cleaned_and_their_vectors_come_back_with_length_one(endpoint: Endpoint) -> None:
    embedder = open_endpoint(settings_for(endpoint), FixedClock(NOW))
    vectors = embedder.embed(["退\x00款\ud800", "", "\ufdfa" * 2000])
    assert vectors.shape == (3, 48)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert endpoint.asked[0]["path"] == "/v1/embeddings"
    assert endpoint.asked[0]["model"] == "bge-m3"
    sent = endpoint.asked[0]["input"]
    assert sent[:2] == ["退款", "。"]
    assert len(sent[2]) == 2000
    assert endpoint.keys == {f"Bearer {KEY}"}


def test_the_name_tells_models_and_servers_apart(endpoint: Endpoint) -> None:
    one = open_endpoint(settings_for(endpoint), FixedClock(NOW))
    other = open_endpoint(Settings(embedder="openai", embedder_api_key=KEY), FixedClock(NOW))
    assert one.name != other.name
    assert KEY not in one.name + repr(one)
    assert one.dim == 48


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (401, b'{"error": {"message": "sk-secret-words"}}'),
        (200, b"{}"),
        (200, b"<html>"),
        (200, b'{"data": []}'),
    ],
)
def test_whatever_it_answers_wrongly_is_one_kind_of_error_without_the_key(
    endpoint: Endpoint, status: int, answer: bytes
) -> None:
    endpoint.status, endpoint.answer = status, answer
    with pytest.raises(EmbedderUnavailable) as failed:
        open_endpoint(settings_for(endpoint), FixedClock(NOW)).embed(["退款"])
    assert KEY not in str(failed.value)


def test_after_three_failures_it_is_left_alone_for_a_while(endpoint: Endpoint) -> None:
    endpoint.status, endpoint.answer = 500, b"{}"
    clock = FixedClock(NOW)
    embedder = open_endpoint(settings_for(endpoint), clock)
    for _ in range(5):
        with pytest.raises(EmbedderUnavailable):
            embedder.embed(["退款"])
    assert len(endpoint.asked) == 3
    endpoint.status, endpoint.answer = 200, None
    clock.advance(timedelta(seconds=31))
    assert embedder.embed(["退款"]).shape == (1, 48)


def test_without_a_key_or_a_server_of_ones_own_it_says_what_to_set() -> None:
    with pytest.raises(EmbedderUnavailable, match="XIAOER_EMBEDDER_API_KEY or XIAOER_EMBEDDER_BASE_URL"):
        open_endpoint(Settings(embedder="openai"), FixedClock(NOW))


def test_a_shop_is_searched_with_the_embedder_its_settings_name(endpoint: Endpoint) -> None:
    index = open_index(settings_for(endpoint))
    assert {asked["model"] for asked in endpoint.asked} == {"bge-m3"}
    assert max(len(asked["input"]) for asked in endpoint.asked) <= 64
    assert index.search("七天无理由退货", as_of=NOW, place=Place(platform="taobao"))[0].dense > 0
    endpoint.status, endpoint.answer = 503, b"{}"
    hits = index.search("七天无理由退货", as_of=NOW, place=Place(platform="taobao"))
    assert hits
    assert {hit.dense for hit in hits} == {0.0}


def test_what_was_fetched_ahead_is_not_asked_for_again_and_fails_once_only(endpoint: Endpoint) -> None:
    index = open_index(settings_for(endpoint))
    assert index.takes_time
    index.prepare(["七天无理由退货", "七天无理由退货"], as_of=NOW, place=Place(platform="taobao"))
    before = len(endpoint.asked)
    assert index.search("七天无理由退货", as_of=NOW, place=Place(platform="taobao"))[0].dense > 0
    assert len(endpoint.asked) == before
    endpoint.status, endpoint.answer = 503, b"{}"
    index.prepare(["运费谁出"], as_of=NOW, place=Place(platform="taobao"))
    before = len(endpoint.asked)
    assert {hit.dense for hit in index.search("运费谁出", as_of=NOW, place=Place(platform="taobao"))} == {0.0}
    assert len(endpoint.asked) == before


async def test_while_an_endpoint_embeds_a_question_other_talks_go_on(endpoint: Endpoint) -> None:
    assistant = await open_assistant(settings_for(endpoint, database_url=IN_MEMORY), clock=FixedClock(NOW))
    talk = await assistant.open(None)
    ticks, seen = 0, list[bool]()

    async def other_talks() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.005)

    def wait_for_them() -> None:
        held, deadline = ticks, time.monotonic() + 2
        while ticks < held + 3 and time.monotonic() < deadline:
            time.sleep(0.005)
        seen.append(ticks >= held + 3)

    endpoint.before = wait_for_them
    others = asyncio.create_task(other_talks())
    await assistant.accept(talk.id, Asked(client_id="m1", text="退货的运费一般谁出"), customer_id=None)
    assert [logged.entry async for logged in assistant.reply(talk.id, customer_id=None)]
    others.cancel()
    await assistant.close()
    assert seen
    assert all(seen)
