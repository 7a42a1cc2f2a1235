"""Permits carried out by a system that fails: each effect happens at most once, and what is said of it is true.

Each call gets a fault of its own. The client then asks again, the server recovers, or both, as after a crash.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from assistant.clock import FixedClock
from assistant.permits import Permits
from assistant.proposals import Settled
from assistant.shop import Action, Order
from server.scripted_shop import Fault, ScriptedShop
from tests.assistant.connected import backend, connected_to
from tests.assistant.store.world import NOW, World, order, world, yes

FAULTS: tuple[Fault | None, ...] = (
    "execute_then_hang", "execute_then_500", "execute_twice", "execute_then_garbage", "late", "another_action", "hang",
    "error_500", "rate_limit", "garbage", None,
)  # fmt: skip
FOLLOW_UPS = ("recorded", "recorded", "retry", "recovery", "both")
"""What comes after the first end: it is recorded; or lost in a crash, and looked for by the client, at the start, or
both.
"""
PATIENCE_S = 0.12
AT_ONCE = 6


@dataclass
class Counts:
    """What became of a run. `wrong` holds a sentence for each broken promise."""

    calls: int = 0
    faults: Counter[str] = field(default_factory=Counter[str])
    ends: Counter[str] = field(default_factory=Counter[str])
    effects: int = 0
    doubled: int = 0
    wrong: list[str] = field(default_factory=list[str])

    def __str__(self) -> str:
        ends, faults = dict(sorted(self.ends.items())), dict(sorted(self.faults.items()))
        return (
            f"{self.calls} backend calls: {self.effects} effects, {self.doubled} doubled, ends {ends}\n"
            f"faults {faults}\nbroken promises: {len(self.wrong)} {self.wrong[:5]}"
        )


class _Hasty:
    """A clock on which every look is a minute later: a circuit breaker never rests for long."""

    def __init__(self) -> None:
        self._at = NOW

    def now(self) -> datetime:
        self._at += timedelta(minutes=1)
        return self._at


@dataclass
class _Plan:
    """The fault of each order's write, and the orders whose receipt cannot be looked up."""

    writes: dict[str, Fault | None]
    mute: frozenset[str]
    permits: dict[str, str] = field(default_factory=dict[str, str])
    """The order of each permit."""

    def __call__(self, operation: str, number: str) -> Fault | None:
        if operation == "getVoucher":
            return "error_500" if self.permits.get(number) in self.mute else None
        return self.writes.pop(number, None) if operation == "payOut" else None


async def run_faults(calls: int, seed: int, *, promised: bool) -> Counts:
    """Carry out `calls` permits under random faults.

    `promised` says whether system and pack promise that a key is done only once; without it the system does whatever it
    is sent, so that anything sent twice shows.
    """
    dice = random.Random(seed)
    orders = [order(f"O{n}", f"c{n}") for n in range(calls)]
    faults = [fault for fault in FAULTS if promised or fault != "execute_twice"]
    chosen = {each.order_id: dice.choice(faults) for each in orders}
    plan = _Plan(dict(chosen), frozenset(each.order_id for each in orders if dice.random() < 0.1))
    system = ScriptedShop.holding([], orders, FixedClock(NOW), faults=plan, idempotent=promised, late_s=PATIENCE_S / 2)
    counts = Counts(calls=calls, faults=Counter(str(fault) for fault in chosen.values()))
    described = backend(write_timeout_s=PATIENCE_S, idempotent=promised)  # no fault keeps a read waiting
    async with world() as w, connected_to(system, clock=_Hasty(), described=described) as shop:
        permits = w.with_shop(shop, idempotent_shop=promised)
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(each: Order, follow_up: str) -> str:
            async with gate:
                return await _carry_out(w, permits, each, plan, follow_up)

        ids = await asyncio.gather(*[one(each, dice.choice(FOLLOW_UPS)) for each in orders])
        await permits.recover(NOW)
        for proposal_id in ids:
            kept = await permits.find(proposal_id)
            assert kept.settled is not None
            counts.ends[kept.settled.state] += 1
            _judge(counts, kept.settled, system)
    done = Counter(receipt.key for receipt in system.done)
    counts.effects = done.total()
    counts.doubled = sum(times - 1 for times in done.values())
    return counts


async def _carry_out(w: World, permits: Permits, each: Order, plan: _Plan, follow_up: str) -> str:
    """One permit from its yes to what it came to, recorded or not; the id of its proposal."""
    action = Action(name="price_protection", order_id=each.order_id, amount=1000)
    _, proposal = await w.propose(await w.talk(each.customer_id), action)
    permit = await permits.authorise(proposal.proposal_id, **yes(proposal))
    plan.permits[permit.permit_id] = each.order_id
    end = await permits.execute(permit, NOW)
    if follow_up in {"retry", "both"}:
        end = await permits.execute(permit, NOW, again=True)
    if follow_up in {"recorded", "retry"}:
        assert await permits.proposals.settle(end, NOW)
    return proposal.proposal_id


def _judge(counts: Counts, end: Settled, system: ScriptedShop) -> None:
    effects = sum(receipt.key == end.permit_id for receipt in system.done)
    if effects > 1:
        counts.wrong.append(f"{end.order_id}: {effects} effects")
    if end.state == "done" and effects != 1:
        counts.wrong.append(f"{end.order_id}: told as done with {effects} effects")
    if end.state == "refused" and effects:
        counts.wrong.append(f"{end.order_id}: told as refused, and it was done ({end.reason})")
