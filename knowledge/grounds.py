"""What a decision rests on, in words: clauses quoted from the versions that decided, questions, where to appeal.

Pure: a decision and the policies that made it in, everything a person needs to follow it out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from knowledge.clauses import Clause, Lang, Level, Quote, Status
from knowledge.decide import PolicySet
from knowledge.decision import Decision
from knowledge.quotes import quote_of
from knowledge.splitting import split


@dataclass(frozen=True, slots=True)
class Ground:
    """One clause a decision names, quoted whole; `quote` can be checked against document, version and span."""

    ref: str
    title: str
    heading: tuple[str, ...]
    quote: Quote
    level: Level
    status: Status
    source: str
    in_force_from: datetime | None
    in_force_to: datetime | None


@dataclass(frozen=True, slots=True)
class Explained:
    """A decision with all a person needs to follow it. `result` is its canonical spelling, e.g. `LATE: 8.40`."""

    result: str
    title: str
    decision: Decision
    grounds: tuple[Ground, ...]
    questions: tuple[str, ...]
    """What to ask for the facts that are missing."""


def explain(policies: PolicySet, decision: Decision, lang: Lang) -> Explained:
    """`decision` in `lang`: formula and appeal path in that language, clauses quoted in it where it has them."""
    worded = replace(
        decision,
        formula=policies.formula(decision, lang),
        appeal=policies.appeal(decision, lang),
        also=tuple(explain(policies, further, lang).decision for further in decision.also),
    )
    clauses = [found for reference in decision.clauses if (found := _clause(policies, reference, lang))]
    return Explained(
        result=str(decision),
        title=policies.title(decision.table, lang),
        decision=worded,
        grounds=tuple(_ground(clause) for clause in clauses),
        questions=_questions(policies, decision, lang),
    )


def _clause(policies: PolicySet, reference: str, lang: Lang) -> Clause | None:
    key, _, anchor = reference.partition("#")
    policy = policies.policy(key, lang)
    return None if policy is None else next((each for each in split(policy) if each.anchor == anchor), None)


def _ground(clause: Clause) -> Ground:
    policy = clause.policy
    return Ground(
        ref=clause.ref,
        title=policy.title,
        heading=clause.heading,
        quote=quote_of(clause, (0, len(clause.text))),
        level=policy.level,
        status=policy.status,
        source=policy.source,
        in_force_from=policy.window.start,
        in_force_to=policy.window.end,
    )


def _questions(policies: PolicySet, decision: Decision, lang: Lang) -> tuple[str, ...]:
    if decision.kind != "ASK":
        return ()
    names = [name.strip() for name in decision.argument.split(",")]
    asked = [policies.facts[name].ask for name in names if name in policies.facts]
    return tuple(dict.fromkeys(words.get(lang, "") for words in asked if words))
