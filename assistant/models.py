"""Chat models behind one port. LangChain's `init_chat_model` brings the providers; this file is the only one that
knows it, and imports it only when a model is opened.

A call streams pieces of text and tool calls. It is bounded in time and tokens, retried with jitter before its first
piece only, and cut off by a circuit breaker after repeated failures, so that a broken model costs a turn nothing but
its words.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Protocol

from assistant.breaker import Breaker
from assistant.clock import Clock
from assistant.errors import ModelUnavailable
from assistant.settings import Settings
from knowledge.token_count import TokenCounter, token_counter

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import BaseMessage

Mode = Literal["tools", "json"]
ATTEMPTS = 3
_INSTALL = 'pip install "xiaoer[model]"'
_FIXED_TEMPERATURE = re.compile(r"o\d")  # OpenAI's reasoning models refuse any temperature but their own
_THINK, _THOUGHT = "<think>", "</think>"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a prompt. `calls` are the tool calls of an assistant line; `call_id` is what a tool line answers."""

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


@dataclass
class Allowance:
    """What one turn may still spend on a model: `tokens`, and time until `ends` (seconds of the event loop's clock)."""

    tokens: int
    ends: float

    def spend(self, tokens: int) -> None:
        """Raises `ModelUnavailable` when the turn's tokens are used up."""
        self.tokens -= tokens
        if self.tokens < 0:
            raise ModelUnavailable("The turn has used up its tokens.", mend="Raise XIAOER_TOKEN_BUDGET.")


class ChatModel(Protocol):
    """A model that can be talked to. `mode` says how it names tools: natively, or inside a JSON object."""

    name: str
    mode: Mode

    def allow(self) -> Allowance:
        """What a turn that begins now may spend."""
        ...

    def stream(
        self,
        lines: Sequence[Line],
        tools: Sequence[ToolSpec] = (),
        *,
        allowance: Allowance,
        schema: Mapping[str, Any] | None = None,
    ) -> AsyncGenerator[Piece, None]:
        """Stream an answer, in the form of JSON Schema `schema` if given. Raises `ModelUnavailable`, nothing else."""
        ...


class CallFailed(ModelUnavailable):
    """One call to the provider failed. Only the kind of error is kept: a provider's words may repeat the key."""

    def __init__(self, what: str, *, retryable: bool = False, retry_after: float | None = None) -> None:
        super().__init__(what)
        self.retryable = retryable
        self.retry_after = retry_after


class _Boundary:
    """Surrounds single calls into a provider's package, of which any exception means that the model is unavailable.

    The providers share no error type, so the translation is by what the exception says of itself: LangChain marks
    what may succeed when tried again. Cancellation passes.
    """

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None) -> None:
        if not isinstance(error, Exception) or isinstance(error, ModelUnavailable):
            return
        status = getattr(error, "status_code", None)
        what = type(error).__name__ + (f", HTTP {status}" if isinstance(status, int) else "")
        retryable = bool(getattr(error, "is_retryable", False)) or isinstance(error, ConnectionError)
        raise CallFailed(
            f"The chat model failed ({what}).", retryable=retryable, retry_after=_retry_after(error)
        ) from None


def _retry_after(error: Exception) -> float | None:
    """Seconds a provider asks to wait (`Retry-After`, RFC 9110 §10.2.3, in its form of seconds)."""
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    value = str(headers.get("retry-after", ""))
    return float(value) if value.isdigit() else None


@dataclass
class _WithoutThinking:
    """Leaves out the `<think>…</think>` with which some open models begin their answers."""

    _held: str = ""
    _past: bool = False

    def feed(self, text: str) -> str:
        """What may be read of the stream now that `text` has come."""
        if self._past:
            return text
        self._held = (self._held + text).lstrip()
        if _THINK.startswith(self._held[: len(_THINK)]) and len(self._held) < len(_THINK):
            return ""
        if self._held.startswith(_THINK):
            _, closed, rest = self._held.partition(_THOUGHT)
            if not closed:
                return ""
            self._held = rest.lstrip()
        self._past = True
        return self._held


