"""Runs turns in the background: one at a time in each conversation, published as they happen, finished on the way out.

A turn belongs to the server, not to the request that started it: a customer who closes the page loses nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

import structlog

from assistant.conversation import Answered, Lang, Logged
from assistant.errors import Conflict
from knowledge.errors import XiaoerError
from server.logs import where_it_broke
from server.metrics import Metrics
from server.problems import UNEXPECTED, Kind, ShuttingDown, kind_of
from server.stream import DESK, Hint, Hub

if TYPE_CHECKING:
    from assistant.turn import Assistant

log = structlog.get_logger("server")


ATTEMPTS = 5
"""How often a turn is computed again because a message came in meanwhile; each time the newcomer is on record."""


class Turns:
    """The turns of one server. `start` returns at once; `drain` waits for what runs."""

    def __init__(self, assistant: Assistant, hub: Hub, metrics: Metrics) -> None:
        self._assistant = assistant
        self._hub = hub
        self._metrics = metrics
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._tasks: set[asyncio.Task[None]] = set()
        self._queued: set[str] = set()
        self._draining = False

    @property
    def draining(self) -> bool:
        return self._draining

    def start(self, conversation_id: str, *, customer_id: str, lang: Lang, typing: bool = True) -> None:
        """Answer what is unanswered. A turn already waiting will do it; on the way out it is left for later."""
        if self._draining or conversation_id in self._queued:
            return
        self._queued.add(conversation_id)
        self._spawn(conversation_id, lang, self._answer(conversation_id, customer_id, typing))

    async def confirm(self, conversation_id: str, answered: Answered, *, customer_id: str, lang: Lang) -> Logged | None:
        """Answer a proposal; the first entry as soon as the log holds it. What follows runs on without the caller.

        Raises what the engine refuses with before anything was logged.
        """
        if self._draining:
            raise ShuttingDown("The server is about to stop.")
        first: asyncio.Future[Logged] = asyncio.get_running_loop().create_future()
        events = self._assistant.confirm(
            conversation_id,
            answered.proposal_id,
            answered.answer,
            client_id=answered.client_id,
            customer_id=customer_id,
        )
        task = self._spawn(conversation_id, lang, self._carry_out(conversation_id, customer_id, events, first))
        # `wait` cancels neither when the caller hangs up: the answer counts once it was given
        waited: set[asyncio.Future[Any]] = {task, first}
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        if not first.done():
            first.cancel()
            task.result()
            return None
        return first.result()

    async def drain(self, deadline_s: float) -> int:
        """Take nothing new and wait for what runs; the number of turns that had to be cut off at the deadline."""
        self._draining = True
        pending = set(self._tasks)
        if pending:
            _, pending = await asyncio.wait(pending, timeout=deadline_s)
        for task in pending:
            task.cancel()
        if pending:
            await asyncio.wait(pending)
        return len(pending)

    async def _answer(self, conversation_id: str, customer_id: str, typing: bool) -> None:
        async with self._lock(conversation_id):
            self._queued.discard(conversation_id)
            if typing:
                self._hub.publish(conversation_id, Hint("typing"))
            await self._reply(conversation_id, customer_id)

    async def _reply(self, conversation_id: str, customer_id: str) -> None:
        """Answer until nothing is unanswered. A turn that the log outran wrote nothing and is computed again."""
        for attempt in range(ATTEMPTS):
            try:
                async for event in self._assistant.reply(conversation_id, customer_id=customer_id):
                    item = event if isinstance(event, Logged) else Hint("saying", {"text": event.text})
                    self._hub.publish(conversation_id, item)
            except Conflict:
                if attempt == ATTEMPTS - 1:
                    raise
            else:
                return

    async def _carry_out(
        self, conversation_id: str, customer_id: str, events: AsyncIterator[Logged], first: asyncio.Future[Logged]
    ) -> None:
        async with self._lock(conversation_id):
            try:
                async for event in events:
                    self._hub.publish(conversation_id, event)
                    if not first.done():
                        first.set_result(event)
            except Conflict as error:
                # a message came in between: what the yes did is in the ledger, and the words for it are still owed
                if not first.done():
                    first.set_exception(error)
                await self._reply(conversation_id, customer_id)
            except XiaoerError as error:
                if first.done():
                    raise
                first.set_exception(error)

    def _lock(self, conversation_id: str) -> asyncio.Lock:
        # the dictionary is weak: a lock lives as long as a turn holds or awaits it
        lock = self._locks.get(conversation_id)
        if lock is None:
            lock = self._locks[conversation_id] = asyncio.Lock()
        return lock

    def _spawn(self, conversation_id: str, lang: Lang, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        started = time.monotonic()
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        self._metrics.running.inc()

        def ended(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            self._metrics.running.dec()
            self._metrics.turn_seconds.observe(time.monotonic() - started)
            self._queued.discard(conversation_id)
            self._hub.publish(DESK, Hint("changed", {"id": conversation_id}))
            self._report(task, conversation_id, lang)

        task.add_done_callback(ended)
        return task

    def _report(self, task: asyncio.Task[None], conversation_id: str, lang: Lang) -> None:
        if task.cancelled():
            self._metrics.turns.labels("cut_off").inc()
            return
        error = task.exception()
        if error is None:
            self._metrics.turns.labels("done").inc()
            return
        self._metrics.turns.labels("failed").inc()
        kind: Kind = kind_of(error) if isinstance(error, XiaoerError) else UNEXPECTED
        log.error("turn_failed", conversation=conversation_id, error=type(error).__name__, at=where_it_broke(error))
        text = kind.text.in_(lang)
        self._hub.publish(conversation_id, Hint("failed", {"code": kind.code, "text": text, "retryable": True}))
