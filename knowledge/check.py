"""The compiler's eye on a pack: everything that is wrong with it, each with file, line and how to mend it.

Where `load_pack` and `PolicySet` stop at the first fault, `check_pack` goes on and lists them all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from pathlib import Path
from typing import Any, Literal

from knowledge.asked import FILE, without_clause
from knowledge.clauses import Policy
from knowledge.decide import PolicySet
from knowledge.errors import FactTypeError, PackError
from knowledge.expressions import AbsentFact, Evaluation, ExpressionError
from knowledge.facts import Definitions, FactDefinition, read_definitions
from knowledge.pack import Pack, open_pack, read_policies
from knowledge.tables import Table, anchors, read_tables, references
from knowledge.yaml_text import Way

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of a pack. An error stops the pack from being used, a warning does not. `line` counts from 1."""

    file: Path
    line: int
    what: str
    mend: str = ""
    severity: Severity = "error"

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.severity}: {self.what}" + (f" Mend: {self.mend}" if self.mend else "")


def check_pack(path: Path | str) -> list[Problem]:
    """Every problem of the pack at `path` (or the shipped pack of that name) and its parents, by file and line."""
    found: list[PackError] = []
    try:
        folders = open_pack(path)
    except PackError as error:
        return [_problem(error)]
    policies = tuple(read_policies(folders, found))
    pack = Pack(folders[0].name, folders[0], folders, policies)
    try:
        found += without_clause(policies, pack.files(FILE))
    except PackError as error:
        found.append(error)
    try:
        definitions = read_definitions(pack, found)
    except PackError as error:
        return _sorted([_problem(each) for each in [*found, error]])
    tables = _tables(policies, definitions, found)
    problems = [_problem(error) for error in found]
    problems += _overlaps(policies)
    spoken = _spoken(pack)
    problems += _counterparts(policies, spoken)
    problems += _weakened_statutes(pack)
    problems += _questions(definitions.values(), spoken)
    for table in tables:
        problems += _table_problems(table, tables, definitions)
    problems += _flow_problems(pack, tables, definitions)
    problems += _write_problems(pack, tables)
    if not found:
        try:
            PolicySet(pack)
        except PackError as error:
            problems.append(_problem(error))
    return _sorted(problems)


def _sorted(problems: Iterable[Problem]) -> list[Problem]:
    return sorted(set(problems), key=lambda each: (each.severity, str(each.file), each.line, each.what))


def _problem(error: PackError) -> Problem:
    return Problem(error.file, error.line, error.what, error.mend)


def _tables(policies: Iterable[Policy], definitions: Definitions, found: list[PackError]) -> list[Table]:
    policies = list(policies)
    offered = references(policies)
    tables: list[Table] = []
    for policy in policies:
        try:
            tables += read_tables(policy, facts=definitions, clauses=offered, problems=found)
        except PackError as error:
            found.append(error)
    return tables


def _overlaps(policies: Iterable[Policy]) -> Iterator[Problem]:
    """Two versions of one policy in force at the same time in the same place, without one that says it supersedes."""
    deciding = [each for each in policies if each.status not in {"announced", "draft"} and not each.undated]
    for one, other in combinations(deciding, 2):
        if (one.id, one.lang, one.scope) != (other.id, other.lang, other.scope) or one.version == other.version:
            continue
        named = {one.supersedes, other.supersedes} & {one.key, one.version, other.key, other.version}
        if one.window.overlaps(other.window) and not named:
            yield Problem(
                Path(other.path),
                _line_of(other, "effective"),
                f"`{other.key}` is in force at the same time as `{one.key}` ({Path(one.path).name}).",
                "End the elder's `effective` where the younger's begins, or name it in `supersedes`.",
            )


def _spoken(pack: Pack) -> tuple[str, ...]:
    """The languages the shop speaks (`languages` of shop.yaml): in the others nothing is missed."""
    named = pack.data("shop").get("languages")
    return tuple(lang for lang in ("zh", "en") if not isinstance(named, list) or not named or lang in named)


