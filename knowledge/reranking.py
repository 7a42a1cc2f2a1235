"""A second, slower look at the best clauses, by something that reads question and clause together.

It places what the search has found and says how sure it is; it adds no clause, so scope and time stay the search's.
Where it does not answer, the ranking stands as it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime
from math import exp, isfinite, log
from typing import TYPE_CHECKING, Protocol

from knowledge.clauses import Clause, Hit, Lang, Place, Policy
from knowledge.errors import RerankerUnavailable
from knowledge.live_index import Clauses
from knowledge.mending import mend
from knowledge.text import fold, tokens

if TYPE_CHECKING:
    from langchain_core.cross_encoders import BaseCrossEncoder

LOOKED_AT = 10
"""How many of the best clauses are read with the question. Of the `dev` part of `evals/suites/law-questions.jsonl` a
right one is among them for 0.98.
"""

_SURE = 0.999
"""No certainty outweighs everything else: both are held between 1 - this and this."""
_READY = 256
"""Questions that were looked at ahead and are kept."""
_MAX_CHARACTERS = 2000


class Reranker(Protocol):
    """Anything that reads a question and a text together."""

    @property
    def name(self) -> str: ...

    def relevance(self, question: str, texts: Sequence[str]) -> Sequence[float]:
        """How sure it is, in [0, 1], that each text answers. Raises `RerankerUnavailable`, nothing else. Blocks."""
        ...


class WordReranker:
    """An offline double: the share of the question's words that stand in a text."""

    name = "words"

    def relevance(self, question: str, texts: Sequence[str]) -> list[float]:
        asked = set(tokens(mend(fold(question))))
        return [len(asked & set(tokens(fold(text)))) / (len(asked) or 1) for text in texts]


class LangChainReranker:
    """Any LangChain `BaseCrossEncoder`. `logits` says that its scores are those, and not yet certainties."""

    def __init__(self, encoder: BaseCrossEncoder, *, name: str, logits: bool = False) -> None:
        self._encoder = encoder
        self.name = name
        self._logits = logits

    def relevance(self, question: str, texts: Sequence[str]) -> list[float]:
        try:
            scores = [float(score) for score in self._encoder.score([(question, text) for text in texts])]
        except Exception as error:  # a model of any kind stands behind it, and they share no error
            raise RerankerUnavailable(f"The reranker {self.name} failed ({type(error).__name__}).") from error
        return certainties([_sigmoid(score) for score in scores] if self._logits else scores, len(texts), self.name)


def certainties(scores: Sequence[float], wanted: int, name: str) -> list[float]:
    """`scores` if they are `wanted` numbers in [0, 1]. Raises `RerankerUnavailable`."""
    if len(scores) != wanted:
        raise RerankerUnavailable(f"The reranker {name} gave {len(scores)} scores for {wanted} texts.")
    if not all(isfinite(score) and 0 <= score <= 1 for score in scores):
        raise RerankerUnavailable(
            f"The reranker {name} gave scores that are no certainties in 0..1.",
            mend="If they are logits, have its server, or `LangChainReranker(logits=True)`, make certainties of them.",
        )
    return list(scores)


class RerankedIndex:
    """An index whose best hits are placed by a second look. Safe for use from threads as the one it stands before."""

    def __init__(self, index: Clauses, reranker: Reranker) -> None:
        self.before = index
        self._reranker = reranker
        self._ready: dict[str, Mapping[str, float]] = {}

    @property
    def policies(self) -> tuple[Policy, ...]:
        return self.before.policies

    @property
    def documents(self) -> tuple[Policy, ...]:
        return self.before.documents

    @property
    def clauses(self) -> tuple[Clause, ...]:
        return self.before.clauses

    @property
    def rebuild(self) -> Future[None] | None:
        return self.before.rebuild

    @property
    def takes_time(self) -> bool:
        """See `ClauseIndex.takes_time`."""
        return True

    def settle(self) -> bool:
        """See `LiveIndex.settle`."""
        return self.before.settle()

    def clause(self, ref_or_id: str, lang: Lang | None = None) -> Clause:
        """See `ClauseIndex.clause`."""
        return self.before.clause(ref_or_id, lang)

    def prepare(self, questions: Sequence[str], *, as_of: datetime, place: Place, lang: Lang | None = None) -> None:
        """Look at what `questions` find ahead, so that searching for them waits for nothing. Blocks."""
        self.before.prepare(questions, as_of=as_of, place=place, lang=lang)
        for question in dict.fromkeys(questions):
            hits = self.before.search(question, as_of=as_of, place=place, lang=lang, k=LOOKED_AT)
            known = self._ready.get(question, {})
            texts = [text for text in map(_read, hits) if text not in known]
            if not texts:
                continue
            if len(self._ready) >= _READY:
                self._ready = {}
            # nothing is kept of a failure but that there was one: asked again at once it would only be waited for
            self._ready[question] = {**known, **(self._relevance(question, texts) or {})}

    def search(
        self,
        query: str,
        *,
        as_of: datetime,
        place: Place,
        lang: Lang | None = None,
        k: int = 5,
        include_undated: bool = False,
    ) -> list[Hit]:
        """As `ClauseIndex.search`; its best clauses in the order of both looks, each having half of the say."""
        looked_at = max(k, LOOKED_AT)
        hits = self.before.search(
            query, as_of=as_of, place=place, lang=lang, k=looked_at, include_undated=include_undated
        )
        known = self._ready.get(query)
        texts = [text for text in map(_read, hits) if known is None or text not in known]
        if texts and known != {}:
            known = {**(known or {}), **(self._relevance(query, texts) or {})}
        if not known or not all(_read(hit) in known for hit in hits):
            return hits[:k]
        placed = [_placed(hit, known[_read(hit)]) for hit in hits]
        return sorted(placed, key=lambda hit: -hit.score)[:k]

    def _relevance(self, question: str, texts: Sequence[str]) -> Mapping[str, float] | None:
        try:
            return dict(zip(texts, self._reranker.relevance(question, texts), strict=True))
        except RerankerUnavailable:
            return None


def _read(hit: Hit) -> str:
    """What is read of a clause: what it stands under, and its words."""
    clause = hit.clause
    headings = dict.fromkeys((clause.policy.title, *clause.heading))
    return f"{' > '.join(headings)}\n{clause.shown}"[:_MAX_CHARACTERS]


def _placed(hit: Hit, relevance: float) -> Hit:
    """The mean of both log-odds: neither look was fitted to the other, so neither outweighs it."""
    return replace(hit, score=_sigmoid((_log_odds(hit.score) + _log_odds(relevance)) / 2), reranked=relevance)


def _log_odds(certainty: float) -> float:
    held = min(max(certainty, 1 - _SURE), _SURE)
    return log(held / (1 - held))


def _sigmoid(value: float) -> float:
    return 1 / (1 + exp(-min(max(value, -700.0), 700.0)))
