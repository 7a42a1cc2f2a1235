"""Hold a pack's table against its telling, with all facts and with some of them unknown."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from knowledge.clauses import Place
from knowledge.decide import PolicySet
from knowledge.decision import Decision
from tests.knowledge.oracle.generate import TODAY, Draw
from tests.knowledge.oracle.tables import ORACLES
from tests.knowledge.oracle.telling import Case, Told

ANSWERS = frozenset({"ASK(condition)", "ASK(condition_photos)", "ASK(region)", "ASK(hospital_record, bill)"})
"""Questions that a table's own row puts, with all facts known."""


@dataclass(frozen=True)
class Disagreement:
    table: str
    case: Case
    told: Told
    decision: Decision

    def __str__(self) -> str:
        facts = ", ".join(f"{name}={value}" for name, value in sorted(self.case.facts.items()))
        where = f"{self.case.platform} at {self.case.at} judged {self.case.decided_at}"
        got = f"{self.decision.code} {self.decision.amount} {self.decision.deadline} ({self.decision.row})"
        return f"{self.table}: told {self.told}, decided {got}; {where}; {facts}"


def decided(policies: PolicySet, table: str, case: Case) -> Decision:
    return policies.decide(
        table, case.facts, at=case.at, decided_at=case.decided_at, place=Place(platform=case.platform)
    )


def compare(policies: PolicySet, table: str, case: Case) -> Disagreement | None:
    """The disagreement over a case whose facts are all known, or none."""
    told, decision = ORACLES[table].tell(case), decided(policies, table, case)
    alike = (told.code, told.amount) == (decision.code, decision.amount)
    if told.timed:
        alike = alike and told.deadline == decision.deadline
    return None if alike else Disagreement(table, case, told, decision)


def compare_partly_known(
    policies: PolicySet, table: str, case: Case, rng: random.Random, *, completions: int = 4
) -> Disagreement | None:
    """With facts taken away a table either asks for one that is missing, or says what holds whatever they are.

    So nothing unknown is ever given a default: a verdict must be right for every way to fill in the rest.
    """
    kept = {name: value for name, value in case.facts.items() if rng.random() < 0.75}
    known = replace(case, facts=kept)
    decision = decided(policies, table, known)
    if decision.kind == "ASK" and decision.code not in ANSWERS:
        honest = kept.get(decision.argument) is None and decision.argument in policies.facts
        return None if honest else Disagreement(table, known, Told("ASK(something unknown)"), decision)
    if decision.code in ANSWERS and decision.argument.removesuffix("_photos") not in kept:
        return None  # the row's own question stands for the fact that is not known
    draw = Draw(policies.facts, rng)
    for _ in range(completions):
        rest = {name: draw.value(name, TODAY, 0.5) for name in ORACLES[table].facts if name not in kept}
        told = ORACLES[table].tell(replace(case, facts={**kept, **rest}))
        if (told.code, told.amount) != (decision.code, decision.amount):
            return Disagreement(table, replace(case, facts={**kept, **rest}), told, decision)
    return None
