"""A chat model over real HTTP, against the scripted one: what it says, how it fails, what it costs, what it hides."""

from __future__ import annotations

import subprocess
import sys
import traceback
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from structlog.testing import capture_logs

from assistant.clock import FixedClock
from assistant.errors import ModelUnavailable
from assistant.models import Allowance, Call, LangChainModel, Line, ToolSpec, _WithoutThinking, open_model
from assistant.settings import Settings
from server.scripted_model import Answer, Script, running

NOW = datetime.fromisoformat("2026-11-22T10:00:00+08:00")
KEY = "sk-very-secret"
HELLO = [Line("system", "你是客服"), Line("user", "你好")]
TOOL = ToolSpec("handle", "Decide", {"type": "object", "properties": {"matter": {"type": "string"}}})


def model_at(url: str, clock: FixedClock | None = None, **more: Any) -> LangChainModel:
    settings = Settings(model="scripted", base_url=url, api_key=SecretStr(KEY), **{"timeout_s": 5.0, **more})
    model = open_model(settings, clock or FixedClock(NOW))
    model.wait_s = 0.01
    return model


async def said(model: LangChainModel, lines: Sequence[Line] = HELLO, **more: Any) -> tuple[str, list[Call]]:
    text, calls = "", list[Call]()
    async for piece in model.stream(lines, **{"allowance": model.allow(), **more}):
        text += piece.text
        calls += [piece.call] if piece.call else []
    return text, calls


async def test_words_stream_in_pieces() -> None:
    with running(Script([Answer("您好，请问有什么可以帮您？")])) as url:
        model = model_at(url)
        pieces = [piece.text async for piece in model.stream(HELLO, allowance=model.allow())]
    assert "".join(pieces) == "您好，请问有什么可以帮您？"
    assert len(pieces) > 1


async def test_tools_are_offered_and_their_calls_come_back_whole() -> None:
    script = Script([Answer(calls=(("handle", {"matter": "return_no_reason"}), ("my_orders", {})))])
    with running(script) as url:
        _, calls = await said(model_at(url), tools=[TOOL])
    assert [(call.name, call.args) for call in calls] == [("handle", {"matter": "return_no_reason"}), ("my_orders", {})]
    assert script.requests[0]["tools"][0]["function"]["name"] == "handle"


async def test_arguments_that_are_no_json_become_none_at_all() -> None:
    with running(Script([Answer(calls=(("handle", {}),), raw_args="matter: return")])) as url:
        _, calls = await said(model_at(url), tools=[TOOL])
    assert [(call.name, call.args) for call in calls] == [("handle", {})]


async def test_the_json_form_and_the_token_limit_travel_with_the_request() -> None:
    script = Script([Answer('{"choice": "none"}')])
    with running(script) as url:
        text, _ = await said(model_at(url, token_budget=900), schema={"type": "object"})
    assert text == '{"choice": "none"}'
    assert script.requests[0]["response_format"]["json_schema"]["schema"] == {"type": "object"}
    assert 500 < script.requests[0]["max_tokens"] < 900
    assert "max_completion_tokens" not in script.requests[0]


async def test_a_tool_result_goes_back_to_the_call_it_answers() -> None:
    script = Script([Answer("好的。")])
    call = Call("call_0", "handle", {"matter": "x"})
    lines = [*HELLO, Line("assistant", "", calls=(call,)), Line("tool", "结果", call_id="call_0")]
    with running(script) as url:
        model = model_at(url)
        async for _ in model.stream(lines, [TOOL], allowance=model.allow()):
            pass
    asked, answered = script.requests[0]["messages"][2:]
    assert asked["tool_calls"][0]["id"] == answered["tool_call_id"] == "call_0"


@pytest.mark.parametrize("fault", ["error_500", "rate_limit"])
async def test_what_may_pass_is_tried_again_before_the_first_piece(fault: Any) -> None:
    script = Script([Answer(fault=fault), Answer(fault=fault), Answer("好的。")])
    with running(script) as url:
        assert (await said(model_at(url)))[0] == "好的。"
    assert len(script.requests) == 3


@pytest.mark.parametrize(("fault", "requests"), [("error_500", 3), ("rate_limit", 3), ("bad_key", 1), ("garbage", 1)])
async def test_after_at_most_three_tries_the_model_is_unavailable(fault: Any, requests: int) -> None:
    script = Script([Answer(fault=fault)])
    with running(script) as url, pytest.raises(ModelUnavailable):
        await said(model_at(url))
    assert len(script.requests) == requests


async def test_a_cut_in_the_middle_is_not_tried_again() -> None:
    script, heard = Script([Answer("一二三四五六七八九十一二三四五六七八九十", fault="cut")]), list[str]()

    async def listen(model: LangChainModel) -> None:
        async for piece in model.stream(HELLO, allowance=model.allow()):
            heard.append(piece.text)

    with running(script) as url, pytest.raises(ModelUnavailable):
        await listen(model_at(url))
    assert "".join(heard).startswith("一二三四五六")
    assert len(script.requests) == 1


