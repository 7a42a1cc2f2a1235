"""Live events: who listens to which conversation, and an event stream that can be resumed without gap or duplicate.

The hub lives in one process. A listener has a bounded queue; one that does not read is let go and resumes from the log
by `Last-Event-ID`, so that it never holds up the others.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

from fastapi.sse import ServerSentEvent

from assistant.conversation import Logged

QUEUE = 256
"""Events a listener may lag behind: several turns of a lively conversation."""
RETRY_MS = 1500
"""How long a client waits before it comes back after a goodbye: a restart takes about that long."""
DESK = "desk"
"""The topic of the desk's queue. Conversation ids are longer and random, so that they cannot collide with it."""

Shown: TypeAlias = dict[str, object]


@dataclass(frozen=True, slots=True)
class Hint:
    """Something worth showing now that the log does not hold: typing, a partial sentence, a change in the queue."""

    name: str
    data: Mapping[str, object] = field(default_factory=dict[str, object])


Item: TypeAlias = Logged | Hint


class Listener:
    """One stream's place in the hub: an async iterator of items that ends when the hub lets it go."""

    def __init__(self, size: int = QUEUE) -> None:
        # one place more than the limit, so that the end always fits
        self._queue: asyncio.Queue[Item | None] = asyncio.Queue(size + 1)
        self._size = size
        self.open = True

    def offer(self, item: Item) -> bool:
        """Take `item`; False when this listener is too far behind and was let go."""
        if not self.open:
            return False
        if self._queue.qsize() >= self._size:
            self.end()
            return False
        self._queue.put_nowait(item)
        return True

    def end(self, last: Hint | None = None) -> None:
        """End the iteration after what is queued. A listener that lags ends at once: it reads the rest from the log."""
        if not self.open:
            return
        self.open = False
        if self._queue.qsize() >= self._size:
            while not self._queue.empty():
                self._queue.get_nowait()
        elif last is not None:
            self._queue.put_nowait(last)
        if not self._queue.full():
            self._queue.put_nowait(None)

    async def __aiter__(self) -> AsyncIterator[Item]:
        while (item := await self._next()) is not None:
            yield item

    async def _next(self) -> Item | None:
        if not self.open and self._queue.empty():
            return None
        return await self._queue.get()


class Hub:
    """Publishes items to the listeners of a topic. Never waits for any of them."""

    def __init__(self) -> None:
        self._listeners: defaultdict[str, set[Listener]] = defaultdict(set)
        self._closing = False
        self.dropped = 0

    @property
    def listeners(self) -> int:
        return sum(len(listeners) for listeners in self._listeners.values())

    @contextmanager
    def listen(self, topic: str, *, size: int = QUEUE) -> Iterator[Listener]:
        """A listener that hears what is published on `topic` from now on."""
        listener = Listener(size)
        self._listeners[topic].add(listener)
        if self._closing:
            listener.end(_goodbye())
        try:
            yield listener
        finally:
            self._listeners[topic].discard(listener)
            if not self._listeners[topic]:
                del self._listeners[topic]

    def publish(self, topic: str, item: Item) -> None:
        for listener in tuple(self._listeners.get(topic, ())):
            if listener.open and not listener.offer(item):
                self.dropped += 1

    def goodbye(self) -> None:
        """Tell every listener that the server goes, and when to come back; later ones are told at once."""
        self._closing = True
        for listeners in tuple(self._listeners.values()):
            for listener in tuple(listeners):
                listener.end(_goodbye())


def _goodbye() -> Hint:
    return Hint("goodbye", {"retry_ms": RETRY_MS})


async def follow(
    hub: Hub,
    topic: str,
    *,
    after: int,
    read: Callable[[int], Awaitable[list[Logged]]],
    show: Callable[[Logged], Shown | None],
    size: int = QUEUE,
) -> AsyncIterator[ServerSentEvent]:
    """Every entry with `seq > after` exactly once and in order, then what happens live, with hints in between.

    Args:
        read: the entries of the log after a seq, in order.
        show: what this audience may see of an entry; None hides it.
    """
    seen = after
    # listen first, then read: what is logged in between comes twice and is filtered, never missed
    with hub.listen(topic, size=size) as listener:
        for logged in await read(seen):
            seen = logged.seq
            if (shown := show(logged)) is not None:
                yield _event(logged, shown)
        async for item in listener:
            if isinstance(item, Hint):
                yield hint_event(item)
                continue
            if item.seq <= seen:
                continue
            # two writers may publish out of order; the log has the order
            for logged in [item] if item.seq == seen + 1 else await read(seen):
                seen = logged.seq
                if (shown := show(logged)) is not None:
                    yield _event(logged, shown)


def hint_event(hint: Hint) -> ServerSentEvent:
    """A hint on the wire: without an id, so that it does not count as a place to resume from."""
    return ServerSentEvent(event=hint.name, raw_data=_json(hint.data))


def _event(logged: Logged, shown: Shown) -> ServerSentEvent:
    return ServerSentEvent(id=str(logged.seq), event=logged.entry.kind, raw_data=_json(shown))


def _json(data: Mapping[str, object]) -> str:
    # Chinese as itself: escaped it would take twice the bytes
    return json.dumps(dict(data), ensure_ascii=False, separators=(",", ":"))
