"""Replies an agent may send, best first, each with its citations: the engine's own turn, run without writing
anything.
"""

from __future__ import annotations

from assistant.answers import quote_answer
from assistant.context import TurnContext
from assistant.conversation import Citation, Frozen, Proposed, Said
from assistant.flow_run import shop_place
from assistant.planner import FlowPlanner
from assistant.rule_questions import prepare_search

MAX_SUGGESTIONS = 3


class Suggestion(Frozen):
    """A reply an agent may send as it is. `reason` says in words why it is offered; `action` what it would propose."""

    text: str
    citations: tuple[Citation, ...] = ()
    reason: str = ""
    action: str | None = None


async def suggest_replies(turn: TurnContext) -> list[Suggestion]:
    """Up to three replies to the turn's message: what the assistant would say, then clauses that bear on it."""
    found: list[Suggestion] = []
    action = None
    await prepare_search(turn)
    async for event in FlowPlanner().run(turn):
        if isinstance(event, Proposed):
            action = event.action
        if isinstance(event, Said) and not turn.violations(event.text):
            found.append(Suggestion(text=event.text, citations=tuple(turn.citations), reason=_why(turn)))
    if action and found:
        found[-1] = found[-1].model_copy(update={"action": action})
    found += _from_clauses(turn, {c.clause for c in turn.citations})
    return found[:MAX_SUGGESTIONS]


def _from_clauses(turn: TurnContext, used: set[str]) -> list[Suggestion]:
    hits = turn.engine.index.search(turn.heard.text, as_of=turn.now, place=shop_place(turn), lang=turn.lang, k=3)
    offered = []
    for hit in hits:
        if hit.clause.ref in used or hit.score < turn.engine.profile.answer_confidence / 2:
            continue
        text = quote_answer(hit.clause, turn, turn.heard.text, as_of=turn.now)
        citation = next(c for c in turn.citations if c.clause == hit.clause.ref)
        offered.append(Suggestion(text=text, citations=(citation,), reason=hit.clause.policy.title))
    return offered


def _why(turn: TurnContext) -> str:
    names = [turn.engine.flows.phrase("intent", guess.name, turn.lang) for guess in turn.heard.intents]
    return " · ".join(name for name in names if name)
