"""YAML as plain data that remembers its lines: the one home of the YAML reader for pack files and tables.

Only mappings, lists, text, numbers, booleans and null come out; no tag builds an object, a date stays text, and a key
that stands twice in a mapping is an error instead of a silent loss.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from knowledge.errors import PackError

Way: TypeAlias = tuple[str | int, ...]
"""The way to a value: keys and list positions from the top."""

_MAX_DEPTH = 40
_MAX_VALUES = 200_000
_BRACKETS = re.compile(r"[\[\]{}]")
_DEEP_BLOCK = re.compile(r"(?:[-?:][ \t]+){40}|^ {400}", re.MULTILINE)
_CORE = "tag:yaml.org,2002:"


class _Reader(yaml.CSafeLoader):
    """libyaml's parser, twenty times faster than one in Python, with plain words read by YAML 1.2: `yes`, `on` and
    `12:30` are text, and so is a date."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - the package's own way


for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", "~nN"),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9][0-9_]*|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    (
        "float",
        r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?|[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+"
        r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        "-+.0123456789",
    ),
):
    _Reader.add_implicit_resolver(_CORE + _tag, re.compile(rf"(?:{_pattern})\Z"), [*_first, *([""] * (_tag == "null"))])


@dataclass(frozen=True, slots=True)
class YamlText:
    """`data` is plain; `lines` tells the line (from 1) at which the value under a way of keys begins."""

    data: Any
    path: Path
    lines: dict[Way, int] = field(repr=False)

    def line(self, *way: str | int) -> int:
        """The line of the value at `way`, or of the nearest value above it that is known."""
        for end in range(len(way), -1, -1):
            if (found := self.lines.get(way[:end])) is not None:
                return found
        return 1


def read_yaml(text: str, path: Path | str, *, lines_before: int = 0) -> YamlText:
    """Parse one YAML document. `lines_before` counts the lines above `text` in its file.

    Raises `PackError` (file and line) for anything that is not YAML, a repeated key, or an application tag.
    """
    file = Path(path)
    _refuse_depths(text, file, lines_before)
    try:
        node = yaml.compose(text, Loader=_Reader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = lines_before + (mark.line if mark else 0) + 1
        raise PackError(f"Not YAML: {error.problem or error.context}.", file=file, line=line) from error
    except (yaml.YAMLError, ValueError) as error:
        raise PackError(f"Not YAML: {error}.", file=file, line=lines_before + 1) from error
    builder = _Builder(file, lines_before)
    return YamlText(None if node is None else builder.build(node, ()), file, builder.lines)


def _refuse_depths(text: str, file: Path, lines_before: int) -> None:
    """Refuse what is nested so deeply that composing it, which calls itself, would end the process.

    The parser's events come one by one; they are counted only where the text looks as if it were that deep.
    """
    deep = most = 0
    for mark in _BRACKETS.findall(text):
        deep += 1 if mark in "[{" else -1
        most = max(most, deep)
    if most <= _MAX_DEPTH and not _DEEP_BLOCK.search(text):
        return
    deep = 0
    try:
        for event in yaml.parse(text, Loader=_Reader):
            deep += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if deep > _MAX_DEPTH:
                line = event.start_mark.line if event.start_mark else 0
                raise PackError("Nested too deeply.", file=file, line=lines_before + line + 1)
    except yaml.YAMLError:
        return  # what it is no YAML for is said where it is composed


class _Builder:
    """Turns composed nodes into plain data and writes down the line of each."""

    def __init__(self, file: Path, lines_before: int) -> None:
        self.file = file
        self.lines_before = lines_before
        self.lines: dict[Way, int] = {}
        self.built = 0

    def build(self, node: Node, way: Way) -> Any:
        self.built += 1
        if self.built > _MAX_VALUES:
            what = f"More than {_MAX_VALUES} values, those that `*` repeats counted each time."
            raise PackError(what, file=self.file, line=self._line(node))
        self.lines.setdefault(way, self._line(node))
        if len(way) > _MAX_DEPTH:
            raise PackError("Nested too deeply.", file=self.file, line=self._line(node))
        if isinstance(node, MappingNode):
            return self._mapping(node, way)
        if isinstance(node, SequenceNode):
            return [self.build(item, (*way, index)) for index, item in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: MappingNode, way: Way) -> dict[str, Any]:
        built: dict[str, Any] = {}
        own: set[str] = set()
        # keys of a merged mapping (`<<`) come first, so that the mapping's own ones stand over them
        for key_node, value_node in sorted(node.value, key=lambda pair: pair[0].value != "<<"):
            line = self._line(key_node)
            if not isinstance(key_node, ScalarNode):
                raise PackError("A key must be plain text.", file=self.file, line=line)
            key = str(key_node.value)
            if key in own:
                raise PackError(f"The key `{key}` stands twice.", file=self.file, line=line, mend="Keep one of them.")
            own.add(key)
            if key == "<<":
                built.update(self._merged(value_node, way, line))
                continue
            self.lines[(*way, key)] = line
            built[key] = self.build(value_node, (*way, key))
        return built

    def _merged(self, node: Node, way: Way, line: int) -> dict[str, Any]:
        if not isinstance(node, MappingNode):
            raise PackError("`<<` must name a mapping.", file=self.file, line=line)
        return self._mapping(node, way)

    def _scalar(self, node: Any) -> str | int | float | bool | None:
        value = str(node.value)
        match str(node.tag).removeprefix(_CORE):
            case "null":
                return None
            case "bool":
                return value.lower() == "true"
            case "int":
                return int(value.replace("_", ""), 0 if value.lstrip("+-")[:2] in {"0x", "0o"} else 10)
            case "float":
                return float(re.sub(r"\.(?=inf|nan)", "", value.replace("_", "").lower()))
            case "str":
                return value
            case tag:
                raise PackError(f"The tag `{tag}` is not allowed.", file=self.file, line=self._line(node))

    def _line(self, node: Any) -> int:
        return self.lines_before + int(node.start_mark.line) + 1
