"""An OpenAPI 3 document, read for what a connector needs: where an operation lies, what it takes, what it answers.

Nothing of it is executed and no reference leaves the document. Schemas that say nothing of a field (free-form objects,
`additionalProperties`) answer `UNKNOWN`, so that a check never complains of what it cannot know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, cast

from knowledge.errors import PackError
from knowledge.yaml_text import Way, read_yaml

Place = Literal["path", "query", "header"]
Schema = Mapping[str, Any]

UNKNOWN: Final[Schema] = {}
"""What a schema is when the document does not say."""

_METHODS = ("get", "post", "put", "patch", "delete")
_MAX_HOPS = 20


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    place: Place
    required: bool


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. `body` is None when it takes none; `answer` is the schema of its 2xx answer."""

    id: str
    method: str
    path: str
    parameters: Mapping[str, Parameter]
    body: Schema | None
    answer: Schema
    way: Way


@dataclass(frozen=True, slots=True)
class ApiDocument:
    """The operations of one document by their `operationId`, and its schemas."""

    path: Path
    operations: Mapping[str, Operation]
    _root: Mapping[str, Any]

    def field(self, schema: Schema, way: str) -> Schema | None:
        """The schema under a dotted way (`amounts.paid`); None when the document says there is no such field."""
        for name in filter(None, way.split(".")):
            found = self._step(schema, name)
            if found is None:
                return None
            schema = found
        return self.resolve(schema)

    def items(self, schema: Schema) -> Schema | None:
        """The schema of a list's elements; None when it is known to be no list."""
        schema = self.resolve(schema)
        if "items" in schema:
            return self.resolve(schema["items"])
        return UNKNOWN if not schema.get("type") or schema.get("type") == "array" else None

    def required(self, schema: Schema) -> Iterator[str]:
        """The fields an object must have."""
        resolved = self.resolve(schema)
        yield from resolved.get("required", ())
        for part in resolved.get("allOf", ()):
            yield from self.required(part)

    def resolve(self, schema: Any) -> Schema:
        """The schema behind references and behind `anyOf: [X, null]`."""
        for _ in range(_MAX_HOPS):
            if not isinstance(schema, Mapping):
                return UNKNOWN
            if isinstance(schema.get("$ref"), str):
                schema = _pointer(self._root, schema["$ref"])
                continue
            one_of = schema.get("anyOf") or schema.get("oneOf")
            real = [part for part in one_of or () if isinstance(part, Mapping) and part.get("type") != "null"]
            if one_of and len(real) == 1:
                schema = real[0]
                continue
            return UNKNOWN if one_of else schema
        return UNKNOWN

    def _step(self, schema: Schema, name: str) -> Schema | None:
        schema = self.resolve(schema)
        if name.isdigit():
            return self.items(schema)
        if name in schema.get("properties", {}):
            return cast(Schema, schema["properties"][name])
        parts = schema.get("allOf", ())
        found = [step for part in parts if (step := self._step(part, name)) is not None]
        if found:
            return found[0]
        closed = "properties" in schema or (parts and not found) or schema.get("type") not in (None, "object")
        return None if closed and not schema.get("additionalProperties") else UNKNOWN


def read_api(path: Path) -> ApiDocument:
    """Read an OpenAPI 3 document (YAML or JSON). Raises `PackError` with file and line."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PackError(f"The OpenAPI document cannot be read ({type(error).__name__}).", file=path) from error
    document = read_yaml(text, path)
    root = document.data
    if not isinstance(root, dict) or not str(root.get("openapi", "")).startswith("3."):
        raise PackError("This is not an OpenAPI 3 document.", file=path, mend="Begin it with `openapi: 3.1.0`.")
    operations: dict[str, Operation] = {}
    for operation in _operations(root):
        if operation.id in operations:
            line = document.line(*operation.way)
            raise PackError(f"The operationId `{operation.id}` stands twice.", file=path, line=line)
        operations[operation.id] = operation
    return ApiDocument(path, operations, root)


def _operations(root: Mapping[str, Any]) -> Iterator[Operation]:
    paths = root.get("paths")
    for path, item in paths.items() if isinstance(paths, dict) else ():
        for method in _METHODS:
            described = item.get(method) if isinstance(item, dict) else None
            if not isinstance(described, dict) or not described.get("operationId"):
                continue
            named = [*(item.get("parameters") or ()), *(described.get("parameters") or ())]
            yield Operation(
                id=str(described["operationId"]),
                method=method.upper(),
                path=str(path),
                parameters={each.name: each for each in _parameters(root, named)},
                body=_content(root, described.get("requestBody")),
                answer=_answer(root, described.get("responses")),
                way=("paths", str(path), method),
            )


def _parameters(root: Mapping[str, Any], named: list[Any]) -> Iterator[Parameter]:
    for each in named:
        found = _pointer(root, each["$ref"]) if isinstance(each, dict) and "$ref" in each else each
        if isinstance(found, dict) and found.get("in") in ("path", "query", "header"):
            yield Parameter(str(found.get("name")), found["in"], bool(found.get("required")) or found["in"] == "path")


def _answer(root: Mapping[str, Any], answers: Any) -> Schema:
    for status, described in answers.items() if isinstance(answers, dict) else ():
        if str(status).startswith("2") and (schema := _content(root, described)) is not None:
            return schema
    return UNKNOWN


def _content(root: Mapping[str, Any], described: Any) -> Schema | None:
    """The schema of the JSON form of a request or answer."""
    if isinstance(described, dict) and isinstance(described.get("$ref"), str):
        described = _pointer(root, described["$ref"])
    content = described.get("content") if isinstance(described, dict) else None
    for media_type, form in content.items() if isinstance(content, dict) else ():
        if "json" in media_type and isinstance(form, dict):
            return cast(Schema, form.get("schema") or UNKNOWN)
    return None


def _pointer(root: Mapping[str, Any], ref: str) -> Any:
    """What a reference within the document (`#/components/schemas/Trade`) points to; `UNKNOWN` for any other."""
    if not ref.startswith("#/"):
        return UNKNOWN
    found: Any = root
    for part in ref[2:].split("/"):
        name = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(found, Mapping) or name not in found:
            return UNKNOWN
        found = found[name]
    return found
