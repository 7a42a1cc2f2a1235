"""Answers to questions about rules: the clause in force, in its own words, with its document, version and date.

Nothing is composed: what is shown is a quotation that a machine can check. When no clause is sure enough, there is no
answer, and that is said.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cache

from assistant.context import TurnContext
from assistant.conversation import Retrieved
from assistant.relief import TABLE, relief_facts
from assistant.wording import day, fill
from knowledge.clauses import Clause, Hit, Place, Policy
from knowledge.decision import Decision
from knowledge.errors import UnknownClause
from knowledge.mending import mend
from knowledge.scope_words import category_words
from knowledge.text import fold, subject_of, tokens

_SENTENCE = re.compile(r"[^。！？；!?\n]*?(?:[。！？；!?\n]|\.(?=\s|$)|$)")
_QUOTE_CHARS = 220
_LONGEST_HEADING = 40
_SAYS_NOTHING = re.compile(
    r"[\s\W]|不要了|不想要|可以|能不能|怎么|什么|这个|那个|我|你们?|想|要|能|退货?|换货?|款|钱|吗|呢|吧|呀|啊|了|的|还|就|给|请问"
    r"|\b(?:can|could|i|you|it|this|that|the|a|is|are|do|does|how|what|to|my|please|return|refund|back|get)\b",
    re.IGNORECASE,
)
_HOW = re.compile(
    r"(?:怎么|怎样|如何).{0,3}[退换]货|\bhow (?:do|can|to|does)\b.{0,14}\b(?:return|exchange)", re.IGNORECASE
)
"""How it is done is a subject of its own."""
_TOO_SHORT = 2
"""Fewer characters besides words that any request has name no subject: every clause would fit such a question."""
_LONG_AGO = timedelta(days=365)
_PLAINLY = 0.15
"""A document of the shop's own scores this and twice any other text where a question is about it: beside seven of them
on other services 4 of 1,145 questions of our suites did, and these were about them.
"""
_COMING = 3
"""At so many instants at which a document begins it is looked what will hold."""
_ELSEWHERE = 0.15
"""Announcements of a platform that a question names score 0.18 and more when they are what is asked about, and 0.05 or
less when the question is about goods (measured on the bare shop of `test_ingested_answers`).
"""
_NEARLY = 0.6
_AS_GOOD = 0.9
"""From this share of the best score up a hit may be meant as well."""
_LEAST, _FAR_AHEAD = 0.3, 2.0
"""A clause stands out when it reaches this score and so many times that of the next."""
_YEAR = re.compile(r"(?<![\d.])(20\d{2})(?=\s*年|\s*[?？,，。]|\s*$|\s[a-z])")
_DAY = re.compile(r"20\d{2}\s*[-/年.]\s*\d{1,2}\s*[-/月.]\s*\d{1,2}\s*[日号]?")
_STATUS_NOTES = {"contested": "contested", "announced": "announced", "history": "history"}


def answer_from_clauses(
    turn: TurnContext,
    question: str | None = None,
    *,
    at_least: float | None = None,
    standing_out: bool = False,
    alone: bool = False,
) -> str | None:
    """The best clause for `question` (default: the whole message), quoted and marked; None when none is sure enough.

    With `standing_out`, a clause that leaves all others far behind need not be as sure; with `alone`, only such a one
    answers, if it is sure.

    The question's own date and platform count: a rule is quoted as it stood then and there, and where the table of
    temporary rules knows the case, its decision comes before the quotation.
    """
    floor = turn.engine.profile.answer_confidence if at_least is None else at_least
    return _answer(turn, question or turn.heard.text, floor, standing_out=standing_out, alone=alone)


def answer_about_elsewhere(turn: TurnContext) -> str | None:
    """The answer to a message about another platform than the shop's own, or about a platform's rules of long ago.

    No order of this shop can be meant, so a dated announcement of that very platform need not be as sure as a rule.
    None for any other message, and when no such announcement is found.
    """
    slots, profile = turn.heard.slots, turn.engine.profile
    if slots.platform is None or turn.asked.order_id or slots.order_id or slots.order_tail:
        return None
    named = _YEAR.search(turn.heard.text)
    long_ago = (slots.date is not None and turn.now - slots.date > _LONG_AGO) or (
        slots.date is None and named is not None and int(named[1]) < turn.now.year
    )
    if not long_ago and slots.platform in profile.platforms:
        return None
    beaten_at = None if long_ago else profile.answer_confidence
    return _answer(turn, turn.heard.text, _ELSEWHERE, platform=slots.platform, beaten_at=beaten_at)


def answer_from_documents(turn: TurnContext, question: str, *, of_the_shop: bool = False) -> str | None:
    """The document of the shop's own that `question` is plainly about, quoted; None where there is none.

    What a shop has taken in says more of its services than any general answer, so it need not be as sure as a rule, but
    it has to leave every other text far behind; with `of_the_shop`, which only the shop can answer (what it charges,
    what it sells), it need only come near the best of them.
    """
    own = turn.engine.index.documents
    if not own:
        return None
    keys = {policy.key for policy in own}
    place, as_of = place_and_time(turn)
    ahead = _NEARLY if of_the_shop else _FAR_AHEAD
    if clause := _plainest(turn, question, place, as_of, keys, ahead=ahead):
        return quote_answer(clause, turn, question, as_of=as_of)
    # what is announced and has not begun may be asked about, and is said to be so
    coming = sorted({p.window.start for p in own if not p.undated and p.window.start and p.window.start > as_of})
    for start in coming[:_COMING]:
        clause = _plainest(turn, question, place, start, keys, ahead=ahead)
        if clause is not None and clause.policy.window.start == start:
            date = day(start, turn.lang, year=True)
            turn.evidence.text(date)
            return quote_answer(clause, turn, question, as_of=turn.now) + fill(turn.say("not_yet"), {"date": date})
    return None


def _plainest(
    turn: TurnContext, question: str, place: Place, as_of: datetime, own: Set[str], *, ahead: float
) -> Clause | None:
    """The clause of a document that is so many times `ahead` of every other text at an instant."""
    hits = turn.engine.index.search(question, as_of=as_of, place=place, lang=turn.lang, k=5, include_undated=True)
    best = next((hit for hit in hits if hit.clause.policy.key in own), None)
    if best is None or best.score < _PLAINLY:
        return None
    other = next((hit.score for hit in hits if hit.clause.policy.key != best.clause.policy.key), 0.0)
    if best.score < other * ahead:
        return None
    _note_search(turn, question, hits)
    return best.clause


def _note_search(turn: TurnContext, question: str, hits: Sequence[Hit]) -> None:
    scores = tuple(round(hit.score, 4) for hit in hits)
    turn.events.append(Retrieved(query=question[:200], clauses=tuple(hit.clause.ref for hit in hits), scores=scores))


def _answer(
    turn: TurnContext,
    question: str,
    floor: float,
    *,
    platform: str | None = None,
    beaten_at: float | None = None,
    standing_out: bool = False,
    alone: bool = False,
) -> str | None:
    """Quote the best clause that reaches `floor`; with `platform`, of the announcements of that platform, unless a
    clause of another kind is better and reaches `beaten_at`.
    """
    place, as_of = place_and_time(turn)
    if len(_SAYS_NOTHING.sub("", question)) < _TOO_SHORT and not _HOW.search(question):
        return None
    # the day chooses what was in force; it is not looked for in the words of the clause
    words = _DAY.sub(" ", question) if as_of != turn.now else question
    hits = turn.engine.index.search(words, as_of=as_of, place=place, lang=turn.lang, k=5 if platform is None else 20)
    best = hits[0] if platform and beaten_at is not None and hits else None
    if best is not None and best.score >= (beaten_at or 0) and not _announced_by(platform or "", best.clause.policy):
        return None
    ahead = len(hits) > 1 and hits[0].score >= _FAR_AHEAD * hits[1].score
    if alone and not ahead:
        return None
    if standing_out and ahead and hits[0].score >= _LEAST:
        floor = min(floor, hits[0].score)
    hits = _sure(hits, floor, platform) or _sure(_of_documents(turn, words, place, as_of), floor, platform)
    if not hits:
        return None
    _note_search(turn, question, hits)
    if hits[0].clause.policy.level == "temporary" and (decided := _decided(turn, question, place, as_of)):
        return decided
    best, *others = hits = _most_particular(hits, question)
    beside = [hit for hit in others[:1] if _goes_with(hit, best)] if platform else _continued(hits, turn, question)
    quoted = [_quoted(hit.clause, turn, question) for hit in (best, *beside)]
    return "\n\n".join(quoted) + _notes(best.clause.policy, turn, as_of)


def _most_particular(hits: list[Hit], question: str) -> list[Hit]:
    """First the shop's own among nearly equal hits whose heading names the kind of goods asked about, where a law says
    nothing of it: 内衣能七天无理由吗 is answered by what is said of underwear, not by what holds for all.
    """
    best = hits[0]
    if best.clause.policy.level != "statute":
        return hits
    kinds = {word for word in subject_of(mend(fold(question))).words if word in _kinds_of_goods()} - _own_words(
        best.clause
    )
    if not kinds:
        return hits
    near = (hit for hit in hits if hit.score >= _AS_GOOD * best.score and hit.clause.policy.level != "statute")
    closer = next((hit for hit in near if kinds & set(tokens(" ".join(hit.clause.heading[-1:])))), best)
    return [closer, *(hit for hit in hits if hit is not closer)]


@cache
def _kinds_of_goods() -> frozenset[str]:
    return frozenset(token for _, words in category_words() for word in words for token in tokens(word))


def _continued(hits: Sequence[Hit], turn: TurnContext, question: str) -> list[Hit]:
    """A neighbour of the best clause in its document that is sure enough itself, and says what that one leaves open."""
    best, *others = hits
    enough = turn.engine.profile.answer_confidence
    near = [hit for hit in others if hit.clause.policy.key == best.clause.policy.key and hit.score >= enough]
    if not near:
        return []
    left = set(subject_of(mend(fold(question))).words) - _own_words(best.clause)
    return [hit for hit in near if left & _own_words(hit.clause)][:1]


def _own_words(clause: Clause) -> set[str]:
    return set(tokens(fold(f"{clause.heading[-1] if clause.heading else ''}\n{clause.shown}")))


def _goes_with(hit: Hit, best: Hit) -> bool:
    """Whether a second clause of the same announcement is nearly as much what was asked for."""
    return hit.clause.policy.key == best.clause.policy.key and hit.score >= _NEARLY * best.score


def _sure(hits: list[Hit], floor: float, platform: str | None) -> list[Hit]:
    found = [hit for hit in hits if platform is None or _announced_by(platform, hit.clause.policy)]
    return found[:5] if found and found[0].score >= floor else []


def _announced_by(platform: str, policy: Policy) -> bool:
    return policy.level == "temporary" and platform in policy.scope.platforms


def _of_documents(turn: TurnContext, question: str, place: Place, as_of: datetime) -> list[Hit]:
    """Hits outside their windows that may still be quoted with a note: documents without a date, and what was written
    in the year the question speaks of, since news tells of what was before it.
    """
    index = turn.engine.index
    if not any(policy.undated or policy.as_found for policy in index.policies):
        return []
    hits = index.search(question, as_of=turn.now, place=place, lang=turn.lang, k=5, include_undated=True)
    year = str(as_of.year)
    return [hit for hit in hits if hit.clause.policy.undated or (hit.clause.policy.content_date or "")[:4] == year]


def quote_answer(clause: Clause, turn: TurnContext, question: str, *, as_of: datetime) -> str:
    """`按《…》的规定：「…」[1]`, with a note when the clause is announced, contested, history or unconfirmed."""
    return _quoted(clause, turn, question) + _notes(clause.policy, turn, as_of)


def _quoted(clause: Clause, turn: TurnContext, question: str) -> str:
    citation = turn.cite_clause(clause)
    head = fill(turn.say("found_in" if clause.policy.as_found else "quoted"), {"title": _title(clause, turn)})
    return f"{head}「{best_passage(citation.text, question)}」[{citation.mark}]"


def _title(clause: Clause, turn: TurnContext) -> str:
    """What a clause is quoted from; a found text with its heading, for an answer in a sheet holds for its question."""
    title, heading = clause.policy.title, clause.heading[-1:]
    if not clause.policy.as_found or not heading or heading[0] in title or len(heading[0]) > _LONGEST_HEADING:
        return title
    turn.evidence.text(heading[0])
    turn.told.append(both := f"{title} · {heading[0]}")
    return both


def _notes(policy: Policy, turn: TurnContext, as_of: datetime) -> str:
    notes = [turn.say(_STATUS_NOTES[policy.status])] if policy.status in _STATUS_NOTES and not policy.undated else []
    notes += [turn.say("undated")] if policy.undated else []
    notes += [turn.say("unconfirmed")] if not policy.confirmed else []
    text = "\n\n" + ("" if turn.lang == "zh" else " ").join(notes) if notes else ""
    dated = policy.content_date if policy.status in _STATUS_NOTES or policy.level == "temporary" else None
    if dated or (as_of.date() != turn.now.date() and not policy.undated):
        date = dated or day(as_of, turn.lang, year=True)
        turn.evidence.text(date)
        text += fill(turn.say("as_of"), {"date": date})
    return text


def _decided(turn: TurnContext, question: str, place: Place, as_of: datetime) -> str | None:
    """What the table of temporary rules says of each matter asked about, each with its clause; None when it has no
    say.
    """
    policies, lang = turn.engine.policies, turn.lang
    if turn.heard.slots.platform is None or turn.heard.slots.date is None:
        return None
    if not any(table.id == TABLE for table in policies.tables()):
        return None
    # the whole message: its parts may each name a matter, and only one of them the day
    cases = relief_facts(turn.heard.text, platform=place.platform or "", day=as_of, now=turn.now)
    parts: list[str] = []
    notes = ""
    for facts in cases:
        decision = turn.decide(TABLE, facts, place, event_time=as_of, order_id=None)
        words = turn.engine.flows.phrase(TABLE, decision.code, lang)
        clause = _clause_of(decision, turn)
        if words is None or clause is None:
            return None
        topic = turn.engine.flows.phrase("relief_topic", str(facts["topic"]), lang)
        asked = policies.facts[decision.argument].ask if decision.kind == "ASK" else None
        turn.evidence.text(asked[lang] if asked else "")
        words = fill(words, {"topic": topic or "", "question": asked[lang] if asked else ""})
        parts.append(words + _quoted(clause, turn, question))
        notes = _notes(clause.policy, turn, as_of)
    return "\n\n".join(parts) + notes if parts else None


def _clause_of(decision: Decision, turn: TurnContext) -> Clause | None:
    """The clause of the announcement the decision rests on, rather than the table's own words about it."""
    found: list[Clause] = []
    for ref in decision.clauses:
        with suppress(UnknownClause):
            found.append(turn.engine.index.clause(ref, turn.lang))
    return next((clause for clause in found if clause.policy.level == "temporary"), found[0] if found else None)


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
    start, end = spans[0]
    for _, stop in spans[1:]:
        if stop - start > _QUOTE_CHARS:
            break
        end = stop
    return float(len(set(tokens(text[start:end])) & asked)), end


def place_and_time(turn: TurnContext) -> tuple[Place, datetime]:
    """Where and when a question is about, if it says so; else the shop's own place, now."""
    slots = turn.heard.slots
    platform = slots.platform or turn.engine.profile.platform
    as_of = slots.date if slots.date is not None and slots.platform else turn.now
    region = slots.region or turn.engine.profile.region
    return Place(platform=platform, region=region), as_of
