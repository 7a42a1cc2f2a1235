"""Plays cases against the engine that also serves shoppers, with a standing clock and a database of its own for each."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from assistant.build import IN_MEMORY, Parts, load_parts, open_assistant
from assistant.clock import FixedClock
from assistant.conversation import (
    Acted,
    Asked,
    Cited,
    Conversation,
    Decided,
    Done,
    Entry,
    Failed,
    HandedOff,
    Logged,
    Proposed,
    Said,
    Understood,
)
from assistant.planner import Planner
from assistant.settings import Settings
from assistant.shop import Order
from assistant.turn import Assistant
from assistant.wording import money
from evals.case import Case, Effect, Expect, Step
from knowledge.errors import XiaoerError


@dataclass(frozen=True, slots=True)
class Miss:
    """One expectation that did not hold. `step` counts from 1; 0 is the whole talk."""

    step: int
    what: str
    expected: str
    found: str


@dataclass
class Played:
    """A case as it was played: every entry of every step, and what did not hold."""

    case: Case
    steps: list[list[Entry]] = field(default_factory=list[list[Entry]])
    misses: list[Miss] = field(default_factory=list[Miss])
    state_hash: str = ""

    @property
    def passed(self) -> bool:
        return not self.misses

    @property
    def entries(self) -> list[Entry]:
        return [entry for step in self.steps for entry in step]

    @property
    def decisions(self) -> tuple[str, ...]:
        """The decisions and effects, for comparing a pair of languages."""
        codes = [_code(e) for e in self.entries if isinstance(e, Decided)]
        acts = [f"{e.action}:{e.amount}:{e.state}" for e in self.entries if isinstance(e, Acted)]
        return (*codes, *acts)


def settings_for(pack: str) -> Settings:
    """Settings that touch no disk and no network."""
    return Settings(pack=pack, database_url=IN_MEMORY)


def parts_for(pack: str) -> Parts:
    return load_parts(settings_for(pack))


async def play(case: Case, parts: Parts, *, pack: str, planner: Planner | None = None) -> Played:
    """Play one case. An error of ours ends the case as a miss; it never ends the suite."""
    clock = FixedClock(case.now)
    played = Played(case)
    assistant = await open_assistant(
        settings_for(pack), parts=parts, clock=clock, shop_data=case.data or None, planner=planner
    )
    try:
        talk = await assistant.open(case.customer, lang=case.lang, channel="eval")
        for number, step in enumerate(case.steps, start=1):
            clock.advance(timedelta(minutes=step.wait_minutes))
            played.steps.append(await _take(step, number, talk, assistant))
            played.misses += judge(step.expect, played.steps[-1], number)
        if case.customer:
            played.state_hash = state_hash(await assistant.engine.shop.orders(case.customer))
    except XiaoerError as error:
        played.misses.append(Miss(len(played.steps), "error", "no error", str(error)))
    finally:
        await assistant.close()
    played.misses += judge(case.expect, played.entries, 0, played.state_hash)
    return played


async def _take(step: Step, number: int, talk: Conversation, assistant: Assistant) -> list[Entry]:
    if step.button is not None:
        head = await assistant.conversations.get(talk.id, customer_id=talk.customer_id)
        if head.state.proposal_id is None:
            raise XiaoerError("There is no open proposal to answer.")
        events = assistant.confirm(
            talk.id, head.state.proposal_id, step.button, client_id=f"b{number}", customer_id=talk.customer_id
        )
        return [logged.entry async for logged in events]
    asked = Asked(client_id=f"m{number}", text=step.say or "", order_id=step.order, sku=step.sku)
    await assistant.accept(talk.id, asked, customer_id=talk.customer_id)
    replies = assistant.reply(talk.id, customer_id=talk.customer_id)
    return [item.entry async for item in replies if isinstance(item, Logged)]


def state_hash(orders: Sequence[Order]) -> str:
    """SHA-256 of the orders without what differs from run to run (ticket ids, references)."""
    bare = [
        order.model_dump(mode="json", exclude={"tickets": {"__all__": {"ticket_id", "detail"}}})
        for order in sorted(orders, key=lambda o: o.order_id)
    ]
    return hashlib.sha256(json.dumps(bare, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def judge(expect: Expect, entries: Sequence[Entry], step: int, final_hash: str = "") -> list[Miss]:
    """What of `expect` does not hold over `entries`."""
    said = "\n".join(e.text for e in entries if isinstance(e, Said | Failed))
    codes = [_code(e) for e in entries if isinstance(e, Decided)]
    intents = [g.name for e in entries if isinstance(e, Understood) for g in e.intents]
    cited = [e.citation.clause for e in entries if isinstance(e, Cited)]
    misses = [Miss(step, "intent", wanted, ", ".join(intents)) for wanted in expect.intents if wanted not in intents]
    misses += [Miss(step, "code", w, ", ".join(codes)) for w in expect.codes if not _holds(w, codes)]
    misses += [
        Miss(step, "citation", w, ", ".join(cited)) for w in expect.citations if not any(_cites(c, w) for c in cited)
    ]
    misses += [Miss(step, "must", w, said) for w in expect.must if w.lower() not in said.lower()]
    misses += [Miss(step, "must_not", w, said) for w in expect.must_not if w.lower() in said.lower()]
    misses += _judge_outcome(expect, entries, step)
    if expect.state_hash and expect.state_hash != final_hash:
        misses.append(Miss(step, "state_hash", expect.state_hash, final_hash))
    return misses


def _judge_outcome(expect: Expect, entries: Sequence[Entry], step: int) -> list[Miss]:
    misses = []
    proposed = [e.action for e in entries if isinstance(e, Proposed)]
    if expect.proposal == "none" and proposed:
        misses.append(Miss(step, "proposal", "none", ", ".join(proposed)))
    elif expect.proposal not in (None, "none") and expect.proposal not in proposed:
        misses.append(Miss(step, "proposal", str(expect.proposal), ", ".join(proposed)))
    if expect.effects is not None:
        done = [e for e in entries if isinstance(e, Acted) and e.state == "done"]
        if len(done) != len(expect.effects) or not all(any(_is(e, w) for e in done) for w in expect.effects):
            wanted = "; ".join(_shown(w.action, w.amount) for w in expect.effects) or "none"
            found = "; ".join(_shown(e.action, e.amount) for e in done) or "none"
            misses.append(Miss(step, "effects", wanted, found))
    if expect.hand_off is not None:
        reasons = [e.reason for e in entries if isinstance(e, HandedOff)]
        wanted_off = expect.hand_off
        holds = wanted_off in reasons if isinstance(wanted_off, str) else bool(reasons) == wanted_off
        if not holds:
            misses.append(Miss(step, "hand_off", str(wanted_off), ", ".join(reasons) or "none"))
    if expect.asks is not None:
        buttons = [q.text for e in entries if isinstance(e, Done) for q in e.quick_replies]
        asked = "\n".join(e.text for e in entries if isinstance(e, Said))
        if expect.asks not in asked:
            misses.append(Miss(step, "asks", expect.asks, f"{asked} {buttons}"))
    return misses


def _code(decided: Decided) -> str:
    amount = f": {decided.amount // 100}.{decided.amount % 100:02d}" if decided.amount is not None else ""
    return f"{decided.table}:{decided.code}{amount}"


def _holds(wanted: str, codes: Sequence[str]) -> bool:
    return any(code == wanted or code.startswith(f"{wanted}: ") or code.startswith(f"{wanted}(") for code in codes)


def _cites(clause: str, wanted: str) -> bool:
    policy, _, anchor = clause.partition("#")
    bare = policy.partition("@")[0]
    return wanted in {clause, policy, bare, f"{bare}#{anchor}"}


def _is(acted: Acted, wanted: Effect) -> bool:
    return (
        acted.action == wanted.action
        and wanted.order in (None, acted.order_id)
        and wanted.amount in (None, acted.amount)
    )


def _shown(action: str, amount: int | None) -> str:
    return f"{action} {money(amount)}" if amount is not None else action
