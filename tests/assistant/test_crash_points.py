"""A crash at every named point, then recovery: exactly one effect, and the customer is told what the ledger holds."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from assistant.approvals import Signer
from assistant.approving import Draft
from assistant.build import Parts, open_assistant
from assistant.clock import FixedClock
from assistant.conversation import Acted, ApprovalDecided, Said
from assistant.errors import (
    Conflict,
    EffectUnknown,
    NotAuthorised,
    ProposalExpired,
    ProposalSettled,
)
from assistant.permits import Permits
from assistant.planner import FlowPlanner
from assistant.settings import Settings
from assistant.shop import Action, Customer, Order, Receipt, Shop
from assistant.steps import POINTS, Steps, unobserved
from assistant.turn import Assistant
from tests.assistant.talk import NOW, Talk

CUSTOMER = "c06"
AGENT = Signer(name="小周", role="agent")
BOSS = Signer(name="老王", role="supervisor")
LEGAL = Signer(name="小陈", role="legal")
DAY = timedelta(days=1)


class Crash(BaseException):
    """The process dies here: nothing after it runs, and an open transaction is undone."""


class Fuse:
    """Blows at the first time its point is reached, and never again."""

    def __init__(self, point: str) -> None:
        self.point = point
        self.blown = False

    def __call__(self, point: str) -> None:
        if point == self.point and not self.blown:
            self.blown = True
            raise Crash(point)


class Deaf:
    """A backend that carries out what it is asked and then does not answer, nor shows its records."""

    def __init__(self, inner: Shop) -> None:
        self._inner = inner
        self.asked = 0

    async def customer(self, customer_id: str) -> Customer | None:
        return await self._inner.customer(customer_id)

    async def orders(self, customer_id: str) -> list[Order]:
        return await self._inner.orders(customer_id)

    async def order(self, customer_id: str, order_id: str) -> Order | None:
        return await self._inner.order(customer_id, order_id)

    async def execute(self, action: Action, *, key: str, customer_id: str, at: object) -> Receipt:
        self.asked += 1
        await self._inner.execute(action, key=key, customer_id=customer_id, at=NOW)
        raise EffectUnknown("the line went dead")

    async def receipt(self, key: str) -> Receipt | None:
        raise EffectUnknown("the line is dead")


@asynccontextmanager
async def process(parts: Parts, folder: Path, steps: Steps = unobserved, *, deaf: bool = False) -> AsyncIterator[Talk]:
    """One life of the program over the files in `folder`, with the conversation it was in."""
    clock = FixedClock(NOW)
    assistant = await open_assistant(Settings(data_dir=folder), parts=parts, clock=clock, steps=steps)
    if deaf:
        shop = Deaf(assistant.engine.shop)
        permits = Permits(assistant.permits.proposals, assistant.permits.ledger, shop, steps=steps)
        engine, talks, database = assistant.engine, assistant.conversations, assistant.database
        assistant = Assistant(engine, talks, permits, parts.understander, FlowPlanner(), database=database)
    try:
        yield await _talk(assistant, clock, folder)
    finally:
        await assistant.close()


async def _talk(assistant: Assistant, clock: FixedClock, folder: Path) -> Talk:
    note = folder / "talk"
    if not note.exists():
        note.write_text((await assistant.open(CUSTOMER)).id)
    return Talk(assistant, clock, await assistant.conversations.get(note.read_text(), customer_id=CUSTOMER))


Act = Callable[[Talk], Awaitable[None]]


async def proposed(talk: Talk) -> str:
    """The proposal a person made, and the customer has not answered."""
    heads = [e.entry for e in await talk.log() if e.entry.kind == "proposed"]
    return heads[-1].proposal_id if heads else ""


async def draft(talk: Talk, *, sensitive: bool) -> str:
    order = next(each for each in await talk.orders() if each.state == "PAID")
    await talk.assistant.take_over(talk.id, AGENT.name)
    wanted = Draft(
        client_id="d", action="goodwill", order_id=order.order_id, amount=1000, reason="外箱破损", sensitive=sensitive
    )
    return (await talk.assistant.approvals.draft(talk.id, AGENT, wanted)).proposal_id


async def yes(talk: Talk) -> None:
    events = talk.assistant.confirm(talk.id, await proposed(talk), "yes", client_id="yes", customer_id=CUSTOMER)
    async for _ in events:
        pass


async def sign(talk: Talk) -> None:
    """Legal first, then the supervisor; whoever signed before is not asked again."""
    for person in (LEGAL, BOSS):
        try:
            await talk.assistant.approvals.approve(await proposed(talk), person)
        except (NotAuthorised, Conflict):
            continue


async def refuse(talk: Talk) -> None:
    await talk.assistant.approvals.refuse(await proposed(talk), BOSS, "照片看不出破损")


async def late(talk: Talk) -> None:
    talk.clock.advance(2 * DAY)
    await talk.assistant.sweep()


async def found(talk: Talk) -> None:
    for each in await talk.assistant.approvals.uncertain():
        if each.kept.permit is not None:
            await talk.assistant.approvals.settle(each.kept.permit.permit_id, BOSS, "done", reference="S-1")


async def recover(talk: Talk) -> None:
    await talk.assistant.recover()


async def again(act: Act, talk: Talk) -> None:
    """What a client does that got no answer: the same once more."""
    try:
        await act(talk)
    except (ProposalSettled, ProposalExpired, NotAuthorised, Conflict):
        return


async def in_turn(talk: Talk, *acts: Act) -> None:
    for act in acts:
        await act(talk)


async def given(talk: Talk) -> int:
    return sum(order.compensated for order in await talk.orders())


async def check(talk: Talk, *, effects: int, states: list[str]) -> None:
    """Exactly so many effects happened, the ledger holds, and each end was told once."""
    assert await given(talk) == 1000 * effects
    await talk.assistant.permits.ledger.verify(talk.assistant.profile.key)
    log = [each.entry for each in await talk.log()]
    assert [entry.state for entry in log if isinstance(entry, Acted)] == states
    assert isinstance(log[-1], Said) or any(isinstance(entry, Said) for entry in log[-3:])


PATHS: dict[str, tuple[Act, ...]] = {
    **dict.fromkeys(
        ["yes.received", "permit.written", "permit.committed", "execute.sending", "execute.answered", "settle.written",
         "settle.committed"], (yes,)),
    **dict.fromkeys(["recover.found", "recover.answered", "recover.written", "recover.committed"], (yes, recover)),
}  # fmt: skip


@pytest.mark.parametrize("point", PATHS)
async def test_a_crash_on_the_way_from_a_yes_ends_in_one_effect(point: str, parts: Parts, tmp_path: Path) -> None:
    fuse = Fuse(point)
    async with process(parts, tmp_path) as talk:
        await draft(talk, sensitive=False)
    if point.startswith("recover"):
        async with process(parts, tmp_path, Fuse("execute.sending")) as talk:
            with pytest.raises(Crash):
                await yes(talk)
    async with process(parts, tmp_path, fuse) as talk:
        with pytest.raises(Crash):
            await PATHS[point][-1](talk)
    async with process(parts, tmp_path) as talk:
        await recover(talk)
        await again(yes, talk)
        await recover(talk)
        await check(talk, effects=1, states=["done"])


@pytest.mark.parametrize(
    "point",
    ["request.written", "request.committed", "approval.written", "approval.committed", "permit.written",
     "permit.committed", "execute.sending", "execute.answered", "settle.written", "settle.committed"],
)  # fmt: skip
async def test_a_crash_on_the_way_of_an_approval_ends_in_one_effect(point: str, parts: Parts, tmp_path: Path) -> None:
    async with process(parts, tmp_path) as talk:
        await draft(talk, sensitive=True)
    async with process(parts, tmp_path, Fuse(point)) as talk:
        with pytest.raises(Crash):
            await in_turn(talk, yes, sign)
    async with process(parts, tmp_path) as talk:
        await recover(talk)
        for act in (yes, sign):
            await again(act, talk)
        await recover(talk)
        await check(talk, effects=1, states=["done"])


@pytest.mark.parametrize(("point", "act"), [
    ("refusal.written", refuse), ("refusal.committed", refuse), ("expiry.written", late), ("expiry.committed", late),
])  # fmt: skip
async def test_a_crash_while_nothing_is_granted_grants_nothing_and_tells_it_once(
    point: str, act: Act, parts: Parts, tmp_path: Path
) -> None:
    async with process(parts, tmp_path) as talk:
        await draft(talk, sensitive=True)
        await yes(talk)
    async with process(parts, tmp_path, Fuse(point)) as talk:
        with pytest.raises(Crash):
            await act(talk)
    async with process(parts, tmp_path) as talk:
        await recover(talk)
        await again(act, talk)
        await again(sign, talk)
        await check(talk, effects=0, states=[])
        decided = [e.entry.verdict for e in await talk.log() if isinstance(e.entry, ApprovalDecided)]
        assert len(decided) == 1


@pytest.mark.parametrize(
    "point",
    ["execute.looking_up", "finding.written", "finding.committed", "resolution.written", "resolution.committed"],
)
async def test_a_crash_around_an_unknown_effect_never_carries_it_out_again(
    point: str, parts: Parts, tmp_path: Path
) -> None:
    fuse = Fuse(point)
    async with process(parts, tmp_path) as talk:
        await draft(talk, sensitive=False)
    async with process(parts, tmp_path, fuse, deaf=True) as talk:
        with pytest.raises(Crash):
            await in_turn(talk, yes, found)
    async with process(parts, tmp_path, deaf=True) as talk:
        for act in (recover, yes, found, recover):
            await again(act, talk)
        await check(talk, effects=1, states=["unknown", "done"])
        assert await talk.assistant.approvals.uncertain() == []


def test_every_named_point_is_crashed_at() -> None:
    module = Path(__file__).read_text(encoding="utf-8")
    assert [point for point in POINTS if f'"{point}"' not in module] == []
