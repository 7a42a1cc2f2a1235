from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from assistant.conversation import Logged, Said
from server.stream import Hint, Hub, follow

AT = datetime(2026, 1, 5, tzinfo=UTC)


def logged(seq: int) -> Logged:
    return Logged(seq=seq, turn=1, at=AT, entry=Said(text=str(seq)))


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


@given(
    before=st.integers(0, 6),
    live=st.integers(0, 12),
    after=st.integers(0, 6),
    order=st.randoms(use_true_random=False),
    written_first=st.integers(0, 12),
)
async def test_every_entry_comes_once_and_in_order_however_publishing_is_ordered(
    before: int, live: int, after: int, order: object, written_first: int
) -> None:
    hub, after = Hub(), min(after, before)
    log = [logged(seq) for seq in range(1, before + 1)]
    later = [logged(seq) for seq in range(before + 1, before + live + 1)]

    async def read(seq: int) -> list[Logged]:
        # while the log is being read, the first of the later entries are written and published
        for item in later[:written_first]:
            if item not in log:
                log.append(item)
                hub.publish("c", item)
        await asyncio.sleep(0)
        return [item for item in log if item.seq > seq]

    seen: list[int] = []

    async def listen() -> None:
        stream = follow(hub, "c", after=after, read=read, show=lambda item: {"seq": item.seq})
        seen.extend([int(event.id) async for event in stream if event.id is not None])

    task = asyncio.create_task(listen())
    await settle()
    log.extend(item for item in later if item not in log)
    shuffled = list(later)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    for item in shuffled:
        hub.publish("c", item)
    await settle()
    hub.goodbye()
    await task
    assert seen == list(range(after + 1, before + live + 1))


async def test_a_listener_that_does_not_read_is_let_go_and_holds_up_nobody() -> None:
    hub = Hub()
    with hub.listen("c", size=4) as slow, hub.listen("c") as quick:
        for seq in range(1, 11):
            hub.publish("c", logged(seq))
        assert [item async for item in slow] == []
        assert hub.dropped == 1
        hub.goodbye()
        assert len([item async for item in quick]) == 11


async def test_1025_listeners_all_hear_the_same_entry() -> None:
    hub = Hub()
    heard: list[int] = []

    async def read(_seq: int) -> list[Logged]:
        return []

    async def listen() -> None:
        stream = follow(hub, "c", after=0, read=read, show=lambda item: {"seq": item.seq})
        heard.extend([int(event.id) async for event in stream if event.id is not None])

    tasks = [asyncio.create_task(listen()) for _ in range(1025)]
    await settle()
    assert hub.listeners == 1025
    hub.publish("c", logged(1))
    hub.goodbye()
    await asyncio.gather(*tasks)
    assert heard == [1] * 1025
    assert hub.listeners == 0


async def test_goodbye_comes_after_what_was_published_and_late_listeners_get_it_at_once() -> None:
    hub = Hub()
    with hub.listen("c") as listener:
        hub.publish("c", logged(1))
        hub.goodbye()
        hub.publish("c", logged(2))
        items = [item async for item in listener]
    assert isinstance(items[0], Logged)
    assert isinstance(items[1], Hint)
    assert items[1].name == "goodbye"
    assert len(items) == 2
    with hub.listen("c") as late:
        assert [item.name async for item in late if isinstance(item, Hint)] == ["goodbye"]


async def test_a_hidden_entry_is_passed_over_without_a_gap() -> None:
    hub = Hub()

    async def read(seq: int) -> list[Logged]:
        return [logged(n) for n in range(seq + 1, 4)]

    hub.goodbye()
    stream = follow(hub, "c", after=0, read=read, show=lambda item: None if item.seq == 2 else {"seq": item.seq})
    assert [event.id async for event in stream] == ["1", "3", None]
