"""Chat models behind one port. LangChain's `init_chat_model` brings the providers; this file is the only one that
knows it.

A call streams pieces of text and tool calls. It is bounded in time and tokens, retried with jitter before its first
piece only, and cut off by a circuit breaker after repeated failures, so that a broken model costs a turn nothing but
its words.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

import httpx
import stamina
from langchain.chat_models import init_chat_model
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from openai import APIConnectionError, APIError, InternalServerError, RateLimitError

from assistant.clock import Clock
from assistant.errors import ModelUnavailable
from assistant.settings import Settings
from knowledge.token_count import token_counter

Mode = Literal["tools", "json"]
_TRANSIENT = (APIConnectionError, InternalServerError, RateLimitError, TimeoutError)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a prompt. `calls` are the tool calls an assistant line made; `call_id` is what a tool line answers."""

    role: Literal["system", "user", "assistant", "tool"]
    text: str
    calls: tuple[Call, ...] = ()
    call_id: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A tool the model wants to use, with the arguments it gave: data to be checked, never trusted."""

    id: str
    name: str
    args: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as a model sees it: `parameters` is a JSON Schema object."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of streamed text, or a complete tool call."""

    text: str = ""
    call: Call | None = None


class ChatModel(Protocol):
    """A model that can be talked to. `mode` says how it names tools: natively, or inside a JSON object."""

    name: str
    mode: Mode

    def stream(
        self, lines: Sequence[Line], tools: Sequence[ToolSpec] = (), *, schema: Mapping[str, Any] | None = None
    ) -> AsyncIterator[Piece]:
        """Stream an answer. Raises `ModelUnavailable`, never anything else."""
        ...


@dataclass
class Breaker:
    """Opens after `limit` failures in a row and lets one call through again after `rest`."""

    clock: Clock
    limit: int = 3
    rest: timedelta = timedelta(seconds=30)
    failures: int = 0
    opened_at: datetime | None = field(default=None)

    def check(self) -> None:
        if self.opened_at is not None and self.clock.now() - self.opened_at < self.rest:
            raise ModelUnavailable("The chat model failed repeatedly and rests.")

    def succeeded(self) -> None:
        self.failures, self.opened_at = 0, None

    def failed(self) -> None:
        self.failures += 1
        if self.failures >= self.limit:
            self.opened_at = self.clock.now()


class LangChainModel:
    """Any chat model that LangChain can drive."""

    def __init__(
        self, model: BaseChatModel, *, name: str, mode: Mode, timeout_s: float, token_budget: int, clock: Clock
    ) -> None:
        self.name = name
        self.mode: Mode = mode
        self._model = model
        self._timeout_s = timeout_s
        self._token_budget = token_budget
        self._count = token_counter()
        self._breaker = Breaker(clock)

    async def stream(
        self, lines: Sequence[Line], tools: Sequence[ToolSpec] = (), *, schema: Mapping[str, Any] | None = None
    ) -> AsyncIterator[Piece]:
        self._breaker.check()
        spent = sum(self._count(line.text) for line in lines)
        if spent > self._token_budget:
            raise ModelUnavailable(f"The prompt has about {spent} tokens, above the budget of {self._token_budget}.")
        try:
            async with asyncio.timeout(self._timeout_s):
                async for piece in self._pieces(lines, tools, schema):
                    yield piece
        except (*_TRANSIENT, APIError, httpx.HTTPError, ValueError, KeyError) as error:
            self._breaker.failed()
            raise ModelUnavailable(f"The chat model failed ({type(error).__name__}).") from error
        self._breaker.succeeded()

    async def _pieces(
        self, lines: Sequence[Line], tools: Sequence[ToolSpec], schema: Mapping[str, Any] | None
    ) -> AsyncIterator[Piece]:
        options: dict[str, Any] = {}
        if tools:
            options["tools"] = [_wire(tool) for tool in tools]
        if schema is not None:
            form = {"name": "step", "schema": dict(schema), "strict": True}
            options["response_format"] = {"type": "json_schema", "json_schema": form}
        stream = self._model.astream([_message(line) for line in lines], **options)
        first = await self._first(stream, lines, options)
        whole = None
        async for chunk in first:
            whole = chunk if whole is None else whole + chunk
            if isinstance(chunk.content, str) and chunk.content:
                yield Piece(text=chunk.content)
        for call in whole.tool_calls if whole is not None else ():
            yield Piece(call=Call(id=call["id"] or call["name"], name=call["name"], args=call["args"]))

    async def _first(
        self, stream: AsyncIterator[Any], lines: Sequence[Line], options: Mapping[str, Any]
    ) -> AsyncIterator[Any]:
        """The stream with its first chunk in hand: until then, and only until then, a failure is retried."""
        messages = [_message(line) for line in lines]
        async for attempt in stamina.retry_context(on=_TRANSIENT, attempts=3, wait_initial=0.2, wait_max=2.0):
            with attempt:
                if attempt.num > 1:
                    stream = self._model.astream(messages, **options)
                head = await anext(stream, None)
        return _rejoin(head, stream)


async def _rejoin(head: Any, rest: AsyncIterator[Any]) -> AsyncIterator[Any]:
    if head is not None:
        yield head
        async for chunk in rest:
            yield chunk


def open_model(settings: Settings, clock: Clock) -> LangChainModel:
    """The model the settings name. Raises `ModelUnavailable` when its provider's package is missing."""
    options: dict[str, Any] = {"timeout": settings.timeout_s, "max_retries": 0, "temperature": 0}
    if settings.base_url:
        options["base_url"] = settings.base_url
    if settings.api_key:
        options["api_key"] = settings.api_key.get_secret_value()
    try:
        model = init_chat_model(settings.model or "", model_provider=settings.model_provider or "openai", **options)
    except (ImportError, ValueError) as error:
        raise ModelUnavailable(f"The chat model cannot be set up: {error}.", mend="Check XIAOER_MODEL*.") from error
    return LangChainModel(
        model,
        name=settings.model or "model",
        mode=settings.model_mode,
        timeout_s=settings.timeout_s,
        token_budget=settings.token_budget,
        clock=clock,
    )


def _wire(tool: ToolSpec) -> dict[str, Any]:
    function = {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)}
    return {"type": "function", "function": function}


def _message(line: Line) -> BaseMessage:
    if line.role == "system":
        return SystemMessage(line.text)
    if line.role == "user":
        return HumanMessage(line.text)
    if line.role == "tool":
        return ToolMessage(line.text, tool_call_id=line.call_id or "")
    calls = [{"id": c.id, "name": c.name, "args": dict(c.args), "type": "tool_call"} for c in line.calls]
    return AIMessage(line.text, tool_calls=calls)


def parse_step(text: str) -> dict[str, Any]:
    """The JSON object of a model without native tools. Raises `ValueError` when it is none."""
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value