def _counterparts(policies: Iterable[Policy], spoken: tuple[str, ...]) -> Iterator[Problem]:
    """A version that lacks a language the shop speaks, or anchors that stand in one language only."""
    by_key: dict[str, dict[str, Policy]] = {}
    for policy in policies:
        by_key.setdefault(policy.key, {})[policy.lang] = policy
    for key, versions in by_key.items():
        zh, en = versions.get("zh"), versions.get("en")
        if zh is None or en is None:
            there = zh or en
            if there is not None and ("en" if en is None else "zh") in spoken:
                missing = "English" if en is None else "Chinese"
                yield Problem(Path(there.path), 1, f"`{key}` has no {missing} text.", "Add its counterpart.", "warning")
            continue
        for anchor in sorted(anchors(zh) ^ anchors(en)):
            has, lacks = (zh, en) if anchor in anchors(zh) else (en, zh)
            what = f"The anchor `#{anchor}` is missing in {Path(lacks.path).name}."
            yield Problem(
                Path(has.path), _line_of(has, f"{{#{anchor}}}"), what, "Give both texts the anchor.", "warning"
            )


def _weakened_statutes(pack: Pack) -> Iterator[Problem]:
    """A shop may add to the law, but not put its own text in the place of a statute."""
    for depth, folder in enumerate(pack.chain[:-1]):
        parents = {each.key for each in read_policies(pack.chain[depth + 1 :], []) if each.level == "statute"}
        for policy in pack.policies:
            if policy.key in parents and Path(policy.path).is_relative_to(folder):
                what = f"`{policy.key}` replaces a statute of a parent pack."
                yield Problem(Path(policy.path), _line_of(policy, "id"), what, "Give the shop's own rule its own id.")


def _questions(definitions: Iterable[FactDefinition], spoken: tuple[str, ...]) -> Iterator[Problem]:
    for fact in definitions:
        missing = [lang for lang in spoken if not (fact.ask or {}).get(lang)]
        if missing:
            what = f"The fact `{fact.name}` has no question in {' and '.join(missing)}."
            yield Problem(fact.file, fact.line, what, "Add `ask: {zh: …, en: …}`.", "warning")
        if fact.derived is None:
            continue
        for code, value in fact.derived.map.items():
            try:
                fact.check(value)
            except FactTypeError as error:
                yield Problem(fact.file, fact.line, f"`{code}` maps to a wrong value: {error.what}", error.mend)


def _table_problems(table: Table, tables: list[Table], definitions: Definitions) -> Iterator[Problem]:
    file = Path(table.policy.path)
    yielded = {code for other in tables if other.id == table.id for code in codes(other.id, tables)}
    for code in table.best_first:
        if code not in yielded and code not in {each.partition("(")[0] for each in yielded}:
            yield Problem(
                file, table.line, f"`best_first` names {code}, which no row of {table.id} yields.", "Correct it."
            )
    for row in table.rows:
        asked = row.code[4:-1].split(",") if row.code and row.code.startswith("ASK(") else []
        for name in (each.strip() for each in asked):
            if name not in definitions:
                what = f"{table.id} {row.id} asks for `{name}`, which is no fact: there is no question to ask."
                yield Problem(file, row.line, what, f"Define `{name}` in facts.yaml.")
        for kind, expression in (("when", row.when), ("amount", row.amount), ("deadline", row.deadline)):
            if expression is not None and (mistake := _mistyped(kind, expression, definitions)):
                yield Problem(file, row.line, f"{table.id} {row.id}: {mistake}", "Check the types in facts.yaml.")


_MEANT: dict[str, type] = {"when": bool, "amount": int, "deadline": datetime}


def _mistyped(kind: str, expression: Any, definitions: Definitions) -> str | None:
    """Run over a few sets of values of the right types (null is left to `when`): none may be a type error."""
    for turn in range(3):
        samples = {name: definitions[name].samples() for name in expression.names}
        facts = {name: values[turn % len(values)] for name, values in samples.items()}
        try:
            outcome = Evaluation(facts).value(expression)
        except (ExpressionError, AbsentFact) as error:
            return str(error)
        if not isinstance(outcome, _MEANT[kind]) or (kind == "amount" and isinstance(outcome, bool)):
            return f"`{kind}` yields {type(outcome).__name__}, not {_MEANT[kind].__name__}."
    return None


