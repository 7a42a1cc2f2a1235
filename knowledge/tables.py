"""Decision tables: the fenced `table` blocks inside policies, read and compiled.

A row names its condition (`when`), its outcome (`code`, or `then`: go on in another table) and the clauses it rests on.
Whatever is wrong with a table is found here, with file and line, and not when a customer asks.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from knowledge.clauses import Policy
from knowledge.decision import Actor
from knowledge.errors import PackError, TableError, UnknownFactError
from knowledge.expressions import Expression, ExpressionError, compile_expression
from knowledge.yaml_text import Way, YamlText, read_yaml

Words: TypeAlias = Mapping[str, str]
"""A text per language, `{"zh": …, "en": …}`."""

PLACEHOLDER = re.compile(r"\{(\w+)\}")
"""A fact's value, or `{amount}`, inside a formula text."""

_FENCE = re.compile(r"^```table[ \t]*\n(?P<yaml>.*?)^```[ \t]*$", re.S | re.M)
_HEADING_ANCHOR = re.compile(r"^#{1,6}[ \t].*\{#([\w-]+)\}[ \t]*$", re.M)
_CODE = re.compile(r"[A-Z][A-Z_+]*(\([\w ,]+\))?")
_TABLE_KEYS = frozenset({"id", "title", "mode", "best_first", "rows"})
_ROW_KEYS = frozenset(
    {"id", "when", "code", "then", "amount", "deadline", "formula", "needs", "clause", "actor", "appeal"}
)


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `amount` yields fen, `deadline` an instant; `clauses` are whole references `policy@version#anchor`."""

    id: str
    when: Expression
    code: str | None
    then: str | None
    clauses: tuple[str, ...]
    amount: Expression | None = None
    deadline: Expression | None = None
    formula: Words | None = None
    needs: tuple[str, ...] = ()
    actor: Actor = "bot"
    appeal: Words | None = None
    line: int = 1

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return tuple(each for each in (self.when, self.amount, self.deadline) if each is not None)

    @property
    def shown(self) -> tuple[str, ...]:
        """The facts that the formula shows."""
        named = PLACEHOLDER.findall(" ".join((self.formula or {}).values()))
        return tuple(dict.fromkeys(name for name in named if name != "amount"))


@dataclass(frozen=True, slots=True)
class Table:
    """One version of a table, in the policy that states it. `best_first`: codes, the best for the customer first."""

    id: str
    title: Words
    policy: Policy
    rows: tuple[Row, ...]
    mode: Literal["first", "accumulate"] = "first"
    best_first: tuple[str, ...] = ()
    line: int = 1

    @property
    def facts(self) -> frozenset[str]:
        """Every fact that some row may read."""
        read = (each.names for row in self.rows for each in row.expressions)
        return frozenset().union(*read, *(row.shown for row in self.rows))


def anchors(policy: Policy) -> frozenset[str]:
    """The anchors `{#…}` that stand behind headings of a policy's text."""
    return frozenset(_HEADING_ANCHOR.findall(policy.text))


def references(policies: Collection[Policy]) -> frozenset[str]:
    """Every clause reference `policy@version#anchor` that some language of a policy offers."""
    return frozenset(f"{policy.key}#{anchor}" for policy in policies for anchor in anchors(policy))


def read_tables(
    policy: Policy, *, facts: Collection[str], clauses: Collection[str], problems: list[PackError] | None = None
) -> list[Table]:
    """Compile the tables of one policy.

    `facts` are the defined names, `clauses` the references that resolve. Raises `TableError` or `UnknownFactError`,
    with the file and line of the row; given a list of `problems`, it notes a bad row there and reads on.
    """
    return [_Reader(document, policy, facts, clauses, problems).table() for document in _fences(policy)]


def _fences(policy: Policy) -> Iterator[YamlText]:
    for fence in _FENCE.finditer(policy.text):
        lines_before = policy.text.count("\n", 0, fence.start("yaml"))
        yield read_yaml(fence["yaml"], policy.path, lines_before=lines_before)


