"""Planning without a model: which issues a message holds, in what order, and what to do with the talk that was under
way.

Deterministic: the same words, records and clock give the same turn. One question and one proposal a turn at most; an
issue that must wait is kept and taken up when the one before it is done.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from typing import Protocol

from assistant.acts import drops_it
from assistant.answers import answer_about_elsewhere, answer_from_clauses, answer_from_documents
from assistant.claims import DESCRIBES_FAULT, FREE_TEXT, read_answer
from assistant.context import WORDS, TurnContext
from assistant.conversation import DialogueState, Done, HandedOff, Lang, QuickReply, Said, TurnEvent
from assistant.flow_reply import question_for
from assistant.flow_run import Outcome
from assistant.flow_runner import DOUBTFUL, run_flow
from assistant.follow_up import LAST, continued
from assistant.intents import RISK_FLOOR
from assistant.naming import goods_of_others
from assistant.segments import segments
from assistant.talk_facts import ASKS
from assistant.ticket_words import FLOWS as STEPS
from assistant.ticket_words import step_in, step_wanted
from assistant.visits import service_in
from assistant.wording import fill
from knowledge.mending import mend
from knowledge.text import fold

SURE = 0.72
"""From this confidence on, other words than an answer to our question are taken as a new issue (measured on the
hold-out set).
"""

WEAK = 0.3
"""Below this confidence a guess is no better than asking again."""

PERSON = 0.6
"""From this confidence on, a flow that can only call a person is run: a wrong hand-off ends the talk."""

CERTAIN = 0.9
"""From this confidence on, words that could be free text for our question are a new issue all the same."""

CLEARLY = 0.65
"""A message of no known intent is answered from the clauses only from this confidence on: a random quote is worse
than a question.
"""

MAX_PARKED = 3
MAX_MISSES = 2
"""So often in a row a question may be asked again in vain; then a person is called."""
_SHORT_ANSWER = 12
_SAME_MATTER = (
    frozenset({"cancel_order", "return_no_reason", "refund_only"}),
    frozenset({"urge_shipping", "late_ship_compensation"}),
    frozenset({"order_status", "track_parcel", "urge_shipping"}),
    frozenset({"return_quality", "return_mismatch", "warranty_claim", "repair", "damage_in_transit"}),
    frozenset({"ticket_withdraw", "cancel_order"}),
)
"""Intents that are two readings of one wish about an order: a message that seems to hold two of them holds one."""

_NAME = re.compile(r"[A-Z][a-z]+(?: [A-Z][a-z]+){1,3}")
"""A person's name in Latin letters: it may look like anything to a classifier of wishes."""

_OPENS = re.compile(r"^(?:顺便|另外|对了|还有个?问题|再问)|^(?:by the way|btw|another thing|one more thing)\b")
"""What opens another matter in so many words."""

_CHAT = frozenset({"greeting_chat", "unclear", "out_of_scope"})
_RISK_FLOWS = {
    "safety": "safety_incident",
    "minor": "minor_purchase",
    "12315": "threat_regulator",
    "injection": "abuse_or_injection",
    "media": "threat_bad_review",
    "off_platform": "off_platform",
}


@dataclass(frozen=True, slots=True)
class Saying:
    """Words that passed the guard while a model still speaks. Not logged: the `Said` that follows replaces them."""

    text: str


class Planner(Protocol):
    """Decides what a turn says and proposes. It can read and propose; it holds no handle to effects."""

    name: str

    def run(self, turn: TurnContext) -> AsyncIterator[TurnEvent | Saying]:
        """Yield what the assistant says, asks and proposes, ending without `Done`."""
        ...


