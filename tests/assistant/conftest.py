"""The engine of the demo shop, compiled once, and a conversation with it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from assistant.build import IN_MEMORY, Parts, load_parts
from assistant.conversation import Lang
from assistant.settings import Settings
from assistant.turn import Assistant
from tests.assistant.talk import Talk, begin, shop_open

Talking = Callable[..., Awaitable[Talk]]


@pytest.fixture(scope="session")
def parts() -> Parts:
    """The demo pack with its trained intents: seconds, so once for all tests."""
    return load_parts(Settings(database_url=IN_MEMORY))


@pytest.fixture
async def assistant(parts: Parts) -> AsyncIterator[Assistant]:
    """The demo shop over an in-memory database of its own, at a standing clock."""
    async with shop_open(parts) as opened:
        yield opened


@pytest.fixture
def talking(assistant: Assistant) -> Talking:
    """`await talking("c01")` opens a conversation of that customer; `None` is a visitor."""

    async def start(customer: str | None, lang: Lang = "zh") -> Talk:
        return await begin(assistant, customer, lang)

    return start
