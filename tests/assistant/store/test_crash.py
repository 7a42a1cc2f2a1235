from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest

from assistant.conversation import Acted
from assistant.permits import Proposal
from assistant.store.ledger_store import signing_key
from tests.assistant.store.world import NOW, SHOP, World, world

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Kept:
    """A database that outlives the processes that use it, and the file of its signing key."""

    url: str
    key: Path


@pytest.fixture
def kept(lasting_url: str, tmp_path: Path) -> Kept:
    return Kept(lasting_url, tmp_path / "key")


def opened(kept: Kept) -> AbstractAsyncContextManager[World]:
    return world(kept.url, key=signing_key(kept.key))


async def run(kept: Kept, proposal: Proposal, moment: str) -> tuple[int, str]:
    """Say yes in another process; its exit code and what it printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.assistant.store.crash",
        kept.url,
        str(kept.key),
        proposal.proposal_id,
        proposal.conversation_id,
        proposal.args_hash,
        moment,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await process.communicate()
    assert process.returncode is not None
    assert process.returncode in (0, -signal.SIGKILL), errors.decode()
    return process.returncode, out.decode()


async def paid_back(w: World) -> int:
    after = await w.shop.order("c1", "O1")
    assert after is not None
    return after.refunded


@pytest.mark.parametrize(("moment", "before"), [("before_execute", 0), ("after_execute", 12000)])
async def test_a_process_killed_on_the_way_leaves_exactly_one_effect_after_recovery(
    kept: Kept, moment: str, before: int
) -> None:
    async with opened(kept) as w:
        _, proposal = await w.propose(await w.talk())
    assert (await run(kept, proposal, moment))[0] == -signal.SIGKILL

    async with opened(kept) as w:
        assert await paid_back(w) == before
        assert (await w.ledger.verify(SHOP)).n == 2
        (end,) = await w.permits.recover(NOW)
        assert (end.state, await paid_back(w)) == ("done", 12000)
        assert await w.permits.recover(NOW) == []
        assert (await run(kept, proposal, "never")) == (0, "settled")
        assert await paid_back(w) == 12000
        assert [entry.kind for entry in await w.ledger.entries(SHOP)] == ["genesis", "permit", "effect"]
        assert (await w.ledger.verify(SHOP)).n == 3
        acted = [item.entry for item in await w.talks.read(proposal.conversation_id) if isinstance(item.entry, Acted)]
        assert [entry.receipt for entry in acted] == [end.receipt]


async def test_of_several_processes_that_say_yes_at_once_one_counts(kept: Kept) -> None:
    async with opened(kept) as w:
        _, proposal = await w.propose(await w.talk())
    results = await asyncio.gather(*(run(kept, proposal, "never") for _ in range(4)))
    assert sorted(said for _, said in results) == ["done", "settled", "settled", "settled"]
    async with opened(kept) as w:
        assert await paid_back(w) == 12000
        assert (await w.ledger.verify(SHOP)).n == 3


async def test_several_processes_may_open_a_new_database_at_once(tmp_path: Path) -> None:
    script = (
        "import asyncio, sys\nfrom assistant.store.database import Database\n"
        "async def main():\n    await (await Database.open(sys.argv[1])).aclose()\nasyncio.run(main())"
    )
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", script, f"sqlite:///{tmp_path}/n.db", cwd=ROOT, stderr=asyncio.subprocess.PIPE
        )
        for _ in range(4)
    ]
    ended = await asyncio.gather(*(process.communicate() for process in processes))
    assert [process.returncode for process in processes] == [0] * 4, [errors for _, errors in ended]