class FlowPlanner:
    """Intents, slots and flows; no model. Milliseconds."""

    name = "flow"

    async def run(self, turn: TurnContext) -> AsyncIterator[TurnEvent]:
        if turn.state.waiting_for == "order_id" or step_in(turn.heard.text):
            await turn.orders()  # whether the message names one of them, or a case of one, decides what it means
        issues = issues_of(turn)
        if _gives_up(turn, issues):
            turn.remember(flow=None, waiting_for=None, pending=(), parked=(), misses=0)
            yield Said(text=turn.say("declined"))
            return
        if turn.state.waiting_for and turn.state.flow and not _digresses(turn, issues):
            async for event in self._go_on(turn):
                yield event
            return
        if not turn.heard.risks and "human_request" not in issues and (rule := answer_about_elsewhere(turn)):
            turn.remember(misses=0)
            yield Said(text=rule)
            return
        if not issues:
            async for event in self._without_issue(turn):
                yield event
            return
        async for event in self.serve(turn, issues):
            yield event

    async def _go_on(self, turn: TurnContext) -> AsyncIterator[TurnEvent]:
        """The message answers the question of the turn before."""
        flow, asked = turn.state.flow or "", turn.state.waiting_for or ""
        value = read_answer(asked, turn)
        if value is None and (other := _answers_pending(turn)):
            rest = [issue for issue in turn.state.pending if issue != other]
            turn.remember(waiting_for=None, misses=0, pending=())
            async for event in self.serve(turn, [other, flow, *rest]):
                yield event
            return
        if value is None and (parked := _answers_parked(turn)):
            flow, asked = parked
            value = read_answer(asked, turn)
            left = tuple(each for each in turn.state.parked if each != _park(flow, asked))
            turn.remember(parked=left, flow=flow)
        if value is None:
            async for event in self._ask_again(turn, asked):
                yield event
            return
        turn.remember(slots={**turn.state.slots, asked: value}, waiting_for=None, misses=0)
        if asked == "order_id" and any(order.order_id == value for order in await turn.orders()):
            turn.remember(order_id=value)
        async for event in self.serve(turn, [flow, *turn.state.pending]):
            yield event

    async def _ask_again(self, turn: TurnContext, asked: str) -> AsyncIterator[TurnEvent]:
        chatting = any(g.name == "greeting_chat" and g.confidence >= SURE for g in turn.heard.intents)
        told = turn.state.slots != turn.conversation.state.slots  # something else that is needed was said
        misses = turn.state.misses + (0 if chatting or told else 1)
        turn.remember(misses=misses)
        if misses >= MAX_MISSES:
            for event in _give_up(turn):
                yield event
            return
        question = question_for(asked, turn)
        goods = (
            goods_of_others(turn.heard.text, turn.known_orders, turn.engine.catalogue) if asked == "order_id" else None
        )
        again = fill(turn.say("question_again"), {"question": question.text})
        yield Said(text=fill(turn.say("no_such_goods"), {"goods": goods}) if goods else again)
        yield Done(turn=0, quick_replies=question.quick_replies)

    async def _without_issue(self, turn: TurnContext) -> AsyncIterator[TurnEvent]:
        """Thanks, goodbye, or words that were not understood."""
        if turn.open_proposal is not None:
            answer = answer_from_clauses(turn, at_least=CLEARLY) if turn.heard.yes is None else None
            yield Said(text=f"{answer}\n\n{turn.say('still_open')}" if answer else turn.say("one_more_time"))
            return
        for act in ("bye", "thanks"):
            if act in turn.heard.acts:
                turn.remember(misses=0)
                yield Said(text=turn.say(act))
                return
        if turn.heard.yes is not None and len(turn.heard.text) <= _SHORT_ANSWER:
            yield Said(text=turn.say("nothing_open"))
            return
        answer = answer_from_clauses(turn, at_least=CLEARLY) or answer_from_documents(turn, turn.heard.text)
        if answer is not None:
            yield Said(text=answer)
            return
        misses = turn.state.misses + 1
        turn.remember(misses=misses)
        if misses >= MAX_MISSES:
            for event in _give_up(turn):
                yield event
            return
        yield Said(text=turn.say("unclear"))
        yield Done(turn=0, quick_replies=_starters(turn))

    async def serve(self, turn: TurnContext, issues: list[str], *, taken_up: bool = False) -> AsyncIterator[TurnEvent]:
        """Serve the issues in order until one needs the customer; the rest waits."""
        interrupted = turn.state.flow if turn.state.waiting_for else None
        waiting = turn.state.waiting_for
        later: list[str] = []
        held: Outcome | None = None
        issues = _quick_first(issues, turn)
        before = turn.conversation.state
        quick: tuple[QuickReply, ...] = ()
        told: set[str] = set()
        queue = deque(issues)
        while queue:
            issue = queue.popleft()
            intent, turn.only_order = _of_order(issue)
            if held is not None and (held.hand_off or _needs_customer(turn, intent) or _calls_person(turn, intent)):
                later.append(issue)
                continue
            subject = (turn.state.order_id, turn.state.sku)
            outcome = await run_flow(intent, turn)
            if held is not None:
                turn.remember(order_id=subject[0], sku=subject[1])  # what is asked or proposed stays the subject
            queue.extendleft(f"{intent}@{order}" for order in reversed(turn.more_orders))
            turn.more_orders.clear()
            if held is not None and (outcome.question or outcome.proposal or outcome.hand_off):
                later.append(issue)
                continue
            if _asks_again(outcome, before) and before.misses + 1 >= MAX_MISSES:
                for event in _give_up(turn):
                    yield event
                return
            for event in _said(turn, outcome, told, also=taken_up or bool(told)):
                yield event
            told.add(outcome.text)
            quick = outcome.quick_replies or quick
            if outcome.question or outcome.proposal or outcome.hand_off:
                held = outcome
        self._settle_state(turn, issues, held, later)
        if interrupted and waiting and interrupted not in issues:
            turn.remember(parked=(*turn.state.parked, _park(interrupted, waiting))[-MAX_PARKED:])
        if held is None:
            back = _back_to_what_waits(turn)
            quick = back.quick_replies or quick
            if back.text:
                yield Said(text=back.text)
        elif held.question:
            quick = held.question.quick_replies
        yield Done(turn=0, quick_replies=quick)

    def _settle_state(self, turn: TurnContext, issues: list[str], held: Outcome | None, later: list[str]) -> None:
        known = all(intent in _CHAT for intent in issues)
        misses = turn.state.misses if known else 0
        if held is not None and _asks_again(held, turn.conversation.state):
            misses = turn.conversation.state.misses + 1
        slots = {name: value for name, value in turn.state.slots.items() if name != WORDS}
        told = [_of_order(issue)[0] for issue in issues if issue not in later]
        if told and told[-1] not in _CHAT:
            slots[LAST] = told[-1]
        served = {_of_order(issue)[0] for issue in issues}
        later = [*later, *(issue for issue in turn.state.pending if _of_order(issue)[0] not in served)][:MAX_PARKED]
        if later:
            waiting = dict.fromkeys(_of_order(issue)[0] for issue in later)
            slots[WORDS] = {intent: turn.words_for(intent) for intent in waiting}
        if held is None:
            turn.remember(slots=slots, flow=None, waiting_for=None, pending=tuple(later), misses=misses)
            return
        turn.remember(
            slots=slots,
            flow=held.intent,
            waiting_for=held.question.asks if held.question else None,
            pending=tuple(later),
            proposal_id=held.proposal.proposal_id if held.proposal else turn.state.proposal_id,
            misses=misses,
        )


