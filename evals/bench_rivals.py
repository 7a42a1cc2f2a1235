"""Our search beside LangChain's, LlamaIndex's and Haystack's in one run: time, accuracy, memory.

Every retriever has a process of its own and they take turns, five questions each; a question is asked once, so nobody
has it in memory. Times are medians of wall time inside the process, compared as ratios only. The vectors of clauses and
questions are given to all, so what is timed is the search. Memory is the most a process held, from its start on, its
packages and the vectors it was given included. From `_EMBEDDED` clauses on, the further ones' vectors are drawn like
real ones; those of the clauses asked about are real at every size.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from evals.bench_figures import Figure, Outcome
from evals.bench_growth import Likeness
from evals.rival_clauses import QUESTIONS, Labelled, Question, labelled
from evals.rival_process import Answer, NotReady, Ready, RivalProcess, rival, write_corpus
from evals.rival_retrievers import BUILDS, FLOOR, OURS, missing
from knowledge.embedding import Embedder, Usem3Embedder, Vectors
from knowledge.formal import phrases_of
from knowledge.mending import mend
from knowledge.text import fold

SIZES = (1_000, 10_000, 100_000)
LANGCHAIN = "langchain/same"
TIMES_LANGCHAIN: Mapping[int, float] = {1_000: 4.0, 10_000: 12.0}
"""How many times faster than LangChain ours has to be, by the number of clauses."""
OVER_FLOOR = 2.0
FLOOR_FROM = 10_000
MEMORY_MB = 2048
_EMBEDDED = 10_000
_TOGETHER = 5
_WARM = ("退款多久到账", "下单当天可以改地址吗", "how do I return the shoes")
_BUILDING_S, _ANSWERING_S = 90.0, 20.0


@dataclass
class Run:
    """What one retriever answered at one size."""

    name: str
    ready: Ready
    answers: list[Answer] = field(default_factory=list)
    peak_mb: float = 0.0

    @property
    def ms(self) -> float:
        return statistics.median(answer.ms for answer in self.answers)

    @property
    def spent_s(self) -> float:
        return sum(answer.ms for answer in self.answers) / 1000


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Of the questions that were answered: the mean reciprocal rank of the right clause in the first ten, and shares.

    `hit`: the right clause is among the first three; `rule`: its rule is, in whichever version; `wrong`: the first
    clause is not in force, or not for this platform.
    """

    mrr: float
    hit: float
    rule: float
    wrong: float
    asked: int


def accuracy(drawn: Labelled, answers: Sequence[Answer]) -> Accuracy:
    """Judge the answers to the first questions. Raises `ValueError` for none."""
    pairs = list(zip(drawn.questions, answers, strict=False))
    if not pairs:
        raise ValueError("no answers")
    mean = statistics.fmean
    return Accuracy(
        mrr=mean(_reciprocal_rank(question, answer.found[:10]) for question, answer in pairs),
        hit=mean(question.right in answer.found[:3] for question, answer in pairs),
        rule=mean(bool({question.right, *question.elsewhere} & {*answer.found[:3]}) for question, answer in pairs),
        wrong=mean(not all(drawn.may_answer[each] for each in answer.found[:1]) for _, answer in pairs),
        asked=len(pairs),
    )


def _reciprocal_rank(question: Question, found: Sequence[int]) -> float:
    return 1 / (1 + found.index(question.right)) if question.right in found else 0.0


def run(
    sizes: Sequence[int] = SIZES,
    *,
    names: Iterable[str] = tuple(BUILDS),
    embedder: Embedder | None = None,
    questions: int = QUESTIONS,
) -> Outcome:
    """Measure the retrievers named whose packages are installed; the others are said to be left out, and why."""
    named = list(names)
    skipped = [reason for name in named if (reason := missing(name))]
    present = [name for name in named if not missing(name)]
    figures: list[Figure] = []
    used = embedder or Usem3Embedder()
    held = _vectors(labelled(min(max(sizes), _EMBEDDED), questions=questions), used)
    for size in sizes:
        drawn = labelled(size, questions=questions)
        with TemporaryDirectory(prefix="rivals-") as folder:
            write_corpus(Path(folder), size, questions, _grown(held, size), _asked(drawn, used))
            runs, failed = _together(present, Path(folder), drawn)
        skipped.extend(f"{size} clauses: {reason}" for reason in failed)
        figures.extend(_figures(size, runs, drawn))
    return Outcome("rivals", tuple(figures), tuple(skipped))


