"""The rerankers that a shop's settings may name: an endpoint that serves a cross-encoder, or the chat model.

Neither is waited for long, nor tried in vain for long: where it does not answer, the search's own ranking stands.
Imported only by an installation that has one.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from assistant.breaker import Breaker
from assistant.clock import Clock
from assistant.errors import ModelUnavailable
from assistant.language import detect
from assistant.models import LangChainModel, Line, open_model
from assistant.prompts import TOP_GRADE, grade_lines, grade_prompt, grade_schema
from assistant.settings import Settings
from knowledge.errors import RerankerUnavailable
from knowledge.reranking import Reranker, certainties

TIMEOUT_S = 3.0
"""How long a question may wait for an endpoint."""


class _Score(BaseModel):
    index: int
    relevance_score: float


class _Scores(BaseModel):
    """What `/rerank` answers, as Jina, Cohere, vLLM, llama.cpp, Xinference and others serve it."""

    results: list[_Score]


class _Grades(BaseModel):
    grades: list[int]


@dataclass
class EndpointReranker:
    """A cross-encoder behind `POST …/rerank`. Its `repr` and its errors hold no key."""

    name: str
    _url: str
    _client: httpx.Client = field(repr=False)
    _breaker: Breaker = field(repr=False)

    def relevance(self, question: str, texts: Sequence[str]) -> list[float]:
        if not texts:
            return []
        if not self._breaker.admits():
            raise RerankerUnavailable("The rerank endpoint failed repeatedly and rests.")
        try:
            found = self._asked(question, texts)
        except RerankerUnavailable:
            self._breaker.failed()
            raise
        self._breaker.succeeded()
        return found

    def _asked(self, question: str, texts: Sequence[str]) -> list[float]:
        body = {"model": self.name, "query": question, "documents": list(texts), "top_n": len(texts)}
        try:
            answer = self._client.post(self._url, json=body)
            answer.raise_for_status()
            scores = TypeAdapter(_Scores).validate_json(answer.content).results
        except (httpx.HTTPError, ValidationError) as error:
            raise RerankerUnavailable(
                f"The rerank endpoint failed ({type(error).__name__}).",
                mend="Check XIAOER_RERANKER_BASE_URL, XIAOER_RERANKER_MODEL and XIAOER_RERANKER_API_KEY.",
            ) from None
        by_index = {score.index: score.relevance_score for score in scores}
        if by_index.keys() != set(range(len(texts))):
            raise RerankerUnavailable(f"The rerank endpoint gave {len(scores)} scores for {len(texts)} texts.")
        return certainties([by_index[number] for number in range(len(texts))], len(texts), self.name)


@dataclass
class ModelReranker:
    """A chat model that grades the clauses, all in one answer. What they and the question say is data to it."""

    _model: LangChainModel

    @property
    def name(self) -> str:
        return self._model.name

    def relevance(self, question: str, texts: Sequence[str]) -> list[float]:
        if not texts:
            return []
        lang = detect(question)
        lines = [Line("system", grade_prompt(len(texts), lang)), Line("user", grade_lines(question, texts, lang))]
        try:
            grades = TypeAdapter(_Grades).validate_json(self._model.ask(lines, grade_schema())).grades
        except ModelUnavailable as error:
            raise RerankerUnavailable(error.what, mend=error.mend) from None
        except ValidationError:
            raise RerankerUnavailable(f"The chat model {self.name} gave no grades.") from None
        return certainties([grade / TOP_GRADE for grade in grades], len(texts), self.name)


def open_reranker(settings: Settings, clock: Clock) -> Reranker | None:
    """What the settings name; nothing is sent yet.

    Raises `RerankerUnavailable` or `ModelUnavailable` when they do not fit.
    """
    if settings.reranker is None:
        return None
    if settings.reranker == "model":
        if settings.model is None:
            raise RerankerUnavailable("The reranker model needs a chat model.", mend="Set XIAOER_MODEL.")
        return ModelReranker(open_model(settings, clock))
    if settings.reranker_base_url is None:
        raise RerankerUnavailable(
            "The reranker endpoint has no address.", mend="Set XIAOER_RERANKER_BASE_URL, e.g. http://127.0.0.1:8000/v1."
        )
    key = settings.reranker_api_key
    options: dict[str, Any] = {"headers": {"authorization": f"Bearer {key.get_secret_value()}"}} if key else {}
    client = httpx.Client(timeout=TIMEOUT_S, **options)
    url = f"{settings.reranker_base_url.rstrip('/')}/rerank"
    reranker = EndpointReranker(settings.reranker_model, url, client, Breaker(clock))
    # connections are kept from question to question, and closed with the last who asks
    weakref.finalize(reranker, client.close)
    return reranker
