"""A yes, a no, and everything that only looks like one."""

from __future__ import annotations

import pytest

from assistant.conversation import Acted, Answered, Said
from assistant.errors import NotFound, ProposalExpired, ProposalSettled
from assistant.ledger import LedgerEntry
from assistant.turn import Assistant
from tests.assistant.conftest import Talking
from tests.assistant.talk import MINUTE, Talk

CANCEL = "帮我取消订单"


@pytest.fixture
async def talk(talking: Talking) -> Talk:
    """An order of ¥299.00 that has not shipped, its cancellation proposed."""
    talk = await talking("c06")
    await talk.say(CANCEL)
    assert talk.proposed == ["cancel_refund"]
    return talk


async def test_a_proposal_names_all_its_terms_and_binds_them(talk: Talk) -> None:
    (proposed,) = talk.proposals
    assert [term.label for term in proposed.terms] == ["订单", "商品", "退款", "需要您承担"]
    assert "¥299.00" in {term.label: term.value for term in proposed.terms}["退款"]
    kept = await talk.assistant.permits.find(proposed.proposal_id)
    assert kept.proposal.args_hash == proposed.args_hash
    assert proposed.expires_at - talk.clock.now() == 30 * MINUTE
    assert proposed.clauses
    assert not proposed.needs_agent
    assert (await talk.state()).proposal_id == proposed.proposal_id


async def test_nothing_is_done_before_the_yes(talk: Talk) -> None:
    (proposed,) = talk.proposals
    assert (await talk.order(proposed.order_id or "")).state == "PAID"
    assert talk.deeds == []


@pytest.mark.parametrize("way", ["button", "words"])
async def test_a_yes_is_carried_out_once_under_a_permit_and_told_with_its_receipt(talk: Talk, way: str) -> None:
    (proposed,) = talk.proposals
    await (talk.button("yes") if way == "button" else talk.say("确认"))
    (acted,) = talk.last(Acted)
    assert (acted.state, acted.amount, acted.terms) == ("done", 29900, proposed.terms)
    assert acted.receipt
    assert acted.receipt in talk.said
    assert "¥299.00" in talk.said
    order = await talk.order(proposed.order_id or "")
    assert (order.state, order.refunded) == ("CLOSED", 29900)
    permits = [entry for entry in await _ledger(talk) if entry.kind == "permit"]
    assert [entry.body["permit_id"] for entry in permits] == [acted.permit_id]
    assert (await talk.state()).proposal_id is None


@pytest.mark.parametrize("way", ["button", "words"])
async def test_a_no_changes_nothing_and_says_so(talk: Talk, way: str) -> None:
    await (talk.button("no") if way == "button" else talk.say("不用了"))
    assert talk.said == talk.fixed("declined")
    assert [entry.answer for entry in talk.of(Answered)] == ["no"]
    assert talk.deeds == []
    assert [entry.kind for entry in await _ledger(talk)] in ([], ["genesis"])


@pytest.mark.parametrize(
    "words",
    [
        "如果今天能发货就不取消",
        "好的，不过先告诉我多久到账",
        "确认之前想问下几天到账",
        "取消了还能恢复吗",
        "你好",
        "嗯？",
        "好像不太对",
        "是不是要扣钱",
        "我再想想",
        "别取消",
        "可以，但是要今天退款",
        "if it ships today, no",
    ],
)
async def test_what_is_not_a_plain_yes_never_acts(talk: Talk, words: str) -> None:
    await talk.say(words)
    assert talk.deeds == []
    assert (await talk.order(talk.proposals[0].order_id or "")).state == "PAID"


async def test_a_second_yes_does_nothing(talk: Talk) -> None:
    await talk.button("yes")
    with pytest.raises(ProposalSettled):
        await talk.button("yes")
    await talk.say("确认")
    assert talk.deeds == ["cancel_refund done"]
    assert talk.said == talk.fixed("nothing_open")


async def test_a_yes_after_a_no_does_nothing(talk: Talk) -> None:
    await talk.button("no")
    with pytest.raises(ProposalSettled):
        await talk.button("yes")
    await talk.say("确认")
    assert talk.deeds == []


async def test_a_late_yes_by_button_is_refused(talk: Talk) -> None:
    talk.clock.advance(31 * MINUTE)
    with pytest.raises(ProposalExpired):
        await talk.button("yes")
    assert (await talk.order(talk.proposals[0].order_id or "")).state == "PAID"


async def test_a_yes_in_the_last_minute_counts(talk: Talk) -> None:
    talk.clock.advance(30 * MINUTE)
    await talk.say("确认")
    assert talk.acted == ["cancel_refund done"]


async def test_a_late_yes_in_words_is_told_and_the_case_is_checked_again(talk: Talk) -> None:
    talk.clock.advance(31 * MINUTE)
    await talk.say("确认")
    assert talk.last(Said)[0].text == talk.fixed("expired")
    assert talk.proposed == ["cancel_refund"]
    assert talk.deeds == []
    first, second = talk.proposals
    assert first.proposal_id != second.proposal_id
    await talk.say("确认")
    assert talk.acted == ["cancel_refund done"]


async def test_somebody_elses_proposal_cannot_be_answered(talk: Talk, talking: Talking) -> None:
    stranger = await talking("c01")
    with pytest.raises(NotFound):
        await stranger.button("yes", talk.proposals[0].proposal_id)
    with pytest.raises(NotFound):
        await talk.button("yes", "forged")
    assert (await talk.order(talk.proposals[0].order_id or "")).state == "PAID"


async def test_a_proposal_of_another_talk_of_the_same_customer_is_answered_there_only(
    talk: Talk, talking: Talking
) -> None:
    other = await talking("c06")
    with pytest.raises(NotFound):
        await other.button("yes", talk.proposals[0].proposal_id)


async def test_an_order_that_changed_after_the_proposal_is_not_cancelled(talk: Talk, assistant: Assistant) -> None:
    other = await assistant.open("c06")
    twin = Talk(assistant, talk.clock, other)
    await twin.say(CANCEL)
    await twin.button("yes")
    await talk.button("yes")
    assert talk.acted == []
    assert talk.said == talk.fixed("refused_effect")
    assert talk.handed_off == ["effect_refused"]
    order = await talk.order(talk.proposals[0].order_id or "")
    assert order.refunded == order.paid


async def test_an_english_yes_is_told_in_english(talking: Talking) -> None:
    talk = await talking("c06", "en")
    await talk.say("cancel my order please")
    await talk.say("yes, cancel it")
    assert talk.acted == ["cancel_refund done"]
    assert "has been cancelled" in talk.said
    assert "¥299.00" in talk.said


async def _ledger(talk: Talk) -> list[LedgerEntry]:
    ledger = talk.assistant.permits.ledger
    await ledger.verify(talk.assistant.profile.key)
    return await ledger.entries(talk.assistant.profile.key)