def issues_of(turn: TurnContext) -> list[str]:
    """The intents to serve, by risk first; signals of risk count even where the words were classed otherwise."""
    if step := step_wanted(turn):
        return [step, *(["exchange"] if _sure_of("exchange", turn) and step.startswith("ticket_withdraw") else [])]
    if last := continued(turn):
        return [last]
    found = [
        g.name
        for g in turn.heard.intents
        if g.name != "unclear" and g.confidence >= (PERSON if _grave(turn, g.name) else WEAK)
    ]
    private = [kind for kind in ("data_request", "asks_internal") if ASKS[kind].search(fold(turn.heard.text))]
    if "data_request" in private or (private and "injection" not in turn.heard.risks):
        found.insert(0, "privacy_request")
    for risk, intent in _RISK_FLOWS.items():
        if risk in turn.heard.risks and intent not in found:
            found.insert(0, intent)
    if found == ["greeting_chat"] and {"thanks", "bye", "confirm", "deny"} & set(turn.heard.acts):
        return []
    if len(found) > 1:
        found = [intent for intent in found if intent not in _CHAT] or found[:1]
    if "human_request" in found and "safety_incident" not in found:
        return ["human_request"]
    if "off_platform" in found:
        return ["off_platform"]
    if not found and (turn.heard.slots.order_id or turn.heard.slots.order_tail):
        return ["order_status"]
    found = _without_faint(_one_of_each_matter(list(dict.fromkeys(found)), turn), turn)
    return _as_said(found, turn)


def _sure_of(intent: str, turn: TurnContext) -> bool:
    return any(guess.name == intent and guess.confidence >= SURE for guess in turn.heard.intents)


