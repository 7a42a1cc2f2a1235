"""What documents cost: a change of one among ten thousand clauses, against building them all, and taking files in.

CPU time of the process, for both sides of the ratio; a busy machine slows them alike. Questions asked while the index
is brought up to date are compared with those of a quiet moment of the same run.
"""

from __future__ import annotations

import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from evals.bench_figures import Figure, Outcome
from evals.bench_retrieval import synthetic_policies
from knowledge.clauses import SHANGHAI, Place, Policy
from knowledge.documents import Documents
from knowledge.embedding import Embedder, Usem3Embedder
from knowledge.front_matter import parse_policy
from knowledge.intake import take, wanted
from knowledge.live_index import LiveIndex
from knowledge.search import ClauseIndex

CHANGE_SHARE = 2.0
_NOW = datetime(2026, 11, 22, 12, tzinfo=SHANGHAI)
_MOST = 400
_QUESTION = "大促期间买的手机降价了能价保吗"


def run(clauses: int = 10_000, *, files: int = 30, embedder: Embedder | None = None, changes: int = 5) -> Outcome:
    """Measure in a folder of its own, which is deleted. `embedder` is the bundled one unless named."""
    with tempfile.TemporaryDirectory(prefix="xiaoer-bench-") as folder:
        changed = _changes(Path(folder) / "changes", clauses, embedder or Usem3Embedder(), changes)
        return Outcome("documents", (*changed, *_intake(Path(folder) / "intake", files)))


def _changes(folder: Path, clauses: int, embedder: Embedder, changes: int) -> tuple[Figure, ...]:
    policies = synthetic_policies(clauses)
    documents = Documents(folder)
    documents.keep([_versioned(policy, "1") for policy in policies], at=_NOW)
    embedder.embed([_QUESTION])
    opened: list[LiveIndex] = []
    full = _cpu(lambda: opened.append(LiveIndex.open([], documents, lambda held: ClauseIndex.build(held, embedder))))
    live = opened[0]
    quiet = statistics.median(_wall(lambda: _ask(live)) for _ in range(40))
    shares: list[float] = []
    for number in range(changes):
        more = f"## 新增 {{#new}}\n第{number}条，{number + 3}天内办理。\n"
        documents.keep([_versioned(policies[number], "2", more)], at=_NOW)
        shares.append(_cpu(live.settle) / full * 100)
    documents.keep([_versioned(policies[changes], "2", "## 新增 {#new}\n另有规定。\n")], at=_NOW)
    during = [_wall(lambda: _ask(live))]
    while live.behind and len(during) < _MOST:
        during.append(_wall(lambda: _ask(live)))
    documents.withdraw(policies[changes + 1].id, at=_NOW)
    gone = _wall(lambda: _ask(live))
    return (
        Figure(f"{clauses} clauses: build them all", full, "s CPU"),
        Figure("change one document of them, of that", statistics.median(shares), "%", CHANGE_SHARE),
        Figure("a question in a quiet moment", quiet * 1000, "ms wall"),
        Figure("a question while the index changes, p50", statistics.median(during) * 1000, "ms wall"),
        Figure("the first question after a withdrawal", gone * 1000, "ms wall"),
    )


def _intake(folder: Path, files: int) -> tuple[Figure, ...]:
    source = folder / "in"
    source.mkdir(parents=True)
    for number in range(files):
        lines = (f"第{i}条 商品{number}签收后{i + 3}天内可以退换，需联系客服登记并保留吊牌。" for i in range(40))
        (source / f"f{number}.txt").write_text(f"本店规则{number}\n" + "\n".join(lines), encoding="utf-8")
    documents, what = Documents(folder / "documents"), wanted([source])
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    own = _cpu(lambda: list(take(documents, what, at=_NOW)))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    apart = after.ru_utime + after.ru_stime - children.ru_utime - children.ru_stime
    again = _cpu(lambda: list(take(documents, what, at=_NOW)))
    return (
        Figure("take in a text file, each in a process of its own", (own + apart) / files * 1000, "ms CPU"),
        Figure("the same again, unchanged", again / files * 1000, "ms CPU"),
    )


def _versioned(policy: Policy, version: str, more: str = "") -> Policy:
    head = f'---\nid: {policy.id}\nversion: "{version}"\ntitle: {policy.title}\nlang: zh\n---\n'
    return parse_policy(head + policy.text.removeprefix("---\n---\n") + more, f"{policy.id}.md")


def _ask(index: LiveIndex) -> None:
    index.search(_QUESTION, as_of=_NOW, place=Place(platform="taobao"))


def _cpu(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _wall(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
