"""Runs one flow for one intent: finds its subject, gathers facts, asks the tables, and has the outcome worded.

Both planners use it, so a conversation that a model words and one that templates word come to the same decisions.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from assistant.answers import answer_from_clauses, answer_from_documents
from assistant.claims import about_a_fault, claimed_facts, states_fault, told_of_fault
from assistant.context import Question, TurnContext
from assistant.flow_reply import ask, word_reply
from assistant.flow_run import FlowRun, Outcome, Subject, hand_off, note_order, shop_place
from assistant.flow_subject import NoSubject, find_lines, find_order, other_goods
from assistant.flows import Flow
from assistant.naming import goods_in, named_orders, without_goods
from assistant.order_facts import order_facts, order_values
from assistant.presale import has_data, run_skill
from assistant.proposing import not_now
from assistant.rule_questions import (
    asks_a_rule,
    asks_anything,
    asks_in_general,
    question_in,
    rule_asked_for,
    rule_of,
)
from assistant.segments import clauses
from assistant.shop import Order, OrderLine
from assistant.talk_facts import talk_facts
from assistant.ticket_words import case_meant
from assistant.wording import fill
from knowledge.decision import Facts
from knowledge.text import fold

FAINT = 0.45
"""The same for an intent that a skill answers: it reads the catalogue and does no harm."""

DOUBTFUL = 0.6
"""An intent that is less sure than this is first tried as a question about the rules."""


_NOT_LIVE = frozenset({"CREATED", "CLOSED"})
"""States in which an order has nothing to ship, return or pay: a flow that does not list them has nothing to decide."""

_COMING = frozenset({"PAID", "SHIPPED", "IN_TRANSIT", "OUT_FOR_DELIVERY", "AT_PICKUP_POINT"})
_MINE = re.compile(r"我的?(?:那个|这个)?(?:包裹|快递|快件|订单|货)|\bmy (?:parcel|package|order|delivery)\b")
_IF_BOUGHT = re.compile(
    r"现在(?:买|拍|下单)|(?:如果|要是).{0,4}(?:买|拍|下单)|再(?:买|拍)|\bif i (?:buy|order)|\border(?:ed)? now\b"
)
"""What asks about an order that is yet to be placed."""

_CAN_I = re.compile(r"(?:可以|能)(?:不能|不可以)?[退换](?:货|款|掉)?[吗么嘛不?？]?$|^can i (?:return|exchange|send)")
"""Of goods of one's own this asks for the deed, not for the rule."""

_ALSO_RULES = frozenset({"freight", "authenticity"})
"""Skills whose questions may have an answer for all goods and places, as `满多少包邮` has; else they ask which."""

_OF_ONE_ORDER = frozenset({"line", "quantity", "condition", "defect"})
"""Slots that hold for the order they were said of."""


async def run_flow(intent: str, turn: TurnContext) -> Outcome:
    """Run the flow of `intent`. An intent without a flow is answered from the clauses."""
    flow = turn.engine.flows.flows.get(intent) or Flow(answer="search")
    if told := _terms_told(flow, turn) or _document_told(intent, flow, turn) or await _rule_instead(intent, flow, turn):
        return Outcome(intent, told)
    if flow.skill == "eta" and (own := await _own_delivery(turn)):
        return await run_flow(own, turn)
    if flow.skill:
        return _skill(intent, flow, flow.skill, turn)
    if flow.answer:
        further = flow.otherwise if turn.customer is not None and _goes_on(flow, turn) else None
        if further and _CAN_I.search(fold(turn.words_for(intent))) and await _names_own(turn):
            return await run_flow(further, turn)
        outcome = _search(intent, flow, turn)
        return outcome if outcome.answered or further is None else await run_flow(further, turn)
    if flow.subject != "order":
        facts: Facts = {**talk_facts(turn), **flow.assume, **claimed_facts(turn, intent)}
        return await _decide(FlowRun(intent, flow, turn, facts))
    return await _on_an_order(intent, flow, turn)


async def _on_an_order(intent: str, flow: Flow, turn: TurnContext) -> Outcome:
    """Run a flow about one of the customer's own orders, which must be found first."""
    if flow.if_faulty and (told_of_fault(turn) or states_fault(turn.words_for(intent))):
        if turn.open_proposal is None or not told_of_fault(turn):
            return await run_flow(flow.if_faulty, turn)
        wish = turn.engine.flows.phrase("intent", intent, turn.lang) or ""
        return Outcome(intent, fill(turn.say("after_check"), {"wish": wish}))
    order = await find_order(turn, flow, turn.words_for(intent))
    if isinstance(order, NoSubject):
        return _without_order(intent, flow, order, turn)
    _take_up(turn, order)
    if flow.states and order.state not in flow.states:
        further = flow.elsewhere.get(order.state)
        if further is not None:
            return await _elsewhere(intent, further, order, turn)
        if order.state in _NOT_LIVE:
            return not_now(FlowRun(intent, flow, turn, {}), Subject(order, order.lines))
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
    note_order(turn, order)
    return await _decide(FlowRun(intent, flow, turn, facts, Subject(order, lines, case_meant(order, intent, turn))))