class _Reader:
    """Reads one fenced block; every complaint carries the line it is about."""

    def __init__(
        self,
        document: YamlText,
        policy: Policy,
        facts: Collection[str],
        clauses: Collection[str],
        problems: list[PackError] | None,
    ) -> None:
        self.document = document
        self.policy = policy
        self.facts = facts
        self.clauses = clauses
        self.problems = problems

    def fail(self, what: str, *way: str | int, mend: str = "") -> TableError:
        return TableError(what, file=self.document.path, line=self.document.line(*way), mend=mend)

    def table(self) -> Table:
        data = self.document.data
        if not isinstance(data, dict):
            raise self.fail("A table must be a mapping with id, title and rows.")
        self._known(data, _TABLE_KEYS, ())
        rows = data.get("rows")
        if not isinstance(rows, list) or not rows:
            raise self.fail("A table needs rows.", "rows")
        mode = data.get("mode", "first")
        if mode not in {"first", "accumulate"}:
            raise self.fail(f"The mode `{mode}` is neither first nor accumulate.", "mode")
        compiled = tuple(row for index, fields in enumerate(rows) if (row := self.checked_row(fields, index)))
        self._unique(compiled)
        return Table(
            id=self.text(data, "id"),
            title=self.words(data.get("title"), "title") or {},
            policy=self.policy,
            rows=compiled,
            mode="accumulate" if mode == "accumulate" else "first",
            best_first=tuple(str(code) for code in data.get("best_first") or ()),
            line=self.document.line(),
        )

    def checked_row(self, fields: Any, index: int) -> Row | None:
        try:
            return self.row(fields, index)
        except PackError as problem:
            if self.problems is None:
                raise
            self.problems.append(problem)
            return None

    def row(self, fields: Any, index: int) -> Row:
        way: Way = ("rows", index)
        if not isinstance(fields, dict):
            raise self.fail("A row must be a mapping.", *way)
        self._known(fields, _ROW_KEYS, way)
        code, then = fields.get("code"), fields.get("then")
        if (code is None) == (then is None):
            raise self.fail(
                "A row needs a code, or `then` another table, and not both.", *way, mend="Add `code: …` to the row."
            )
        if code is not None and not _CODE.fullmatch(str(code)):
            raise self.fail(f"`{code}` is not a code.", *way, "code", mend="Write it in capitals: LATE, ASK(fact).")
        actor = fields.get("actor", "bot")
        if actor not in get_args(Actor):
            raise self.fail(f"`{actor}` is not one of {', '.join(get_args(Actor))}.", *way, "actor")
        return Row(
            id=self.text(fields, "id", *way),
            when=self.expression(fields.get("when"), *way, "when"),
            code=None if code is None else str(code),
            then=None if then is None else str(then),
            clauses=self.row_clauses(fields.get("clause"), way),
            amount=self.optional(fields, "amount", way),
            deadline=self.optional(fields, "deadline", way),
            formula=self.formula(fields.get("formula"), way),
            needs=tuple(str(need) for need in fields.get("needs") or ()),
            actor=next(known for known in get_args(Actor) if known == actor),
            appeal=self.words(fields.get("appeal"), *way, "appeal"),
            line=self.document.line(*way),
        )

    def row_clauses(self, value: Any, way: Way) -> tuple[str, ...]:
        items = value if isinstance(value, list) else [] if value is None else [value]
        if not items:
            raise self.fail("A row must name the clause it rests on.", *way, mend='Add `clause: "#anchor"`.')
        found = tuple(f"{self.policy.key}{item}" if str(item).startswith("#") else str(item) for item in items)
        for reference in found:
            if reference not in self.clauses:
                raise self.fail(
                    f"The clause `{reference}` is not there.", *way, "clause", mend="Put `{#anchor}` behind a heading."
                )
        return found

    def expression(self, source: Any, *way: str | int) -> Expression:
        if not isinstance(source, str) or not source.strip():
            raise self.fail(f"`{way[-1]}` must be an expression in quotes.", *way)
        try:
            compiled = compile_expression(source)
        except ExpressionError as error:
            raise self.fail(f"`{source}` does not compile: {error}.", *way) from error
        for name in sorted(compiled.names - set(self.facts)):
            raise UnknownFactError(
                f"`{source}` reads `{name}`, which facts.yaml does not define.",
                file=self.document.path,
                line=self.document.line(*way),
                mend=f"Define `{name}` in facts.yaml, or correct the name.",
            )
        return compiled

    def optional(self, fields: dict[str, Any], key: str, way: Way) -> Expression | None:
        return self.expression(fields[key], *way, key) if fields.get(key) is not None else None

    def formula(self, value: Any, way: Way) -> Words | None:
        words = self.words(value, *way, "formula")
        for name in PLACEHOLDER.findall(" ".join((words or {}).values())):
            if name != "amount" and name not in self.facts:
                raise self.fail(
                    f"The formula shows `{name}`, which is no fact.", *way, "formula", mend="Correct the name."
                )
        return words

    def text(self, fields: dict[str, Any], key: str, *way: str | int) -> str:
        value = fields.get(key)
        if not isinstance(value, str) or not value.strip():
            raise self.fail(f"`{key}` is missing.", *way, key, mend=f"Add `{key}: …`.")
        return value.strip()

    def words(self, value: Any, *way: str | int) -> Words | None:
        if value is None:
            return None
        if isinstance(value, str):
            return {self.policy.lang: value}
        if isinstance(value, dict) and value and all(isinstance(text, str) for text in value.values()):
            return value
        raise self.fail(f"`{way[-1]}` must be a text, or one per language.", *way, mend="Write {zh: …, en: …}.")

    def _known(self, fields: dict[str, Any], known: frozenset[str], way: Way) -> None:
        for key in fields:
            if key not in known:
                raise self.fail(f"Unknown field `{key}`.", *way, key, mend=f"Fields are {', '.join(sorted(known))}.")

    def _unique(self, rows: tuple[Row, ...]) -> None:
        seen: set[str] = set()
        for index, row in enumerate(rows):
            if row.id in seen:
                raise self.fail(f"The row `{row.id}` stands twice.", "rows", index, "id", mend="Rename one.")
            seen.add(row.id)


