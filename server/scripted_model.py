"""A chat model that says what it is told to: a small server that speaks the OpenAI protocol over real HTTP.

For tests, demos and load. It streams text, calls tools, answers in JSON, reranks by words, and fails in the ways real
ones do. What it says comes from a `Script` (answers in order) or a `Faithful` one (chooses and rewords as a good model
would).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from knowledge.reranking import WordReranker
from server.loopback import served

Fault = Literal["error_500", "rate_limit", "bad_key", "silence", "cut", "stall", "garbage", "length"]
"""`silence` never answers; `cut` breaks the connection and `stall` falls silent in the middle of an answer; `garbage`
sends what is no JSON; `length` stops at the token limit; `bad_key` repeats the key it was sent, as some servers do.
"""

_STATUS: Mapping[Fault, int] = {"error_500": 500, "rate_limit": 429, "bad_key": 401}
_CHUNK = 6
_POLL_S = 0.02


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: words, tool calls as (name, arguments), or a fault. `pause_s` is waited before each piece.

    `raw_args` replaces the JSON of a call's arguments, for models that cannot write it.
    """

    text: str = ""
    calls: tuple[tuple[str, dict[str, Any]], ...] = ()
    fault: Fault | None = None
    pause_s: float = 0.0
    raw_args: str | None = None


class Answers(Protocol):
    """Where the scripted model has its answers from. `requests` are the bodies it was sent, for a look afterwards."""

    requests: list[dict[str, Any]]

    def next(self, request: dict[str, Any]) -> Answer: ...


@dataclass
class Script:
    """Answers in order; the last one repeats."""

    lines: Sequence[Answer]
    requests: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def next(self, request: dict[str, Any]) -> Answer:
        line = self.lines[min(len(self.requests), len(self.lines) - 1)]
        self.requests.append(request)
        return line


@dataclass
class Faithful:
    """What a good model would do: it chooses the matter that `matters` names for a word of the message (else none), and
    words an answer by repeating it behind a courteous opening.
    """

    matters: Mapping[str, str] = field(default_factory=dict[str, str])
    opening: Mapping[str, str] = field(default_factory=lambda: {"zh": "您好。", "en": "Hello. "})
    requests: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def next(self, request: dict[str, Any]) -> Answer:
        self.requests.append(request)
        asked = str(request["messages"][-1]["content"])
        for mark, lang in (("【答复】\n", "zh"), ("【answer】\n", "en")):
            if mark in asked:
                return Answer(self.opening[lang] + asked.partition(mark)[2])
        return self._choice(request, asked)

    def _choice(self, request: dict[str, Any], asked: str) -> Answer:
        meant = next((matter for word, matter in self.matters.items() if word in asked.lower()), None)
        if request.get("tools"):
            return Answer("none") if meant is None else Answer(calls=(("handle", {"matter": meant}),))
        return Answer(json.dumps({"choice": meant or "none"}))


def create_model_app(answers: Answers) -> FastAPI:
    """`POST /v1/chat/completions`, streaming or not, as OpenAI's reference describes it, and `POST /v1/rerank`."""
    app = FastAPI(openapi_url=None)

    @app.post("/v1/rerank")
    async def rerank(request: Request) -> Response:
        asked = await request.json()
        answer = answers.next(asked)
        if answer.fault in _STATUS:
            return _refusal(answer.fault, request.headers.get("authorization", ""))
        await asyncio.sleep(answer.pause_s)
        return Response(answer.text) if answer.text else JSONResponse(_ranking(asked))

    @app.post("/v1/chat/completions")
    async def complete(request: Request) -> Response:
        asked = await request.json()
        answer = answers.next(asked)
        if answer.fault in _STATUS:
            return _refusal(answer.fault, request.headers.get("authorization", ""))
        while answer.fault == "silence":
            if await request.is_disconnected():
                return Response()
            await asyncio.sleep(_POLL_S)
        if asked.get("stream"):
            return StreamingResponse(_stream(answer), media_type="text/event-stream")
        return JSONResponse(_whole(answer))

    return app


@contextmanager
def running(answers: Answers) -> Iterator[str]:
    """Serve on a free loopback port in a thread; yields the `base_url` to configure."""
    with served(create_model_app(answers)) as address:
        yield f"{address}/v1"


def _ranking(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Best first, each text by its place in what was asked."""
    scores = WordReranker().relevance(asked["query"], asked["documents"])
    results = [{"index": index, "relevance_score": score} for index, score in enumerate(scores)]
    return {"model": asked["model"], "results": sorted(results, key=lambda each: -each["relevance_score"])}


def _refusal(fault: Fault | None, authorization: str) -> JSONResponse:
    error = {"message": f"scripted failure, sent {authorization}", "type": fault}
    return JSONResponse({"error": error}, status_code=_STATUS[fault or "error_500"])


async def _stream(answer: Answer) -> AsyncIterator[bytes]:
    if answer.fault == "garbage":
        yield b"data: {not json\n\n"
        return
    middle = len(answer.text) // 2
    for start in range(0, len(answer.text), _CHUNK):
        await asyncio.sleep(answer.pause_s)
        yield _chunk({"role": "assistant", "content": answer.text[start : start + _CHUNK]})
        if answer.fault == "cut" and start >= middle:
            raise ConnectionResetError("scripted cut")
        if answer.fault == "stall" and start >= middle:
            await asyncio.sleep(3600)
    for number, (name, args) in enumerate(answer.calls):
        yield _chunk({"role": "assistant", "tool_calls": [{"index": number, **_call(answer, number, name, args)}]})
    yield _chunk({}, finish=_finish(answer))
    yield b"data: [DONE]\n\n"


def _finish(answer: Answer) -> str:
    if answer.fault == "length":
        return "length"
    return "tool_calls" if answer.calls else "stop"


def _call(answer: Answer, number: int, name: str, args: dict[str, Any]) -> dict[str, Any]:
    written = json.dumps(args, ensure_ascii=False) if answer.raw_args is None else answer.raw_args
    return {"id": f"call_{number}", "type": "function", "function": {"name": name, "arguments": written}}


def _chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    body = {"id": "scripted", "object": "chat.completion.chunk", "created": 0, "model": "scripted", "choices": [choice]}
    return f"data: {json.dumps(body, ensure_ascii=False)}\n\n".encode()


def _whole(answer: Answer) -> dict[str, Any]:
    calls = [_call(answer, number, name, args) for number, (name, args) in enumerate(answer.calls)]
    message = {"role": "assistant", "content": answer.text or None, **({"tool_calls": calls} if calls else {})}
    return {
        "id": "scripted",
        "object": "chat.completion",
        "created": 0,
        "model": "scripted",
        "choices": [{"index": 0, "message": message, "finish_reason": _finish(answer)}],
        "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
    }