async def _names_own(turn: TurnContext) -> bool:
    return bool(named_orders(turn.heard.text, await turn.orders(), turn.engine.catalogue))


async def _own_delivery(turn: TurnContext) -> str | None:
    """The flow for a question about delivery that is about an order of one's own: goods that are on their way, or no
    goods at all while an order waits to be shipped.
    """
    slots, said = turn.heard.slots, turn.heard.text
    if turn.asked.sku or turn.state.sku or slots.region or _IF_BOUGHT.search(fold(said)):
        return None
    own = await turn.orders()
    if _MINE.search(fold(said)) and any(order.state in _COMING for order in own):
        return "track_parcel"
    if goods_in(fold(said), turn.engine.catalogue):
        coming = [order for order in own if order.state in _COMING]
        return "track_parcel" if named_orders(said, coming, turn.engine.catalogue) else None
    return "order_status" if any(order.state == "PAID" for order in own) else None


def _take_up(turn: TurnContext, order: Order) -> None:
    """Make `order` what the talk is about; what was said of another order does not hold for this one."""
    before = {turn.state.order_id, turn.conversation.state.order_id} - {None, order.order_id}
    slots = turn.state.slots
    if before:
        old = turn.conversation.state.slots
        slots = {name: value for name, value in slots.items() if name not in _OF_ONE_ORDER or value != old.get(name)}
    sku = order.lines[0].sku if len(order.lines) == 1 else turn.state.sku
    turn.remember(order_id=order.order_id, sku=sku, slots=slots)


async def _elsewhere(intent: str, further: str, order: Order, turn: TurnContext) -> Outcome:
    """The order is past what was asked for: say so, and go on with what can be done for it."""
    turn.only_order = order.order_id
    outcome = await run_flow(further, turn)
    if turn.engine.flows.flows[further].by == "order_state":
        return outcome
    labels = [turn.engine.flows.phrase("intent", name, turn.lang) or "" for name in (intent, outcome.intent)]
    values = order_values(order, order.lines, turn.engine, turn.lang)
    note_order(turn, order)
    turn.evidence.text(values["items"])
    said = fill(turn.say("other_way"), {**values, "asked": labels[0], "instead": labels[1]})
    return replace(outcome, text=f"{said}\n\n{outcome.text}")


async def _decide(run: FlowRun) -> Outcome:
    """Ask the tables in order. When the first one leads to no proposal, the others have nothing to add; when a later
    one leaves it to a person, so does the flow.
    """
    for table in run.flow.stops:
        if stopped := run.stop(table):
            run.decisions.append(stopped)
            return word_reply(run)
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
    first = run.flow.reply(run.decisions[0].code) if run.decisions else None
    if first is not None and first.go:
        return await run_flow(first.go, run.turn)
    if not _instructs(run.turn):  # instructions are no facts: nothing is weighed for them
        run.consulted += [told for table in run.flow.consult if (told := run.consult(table))]
    return word_reply(run)


def _instructs(turn: TurnContext) -> bool:
    intents = {guess.name for guess in turn.heard.intents}
    return "injection" in turn.heard.risks or "abuse_or_injection" in intents


def _without_order(intent: str, flow: Flow, reason: NoSubject, turn: TurnContext) -> Outcome:
    """Nothing of the customer's own to work on: the rule where one answers, else why not, by DT-23 where it is
    privacy.
    """
    decision = None
    if reason.table is not None:
        facts: Facts = {**talk_facts(turn), "owns_order": False}
        decision = turn.decide(reason.table, facts, shop_place(turn), event_time=turn.now, order_id=None)
    words = turn.words_for(intent)
    # who is not signed in can be told the rule at least, be it asked about goods of their own
    asks = asks_a_rule(words) or asks_anything(words) if turn.customer is None else asks_in_general(words)
    # where an order stands is in no rule: only what a rule can answer is looked for there, such as how to return goods
    ruled = flow.by is None or (flow.by == "ticket_state" and turn.customer is None)
    if reason.question is None and ruled and asks and (rule := rule_of(flow, turn, question_in(words))):
        return Outcome(intent, f"{rule}\n\n{reason.text}" if decision else rule)
    marks = turn.marks(decision.clauses) if decision else ""
    return Outcome(intent, reason.text + marks, cards=reason.cards, question=reason.question, narrowed=reason.narrowed)


