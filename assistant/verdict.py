"""What a message means for the open proposal: a yes, a no, or another matter that takes its place."""

from __future__ import annotations

from typing import Literal

from assistant.context import TurnContext
from assistant.planner import SURE, issues_of, same_matter

PLAIN = 0.9
"""From this confidence on, another wish beside a no is what the customer wants instead, not a part of the no."""


def verdict_on(context: TurnContext) -> Literal["yes", "no"] | None:
    """An explicit yes or no to the open proposal, and nothing else that must be served first."""
    if context.open_proposal is None or context.heard.yes is None or context.heard.risks:
        return None
    flow, chat = context.state.flow, {"greeting_chat", "out_of_scope"}
    others = {name for name in issues_of(context) if name not in chat and not same_matter(flow, name)}
    if "human_request" in others:
        return None
    wants_else = any(guess.name in others and guess.confidence >= SURE for guess in context.heard.intents)
    instead = supersedes(context) and any(g.confidence >= PLAIN for g in context.heard.intents if g.name in others)
    if instead or (wants_else and (context.heard.yes or "change_of_mind" in context.heard.acts)):
        return None
    return "yes" if context.heard.yes else "no"


def supersedes(context: TurnContext) -> bool:
    """Whether the message starts another after-sale matter, so that the open proposal no longer stands."""
    flows = context.engine.flows.flows
    return any(
        flow.subject == "order" and any(reply.propose for reply in flow.replies.values())
        for name in issues_of(context)
        if name != context.state.flow and (flow := flows.get(name)) is not None
    )


def moved_on(context: TurnContext) -> bool:
    """Whether the talk now waits for an answer to something else than it was about before this turn."""
    return context.state.waiting_for is not None and context.state.flow != context.conversation.state.flow
