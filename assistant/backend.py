"""How a shop whose orders live in somebody else's system is described: `shop.yaml`, key `backend`, typed.

Their JSON becomes ours, and an action of ours becomes a request of theirs, by small declarative rules: where a value
lies, what form it has, which word of theirs means which of ours. There is no code in a pack.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from assistant.typed import typed
from knowledge.clauses import SHANGHAI
from knowledge.errors import PackError, XiaoerError
from knowledge.pack import Pack

Form = Literal["plain", "text", "yuan", "fen", "epoch_ms", "epoch_s", "instant", "shanghai"]
"""How a value is written: `yuan` a decimal amount (`"699.00"`), `fen` an integer, `epoch_*` a number since 1970,
`instant` ISO 8601 with an offset, `shanghai` a date and time without one (`2026-11-01 10:30:00`), `text` anything as
text.
"""

_FEN_MAX = 10**14
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEARS = (datetime(2000, 1, 1, tzinfo=SHANGHAI), datetime(2100, 1, 1, tzinfo=SHANGHAI))


class Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Unreadable(XiaoerError):
    """An answer of the shop's system does not have the form its description promises. `field` names the place."""

    def __init__(self, field: str, why: str) -> None:
        self.field = field
        super().__init__(f"`{field}`: {why}.")


class Take(Strict):
    """One field of ours. Written as text it is the way to theirs (`amounts.paid`).

    `from` with `as` and `values` (their word → ours) takes one value, `const` gives one, `each` makes a list of ours
    from a list of theirs by `map`, `one` an object from an object, and `map` alone an object from several fields. A
    value that is absent or null is left out, or is `default`.
    """

    from_: str | None = Field(None, alias="from")
    const: Any = None
    each: str | None = None
    one: str | None = None
    map: dict[str, Take] | None = None
    as_: Form = Field("plain", alias="as")
    values: dict[str, Any] | None = None
    default: Any = None

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return {"from": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_way(self) -> Take:
        ways = [self.from_, self.const, self.each, self.one]
        given = sum(way is not None for way in ways)
        if given > 1 or (given == 0 and self.map is None):
            raise ValueError("a field has one of `from`, `const`, `each`, `one`, or `map` alone")
        if (self.each is not None or self.one is not None) and self.map is None:
            raise ValueError("`each` and `one` need a `map`")
        if self.map is not None and (self.from_ is not None or self.const is not None):
            raise ValueError("`map` stands with `each`, with `one` or alone")
        return self


class Pages(Strict):
    """How a list goes on: the query parameter that counts pages, and the field that says whether more follow."""

    param: str
    more: str
    first: int = 1


class Call(Strict):
    """One operation of theirs. Written as text it is the `operationId`.

    `params` fills its parameters and `body` the fields of its request (dotted ways), from `order_id`, `customer_id`,
    `key`, `amount`, `at` and `args.…`. `answer` is the way to what is asked for inside the answer.
    """

    id: str
    params: dict[str, Take] = Field(default_factory=dict)
    body: dict[str, Take] = Field(default_factory=dict)
    answer: str = ""
    pages: Pages | None = None

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return {"id": value} if isinstance(value, str) else value


class Words(Strict):
    """The `code` (or the end of the `type`) of a problem detail that means something of its own: `conflict` the key
    was used for another request, `pending` a request with this key is still under way.
    """

    conflict: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()


class Backend(Strict):
    """`shop.yaml: backend`. The address and the token are the installation's (`XIAOER_BACKEND_URL`, `…_TOKEN`), never
    the pack's, so that a pack cannot make the server talk to another host.

    `operations` names `orders`, `order`, optionally `customer`, `receipt` and `health`, and `execute.ACTION` for each
    action; `map` says how `order`, `receipt` and `customer` are read. `idempotent` states that the system itself does a
    request with the same `Idempotency-Key` only once: only then is an effect asked for again after a crash.
    """

    kind: Literal["http"]
    openapi: str
    operations: dict[str, Call]
    map: dict[Literal["order", "receipt", "customer"], dict[str, Take]]
    codes: Words = Words()
    idempotent: bool = False
    connect_timeout_s: float = Field(default=2.0, gt=0, le=30)
    read_timeout_s: float = Field(default=4.0, gt=0, le=30)
    write_timeout_s: float = Field(default=8.0, gt=0, le=60)
    """Above all waiting for the answer to a write: when it is over, the effect is unknown."""

    def execute(self, action: str) -> Call | None:
        return self.operations.get(f"execute.{action}")


def read_backend(data: Mapping[str, Any]) -> Backend | None:
    """The `backend` of a pack's merged `shop.yaml`, or None when the shop's data is our own.

    Raises `XiaoerError` that names the key at fault.
    """
    if data.get("backend") is None:
        return None
    return typed(Backend, data["backend"], where="shop.yaml", under=["backend"])


def document_of(pack: Pack, backend: Backend) -> Path:
    """The OpenAPI document: a file beside the nearest shop.yaml that has it. Raises `PackError`."""
    file, line = pack.where("shop", "backend", "openapi")
    for folder in pack.chain:
        found = (folder / backend.openapi).resolve()
        if found.is_file() and found.is_relative_to(folder.resolve()):
            return found
    what = f"There is no {backend.openapi} in the pack."
    raise PackError(what, file=file, line=line, mend="Put the OpenAPI document beside shop.yaml.")


# ── their JSON → ours ────────────────────────────────────────────────────────────────────────────────────────────────


def at(data: Any, way: str) -> Any:
    """The value at a dotted way (`list.0.tradeNo`), or None where any part of it is absent."""
    for name in filter(None, way.split(".")):
        if isinstance(data, Mapping):
            data = data.get(name)
        elif isinstance(data, list) and name.isdigit() and int(name) < len(data):
            data = data[int(name)]
        else:
            return None
    return data


def fields_of(rules: Mapping[str, Take], data: Any, where: str = "") -> dict[str, Any]:
    """Our fields of their object. Raises `Unreadable` for a value that has not the promised form."""
    found: dict[str, Any] = {}
    for name, take in rules.items():
        value = _taken(take, data, f"{where}{name}")
        if value is not None:
            found[name] = value
    return found


def _taken(take: Take, data: Any, name: str) -> Any:
    if take.const is not None:
        return take.const
    if take.each is not None and take.map is not None:
        rows = at(data, take.each)
        if rows is None:
            return take.default
        if not isinstance(rows, list):
            raise Unreadable(name, "a list was promised")
        return [fields_of(take.map, row, f"{name}.{n}.") for n, row in enumerate(rows)]
    if take.map is not None:
        inner = at(data, take.one or "")
        return take.default if inner is None else fields_of(take.map, inner, f"{name}.")
    value = at(data, take.from_ or "")
    if value is None:
        return take.default
    if take.values is not None:
        return _word(take, value, name)
    return _read(take.as_, value, name)


def _word(take: Take, value: Any, name: str) -> Any:
    """Their word in ours. A word nobody has translated is never guessed at."""
    key = str(value).lower() if isinstance(value, bool) else str(value)
    found = (take.values or {}).get(key, take.default)
    if found is None:
        raise Unreadable(name, f"the word {key[:40]!r} is not among `values`")
    return found


def _read(form: Form, value: Any, name: str) -> Any:
    try:
        return _READ[form](value)
    except (ValueError, TypeError, ArithmeticError, OverflowError, OSError, InvalidOperation) as error:
        raise Unreadable(name, f"{str(value)[:40]!r} is not written as {form}") from error


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value


def _text(value: Any) -> str:
    if isinstance(value, Mapping | list):
        raise TypeError("not a single value")
    return str(value)


def _fen(value: Any) -> int:
    """An integer number of fen, exactly: never rounded, never a truth value."""
    if isinstance(value, bool):
        raise TypeError("a truth value is no amount")
    amount = Decimal(str(value))
    if not amount.is_finite() or amount != amount.to_integral_value() or abs(amount) > _FEN_MAX:
        raise ValueError("no whole number of fen")
    return int(amount)


def _yuan(value: Any) -> int:
    if isinstance(value, bool):
        raise TypeError("a truth value is no amount")
    return _fen(Decimal(str(value)) * 100)


def _epoch(unit: int) -> Any:
    def read(value: Any) -> datetime:
        return _in_our_time((_EPOCH + timedelta(milliseconds=_fen(value) * (1000 // unit))).astimezone(SHANGHAI))

    return read


def _instant(value: Any) -> datetime:
    found = datetime.fromisoformat(str(value))
    if found.tzinfo is None:
        raise ValueError("an instant needs an offset")
    return _in_our_time(found.astimezone(SHANGHAI))


def _shanghai(value: Any) -> datetime:
    found = datetime.fromisoformat(str(value))
    return _in_our_time(found.replace(tzinfo=SHANGHAI) if found.tzinfo is None else found.astimezone(SHANGHAI))


def _in_our_time(found: datetime) -> datetime:
    """Seconds taken for milliseconds end in 1970 or in the year 50000: neither is when an order was placed."""
    if not _YEARS[0] <= found < _YEARS[1]:
        raise ValueError("outside the years 2000 to 2099")
    return found


_READ: Mapping[Form, Any] = {
    "plain": _plain,
    "text": _text,
    "yuan": _yuan,
    "fen": _fen,
    "epoch_ms": _epoch(1000),
    "epoch_s": _epoch(1),
    "instant": _instant,
    "shanghai": _shanghai,
}


# ── an action of ours → their request ────────────────────────────────────────────────────────────────────────────────


def values_for(rules: Mapping[str, Take], known: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a request by their names; what is not known is left out."""
    found: dict[str, Any] = {}
    for name, take in rules.items():
        value = take.const if take.const is not None else at(known, take.from_ or "")
        if value is None:
            value = take.default
        if value is None:
            continue
        if take.values is not None:
            value = _word(take, value, name)
        found[name] = value if take.const is not None else _written(take.as_, value, name)
    return found


def nested(fields: Mapping[str, Any]) -> dict[str, Any]:
    """`{"money.refund": 1}` as `{"money": {"refund": 1}}`."""
    tree: dict[str, Any] = {}
    for way, value in fields.items():
        *above, last = way.split(".")
        branch = tree
        for name in above:
            branch = branch.setdefault(name, {})
        branch[last] = value
    return tree


def _written(form: Form, value: Any, name: str) -> Any:
    if form == "yuan" and isinstance(value, int):
        return f"{value // 100}.{value % 100:02d}"
    if form in ("epoch_ms", "epoch_s") and isinstance(value, datetime):
        return (value - _EPOCH) // timedelta(milliseconds=1 if form == "epoch_ms" else 1000)
    if isinstance(value, datetime):
        local = value.astimezone(SHANGHAI)
        return local.isoformat() if form != "shanghai" else f"{local:%Y-%m-%d %H:%M:%S}"
    if form == "text":
        return _text(value)
    if form in ("plain", "fen"):
        return value
    raise Unreadable(name, f"{type(value).__name__} cannot be written as {form}")