def _vectors(drawn: Labelled, embedder: Embedder) -> Vectors:
    return embedder.embed([clause.search_text for clause in drawn.clauses])


def _grown(held: Vectors, size: int) -> Vectors:
    """The vectors of `size` clauses: those there are, then others like them."""
    if size <= len(held):
        return held[:size]
    return np.concatenate([held, Likeness(held).draw(size - len(held), 3)])


def _asked(drawn: Labelled, embedder: Embedder) -> dict[str, Vectors]:
    """The vectors of all that any of the retrievers embeds of a question."""
    whole = [*_WARM, *(question.text for question in drawn.questions)]
    forms = [form for text in whole for form in (text, fold(text), mend(fold(text)))]
    texts = list(dict.fromkeys([*forms, *(phrases_of(form)[1] for form in forms)]))
    return dict(zip(texts, embedder.embed(texts), strict=True))


def _together(names: Sequence[str], folder: Path, drawn: Labelled) -> tuple[list[Run], list[str]]:
    """Build one after the other, then ask in turns; who has taken too long is asked no more."""
    runs: list[Run] = []
    failed: list[str] = []
    with ExitStack() as stack:
        asked: dict[str, RivalProcess] = {}
        for name in names:
            try:
                asked[name] = stack.enter_context(rival(name, folder, within_s=_BUILDING_S))
                asked[name].ask(_WARM)
            except NotReady as error:
                failed.append(str(error))
                asked.pop(name, None)
                continue
            runs.append(Run(name, asked[name].ready))
        for start in range(0, len(drawn.questions), _TOGETHER):
            texts = [question.text for question in drawn.questions[start : start + _TOGETHER]]
            for each in runs:
                if each.spent_s < _ANSWERING_S:
                    each.answers.extend(asked[each.name].ask(texts))
        for each in runs:
            each.peak_mb = asked[each.name].peak_mb
    return runs, failed


def _figures(size: int, runs: Sequence[Run], drawn: Labelled) -> list[Figure]:
    times = {each.name: each.ms for each in runs}
    found: list[Figure] = []
    for each in runs:
        judged = accuracy(drawn, each.answers)
        label = f"{size} {each.name}:"
        found.append(_pace(size, each.name, times))
        found.append(Figure(f"{label} MRR@10", judged.mrr, note=_detail(judged, len(drawn.questions))))
        found.append(Figure(f"{label} first out of scope", judged.wrong * 100, "%", 0.0 if each.name == OURS else None))
        heavy = " (more than 2 GB)" if each.peak_mb > MEMORY_MB else ""
        ready = each.ready
        found.append(
            Figure(
                f"{label} memory",
                each.peak_mb,
                "MiB",
                note=f"built {ready.build_s:.1f} s; import {ready.import_s:.1f} s, {ready.import_mb:.0f} MiB{heavy}",
            )
        )
    return found


def _pace(size: int, name: str, times: Mapping[str, float]) -> Figure:
    """Ours over the floor, any other over ours."""
    ms = f"{times[name]:.3g} ms"
    if name == OURS:
        floor = times[name] / times[FLOOR] if FLOOR in times else 0.0
        return Figure(f"{size} {name}: over the floor", floor, "×", OVER_FLOOR if size >= FLOOR_FROM else None, note=ms)
    over_floor = f"{ms}; {times[name] / times[FLOOR]:.3g} × the floor" if FLOOR in times and name != FLOOR else ms
    least = TIMES_LANGCHAIN.get(size) if name == LANGCHAIN else None
    ratio = times[name] / times[OURS] if OURS in times else 0.0
    return Figure(f"{size} {name}: over ours", ratio, "×", least, at_least=True, note=over_floor)


def _detail(judged: Accuracy, questions: int) -> str:
    counted = "" if judged.asked == questions else f"; {judged.asked} questions"
    return f"hit@3 {judged.hit:.2f}; any version {judged.rule:.2f}{counted}"
