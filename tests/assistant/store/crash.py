"""A process of its own for `test_crash.py`: it works on a database and may be killed at a named moment.

    python -m tests.assistant.store.crash URL KEY PROPOSAL CONVERSATION HASH MOMENT
    MOMENT: before_execute | after_execute | never

It kills itself with SIGKILL, so that nothing is flushed, closed or undone; otherwise it prints how the yes ended.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from assistant.errors import ProposalSettled
from assistant.store.ledger_store import signing_key
from tests.assistant.store.world import NOW, world


async def main(url: str, key: str, proposal_id: str, conversation_id: str, args_hash: str, moment: str) -> str:
    async with world(url, key=signing_key(Path(key))) as w:
        try:
            permit = await w.permits.authorise(
                proposal_id,
                customer_id="c1",
                conversation_id=conversation_id,
                args_hash=args_hash,
                at=NOW,
                by="assistant",
            )
        except ProposalSettled:
            return "settled"
        if moment == "before_execute":
            os.kill(os.getpid(), signal.SIGKILL)
        settled = await w.permits.execute(permit, NOW)
        if moment == "after_execute":
            os.kill(os.getpid(), signal.SIGKILL)
        talk = await w.talks.get(conversation_id, customer_id="c1")
        await w.talks.commit(talk, [settled.as_event()], at=NOW, settled=[settled], turn_done=True)
        return settled.state


if __name__ == "__main__":
    sys.stdout.write(asyncio.run(main(*sys.argv[1:])))
