"""From codes to words: picks the reply of a flow, fills it with values that tools and tables yielded, and cites."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

from assistant.context import Question, TurnContext
from assistant.conversation import Card, QuickReply
from assistant.flow_run import SLOTS, FlowRun, Outcome, Subject, hand_off
from assistant.flows import Flow, Reply
from assistant.order_facts import card_of, order_card, order_values, parcel_card, ticket_values
from assistant.proposing import in_its_way, not_now, propose
from assistant.shop import Text
from assistant.visits import offered, words_of
from assistant.wording import fill, instant, money

_MAX_MARKS = 3
_SPACES = re.compile(r" {2,}")
"""What a phrase that says nothing leaves behind."""
_SAME_QUESTION = {"condition_photos": "condition", "signed_at": "order_id"}


def word_reply(run: FlowRun) -> Outcome:
    """What the flow says for the code its first table gave (or for the state its `by` names)."""
    turn, decisions = run.turn, run.decisions
    reply = run.flow.reply(decisions[0].code if decisions else _key(run.flow, run.subject))
    if reply is None:
        return hand_off(run.intent, turn.say("give_up"), "rule_unclear", turn)
    values = _values(run)
    if reply.propose and run.subject and run.flow.states and run.subject.order.state not in run.flow.states:
        return not_now(run, run.subject)
    if reply.propose and run.subject and (other := in_its_way(run, run.subject, reply.propose, values)):
        return other
    if reply.propose and (missing := _missing_slot(run, reply)):
        return ask(run.intent, missing, turn)
    refs = [ref for decision in decisions for ref in decision.clauses] + _resolved(reply.cite, turn)
    refs += [ref for decision in run.consulted for ref in decision.clauses]
    if reply.hand_off and not reply.urgent and run.flow.tables == ("DT-22",):
        refs = []  # why a person is called is not a rule a customer asks to see
    text = _SPACES.sub(" ", fill(reply.text(turn.lang), values)).strip() + turn.marks(
        list(dict.fromkeys(refs))[:_MAX_MARKS]
    )
    cards = _cards(reply, run.subject, turn)
    person = decisions[0].kind if decisions and decisions[0].kind in {"HUMAN", "HUMAN_NOW"} else None
    if reply.hand_off or person:
        urgent = reply.urgent or person == "HUMAN_NOW"
        called = hand_off(run.intent, text, reply.hand_off or decisions[0].code, turn, urgent=urgent)
        return Outcome(run.intent, text, cards=cards, hand_off=called.hand_off)
    if reply.propose and run.subject:
        return propose(run, run.subject, reply.propose, text, values)
    return Outcome(run.intent, text, cards=cards, quick_replies=_next_button(reply, turn))


def ask(intent: str, fact: str, turn: TurnContext) -> Outcome:
    """The outcome of a flow that needs one more fact or slot."""
    question = question_for(fact, turn)
    return Outcome(intent, question.text, question=question)


def question_for(fact: str, turn: TurnContext) -> Question:
    """The question that asks for a fact or slot, with buttons where its answers are few."""
    flows, lang = turn.engine.flows, turn.lang
    name = fact.partition(",")[0].strip()
    name = _SAME_QUESTION.get(name, name)
    definition = turn.engine.policies.facts.get(name)
    if name in flows.questions:
        text = flows.questions[name].in_(lang)
    elif definition is not None and definition.ask is not None:
        text = definition.ask[lang]
    else:
        text = turn.say("unclear")
    choices = flows.choices.get(name, ())
    if name == "visit_time":
        choices = tuple(Text(zh=each.words("zh"), en=each.words("en")) for each in offered(turn.now))
    if not choices and definition is not None and definition.type == "bool":
        choices = flows.choices["yes_no"]
    return Question(name, text, tuple(QuickReply(label=c.in_(lang), text=c.in_(lang)) for c in choices))


def _key(flow: Flow, subject: Subject | None) -> str:
    """What picks the reply of a flow without tables: the order's or its ticket's state."""
    if subject is None or flow.by is None:
        return "default"
    if flow.by == "ticket_state":
        return subject.ticket.state if subject.ticket else "none"
    return subject.order.state


def _missing_slot(run: FlowRun, reply: Reply) -> str | None:
    action = run.turn.engine.flows.actions[reply.propose or ""]
    wanted = [*run.flow.ask, *action.args]
    return next((name for name in wanted if name in SLOTS - {"line"} and not run.turn.state.slots.get(name)), None)


def _resolved(refs: Sequence[str], turn: TurnContext) -> list[str]:
    """`law/x@*#a` names whatever version of the policy is in force now."""
    found = []
    for ref in refs:
        policy, _, anchor = ref.partition("@*#")
        if not anchor:
            found.append(ref)
            continue
        versions = [p for p in turn.engine.policies.pack.policies if p.id == policy and p.window.contains(turn.now)]
        found += [f"{versions[-1].key}#{anchor}"] if versions else []
    return found


def _values(run: FlowRun) -> dict[str, str]:
    turn, engine, lang = run.turn, run.turn.engine, run.turn.lang
    values: dict[str, str] = {"shop": engine.profile.name.in_(lang)}
    if run.subject:
        values |= order_values(run.subject.order, run.subject.lines, engine, lang)
        values |= ticket_values(run.subject.ticket, engine.flows, lang)
        shown = (
            "last_scan",
            "last_scan_at",
            "ship_by",
            "signed_on",
            "ticket_next",
            "items",
            "waybill",
            "visit",
            "address_on_file",
        )
        turn.evidence.text(*(values.get(name, "") for name in shown))
    reply_by = turn.now + timedelta(hours=engine.profile.aftersale_audit_h)
    turn.evidence.instant(reply_by)
    values["reply_by"] = instant(reply_by, lang)
    for decision in run.decisions:
        name = decision.table.lower().replace("-", "")
        if decision.amount is not None:
            values[f"{name}_amount"] = money(decision.amount)
            values[f"{name}_formula"] = decision.formula or money(decision.amount)
        if decision.deadline is not None:
            values[f"{name}_deadline"] = instant(decision.deadline, lang)
        for fact, value in decision.read.items():
            # what a table has read can be shown where the pack has words for it
            if isinstance(value, str) and (words := engine.flows.phrase(fact, value, lang)):
                values.setdefault(fact, words)
        phrase = engine.flows.phrase(decision.table, decision.code, lang)
        if phrase:
            values[f"{name}_phrase"] = phrase
    values |= _consulted(run)
    for name in SLOTS:
        said = turn.state.slots.get(name)
        if isinstance(said, str):
            values[name] = words_of(said, lang) or said
            turn.evidence.text(values[name])
    return values


def _consulted(run: FlowRun) -> dict[str, str]:
    """The phrase of each table that was consulted: its code's, else the one for `none`, else nothing."""
    flows, lang = run.turn.engine.flows, run.turn.lang
    told = {decision.table: decision for decision in run.consulted}
    values: dict[str, str] = {}
    for table in run.flow.consult:
        decision = told.get(table)
        phrase = flows.phrase(table, decision.code if decision else "none", lang) or ""
        amount = money(decision.amount) if decision and decision.amount is not None else ""
        until = instant(decision.deadline, lang) if decision and decision.deadline else ""
        values[f"{table.lower().replace('-', '')}_phrase"] = fill(phrase, {"amount": amount, "deadline": until})
    return values


def _cards(reply: Reply, subject: Subject | None, turn: TurnContext) -> tuple[Card, ...]:
    if subject is None or reply.card is None:
        return ()
    if reply.card == "parcel":
        card = parcel_card(subject.order, turn.engine.catalogue, turn.lang)
        return (card,) if card else ()
    if reply.card == "case":
        return (card_of(subject.ticket, turn.engine, turn.lang),) if subject.ticket else ()
    return (order_card(subject.order, turn.engine, turn.lang),)


def _next_button(reply: Reply, turn: TurnContext) -> tuple[QuickReply, ...]:
    if reply.next is None:
        return ()
    label = turn.engine.flows.phrase("intent", reply.next, turn.lang)
    return (QuickReply(label=label, text=label),) if label else ()
