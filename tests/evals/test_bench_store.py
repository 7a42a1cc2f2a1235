"""The benchmark of the store counts syncs by phase, by strace where it may trace, by commits everywhere."""

from __future__ import annotations

from evals.bench_store import by_phase, run


def test_a_trace_is_counted_by_the_phase_marked_last() -> None:
    trace = [
        "10 fdatasync(7) = 0",
        '10 access("/xiaoer-bench-turns", F_OK) = -1 ENOENT (No such file or directory)',
        "11 fdatasync(7 <unfinished ...>",
        '10 access("/etc/hosts", F_OK) = 0',
        "11 <... fdatasync resumed>) = 0",
        "12 fsync(9) = 0",
        '10 faccessat2(AT_FDCWD, "/xiaoer-bench-end", F_OK) = -1 ENOENT (No such file or directory)',
        "10 fsync(9) = 0",
    ]
    assert by_phase(trace) == {"": 1, "turns": 2, "end": 1}


def test_a_turn_and_a_confirmed_write_stay_within_their_syncs() -> None:
    outcome = run(turns=4, tracing=False)
    figures = {figure.name: figure for figure in outcome.figures}
    assert figures["commits per turn"].value == 2
    assert figures["commits per confirmed write"].holds
    assert figures["bytes on disk per turn"].value > 0
    assert "commits are counted" in outcome.skipped[0]