def codes(name: str, tables: Iterable[Table]) -> set[str]:
    """Every code that deciding the table `name` may yield by a row of its own or by `then`."""
    tables = list(tables)
    yielded, open_names, done = set[str](), [name], set[str]()
    while open_names:
        current = open_names.pop()
        done.add(current)
        for table in tables:
            if table.id == current:
                yielded |= {row.code for row in table.rows if row.code}
                open_names += [row.then for row in table.rows if row.then and row.then not in done]
    return yielded


def _flow_problems(pack: Pack, tables: list[Table], definitions: Definitions) -> Iterator[Problem]:
    """Flows that name tables, facts or codes which are not there."""
    try:
        data = pack.data("flows")
    except PackError as error:
        yield _problem(error)
        return
    flows = data.get("flows", data)
    known = {table.id for table in tables}
    for name, flow in flows.items() if isinstance(flows, dict) else ():
        if not isinstance(flow, dict):
            continue
        way: Way = ("flows", name) if "flows" in data else (name,)
        named = [str(table) for key in ("stops", "tables") for table in flow.get(key) or ()]
        for key in ("stops", "tables", "consult"):
            for index, table in enumerate(flow.get(key) or ()):
                if table not in known:
                    yield _at(pack, (*way, key, index), f"The flow `{name}` names {table}, which no policy has.")
        facts = [*(flow.get("assume") or {}), *(flow.get("facts") or ()), *([flow["by"]] if flow.get("by") else [])]
        for fact in facts:
            if fact not in definitions:
                yield _at(pack, way, f"The flow `{name}` names the fact `{fact}`, which facts.yaml does not define.")
        if flow.get("tables") and set(named) <= known:
            yield from _reply_problems(pack, way, flow, named, tables)


def _write_problems(pack: Pack, tables: list[Table]) -> Iterator[Problem]:
    """Writes decided by a table which is not there, or which can never allow them."""
    data = pack.data("writes")
    writes = data.get("writes")
    named: dict[Way, object] = {(key,): data[key] for key in ("scope", "consent") if key in data}
    for name, write in writes.items() if isinstance(writes, dict) else ():
        named["writes", name, "table"] = write.get("table") if isinstance(write, dict) else None
    known = {table.id for table in tables}
    for way, table in named.items():
        file, line = pack.where("writes", *way)
        if table not in known:
            yield Problem(file, line, f"`{'.'.join(map(str, way))}` names {table}, which no policy has.", "Correct it.")
        elif "ALLOW" not in codes(str(table), tables):
            yield Problem(file, line, f"{table} never says ALLOW.", "Give it a row with the code ALLOW.")


def _reply_problems(
    pack: Pack, way: Way, flow: dict[str, Any], named: list[str], tables: list[Table]
) -> Iterator[Problem]:
    name = way[-1]
    here = {code for table in named for code in codes(table, tables)}
    anywhere = {code for table in tables for code in codes(table.id, tables)}
    for key in ("on", "replies"):
        for code in flow.get(key) or {}:
            kind = str(code).partition("(")[0]
            if kind in {"default", "ASK", "HUMAN", "CONTESTED"} or _yields(here, str(code)):
                continue
            severity: Severity = "warning" if _yields(anywhere, str(code)) else "error"
            what = f"The flow `{name}` answers {code}, which {', '.join(named)} cannot yield."
            yield _at(pack, (*way, key, str(code)), what, severity)


def _yields(yielded: set[str], code: str) -> bool:
    return code in yielded or any(each.partition("(")[0] == code for each in yielded)


def _at(pack: Pack, way: Way, what: str, severity: Severity = "error") -> Problem:
    file, line = pack.where("flows", *way)
    return Problem(file, line, what, "Correct the name, or add what it names.", severity)


def _line_of(policy: Policy, needle: str) -> int:
    """The first line of the policy's file that holds `needle`."""
    found = policy.text.find(needle)
    return 1 if found < 0 else policy.text.count("\n", 0, found) + 1
