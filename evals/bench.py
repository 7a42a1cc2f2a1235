"""All benchmarks by name: what `xiaoer bench` runs. Each returns figures of one run; budgets are those of the project.

turns      a turn of the embedded assistant: alone, among twenty talks, late in a long one, and its parts
decisions  a decision with all packs loaded, and loading them
retrieval  search, against the least any such search must do and against LangChain's EnsembleRetriever
rivals     search beside LangChain's, LlamaIndex's and Haystack's: time, accuracy, memory; minutes, so not part of `all`
growth     how search grows to a million clauses: time, recall of the approximate store, memory
documents  a change of one document against building all, and taking files in
store      syncs and bytes per turn
streams    memory of idle event streams
startup    imports, and a server's first and later start
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

from evals import (
    bench_decisions,
    bench_documents,
    bench_growth,
    bench_retrieval,
    bench_rivals,
    bench_startup,
    bench_store,
    bench_streams,
    bench_turns,
)
from evals.bench_figures import Figure, Outcome

OVER_FLOOR = 2.0
TIMES_ENSEMBLE = 12.0
NAMES = ("turns", "decisions", "retrieval", "rivals", "growth", "documents", "store", "streams", "startup")
ALL = "all"
ALONE = frozenset({"rivals"})
"""Run only when named: it needs packages that nothing else does, and minutes."""


def run(name: str, *, pack: str = "demo") -> Iterator[Outcome]:
    """The outcome of one benchmark, or of `all` but those `ALONE`, each as soon as it is measured.

    Raises `KeyError` for another name.
    """
    benches: dict[str, Callable[[], Outcome]] = {
        "turns": lambda: bench_turns.run(pack=pack),
        "decisions": bench_decisions.run,
        "retrieval": retrieval,
        "rivals": bench_rivals.run,
        "growth": bench_growth.run,
        "documents": bench_documents.run,
        "store": lambda: bench_store.run(pack=pack),
        "streams": lambda: asyncio.run(bench_streams.run(pack=pack)),
        "startup": lambda: asyncio.run(bench_startup.run(pack=pack)),
    }
    named = [each for each in NAMES if each not in ALONE] if name == ALL else [name]
    chosen = [benches[each] for each in named]
    return (bench() for bench in chosen)


def retrieval(sizes: tuple[int, ...] = bench_retrieval.SIZES, *, rounds: int = 30, ensemble: bool = True) -> Outcome:
    """Search at each size; with vectors given, the comparison with LangChain is held to its budget at the largest."""
    reports = bench_retrieval.run(sizes, rounds=rounds, ensemble=ensemble)
    figures: list[Figure] = []
    skipped: list[str] = []
    for name, report in reports.items():
        largest_given = name == f"given/{max(sizes)}"
        floor = OVER_FLOOR if largest_given or name.startswith("embedded/") else None
        figures.append(Figure(f"{name}: over the bare floor", float(report["ratio_to_floor"]), "×", floor))
        figures.append(Figure(f"{name}: a search", float(report["ours_ms"]), "ms wall"))
        if (times := report.get("times_faster_than_ensemble")) is None:
            skipped.append(f"{name}: EnsembleRetriever {report['ensemble']}")
            continue
        budget = TIMES_ENSEMBLE if largest_given else None
        figures.append(Figure(f"{name}: faster than EnsembleRetriever", float(times), "×", budget, at_least=True))
    return Outcome("retrieval", tuple(figures), tuple(skipped))
