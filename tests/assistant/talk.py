"""A conversation with the demo shop, for tests: say something, press a button, read what came of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar

from assistant.build import IN_MEMORY, Parts, open_assistant
from assistant.clock import FixedClock
from assistant.conversation import (
    Acted,
    Asked,
    Cited,
    Conversation,
    Decided,
    DialogueState,
    Done,
    Entry,
    HandedOff,
    Lang,
    Logged,
    Proposed,
    Said,
    Understood,
)
from assistant.settings import Settings
from assistant.shop import Order
from assistant.turn import Assistant

E = TypeVar("E")

NOW = datetime.fromisoformat("2026-11-22T10:00:00+08:00")


@dataclass
class Talk:
    """One conversation. `turns` are the entries of each step, the customer's own first."""

    assistant: Assistant
    clock: FixedClock
    head: Conversation
    turns: list[list[Entry]] = field(default_factory=list[list[Entry]])

    @property
    def id(self) -> str:
        return self.head.id

    async def say(self, text: str, *, client_id: str | None = None, **more: str) -> list[Entry]:
        """Say something and wait for the whole answer."""
        asked = Asked(client_id=client_id or f"m{len(self.turns)}", text=text, **more)
        await self.assistant.accept(self.id, asked, customer_id=self.head.customer_id)
        return await self.answers()

    async def answers(self) -> list[Entry]:
        """What the assistant says to whatever is unanswered."""
        items = self.assistant.reply(self.id, customer_id=self.head.customer_id)
        self.turns.append([item.entry async for item in items if isinstance(item, Logged)])
        return self.turns[-1]

    async def button(self, answer: Literal["yes", "no"], proposal_id: str | None = None) -> list[Entry]:
        """Answer the open proposal, or the one named."""
        items = self.assistant.confirm(
            self.id,
            proposal_id or self.proposals[-1].proposal_id,
            answer,
            client_id=f"b{len(self.turns)}",
            customer_id=self.head.customer_id,
        )
        self.turns.append([item.entry async for item in items])
        return self.turns[-1]

    def of(self, kind: type[E]) -> list[E]:
        """Every entry of a kind so far."""
        return [entry for turn in self.turns for entry in turn if isinstance(entry, kind)]

    def last(self, kind: type[E]) -> list[E]:
        """The entries of a kind in the newest step."""
        return [entry for entry in self.turns[-1] if isinstance(entry, kind)]

    @property
    def proposals(self) -> list[Proposed]:
        return self.of(Proposed)

    @property
    def proposed(self) -> list[str]:
        """The actions proposed in the newest step."""
        return [entry.action for entry in self.last(Proposed)]

    @property
    def acted(self) -> list[str]:
        """The actions carried out in the newest step, each with its end."""
        return [f"{entry.action} {entry.state}" for entry in self.last(Acted)]

    @property
    def deeds(self) -> list[str]:
        """The actions carried out so far, each with its end."""
        return [f"{entry.action} {entry.state}" for entry in self.of(Acted)]

    @property
    def decided(self) -> list[str]:
        """`DT-02 ELIGIBLE` for each decision of the newest step."""
        return [f"{entry.table} {entry.code}" for entry in self.last(Decided)]

    @property
    def said(self) -> str:
        """The words of the newest step."""
        return "\n".join(entry.text for entry in self.last(Said))

    @property
    def cited(self) -> list[str]:
        return [entry.citation.clause for entry in self.last(Cited)]

    @property
    def handed_off(self) -> list[str]:
        return [entry.reason for entry in self.last(HandedOff)]

    @property
    def heard(self) -> Understood:
        return self.last(Understood)[0]

    @property
    def buttons(self) -> list[str]:
        return [reply.text for entry in self.last(Done) for reply in entry.quick_replies]

    def fixed(self, name: str, lang: Lang = "zh") -> str:
        """One of the pack's fixed texts."""
        return self.assistant.engine.flows.text(name, lang)

    async def state(self) -> DialogueState:
        return (await self.now()).state

    async def now(self) -> Conversation:
        """The head as it is stored."""
        return await self.assistant.conversations.get(self.id, customer_id=None)

    async def log(self) -> list[Logged]:
        return await self.assistant.conversations.read(self.id, limit=5000)

    async def orders(self) -> list[Order]:
        assert self.head.customer_id is not None
        return await self.assistant.engine.shop.orders(self.head.customer_id)

    async def order(self, order_id: str) -> Order:
        return next(order for order in await self.orders() if order.order_id == order_id)


@asynccontextmanager
async def shop_open(
    parts: Parts, *, url: str = IN_MEMORY, now: datetime = NOW, **settings: Any
) -> AsyncIterator[Assistant]:
    """An assistant over a database of its own, at a standing clock."""
    clock = FixedClock(now)
    assistant = await open_assistant(Settings(database_url=url, **settings), parts=parts, clock=clock)
    try:
        yield assistant
    finally:
        await assistant.close()


async def begin(assistant: Assistant, customer: str | None, lang: Lang = "zh") -> Talk:
    """Open a conversation of `customer`, or of a visitor."""
    clock = assistant.engine.clock
    assert isinstance(clock, FixedClock)
    return Talk(assistant, clock, await assistant.open(customer, lang=lang))


MINUTE = timedelta(minutes=1)