@dataclass
class LangChainModel:
    """Any chat model that LangChain can drive. Its `repr` holds no key: the driven model stays out of it."""

    _model: BaseChatModel = field(repr=False)
    name: str
    mode: Mode
    timeout_s: float
    token_budget: int
    breaker: Breaker = field(repr=False)
    wait_s: float = 0.2
    """The first pause before a retry; jitter of the same size is added."""
    limit_in_body: bool = False
    """Whether the token limit travels as `max_tokens`, the name OpenAI-compatible servers know."""
    _count: TokenCounter = field(default_factory=token_counter, repr=False)

    def allow(self) -> Allowance:
        return Allowance(tokens=self.token_budget, ends=asyncio.get_running_loop().time() + self.timeout_s)

    def ask(self, lines: Sequence[Line], schema: Mapping[str, Any]) -> str:
        """A whole answer in the form of `schema`, tried once. Blocks: not for an event loop.

        Raises `ModelUnavailable`, nothing else.
        """
        if not self.breaker.admits():
            raise ModelUnavailable("The chat model failed repeatedly and rests.")
        allowance = Allowance(tokens=self.token_budget, ends=0.0)
        allowance.spend(sum(self._count(line.text) for line in lines) + self._count(json.dumps(schema)))
        try:
            with _Boundary():
                answer = self._model.invoke([_message(line) for line in lines], **self._options([], schema, allowance))
        except CallFailed:
            self.breaker.failed()
            raise
        self.breaker.succeeded()
        return _WithoutThinking().feed(str(answer.text))

    async def stream(
        self,
        lines: Sequence[Line],
        tools: Sequence[ToolSpec] = (),
        *,
        allowance: Allowance,
        schema: Mapping[str, Any] | None = None,
    ) -> AsyncGenerator[Piece, None]:
        if not self.breaker.admits():
            raise ModelUnavailable("The chat model failed repeatedly and rests.")
        wired = [_wire(tool) for tool in tools]
        allowance.spend(sum(self._count(line.text) for line in lines) + self._count(json.dumps([wired, schema])))
        source: AsyncGenerator[Any, None] | None = None
        whole: Any = None
        readable = _WithoutThinking()
        try:
            source, chunk = await self._open(lines, self._options(wired, schema, allowance), allowance)
            while chunk is not None:
                whole = chunk if whole is None else whole + chunk
                if text := readable.feed(str(chunk.text)):
                    allowance.spend(self._count(text))
                    yield Piece(text=text)
                chunk = await _next(source, allowance)
        except CallFailed:
            self.breaker.failed()
            raise
        finally:
            if source is not None:
                with suppress(CallFailed), _Boundary():
                    await source.aclose()
        self.breaker.succeeded()
        for call in _calls(whole):
            yield Piece(call=call)

    def _options(
        self, tools: list[dict[str, Any]], schema: Mapping[str, Any] | None, allowance: Allowance
    ) -> dict[str, Any]:
        limit = {"max_tokens": max(1, allowance.tokens)}
        options: dict[str, Any] = {"extra_body": limit} if self.limit_in_body else dict(limit)
        if tools:
            options["tools"] = tools
        if schema is not None:
            form = {"name": "step", "schema": dict(schema), "strict": True}
            options["response_format"] = {"type": "json_schema", "json_schema": form}
        return options

    async def _open(
        self, lines: Sequence[Line], options: Mapping[str, Any], allowance: Allowance
    ) -> tuple[AsyncGenerator[Any, None], Any]:
        """The stream and its first chunk: until that has come, and only until then, a failure is tried again."""
        import stamina

        def again(error: Exception) -> bool | float:
            if not isinstance(error, CallFailed) or not error.retryable:
                return False
            return True if error.retry_after is None else min(error.retry_after, self.timeout_s)

        messages = [_message(line) for line in lines]
        left = max(0.01, allowance.ends - asyncio.get_running_loop().time())
        async for attempt in stamina.retry_context(
            on=again,
            attempts=ATTEMPTS,
            timeout=left,
            wait_initial=self.wait_s,
            wait_jitter=self.wait_s,
            wait_max=2.0,
        ):
            with attempt:
                source: Any = self._model.astream(messages, **options)
                return source, await _next(source, allowance)
        raise CallFailed("The chat model was not tried.")


