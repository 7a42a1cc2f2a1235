"""Talks for benchmarks: an assistant over a real database file, and customers who ask what customers ask."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from assistant.build import Parts, load_parts, open_assistant
from assistant.clock import FixedClock
from assistant.conversation import Asked, Conversation, Done, Logged
from assistant.settings import Settings
from assistant.turn import Assistant
from knowledge.clauses import SHANGHAI

NOW = datetime(2026, 11, 22, 10, tzinfo=SHANGHAI)
CUSTOMERS = ("c01", "c07", "c05", "c03", "c08", "c09", "c10", "c16", "c17", "c33")
QUESTIONS = (
    "你好",
    "我的快递到哪了",
    "七天无理由退货运费谁出",
    "有没有适合通勤的大衣",
    "这件什么时候发货",
    "签收几天内可以退",
    "优惠券可以一起用吗",
    "how long does a refund take",
    "这件大衣有黑色 M 码的货吗",
)
"""Reads only: nothing here ends in a proposal that changes how the next words are understood."""


def parts_of(pack: str, index_folder: Path | None = None) -> Parts:
    return load_parts(Settings(pack=pack), index_folder=index_folder)


@asynccontextmanager
async def on_disk(folder: Path, parts: Parts) -> AsyncIterator[Assistant]:
    """An assistant whose database is a file in `folder`, with a standing clock."""
    settings = Settings(pack=str(parts.pack.path), data_dir=folder)
    assistant = await open_assistant(settings, parts=parts, clock=FixedClock(NOW))
    try:
        yield assistant
    finally:
        await assistant.close()


async def turn(assistant: Assistant, talk: Conversation, number: int, text: str) -> list[Logged]:
    """One message accepted and answered, as the server does it. Raises `RuntimeError` when the assistant is silent."""
    await assistant.accept(talk.id, Asked(client_id=f"m{number}", text=text), customer_id=talk.customer_id)
    replies = assistant.reply(talk.id, customer_id=talk.customer_id)
    logged = [item async for item in replies if isinstance(item, Logged)]
    if not any(isinstance(item.entry, Done) for item in logged):
        raise RuntimeError(f"{text!r} was not answered: a benchmark of silence measures nothing")
    return logged
