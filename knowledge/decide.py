"""Decide: run a table, in the version that governs, over a set of facts.

`PolicySet.decide` is pure and deterministic. Selection follows DT-01 (`govern.py`). Candidates are tried in precedence;
one in which no row matches leaves the case to the next, so that a platform's file holds only what it does differently.
A statute is a floor: where its outcome is better for the customer it wins, and so does a shop's own promise over a
platform's rule.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from knowledge.clauses import SHANGHAI, Lang, Level, Place, Policy
from knowledge.decision import Decision, Facts, FactValue
from knowledge.errors import FactTypeError, PackError, UnknownTable
from knowledge.expressions import AbsentFact, Evaluation, ExpressionError
from knowledge.facts import FactDefinition, check_facts, read_definitions, shop_facts
from knowledge.govern import SURVIVES, Point, candidate_of, judge_candidate, point_of, precedence
from knowledge.pack import Pack
from knowledge.tables import PLACEHOLDER, Row, Table, compile_tables


@dataclass(frozen=True, slots=True)
class _Moment:
    """When and where a decision is asked for."""

    at: datetime
    decided_at: datetime
    place: Place
    point: Point


class _Stop(Exception):
    """The rows cannot be judged; `code` says what to do instead."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class PolicySet:
    """The executable half of a pack: every table compiled once, every fact defined.

    `kept_as` is the hash under which the pack is archived; decisions name it, so that they can be made again from it.

    Raises `PackError` (file and line) when a table or fact definition is broken.
    """

    def __init__(self, pack: Pack, *, kept_as: str | None = None) -> None:
        self.pack = pack
        self.kept_as = kept_as
        self.facts: dict[str, FactDefinition] = read_definitions(pack)
        self._policies: dict[tuple[str, str], Policy] = {(each.key, each.lang): each for each in pack.policies}
        self._tables: dict[str, list[Table]] = {}
        for table in compile_tables(pack.policies, self.facts):
            self._tables.setdefault(table.id, []).append(table)
        for versions in self._tables.values():
            versions.sort(key=lambda table: precedence(table.policy))
        self._candidates = {each.key: candidate_of(each) for each in pack.policies}
        leads = {each.name: each.derived.table for each in self.facts.values() if each.derived}
        self._check_derived(leads)
        self._reads = {name: frozenset(self._reach(name, leads)) for name in self._tables}
        of_shop = shop_facts(self.facts, pack)
        self._of_shop = {
            name: {fact: value for fact, value in of_shop.items() if fact in reads}
            for name, reads in self._reads.items()
        }

    def tables(self) -> list[Table]:
        """Every version of every table, by id, the one that goes first first."""
        return [table for name in sorted(self._tables) for table in self._tables[name]]

    def reads(self, table: str) -> frozenset[str]:
        """Every fact that deciding `table` may read. Raises `UnknownTable`."""
        self._versions(table)
        return self._reads[table]

    def policy(self, key: str, lang: Lang) -> Policy | None:
        """The policy version `id@version` in `lang`, else in another language, else none."""
        found = self._policies.get((key, lang))
        return found or next((each for (name, _), each in self._policies.items() if name == key), None)

    def title(self, table: str, lang: Lang) -> str:
        """What a table is called. Raises `UnknownTable`."""
        title = self._versions(table)[-1].title
        return title.get(lang) or next(iter(title.values()), table)

    def appeal(self, decision: Decision, lang: Lang) -> str | None:
        """Where the customer can turn against `decision`, in `lang` where the row says it in that language."""
        row = self._row(decision)
        # a question or a person in place of the row's own outcome turns nobody down
        own = row is not None and row.code == decision.code
        return (row.appeal or {}).get(lang, decision.appeal) if row and own else decision.appeal

    def formula(self, decision: Decision, lang: Lang) -> str | None:
        """How the amount of `decision` was reckoned, in `lang` where the row says it in that language."""
        row = self._row(decision)
        template = (row.formula or {}).get(lang) if row and row.code == decision.code else None
        return self._filled(template, decision.read, decision.amount) if template else decision.formula

    def decide(
        self,
        table: str,
        facts: Mapping[str, FactValue],
        *,
        at: datetime,
        place: Place,
        decided_at: datetime | None = None,
    ) -> Decision:
        """The outcome of `table` for `facts`: the version in force at the event time `at` in `place` decides.

        `decided_at` (default `at`) selects for rule systems that judge an open case by the newest version. A fact that
        the outcome depends on and that is not given yields `ASK(fact)`; no rule at all `HUMAN(rule)`; a rule whose date
        is unknown `HUMAN(rule_date_unknown)`; a contested rule `CONTESTED` or `HUMAN(rule)`. A fact with `source: shop`
        that is not given is read from `shop.yaml`.

        Raises `UnknownTable`, `UnknownFactError`, or `FactTypeError` (also for an instant without a zone). The types of
        facts that the table cannot read are left alone: a turn knows a hundred, a table reads ten.
        """
        versions = self._versions(table)
        happened, judged = _aware(at, "at"), _aware(decided_at or at, "decided_at")
        moment = _Moment(happened, judged, place, point_of(place, happened, judged))
        evaluation = Evaluation(self._relevant(table, facts), lambda name: self.facts[name].samples())
        decision = self._govern(versions, evaluation, moment)
        # this decision is new and nobody else's: filling it saves making another
        decision.read.update(evaluation.read)
        return decision

    def _relevant(self, table: str, facts: Mapping[str, FactValue]) -> Facts:
        """The facts that `table` may read, checked, and with them what the shop states."""
        reads = self._reads[table]
        given = {name: value for name, value in facts.items() if name in reads or name not in self.facts}
        return {**self._of_shop[table], **check_facts(self.facts, given)}

    def _versions(self, table: str) -> list[Table]:
        if table not in self._tables:
            raise UnknownTable(f"There is no table {table}.", mend=f"Tables are {', '.join(sorted(self._tables))}.")
        return self._tables[table]

    def _govern(self, versions: list[Table], evaluation: Evaluation, moment: _Moment) -> Decision:
        codes = [judge_candidate(self._candidates[each.policy.key], moment.place, moment.point) for each in versions]
        survivors = [
            each
            for each, code in zip(versions, codes, strict=True)
            if code in SURVIVES or code == "HUMAN(rule_date_unknown)"
        ]
        decision = self._best(versions[0].id, survivors, evaluation, moment)
        if "ASK(region)" in codes:
            # a rule of some region was left out because the region is unknown: that may only pass if it changes nothing
            with_regional = [
                each for each, code in zip(versions, codes, strict=True) if each in survivors or "(" in code
            ]
            other = self._best(versions[0].id, with_regional, evaluation, moment)
            if (other.code, other.amount, other.deadline) != (decision.code, decision.amount, decision.deadline):
                return replace(decision, code="ASK(region)", amount=None, formula=None, deadline=None, also=())
        return decision

    def _best(self, name: str, survivors: list[Table], evaluation: Evaluation, moment: _Moment) -> Decision:
        decision: Decision | None = None
        winner: Table | None = None
        for table in survivors:
            if winner is not None and not _is_floor(table.policy.level, winner.policy.level):
                continue
            found = self._run(table, evaluation, moment)
            if found is None:
                continue
            if decision is None or winner is None:
                decision, winner = found, table
            elif _better(found, decision, table.best_first or winner.best_first):
                decision = found
        if decision is None:
            return Decision(
                code="HUMAN(rule)",
                table=name,
                row="",
                policy="",
                actor="agent",
                at=moment.at,
                place=moment.place,
                decided_at=moment.decided_at,
                pack=self.kept_as,
            )
        return decision

    def _run(self, table: Table, evaluation: Evaluation, moment: _Moment) -> Decision | None:
        if table.policy.undated:
            return self._without_row(table, table.rows[0], "HUMAN(rule_date_unknown)", moment)
        outcomes: list[Decision] = []
        for row in table.rows:
            try:
                if self._value(row.when, evaluation, moment, truth=True):
                    outcomes.append(self._outcome(table, row, evaluation, moment))
            except _Stop as stop:
                return self._without_row(table, row, stop.code, moment)
            if outcomes and table.mode == "first":
                break
        if not outcomes:
            return None
        return replace(outcomes[0], also=tuple(outcomes[1:])) if len(outcomes) > 1 else outcomes[0]

    def _outcome(self, table: Table, row: Row, evaluation: Evaluation, moment: _Moment) -> Decision:
        if row.then is not None:
            return self._govern(self._versions(row.then), evaluation, moment)
        code = row.code or ""
        if table.policy.status == "contested" and code != "CONTESTED":
            # a rule whose wording or standing is in doubt refuses nobody: a person reads it
            return self._without_row(table, row, "HUMAN(rule)", moment)
        amount = None if row.amount is None else self._value(row.amount, evaluation, moment)
        deadline = None if row.deadline is None else self._value(row.deadline, evaluation, moment)
        if not isinstance(amount, int | None) or not isinstance(deadline, datetime | None):
            raise _Stop("HUMAN(rule)")
        template = _in(row.formula, "zh")
        if template:
            evaluation.note(row.shown)
        return Decision(
            code=code,
            table=table.id,
            row=row.id,
            policy=table.policy.key,
            clauses=row.clauses,
            needs=row.needs,
            amount=amount,
            formula=self._filled(template, evaluation.facts, amount) if template else None,
            deadline=None if deadline is None else deadline.astimezone(SHANGHAI),
            actor=row.actor,
            appeal=_in(row.appeal, "zh"),
            at=moment.at,
            place=moment.place,
            decided_at=moment.decided_at,
            pack=self.kept_as,
        )

    def _without_row(self, table: Table, row: Row, code: str, moment: _Moment) -> Decision:
        """An outcome in place of the row's own: a question, or a person."""
        return Decision(
            code=code,
            table=table.id,
            row=row.id,
            policy=table.policy.key,
            clauses=row.clauses,
            needs=(code[4:-1],) if code.startswith("ASK(") else (),
            actor="bot" if code.startswith("ASK(") else "agent",
            at=moment.at,
            place=moment.place,
            decided_at=moment.decided_at,
            pack=self.kept_as,
        )

    def _value(self, expression: Any, evaluation: Evaluation, moment: _Moment, *, truth: bool = False) -> Any:
        while True:
            try:
                return evaluation.truth(expression) if truth else evaluation.value(expression)
            except AbsentFact as absent:
                self._derive(absent.name, evaluation, moment)
            except ExpressionError as error:
                raise _Stop("HUMAN(rule)") from error

    def _derive(self, name: str, evaluation: Evaluation, moment: _Moment) -> None:
        """Find an absent fact through its table, or stop with the question that is open."""
        derived = self.facts[name].derived
        if derived is None:
            raise _Stop(f"ASK({name})")
        outcome = self._govern(self._versions(derived.table), evaluation, moment)
        for code in (outcome.code, outcome.kind):
            if code in derived.map:
                evaluation.add(name, self.facts[name].check(derived.map[code]))
                return
        raise _Stop(outcome.code if outcome.kind in {"ASK", "HUMAN"} else f"ASK({name})")

    def _row(self, decision: Decision) -> Row | None:
        for table in self._tables.get(decision.table, ()):
            if table.policy.key == decision.policy:
                return next((row for row in table.rows if row.id == decision.row), None)
        return None

    def _filled(self, template: str, facts: Mapping[str, FactValue], amount: int | None) -> str:
        def shown(match: re.Match[str]) -> str:
            name = match[1]
            value = amount if name == "amount" else facts.get(name)
            money = name == "amount" or (name in self.facts and self.facts[name].type == "money")
            return _shown(value, money=money)

        return PLACEHOLDER.sub(shown, template)

    def _check_derived(self, leads: Mapping[str, str]) -> None:
        for name, table in leads.items():
            fact = self.facts[name]
            if table not in self._tables:
                raise PackError(
                    f"`{name}` is derived from {table}, which is not there.", file=fact.file, line=fact.line
                )
            if name in self._reach(table, leads):
                raise PackError(f"`{name}` is derived from itself through {table}.", file=fact.file, line=fact.line)

    def _reach(self, table: str, leads: Mapping[str, str]) -> set[str]:
        """Every fact that deciding `table` may read, through `then` and derived facts."""
        facts, open_tables, done = set[str](), [table], set[str]()
        while open_tables:
            name = open_tables.pop()
            if name in done:
                continue
            done.add(name)
            for version in self._tables.get(name, ()):
                facts |= version.facts
                open_tables += [row.then for row in version.rows if row.then]
                open_tables += [leads[fact] for fact in version.facts if fact in leads]
        return facts


