"""From a decision to a proposal: its terms, who may agree to it, and the one offer that may stand beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from assistant.authority import SENSITIVE, Actor, Standing, Weighed, room, weigh
from assistant.claims import FAULTS
from assistant.context import TurnContext
from assistant.conversation import QuickReply, Term
from assistant.errors import EffectRefused
from assistant.flow_run import FlowRun, Outcome, Subject, hand_off, note_order
from assistant.flows import ActionWords
from assistant.order_facts import card_of, customer_moves, newest_of, order_card, order_values, ticket_values
from assistant.orders import apply, case_instead, open_tickets
from assistant.proposals import ASSISTANT, Grounds, draft_proposal
from assistant.retention import Offer, stage_of
from assistant.service_orders import case_at_fault, fault_accepted
from assistant.shop import Action, Order, Ticket
from assistant.wording import fill, money
from knowledge.decision import Decision
from knowledge.text import fold

_NO_REASON = re.compile(
    r"^$|无理由|不(?:想要|喜欢|合适)|[拍买]错|尺码|[大小]|\b(?:no.?reason|without a reason|changed|size|fit|like)\b"
)


def propose(run: FlowRun, subject: Subject, name: str, text: str, values: Mapping[str, str]) -> Outcome:
    """The proposal of action `name` behind `text`. Nothing is done until the customer's yes."""
    turn = run.turn
    words = turn.engine.flows.actions[name]
    amount = run.amount_of(words.amount)
    action = Action(name=name, order_id=subject.order.order_id, amount=amount, args=_args(run, words, subject))
    if amount is not None and amount > room(turn.given, subject.order, action):
        return hand_off(run.intent, turn.say("needs_check"), "amount_above_payable", turn)
    try:
        # what the shop would refuse is not offered first and refused after the yes
        apply(subject.order, action, turn.now, "")
    except EffectRefused:
        asked_before = any(ticket.kind == words.ticket for ticket in subject.order.tickets)
        return _where_it_stands(run, subject, words) if asked_before else not_now(run, subject)
    grounds = _grounds(turn, words, amount, fault=fault_accepted(subject.order))
    weighed = _authority(run, action, grounds)
    if weighed.forbidden is not None:
        return hand_off(run.intent, turn.say("needs_check"), "above_all_authority", turn)
    shown = {**values, "action_amount": money(amount)} if amount is not None else values
    lifetime = timedelta(minutes=turn.engine.profile.proposal_minutes)
    proposal = draft_proposal(
        conversation=turn.conversation,
        action=action,
        title=words.title.in_(turn.lang),
        terms=[Term(label=t.label.in_(turn.lang), value=fill(t.value.in_(turn.lang), shown)) for t in words.terms],
        decisions=[*run.decisions, *weighed.decisions],
        clauses=[citation.clause for citation in turn.citations],
        at=turn.now,
        lifetime=lifetime,
        level=weighed.level,
        grounds=grounds,
    )
    turn.evidence.instant(proposal.expires_at)
    please = turn.say("agent_confirms" if proposal.needs_agent else "please_confirm")
    body, quick = f"{text}\n\n{please}", tuple[QuickReply, ...]()
    if run.flow.retention and (offer := _offer(run, subject)):
        body += f"\n\n{offer.text.in_(turn.lang)}{turn.engine.offers.promise.in_(turn.lang)}"
        if offer.button and offer.says:
            quick = (QuickReply(label=offer.button.in_(turn.lang), text=offer.says.in_(turn.lang)),)
    return Outcome(run.intent, body, proposal=proposal, quick_replies=quick)


def in_its_way(run: FlowRun, subject: Subject, name: str, values: Mapping[str, str]) -> Outcome | None:
    """What is said of an open case that leaves no room for action `name`; None when there is none."""
    words = run.turn.engine.flows.actions[name]
    if _on_record(words, subject.order):
        if run.intent in FAULTS and _opened_without_fault(words, subject.order):
            return hand_off(run.intent, run.turn.say("fault_on_case"), "fault_told_later", run.turn)
        return _where_it_stands(run, subject, words)
    if words.ticket and (case := case_instead(subject.order, words.ticket, [line.line_id for line in subject.lines])):
        return _instead(run, subject, case, values)
    return None


def not_now(run: FlowRun, subject: Subject) -> Outcome:
    """The outcome for an order that is in no state for what was asked, with a way on from there."""
    turn = run.turn
    values = order_values(subject.order, subject.lines, turn.engine, turn.lang)
    note_order(turn, subject.order)
    turn.evidence.text(values["items"])
    card = order_card(subject.order, turn.engine, turn.lang)
    sure = max((guess.confidence for guess in turn.heard.intents if guess.name == run.intent), default=1.0)
    if run.intent in FAULTS and subject.order.state in _ON_ITS_WAY and sure >= _PLAINLY:
        # who tells what is wrong with the goods has them: it is the record that lags behind
        person = hand_off(run.intent, fill(turn.say("not_signed_yet"), values), "signing_not_recorded", turn)
        return replace(person, cards=(card,))
    ways = [name for name in _WAYS_ON if name != run.intent and _serves(name, subject.order, turn)]
    labels = [label for name in ways[:1] if (label := turn.engine.flows.phrase("intent", name, turn.lang))]
    buttons = tuple(QuickReply(label=label, text=label) for label in labels)
    return Outcome(run.intent, fill(turn.say("not_now"), values), cards=(card,), quick_replies=buttons)