def _skill(intent: str, flow: Flow, name: str, turn: TurnContext) -> Outcome:
    words = question_in(turn.words_for(intent))
    if not has_data(name, turn):
        told = answer_from_documents(turn, words, of_the_shop=True)
        return Outcome(intent, told) if told else _search(intent, flow, turn)
    result = run_skill(name, turn)
    of_any = result.question is not None and name in _ALSO_RULES
    if of_any and (rule := answer_from_clauses(turn, words, alone=True)):
        return Outcome(intent, rule)
    if not result.answered and (told := answer_from_documents(turn, words)):
        return Outcome(intent, told)
    return Outcome(
        intent,
        result.text,
        cards=result.cards,
        question=result.question,
        quick_replies=result.quick_replies,
        answered=result.answered,
    )


def _goes_on(flow: Flow, turn: TurnContext) -> bool:
    return flow.otherwise_if is None or flow.otherwise_if.search(fold(turn.heard.text)) is not None


def _search(intent: str, flow: Flow, turn: TurnContext) -> Outcome:
    words = question_in(turn.words_for(intent))
    answer = answer_from_clauses(turn, words, standing_out=True)
    goes_on = flow.otherwise is not None and turn.customer is not None and _goes_on(flow, turn)
    if answer is None and not goes_on and (of_any := without_goods(words, turn.engine.catalogue)) != words:
        answer = answer_from_clauses(turn, of_any, standing_out=True)  # rules seldom name the goods they are for
    if answer is None and len(parts := clauses(fold(words))) > 1:
        told = dict.fromkeys(answer_from_clauses(turn, part, standing_out=True) for part in parts)
        answer = "\n\n".join(filter(None, told)) or None  # several questions in one breath
    if answer is None:
        return Outcome(intent, turn.say("not_sure"), answered=False)
    return Outcome(intent, answer)


def _document_told(intent: str, flow: Flow, turn: TurnContext) -> str | None:
    """What the shop's own documents say to a question, unless goods that are named, or a wish, come first."""
    if not turn.engine.index.documents:
        return None
    words = question_in(turn.words_for(intent))
    asks = bool(flow.skill or flow.answer) or asks_a_rule(words) or (turn.customer is None and asks_anything(words))
    if turn.heard.risks or intent == turn.state.flow or not asks:
        return None
    return None if flow.skill and _names_goods(words, turn) else answer_from_documents(turn, words)


def _names_goods(words: str, turn: TurnContext) -> bool:
    """Whether goods are before the customer, or called by their whole name: their page knows more of them."""
    said, products = fold(words), turn.engine.catalogue.products
    return turn.asked.sku is not None or any(fold(each.name.in_(turn.lang)) in said for each in products)


def _terms_told(flow: Flow, turn: TurnContext) -> str | None:
    """What a proposal that waits for its yes says of the matter asked about."""
    waiting = turn.open_proposal
    if waiting is None or not flow.terms or turn.heard.slots.order_id or other_goods(turn, waiting.action.order_id):
        return None
    words = turn.engine.flows.actions[waiting.action.name]
    asked = {line.label.in_(turn.lang) for line in words.terms if line.label.en in flow.terms}
    told = [f"{term.label}：{term.value}" for term in waiting.terms if term.label in asked and term.value]
    if turn.lang == "en":
        told = [line.replace("：", ": ", 1) for line in told]
    turn.evidence.text(*told)
    return fill(turn.say("in_the_terms"), {"terms": ("；" if turn.lang == "zh" else "; ").join(told)}) if told else None


async def _rule_instead(intent: str, flow: Flow, turn: TurnContext) -> str | None:
    """A question that reads more like one about the rules than about an order: the clause that answers it."""
    if intent == turn.state.flow or turn.only_order is not None:
        return None
    if flow.terms and flow.assume.get("freight_cause") == "no_reason" and about_a_fault(turn):
        return None  # who pays for faulty goods is not what the general rule says
    if (flow.subject == "order" or flow.rule) and (rule := await rule_asked_for(intent, flow, turn)):
        return rule
    guess = max((g.confidence for g in turn.heard.intents if g.name == intent), default=1.0)
    if guess >= (FAINT if flow.skill else DOUBTFUL):
        return None
    return answer_from_clauses(turn, question_in(turn.words_for(intent)))