def _aware(instant: datetime, name: str) -> datetime:
    if instant.tzinfo is None:
        raise FactTypeError(f"`{name}` has no time zone: {instant}.", mend="Give an aware instant.")
    return instant


def _is_floor(level: Level, over: Level) -> bool:
    """Whether a rule of `level` may lift the outcome of a rule of `over` (DT-01 R7, R8, R10)."""
    return level == "statute" or (level == "shop" and over in {"platform", "category"})


def _better(found: Decision, decision: Decision, best_first: tuple[str, ...]) -> bool:
    """Whether `found` gives the customer more. Outcomes that cannot be compared are not better."""
    if found.code == decision.code:
        return found.amount is not None and decision.amount is not None and found.amount > decision.amount
    mine, theirs = _position(found, best_first), _position(decision, best_first)
    if theirs is None:
        return False
    if found.kind == "ASK":
        return theirs > 0
    return mine is not None and mine < theirs


def _position(decision: Decision, best_first: tuple[str, ...]) -> int | None:
    for code in (decision.code, decision.kind):
        if code in best_first:
            return best_first.index(code)
    return None


def _in(words: Mapping[str, str] | None, lang: Lang) -> str | None:
    return None if words is None else words.get(lang) or next(iter(words.values()), None)


def _shown(value: FactValue, *, money: bool) -> str:
    if money and isinstance(value, int):
        return f"{value // 100}.{value % 100:02d}"
    if isinstance(value, datetime):
        return f"{value.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    return "—" if value is None else str(value)
