"""A stand-in for the engine: the same verbs over the real store, with an answer that says the question back."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from assistant.clock import SystemClock
from assistant.conversation import (
    AgentSaid,
    Answered,
    Asked,
    Closed,
    Conversation,
    Done,
    GivenBack,
    HandedOff,
    Logged,
    Rated,
    Said,
    TakenOver,
    Understood,
)
from assistant.profile import ShopProfile
from assistant.settings import Settings
from assistant.shop import Text
from assistant.store.conversations import ConversationStore
from assistant.store.database import Database
from assistant.store.ledger_store import LedgerStore, signing_key
from knowledge.embedding import HashEmbedder
from knowledge.pack import load_pack
from knowledge.search import ClauseIndex


@dataclass
class Saying:
    text: str


class NoShop:
    async def customer(self, customer_id: str) -> None:
        return None

    async def orders(self, customer_id: str) -> list[Any]:
        return []


class TinyAssistant:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clock = SystemClock()
        self.profile = ShopProfile(key="demo", name=Text(zh="店", en="Shop"))
        self.engine = SimpleNamespace(
            shop=NoShop(),
            flows=SimpleNamespace(phrases={}),
            index=ClauseIndex.build(load_pack("cn_retail").policies, HashEmbedder()),
            clock=self.clock,
            catalogue=SimpleNamespace(products=()),
        )
        self.delay = float(os.environ.get("TINY_DELAY", "0"))

    async def opened(self) -> TinyAssistant:
        directory: Path = self.settings.directory("demo")
        directory.mkdir(parents=True, exist_ok=True)
        self.database = await Database.open(f"sqlite+aiosqlite:///{directory / 'xiaoer.db'}")
        self.ledger = LedgerStore(self.database, signing_key(directory / "ledger.key"))
        self.conversations = ConversationStore(self.database, self.ledger)
        self.permits = SimpleNamespace(ledger=self.ledger)
        return self

    async def close(self) -> None:
        await self.database.aclose()

    async def recover(self) -> None:
        for head, _ in await self.conversations.unanswered("demo"):
            async for _event in self.reply(head.id, customer_id=head.customer_id or ""):
                pass

    async def open(self, customer_id: str | None, *, lang: Any = "zh", channel: str = "widget") -> Conversation:
        return await self.conversations.open("demo", customer_id, channel, lang, at=self.clock.now())

    async def accept(self, conversation_id: str, asked: Asked, *, customer_id: str) -> tuple[Logged, bool]:
        await self.conversations.get(conversation_id, customer_id=customer_id)
        return await self.conversations.ask(conversation_id, asked, self.clock.now())

    async def reply(self, conversation_id: str, *, customer_id: str) -> AsyncIterator[Logged | Saying]:
        while waiting := [
            (head, logged) for head, logged in await self.conversations.unanswered("demo") if head.id == conversation_id
        ]:
            head, logged = waiting[0]
            assert isinstance(logged.entry, Asked | Answered)
            yield Saying("…")
            await asyncio.sleep(self.delay)
            if isinstance(logged.entry, Asked) and logged.entry.text == "BREAK":
                raise RuntimeError("secret words of a customer")
            text = logged.entry.text if isinstance(logged.entry, Asked) else logged.entry.answer
            _, entries = await self.conversations.commit(
                head,
                [Understood(lang="zh", intents=()), Said(text=text), Done(turn=logged.turn)],
                at=self.clock.now(), turn_done=True, turn=logged.turn,
            )  # fmt: skip
            for entry in entries:
                yield entry

    async def confirm(
        self, conversation_id: str, proposal_id: str, answer: Any, *, client_id: str, customer_id: str
    ) -> AsyncIterator[Logged]:
        answered = Answered(proposal_id=proposal_id, answer=answer, client_id=client_id)
        logged, new = await self.conversations.answer(conversation_id, answered, self.clock.now())
        yield logged
        if new:
            async for event in self.reply(conversation_id, customer_id=customer_id):
                if isinstance(event, Logged):
                    yield event

    async def _append(self, conversation_id: str, entry: Any, **more: Any) -> Logged:
        head = await self.conversations.get(conversation_id, customer_id=None)
        _, (logged,) = await self.conversations.commit(head, [entry], at=self.clock.now(), turn_done=False, **more)
        return logged

    async def hand_off(self, conversation_id: str, reason: str, *, customer_id: str | None = None) -> Logged:
        return await self._append(conversation_id, HandedOff(reason=reason, note="internal"), owner="queue")

    async def take_over(self, conversation_id: str, agent: str) -> Logged:
        return await self._append(conversation_id, TakenOver(agent=agent), owner="agent", agent=agent)

    async def give_back(self, conversation_id: str, agent: str) -> Logged:
        return await self._append(conversation_id, GivenBack(agent=agent), owner="assistant")

    async def agent_say(self, conversation_id: str, said: AgentSaid) -> tuple[Logged, bool]:
        return await self.conversations.agent_said(conversation_id, said, self.clock.now())

    async def rate(self, conversation_id: str, rated: Rated, *, customer_id: str | None) -> Logged:
        return await self._append(conversation_id, rated)

    async def close_conversation(self, conversation_id: str, *, customer_id: str | None) -> Logged:
        return await self._append(conversation_id, Closed(by="customer"))

    async def suggest(self, conversation_id: str) -> list[Any]:
        return []

    async def summarize(self, conversation_id: str, kind: str = "handover") -> dict[str, Any]:
        return {}

    def score(self, transcript: Any, *, lang: str) -> dict[str, Any]:
        return {}

    async def risk_notes(self, customer_id: str) -> list[Any]:
        return []


async def open_tiny(settings: Settings) -> Any:
    return await TinyAssistant(settings).opened()
