"""The store under threads, processes and a full disk: one effect a key, no cap ever passed, nothing half written."""

from __future__ import annotations

import asyncio
import multiprocessing
import random
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import text

from assistant.errors import CapReached, Conflict, ProposalSettled, StoreUnavailable
from assistant.permits import Permit, Proposal
from assistant.shop import Action, Order, Receipt
from assistant.store.ledger_store import signing_key
from tests.assistant.store.world import NOW, SHOP, World, order, world, yes

pytestmark = pytest.mark.torture

THREADS, KEYS = 50, 200
PROCESSES, OPERATIONS, ORDERS = 4, 10_000, 40
FULL_DISKS = 100
CENT = 10


def test_fifty_threads_with_the_same_two_hundred_keys_cause_two_hundred_effects(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/x.db"
    rich = order(paid=1_000_000)
    asyncio.run(_prepared(url, (rich,)))

    def one_thread(number: int) -> Counter[str]:
        return asyncio.run(_all_keys(url, random.Random(number)))

    with ThreadPoolExecutor(THREADS) as threads:
        told = sum(threads.map(one_thread, range(THREADS)), Counter[str]())
    after = asyncio.run(_order(url, "O1"))
    print(f"\n{THREADS} threads × {KEYS} equal keys: {after.compensated // CENT} effects; {dict(told)}")
    assert after.compensated == KEYS * CENT
    assert told["same receipt"] == told["refused other body"] == THREADS * KEYS


async def _prepared(url: str, orders: tuple[Order, ...]) -> None:
    async with world(url, orders=orders):
        pass


async def _order(url: str, order_id: str) -> Order:
    async with world(url) as w:
        found = await w.shop.order("c1", order_id)
        assert found is not None
        return found


async def _all_keys(url: str, chance: random.Random) -> Counter[str]:
    """Every key in an order of this thread's own, each with its own body and then with another."""
    told: Counter[str] = Counter()
    keys = list(range(KEYS))
    chance.shuffle(keys)
    async with world(url) as w:
        for key in keys:
            receipt = await _patiently(w, Action(name="goodwill", order_id="O1", amount=CENT), f"key-{key}")
            told["same receipt"] += (receipt.key, receipt.amount) == (f"key-{key}", CENT)
            with pytest.raises(Conflict):
                await _patiently(w, Action(name="goodwill", order_id="O1", amount=CENT + 1), f"key-{key}")
            told["refused other body"] += 1
    return told


async def _patiently(w: World, action: Action, key: str) -> Receipt:
    while True:
        try:
            return await w.shop.execute(action, key=key, customer_id="c1", at=NOW)
        except StoreUnavailable:
            continue  # another thread has the write lock for longer than we wait; nothing was written


def test_no_cap_is_passed_by_four_processes_at_any_instant(tmp_path: Path) -> None:
    signing_key(tmp_path / "key")
    orders = tuple(order(f"O{number}", paid=5_000, lines=(order().lines[0],)) for number in range(ORDERS))
    asyncio.run(_prepared(f"sqlite:///{tmp_path}/x.db", orders))
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        told = sum(pool.starmap(_mixed, [(tmp_path, number) for number in range(PROCESSES)]), Counter[str]())
    effects, highest = asyncio.run(_replayed(tmp_path))
    print(f"\n{PROCESSES} processes × {OPERATIONS} operations on {ORDERS} orders: {dict(told)}; {effects} effects, "
          f"at most {highest} of 5000 fen reserved or paid on an order at any instant")  # fmt: skip
    assert sum(told.values()) >= PROCESSES * OPERATIONS
    assert told["permitted"] > ORDERS
    assert told["cap reached"] > 0


def _mixed(folder: Path, seed: int) -> Counter[str]:
    return asyncio.run(_operations(folder, random.Random(seed)))


async def _operations(folder: Path, chance: random.Random) -> Counter[str]:
    """Propose, agree (once or twice), carry out, refuse and read, in any order, on orders all processes share."""
    told: Counter[str] = Counter()
    waiting: list[Proposal] = []
    permits: list[Permit] = []
    async with world(f"sqlite:///{folder}/x.db", key=signing_key(folder / "key")) as w:
        talk = await w.talk()
        while told.total() < OPERATIONS:
            try:
                match chance.choices(("read", "propose", "agree", "decline", "carry out"), (76, 6, 8, 2, 8))[0]:
                    case "read":
                        found = await w.shop.order("c1", f"O{chance.randrange(ORDERS)}")
                        assert found is not None
                        assert found.returnable >= 0
                        told["read"] += 1
                    case "propose":
                        wanted = Action(name="goodwill", order_id=f"O{chance.randrange(ORDERS)}",
                                        amount=chance.choice((1, 50, 999, 2500)))  # fmt: skip
                        talk, proposal = await w.propose(talk, wanted)
                        waiting.append(proposal)
                        told["proposed"] += 1
                    case "agree" if waiting:
                        proposal = chance.choice(waiting)
                        permits.append(await w.permits.authorise(proposal.proposal_id, **yes(proposal)))
                        told["permitted"] += 1
                    case "decline" if waiting:
                        proposal = waiting.pop(chance.randrange(len(waiting)))
                        await w.permits.decline(proposal.proposal_id, customer_id="c1", conversation_id=talk.id, at=NOW)
                        told["declined"] += 1
                    case "carry out" if permits:
                        permit = permits.pop(chance.randrange(len(permits)))
                        settled = await w.permits.execute(permit, NOW)
                        talk, _ = await w.talks.commit(talk, [], at=NOW, settled=[settled], turn_done=True)
                        told[settled.state] += 1
            except CapReached:
                told["cap reached"] += 1
            except ProposalSettled:
                told["answered before"] += 1
            except StoreUnavailable:
                told["had to wait"] += 1
    return told


async def _replayed(folder: Path) -> tuple[int, int]:
    """Walk the signed history: what was paid and reserved on each order after each entry. Effects, and the highest."""
    held: dict[str, int] = {}
    paid: dict[str, int] = {}
    open_permits: dict[str, tuple[str, int]] = {}
    highest = effects = 0
    async with world(f"sqlite:///{folder}/x.db", key=signing_key(folder / "key")) as w:
        verified = await w.ledger.verify(SHOP)
        for entry in await w.ledger.entries(SHOP, limit=verified.n):
            body = entry.body
            if entry.kind == "permit":
                open_permits[body["permit_id"]] = (body["order_id"], body["amount"])
                held[body["order_id"]] = held.get(body["order_id"], 0) + body["amount"]
                highest = max(highest, held[body["order_id"]])
            elif entry.kind == "effect":
                order_id, amount = open_permits.pop(body["permit_id"])
                if body["state"] == "refused":
                    held[order_id] -= amount
                else:
                    paid[order_id] = paid.get(order_id, 0) + amount
                    effects += 1
        for order_id, amount in paid.items():
            found = await w.shop.order("c1", order_id)
            assert found is not None
            assert found.compensated >= amount, "what the ledger tells was done"
            assert found.compensated <= held[order_id], "nothing was done without a permit"
    assert highest <= 5_000
    return effects, highest


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if not mounted or mounted.returncode:
        pytest.skip("needs the right to mount a tmpfs: run as root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=False)


async def test_a_disk_that_is_full_refuses_clearly_and_recovers_without_a_restart(small_disk: Path) -> None:
    chance = random.Random(3)
    orders = tuple(order(f"O{number}") for number in range(FULL_DISKS))
    refusals: Counter[str] = Counter()
    async with world(f"sqlite:///{small_disk}/x.db", key=signing_key(small_disk / "key"), orders=orders) as w:
        for number in range(FULL_DISKS):
            filler = small_disk / "filler"
            _fill(filler, leave=chance.randrange(0, 24) * 4096)
            refused = await _until_refused(w, f"O{number}")
            assert "the disk is full" in refused
            refusals[refused.partition(":")[0]] += 1
            filler.unlink()
            await _finish(w, f"O{number}")
            await w.ledger.verify(SHOP)
        checked = await w.database.read(lambda connection: connection.execute(text("PRAGMA integrity_check")).scalar())
        assert checked == "ok"
        for each in orders:
            after = await w.shop.order("c1", each.order_id)
            assert after is not None
            assert (after.state, after.refunded) == ("CLOSED", 12000)
        gaps = await w.database.read(
            lambda connection: connection.execute(
                text("select 1 from log group by conversation_id having max(seq) <> count(*)")
            ).all()
        )
        assert gaps == []
    print(f"\n{FULL_DISKS} times a full disk, met while: {dict(refusals)}; every order was cancelled once afterwards")


def _fill(filler: Path, *, leave: int) -> None:
    """Take all room but `leave` bytes."""
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"\0" * 4096)
    with filler.open("r+b") as file:
        file.truncate(max(0, filler.stat().st_size - leave))


async def _until_refused(w: World, order_id: str) -> str:
    """Work until the disk is full: the step that was refused. Nothing but `StoreUnavailable` may come of it."""
    step = "open"
    try:
        for _ in range(200):
            step = "open"
            talk = await w.talk()
            step = "propose"
            talk, proposal = await w.propose(talk, Action(name="cancel_refund", order_id=order_id, amount=12000))
            found = await w.shop.order("c1", order_id)
            if found is not None and found.state == "PAID":
                step = "permit"
                permit = await w.permits.authorise(proposal.proposal_id, **yes(proposal))
                step = "carry out"
                settled = await w.permits.execute(permit, NOW)
                step = "tell"
                await w.talks.commit(talk, [settled.as_event()], at=NOW, settled=[settled], turn_done=True)
    except StoreUnavailable as error:
        return f"{step}: {error.what}"
    raise AssertionError("the disk was never full")


async def _finish(w: World, order_id: str) -> None:
    """With room again: recover what was left open, and cancel the order if that was not what was left."""
    await w.permits.recover(NOW)
    found = await w.shop.order("c1", order_id)
    assert found is not None
    if found.state == "CLOSED":
        return
    talk, proposal = await w.propose(await w.talk(), Action(name="cancel_refund", order_id=order_id, amount=12000))
    permit = await w.permits.authorise(proposal.proposal_id, **yes(proposal))
    settled = await w.permits.execute(permit, NOW)
    assert settled.state == "done"
    await w.talks.commit(talk, [settled.as_event()], at=NOW, settled=[settled], turn_done=True)