def _without_faint(found: list[str], turn: TurnContext) -> list[str]:
    """Beside a sure wish a faint reading counts for nothing, and what would only call a person must be certain."""
    sure = {guess.name: guess.confidence for guess in turn.heard.intents}
    best = max((sure.get(intent, 1.0) for intent in found), default=0.0)
    sentences = set(segments(mend(fold(turn.heard.text)).strip()))

    def counts(intent: str) -> bool:
        if best >= CERTAIN:
            # a sentence of its own says more than a clause between commas
            least = DOUBTFUL if turn.words_for(intent) in sentences else RISK_FLOOR
            return sure.get(intent, 1.0) >= (CERTAIN if _calls_person(turn, intent) else least)
        return best < SURE or sure.get(intent, 1.0) >= DOUBTFUL

    return [intent for intent in found if counts(intent)]


def _as_said(found: list[str], turn: TurnContext) -> list[str]:
    """Wishes of equal weight in the order they were said, so that answers to the first question meet the first wish."""
    if len(found) < 2 or turn.heard.risks or "change_of_mind" in turn.heard.acts:
        return found
    said = fold(turn.heard.text)
    return sorted(found, key=lambda intent: said.find(turn.words_for(intent)))


def same_matter(one: str | None, other: str) -> bool:
    """Whether two intents are readings of the same wish."""
    return one == other or any({one, other} <= matter for matter in _SAME_MATTER)


def _one_of_each_matter(found: list[str], turn: TurnContext) -> list[str]:
    sure = {guess.name: guess.confidence for guess in turn.heard.intents}
    dropped: set[str] = set()
    for matter in _SAME_MATTER:
        readings = [intent for intent in found if intent in matter]
        if len(readings) > 1:
            best = max(readings, key=lambda intent: (intent == turn.state.flow, sure.get(intent, 1.0)))
            dropped |= set(readings) - {best}
    if {"repair", "door_service"} & set(found) and service_in(turn.heard.text) == "repair":
        # a fault told with it is why it shall be repaired
        dropped = (dropped | {"return_quality"}) - {"repair"}
    return [intent for intent in found if intent not in dropped]


def _gives_up(turn: TurnContext, issues: list[str]) -> bool:
    """The customer drops what was being asked about, and wants nothing else instead."""
    if not turn.state.waiting_for:
        return False
    if drops_it(turn.heard.text):
        return True
    if "change_of_mind" not in turn.heard.acts:
        return False
    sure = {guess.name: guess.confidence for guess in turn.heard.intents}
    wanted = [intent for intent in issues if intent != turn.state.flow and sure.get(intent, 1.0) >= SURE]
    return not wanted


def _digresses(turn: TurnContext, issues: list[str]) -> bool:
    """Whether the message is about something else than the question it follows."""
    if not issues:
        return False
    top = max(turn.heard.intents, key=lambda guess: guess.confidence)
    asked = turn.state.waiting_for or ""
    risky = {_RISK_FLOWS[risk] for risk in turn.heard.risks if risk in _RISK_FLOWS} | {"human_request"}
    if risky & set(issues):
        return True
    if "change_of_mind" in turn.heard.acts or (_of_order(issues[0])[0] in STEPS and asked != "return_waybill"):
        return True
    if turn.heard.slots.condition and _decided_by_condition(turn.state.flow, turn):
        return False
    if asked == "appeal_why" or (asked == "defect" and top.name in DESCRIBES_FAULT):
        return False  # what is wrong was asked for, and is told
    named = asked == "invoice_title" and _NAME.fullmatch(turn.heard.text.strip())
    if asked == "order_id" and top.confidence >= SURE and _OPENS.search(turn.heard.text.lower()):
        return top.name != turn.state.flow
    if read_answer(asked, turn) is not None and (asked not in FREE_TEXT or named or top.confidence < CERTAIN):
        return False
    return top.name != turn.state.flow and top.name not in _CHAT and top.confidence >= SURE


def _park(flow: str, asked: str) -> str:
    return f"{flow}:{asked}"


def _unpark(parked: str) -> tuple[str, str]:
    flow, _, asked = parked.partition(":")
    return flow, asked


def _quick_first(issues: list[str], turn: TurnContext) -> list[str]:
    """What can be answered at once before what needs the customer, so that nothing is lost behind a question."""
    if any(_calls_person(turn, _of_order(issue)[0]) for issue in issues):
        return issues
    return sorted(issues, key=lambda issue: _needs_customer(turn, issue))


