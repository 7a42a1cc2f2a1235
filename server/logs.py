"""Log lines as JSON on stderr: what happened and where, never what somebody wrote and never a secret.

An exception is logged by its class and place; its message may quote a customer or a statement with its parameters.
"""

from __future__ import annotations

import logging
import traceback
from typing import TextIO

import structlog
from structlog.typing import EventDict, WrappedLogger

NEVER = frozenset({"text", "words", "authorization", "cookie", "token", "api_key", "jwt_key", "password", "body"})
"""Keys whose values are dropped should anybody log them by mistake."""


def where_it_broke(error: BaseException) -> str:
    """`file:line in function` of the frame that raised, without the message."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return "unknown"
    last = frames[-1]
    return f"{last.filename.rpartition('/')[2]}:{last.lineno} in {last.name}"


def without_words(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A structlog processor: drop what must not be logged, and name an exception without quoting it."""
    for key in NEVER & event.keys():
        event[key] = "…"
    info = event.pop("exc_info", None)
    if isinstance(info, tuple) and info[1] is not None:
        info = info[1]
    if isinstance(info, BaseException):
        event["error"] = type(info).__name__
        event["at"] = where_it_broke(info)
    text = event.get("event")
    if isinstance(text, str) and text.startswith("Traceback"):
        # uvicorn formats a failed start or stop itself; its last line quotes the exception
        places = [line.strip() for line in text.splitlines() if line.startswith("  File ")]
        event["event"], event["at"] = "failed", places[-1] if places else "unknown"
    return event


def configure(stream: TextIO, *, level: int = logging.INFO) -> None:
    """Send our log and uvicorn's to `stream`, one JSON object a line. Called once, by the process that serves."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso"),
        without_words,
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    logging.getLogger("alembic").setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
