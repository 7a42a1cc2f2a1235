"""The scripted model speaks the protocol that real clients read, and fails the way it is told to."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from server.scripted_model import Answer, Answers, Faithful, Script, running


def ask(base_url: str, **more: Any) -> httpx.Response:
    body = {"model": "m", "messages": [{"role": "user", "content": "你好"}], **more}
    headers = {"Authorization": "Bearer sk-very-secret"}
    return httpx.post(f"{base_url}/chat/completions", json=body, headers=headers, timeout=5, trust_env=False)


def events(response: httpx.Response) -> list[dict[str, Any]]:
    data = [line.removeprefix("data: ") for line in response.text.splitlines() if line]
    assert data.pop() == "[DONE]"
    return [json.loads(line)["choices"][0] for line in data]


def one(answer: Answer) -> Answers:
    return Script([answer])


def test_it_streams_words_in_pieces_and_ends_with_done() -> None:
    with running(one(Answer("您好，请问有什么可以帮您？"))) as url:
        sent = events(ask(url, stream=True))
    assert "".join(e["delta"].get("content", "") for e in sent) == "您好，请问有什么可以帮您？"
    assert len(sent) > 2
    assert [e["finish_reason"] for e in sent][-1] == "stop"


def test_it_calls_tools_with_their_arguments() -> None:
    with running(one(Answer(calls=(("handle", {"matter": "return_no_reason"}),)))) as url:
        call, end = events(ask(url, stream=True))
    function = call["delta"]["tool_calls"][0]["function"]
    assert (function["name"], json.loads(function["arguments"])) == ("handle", {"matter": "return_no_reason"})
    assert end["finish_reason"] == "tool_calls"


def test_without_streaming_it_answers_in_one_piece() -> None:
    with running(one(Answer("好的。"))) as url:
        whole = ask(url).json()
    assert whole["choices"][0]["message"] == {"role": "assistant", "content": "好的。"}


def test_answers_come_in_order_and_the_last_one_repeats() -> None:
    script = Script([Answer("一"), Answer("二")])
    with running(script) as url:
        said = [ask(url).json()["choices"][0]["message"]["content"] for _ in range(3)]
    assert said == ["一", "二", "二"]
    assert [request["model"] for request in script.requests] == ["m", "m", "m"]


@pytest.mark.parametrize(("fault", "status"), [("error_500", 500), ("rate_limit", 429), ("bad_key", 401)])
def test_refusals_have_their_status_and_repeat_the_key_as_careless_servers_do(fault: Any, status: int) -> None:
    with running(one(Answer(fault=fault))) as url:
        response = ask(url, stream=True)
    assert response.status_code == status
    assert "sk-very-secret" in response.text


def test_a_cut_breaks_the_connection_in_the_middle_of_the_words() -> None:
    with (
        running(one(Answer("一二三四五六七八九十十一十二", fault="cut"))) as url,
        pytest.raises(httpx.RemoteProtocolError),
    ):
        ask(url, stream=True)


def test_garbage_is_no_json() -> None:
    with running(one(Answer(fault="garbage"))) as url:
        assert "{not json" in ask(url, stream=True).text


@pytest.mark.parametrize("fault", ["silence", "stall"])
def test_a_silent_model_lets_go_when_nobody_waits_any_more(fault: Any) -> None:
    with running(one(Answer("一二三四五六七八九十", fault=fault))) as url, pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{url}/chat/completions", json={"stream": True, "messages": []}, timeout=0.3, trust_env=False)


def test_a_faithful_model_chooses_by_the_words_and_repeats_the_answer() -> None:
    faithful = Faithful({"天气": "weather"})
    asked = {"role": "user", "content": "【顾客】\n天气如何"}
    with running(faithful) as url:
        tools = ask(url, messages=[asked], tools=[{}]).json()["choices"][0]["message"]["tool_calls"]
        plain = ask(url, messages=[{"role": "user", "content": "【顾客】\n在哪"}]).json()
        worded = ask(url, messages=[{"role": "user", "content": "【顾客】\n在哪\n【答复】\n在路上。"}]).json()
    assert json.loads(tools[0]["function"]["arguments"]) == {"matter": "weather"}
    assert json.loads(plain["choices"][0]["message"]["content"]) == {"choice": "none"}
    assert worded["choices"][0]["message"]["content"] == "您好。在路上。"
