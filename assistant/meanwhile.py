"""While a person is on the way: the assistant still answers what changes nothing, and leaves the rest to them.

Until somebody has taken the talk, a customer who asks where the parcel is gets the answer. What would propose anything
waits for the person, who sees it all; nobody is called twice, unless it has become urgent.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from assistant.answers import answer_from_clauses
from assistant.context import TurnContext
from assistant.conversation import HandedOff, Said, TurnEvent
from assistant.flow_runner import DOUBTFUL
from assistant.planner import CLEARLY, FlowPlanner, Saying, issues_of

NOTED = "noted"
"""The slot that says the customer was told that a person will see to it."""

_CALLS = frozenset({"human_request", "greeting_chat"})
"""What a customer says who only wants to know whether anybody comes."""


class Meanwhile:
    """The planner of a talk that waits for a person."""

    name = "meanwhile"

    def __init__(self) -> None:
        self._flows = FlowPlanner()

    async def run(self, turn: TurnContext) -> AsyncIterator[TurnEvent | Saying]:
        turn.evidence.act("handed_off")
        if not _changes_nothing(turn.state.flow or "greeting_chat", turn):
            turn.remember(flow=None, waiting_for=None)
        turn.remember(pending=(), parked=(), misses=0)
        for act in ("bye", "thanks"):
            if act in turn.heard.acts:
                yield Said(text=turn.say(act))
                return
        heard = issues_of(turn)
        sure = {guess.name: guess.confidence for guess in turn.heard.intents}
        issues = [intent for intent in heard if intent not in _CALLS and sure.get(intent, 1.0) >= DOUBTFUL]
        harmless = [intent for intent in issues if _changes_nothing(intent, turn) and await _can_tell(intent, turn)]
        if turn.state.waiting_for and not issues:
            async for event in self._flows.run(turn):
                if not isinstance(event, HandedOff):
                    yield event
        elif harmless:
            events = [event async for event in self._flows.serve(turn, harmless)]
            if any(isinstance(event, HandedOff) and not event.urgent for event in events):
                harmless = []  # it would only call the person who is on the way
                turn.citations.clear()
            else:
                for event in events:
                    yield event
        elif not heard and turn.heard.yes is None and (rule := answer_from_clauses(turn, at_least=CLEARLY)):
            yield Said(text=rule)
        if len(harmless) < len(issues) or not (harmless or turn.citations):
            yield Said(text=turn.say("noted_again" if turn.state.slots.get(NOTED) else "noted"))
            turn.remember(slots={**turn.state.slots, NOTED: True})


async def _can_tell(intent: str, turn: TurnContext) -> bool:
    """Whether there is a case to tell of: one that a person has yet to agree to is none."""
    flow = turn.engine.flows.flows.get(intent)
    if flow is None or flow.by != "ticket_state" or turn.state.order_id is None:
        return True
    return any(order.tickets for order in await turn.orders() if order.order_id == turn.state.order_id)


def _changes_nothing(intent: str, turn: TurnContext) -> bool:
    flow = turn.engine.flows.flows.get(intent)
    return flow is None or not any(reply.propose for reply in flow.replies.values())
