"""Checks a pack's `backend` against the OpenAPI document it names: every operation, parameter, field and word, each
with file, line and how to mend it. What the document does not say is not complained of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from assistant.backend import Backend, Call, Form, Take, document_of, read_backend
from assistant.openapi import ApiDocument, Operation, Schema, read_api
from assistant.shop import Customer, Order, Receipt
from knowledge.check import Problem, Severity
from knowledge.errors import PackError, XiaoerError
from knowledge.pack import Pack, load_pack
from knowledge.yaml_text import Way

_NEEDED = ("orders", "order")
_NAMES = frozenset({"orders", "order", "customer", "receipt", "health"})
_SOURCES = frozenset({"order_id", "customer_id", "key", "amount", "at", "name"})
_MODELS: Mapping[str, type[BaseModel]] = {"order": Order, "receipt": Receipt, "customer": Customer}
_TYPES: Mapping[Form, frozenset[str]] = {
    "yuan": frozenset({"string", "number"}),
    "fen": frozenset({"integer", "number", "string"}),
    "epoch_ms": frozenset({"integer", "number", "string"}),
    "epoch_s": frozenset({"integer", "number", "string"}),
    "instant": frozenset({"string"}),
    "shanghai": frozenset({"string"}),
}
"""JSON types in which a form can be written; a form not named here takes any."""


def check_backend(path: Path | str) -> list[Problem]:
    """Every problem of the `backend` of the pack at `path`; none for a pack without one, or that does not load."""
    try:
        pack = load_pack(path)
        data = pack.data("shop")
    except PackError:
        return []  # the pack's own check has said so
    try:
        backend = read_backend(data)
    except XiaoerError as error:
        file, line = pack.where("shop", "backend")
        return [Problem(file, line, error.what, error.mend)]
    if backend is None:
        return []
    try:
        api = read_api(document_of(pack, backend))
    except PackError as error:
        return [Problem(error.file, error.line, error.what, error.mend)]
    checked = _Check(pack, backend, api)
    return sorted(set(checked.problems()), key=lambda each: (each.severity, each.line, each.what))


@dataclass(frozen=True, slots=True)
class _Check:
    pack: Pack
    backend: Backend
    api: ApiDocument

    def problems(self) -> Iterator[Problem]:
        for name in _NEEDED:
            if name not in self.backend.operations:
                yield self._at(("operations",), f"No operation `{name}`.", f"Add `{name}: operationId`.")
        if "receipt" not in self.backend.operations:
            what = "No operation `receipt`: after a silence nobody can look up what became of a write."
            yield self._at(("operations",), what, "Add one if the system has it.", "warning")
        yield from self._actions()
        for name, call in self.backend.operations.items():
            yield from self._call(name, call)
        for kind in ("order", "receipt"):
            if kind not in self.backend.map:
                yield self._at(("map",), f"No map for `{kind}`.", f"Say in `map.{kind}` how it is read.")
        for kind, rules in self.backend.map.items():
            yield from self._map(kind, rules)

    def _actions(self) -> Iterator[Problem]:
        """Names that are no operation of ours, and actions the flows may propose which the system cannot do."""
        offered = set(self.pack.data("flows").get("actions") or {})
        for name in self.backend.operations:
            action = name.removeprefix("execute.")
            if name in _NAMES or (action != name and action in offered):
                continue
            what = f"`{name}` is no operation of a shop: it has {', '.join(sorted(_NAMES))} and execute.ACTION."
            yield self._at(("operations", name), what, "Correct the name.")
        for action in sorted(offered):
            if self.backend.execute(action) is None:
                what = f"No operation `execute.{action}`: customers are handed to a person for it after their yes."
                yield self._at(("operations",), what, "Add it, or take the proposal out of the flows.", "warning")

    def _call(self, name: str, call: Call) -> Iterator[Problem]:
        way: Way = ("operations", name)
        operation = self.api.operations.get(call.id)
        if operation is None:
            near = ", ".join(sorted(self.api.operations)[:12])
            yield self._at(way, f"`{name}`: the document has no operationId `{call.id}`.", f"It has {near}.")
            return
        if name in {"orders", "order", "customer", "receipt", "health"} and operation.method != "GET":
            what = f"`{name}` is a read, but `{call.id}` is {operation.method}: it would be sent more than once."
            yield self._at(way, what, "Name a GET operation.")
        yield from self._parameters(way, call, operation)
        yield from self._body(way, call, operation)
        if name != "health" and self.api.field(operation.answer, call.answer) is None:
            what = f"`{name}`: the answer of `{call.id}` has no `{call.answer}`."
            yield self._at((*way, "answer"), what, "Give the way to it.")
        elif name == "orders" and self.api.items(self._answer(operation, call)) is None:
            yield self._at((*way, "answer"), f"`{name}`: that is no list in the answer of `{call.id}`.", "Name a list.")

    def _parameters(self, way: Way, call: Call, operation: Operation) -> Iterator[Problem]:
        for parameter in call.params:
            if parameter not in operation.parameters:
                what = f"`{call.id}` has no parameter `{parameter}`."
                yield self._at((*way, "params", parameter), what, f"It has {', '.join(sorted(operation.parameters))}.")
        paged = {call.pages.param} if call.pages else set[str]()
        given = set(call.params) | paged | {"Idempotency-Key", "idempotency-key"}
        for needed in (each.name for each in operation.parameters.values() if each.required):
            if needed not in given:
                what = f"`{call.id}` needs its parameter `{needed}`."
                yield self._at(way, what, f"Add it to `params`, e.g. `{needed}: order_id`.")
        if call.pages is not None and call.pages.param not in operation.parameters:
            yield self._at((*way, "pages"), f"`{call.id}` has no parameter `{call.pages.param}`.", "Correct it.")
        yield from self._sources((*way, "params"), call.params)

    def _body(self, way: Way, call: Call, operation: Operation) -> Iterator[Problem]:
        if operation.body is None:
            if call.body:
                yield self._at((*way, "body"), f"`{call.id}` takes no body.", "Take `body` out.")
            return
        for field, take in call.body.items():
            found = self.api.field(operation.body, field)
            if found is None:
                yield self._at((*way, "body", field), f"The body of `{call.id}` has no `{field}`.", "Correct the name.")
                continue
            words = take.values.values() if take.values else [take.const] if take.const is not None else []
            allowed = found.get("enum")
            for word in words:
                if allowed and word not in allowed:
                    what = f"`{field}` of `{call.id}` takes no {word!r}."
                    yield self._at((*way, "body", field), what, f"It takes {', '.join(map(str, allowed))}.")
        given = {field.partition(".")[0] for field in call.body}
        for field in self.api.required(operation.body):
            if field not in given:
                yield self._at(way, f"The body of `{call.id}` needs `{field}`.", "Fill it under `body`.")
        yield from self._sources((*way, "body"), call.body)

    def _sources(self, way: Way, rules: Mapping[str, Take]) -> Iterator[Problem]:
        for name, take in rules.items():
            source = take.from_
            if source is not None and source not in _SOURCES and not source.startswith("args."):
                what = f"`{name}` is filled from `{source}`, which a request does not know."
                yield self._at((*way, name), what, f"It knows {', '.join(sorted(_SOURCES))} and args.….")

    def _map(self, kind: str, rules: Mapping[str, Take]) -> Iterator[Problem]:
        model, way = _MODELS[kind], ("map", kind)
        fields = model.model_fields
        for name in rules:
            if name not in fields:
                yield self._at((*way, name), f"`{kind}` has no field `{name}`.", f"It has {', '.join(sorted(fields))}.")
        filled = {"key", "order_id"} if kind == "receipt" else {"name", "customer_id"} if kind == "customer" else set()
        for name, field in fields.items():
            if field.is_required() and name not in rules and name not in filled:
                yield self._at(way, f"`map.{kind}` does not say where `{name}` lies.", f"Add `{name}: way.to.it`.")
        if kind == "order" and (take := rules.get("customer_id")) is not None and take.const is not None:
            what = "`customer_id` must be read: by it an order of another customer is kept from this one."
            yield self._at((*way, "customer_id"), what, "Name the field that holds the buyer.")
        for name, call in self._answers(kind):
            operation = self.api.operations.get(call.id)
            if operation is not None and self.api.field(operation.answer, call.answer) is not None:
                schema = self._answer(operation, call)
                if name == "orders":
                    schema = self.api.items(schema) or {}
                yield from self._takes(way, rules, schema, call.id)

    def _answers(self, kind: str) -> Iterator[tuple[str, Call]]:
        """The operations whose answers `map.<kind>` reads."""
        for name, call in self.backend.operations.items():
            wanted = {"order": name in _NEEDED, "customer": name == "customer"}
            if wanted.get(kind, name == "receipt" or name.startswith("execute.")):
                yield name, call

    def _takes(self, way: Way, rules: Mapping[str, Take], schema: Schema, source: str) -> Iterator[Problem]:
        for name, take in rules.items():
            here = (*way, name)
            if take.map is not None:
                inner = self.api.field(schema, take.each or take.one or "")
                if inner is not None and take.each is not None:
                    inner = self.api.items(inner)
                if inner is None:
                    what = f"`{name}`: the answer of `{source}` has no such {'list' if take.each else 'object'}."
                    yield self._at(here, what, "Correct the way.")
                else:
                    yield from self._takes((*here, "map"), take.map, inner, source)
            elif take.from_ is not None:
                yield from self._one(here, name, take, schema, source)

    def _one(self, way: Way, name: str, take: Take, schema: Schema, source: str) -> Iterator[Problem]:
        found = self.api.field(schema, take.from_ or "")
        if found is None:
            yield self._at(way, f"`{name}`: the answer of `{source}` has no `{take.from_}`.", "Correct the way.")
            return
        allowed = _TYPES.get(take.as_)
        if allowed and isinstance(found.get("type"), str) and found["type"] not in allowed:
            what = f"`{name}`: `{take.from_}` is {found['type']}, which cannot be read as {take.as_}."
            yield self._at(way, what, "Correct `as`.")
        words = {str(word) for word in found.get("enum") or ()}
        if take.values is None or not words:
            return
        for word in sorted(set(take.values) - words):
            yield self._at(way, f"`{name}`: `{take.from_}` is never {word!r}.", "Take it out of `values`.")
        untold = sorted(words - set(take.values))
        if untold and take.default is None:
            what = f"`{name}`: nothing says what {', '.join(untold)} of `{take.from_}` means; such an answer is unread."
            yield self._at(way, what, "Add the words to `values`, or a `default`.", "warning")

    def _answer(self, operation: Operation, call: Call) -> Schema:
        return self.api.field(operation.answer, call.answer) or {}

    def _at(self, way: tuple[Any, ...], what: str, mend: str, severity: Severity = "error") -> Problem:
        file, line = self.pack.where("shop", "backend", *way)
        return Problem(file, line, what, mend, severity)
