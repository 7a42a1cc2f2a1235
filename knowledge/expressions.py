"""Expressions of decision tables: the Common Expression Language with the trade's functions. The one home of `cel`.

An expression has no side effects and always ends. Money is int fen. A name that has no value is *absent*: the outcome
is then either independent of it (`&&` and `||` absorb it) or `AbsentFact`.
"""

from __future__ import annotations

import contextlib
import logging
import re
import sys
from calendar import monthrange
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from itertools import islice, product
from types import ModuleType
from typing import Any, TypeAlias

from knowledge.decision import FactValue

# The package loads its own command line at once, and with it a terminal editor: 0.4 s that no table needs.
_CLI = "cel.cli"
_spared = sys.modules.setdefault(_CLI, ModuleType(_CLI))
import cel  # noqa: E402  # below the line that spares us the editor

if not hasattr(_spared, "__file__"):
    del sys.modules[_CLI]
# it also logs what it raises: a fact that is known to be absent is no news for an operator
logging.getLogger("cel").setLevel(logging.ERROR)

TRADE_ZONE = timezone(timedelta(hours=8), "CST")
"""The trade's clock as a fixed offset, which is what the expression engine can hold (China has no summer time)."""

_WORD = re.compile(r"[A-Za-z_]\w*")
_UNDEFINED = re.compile(r"Undefined variable or function: '(\w+)'")
_BUILT_IN = frozenset({"size", "duration", "int", "double", "string", "startsWith", "endsWith", "contains"})
_MAX_LENGTH = 2000
_MAX_TRIALS = 64
_MAX_KNOWN = 256
_MOST_HOURS = 10_000

Samples: TypeAlias = Callable[[str], Sequence[FactValue]]
"""Some values that a fact may have, by its name."""


class ExpressionError(ValueError):
    """An expression does not compile, or fails for values of the right types (a mistake of its author)."""


class AbsentFact(Exception):
    """The outcome depends on a fact that was not given."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression and the names it may read."""

    source: str
    names: frozenset[str]
    ordered: tuple[str, ...]
    """The same names as they first appear in the source."""
    program: cel.Program = field(repr=False, compare=False)
    absent: dict[str, str] = field(default_factory=dict[str, str], repr=False, compare=False)
    """What was found absent for which known values: the same questions are put again and again."""


def compile_expression(source: str) -> Expression:
    """Compile. Raises `ExpressionError` for a syntax error, an unknown function, or an overlong text."""
    if len(source) > _MAX_LENGTH:
        raise ExpressionError(f"longer than {_MAX_LENGTH} characters")
    try:
        program = cel.compile(source)
    except ValueError as error:
        raise ExpressionError(str(error).partition("\n")[0]) from error
    for name in program.functions():
        if name.isidentifier() and name not in FUNCTIONS and name not in _BUILT_IN:
            raise ExpressionError(f"there is no function `{name}`")
    names = frozenset(program.variables())
    found = dict.fromkeys(word for word in _WORD.findall(source) if word in names)
    return Expression(source, names, tuple(found), program)


class Evaluation:
    """Expressions over one set of facts; `read` collects the facts that the evaluated expressions name.

    `samples` helps to tell which of several absent facts an outcome hangs on; without it the engine's word is taken.
    """

    def __init__(self, facts: Mapping[str, FactValue], samples: Samples | None = None) -> None:
        self.facts = dict(facts)
        self._context = cel.Context(self.facts, FUNCTIONS)
        self._samples = samples
        self._seen: list[tuple[str, ...]] = []

    @property
    def read(self) -> dict[str, FactValue]:
        names = dict.fromkeys(name for seen in self._seen for name in seen)
        return {name: self.facts[name] for name in names if name in self.facts}

    def note(self, names: tuple[str, ...]) -> None:
        """Count these facts among those that were read: they are shown."""
        self._seen.append(names)

    def value(self, expression: Expression) -> Any:
        """The outcome. Raises `AbsentFact`, or `ExpressionError` when the expression fails for these values."""
        self._seen.append(expression.ordered)
        try:
            return expression.program.execute(self._context)
        except (RuntimeError, TypeError, ValueError, ArithmeticError) as error:
            if absent := self._absent(expression, str(error)):
                raise AbsentFact(absent) from None
            raise ExpressionError(f"`{expression.source}` fails: {str(error).partition('.')[0]}") from error

    def truth(self, expression: Expression) -> bool:
        outcome = self.value(expression)
        if not isinstance(outcome, bool):
            raise ExpressionError(f"`{expression.source}` is {type(outcome).__name__}, not true or false")
        return outcome

    def add(self, name: str, value: FactValue) -> None:
        """Give a fact that was found on the way."""
        self.facts[name] = value
        self._context.add_variable(name, value)

    def _absent(self, expression: Expression, message: str) -> str:
        """The fact that the outcome hangs on, empty when the expression fails for another reason."""
        known = repr([self.facts.get(name, ...) for name in expression.ordered])
        absent = expression.absent.get(known)
        if absent is None:
            missed = self._missed(expression)
            absent = self._culprit(expression, missed, message) if missed else ""
            if len(expression.absent) >= _MAX_KNOWN:
                expression.absent.clear()
            expression.absent[known] = absent
        return absent

    def _missed(self, expression: Expression) -> list[str]:
        """The absent facts that the engine looked for, in order: run again, slowly, with every look noted."""
        missed: list[str] = []
        # a variable goes before the resolver, so only what is absent comes here
        watched = cel.Context(
            {name: value for name, value in self.facts.items() if name in expression.names}, FUNCTIONS
        )
        watched.set_variable_resolver(missed.append)
        with contextlib.suppress(RuntimeError, TypeError, ValueError, ArithmeticError):
            expression.program.execute(watched)
        return [name for name in dict.fromkeys(missed) if name not in self.facts]

    def _culprit(self, expression: Expression, missed: list[str], message: str) -> str:
        """The first absent fact that the outcome hangs on: for some values of the others it decides.

        `x == 1 && y` with both absent asks for x; `(x == 1 && false) || y` asks for y, for x can change nothing.
        """
        named = _UNDEFINED.search(message)
        fallback = named[1] if named and named[1] in missed else missed[0]
        if len(missed) == 1 or self._samples is None:
            return fallback
        known = {name: self.facts[name] for name in expression.names if name in self.facts}
        for name in missed:
            others = [other for other in missed if other != name]
            trials = [_with_literals(self._samples(other), expression.source) for other in others]
            for values in islice(product(*trials), _MAX_TRIALS):
                if _hangs_on(name, expression, {**known, **dict(zip(others, values, strict=True))}):
                    return name
        return fallback


