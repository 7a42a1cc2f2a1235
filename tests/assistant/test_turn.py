"""A turn's frame: messages taken once, answers after a crash, a full disk, the guard's stop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection
from structlog.testing import capture_logs

from assistant.build import Parts, open_assistant
from assistant.clock import FixedClock
from assistant.context import TurnContext
from assistant.conversation import (
    Acted,
    AgentSaid,
    Answered,
    Asked,
    Cited,
    Conversation,
    Done,
    HandedOff,
    Logged,
    Said,
    TurnEvent,
    Understood,
)
from assistant.errors import Conflict, InvalidMessage, NotFound, StoreUnavailable
from assistant.settings import Settings
from assistant.turn import Assistant
from tests.assistant.conftest import Talking
from tests.assistant.talk import NOW, Talk, begin, shop_open


async def test_a_turn_is_asked_understood_said_and_done_in_one_gapless_log(talking: Talking) -> None:
    talk = await talking("c01")
    await talk.say("羊毛衫到哪了")
    log = await talk.log()
    kinds = [logged.entry.kind for logged in log]
    assert kinds[0] == "asked"
    assert kinds[1] == "understood"
    assert kinds[-1] == "done"
    assert "said" in kinds
    assert [logged.seq for logged in log] == list(range(1, len(log) + 1))
    assert {logged.turn for logged in log} == {1}
    assert {logged.at for logged in log} == {NOW}


async def test_the_same_client_id_is_answered_once(talking: Talking) -> None:
    talk = await talking("c01")
    await talk.say("在吗", client_id="same")
    assert await talk.say("在吗", client_id="same") == []
    with pytest.raises(Conflict):
        await talk.say("另一句话", client_id="same")
    assert len([entry for entry in await talk.log() if isinstance(entry.entry, Asked)]) == 1


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "empty"), (" \n\t ", "empty"), ("\x00\x01", "unreadable"), ("\ud800", "unreadable"), ("\u200b", "unreadable"),
     ("退" * 100_000, "too_long")],
)  # fmt: skip
async def test_what_cannot_be_read_is_refused_and_leaves_no_trace(talking: Talking, text: str, code: str) -> None:
    talk = await talking("c01")
    with pytest.raises(InvalidMessage) as refused:
        await talk.say(text)
    assert refused.value.code == code
    assert refused.value.mend
    assert await talk.log() == []


async def test_nul_and_lone_surrogates_inside_a_message_are_dropped(talking: Talking) -> None:
    talk = await talking("c06")
    await talk.say("取消\x00订\ud83d单")
    assert (await talk.log())[0].entry == Asked(client_id="m0", text="取消订单")
    assert talk.proposed == ["cancel_refund"]


@pytest.mark.parametrize(
    "text",
    ["？？？", "😀😀", "1", "。", "a", "\u202e\u202ehello", "ﷺ", "{order}", "[1][2]", "%s %d", "'; DROP TABLE log; --"],
)
async def test_odd_but_readable_messages_get_an_answer(talking: Talking, text: str) -> None:
    talk = await talking("c01")
    entries = await talk.say(text)
    assert isinstance(entries[-1], Done)
    assert talk.said
    assert "{" not in talk.said


async def test_a_message_of_the_longest_length_is_answered(talking: Talking) -> None:
    talk = await talking("c01")
    await talk.say("我想退货。" * 800)
    assert talk.said


async def test_somebody_elses_conversation_does_not_exist(talking: Talking, assistant: Assistant) -> None:
    talk = await talking("c01")
    asked = Asked(client_id="x", text="在吗")
    with pytest.raises(NotFound):
        await assistant.accept(talk.id, asked, customer_id="c02")
    with pytest.raises(NotFound):
        _ = [entry async for entry in assistant.reply(talk.id, customer_id="c02")]
    with pytest.raises(NotFound):
        await assistant.accept("no-such-talk", asked, customer_id="c01")
    assert await talk.log() == []


async def test_a_closed_conversation_takes_nothing_more(talking: Talking, assistant: Assistant) -> None:
    talk = await talking("c01")
    await talk.say("在吗")
    await assistant.close_conversation(talk.id, customer_id="c01")
    with pytest.raises(Conflict):
        await talk.say("还在吗")
    assert await talk.answers() == []


async def test_until_a_person_has_taken_the_talk_harmless_questions_are_answered(talking: Talking) -> None:
    talk = await talking("c07")
    await talk.say("转人工")
    await talk.say("等的时候帮我看下包裹到哪了")
    assert "YT5683814004536" in talk.said
    await talk.say("我要取消订单")
    assert talk.said == talk.fixed("noted")
    await talk.say("人呢")
    assert talk.said == talk.fixed("noted_again")
    assert (talk.proposals, talk.of(HandedOff)[1:]) == ([], [])


async def test_a_talk_handed_off_names_its_place_in_the_queue(talking: Talking) -> None:
    for place in (1, 2):
        talk = await talking("c01")
        await talk.say("转人工")
        called = talk.last(HandedOff)[-1]
        assert (called.place, called.wait_minutes) == (place, None)
        assert str(place) in talk.said


async def test_danger_reported_while_waiting_makes_the_call_urgent(talking: Talking) -> None:
    talk = await talking("c01")
    await talk.say("转人工")
    await talk.say("充电宝冒烟了，手烫伤了")
    assert talk.last(HandedOff)[-1].urgent


async def test_the_assistant_is_silent_while_a_person_owns_the_talk(talking: Talking, assistant: Assistant) -> None:
    talk = await talking("c01")
    await talk.say("转人工")
    assert talk.handed_off == ["asked_for_person"]
    await assistant.take_over(talk.id, "小陈")
    await assistant.agent_say(talk.id, AgentSaid(agent="小陈", client_id="a1", text="您好，请讲"))
    assert await talk.say("我想退货") == []
    await assistant.agent_say(talk.id, AgentSaid(agent="小陈", client_id="a2", text="好的，交给助手"))
    await assistant.give_back(talk.id, "小陈")
    assert await talk.say("羊毛衫到哪了") != []


async def test_a_message_that_was_taken_before_a_crash_is_answered_after_it(parts: Parts, tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/x.db"
    async with shop_open(parts, url=url, data_dir=tmp_path) as before:
        talk = await begin(before, "c01")
        await before.accept(talk.id, Asked(client_id="m1", text="羊毛衫到哪了"), customer_id="c01")
    async with shop_open(parts, url=url, data_dir=tmp_path) as after:
        told = await after.recover()
        assert any(isinstance(logged.entry, Said) for logged in told)
        log = await after.conversations.read(talk.id)
        assert [logged.seq for logged in log] == list(range(1, len(log) + 1))
        assert isinstance(log[-1].entry, Done)
        assert await after.recover() == []


async def test_a_yes_that_was_logged_before_a_crash_is_carried_out_once_and_told(parts: Parts, tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/x.db"
    async with shop_open(parts, url=url, data_dir=tmp_path) as before:
        talk = await begin(before, "c06")
        await talk.say("取消订单")
        (proposed,) = talk.proposals
        answered = Answered(proposal_id=proposed.proposal_id, answer="yes", client_id="b1")
        await before.permits.authorise(
            proposed.proposal_id, customer_id="c06", conversation_id=talk.id, args_hash=proposed.args_hash, at=NOW,
            by="assistant", answered=answered,
        )  # fmt: skip
    async with shop_open(parts, url=url, data_dir=tmp_path) as after:
        await after.recover()
        await after.recover()
        log = [logged.entry for logged in await after.conversations.read(talk.id)]
        assert [entry.state for entry in log if isinstance(entry, Acted)] == ["done"]
        assert any(isinstance(entry, Said) and "取消" in entry.text for entry in log[-4:])
        assert isinstance(log[-1], Done)
        order = await after.engine.shop.order("c06", proposed.order_id or "")
        assert order is not None
        assert (order.state, order.refunded) == ("CLOSED", proposed.amount)
        assert (await after.permits.ledger.verify("demo")).n == 3


async def test_a_full_disk_in_the_middle_of_a_turn_is_named_and_nothing_is_half_written(
    parts: Parts, tmp_path: Path
) -> None:
    async with shop_open(parts, url=f"sqlite+aiosqlite:///{tmp_path}/x.db", data_dir=tmp_path) as assistant:
        talk = await begin(assistant, "c06")
        asked = Asked(client_id="m1", text="取消订单")
        await assistant.accept(talk.id, asked, customer_id="c06")
        last = [(await talk.log(), await talk.now())]
        await _fill_disk(assistant)
        with pytest.raises(StoreUnavailable, match="full"):
            await _talk_until_full(talk, last)
        before, head = last[-1]
        log = await talk.log()
        assert log[: len(before)] == before
        assert all(isinstance(logged.entry, Asked) for logged in log[len(before) :])
        assert (await talk.now()).state == head.state
        await _limit_pages(assistant, 1_000_000)
        await talk.answers()
        await talk.say("在吗")
        seqs = [logged.seq for logged in await talk.log()]
        assert seqs == list(range(1, len(seqs) + 1))
        assert (await assistant.permits.ledger.verify("demo")).n >= 0


async def _talk_until_full(talk: Talk, last: list[tuple[list[Logged], Conversation]]) -> None:
    """Small turns still fit into the last page; sooner or later one does not. `last` keeps what stood before each."""
    while True:
        await talk.answers()
        last.append((await talk.log(), await talk.now()))
        await talk.assistant.accept(
            talk.id, Asked(client_id=f"n{len(last)}", text="羊毛" * 400), customer_id=talk.head.customer_id
        )


async def _fill_disk(assistant: Assistant) -> None:
    """Let the database grow no more: SQLite then raises what a full disk raises."""

    def full(connection: Connection) -> int:
        return int(connection.exec_driver_sql("PRAGMA page_count").scalar() or 0)

    await _limit_pages(assistant, await assistant.database.write(full))


async def _limit_pages(assistant: Assistant, pages: int) -> None:
    await assistant.database.write(lambda c: c.exec_driver_sql(f"PRAGMA max_page_count = {pages}").scalar())


class Boaster:
    """A planner that says what nothing has yielded."""

    name = "boaster"

    async def run(self, turn: TurnContext) -> AsyncIterator[TurnEvent]:
        turn.cite("law/no-reason-return@2024-07#counting")
        yield Said(text="我已为您退款 ¥999.00，明天 12:34 到账。[1]")
        yield Said(text="您好。")


async def test_words_that_nothing_supports_never_reach_the_customer(parts: Parts) -> None:
    assistant = await open_assistant(
        Settings(database_url="sqlite+aiosqlite://"), parts=parts, clock=FixedClock(NOW), planner=Boaster()
    )
    talk = await begin(assistant, "c01")
    with capture_logs() as logs:
        await talk.say("退款了吗")
    await assistant.close()
    assert [entry.text for entry in talk.last(Said)] == [talk.fixed("not_sure"), "您好。"]
    assert "999" not in str(talk.turns)
    assert [entry["event"] for entry in logs] == ["guard_stopped"]
    assert {"act", "money", "time"} <= set(logs[0]["kinds"])


async def test_nothing_is_cited_for_words_that_were_stopped(parts: Parts) -> None:
    class Silenced(Boaster):
        async def run(self, turn: TurnContext) -> AsyncIterator[TurnEvent]:
            turn.cite("law/no-reason-return@2024-07#counting")
            yield Said(text="我已为您退款。[1]")

    assistant = await open_assistant(
        Settings(database_url="sqlite+aiosqlite://"), parts=parts, clock=FixedClock(NOW), planner=Silenced()
    )
    talk = await begin(assistant, "c01")
    await talk.say("退款了吗")
    await assistant.close()
    assert talk.last(Cited) == []


async def test_the_same_words_and_clock_give_the_same_turn(parts: Parts) -> None:
    told = []
    for _ in range(2):
        async with shop_open(parts) as assistant:
            talk = await begin(assistant, "c02")
            await talk.say("运动鞋不合适想退，没穿过吊牌都在")
            told.append((talk.heard, talk.said, talk.decided, talk.cited, [p.terms for p in talk.proposals]))
    assert told[0] == told[1]


async def test_an_answer_comes_in_the_language_of_the_message(talking: Talking) -> None:
    talk = await talking("c01")
    await talk.say("你好")
    assert talk.heard.lang == "zh"
    await talk.say("Where is my coat?")
    assert talk.heard.lang == "en"
    assert not any("\u4e00" <= char <= "\u9fff" for char in talk.said)
    await talk.say("好的，谢谢")
    assert talk.said == talk.fixed("thanks")


async def test_the_clock_is_the_only_time_there_is(talking: Talking) -> None:
    talk = await talking("c01")
    await talk.say("在吗")
    talk.clock.advance(timedelta(hours=5))
    await talk.say("在吗")
    assert [e.at for e in await talk.log() if isinstance(e.entry, Understood)] == [NOW, NOW + timedelta(hours=5)]
