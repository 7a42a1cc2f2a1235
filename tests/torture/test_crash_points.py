"""A crash at each named moment, then a client that retries, a recovery, or both, in seeded orders: one effect."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.build import Parts, load_parts
from assistant.settings import Settings
from tests.assistant.test_crash_points import (
    Act,
    Crash,
    Fuse,
    again,
    check,
    draft,
    given,
    in_turn,
    process,
    recover,
    sign,
    yes,
)

pytestmark = pytest.mark.torture

SEEDS = 20
AFTERWARDS = ("retry", "recovery", "both")
BY_A_YES = ("yes.received", "permit.written", "permit.committed", "execute.sending", "execute.answered",
            "settle.written", "settle.committed")  # fmt: skip
IN_RECOVERY = ("recover.found", "recover.answered", "recover.written", "recover.committed")
BY_APPROVAL = ("request.written", "request.committed", "approval.written", "approval.committed")
_ended: Counter[str] = Counter()


@pytest.fixture(scope="module")
def loaded() -> Parts:
    return load_parts(Settings())


@pytest.fixture(scope="module", autouse=True)
def totals() -> Iterator[None]:
    yield
    print(f"\ncrash points: {dict(_ended)}: one effect each")


@pytest.mark.parametrize("afterwards", AFTERWARDS)
@pytest.mark.parametrize("point", [*BY_A_YES, *IN_RECOVERY, *BY_APPROVAL])
async def test_whatever_follows_a_crash_the_effect_is_one(
    point: str, afterwards: str, loaded: Parts, tmp_path: Path
) -> None:
    for seed in range(SEEDS):
        folder = tmp_path / str(seed)
        folder.mkdir()
        await _one_life(point, afterwards, random.Random(f"{point} {afterwards} {seed}"), loaded, folder)
        _ended[afterwards] += 1


async def _one_life(point: str, afterwards: str, chance: random.Random, loaded: Parts, folder: Path) -> None:
    approved = point in BY_APPROVAL
    async with process(loaded, folder) as talk:
        await draft(talk, sensitive=approved)
    if point in IN_RECOVERY:
        await _crash(
            Fuse(chance.choice(("permit.committed", "execute.sending", "execute.answered"))), (yes,), loaded, folder
        )
    acts: tuple[Act, ...] = (recover,) if point in IN_RECOVERY else (yes, sign) if approved else (yes,)
    await _crash(Fuse(point), acts, loaded, folder)

    wishes: tuple[Act, ...] = (yes, sign) if approved else (yes,)
    for _ in range(chance.randint(1, 3)):  # lives of the program, each ended by hand
        async with process(loaded, folder) as talk:
            for _ in range(chance.randint(1, 3)):
                if afterwards == "recovery" or (afterwards == "both" and chance.random() < 0.5):
                    await recover(talk)
                else:
                    for act in wishes:
                        await again(act, talk)
            assert await given(talk) <= 1000, "never twice, whatever came first"
    async with process(loaded, folder) as talk:  # a crash before the yes was on record leaves it to be said again
        for act in (*wishes, recover):
            await again(act, talk)
        await check(talk, effects=1, states=["done"])


async def _crash(fuse: Fuse, acts: tuple[Act, ...], loaded: Parts, folder: Path) -> None:
    async with process(loaded, folder, fuse) as talk:
        with pytest.raises(Crash):
            await in_turn(talk, *acts)
