"""Whether a turn left its question without a sure answer, and why: what the shop's texts lack is counted by it."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.context import TurnContext
from assistant.conversation import Cited, Entry, Gap, HandedOff, Said
from assistant.skills.product_facts import SILENT

_FOR_WANT_OF_AN_ANSWER = frozenset({"unanswered_twice", "rule_unclear"})
_TEXTS: tuple[tuple[str, Gap], ...] = (("not_sure", "not_sure"), ("unclear", "not_understood"))


def gap_of(turn: TurnContext, entries: Sequence[Entry], *, planner: str) -> Gap:
    """The gap of a turn from what it said; empty when it gave an answer, asked a question or did something.

    A fixed text counts when it was said as it is, or when a model worded a turn that took it and cites nothing.
    """
    if any(isinstance(entry, HandedOff) and entry.reason in _FOR_WANT_OF_AN_ANSWER for entry in entries):
        return "gave_up"
    said = "\n".join(entry.text for entry in entries if isinstance(entry, Said))
    if SILENT.in_(turn.lang) in said:
        return "not_on_page"
    reworded = planner != "flow" and not any(isinstance(entry, Cited) for entry in entries)
    for name, gap in _TEXTS:
        text = turn.engine.flows.texts.get(name)
        if text is not None and (text.in_(turn.lang) in said or (reworded and name in turn.taken)):
            return gap
    return ""
