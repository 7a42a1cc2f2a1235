"""An embedder at an OpenAI-compatible endpoint: the one home of langchain-openai's embeddings.

It is never waited for long and never tried in vain for long: a question whose vector does not come is answered by its
words alone. Imported only by an installation that has one, since LangChain takes its time to import.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from langchain_core.embeddings import Embeddings

from assistant.breaker import Breaker
from assistant.clock import Clock
from assistant.settings import Settings
from knowledge.embedding import LangChainEmbedder
from knowledge.errors import EmbedderUnavailable

QUESTION_S, CLAUSES_S = 3.0, 60.0
"""How long a question, and how long a batch of clauses, may wait for the endpoint."""

_BATCH = 64
_FEW = 2


@dataclass
class EndpointEmbeddings(Embeddings):
    """Embeddings of an endpoint, any failure of which is `EmbedderUnavailable`: by its kind, since a provider's words
    may repeat the key.
    """

    quick: Embeddings
    patient: Embeddings
    """For clauses, which nobody waits for: tried again and with more time."""
    failures: tuple[type[Exception], ...]
    breaker: Breaker

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        asked = self.quick if len(texts) <= _FEW else self.patient
        if not self.breaker.admits():
            raise EmbedderUnavailable("The embeddings endpoint failed repeatedly and rests.")
        try:
            vectors = asked.embed_documents(texts)
        except self.failures as error:
            self.breaker.failed()
            raise EmbedderUnavailable(
                f"The embeddings endpoint failed ({type(error).__name__}).",
                mend="Check XIAOER_EMBEDDER_BASE_URL, XIAOER_EMBEDDER_MODEL and XIAOER_EMBEDDER_API_KEY.",
            ) from None
        self.breaker.succeeded()
        return vectors

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]


def open_endpoint(settings: Settings, clock: Clock) -> LangChainEmbedder:
    """The endpoint the settings name; nothing is sent yet. Raises `EmbedderUnavailable` when they do not fit."""
    try:
        from langchain_openai import OpenAIEmbeddings
        from openai import OpenAIError
    except ImportError as error:
        raise EmbedderUnavailable(
            f"The embedder openai needs the package {error.name}.", mend='pip install "xiaoer[model]"'
        ) from error
    key = settings.embedder_api_key.get_secret_value() if settings.embedder_api_key else "none"
    url, model = settings.embedder_base_url, settings.embedder_model
    if url is None and settings.embedder_api_key is None:
        raise EmbedderUnavailable(
            "The embedder openai needs a key or a server of your own.",
            mend="Set XIAOER_EMBEDDER_API_KEY or XIAOER_EMBEDDER_BASE_URL.",
        )

    def client(timeout: float, retries: int) -> OpenAIEmbeddings:
        # texts as they are: servers that are not OpenAI's take no tokens, and its tables would be fetched to count them
        options: dict[str, Any] = {"model": model, "base_url": url, "api_key": key, "timeout": timeout}
        return OpenAIEmbeddings(max_retries=retries, chunk_size=_BATCH, check_embedding_ctx_length=False, **options)

    # an answer that is no answer shows as one of these in LangChain, which reads it
    failures = (OpenAIError, ValueError, TypeError, KeyError, AttributeError)
    endpoint = EndpointEmbeddings(client(QUESTION_S, 0), client(CLAUSES_S, 3), failures, Breaker(clock))
    return LangChainEmbedder(endpoint, name=f"openai {model} {url or ''}".strip())
