"""What would have been decided otherwise: the same questions put to two versions of a pack."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from knowledge.clauses import Place
from knowledge.decide import PolicySet
from knowledge.decision import Decision, Facts
from knowledge.errors import UnknownTable
from knowledge.facts import shop_facts


@dataclass(frozen=True, slots=True)
class Question:
    """One past question about `subject` (an order, a permit). `new_facts` differ where a pack itself gives facts."""

    subject: str
    table: str
    facts: Facts
    at: datetime
    place: Place = field(default_factory=Place)
    decided_at: datetime | None = None
    new_facts: Facts | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A question that comes out otherwise. None: that version of the pack does not have the table."""

    subject: str
    table: str
    old: Decision | None
    new: Decision | None

    @property
    def amount(self) -> int:
        """How much more is due under the new version, in fen; less is negative."""
        return _amount(self.new) - _amount(self.old)


@dataclass(frozen=True, slots=True)
class Differences:
    """`asked` questions were put, `changes` came out otherwise."""

    asked: int
    changes: tuple[Change, ...]

    @property
    def amount(self) -> int:
        """How much more is due under the new version, in fen."""
        return sum(change.amount for change in self.changes)


def differences(old: PolicySet, new: PolicySet, questions: Iterable[Question]) -> Differences:
    """Put every question to both. What neither can answer without asking for a fact is not counted.

    A shop's own figures are read from each version itself, whatever a question says they were.
    """
    stated = [frozenset(shop_facts(policies.facts, policies.pack)) for policies in (old, new)]
    asked = 0
    changes: list[Change] = []
    for question in questions:
        was = _decide(old, question, question.facts, stated[0])
        now = _decide(new, question, question.facts if question.new_facts is None else question.new_facts, stated[1])
        if _open(was) and _open(now):
            continue
        asked += 1
        if _outcome(was) != _outcome(now):
            changes.append(Change(question.subject, question.table, was, now))
    return Differences(asked, tuple(changes))


def _decide(policies: PolicySet, question: Question, facts: Facts, stated: frozenset[str]) -> Decision | None:
    known: Facts = {}
    for name, value in facts.items():
        fact = policies.facts.get(name)
        if fact is not None and name not in stated and (value is not None or fact.nullable):
            known[name] = value
    try:
        return policies.decide(
            question.table, known, at=question.at, place=question.place, decided_at=question.decided_at
        )
    except UnknownTable:
        return None


def _open(decision: Decision | None) -> bool:
    """Whether nothing is decided: a fact is missing, or no rule speaks."""
    return decision is None or decision.kind == "ASK" or decision.code == "HUMAN(rule)"


def _amount(decision: Decision | None) -> int:
    return (decision.amount or 0) if decision is not None else 0


def _outcome(decision: Decision | None) -> tuple[object, ...] | None:
    if decision is None:
        return None
    rest = tuple((each.code, each.amount) for each in decision.also)
    return decision.code, decision.amount, decision.deadline, rest