async def _next(source: AsyncIterator[Any], allowance: Allowance) -> Any:
    """The next chunk, or None at the end."""
    with _Boundary():
        async with asyncio.timeout_at(allowance.ends):
            return await anext(source, None)


def _calls(whole: Any) -> list[Call]:
    """The tool calls of a complete answer. Arguments that are no JSON object become none at all.

    Raises `ModelUnavailable` when the answer was cut at its token limit: half a sentence is no answer.
    """
    if whole is None:
        return []
    if whole.response_metadata.get("finish_reason") == "length":
        raise ModelUnavailable("The chat model's answer was cut at its limit.", mend="Raise XIAOER_TOKEN_BUDGET.")
    valid = [Call(id=c["id"] or c["name"], name=c["name"], args=c["args"]) for c in whole.tool_calls]
    return valid + [Call(id=c["id"] or "?", name=c["name"] or "", args={}) for c in whole.invalid_tool_calls]


def open_model(settings: Settings, clock: Clock) -> LangChainModel:
    """The model the settings name. Raises `ModelUnavailable` when a package is missing or the settings do not fit."""
    provider, name = settings.model_provider or "openai", settings.model or ""
    return LangChainModel(
        _langchain_model(settings, provider, name),
        name=name,
        mode=settings.model_mode,
        timeout_s=settings.timeout_s,
        token_budget=settings.token_budget,
        breaker=Breaker(clock),
        limit_in_body=provider == "openai" and settings.base_url is not None,
    )


def _langchain_model(settings: Settings, provider: str, name: str) -> BaseChatModel:
    options: dict[str, Any] = {"timeout": settings.timeout_s, "max_retries": 0}
    if not _FIXED_TEMPERATURE.match(name):
        options["temperature"] = 0
    if settings.base_url:
        options["base_url"] = settings.base_url
        # a server of one's own needs no key, and the key of another provider in the environment is not for it
        options["api_key"] = "none"
    if settings.api_key:
        options["api_key"] = settings.api_key.get_secret_value()
    try:
        import stamina  # noqa: F401
        from langchain.chat_models import init_chat_model
    except ImportError as error:
        raise ModelUnavailable(f"A chat model needs the package {error.name}.", mend=_INSTALL) from error
    missing: str | None = None
    try:
        with _Boundary():
            model: BaseChatModel = init_chat_model(name, model_provider=provider, **options)
            return model
    except CallFailed as error:
        missing = error.what
    raise ModelUnavailable(
        f"The chat model {name!r} of provider {provider!r} cannot be set up. {missing}",
        mend=f"Check XIAOER_MODEL, XIAOER_MODEL_PROVIDER and XIAOER_API_KEY, and that the provider's LangChain package "
        f"is installed ({_INSTALL} brings OpenAI's).",
    )


def _wire(tool: ToolSpec) -> dict[str, Any]:
    function = {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)}
    return {"type": "function", "function": function}


def _message(line: Line) -> BaseMessage:
    from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage

    if line.role == "system":
        return SystemMessage(line.text)
    if line.role == "user":
        return HumanMessage(line.text)
    if line.role == "tool":
        return ToolMessage(line.text, tool_call_id=line.call_id or "")
    calls = [{"id": c.id, "name": c.name, "args": dict(c.args), "type": "tool_call"} for c in line.calls]
    return AIMessage(line.text, tool_calls=calls)
