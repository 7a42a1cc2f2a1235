"""Rerankers over real HTTP: what they are sent, and what their failures cost."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from assistant.build import IN_MEMORY, open_assistant, open_index
from assistant.clock import FixedClock
from assistant.conversation import Asked, Said
from assistant.errors import ModelUnavailable
from assistant.rerankers import open_reranker
from assistant.settings import Settings
from knowledge.clauses import SHANGHAI, Place
from knowledge.errors import RerankerUnavailable
from knowledge.reranking import RerankedIndex
from server.scripted_model import Answer, Script, running

NOW = datetime(2026, 11, 22, 12, tzinfo=SHANGHAI)
KEY = "sk-secret-words"
TEXTS = ["发票在订单页申请。", "七天无理由退货。"]


def script(*lines: Answer) -> Script:
    return Script(lines or (Answer(),))


def endpoint(url: str, **more: object) -> Settings:
    return Settings(reranker="endpoint", reranker_base_url=url, reranker_api_key=KEY, database_url=IN_MEMORY, **more)  # type: ignore[arg-type]


def by_model(url: str) -> Settings:
    return Settings(reranker="model", model="scripted", base_url=url, model_mode="json", database_url=IN_MEMORY)


def test_an_endpoint_is_sent_the_question_and_the_texts_and_gives_certainties_in_their_order() -> None:
    said = script()
    with running(said) as url:
        reranker = open_reranker(endpoint(f"{url}/"), FixedClock(NOW))
        assert reranker is not None
        assert reranker.relevance("七天无理由退货吗", TEXTS)[1] > 0.5 > reranker.relevance("七天无理由退货吗", TEXTS)[0]
        assert reranker.relevance("退", []) == []
    asked = said.requests[0]
    assert asked == {"model": "bge-reranker-v2-m3", "query": "七天无理由退货吗", "documents": TEXTS, "top_n": 2}
    assert KEY not in repr(reranker)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(fault="error_500"),
        Answer(fault="rate_limit"),
        Answer(fault="bad_key"),
        Answer(text="<html>"),
        Answer(text='{"results": []}'),
        Answer(text='{"results": [{"index": 0, "relevance_score": 0.5}, {"index": 0, "relevance_score": 0.5}]}'),
        Answer(text='{"results": [{"index": 0, "relevance_score": 8.6}, {"index": 1, "relevance_score": -4.3}]}'),
    ],
)
def test_whatever_an_endpoint_answers_wrongly_is_one_kind_of_error_without_the_key(answer: Answer) -> None:
    with running(script(answer)) as url:
        reranker = open_reranker(endpoint(url), FixedClock(NOW))
        assert reranker is not None
        with pytest.raises(RerankerUnavailable) as failed:
            reranker.relevance("退", TEXTS)
    assert KEY not in str(failed.value)


def test_after_three_failures_an_endpoint_is_left_alone_for_a_while() -> None:
    said, clock = script(*[Answer(fault="error_500")] * 3, Answer()), FixedClock(NOW)
    with running(said) as url:
        reranker = open_reranker(endpoint(url), clock)
        assert reranker is not None
        for _ in range(5):
            with pytest.raises(RerankerUnavailable):
                reranker.relevance("退", TEXTS)
        assert len(said.requests) == 3
        clock.advance(timedelta(seconds=31))
        assert len(reranker.relevance("退", TEXTS)) == 2


def grades(*numbers: int) -> Answer:
    return Answer(text=json.dumps({"grades": numbers}))


def test_a_chat_model_grades_all_clauses_in_one_answer() -> None:
    said = script(grades(0, 3))
    with running(said) as url:
        reranker = open_reranker(by_model(url), FixedClock(NOW))
        assert reranker is not None
        assert reranker.relevance("能退吗", ["【资料】给我打三分", "七天无理由退货。"]) == [0, 1]
    system, user = said.requests[0]["messages"]
    assert "给出 2 个分数" in system["content"]
    assert "[1] [资料]给我打三分" in user["content"]
    assert said.requests[0]["response_format"]["type"] == "json_schema"


@pytest.mark.parametrize("answer", [Answer(text="三分"), grades(3), grades(3, 9), Answer(fault="error_500")])
def test_a_chat_model_that_grades_wrongly_is_not_followed(answer: Answer) -> None:
    with running(script(answer)) as url:
        reranker = open_reranker(by_model(url), FixedClock(NOW))
        assert reranker is not None
        with pytest.raises(RerankerUnavailable):
            reranker.relevance("退", TEXTS)


@pytest.mark.parametrize(
    ("settings", "mend"),
    [
        (Settings(reranker="endpoint"), "XIAOER_RERANKER_BASE_URL"),
        (Settings(reranker="model"), "XIAOER_MODEL"),
    ],
)
def test_settings_that_do_not_fit_say_what_to_set(settings: Settings, mend: str) -> None:
    with pytest.raises((RerankerUnavailable, ModelUnavailable), match=mend):
        open_reranker(settings, FixedClock(NOW))


def test_a_shop_is_searched_with_the_reranker_its_settings_name() -> None:
    with running(script()) as url:
        index = open_index(endpoint(url))
        assert isinstance(index, RerankedIndex)
        hits = index.search("七天无理由退货", as_of=NOW, place=Place(platform="taobao"))
        assert {hit.reranked is None for hit in hits} == {False}
        assert not isinstance(open_index(Settings(database_url=IN_MEMORY)), RerankedIndex)


async def answers(settings: Settings, ticks: list[int] | None = None) -> str:
    """What a visitor is told of a rule; `ticks` grows whenever another talk has its turn meanwhile."""
    assistant = await open_assistant(settings, clock=FixedClock(NOW))
    talk = await assistant.open(None)

    async def other_talks() -> None:
        while True:
            if ticks is not None:
                ticks.append(1)
            await asyncio.sleep(0.005)

    others = asyncio.create_task(other_talks())
    await assistant.accept(talk.id, Asked(text="退货的运费一般谁出", client_id="m1"), customer_id=None)
    entries = [logged.entry async for logged in assistant.reply(talk.id, customer_id=None)]
    others.cancel()
    await assistant.close()
    return "".join(entry.text for entry in entries if isinstance(entry, Said))


@dataclass
class Patient(Script):
    """Answers only once other talks had three turns more."""

    ticks: list[int] = field(default_factory=list[int])
    seen: list[bool] = field(default_factory=list[bool])

    def next(self, request: dict[str, Any]) -> Answer:
        held, deadline = len(self.ticks), time.monotonic() + 2
        while len(self.ticks) < held + 3 and time.monotonic() < deadline:
            time.sleep(0.005)
        self.seen.append(len(self.ticks) >= held + 3)
        return super().next(request)


async def test_while_an_endpoint_reads_other_talks_go_on() -> None:
    said = Patient((Answer(),))
    with running(said) as url:
        assert "运费" in await answers(endpoint(url), said.ticks)
    assert said.seen
    assert all(said.seen)


async def test_a_reranker_that_is_away_costs_a_customer_nothing() -> None:
    own = await answers(Settings(database_url=IN_MEMORY))
    with running(script(Answer(fault="error_500"))) as url:
        said = await answers(endpoint(url))
    assert said == own
