from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from assistant.conversation import (
    AgentSaid,
    Answered,
    Asked,
    Closed,
    DialogueState,
    Done,
    Entry,
    IntentGuess,
    Said,
    TakenOver,
    Understood,
)
from assistant.errors import Conflict, NotFound
from assistant.store.conversations import Opening
from assistant.store.proposals import Past
from tests.assistant.store.world import NOW, SHOP, world


def asked(n: int = 1, text: str = "什么时候发货") -> Asked:
    return Asked(client_id=f"m{n}", text=text)


async def test_a_turn_is_logged_and_read_back_as_it_was() -> None:
    async with world() as w:
        talk = await w.talk()
        first, fresh = await w.talks.ask(talk.id, asked(), NOW)
        assert (first.seq, first.turn, fresh) == (1, 1, True)
        talk = await w.talks.get(talk.id, customer_id="c1")
        state = DialogueState(flow="urge_shipping", order_id="O1")
        entries: list[Entry] = [
            Understood(lang="zh", intents=(IntentGuess(name="urge_shipping", confidence=0.9),)),
            Said(text="明天 12:00 前发出"),
            Done(turn=1),
        ]
        moved, logged = await w.talks.commit(talk, entries, at=NOW, state=state, turn_done=True)
        assert await w.talks.read(talk.id) == [first, *logged]
        assert [item.seq for item in logged] == [2, 3, 4]
        assert await w.talks.get(talk.id, customer_id="c1") == moved
        assert moved.state == state
        assert await w.talks.read(talk.id, after=2) == logged[1:]
        assert await w.talks.recent(talk.id, 2) == logged[1:]


async def test_what_waits_is_the_oldest_that_was_not_answered() -> None:
    async with world() as w:
        talk = await w.talk()
        assert await w.talks.opening(talk.id, customer_id="c1") == Opening(talk, None, Past(None, ()))
        first, _ = await w.talks.ask(talk.id, asked(1), NOW)
        await w.talks.ask(talk.id, asked(2, "在吗"), NOW)
        opening = await w.talks.opening(talk.id, customer_id="c1")
        assert (opening.conversation.turns, opening.waiting) == (2, first)
        await w.talks.commit(opening.conversation, [Said(text="明天"), Done(turn=1)], at=NOW, turn_done=True)
        waiting = (await w.talks.opening(talk.id, customer_id="c1")).waiting
        assert waiting is not None
        assert waiting.entry == asked(2, "在吗")
        await w.talks.agent_said(talk.id, AgentSaid(agent="a", client_id="x", text="我来"), NOW)
        assert (await w.talks.opening(talk.id, customer_id="c1")).waiting is None


async def test_only_its_customer_may_write_into_a_talk() -> None:
    async with world() as w:
        talk = await w.talk()
        with pytest.raises(NotFound):
            await w.talks.ask(talk.id, asked(), NOW, customer_id="somebody else")
        with pytest.raises(NotFound):
            await w.talks.opening(talk.id, customer_id="c1", shop="another shop")
        assert await w.talks.read(talk.id) == []


async def test_an_absent_talk_and_somebody_elses_look_the_same() -> None:
    async with world() as w:
        talk = await w.talk("c1")
        complaints = []
        for wanted, customer, shop in ((talk.id, "c2", None), ("nowhere", "c2", None), (talk.id, "c1", "other")):
            with pytest.raises(NotFound) as caught:
                await w.talks.get(wanted, customer_id=customer, shop=shop)
            complaints.append(str(caught.value))
        assert len(set(complaints)) == 1
        assert (await w.talks.get(talk.id, customer_id=None)).customer_id == "c1"


async def test_ids_are_long_and_never_alike() -> None:
    async with world() as w:
        ids = {(await w.talk()).id for _ in range(50)}
        assert len(ids) == 50
        assert min(len(each) for each in ids) >= 22


