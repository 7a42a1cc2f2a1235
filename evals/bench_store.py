"""What the log of a talk costs on disk: syncs per turn and per confirmed write, bytes kept per turn.

Syncs are counted by `strace` in a process of its own, which marks its phases by asking for files that do not exist.
Where there is no strace, committed write transactions are counted instead: with a write-ahead log each is one sync,
save for an occasional checkpoint.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, event
from sqlalchemy.engine import Engine

from assistant.build import Parts
from assistant.conversation import Asked, Logged, Said
from assistant.turn import Assistant
from evals.bench_figures import Figure, Outcome
from evals.bench_talks import CUSTOMERS, QUESTIONS, on_disk, parts_of, turn

FSYNCS_PER_TURN = 3.0
_MARK = "/xiaoer-bench-"
_CUSTOMER, _WISH = "c06", "我要取消订单"
"""Somebody who may cancel an order, and the words that lead to the proposal."""


def run(*, pack: str = "demo", turns: int = 40, tracing: bool = True) -> Outcome:
    """Play `turns` turns and one confirmed write on a database file in a temporary folder."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        syncs, how = _synced(folder, pack, turns) if tracing else (None, "not asked for")
        skipped = () if syncs else (f"fsyncs: {how}; commits are counted instead",)
        commits, sizes = asyncio.run(_played(folder / "here", parts_of(pack), turns))
    counted, what = (syncs, "fsyncs") if syncs else (commits, "commits")
    figures = (
        Figure(f"{what} per turn", counted["turns"] / turns, "", FSYNCS_PER_TURN),
        Figure(f"{what} per confirmed write", float(counted["confirm"]), "", FSYNCS_PER_TURN),
        Figure("bytes on disk per turn", sizes["disk"] / turns, "B"),
        Figure("bytes on disk per byte of talk", sizes["disk"] / sizes["text"], "×"),
    )
    return Outcome("store", figures, skipped)


def _synced(folder: Path, pack: str, turns: int) -> tuple[Counter[str] | None, str]:
    """fsyncs by phase of a child under strace; None and why, where tracing is forbidden."""
    if shutil.which("strace") is None:
        return None, "strace is not installed"
    trace = folder / "trace"
    calls = "trace=fsync,fdatasync,?access,?faccessat,?faccessat2"
    child = [sys.executable, "-m", "evals.bench_store", pack, str(turns), str(folder / "traced")]
    done = subprocess.run(  # noqa: S603 - our own interpreter and module
        ["strace", "-f", "-qq", "-e", calls, "-o", str(trace), *child],  # noqa: S607 - wherever it is installed
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode or not trace.exists():
        return None, "strace may not trace here"
    return by_phase(trace.read_text("utf-8", errors="replace").splitlines()), ""


def by_phase(lines: list[str]) -> Counter[str]:
    """Syncs of a trace by the phase whose mark came last before them; a call that was interrupted counts once."""
    found: Counter[str] = Counter()
    phase = ""
    for line in lines:
        if (mark := re.search(rf'"{_MARK}(\w+)"', line)) is not None:
            phase = mark[1]
        elif re.search(r"\b(?:fsync|fdatasync)\(", line):
            found[phase] += 1
    return found


async def _played(folder: Path, parts: Parts, turns: int) -> tuple[Counter[str], dict[str, int]]:
    """Commits by phase, and the bytes of the talk itself and of the database it left."""
    text = 0
    with _commits() as counted:
        async with on_disk(folder, parts) as assistant:
            talk = await assistant.open(CUSTOMERS[0])
            await turn(assistant, talk, 0, QUESTIONS[0])
        empty = _size(folder)
        async with on_disk(folder, parts) as assistant:
            await _confirmed(assistant, counted)
            counted.begin("turns")
            for number in range(1, turns + 1):
                question = QUESTIONS[number % len(QUESTIONS)]
                text += _text(question, await turn(assistant, talk, number, question))
            counted.begin("end")
    # both sizes are of a closed database, whose write-ahead log has gone into it
    return counted.found, {"text": text, "disk": _size(folder) - empty}


async def _confirmed(assistant: Assistant, counted: _Commits) -> None:
    """One write, from the words that lead to its proposal to its receipt; only the confirmation is counted."""
    talk = await assistant.open(_CUSTOMER)
    await turn(assistant, talk, 0, _WISH)
    head = await assistant.conversations.get(talk.id, customer_id=None)
    if head.state.proposal_id is None:
        raise RuntimeError(f"{_WISH!r} no longer leads to a proposal for {_CUSTOMER}")
    counted.begin("confirm")
    answers = assistant.confirm(talk.id, head.state.proposal_id, "yes", client_id="yes", customer_id=_CUSTOMER)
    async for _ in answers:
        pass


class _Commits:
    """Counts write transactions by phase, and marks each phase for a tracer outside."""

    def __init__(self) -> None:
        self.found: Counter[str] = Counter()
        self._phase = ""

    def begin(self, phase: str) -> None:
        self._phase = phase
        os.access(f"{_MARK}{phase}", os.F_OK)

    def note(self, connection: Connection) -> None:
        if connection.get_execution_options().get("writes", False):
            self.found[self._phase] += 1


@contextmanager
def _commits() -> Iterator[_Commits]:
    counted = _Commits()
    event.listen(Engine, "commit", counted.note)
    try:
        yield counted
    finally:
        event.remove(Engine, "commit", counted.note)


def _text(question: str, logged: list[Logged]) -> int:
    said = [item.entry.text for item in logged if isinstance(item.entry, Said | Asked)]
    return len("".join([question, *said]).encode())


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("xiaoer.db*"))


if __name__ == "__main__":
    _pack, _turns, _folder = sys.argv[1:]
    _found, _sizes = asyncio.run(_played(Path(_folder), parts_of(_pack), int(_turns)))
    json.dump({"commits": _found, "sizes": _sizes}, sys.stdout)
