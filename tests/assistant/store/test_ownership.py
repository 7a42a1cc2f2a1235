"""One owner at a time: the queue, taking, transfer on acceptance, and silence that is noted once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from assistant.conversation import AgentSaid, Asked, Conversation, Escalated, HandedOff, TakenOver
from assistant.errors import Conflict, NotAuthorised
from assistant.store.ownership import OwnershipStore
from tests.assistant.store.world import NOW, SHOP, World, world

MINUTE = timedelta(minutes=1)


@dataclass
class Hands:
    world: World
    store: OwnershipStore

    async def queued(self, after: timedelta = timedelta()) -> Conversation:
        """A conversation that waits for a person since `NOW + after`."""
        talk = await self.world.talk()
        at = NOW + after
        await self.world.talks.ask(talk.id, Asked(client_id="m", text="人工"), at)
        head = await self.world.talks.get(talk.id, customer_id=None)
        await self.world.talks.commit(
            head, [HandedOff(reason="asked_for_person")], at=at, owner="queue", turn_done=True
        )
        return await self.head(talk)

    async def head(self, talk: Conversation) -> Conversation:
        return await self.world.talks.get(talk.id, customer_id=None)


@pytest.fixture
async def hands() -> AsyncIterator[Hands]:
    async with world() as w:
        yield Hands(w, OwnershipStore(w.database, SHOP))


async def test_the_queue_is_first_come_first_served_and_names_no_wait_it_cannot_know(hands: Hands) -> None:
    talks = [await hands.queued(n * MINUTE) for n in range(4)]
    places = [await hands.store.place_in_queue(talk.id, NOW) for talk in talks]
    assert [(p.place, p.expected_wait) for p in places if p] == [(n, None) for n in (1, 2, 3, 4)]


async def test_the_expected_wait_is_the_pace_of_the_latest_takings_times_the_place(hands: Hands) -> None:
    talks = [await hands.queued(n * MINUTE) for n in range(5)]
    for n, talk in enumerate(talks[:3]):
        await hands.store.take(talk.id, "li", NOW + (10 + 4 * n) * MINUTE)
    now = NOW + 20 * MINUTE
    first, second = [await hands.store.place_in_queue(talk.id, now) for talk in talks[3:]]
    assert first is not None
    assert second is not None
    assert (first.place, first.expected_wait, second.expected_wait) == (1, 4 * MINUTE, 8 * MINUTE)
    assert await hands.store.place_in_queue(talks[0].id, now) is None
    later = await hands.store.place_in_queue(talks[3].id, now + timedelta(hours=4))
    assert later is not None
    assert later.expected_wait is None


async def test_of_many_who_take_at_once_one_becomes_the_owner(hands: Hands) -> None:
    talk = await hands.queued()
    names = [f"a{n}" for n in range(8)]
    ends = await asyncio.gather(*(hands.store.take(talk.id, n, NOW) for n in names), return_exceptions=True)
    assert sum(isinstance(end, Conflict) for end in ends) == 7
    log = await hands.world.talks.read(talk.id)
    assert [e.entry.agent for e in log if isinstance(e.entry, TakenOver)] == [(await hands.head(talk)).agent]


async def test_taking_what_is_ones_own_already_does_nothing(hands: Hands) -> None:
    talk = await hands.queued()
    await hands.store.take(talk.id, "li", NOW)
    assert await hands.store.take(talk.id, "li", NOW) == []


async def test_it_changes_hands_only_when_the_other_accepts(hands: Hands) -> None:
    talk = await hands.queued()
    await hands.store.take(talk.id, "li", NOW)
    with pytest.raises(NotAuthorised):
        await hands.store.offer(talk.id, "wang", "zhao", NOW)
    await hands.store.offer(talk.id, "li", "wang", NOW)
    assert (await hands.head(talk)).agent == "li"
    with pytest.raises(NotAuthorised):
        await hands.store.answer_offer(talk.id, "zhao", NOW, accept=True)
    await hands.store.answer_offer(talk.id, "wang", NOW, accept=False)
    assert ((await hands.head(talk)).agent, (await hands.head(talk)).transfer_to) == ("li", None)
    await hands.store.offer(talk.id, "li", "wang", NOW)
    await hands.store.answer_offer(talk.id, "wang", NOW, accept=True)
    assert ((await hands.head(talk)).agent, (await hands.head(talk)).transfer_to) == ("wang", None)
    with pytest.raises(NotAuthorised):
        await hands.store.require_owner(talk.id, "li")


async def test_silence_comes_before_a_supervisor_once_and_an_answer_ends_the_alarm(hands: Hands) -> None:
    talk = await hands.queued()
    await hands.store.take(talk.id, "li", NOW + MINUTE)
    late = NOW + 30 * MINUTE
    assert await hands.store.escalate_silent(late - 31 * MINUTE, late) == []
    assert await hands.store.escalate_silent(late - 30 * MINUTE, late) == [talk.id]
    assert await hands.store.escalate_silent(late - 30 * MINUTE, late) == []
    log = await hands.world.talks.read(talk.id)
    assert [e.entry.silent for e in log if isinstance(e.entry, Escalated)] == ["li"]
    assert (await hands.head(talk)).agent == "li"
    await hands.world.talks.agent_said(talk.id, AgentSaid(agent="li", client_id="a", text="在的"), late)
    assert (await hands.head(talk)).escalated_at is None


async def test_only_a_supervisor_takes_from_an_owner_and_only_after_silence(hands: Hands) -> None:
    talk = await hands.queued()
    await hands.store.take(talk.id, "li", NOW)
    with pytest.raises(Conflict):
        await hands.store.take(talk.id, "boss", NOW, supervises=True)
    await hands.store.escalate_silent(NOW, NOW + MINUTE)
    with pytest.raises(Conflict):
        await hands.store.take(talk.id, "wang", NOW + MINUTE)
    await hands.store.take(talk.id, "boss", NOW + MINUTE, supervises=True)
    assert ((await hands.head(talk)).agent, (await hands.head(talk)).escalated_at) == ("boss", None)
    with pytest.raises(NotAuthorised):
        await hands.store.give_back(talk.id, "li", NOW, supervises=False)
    await hands.store.give_back(talk.id, "boss", NOW, supervises=False)
    assert ((await hands.head(talk)).owner, (await hands.head(talk)).agent) == ("assistant", None)
