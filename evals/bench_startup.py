"""How long it takes until work can begin: importing the packages, and a server's first and later start.

The verdict is on CPU time: starting runs on one core, so on an idle machine it takes about that long by the clock too.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from assistant.build import IN_MEMORY, load_parts, open_assistant
from assistant.clock import FixedClock
from assistant.settings import Settings
from evals.bench_figures import Figure, Outcome
from evals.bench_processes import import_s, served
from evals.bench_talks import NOW

IMPORT_S = 0.5
FIRST_S, LATER_S = 60.0, 5.0
OPEN_MS = 50.0


async def run(*, pack: str = "demo", later: int = 2, runs: int = 3) -> Outcome:
    """Imports are the best of `runs` fresh interpreters; the later start is the best of `later`."""
    imports = (
        Figure("import assistant", import_s("assistant", runs=runs), "s CPU", IMPORT_S),
        Figure("import assistant.build", import_s("assistant.build", runs=runs), "s CPU"),
    )
    opened = Figure("open an assistant for a case", await _open_ms(pack), "ms CPU", OPEN_MS)
    if not sys.platform.startswith("linux"):
        return Outcome("startup", (*imports, opened), ("server starts: CPU time is read from /proc",))
    return Outcome("startup", (*imports, opened, *_starts(pack, later)))


def _starts(pack: str, later: int) -> tuple[Figure, ...]:
    with tempfile.TemporaryDirectory() as name:
        with served(Path(name) / "shop", pack) as server:
            first_wall, first_cpu = server.wall_s, server.cpu_s
            _let_it_write(Path(name) / "shop" / "index" / "CURRENT")
        walls, cpus = [], []
        for _ in range(later):
            with served(Path(name) / "shop", pack) as server:
                walls.append(server.wall_s)
                cpus.append(server.cpu_s)
    return (
        Figure("first start to /readyz", first_cpu, "s CPU", FIRST_S),
        Figure("first start to /readyz, waited", first_wall, "s wall"),
        Figure("later start to /readyz", min(cpus), "s CPU", LATER_S),
        Figure("later start to /readyz, waited", min(walls), "s wall"),
    )


def _let_it_write(index: Path, *, within_s: float = 60.0) -> None:
    """The first start answers while its index is still being built; the later one is about a shop that has it."""
    until = time.perf_counter() + within_s
    while not index.exists() and time.perf_counter() < until:
        time.sleep(0.1)


async def _open_ms(pack: str, *, times: int = 7) -> float:
    """CPU milliseconds of an in-memory assistant over parts that are loaded: the median, the first not counted."""
    settings = Settings(pack=pack, database_url=IN_MEMORY, embedder="hash")
    parts = load_parts(settings)
    taken: list[float] = []
    for _ in range(times):
        started = time.process_time()
        assistant = await open_assistant(settings, parts=parts, clock=FixedClock(NOW))
        taken.append((time.process_time() - started) * 1000)
        await assistant.close()
    return sorted(taken[1:])[len(taken[1:]) // 2]
