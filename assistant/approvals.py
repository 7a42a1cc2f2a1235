"""Who must agree to money above the assistant's authority, and who has: levels, requests, signatures. Pure, no I/O.

A request waits for every role of its level. A role is met by a person of that role (a supervisor also as an agent),
each person counts once, and whoever drafted the proposal never counts: requester and approver are two (DT-20 R6).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal, TypeAlias

from assistant.conversation import Frozen

Role: TypeAlias = Literal["agent", "supervisor", "legal"]
Level: TypeAlias = Literal["agent", "supervisor", "supervisor+legal"]
Verdict: TypeAlias = Literal["approve", "refuse"]
RequestState: TypeAlias = Literal["awaiting", "approved", "refused", "expired", "withdrawn"]
Outcome: TypeAlias = Literal["done", "not_done"]

STATES: tuple[RequestState, ...] = ("awaiting", "approved", "refused", "expired", "withdrawn")

LEVELS: tuple[Level, ...] = ("agent", "supervisor", "supervisor+legal")
"""From the lowest up: a later one is never met by less than an earlier one."""

ROLES_OF: dict[Level, tuple[Role, ...]] = {
    "agent": ("agent",),
    "supervisor": ("supervisor",),
    "supervisor+legal": ("supervisor", "legal"),
}
_STANDS_FOR: dict[Role, frozenset[Role]] = {
    "agent": frozenset({"agent"}),
    "supervisor": frozenset({"agent", "supervisor"}),
    "legal": frozenset({"legal"}),
}


class Signer(Frozen):
    """A person at the desk in the role they signed in with."""

    name: str
    role: Role

    @property
    def by(self) -> str:
        """`supervisor:王`, as permits and the ledger name people."""
        return f"{self.role}:{self.name}"

    @property
    def person(self) -> str:
        return person_of(self.by)


class Signature(Frozen):
    """One person's verdict on a request. `rule` (a clause) and `appeal` go with the refusal of a statutory claim."""

    signer: Signer
    verdict: Verdict
    at: datetime
    reason: str = ""
    rule: str = ""
    appeal: str = ""


class Finding(Frozen):
    """What one person found out about an effect nobody knew the end of. `reference` is the shop system's number."""

    signer: Signer
    outcome: Outcome
    at: datetime
    reference: str = ""
    note: str = ""


class Request(Frozen):
    """A proposal the customer agreed to, waiting for people."""

    proposal_id: str
    conversation_id: str
    level: Level
    state: RequestState
    requested_at: datetime
    expires_at: datetime
    decided_at: datetime | None = None
    signatures: tuple[Signature, ...] = ()


def person_of(by: str) -> str:
    """Who a `role:name` is, whatever the role and spelling: one person in two roles is still one person."""
    name = by.partition(":")[2] or by
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def missing(level: Level, signers: Iterable[Signer], drafted_by: str) -> tuple[Role, ...]:
    """The roles of `level` nobody has filled yet: each by another person, none by the drafter.

    People are few, so every assignment is tried: a supervisor who could fill two places fills the one that is needed.
    """
    people = {signer.person: signer.role for signer in signers if signer.person != person_of(drafted_by)}
    return _unfilled(ROLES_OF[level], sorted(people.items()))


def _unfilled(roles: tuple[Role, ...], people: Sequence[tuple[str, Role]]) -> tuple[Role, ...]:
    if not roles:
        return ()
    first, rest = roles[0], roles[1:]
    best = (first, *_unfilled(rest, people))
    for n, (_, role) in enumerate(people):
        if first in _STANDS_FOR[role]:
            left = _unfilled(rest, [*people[:n], *people[n + 1 :]])
            best = min(best, left, key=len)
    return best


def may_sign(level: Level, signers: Iterable[Signer], drafted_by: str, signer: Signer) -> bool:
    """Whether `signer` would fill a role that is still missing."""
    before = list(signers)
    if signer.person in {each.person for each in before} | {person_of(drafted_by)}:
        return False
    return len(missing(level, [*before, signer], drafted_by)) < len(missing(level, before, drafted_by))


def higher(one: Level, other: Level) -> Level:
    """The higher of two levels."""
    return max(one, other, key=LEVELS.index)


def settled_by(findings: Sequence[Finding], *, two: bool) -> Finding | None:
    """The finding that settles an effect: any one, or with `two` one on which two people agree, one a supervisor.

    They agree when outcome and reference are the same.
    """
    if not two:
        return findings[0] if findings else None
    for finding in findings:
        same = [f for f in findings if (f.outcome, f.reference) == (finding.outcome, finding.reference)]
        if len({f.signer.person for f in same}) >= 2 and any(f.signer.role == "supervisor" for f in same):
            return finding
    return None