def compile_tables(policies: Collection[Policy], facts: Collection[str]) -> list[Table]:
    """The tables of all policies, each read from one language only.

    Raises `TableError` when a version states a table twice (in two languages, say), when `then` leads to a table that
    does not exist, or in a circle.
    """
    offered = references(policies)
    tables = [table for policy in policies for table in read_tables(policy, facts=facts, clauses=offered)]
    seen: set[tuple[str, str]] = set()
    for table in tables:
        name = (table.id, table.policy.key)
        if name in seen:
            raise _complaint(
                table, f"The table {table.id} stands twice in `{table.policy.key}`.", "Keep it in one file."
            )
        seen.add(name)
    _check_ways(tables)
    return tables


def _check_ways(tables: list[Table]) -> None:
    known = {table.id for table in tables}
    leads: dict[str, set[str]] = {name: set() for name in known}
    for table in tables:
        for row in table.rows:
            if row.then is not None:
                if row.then not in known:
                    raise TableError(
                        f"There is no table {row.then}.",
                        file=Path(table.policy.path),
                        line=row.line,
                        mend="Correct `then`.",
                    )
                leads[table.id].add(row.then)
    for table in tables:
        reached, open_names = set[str](), [table.id]
        while open_names:
            for name in leads[open_names.pop()] - reached:
                reached.add(name)
                open_names.append(name)
        if table.id in reached:
            raise _complaint(table, f"`then` leads from {table.id} back to it.", "Break the circle.")


def _complaint(table: Table, what: str, mend: str) -> TableError:
    return TableError(what, file=Path(table.policy.path), line=table.line, mend=mend)
