"""Whole conversations of a shop whose orders lie in another system."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from assistant.build import IN_MEMORY, Parts, open_assistant
from assistant.clock import FixedClock
from assistant.profile import read_profile
from assistant.settings import Settings
from assistant.turn import Assistant
from knowledge.errors import XiaoerError
from server.scripted_shop import Fault, Planned, ScriptedShop, running
from tests.assistant.connected import TOKEN, connected_pack
from tests.assistant.talk import NOW, Talk, begin


@pytest.fixture(scope="session")
def connected_parts(parts: Parts) -> Parts:
    """The connected pack differs from the demo shop in where its orders lie, so the trained parts are shared."""
    pack = connected_pack()
    return replace(parts, pack=pack, profile=read_profile(pack.data("shop"), key=pack.name))


@asynccontextmanager
async def open_connected(parts: Parts, system: ScriptedShop) -> AsyncIterator[Assistant]:
    system.token = TOKEN
    with running(system) as url:
        settings = Settings(database_url=IN_MEMORY, pack="connected", backend_url=url, backend_token=TOKEN)
        assistant = await open_assistant(settings, parts=parts, clock=system.clock)
        try:
            yield assistant
        finally:
            await assistant.close()


def demo_system(*writes: Fault, **reads: Fault) -> ScriptedShop:
    return ScriptedShop.of_demo(FixedClock(NOW), faults=Planned(list(writes), dict(reads)))


async def cancelling(assistant: Assistant) -> Talk:
    """Up to the proposal to cancel the running shoes of customer c06."""
    talk = await begin(assistant, "c06")
    await talk.say("刚拍的跑鞋不想要了，取消吧")
    assert talk.proposed == ["cancel_refund"]
    assert "299" in talk.said
    return talk


async def test_a_cancellation_goes_through_to_the_other_system_and_back_as_a_receipt(connected_parts: Parts) -> None:
    system = demo_system()
    async with open_connected(connected_parts, system) as assistant:
        talk = await cancelling(assistant)
        assert system.done == []
        await talk.button("yes")
        assert talk.acted == ["cancel_refund done"]
        assert "TX00000001" in talk.said
        assert [(receipt.action, receipt.amount) for receipt in system.done] == [("cancel_refund", 29900)]
        state = {each.order_id: each.state for each in await talk.orders()}
        assert state[system.done[0].order_id or ""] == "CLOSED"


async def test_a_silence_that_the_receipt_explains_is_done_and_was_sent_once(connected_parts: Parts) -> None:
    system = demo_system("execute_then_500")
    async with open_connected(connected_parts, system) as assistant:
        talk = await cancelling(assistant)
        await talk.button("yes")
        assert talk.acted == ["cancel_refund done"]
    assert len(system.done) == 1
    assert [name for name, _ in system.requests].count("closeTrade") == 1


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_a_silence_that_nothing_explains_goes_to_a_person_and_is_never_repeated(
    connected_parts: Parts, lang: str
) -> None:
    system = demo_system("execute_then_500", getVoucher="error_500")
    async with open_connected(connected_parts, system) as assistant:
        talk = await cancelling(assistant)
        if lang == "zh":
            await talk.button("yes")
        else:
            await talk.say("yes, please")
        assert talk.acted == ["cancel_refund unknown"]
        assert talk.handed_off == ["effect_unknown"]
        assert talk.said == talk.fixed("unknown_effect", (await talk.state()).lang)
        assert await assistant.recover() == []
    assert len(system.done) == 1
    assert [name for name, _ in system.requests].count("closeTrade") == 1


async def test_an_outage_is_said_to_be_one_and_a_person_is_called(connected_parts: Parts) -> None:
    system = demo_system(listTrades="error_500")
    async with open_connected(connected_parts, system) as assistant:
        talk = await begin(assistant, "c06")
        await talk.say("我的订单到哪了")
        assert talk.said == talk.fixed("shop_unavailable")
        assert talk.handed_off == ["shop_unavailable"]


async def test_rules_and_products_are_answered_during_an_outage(connected_parts: Parts) -> None:
    system = demo_system(listTrades="error_500", getBuyer="error_500")
    async with open_connected(connected_parts, system) as assistant:
        talk = await begin(assistant, "c06")
        await talk.say("七天无理由退货从哪天开始算")
        assert talk.cited
        assert talk.handed_off == []


async def test_a_system_that_cannot_be_reached_after_the_yes_has_charged_nothing(connected_parts: Parts) -> None:
    system = demo_system("rate_limit")
    async with open_connected(connected_parts, system) as assistant:
        talk = await cancelling(assistant)
        await talk.button("yes")
        assert talk.acted == ["cancel_refund refused"]
        assert talk.said == talk.fixed("refused_effect")
        assert talk.handed_off == ["effect_refused"]
    assert system.done == []


async def test_an_order_that_cannot_be_read_after_the_effect_does_not_undo_the_words_for_it(
    connected_parts: Parts,
) -> None:
    system = demo_system()
    async with open_connected(connected_parts, system) as assistant:
        talk = await cancelling(assistant)
        assert isinstance(system.faults, Planned)
        system.faults.reads["getTrade"] = "error_500"
        await talk.button("yes")
        assert talk.acted == ["cancel_refund done"]
        assert "TX00000001" in talk.said
    assert [name for name, _ in system.requests].count("closeTrade") == 1


async def test_a_visit_is_booked_and_called_off_in_the_other_system(connected_parts: Parts) -> None:
    system = demo_system()
    async with open_connected(connected_parts, system) as assistant:
        talk = await begin(assistant, "c29")
        await talk.say("退货约周三晚上上门取件")
        assert talk.proposed == ["door_service"]
        await talk.say("确认")
        assert talk.acted == ["door_service done"]
        assert "11月25日（周三）晚上 19:00–21:00" in talk.said
        await talk.say("上门取件帮我取消")
        await talk.say("确认")
        assert talk.acted == ["cancel_visit done"]
    assert [receipt.action for receipt in system.done] == ["door_service", "cancel_visit"]


async def test_the_freight_cover_pays_once_in_the_other_system_too(connected_parts: Parts) -> None:
    system = demo_system("execute_then_500")
    async with open_connected(connected_parts, system) as assistant:
        talk = await begin(assistant, "c34", "en")
        await talk.say("The freight insurance for the dress return hasn't paid yet")
        await talk.say("I paid 8 yuan")
        assert talk.proposed == ["freight_compensation"]
        await talk.say("yes")
        assert talk.acted == ["freight_compensation done"]
        await talk.say("the freight insurance for the dress, pay it again please")
        assert talk.proposed == []
    assert [(receipt.action, receipt.amount) for receipt in system.done] == [("freight_compensation", 800)]


async def test_without_an_address_a_connected_pack_says_what_to_set(connected_parts: Parts) -> None:
    with pytest.raises(XiaoerError, match="XIAOER_BACKEND_URL"):
        await open_assistant(Settings(database_url=IN_MEMORY, pack="connected"), parts=connected_parts)