@pytest.mark.parametrize("fault", ["silence", "stall"])
async def test_silence_ends_with_the_turns_time(fault: Any) -> None:
    script = Script([Answer("一二三四五六七八九十", fault=fault)])
    with running(script) as url, pytest.raises(ModelUnavailable, match="Timeout"):
        await said(model_at(url, timeout_s=1.0))
    assert len(script.requests) == 1


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(ModelUnavailable):
        await said(model_at("http://127.0.0.1:9/v1"))


async def test_an_answer_cut_at_its_limit_is_no_answer() -> None:
    with running(Script([Answer("退款将在", fault="length")])) as url, pytest.raises(ModelUnavailable, match="limit"):
        await said(model_at(url))


async def test_a_prompt_above_the_budget_is_never_sent() -> None:
    script = Script([Answer("好的。")])
    with running(script) as url, pytest.raises(ModelUnavailable, match="tokens"):
        await said(model_at(url, token_budget=500), lines=[Line("user", "退" * 600)])
    assert script.requests == []


async def test_an_endless_answer_stops_at_the_budget() -> None:
    with running(Script([Answer("说个没完。" * 400)])) as url, pytest.raises(ModelUnavailable, match="tokens"):
        await said(model_at(url, token_budget=500))


async def test_all_calls_of_a_turn_share_one_allowance() -> None:
    script = Script([Answer("好" * 300)])
    with running(script) as url:
        model = model_at(url, token_budget=500)
        shared = model.allow()
        await said(model, allowance=shared)
        with pytest.raises(ModelUnavailable, match="tokens"):
            await said(model, allowance=shared)


async def test_the_breaker_opens_after_three_failures_and_closes_after_a_success() -> None:
    script = Script([*[Answer(fault="bad_key")] * 3, Answer("好的。")])
    clock = FixedClock(NOW)
    with running(script) as url:
        model = model_at(url, clock)
        for _ in range(3):
            with pytest.raises(ModelUnavailable, match="HTTP 401"):
                await said(model)
        with pytest.raises(ModelUnavailable, match="rests"):
            await said(model)
        assert len(script.requests) == 3
        clock.advance(timedelta(seconds=31))
        assert (await said(model))[0] == "好的。"
        assert (await said(model))[0] == "好的。"


async def test_the_key_is_in_no_error_log_or_repr() -> None:
    with running(Script([Answer(fault="bad_key"), Answer(fault="error_500")])) as url, capture_logs() as logs:
        model = model_at(url)
        shown = [repr(model), str(model)]
        for _ in range(2):
            with pytest.raises(ModelUnavailable) as caught:
                await said(model)
            shown += [str(caught.value), repr(caught.value), "".join(traceback.format_exception(caught.value))]
    assert len(logs) == 2, "the retries are logged"
    assert KEY not in "\n".join([*shown, str(logs)])


def test_without_its_packages_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "langchain.chat_models", None)
    with pytest.raises(ModelUnavailable, match=r'pip install "xiaoer\[model\]"'):
        open_model(Settings(model="gpt"), FixedClock(NOW))


@pytest.mark.parametrize("provider", ["no_such_provider", "anthropic"])
def test_a_provider_that_cannot_be_set_up_is_named_without_the_key(provider: str) -> None:
    with pytest.raises(ModelUnavailable) as caught:
        open_model(Settings(model="m", model_provider=provider, api_key=SecretStr(KEY)), FixedClock(NOW))
    assert provider in str(caught.value)
    assert KEY not in "".join(traceback.format_exception(caught.value))


def test_a_server_of_ones_own_is_not_sent_the_key_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    model: Any = open_model(Settings(model="m", base_url="http://127.0.0.1:9/v1"), FixedClock(NOW))
    assert model._model.openai_api_key.get_secret_value() == "none"


def test_importing_the_port_imports_no_vendor() -> None:
    code = "import sys, assistant.models; print([m for m in ('langchain', 'openai', 'stamina') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@given(st.text(alphabet="ab<think>/ \n", max_size=12), st.text(alphabet="您好a<", max_size=12), st.randoms())
def test_thinking_aloud_is_left_out_however_the_pieces_fall(thought: str, words: str, random: Any) -> None:
    text, heard, reader = f"<think>{thought}</think>\n{words}", "", _WithoutThinking()
    if "</think>" in thought:
        return
    while text:
        size = random.randint(1, len(text))
        heard, text = heard + reader.feed(text[:size]), text[size:]
    assert heard.strip() == words.strip()


def test_an_answer_that_only_begins_like_thinking_is_kept() -> None:
    reader = _WithoutThinking()
    assert reader.feed("<th") + reader.feed("e size is M>") == "<the size is M>"


def test_an_allowance_that_is_spent_says_so() -> None:
    allowance = Allowance(tokens=10, ends=0.0)
    allowance.spend(10)
    with pytest.raises(ModelUnavailable):
        allowance.spend(1)