async def test_the_same_client_id_is_taken_once(url: str) -> None:
    async with world(url) as w:
        talk = await w.talk()
        results = await asyncio.gather(*(w.talks.ask(talk.id, asked(), NOW) for _ in range(20)))
        assert sum(fresh for _, fresh in results) == 1
        assert {logged.seq for logged, _ in results} == {1}
        with pytest.raises(Conflict):
            await w.talks.ask(talk.id, asked(text="别的话"), NOW)
        assert (await w.talks.get(talk.id, customer_id=None)).last_seq == 1


async def test_many_messages_at_once_leave_no_gap(url: str) -> None:
    async with world(url) as w:
        talk = await w.talk()
        await asyncio.gather(*(w.talks.ask(talk.id, asked(n), NOW) for n in range(30)))
        assert [item.seq for item in await w.talks.read(talk.id)] == list(range(1, 31))
        assert sorted(item.turn for item in await w.talks.read(talk.id)) == list(range(1, 31))


async def test_of_two_turns_from_the_same_head_one_wins_and_the_other_writes_nothing(url: str) -> None:
    async with world(url) as w:
        talk = await w.talk()
        await w.talks.ask(talk.id, asked(), NOW)
        talk = await w.talks.get(talk.id, customer_id="c1")
        tries = [w.talks.commit(talk, [Said(text=f"{n}"), Done(turn=1)], at=NOW, turn_done=True) for n in range(8)]
        results = await asyncio.gather(*tries, return_exceptions=True)
        assert sum(isinstance(result, Conflict) for result in results) == 7
        assert len(await w.talks.read(talk.id)) == 3


async def test_a_lost_race_can_be_read_again_and_won() -> None:
    async with world() as w:
        talk = await w.talk()
        await w.talks.ask(talk.id, asked(1), NOW)
        stale = await w.talks.get(talk.id, customer_id="c1")
        await w.talks.ask(talk.id, asked(2), NOW)
        with pytest.raises(Conflict):
            await w.talks.commit(stale, [Done(turn=1)], at=NOW, turn_done=True)
        fresh = await w.talks.get(talk.id, customer_id="c1")
        _, logged = await w.talks.commit(fresh, [Done(turn=1)], at=NOW, turn_done=True)
        assert (logged[0].seq, logged[0].turn) == (3, 1)
        assert [item.entry for _, item in await w.talks.unanswered(SHOP)] == [asked(2)]


async def test_what_was_asked_and_not_answered_is_found_again_unless_a_person_has_it() -> None:
    async with world() as w:
        talks = [await w.talk() for _ in range(4)]
        for n, talk in enumerate(talks):
            await w.talks.ask(talk.id, asked(n), NOW + timedelta(seconds=n))
        heads = [await w.talks.get(talk.id, customer_id=None) for talk in talks]
        await w.talks.commit(heads[1], [Done(turn=1)], at=NOW, turn_done=True)
        await w.talks.commit(heads[2], [TakenOver(agent="li")], at=NOW, owner="agent", agent="li", turn_done=False)
        button = Answered(proposal_id="p", answer="no", client_id="a1")
        await w.talks.answer(talks[1].id, button, NOW + timedelta(seconds=9))
        found = await w.talks.unanswered(SHOP)
        assert [(head.id, item.entry) for head, item in found] == [
            (talks[0].id, asked(0)),
            (talks[3].id, asked(3)),
            (talks[1].id, button),
        ]
        assert await w.talks.unanswered("another shop") == []


