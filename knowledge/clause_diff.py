"""What differs between two versions of a document, clause by clause."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Literal

from knowledge.clauses import Clause, Policy
from knowledge.splitting import split


@dataclass(frozen=True, slots=True)
class ClauseChange:
    """One clause that is new, gone, or says something else. The side that is not there is None."""

    what: Literal["added", "removed", "changed"]
    before: Clause | None
    after: Clause | None

    @property
    def heading(self) -> tuple[str, ...]:
        clause = self.after or self.before
        return clause.heading if clause else ()


def content_hash(clause: Clause) -> str:
    """SHA-256 of a clause as its reader sees it: heading path and words."""
    return hashlib.sha256("\n".join((*clause.heading, clause.shown)).encode("utf-8", "replace")).hexdigest()


def diff(before: Policy, after: Policy) -> list[ClauseChange]:
    """Clauses of `after` against those of `before`, in reading order; equal ones are left out."""
    old, new = split(before), split(after)
    matcher = SequenceMatcher(None, [content_hash(c) for c in old], [content_hash(c) for c in new], autojunk=False)
    changes: list[ClauseChange] = []
    for kind, i1, i2, j1, j2 in matcher.get_opcodes():
        if kind != "equal":
            changes += _paired(old[i1:i2], new[j1:j2])
    return changes


def _paired(old: Sequence[Clause], new: Sequence[Clause]) -> list[ClauseChange]:
    """Clauses under the same heading are one that changed; what is left is paired in order."""
    rest = list(new)
    pairs: list[tuple[Clause | None, Clause | None]] = []
    left: list[Clause] = []
    for clause in old:
        twin = next((c for c in rest if c.anchor == clause.anchor and c.heading == clause.heading), None)
        if twin is None:
            left.append(clause)
        else:
            rest.remove(twin)
            pairs.append((clause, twin))
    alike = [(a, b) for a, b in zip(left, rest, strict=False) if _alike(a, b)]
    for a, b in alike:
        left.remove(a)
        rest.remove(b)
    pairs += [*alike, *zip_longest(left, ()), *zip_longest((), rest)]
    return [ClauseChange("changed" if a and b else "removed" if a else "added", a, b) for a, b in pairs]


def _alike(a: Clause, b: Clause) -> bool:
    return SequenceMatcher(None, a.shown, b.shown, autojunk=False).quick_ratio() > 0.6
