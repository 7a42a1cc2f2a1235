"""Quotes that a machine can check: words of a clause with their span in one version of one document."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from knowledge.clauses import Clause, Policy, Quote
from knowledge.cleaning import Cleaned
from knowledge.errors import DocumentError
from knowledge.splitting import cleaned_text, reading_of, split

_ID = re.compile(r"(?P<key>[^#]+)#(?P<anchor>[\w.-]+)/(?P<lang>zh|en)")


def quote_of(clause: Clause, needle: str | tuple[int, int]) -> Quote:
    """Quote `clause`: the first place where `needle` stands in it, or a half-open span of the clause's own text.

    Raises `DocumentError` when the words do not stand there exactly, or the span is empty or outside.
    """
    if isinstance(needle, str):
        start = clause.text.find(needle) if needle else -1
        end = start + len(needle)
    else:
        start, end = needle
    if not 0 <= start < end <= len(clause.text):
        raise DocumentError(f"{needle!r} does not stand in {clause.id}.", mend="Quote the clause's exact words.")
    whole = (start, end) == (0, len(clause.text))
    reading = clause.reading if whole else _reading(clause.policy, clause.start + start, clause.start + end)
    return Quote(clause.id, clause.start + start, clause.start + end, clause.text[start:end], reading)


def check_quote(quote: Quote, policies: Iterable[Policy]) -> bool:
    """True only if exactly that text stands at that span, inside that clause, of that version in that language, and
    its reading, where it has one, is what that span reads as.
    """
    found = _ID.fullmatch(quote.clause_id)
    if found is None or not quote.text or not 0 <= quote.start < quote.end:
        return False
    for policy in policies:
        if policy.key == found["key"] and policy.lang == found["lang"]:
            spans = _spans(policy)
            clause = spans.get(found["anchor"])
            inside = clause is not None and clause[0] <= quote.start and quote.end <= clause[1]
            exact = inside and policy.text[quote.start : quote.end] == quote.text
            return exact and quote.reading == _reading(policy, quote.start, quote.end)
    return False


def check_shown(clause_id: str, span: tuple[int, int], shown: str, policies: Iterable[Policy]) -> bool:
    """True only if `shown`, words shown as a quotation, is exactly what that span of that clause says or reads as."""
    found = _ID.fullmatch(clause_id)
    for policy in policies:
        if found is not None and (policy.key, policy.lang) == (found["key"], found["lang"]):
            reading = _reading(policy, *span)
            quote = Quote(clause_id, *span, policy.text[slice(*span)], reading)
            return shown == (reading or quote.text) and check_quote(quote, [policy])
    return False


def _reading(policy: Policy, start: int, end: int) -> str:
    """How a span of a text as it was found is shown; empty where it is shown as it stands."""
    if not policy.as_found:
        return ""
    reading = reading_of(_cleaned(policy).readable(start, end)[0])
    return reading if reading != policy.text[start:end] else ""


@lru_cache(maxsize=256)
def _cleaned(policy: Policy) -> Cleaned:
    return cleaned_text(policy)


@lru_cache(maxsize=1024)
def _spans(policy: Policy) -> dict[str, tuple[int, int]]:
    return {clause.anchor: (clause.start, clause.end) for clause in split(policy)}
