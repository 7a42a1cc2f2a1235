"""Runs one flow for one intent: finds its subject, gathers facts, asks the tables, and has the outcome worded.

Both planners use it, so a conversation that a model words and one that templates word come to the same decisions.
"""

from __future__ import annotations

from collections.abc import Sequence

from assistant.answers import answer_from_clauses
from assistant.claims import claimed_facts
from assistant.context import Question, TurnContext
from assistant.flow_reply import ask, word_reply
from assistant.flow_run import FlowRun, Outcome, Subject, hand_off, shop_place
from assistant.flow_subject import NoSubject, find_lines, find_order
from assistant.flows import Flow
from assistant.order_facts import order_facts
from assistant.presale import run_skill
from assistant.shop import Order, OrderLine
from assistant.talk_facts import talk_facts
from knowledge.decision import Facts

FAINT = 0.45
"""The same for an intent that a skill answers: it reads the catalogue and does no harm."""

DOUBTFUL = 0.6
"""An intent that is less sure than this is first tried as a question about the rules."""


async def run_flow(intent: str, turn: TurnContext) -> Outcome:
    """Run the flow of `intent`. An intent without a flow is answered from the clauses."""
    flow = turn.engine.flows.flows.get(intent) or Flow(answer="search")
    if rule := _rule_instead(intent, turn):
        return Outcome(intent, rule)
    if flow.skill:
        return _skill(intent, flow.skill, turn)
    if flow.answer:
        outcome = _search(intent, turn)
        if outcome.answered or flow.otherwise is None or turn.customer is None:
            return outcome
        return await run_flow(flow.otherwise, turn)
    if flow.subject != "order":
        return _decide(FlowRun(intent, flow, turn, {**talk_facts(turn), **flow.assume, **claimed_facts(turn, intent)}))
    order = await find_order(turn, flow, turn.words_for(intent))
    if isinstance(order, NoSubject):
        return _without_order(intent, flow, order, turn)
    turn.remember(order_id=order.order_id)
    by_state = flow.reply(order.state) if flow.by == "order_state" and not flow.tables else None
    if by_state is not None and by_state.go:
        return await run_flow(by_state.go, turn)
    lines: Sequence[OrderLine] = order.lines
    if "line" in flow.ask:
        found = find_lines(turn, order)
        if isinstance(found, Question):
            return Outcome(intent, found.text, question=found)
        lines = found
    facts = order_facts(order, lines, turn.engine.catalogue, turn.engine.profile, turn.now)
    facts |= {**talk_facts(turn), **flow.assume, **claimed_facts(turn, intent)}
    _note_order(turn, order)
    return _decide(FlowRun(intent, flow, turn, facts, Subject(order, lines)))


def _decide(run: FlowRun) -> Outcome:
    """Ask the tables in order. When the first one leads to no proposal, the others have nothing to add; when a later
    one leaves it to a person, so does the flow.
    """
    for table in run.flow.tables:
        decision = run.decide(table)
        if decision.kind == "ASK":
            return ask(run.intent, decision.argument, run.turn)
        if run.decisions and decision.kind in {"HUMAN", "HUMAN_NOW"}:
            return hand_off(run.intent, run.turn.say("give_up"), "rule_unclear", run.turn)
        run.decisions.append(decision)
        reply = run.flow.reply(run.decisions[0].code)
        if reply is None or not reply.propose:
            break
    return word_reply(run)


def _note_order(turn: TurnContext, order: Order) -> None:
    """What the guard may let a reply say of this order."""
    evidence = turn.evidence
    evidence.money(order.paid, order.refunded, order.compensated, *(line.unit_paid for line in order.lines))
    evidence.instant(order.paid_at, order.signed_at, order.shipped_at, order.created_at, order.completed_at)
    evidence.text(order.order_id[-4:], *(line.name.zh + line.name.en for line in order.lines))
    evidence.number(*(line.qty for line in order.lines))
    states = {
        "refunded": order.refunded > 0 or any(ticket.state == "REFUNDED" for ticket in order.tickets),
        "closed": order.state == "CLOSED",
        "ticket": bool(order.tickets),
        "goodwill": order.compensated > 0,
        "invoiced": order.invoice == "issued",
    }
    evidence.act(*(name for name, holds in states.items() if holds))


def _without_order(intent: str, flow: Flow, reason: NoSubject, turn: TurnContext) -> Outcome:
    """Nothing of the customer's own to work on: the rule where one answers, else why not, by DT-23 where it is
    privacy.
    """
    decision = None
    if reason.table is not None:
        facts: Facts = {**talk_facts(turn), "owns_order": False}
        decision = turn.decide(reason.table, facts, shop_place(turn), event_time=turn.now, order_id=None)
    # where an order stands is in no rule: only what a rule can answer is looked for there
    about_rules = reason.question is None and flow.by is None
    if about_rules and (rule := answer_from_clauses(turn, turn.words_for(intent))):
        return Outcome(intent, f"{rule}\n\n{reason.text}" if decision else rule)
    marks = turn.marks(decision.clauses) if decision else ""
    return Outcome(intent, reason.text + marks, cards=reason.cards, question=reason.question)


def _skill(intent: str, name: str, turn: TurnContext) -> Outcome:
    result = run_skill(name, turn)
    return Outcome(
        intent,
        result.text,
        cards=result.cards,
        question=result.question,
        quick_replies=result.quick_replies,
        answered=result.answered,
    )


def _search(intent: str, turn: TurnContext) -> Outcome:
    answer = answer_from_clauses(turn, turn.words_for(intent))
    if answer is None:
        return Outcome(intent, turn.say("not_sure"), answered=False)
    return Outcome(intent, answer)


def _rule_instead(intent: str, turn: TurnContext) -> str | None:
    """A question that reads more like one about the rules than about an order: the clause that answers it."""
    if intent == turn.state.flow:
        return None
    guess = max((g.confidence for g in turn.heard.intents if g.name == intent), default=1.0)
    skill = turn.engine.flows.flows[intent].skill if intent in turn.engine.flows.flows else None
    return answer_from_clauses(turn, turn.words_for(intent)) if guess < (FAINT if skill else DOUBTFUL) else None
