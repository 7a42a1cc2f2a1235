"""Finding the documents an agent needs, from the whole story of a customer (tau2-bench's banking domain).

A scenario runs over many sentences, most of them about how the customer behaves. It is asked sentence by sentence, and
the rankings are joined by reciprocal rank (Cormack, Clarke, Büttcher 2009, with their constant): a document that many
sentences find goes before one that a single sentence finds best. Nothing was learned from the set; the length of a
sentence's list was chosen on every other task. Measured over the ten documents that come first.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

from evals.intervals import Metric, mean, share
from evals.report import Report
from knowledge.clauses import SHANGHAI, Hit, Place, Policy
from knowledge.embedding import Usem3Embedder
from knowledge.lexical import LexicalIndex
from knowledge.search import ClauseIndex
from knowledge.text import tokens

FOLDER = "tau_banking"
K = 10
_EACH = 20
"""Clauses kept of what one sentence finds."""
_RANK_CONSTANT = 60
_SHORTEST = 4
"""Words below which a sentence says nothing to search for."""
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_AT = datetime(2026, 1, 1, tzinfo=SHANGHAI)

Row: TypeAlias = dict[str, Any]
Ranking: TypeAlias = Callable[[str], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Task:
    """A customer's story and the documents its perfect agent reads."""

    story: str
    required: frozenset[str]


def run(pack: str, data: Path) -> Report:
    """Recall and hit rate over ten documents. Raises `FileNotFoundError` where the set is absent."""
    documents = _rows(data / FOLDER / "documents.jsonl")
    tasks = read_tasks(data / FOLDER / "tasks.jsonl")
    index = ClauseIndex.build(map(_policy, documents), Usem3Embedder())
    ours = judged(tasks, lambda story: by_sentence(index, story))
    whole = judged(tasks, lambda story: documents_of(_search(index, story, 20 * K)))
    plain = judged(tasks, _bm25(documents))
    best = mean([min(K, len(task.required)) / len(task.required) for task in tasks])
    return Report(
        suite="tau-banking",
        pack=pack,
        n=len(tasks),
        metrics=ours,
        groups={
            **{f"story as one question: {name}": metric for name, metric in whole.items()},
            **{f"bm25 alone, story as one question: {name}": metric for name, metric in plain.items()},
            f"the best possible: recall_at_{K}": best,
        },
    )


def read_tasks(path: Path) -> list[Task]:
    """The tasks that need any document at all."""
    return [
        Task(str(row["user_scenario"]["instructions"]), frozenset(row["required_documents"]))
        for row in _rows(path)
        if row["required_documents"]
    ]


def judged(tasks: Iterable[Task], ranking: Ranking) -> dict[str, Metric]:
    """Mean share of the required documents among the first `K`, and the share of tasks with any of them."""
    recalls = [len(task.required.intersection(ranking(task.story)[:K])) / len(task.required) for task in tasks]
    return {f"recall_at_{K}": mean(recalls), f"hit_at_{K}": share(sum(map(bool, recalls)), len(recalls))}


def by_sentence(index: ClauseIndex, story: str) -> list[str]:
    """Documents by the sum of 1 / (60 + rank) over the sentences of a story; best first."""
    total: dict[str, float] = defaultdict(float)
    for sentence in sentences(story):
        for rank, document in enumerate(documents_of(_search(index, sentence, _EACH)), 1):
            total[document] += 1 / (_RANK_CONSTANT + rank)
    return sorted(total, key=lambda document: -total[document])


def sentences(story: str) -> list[str]:
    return [part.strip() for part in _SENTENCE.split(story) if len(part.split()) >= _SHORTEST]


def documents_of(hits: Iterable[Hit]) -> list[str]:
    """The documents of clauses, each once, in the order of its best."""
    return list(dict.fromkeys(hit.clause.policy.source for hit in hits))


def _search(index: ClauseIndex, question: str, k: int) -> list[Hit]:
    return index.search(question, as_of=_AT, place=Place(), lang="en", k=k)


def _bm25(documents: Sequence[Row]) -> Ranking:
    """What the words alone find, of whole documents."""
    words = [tokens(f"{row['title']} {row['content']}") for row in documents]
    lexical = LexicalIndex.build(words, range(len(words)), [0] * len(words))

    def ranking(story: str) -> list[str]:
        numbers, _ = lexical.search(list(dict.fromkeys(tokens(story))), limit=K)
        return [documents[number]["id"] for number in numbers.tolist()]

    return ranking


def _policy(row: Row) -> Policy:
    slug = re.sub(r"[^a-z0-9]+", "-", row["id"].lower()).strip("-")
    return Policy(
        id=f"platform/{slug}", version="1", title=row["title"], lang="en", text=row["content"], source=row["id"]
    )


def _rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]
