"""Quotes that a machine can check: words of a clause with their span in one version of one document."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from knowledge.clauses import Clause, Policy, Quote
from knowledge.errors import DocumentError
from knowledge.splitting import split

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
    return Quote(clause.id, clause.start + start, clause.start + end, clause.text[start:end])


def check_quote(quote: Quote, policies: Iterable[Policy]) -> bool:
    """True only if exactly that text stands at that span, inside that clause, of that version in that language."""
    found = _ID.fullmatch(quote.clause_id)
    if found is None or not quote.text or not 0 <= quote.start < quote.end:
        return False
    for policy in policies:
        if policy.key == found["key"] and policy.lang == found["lang"]:
            spans = _spans(policy)
            clause = spans.get(found["anchor"])
            inside = clause is not None and clause[0] <= quote.start and quote.end <= clause[1]
            return inside and policy.text[quote.start : quote.end] == quote.text
    return False


@lru_cache(maxsize=1024)
def _spans(policy: Policy) -> dict[str, tuple[int, int]]:
    return {clause.anchor: (clause.start, clause.end) for clause in split(policy)}
