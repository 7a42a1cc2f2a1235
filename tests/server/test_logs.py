from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from server.logs import configure, where_it_broke, without_words

WORDS = "我的手机号是 13800000000"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Our log in a buffer; what the process logged with before is put back."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    # another test may have run a quiet uvicorn in this process
    others = {name: logging.getLogger(name) for name in ("uvicorn", "uvicorn.error")}
    before = {name: (each.level, each.propagate, each.disabled) for name, each in others.items()}
    for each in others.values():
        each.setLevel(logging.NOTSET)
        each.propagate, each.disabled = True, False
    buffer = io.StringIO()
    configure(buffer)
    yield buffer
    for name, each in others.items():
        each.level, each.propagate, each.disabled = before[name]
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def raised() -> ValueError:
    try:
        raise ValueError(WORDS)
    except ValueError as error:
        return error


def test_an_exception_is_named_by_class_and_place_never_by_its_message(stream: io.StringIO) -> None:
    logging.getLogger("uvicorn.error").error("Exception in ASGI application", exc_info=raised())
    structlog.get_logger("server").error("broke", exc_info=raised())
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["error"] for line in lines] == ["ValueError", "ValueError"]
    assert all("test_logs.py" in line["at"] for line in lines)
    assert WORDS not in stream.getvalue()


def test_words_and_secrets_logged_by_mistake_are_dropped(stream: io.StringIO) -> None:
    structlog.get_logger("server").info("oops", text=WORDS, token="eyJ", conversation="c1")
    line = json.loads(stream.getvalue())
    assert line["text"] == line["token"] == "…"
    assert line["conversation"] == "c1"


def test_the_place_of_a_group_is_that_of_its_first_exception() -> None:
    assert "in raised" in where_it_broke(ExceptionGroup("two", [raised(), raised()]))
    assert where_it_broke(ValueError("never raised")) == "unknown"


def test_a_traceback_that_was_already_formatted_loses_its_words() -> None:
    text = f'Traceback (most recent call last):\n  File "a.py", line 1, in f\n    x\nValueError: {WORDS}\n'
    assert WORDS not in str(without_words(None, "error", {"event": text}))
