"""One retriever in a process of its own, so that its memory is its own: `python -m evals.rival_process NAME FOLDER`.

The folder holds `corpus.json` ({"clauses", "questions", "asked"}), `clauses.npy` and `asked.npy`, the vectors of the
clauses and of the texts asked. The process says in a line of JSON what it took to be ready, then answers each line of
questions with a line of answers: milliseconds and clause numbers. It ends with its input.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Timer
from typing import Any

import numpy as np

from assistant.settings import environment_with
from evals.rival_clauses import labelled
from evals.rival_retrievers import BUILDS, ENVIRONMENT, Corpus, load
from knowledge.embedding import Vectors

_KIB = 1024
_END_S = 10.0


class NotReady(Exception):
    """A retriever was not ready in the time it had, or ended before; the message says which."""


@dataclass(frozen=True, slots=True)
class Ready:
    """What a retriever took until it could be asked: seconds and MiB; memory is 0 where the system does not tell."""

    import_s: float
    import_mb: float
    build_s: float


@dataclass(frozen=True, slots=True)
class Answer:
    """Milliseconds of wall time of one search, and the numbers of the clauses found, best first."""

    ms: float
    found: tuple[int, ...]


def write_corpus(folder: Path, clauses: int, questions: int, vectors: Vectors, asked: dict[str, Vectors]) -> None:
    """Write what the processes of one size read."""
    np.save(folder / "clauses.npy", vectors)
    np.save(folder / "asked.npy", np.stack(list(asked.values())))
    described = {"clauses": clauses, "questions": questions, "asked": list(asked)}
    (folder / "corpus.json").write_text(json.dumps(described), encoding="utf-8")


def read_corpus(folder: Path) -> Corpus:
    """What `write_corpus` wrote; the clauses are drawn again."""
    described = json.loads((folder / "corpus.json").read_text(encoding="utf-8"))
    asked = dict(zip(described["asked"], np.load(folder / "asked.npy"), strict=True))
    drawn = labelled(described["clauses"], questions=described["questions"])
    return Corpus(drawn, np.load(folder / "clauses.npy"), asked)


class RivalProcess:
    """A retriever that has been built and waits for questions."""

    def __init__(self, process: subprocess.Popen[str], ready: Ready) -> None:
        self.ready = ready
        self._process = process

    def ask(self, questions: Sequence[str]) -> list[Answer]:
        """The answers, in order. Raises `NotReady` when the process has ended."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(list(questions)) + "\n")
        self._process.stdin.flush()
        return [Answer(each["ms"], tuple(each["found"])) for each in _line(self._process)]

    @property
    def peak_mb(self) -> float:
        """The most memory the process has held so far, in MiB."""
        return _memory_mb("VmHWM", str(self._process.pid))


@contextmanager
def rival(name: str, folder: Path, *, within_s: float) -> Iterator[RivalProcess]:
    """Start a retriever, wait until it is ready, end it. Raises `NotReady`."""
    process = subprocess.Popen(  # noqa: S603 - our interpreter and module
        [sys.executable, "-m", "evals.rival_process", name, str(folder)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env=environment_with(ENVIRONMENT),
    )  # fmt: skip
    limit = Timer(within_s, process.kill)
    try:
        limit.start()
        try:
            ready = Ready(**_line(process))
        except NotReady as error:
            late = "" if limit.is_alive() else f" within {within_s:.0f} s"
            raise NotReady(f"{name} was not ready{late}") from error
        finally:
            limit.cancel()
        yield RivalProcess(process, ready)
    finally:
        _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe:
            pipe.close()
    try:
        process.wait(_END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _line(process: subprocess.Popen[str]) -> Any:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise NotReady("the process has ended")
    return json.loads(line)


def _memory_mb(field: str, process: str = "self") -> float:
    try:
        lines = Path(f"/proc/{process}/status").read_text("ascii").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / _KIB for line in lines if line.startswith(f"{field}:")), 0.0)


def main(name: str, folder: Path) -> None:
    """Build the retriever and answer what is asked on the standard input."""
    out, sys.stdout = sys.stdout, sys.stderr  # a package that prints must not spoil the answers
    corpus = read_corpus(folder)
    before, started = _memory_mb("VmRSS"), time.perf_counter()
    load(name)
    imported, held = time.perf_counter(), _memory_mb("VmRSS")
    retriever = BUILDS[name](corpus)
    ready = Ready(imported - started, held - before, time.perf_counter() - imported)
    out.write(json.dumps(asdict(ready)) + "\n")
    out.flush()
    for line in sys.stdin:
        answers: list[Answer] = []
        for question in json.loads(line):
            begun = time.perf_counter()
            answer = retriever.ask(question)
            taken = (time.perf_counter() - begun) * 1000
            answers.append(Answer(taken, tuple(retriever.numbers(answer))))
        out.write(json.dumps([asdict(each) for each in answers]) + "\n")
        out.flush()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
