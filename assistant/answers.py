"""Answers to questions about rules: the clause in force, in its own words, with its document, version and date.

Nothing is composed: what is shown is a quotation that a machine can check. When no clause is sure enough, there is no
answer, and that is said.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from assistant.context import TurnContext
from assistant.conversation import Retrieved
from assistant.wording import day, fill
from knowledge.clauses import Hit, Place
from knowledge.text import tokens

_SENTENCE = re.compile(r"[^。！？；!?\n]*?(?:[。！？；!?\n]|\.(?=\s|$)|$)")
_QUOTE_CHARS = 220
_SAYS_NOTHING = re.compile(
    r"[\s\W]|不要了|不想要|可以|能不能|怎么|什么|这个|那个|我|你们?|想|要|能|退货?|换货?|款|钱|吗|呢|吧|呀|啊|了|的|还|就|给|请问"
    r"|\b(?:can|could|i|you|it|this|that|the|a|is|are|do|does|how|what|to|my|please|return|refund|back|get)\b",
    re.IGNORECASE,
)
_TOO_SHORT = 2
"""Fewer characters besides words that any request has name no subject: every clause would fit such a question."""
_STATUS_NOTES = {"contested": "contested", "announced": "announced", "history": "history"}


def answer_from_clauses(turn: TurnContext, question: str | None = None, *, at_least: float | None = None) -> str | None:
    """The best clause for `question` (default: the whole message), quoted and marked; None when none is sure enough.

    The question's own date and platform count: a rule is quoted as it stood then and there.
    """
    place, as_of = _place_and_time(turn)
    question = question or turn.heard.text
    if len(_SAYS_NOTHING.sub("", question)) < _TOO_SHORT:
        return None
    hits = turn.engine.index.search(question, as_of=as_of, place=place, lang=turn.lang, k=5)
    if hits:
        turn.events.append(
            Retrieved(
                query=question[:200],
                clauses=tuple(hit.clause.ref for hit in hits),
                scores=tuple(round(hit.score, 4) for hit in hits),
            )
        )
    floor = turn.engine.profile.answer_confidence if at_least is None else at_least
    if not hits or hits[0].score < floor:
        return None
    return quote_answer(hits[0], turn, question, as_of=as_of)


def quote_answer(hit: Hit, turn: TurnContext, question: str, *, as_of: datetime) -> str:
    """`按《…》的规定：「…」[1]`, with a note when the clause is announced, contested or history."""
    policy = hit.clause.policy
    citation = turn.cite_clause(hit.clause)
    passage = best_passage(hit.clause.text, question)
    head = fill(turn.say("quoted"), {"title": policy.title})
    text = f"{head}「{passage}」[{citation.mark}]"
    note = _STATUS_NOTES.get(policy.status)
    if note:
        text += "\n\n" + turn.say(note)
    dated = policy.content_date if policy.status in _STATUS_NOTES or policy.level == "temporary" else None
    if dated or as_of.date() != turn.now.date():
        date = dated or day(as_of, turn.lang, year=True)
        turn.evidence.text(date)
        text += fill(turn.say("as_of"), {"date": date})
    return text


def best_passage(text: str, question: str) -> str:
    """The run of whole sentences of `text`, at most about 220 characters, that shares most words with `question`."""
    text = text.strip()
    if len(text) <= _QUOTE_CHARS:
        return text
    spans = [m.span() for m in _SENTENCE.finditer(text) if m.group().strip()]
    asked = set(tokens(question))
    best, best_score = (0, min(len(text), _QUOTE_CHARS)), -1.0
    for first, (start, _) in enumerate(spans):
        score, end = _grow(text, spans[first:], asked)
        if score > best_score:
            best, best_score = (start, end), score
    return text[best[0] : best[1]].strip()


def _grow(text: str, spans: Sequence[tuple[int, int]], asked: set[str]) -> tuple[float, int]:
    start, end, seen = spans[0][0], spans[0][1], set[str]()
    for _, stop in spans:
        if stop - start > _QUOTE_CHARS and end > start:
            break
        end = stop
        seen = set(tokens(text[start:end])) & asked
    return float(len(seen)), end


def _place_and_time(turn: TurnContext) -> tuple[Place, datetime]:
    slots = turn.heard.slots
    platform = slots.platform or turn.engine.profile.platform
    as_of = slots.date if slots.date is not None and slots.platform else turn.now
    region = slots.region or turn.engine.profile.region
    return Place(platform=platform, region=region), as_of