def _with_literals(samples: Sequence[FactValue], source: str) -> list[FactValue]:
    """The samples of a fact, and the values of its type that the expression itself names."""
    kinds = {type(sample) for sample in samples}
    found: list[FactValue] = []
    if int in kinds:
        found += [int(number) for number in re.findall(r"\b\d{1,9}\b", source)]
    if str in kinds:
        found += re.findall(r"'([^']*)'", source)
    return [*found, *samples]


def _hangs_on(name: str, expression: Expression, facts: Mapping[str, FactValue]) -> bool:
    try:
        expression.program.execute(cel.Context(dict(facts), FUNCTIONS))
    except RuntimeError as error:
        named = _UNDEFINED.search(str(error))
        return named is not None and named[1] == name
    except (TypeError, ValueError, ArithmeticError):
        return False
    return False


def local(instant: datetime) -> datetime:
    """The same instant on the trade's clock."""
    return instant.astimezone(TRADE_ZONE)


def _days_since(start: datetime, end: datetime) -> int:
    """Calendar days from `start` to `end`, by the dates on the trade's clock (day 0 = the date of `start`)."""
    return (local(end).date() - local(start).date()).days


def _hours_since(start: datetime, end: datetime) -> float:
    return (end - start) / timedelta(hours=1)


def _end_of_day(instant: datetime, days: int) -> datetime:
    """24:00 of the day that lies `days` after the date of `instant`."""
    midnight = local(instant).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + timedelta(days=days + 1)


def _add_months(instant: datetime, months: int) -> datetime:
    """The corresponding day `months` later, or the last of that month (Civil Code art. 202: 31 Jan + 1 = 28 Feb)."""
    moment = local(instant)
    years, month = divmod(moment.month - 1 + months, 12)
    year = moment.year + years
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))


def _add_open_hours(instant: datetime, hours: int, opens: int, closes: int) -> datetime:
    """`hours` later, counting only from `opens` to `closes` o'clock of every day: 4 hours from 14:01 with 9–18 end at
    9:01 of the next day, from 14:00 at 18:00.
    """
    if not 0 <= opens < closes <= 24 or not 0 <= hours <= _MOST_HOURS:
        raise ValueError("the hours are not hours of a day")
    moment, left = local(instant), timedelta(hours=hours)
    while True:
        midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        moment = max(moment, midnight + timedelta(hours=opens))
        room = midnight + timedelta(hours=closes) - moment
        if left <= room:
            return moment + left
        left -= max(room, timedelta())
        moment = midnight + timedelta(days=1)


def percent(fen: int, basis_points: int) -> int:
    """`basis_points` hundredths of a percent of `fen`, rounded half up to a whole fen."""
    return (fen * basis_points * 2 + 10_000) // 20_000


def _clamp(value: int, low: int, high: int) -> int:
    return max(low, min(value, high))


def _date_time(text: str) -> datetime:
    """An ISO date or instant; without a zone it is on the trade's clock, a bare date is its 00:00."""
    parsed = datetime.fromisoformat(text)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=TRADE_ZONE)


def _any_of(items: list[str], wanted: list[str]) -> bool:
    return any(item in wanted for item in items)


def _greatest(first: int, *others: int) -> int:
    return max((first, *others))


def _least(first: int, *others: int) -> int:
    return min((first, *others))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "add_hours": lambda instant, hours: instant + timedelta(hours=hours),
    "add_months": _add_months,
    "add_open_hours": _add_open_hours,
    "any_of": _any_of,
    "clamp": _clamp,
    "date_time": _date_time,
    "days_since": _days_since,
    "end_of_day": _end_of_day,
    "hours_since": _hours_since,
    "max": _greatest,
    "min": _least,
    "pct": percent,
}
