"""A chat model that says what it is told to: a small server that speaks the OpenAI protocol over real HTTP.

For tests, demos and load: it streams text, calls tools, answers in JSON, and fails in the ways real ones do.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

Fault = Literal["error_500", "rate_limit", "cut", "silence", "garbage"]


@dataclass(frozen=True, slots=True)
class Line:
    """One answer: words, tool calls as (name, arguments), or a fault. `pause_s` is waited before each piece."""

    text: str = ""
    calls: tuple[tuple[str, dict[str, Any]], ...] = ()
    fault: Fault | None = None
    pause_s: float = 0.0


@dataclass
class Script:
    """Answers in order; the last one repeats. `requests` holds what was asked, for a look afterwards."""

    lines: Sequence[Line]
    requests: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def next(self, request: dict[str, Any]) -> Line:
        line = self.lines[min(len(self.requests), len(self.lines) - 1)]
        self.requests.append(request)
        return line


def create_model_app(script: Script) -> FastAPI:
    """`POST /v1/chat/completions`, streaming or not, as OpenAI's reference describes it."""
    app = FastAPI(openapi_url=None)

    @app.post("/v1/chat/completions")
    async def complete(request: Request) -> Response:
        asked = await request.json()
        line = script.next(asked)
        if line.fault == "error_500":
            return JSONResponse({"error": {"message": "scripted failure", "type": "server_error"}}, status_code=500)
        if line.fault == "rate_limit":
            return JSONResponse({"error": {"message": "slow down", "type": "rate_limit"}}, status_code=429)
        if line.fault == "silence":
            await asyncio.sleep(3600)
        if asked.get("stream"):
            return StreamingResponse(_stream(line), media_type="text/event-stream")
        return JSONResponse(_whole(line))

    return app


async def _stream(line: Line) -> AsyncIterator[bytes]:
    if line.fault == "garbage":
        yield b"data: {not json\n\n"
        return
    for start in range(0, len(line.text), 6):
        await asyncio.sleep(line.pause_s)
        yield _chunk({"role": "assistant", "content": line.text[start : start + 6]})
        if line.fault == "cut" and start >= len(line.text) // 2:
            raise ConnectionResetError("scripted cut")
    for number, (name, args) in enumerate(line.calls):
        function = {"name": name, "arguments": json.dumps(args, ensure_ascii=False)}
        call = {"index": number, "id": f"call_{number}", "type": "function", "function": function}
        yield _chunk({"role": "assistant", "tool_calls": [call]})
    yield _chunk({}, finish="tool_calls" if line.calls else "stop")
    yield b"data: [DONE]\n\n"


def _chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    body = {"id": "scripted", "object": "chat.completion.chunk", "created": 0, "model": "scripted", "choices": [choice]}
    return f"data: {json.dumps(body, ensure_ascii=False)}\n\n".encode()


def _whole(line: Line) -> dict[str, Any]:
    calls = [
        {"id": f"call_{n}", "type": "function", "function": {"name": name, "arguments": json.dumps(args)}}
        for n, (name, args) in enumerate(line.calls)
    ]
    message = {"role": "assistant", "content": line.text or None, **({"tool_calls": calls} if calls else {})}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if calls else "stop"}
    usage = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
    return {"id": "scripted", "object": "chat.completion", "created": 0, "model": "scripted", "choices": [choice],
            "usage": usage}  # fmt: skip
