"""A planner for tests of the wire: it says the customer's words back, as slowly as it is told to.

Everything else is the real engine. `python -m tests.server.echo` serves it in a process of its own.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import cache

from assistant.build import Parts, load_parts, open_assistant
from assistant.context import TurnContext
from assistant.conversation import Said, TurnEvent
from assistant.planner import Saying
from assistant.settings import Settings
from assistant.turn import Assistant
from server.app import create_app
from server.logs import configure
from server.serve import server_for


class EchoPlanner:
    name = "echo"

    def __init__(self, delay_s: float = 0.0) -> None:
        self._delay_s = delay_s

    async def run(self, turn: TurnContext) -> AsyncIterator[TurnEvent | Saying]:
        yield Saying(turn.asked.text)
        await asyncio.sleep(self._delay_s)
        if turn.asked.text == "BREAK":
            raise RuntimeError("secret words of a customer")
        yield Said(text=turn.asked.text)


@cache
def parts() -> Parts:
    """The demo pack, compiled once for all servers of a test run, with the offline embedder."""
    return load_parts(Settings(embedder="hash"))


def opening(delay_s: float = 0.0) -> Callable[[Settings], Awaitable[Assistant]]:
    return lambda settings: open_assistant(settings, parts=parts(), planner=EchoPlanner(delay_s))


if __name__ == "__main__":
    chosen = Settings()
    configure(sys.stderr)
    server_for(create_app(chosen, opening(float(os.environ["ECHO_DELAY_S"]))), chosen).run()
