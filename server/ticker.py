"""What the clock does while the server runs: approvals that expire, conversations nobody answers."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import structlog

from knowledge.errors import XiaoerError
from server.stream import DESK, Hint

if TYPE_CHECKING:
    from assistant.after_sale import AfterSale
    from server.front import Front

log = structlog.get_logger("server")

EVERY_S = 15.0
"""A quarter of a minute: limits are in minutes and hours."""


async def run(front: Front, every_s: float = EVERY_S) -> None:
    """Sweep for ever; a sweep that the store refuses is tried again at the next turn of the clock."""
    while True:
        try:
            await sweep(front)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever one sweep met, the limits of other cases go on
            log.error("sweep_broke", error=type(error).__name__)
        await asyncio.sleep(every_s)


async def sweep(front: Front) -> None:
    """One sweep: what it changed is published, so that open pages show it."""
    try:
        changed = await front.assistant.sweep()
    except XiaoerError as error:
        log.warning("sweep_failed", error=type(error).__name__)
        return
    for conversation, entries in changed:
        front.tell(conversation, entries)
    if front.after_sale is not None and await _sweep_tickets(front, front.after_sale):
        front.hub.publish(DESK, Hint("changed", {}))
    if changed:
        front.hub.publish(DESK, Hint("changed", {}))


async def _sweep_tickets(front: Front, after_sale: AfterSale) -> bool:
    """Alerts and time-outs of tickets; whether any changed."""
    try:
        swept = await after_sale.sweep()
    except XiaoerError as error:
        log.warning("ticket_sweep_failed", error=type(error).__name__)
        return False
    for conversation, entry in swept.logged:
        front.tell(conversation, entry)
    return bool(swept.changed)


async def stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
