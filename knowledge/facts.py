"""What a decision may know: the definitions of `facts.yaml` and the check of given values against them.

Money is `int` fen, an instant an aware `datetime` (stored on the trade's clock), a date an ISO string. A type that ends
in `?` may be null: *known to be absent*, which is not the same as not given.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from knowledge.decision import Facts, FactValue
from knowledge.errors import FactTypeError, PackError, UnknownFactError
from knowledge.expressions import TRADE_ZONE, local
from knowledge.front_matter import instant
from knowledge.pack import Pack

FactType = Literal["bool", "int", "number", "money", "text", "instant", "date", "list", "enum"]
FactSource = Literal["order", "product", "ticket", "shop", "clock", "claimed", "decision"]

_NOON = datetime(2026, 1, 5, 12, tzinfo=TRADE_ZONE)
_FIRST_YEAR, _LAST_YEAR = 1970, 2200
_LARGEST = 10**15
"""No quantity of the trade is larger; it keeps sums inside the expression engine's 64 bits."""


@dataclass(frozen=True, slots=True)
class Derived:
    """A fact that is the outcome of another table: its code (whole, else without argument) looked up in `map`."""

    table: str
    map: Mapping[str, FactValue]


@dataclass(frozen=True, slots=True)
class FactDefinition:
    """One fact. `ask` holds the question per language; `values` limits an enum, or the items of a list."""

    name: str
    type: FactType
    source: FactSource
    nullable: bool = False
    unit: str = ""
    values: tuple[str, ...] = ()
    ask: Mapping[str, str] | None = None
    derived: Derived | None = None
    key: str = ""
    """For a fact of the shop: the key of `shop.yaml` that holds it, where that is not the fact's own name."""
    file: Path = Path("facts.yaml")
    line: int = 1

    def check(self, value: object) -> FactValue:
        """`value` as this fact's type; texts are parsed into instants. Raises `FactTypeError`."""
        if value is None:
            if self.nullable:
                return None
            raise self.mistaken(value)
        match self.type:
            case "bool":
                if not isinstance(value, bool):
                    raise self.mistaken(value)
                return value
            case "int" | "money":
                return self._integer(value)
            case "number":
                return self._number(value)
            case "instant":
                return self._instant(value)
            case "date":
                return self._date(value)
            case "list":
                return self._list(value)
            case "text" | "enum":
                return self._text(value)

    def samples(self) -> tuple[FactValue, ...]:
        """Some values of this type: all of a small one, the marks around which rules turn of a large one."""
        match self.type:
            case "bool":
                return True, False
            case "int" | "money":
                return 7, 0, 48, 100_000
            case "number":
                return 0.5, 0.0, 100.0
            case "instant":
                return _NOON, _NOON - timedelta(days=30), _NOON + timedelta(days=30)
            case "date":
                return "2026-01-05", "2020-01-05"
            case "list":
                return list(self.values[:2]), [], list(self.values)
            case "text" | "enum":
                return self.values or ("x", "")

    def mistaken(self, value: object) -> FactTypeError:
        """The error for a value that this fact cannot have."""
        meant = f"{self.type}{'?' if self.nullable else ''}"
        choices = f" of {', '.join(self.values)}" if self.values else ""
        return FactTypeError(f"The fact `{self.name}` is {meant}{choices}, not {value!r}.", mend=_MEND[self.type])

    def _text(self, value: object) -> str:
        if not isinstance(value, str) or (self.values and value not in self.values):
            raise self.mistaken(value)
        return value

    def _integer(self, value: object) -> int:
        # bool is an int to Python and never a quantity to the trade
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _LARGEST:
            raise self.mistaken(value)
        return value

    def _number(self, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.mistaken(value)
        if not math.isfinite(value) or abs(value) > _LARGEST:
            raise self.mistaken(value)
        return float(value)

    def _instant(self, value: object) -> datetime:
        moment = value if isinstance(value, datetime) else self._parsed(value)
        if moment.tzinfo is None or not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
            raise self.mistaken(value)
        return local(moment)

    def _date(self, value: object) -> str:
        if isinstance(value, datetime):
            raise self.mistaken(value)
        if isinstance(value, date):
            return value.isoformat()
        try:
            return date.fromisoformat(self._text(value)).isoformat()
        except ValueError:
            raise self.mistaken(value) from None

    def _parsed(self, value: object) -> datetime:
        if not isinstance(value, str):
            raise self.mistaken(value)
        try:
            return instant(value)
        except ValueError:
            pass
        try:
            parsed = datetime.fromisoformat(value)
        except ValueError:
            raise self.mistaken(value) from None
        if parsed.tzinfo is None:
            return instant(value.partition(".")[0])
        return parsed

    def _list(self, value: object) -> list[str]:
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            raise self.mistaken(value)
        items = [str(item) for item in value]
        if self.values and not set(items) <= set(self.values):
            raise self.mistaken(value)
        return items


_MEND: dict[FactType, str] = {
    "bool": "Give true or false.",
    "int": "Give a whole number.",
    "number": "Give a number.",
    "money": "Give fen as a whole number: 168.00 yuan is 16800.",
    "text": "Give text.",
    "instant": "Give an instant with its zone, e.g. 2026-01-05T11:30:00+08:00.",
    "date": "Give a date as YYYY-MM-DD.",
    "list": "Give a list of names.",
    "enum": "Give one of the names.",
}

Definitions: TypeAlias = Mapping[str, FactDefinition]


def check_facts(definitions: Definitions, given: Mapping[str, object]) -> Facts:
    """`given` with every value as its definition's type; texts are parsed, e.g. when facts come from JSON.

    Raises `FactTypeError` for a value of another type, `UnknownFactError` for a name `facts.yaml` does not have.
    """
    checked: Facts = {}
    for name, value in given.items():
        definition = definitions.get(name)
        if definition is None:
            file = next((known.file for known in definitions.values()), Path("facts.yaml"))
            raise UnknownFactError(f"There is no fact `{name}`.", file=file, mend="Define it, or correct the name.")
        checked[name] = definition.check(value)
    return checked


def read_definitions(pack: Pack, problems: list[PackError] | None = None) -> dict[str, FactDefinition]:
    """The facts of a pack. Raises `PackError` (file and line) for a definition that is not one.

    Given a list of `problems`, it notes a bad definition there and reads on.
    """
    read: dict[str, FactDefinition] = {}
    for name, fields in pack.data("facts").items():
        try:
            read[name] = _definition(pack, name, fields)
        except PackError as problem:
            if problems is None:
                raise
            problems.append(problem)
    return read


def shop_facts(definitions: Definitions, pack: Pack) -> Facts:
    """What `shop.yaml` says about the facts with `source: shop`, so that a shop states a figure of its own once.

    Raises `PackError` with the file and line of a value that is not of the fact's type.
    """
    shop, found = pack.data("shop"), Facts()
    for definition in definitions.values():
        key = definition.key or definition.name
        if definition.source != "shop" or key not in shop:
            continue
        try:
            found[definition.name] = definition.check(shop[key])
        except FactTypeError as error:
            file, line = pack.where("shop", key)
            raise PackError(error.what, file=file, line=line, mend=error.mend) from error
    return found


_KEYS = frozenset({"type", "unit", "source", "ask", "values", "derived", "key"})


def _definition(pack: Pack, name: str, fields: Any) -> FactDefinition:
    file, line = pack.where("facts", name)

    def fail(what: str, mend: str) -> PackError:
        return PackError(f"The fact `{name}` {what}.", file=file, line=line, mend=mend)

    if not isinstance(fields, dict) or (unknown := set(fields) - _KEYS):
        what = "must be a mapping" if not isinstance(fields, dict) else f"has an unknown field `{min(unknown)}`"
        raise fail(what, f"Its fields are {', '.join(sorted(_KEYS))}.")
    kind = str(fields.get("type", ""))
    if kind.removesuffix("?") not in get_args(FactType):
        raise fail(
            f"has the unknown type `{kind}`", f"Use one of {', '.join(get_args(FactType))}, with ? for may-be-null."
        )
    if fields.get("source") not in get_args(FactSource):
        raise fail(f"has the unknown source `{fields.get('source')}`", f"Use one of {', '.join(get_args(FactSource))}.")
    values = tuple(str(value) for value in fields.get("values") or ())
    if kind.startswith("enum") and not values:
        raise fail("is an enum without values", "Add `values: [...]`.")
    derived = fields.get("derived")
    if derived is not None and (not isinstance(derived, dict) or set(derived) != {"table", "map"}):
        raise fail(
            "is derived, but not from a table with a map", "Write `derived: {table: DT-03, map: {CODE: value}}`."
        )
    return FactDefinition(
        name=name,
        type=_type(kind.removesuffix("?")),
        source=_source(str(fields["source"])),
        nullable=kind.endswith("?"),
        unit=str(fields.get("unit") or ""),
        values=values,
        ask=fields.get("ask"),
        key=str(fields.get("key") or ""),
        derived=None if derived is None else Derived(str(derived["table"]), dict(derived["map"])),
        file=file,
        line=line,
    )


def _type(name: str) -> FactType:
    return next(known for known in get_args(FactType) if known == name)


def _source(name: str) -> FactSource:
    return next(known for known in get_args(FactSource) if known == name)