async def test_the_queue_shows_who_waits_longest_first() -> None:
    async with world() as w:
        waiting = []
        for n in range(3):
            talk = await w.talk()
            await w.talks.ask(talk.id, asked(n, f"第 {n} 句"), NOW - timedelta(minutes=n))
            talk = await w.talks.get(talk.id, customer_id=None)
            heard = Understood(lang="zh", intents=(IntentGuess(name="complaint", confidence=1.0),), risks=("12315",))
            entries: list[Entry] = [heard, Done(turn=1)]
            talk, _ = await w.talks.commit(talk, entries, at=NOW, owner="queue", turn_done=True)
            waiting.append(talk)
        await w.talk()
        queue = await w.talks.queue(SHOP)
        assert [head.conversation for head in queue] == waiting[::-1]
        assert [head.last_text for head in queue] == ["第 2 句", "第 1 句", "第 0 句"]
        assert queue[0].waiting_since == NOW - timedelta(minutes=2)
        assert queue[0].understood is not None
        assert queue[0].understood.risks == ("12315",)

        said, fresh = await w.talks.agent_said(
            waiting[2].id, AgentSaid(agent="li", client_id="x", text="您好，我来处理"), NOW
        )
        again = await w.talks.agent_said(
            waiting[2].id, AgentSaid(agent="li", client_id="x", text="您好，我来处理"), NOW
        )
        assert (again, fresh) == ((said, False), True)
        last = (await w.talks.queue(SHOP))[-1]
        assert (last.conversation.id, last.waiting_since) == (waiting[2].id, None)


async def test_a_person_asked_for_without_a_word_is_waited_for_from_then_on() -> None:
    async with world() as w:
        talk, _ = await w.talks.commit(await w.talk(), [], at=NOW, owner="queue", turn_done=True)
        assert (await w.talks.queue(SHOP))[0].waiting_since == NOW
        await w.talks.commit(talk, [], at=NOW, owner="assistant", turn_done=True)
        assert await w.talks.queue(SHOP) == []


async def test_a_closed_talk_takes_no_more_messages() -> None:
    async with world() as w:
        talk, _ = await w.talks.commit(await w.talk(), [Closed(by="customer")], at=NOW, turn_done=False)
        assert talk.closed
        with pytest.raises(Conflict):
            await w.talks.ask(talk.id, asked(), NOW)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.sampled_from(["ask", "commit", "stale", "agent"]), max_size=25))
async def test_the_log_has_no_gap_whatever_happens(steps: list[str]) -> None:
    async with world() as w:
        talk = stale = await w.talk()
        for n, step in enumerate(steps):
            try:
                if step == "ask":
                    await w.talks.ask(talk.id, asked(n), NOW)
                elif step == "agent":
                    await w.talks.agent_said(talk.id, AgentSaid(agent="li", client_id=str(n), text="好"), NOW)
                else:
                    head = stale if step == "stale" else await w.talks.get(talk.id, customer_id="c1")
                    await w.talks.commit(head, [Said(text=str(n)), Done(turn=head.turns)], at=NOW, turn_done=True)
            except Conflict:
                assert step == "stale"
        log = await w.talks.read(talk.id)
        assert [item.seq for item in log] == list(range(1, len(log) + 1))
        assert (await w.talks.get(talk.id, customer_id="c1")).last_seq == len(log)


async def test_a_turn_reads_no_more_after_four_hundred_turns_than_after_ten(tmp_path: object) -> None:
    async with world(f"sqlite+aiosqlite:///{tmp_path}/x.db") as w:
        talk = await w.talk()
        plans: list[str] = []
        for query in (
            "SELECT * FROM log WHERE conversation_id = 'x' AND kind = 'asked' AND client_id = 'y'",
            "SELECT * FROM log WHERE conversation_id = 'x' ORDER BY seq DESC LIMIT 30",
            "SELECT * FROM log WHERE conversation_id = 'x' AND seq > 3 ORDER BY seq LIMIT 500",
            "UPDATE log SET open = 0 WHERE conversation_id = 'x' AND open = 1 AND turn <= 3",
            "SELECT * FROM proposals WHERE shop = 'x' AND state = 'permitted'",
        ):
            plans += await w.database.read(partial(_plan, query=query))
        assert all(plan.startswith("SEARCH") and "INDEX" in plan for plan in plans), plans
        assert len(await w.talks.recent(talk.id, 30)) <= 30


def _plan(connection: Connection, *, query: str) -> list[str]:
    return [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}")]
