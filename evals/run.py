"""Plays cases against the engine that also serves shoppers, each with a clock and a database of its own."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from assistant.build import IN_MEMORY, Parts, load_parts, open_assistant
from assistant.clock import FixedClock
from assistant.conversation import Acted, Asked, Conversation, Decided, Entry, Logged
from assistant.planner import Planner
from assistant.settings import Settings
from assistant.shop import Order
from assistant.turn import Assistant
from evals.case import Case, Step
from evals.judge import Miss, Verdict, code_of, judge, judge_conduct, judge_deeds, judge_state
from evals.trace import lines_of
from knowledge.errors import XiaoerError


class NothingOpen(XiaoerError):
    """A step presses a button where nothing is proposed: the engine had to propose and did not."""


@dataclass
class Played:
    """A case as it was played: every entry of every step, what was checked and what did not hold."""

    case: Case
    steps: list[list[Entry]] = field(default_factory=list[list[Entry]])
    verdicts: list[Verdict] = field(default_factory=list[Verdict])
    state_hash: str = ""

    @property
    def misses(self) -> list[Miss]:
        return [verdict.miss for verdict in self.verdicts if verdict.miss is not None]

    @property
    def passed(self) -> bool:
        return not self.misses

    @property
    def entries(self) -> list[Entry]:
        return [entry for step in self.steps for entry in step]

    @property
    def decisions(self) -> tuple[str, ...]:
        """The decisions and effects, for comparing a pair of languages."""
        codes = [code_of(e) for e in self.entries if isinstance(e, Decided)]
        acts = [f"{e.action} {e.amount} {e.state}" for e in self.entries if isinstance(e, Acted)]
        return (*codes, *acts)

    @property
    def trace(self) -> tuple[str, ...]:
        """What was said, understood, decided and proposed, step by step, for reading."""
        lines: list[str] = []
        for number, (step, entries) in enumerate(zip(self.case.steps, self.steps, strict=False), start=1):
            lines.append(f"{number} > {step.say if step.say is not None else f'[{step.button}]'}")
            lines += [f"    {line}" for entry in entries for line in lines_of(entry)]
        return (*lines, f"state {self.state_hash}") if self.state_hash else tuple(lines)


def settings_for(pack: str) -> Settings:
    """Settings that touch no disk and no network."""
    return Settings(pack=pack, database_url=IN_MEMORY)


def parts_for(pack: str) -> Parts:
    return load_parts(settings_for(pack))


async def play(case: Case, parts: Parts, *, pack: str, planner: Planner | None = None) -> Played:
    """Play one case. Whatever the engine raises ends the case as a miss; it never ends the suite."""
    played = Played(case)
    # gather hands an error of any kind back as a value: a crash is a finding about the engine, not about the suite
    (error,) = await asyncio.gather(_play(played, parts, pack, planner), return_exceptions=True)
    if error is not None:
        kind = "button" if isinstance(error, NothingOpen) else "crash"
        found = str(error) if isinstance(error, XiaoerError) else f"{type(error).__name__}: {error}"
        played.verdicts.append(Verdict(kind, Miss(len(played.steps) + 1, kind, "no error", found)))
    whole = case.expect
    if whole.effects is None:
        named = tuple(effect for step in case.steps for effect in step.expect.effects or ())
        whole = whole.model_copy(update={"effects": named})
    played.verdicts += judge(whole, played.entries, 0, played.state_hash)
    played.verdicts.append(judge_deeds(whole.effects or (), played.entries))
    played.verdicts += judge_conduct(case, played.steps)
    return played


async def _play(played: Played, parts: Parts, pack: str, planner: Planner | None) -> None:
    case, clock = played.case, FixedClock(played.case.now)
    assistant = await open_assistant(
        settings_for(pack), parts=parts, clock=clock, shop_data=case.data or None, planner=planner
    )
    try:
        talk = await assistant.open(case.customer, lang=case.lang, channel="eval")
        before = state_hash(await assistant.engine.shop.orders(case.customer)) if case.customer else ""
        for number, step in enumerate(case.steps, start=1):
            clock.advance(timedelta(minutes=step.wait_minutes))
            entries = await _take(step, number, talk, assistant)
            played.steps.append(entries)
            played.verdicts += judge(step.expect, entries, number)
        if case.customer:
            played.state_hash = state_hash(await assistant.engine.shop.orders(case.customer))
            played.verdicts.append(judge_state(before, played.state_hash, played.entries))
    finally:
        await assistant.close()


async def _take(step: Step, number: int, talk: Conversation, assistant: Assistant) -> list[Entry]:
    if step.button is not None:
        head = await assistant.conversations.get(talk.id, customer_id=talk.customer_id)
        if head.state.proposal_id is None:
            raise NothingOpen("There is no open proposal to answer.")
        events = assistant.confirm(
            talk.id, head.state.proposal_id, step.button, client_id=f"b{number}", customer_id=talk.customer_id
        )
        return [logged.entry async for logged in events]
    asked = Asked(client_id=f"m{number}", text=step.say or "", order_id=step.order, sku=step.sku)
    await assistant.accept(talk.id, asked, customer_id=talk.customer_id)
    replies = assistant.reply(talk.id, customer_id=talk.customer_id)
    return [item.entry async for item in replies if isinstance(item, Logged)]


def state_hash(orders: Sequence[Order]) -> str:
    """SHA-256 of the orders without what differs from run to run (ticket ids and the receipts in their details)."""
    bare = [
        order.model_dump(mode="json", exclude={"tickets": {"__all__": {"ticket_id", "detail"}}})
        for order in sorted(orders, key=lambda o: o.order_id)
    ]
    return hashlib.sha256(json.dumps(bare, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
