"""Conversations with the demo shop whose planner is a chat model over real HTTP: the scripted one."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from assistant.build import IN_MEMORY, Parts, load_parts, open_assistant
from assistant.clock import FixedClock
from assistant.conversation import Acted, Asked, Decided, Done, Entry, Logged, Proposed, Said
from assistant.model_planner import ModelPlanner
from assistant.models import open_model
from assistant.planner import FlowPlanner, Planner
from assistant.settings import Settings
from server.scripted_model import Answers, running

_RECEIPT = re.compile(r"S\d{8}-\w+")
NOW = datetime.fromisoformat("2026-11-22T10:00:00+08:00")


@cache
def parts() -> Parts:
    return load_parts(Settings(database_url=IN_MEMORY))


@dataclass
class Talk:
    """What came of a conversation: the entries of every turn, what was said while the model still spoke, the orders."""

    turns: list[list[Entry]] = field(default_factory=list[list[Entry]])
    sayings: list[str] = field(default_factory=list[str])
    waits: bool = False
    """Whether a proposal is remembered as open at the end."""
    orders: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def of(self, kind: type[Any]) -> list[Any]:
        return [entry for turn in self.turns for entry in turn if isinstance(entry, kind)]

    @property
    def said(self) -> str:
        return _RECEIPT.sub("RECEIPT", "\n".join(entry.text for entry in self.of(Said)))

    @property
    def heard(self) -> str:
        """Every word the customer saw, also of what was replaced later."""
        return "\n".join([*self.sayings, self.said])

    @property
    def planners(self) -> list[str]:
        return [entry.planner for entry in self.of(Done)]

    @property
    def outcome(self) -> list[object]:
        """Decisions, proposals and effects, without the ids that differ from run to run."""
        decided = [(e.table, e.row, e.code, e.amount, e.order_id, e.clauses) for e in self.of(Decided)]
        proposed = [(e.action, e.order_id, e.amount, e.args_hash, e.terms) for e in self.of(Proposed)]
        acted = [(e.action, e.order_id, e.state, e.amount) for e in self.of(Acted)]
        return [decided, proposed, acted, self.orders, self.waits]


async def hold(planner: Planner, customer: str, *texts: str) -> Talk:
    """Say `texts` to the demo shop, one after the other, and note what comes back."""
    talk = Talk()
    assistant = await open_assistant(
        Settings(database_url=IN_MEMORY), parts=parts(), clock=FixedClock(NOW), planner=planner
    )
    conversation = await assistant.open(customer)
    for number, text in enumerate(texts):
        await assistant.accept(conversation.id, Asked(client_id=f"m{number}", text=text), customer_id=customer)
        entries: list[Entry] = []
        async for item in assistant.reply(conversation.id, customer_id=customer):
            if isinstance(item, Logged):
                entries.append(item.entry)
            else:
                talk.sayings.append(item.text)
        talk.turns.append(entries)
    talk.orders = [
        order.model_dump(mode="json", exclude={"tickets": {"__all__": {"ticket_id", "detail"}}})
        for order in await assistant.engine.shop.orders(customer)
    ]
    head = await assistant.conversations.get(conversation.id, customer_id=customer)
    talk.waits = head.state.proposal_id is not None
    await assistant.close()
    return talk


async def with_flows(customer: str, *texts: str) -> Talk:
    return await hold(FlowPlanner(), customer, *texts)


async def with_model(answers: Answers, customer: str, *texts: str, **more: Any) -> Talk:
    """The same with a `ModelPlanner` over HTTP; `more` are settings."""
    with running(answers) as url:
        settings = Settings(model="scripted", base_url=url, **{"timeout_s": 5.0, **more})
        model = open_model(settings, FixedClock(NOW))
        model.wait_s = 0.01
        return await hold(ModelPlanner(model, parts().understander.likely), customer, *texts)