_PLAINLY = 0.8
"""From this confidence on a fault was told of, and not just likely."""
_ON_ITS_WAY = frozenset({"SHIPPED", "IN_TRANSIT", "OUT_FOR_DELIVERY", "AT_PICKUP_POINT"})
_WAYS_ON = ("cancel_order", "return_no_reason")


def _serves(name: str, order: Order, turn: TurnContext) -> bool:
    flow = turn.engine.flows.flows.get(name)
    return flow is not None and order.state in flow.states


_CASE_ARGS = {"return_waybill": "waybill", "appeal_why": "why"}
"""Slots that a step on a case takes under another name."""


def _instead(run: FlowRun, subject: Subject, case: Ticket, values: Mapping[str, str]) -> Outcome:
    """Another case about the same goods is open: it would have to be withdrawn first, and that can be agreed to."""
    turn = run.turn
    wish = turn.engine.flows.phrase("intent", run.intent, turn.lang) or ""
    shown = {**values, **ticket_values(case, turn.engine.flows, turn.lang), "wish": wish}
    if "withdraw" not in customer_moves(case, turn.now):
        card = card_of(case, turn.engine, turn.lang)
        return Outcome(run.intent, fill(turn.say("other_case"), shown), cards=(card,))
    bare = replace(run, decisions=[], consulted=[])  # what was weighed for the wish is no reason to withdraw
    return propose(bare, replace(subject, ticket=case), "withdraw", fill(turn.say("other_case_withdraw"), shown), shown)


def _where_it_stands(run: FlowRun, subject: Subject, words: ActionWords) -> Outcome:
    ticket = newest_of([each for each in subject.order.tickets if each.kind == words.ticket]) or subject.ticket
    card = card_of(ticket, run.turn.engine, run.turn.lang) if ticket else None
    return Outcome(run.intent, run.turn.say("on_record"), cards=(card,) if card else ())


def _on_record(words: ActionWords, order: Order) -> bool:
    """Whether the order already has what this action would ask for."""
    if words.ticket == "invoice" and order.invoice in {"requested", "issued"}:
        return True
    return any(ticket.kind == words.ticket for ticket in open_tickets(order))


def _opened_without_fault(words: ActionWords, order: Order) -> bool:
    """Whether the goods already go back without a reason: a fault told now changes who pays for it."""
    case = next((ticket for ticket in open_tickets(order) if ticket.kind == words.ticket), None)
    return case is not None and case.kind == "return_refund" and _NO_REASON.search(fold(case.reason)) is not None


def _offer(run: FlowRun, subject: Subject) -> Offer | None:
    """The one offer DT-21 allows for the reason the customer gave, if any."""
    turn = run.turn
    offer = turn.engine.offers.choose(turn.state.slots.get("reason"), stage_of(subject.order.state))
    if offer is None:
        return None
    at_fault = bool(run.facts.get("seller_at_fault"))
    gate = run.decide("DT-21", right_clearly_due=True, seller_fault_proven=at_fault)
    if gate.kind != "OFFER":
        return None
    turn.remember(offers_made=turn.state.offers_made + 1)
    return offer


def _args(run: FlowRun, words: ActionWords, subject: Subject) -> dict[str, object]:
    said = run.turn.state.slots
    args: dict[str, object] = {slot: said[slot] for slot in words.args if slot != "line" and said.get(slot)}
    for slot, name in _CASE_ARGS.items():
        if slot in args:
            args[name] = args.pop(slot)
    if "ticket" in words.args and subject.ticket is not None:
        args["ticket_id"] = subject.ticket.ticket_id
    if "line" in words.args:
        args["line_ids"] = [line.line_id for line in subject.lines]
    if "ticket_id" in words.args and (at_fault := case_at_fault(subject.order)):
        args["ticket_id"] = at_fault.ticket_id
    return args


def _authority(run: FlowRun, action: Action, grounds: Grounds | None) -> Weighed:
    """Who must agree to the assistant giving this money, by DT-20; nobody where none is given."""
    turn, subject = run.turn, run.subject
    if grounds is None or subject is None:
        return Weighed(None, ())
    standing = Standing(subject.order, tuple(turn.known_orders), turn.given)

    def decide(actor: Actor, requester: str, approver: str) -> Decision:
        facts = standing.facts(grounds, action, turn.now, actor=actor, approver=approver, requester=requester)
        if actor == "bot":
            return run.decide("DT-20", **facts)
        # whom it would be handed to is not this turn's verdict: it goes with the proposal and not into the log
        known = {name: value for name, value in facts.items() if name in turn.engine.policies.facts}
        return turn.engine.policies.decide("DT-20", known, at=subject.event_time, place=run.place, decided_at=turn.now)

    return weigh(decide, ASSISTANT)


def _grounds(turn: TurnContext, words: ActionWords, amount: int | None, *, fault: bool) -> Grounds | None:
    if words.purpose == "none" or not amount:
        return None
    sensitive = bool(SENSITIVE & set(turn.heard.risks))
    if words.purpose == "advance":
        return Grounds(purpose="advance", sensitive=sensitive, dispute_amount=amount, fault_established=fault)
    return Grounds(purpose=words.purpose, sensitive=sensitive)
