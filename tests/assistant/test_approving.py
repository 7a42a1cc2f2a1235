"""People's verdicts in a whole conversation: what is carried out, what is told, and what goes back to a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from assistant.approvals import Signer
from assistant.approving import Approving, Draft
from assistant.build import Parts
from assistant.confirming import Confirming
from assistant.context import TurnContext
from assistant.conversation import (
    Acted,
    AgentSaid,
    ApprovalAsked,
    ApprovalDecided,
    Asked,
    Conversation,
    Escalated,
    HandedOff,
    Resolved,
    Said,
)
from assistant.errors import CapReached, Conflict, NotAuthorised, ReasonMissing, ShopUnavailable
from assistant.permits import Permits
from assistant.planner import FlowPlanner
from assistant.service_orders import case_at_fault
from assistant.shop import Order
from assistant.turn import Assistant
from assistant.weighing import Weighing
from knowledge.errors import UnknownClause
from tests.assistant.conftest import Talking
from tests.assistant.talk import MINUTE, Talk
from tests.assistant.test_crash_points import Deaf

AGENT = Signer(name="小周", role="agent")
OTHER = Signer(name="小李", role="agent")
BOSS = Signer(name="老王", role="supervisor")
LEGAL = Signer(name="小陈", role="legal")


async def entries(talk: Talk) -> list[object]:
    return [logged.entry for logged in await talk.log()]


async def last_words(talk: Talk) -> str:
    return next(e.text for e in reversed(await entries(talk)) if isinstance(e, Said))


async def an_order(talk: Talk, paid: int = 10000) -> Order:
    return next(o for o in await talk.orders() if o.paid >= paid and o.state in {"PAID", "SIGNED"} and not o.tickets)


async def drafted(talk: Talk, amount: int | None = None, **more: object) -> str:
    """A draft of 小周's that the customer has agreed to; by default just above the agent's authority."""
    order = await an_order(talk)
    limit = min(20000, (order.paid * 3000 + 5000) // 10000)
    await talk.assistant.take_over(talk.id, AGENT.name)
    wanted = Draft(
        client_id="d1", action="goodwill", order_id=order.order_id, amount=amount or limit + 1, reason="外箱破损"
    )
    proposal = await talk.assistant.approvals.draft(talk.id, AGENT, wanted.model_copy(update=more))
    await talk.button("yes", proposal.proposal_id)
    return proposal.proposal_id


async def test_the_yes_is_kept_and_nothing_is_done_before_people_agree(talking: Talking) -> None:
    talk = await talking("c06")
    proposal = await drafted(talk)
    assert talk.acted == []
    assert talk.said == talk.fixed("needs_agent")
    assert [e.level for e in await entries(talk) if isinstance(e, ApprovalAsked)] == ["supervisor"]
    assert (await talk.assistant.permits.find(proposal)).state == "awaiting"
    assert sum(order.compensated for order in await talk.orders()) == 0
    kinds = [entry.kind for entry in await talk.assistant.permits.ledger.entries(talk.assistant.profile.key)]
    assert kinds == ["genesis", "request"]


async def test_what_the_assistant_proposed_above_its_limit_any_agent_may_approve_and_the_assistant_goes_on(
    talking: Talking,
) -> None:
    talk = await talking("c05")
    await talk.say("降价了能退差价吗 428888869464070231")
    await talk.say("确认")
    proposal = talk.proposals[-1].proposal_id
    with pytest.raises(NotAuthorised):
        await talk.assistant.approvals.approve(proposal, LEGAL)
    judged = await talk.assistant.approvals.approve(proposal, OTHER)
    assert judged.settled is not None
    assert (judged.settled.state, judged.settled.amount) == ("done", 10000)
    assert "¥100.00" in await last_words(talk)
    assert (await talk.now()).owner == "assistant"
    await talk.say("谢谢")
    assert talk.said


async def test_an_approval_is_carried_out_once_and_told_in_words_that_rest_on_the_ledger(talking: Talking) -> None:
    talk = await talking("c06")
    proposal = await drafted(talk)
    judged = await talk.assistant.approvals.approve(proposal, BOSS, "属实")
    assert judged.settled is not None
    (acted,) = [e for e in await entries(talk) if isinstance(e, Acted)]
    assert (acted.state, acted.receipt) == ("done", judged.settled.receipt)
    words = await last_words(talk)
    assert words.startswith(talk.fixed("approved"))
    assert acted.receipt is not None
    assert acted.receipt in words
    permit = (await talk.assistant.permits.find(proposal)).permit
    assert permit is not None
    assert (permit.level, permit.approved_by, permit.by) == ("supervisor", ("supervisor:老王",), "supervisor:老王")
    await talk.assistant.permits.ledger.verify(talk.assistant.profile.key)
    assert (await talk.now()).agent == AGENT.name
    with pytest.raises(Conflict):
        await talk.assistant.approvals.approve(proposal, BOSS)


async def test_what_was_done_is_recorded_and_told_however_fast_the_customer_writes(talking: Talking) -> None:
    talk = await talking("c06")
    proposal = await drafted(talk)
    assistant, written = talk.assistant, 0

    async def while_they_write(head: Conversation) -> TurnContext:
        nonlocal written
        written += 1
        more = Asked(client_id=f"more-{written}", text="在吗")
        await assistant.conversations.ask(talk.id, more, talk.clock.now(), customer_id="c06")
        return await assistant._silent_context(head)

    weighing = Weighing(assistant.engine, assistant.permits)
    approving = Approving(
        assistant.engine, assistant.permits, assistant.conversations, approvals=assistant.approvals.store,
        ownership=assistant.ownership, weighing=weighing, context_of=while_they_write,
        confirming=Confirming(assistant.engine, assistant.permits, assistant.approvals.store, weighing),
    )  # fmt: skip
    judged = await approving.approve(proposal, BOSS, "属实")
    assert written > 1
    assert judged.settled is not None
    assert (judged.settled.state, (await assistant.permits.find(proposal)).state) == ("done", "done")
    assert [e.state for e in await entries(talk) if isinstance(e, Acted)] == ["done"]
    assert judged.settled.receipt is not None
    assert judged.settled.receipt in await last_words(talk)
    assert await assistant.permits.recover(talk.clock.now()) == []
    await assistant.permits.ledger.verify(assistant.profile.key)


async def test_what_the_conversation_tells_of_injury_needs_legal_whatever_the_drafter_says(talking: Talking) -> None:
    talk = await talking("c06")
    await talk.say("吃了过敏进医院了")
    proposal = await drafted(talk, 100)
    _, request = await talk.assistant.approvals.store.find(proposal)
    assert request.level == "supervisor+legal"
    assert (await talk.assistant.approvals.approve(proposal, BOSS)).settled is None
    assert (await talk.assistant.approvals.approve(proposal, LEGAL)).settled is not None


async def test_a_request_nobody_decides_goes_back_to_a_person_and_the_customer_is_told(talking: Talking) -> None:
    talk = await talking("c06")
    proposal = await drafted(talk)
    talk.clock.advance(timedelta(hours=24))
    assert await talk.assistant.approvals.expire() == []
    talk.clock.advance(MINUTE)
    changed = await talk.assistant.sweep()
    assert talk.id in {head.id for head, _ in changed}
    assert await talk.assistant.approvals.expire() == []
    assert (await talk.assistant.permits.find(proposal)).state == "lapsed"
    assert "没有执行" in await last_words(talk)
    late = [e for e in await entries(talk) if isinstance(e, HandedOff)][-1]
    assert (late.reason, late.urgent) == ("approval_expired", True)
    for person in (BOSS, OTHER):
        with pytest.raises(Conflict):
            await talk.assistant.approvals.approve(proposal, person)


async def test_a_refusal_of_what_a_law_gives_names_its_rule_and_where_to_appeal(talking: Talking) -> None:
    talk = await talking("c06")
    proposal = await drafted(talk)
    kept = await talk.assistant.permits.find(proposal)
    approvals = talk.assistant.approvals
    assert not approvals.is_statutory(kept.proposal)
    statute = "law/no-reason-return@2024-07#counting"
    assert approvals.is_statutory(kept.proposal.model_copy(update={"clauses": (statute,)}))
    with pytest.raises(ReasonMissing):
        await approvals.refuse(proposal, BOSS, "  ")
    with pytest.raises(UnknownClause):
        await approvals.refuse(proposal, BOSS, "照片看不出", rule="nothing@1#x")
    await approvals.refuse(proposal, BOSS, "照片看不出", rule=statute, appeal="平台客服")
    words = await last_words(talk)
    assert all(part in words for part in ("照片看不出", "[1]", "平台客服"))
    (decided,) = [e for e in await entries(talk) if isinstance(e, ApprovalDecided)]
    assert (decided.verdict, decided.rule, decided.appeal) == ("refuse", statute, "平台客服")
    assert (await talk.assistant.permits.find(proposal)).state == "rejected"


async def test_more_given_meanwhile_raises_the_level_of_what_waits(talking: Talking) -> None:
    talk = await talking("c06")
    order = await an_order(talk)
    limit = min(20000, (order.paid * 3000 + 5000) // 10000)
    first = await drafted(talk, limit)
    assert talk.acted == ["goodwill done"]
    wanted = Draft(client_id="d2", action="goodwill", order_id=order.order_id, amount=1, reason="再补一点")
    second = await talk.assistant.approvals.draft(talk.id, AGENT, wanted)
    assert (second.level, first) == ("supervisor", first)


async def test_an_open_approval_cannot_pass_what_was_paid_once_it_is_given(talking: Talking) -> None:
    talk = await talking("c06")
    order = await an_order(talk)
    proposal = await drafted(talk, order.paid)
    twin = await talking("c06")
    await twin.say("帮我取消订单", order_id=order.order_id)
    await twin.button("yes")
    with pytest.raises((CapReached, NotAuthorised)):
        await talk.assistant.approvals.approve(proposal, BOSS)
    after = await talk.order(order.order_id)
    assert after.refunded + after.compensated <= after.paid


async def test_silence_calls_a_supervisor_and_an_answer_ends_it(talking: Talking) -> None:
    talk = await talking("c06")
    await talk.say("转人工")
    talk.clock.advance(31 * MINUTE)
    await talk.assistant.sweep()
    await talk.assistant.sweep()
    assert len([e for e in await entries(talk) if isinstance(e, Escalated)]) == 1
    await talk.assistant.take_over(talk.id, BOSS.name, supervises=True)
    await talk.assistant.agent_say(talk.id, AgentSaid(agent=BOSS.name, client_id="a", text="您好"))
    assert (await talk.now()).escalated_at is None


def deaf(talk: Talk, parts: Parts, **figures: int) -> Talk:
    """The same talk with a shop that carries out and then does not answer, and with other figures in its profile."""
    before = talk.assistant
    engine = replace(before.engine, profile=before.profile.model_copy(update=figures))
    permits = Permits(before.permits.proposals, before.permits.ledger, Deaf(before.engine.shop))
    assistant = Assistant(
        engine, before.conversations, permits, parts.understander, FlowPlanner(), database=before.database
    )
    return Talk(assistant, talk.clock, talk.head)


async def test_an_unknown_effect_is_settled_by_who_found_out_and_told(talking: Talking, parts: Parts) -> None:
    talk = deaf(await talking("c06"), parts)
    proposal = await drafted(talk, 1000)
    assert talk.acted == ["goodwill unknown"]
    (open_one,) = await talk.assistant.approvals.uncertain()
    assert (open_one.shop_says, open_one.two) == ("no_answer", False)
    permit = open_one.kept.permit
    assert permit is not None
    with pytest.raises(ReasonMissing):
        await talk.assistant.approvals.settle(permit.permit_id, BOSS, "done")
    with pytest.raises(NotAuthorised):
        await talk.assistant.approvals.settle(permit.permit_id, LEGAL, "done", reference="S-1")
    settled = await talk.assistant.approvals.settle(permit.permit_id, OTHER, "done", reference="S-1")
    assert settled is not None
    assert (settled.state, (await talk.assistant.permits.find(proposal)).state) == ("done", "done")
    assert (await last_words(talk)).startswith(talk.fixed("found_done"))
    assert "S-1" in await last_words(talk)
    assert [e.by for e in await entries(talk) if isinstance(e, Resolved)] == [("agent:小李",)]
    with pytest.raises(Conflict):
        await talk.assistant.approvals.settle(permit.permit_id, BOSS, "not_done", note="no")
    ledger = talk.assistant.permits.ledger
    kinds = [entry.kind for entry in await ledger.entries(talk.assistant.profile.key)]
    assert kinds == ["genesis", "permit", "effect", "finding", "resolution"]
    await ledger.verify(talk.assistant.profile.key)


async def test_a_large_unknown_effect_takes_two_who_found_the_same(talking: Talking, parts: Parts) -> None:
    talk = deaf(await talking("c06"), parts, front_line_limit=999)
    await drafted(talk, 1000)
    (open_one,) = await talk.assistant.approvals.uncertain()
    assert open_one.two
    assert open_one.kept.permit is not None
    permit_id = open_one.kept.permit.permit_id
    settle = talk.assistant.approvals.settle
    assert await settle(permit_id, AGENT, "not_done", note="账单里没有") is None
    with pytest.raises(NotAuthorised):
        await settle(permit_id, AGENT, "not_done", note="账单里没有")
    assert await settle(permit_id, OTHER, "not_done", note="账单里没有") is None
    settled = await settle(permit_id, BOSS, "not_done", note="账单里没有")
    assert settled is not None
    assert settled.state == "refused"
    assert "没有办成" in await last_words(talk)


async def test_a_person_pays_first_what_the_case_at_fault_was_promised(talking: Talking) -> None:
    talk = await talking("c34")
    order = next(each for each in await talk.orders() if case_at_fault(each))
    await talk.assistant.take_over(talk.id, AGENT.name)
    wanted = Draft(client_id="d1", action="advance_payment", order_id=order.order_id, amount=1000, reason="责任已认定")
    proposal = await talk.assistant.approvals.draft(talk.id, AGENT, wanted)
    assert proposal.level is None
    await talk.button("yes", proposal.proposal_id)
    assert talk.acted == ["advance_payment done"]
    assert (await talk.order(order.order_id)).compensated == 1000


async def test_money_on_an_order_that_cannot_be_read_waits(talking: Talking) -> None:
    talk = await talking("c12")
    proposal = (await talk.assistant.approvals.store.find(await drafted(talk)))[0].proposal
    gone = proposal.model_copy(update={"action": proposal.action.model_copy(update={"order_id": "gone"})})
    weighing = Weighing(talk.assistant.engine, talk.assistant.permits)
    with pytest.raises(ShopUnavailable):
        await weighing.weigh(gone, talk.clock.now())