def _back_to_what_waits(turn: TurnContext) -> Outcome:
    """Once nothing of the message is left to do: the question a digression interrupted, else the open proposal."""
    if turn.state.parked:
        back, waiting = _unpark(turn.state.parked[-1])
        question = question_for(waiting, turn)
        topic = turn.engine.flows.phrase("intent", back, turn.lang) or ""
        turn.remember(flow=back, waiting_for=waiting, parked=turn.state.parked[:-1])
        text = fill(turn.say("back_to"), {"topic": topic}) + question.text
        return Outcome(back, text, quick_replies=question.quick_replies)
    return Outcome("", turn.say("still_open") if turn.open_proposal is not None else "")


def _of_order(issue: str) -> tuple[str, str | None]:
    """An issue is an intent, or `intent@order` where the same is wanted for several orders."""
    intent, _, order = issue.partition("@")
    return intent, order or None


def _asks_again(outcome: Outcome, before: DialogueState) -> bool:
    """Whether the flow asks what it asked the turn before, and shows nothing new to choose from."""
    asked = outcome.question.asks if outcome.question else None
    return asked is not None and asked == before.waiting_for and outcome.intent == before.flow and not outcome.narrowed


def _answers_pending(turn: TurnContext) -> str | None:
    """The waiting issue whose question the message answers before it was asked: its goods' condition."""
    if not turn.heard.slots.condition:
        return None
    return next((issue for issue in turn.state.pending if _decided_by_condition(_of_order(issue)[0], turn)), None)


def _decided_by_condition(intent: str | None, turn: TurnContext) -> bool:
    flow = turn.engine.flows.flows.get(intent or "")
    return flow is not None and "DT-02" in flow.tables


def _answers_parked(turn: TurnContext) -> tuple[str, str] | None:
    """The flow set aside by a digression whose question this message answers, the newest first."""
    waiting = (_unpark(parked) for parked in reversed(turn.state.parked))
    return next(((flow, asked) for flow, asked in waiting if read_answer(asked, turn) is not None), None)


def _needs_customer(turn: TurnContext, intent: str) -> bool:
    """Whether this flow would ask or propose: only one such flow fits into a turn."""
    flows = turn.engine.flows.flows
    flow = flows.get(_of_order(intent)[0])
    if flow is not None and flow.otherwise and turn.customer is not None:
        flow = flows.get(flow.otherwise)
    return flow is not None and (bool(flow.ask) or any(reply.propose for reply in flow.replies.values()))


def _grave(turn: TurnContext, intent: str) -> bool:
    """Whether a faint likeness is no ground to take words for this: it ends the talk, or accuses the customer."""
    return _calls_person(turn, intent) or intent in _RISK_FLOWS.values()


def _calls_person(turn: TurnContext, intent: str) -> bool:
    """Whether this flow always ends with a person."""
    flow = turn.engine.flows.flows.get(intent)
    return flow is not None and bool(flow.replies) and all(reply.hand_off for reply in flow.replies.values())


def _said(turn: TurnContext, outcome: Outcome, told: Collection[str], *, also: bool) -> list[TurnEvent]:
    text = outcome.text
    if text in told and not outcome.proposal and not outcome.hand_off:
        return []  # two wishes, one answer
    topic = turn.engine.flows.phrase("intent", outcome.intent, turn.lang)
    if also and topic:
        text = fill(turn.say("also"), {"topic": topic}) + text
    events: list[TurnEvent] = [Said(text=text, cards=outcome.cards)]
    if outcome.proposal:
        turn.proposals.append(outcome.proposal)
        events.append(outcome.proposal.as_event())
    if outcome.hand_off:
        events.append(outcome.hand_off)
    return events


def _give_up(turn: TurnContext) -> list[TurnEvent]:
    turn.remember(flow=None, waiting_for=None, misses=0)
    turn.evidence.act("handed_off")
    return [Said(text=turn.say("give_up")), HandedOff(reason="unanswered_twice")]


def _starters(turn: TurnContext) -> tuple[QuickReply, ...]:
    lang: Lang = turn.lang
    return tuple(
        QuickReply(label=q.label.in_(lang), text=q.text.in_(lang)) for q in turn.engine.profile.quick_replies[:4]
    )
