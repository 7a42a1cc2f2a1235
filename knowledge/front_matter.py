"""The head of a policy file: YAML between two `---` lines, read into a `Policy` with errors that name file and line.

The whole file text is kept as `Policy.text`, head included, so that a span in it is a span in the file and a line
counted in it is the line an editor shows. `body_start` says where the prose begins.
"""

from __future__ import annotations

import difflib
import re
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, TypeVar, get_args

from knowledge.clauses import SHANGHAI, Lang, Level, Policy, Scope, Status, TemporalBasis, Window
from knowledge.errors import FrontMatterError, PackError
from knowledge.yaml_text import YamlText, read_yaml

_HEAD = re.compile(r"\A\ufeff?---[ \t]*\r?\n(?P<yaml>.*?)^---[ \t]*(?:\r?\n|\Z)", re.S | re.M)
_ID = re.compile(r"[a-z0-9][a-z0-9_-]*(?:/[a-z0-9][a-z0-9_.-]*)*")
_VERSION = re.compile(r"[^\s@#/]+")
_SCOPES = ("platforms", "regions", "categories", "channels", "audiences")
_KEYS = (
    *("id", "version", "title", "lang", "level", *_SCOPES, "effective", "temporal_basis", "status"),
    *("source", "supersedes", "content_date", "as_found", "confirmed"),
)
_REQUIRED = ("id", "version", "title", "lang")
_INSTANT = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2}))?)?\s*(Z|[+-]\d{2}:\d{2})?")
_T = TypeVar("_T", bound=str)


def has_front_matter(text: str) -> bool:
    """True when `text` opens with a `---` block."""
    return _HEAD.match(text) is not None


def body_start(text: str) -> int:
    """The character offset of the first line after the head; 0 without a head."""
    head = _HEAD.match(text)
    return head.end() if head else 0


def parse_policy(text: str, path: Path | str) -> Policy:
    """Read one policy file. `path` is only named in errors and kept as `Policy.path`.

    Raises `FrontMatterError` (file and line) for a missing head, broken YAML, an unknown key, a missing or ill-typed
    field, or a window that ends before it starts.
    """
    head = _HEAD.match(text)
    if head is None:
        raise FrontMatterError(
            "The file does not open with front matter.", file=path, mend="Start it with `---`, the fields, `---`."
        )
    lines_before = text[: head.start("yaml")].count("\n")
    fields = _Fields(_load(head["yaml"], lines_before, path), path)
    fields.check_keys()
    window, undated = fields.window()
    return Policy(
        id=fields.matching("id", _ID, "family/slug in lower-case letters, digits and hyphens"),
        version=fields.matching("version", _VERSION, "a word without @, # or /, quoted"),
        title=fields.text("title"),
        lang=fields.one_of("lang", get_args(Lang), "zh"),
        text=text,
        level=fields.one_of("level", get_args(Level), "shop"),
        scope=fields.scope(),
        window=window,
        undated=undated,
        temporal_basis=fields.one_of("temporal_basis", get_args(TemporalBasis), "event"),
        status=fields.one_of("status", get_args(Status), "in_force"),
        source=fields.text("source", default=""),
        supersedes=fields.text("supersedes", default="") or None,
        path=str(path),
        content_date=fields.content_date(),
        as_found=fields.flag("as_found", default=False),
        confirmed=fields.flag("confirmed", default=True),
    )


def instant(value: object) -> datetime:
    """A date or instant of front matter as an aware instant; without a zone it is Shanghai time.

    `24:00` is the next day's 00:00. Raises `ValueError` when it is neither.
    """
    if isinstance(value, datetime):
        zone = value.tzinfo or SHANGHAI
        return datetime(value.year, value.month, value.day, value.hour, value.minute, value.second, tzinfo=zone)
    if isinstance(value, date):
        return datetime.combine(value, time(), SHANGHAI)
    match = _INSTANT.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"{value!r} is not a date or an instant")
    day, clock, seconds, zone_text = match.groups()
    next_day = clock == "24:00"
    parsed = datetime.fromisoformat(
        f"{day}T{'00:00' if next_day else clock or '00:00'}:{seconds or '00'}{zone_text or ''}"
    )
    aware = parsed if parsed.tzinfo else parsed.replace(tzinfo=SHANGHAI)
    return aware + timedelta(days=1) if next_day else aware


def _load(yaml_text: str, lines_before: int, path: Path | str) -> YamlText:
    try:
        document = read_yaml(yaml_text, path, lines_before=lines_before)
    except PackError as error:
        what = error.what.removeprefix("Not YAML: ")
        raise FrontMatterError(f"The head is not YAML: {what}", file=path, line=error.line, mend=error.mend) from error
    if not isinstance(document.data, dict):
        raise FrontMatterError("The head is not a list of `key: value` lines.", file=path, line=lines_before + 1)
    return document


class _Fields:
    """Typed reads of the head, each failing with the line of its key."""

    def __init__(self, document: YamlText, path: Path | str) -> None:
        self.values: dict[str, Any] = document.data
        self.document = document
        self.path = path

    def fail(self, key: str, what: str, mend: str = "") -> FrontMatterError:
        return FrontMatterError(what, file=self.path, line=self.document.line(key), mend=mend)

    def check_keys(self) -> None:
        for key in self.values:
            if key not in _KEYS:
                near = difflib.get_close_matches(str(key), _KEYS, n=1)
                raise self.fail(key, f"Unknown field `{key}`.", f"Did you mean `{near[0]}`?" if near else "Remove it.")
        for key in _REQUIRED:
            if self.values.get(key) is None:
                raise self.fail(key, f"The field `{key}` is missing.", f"Add `{key}: …` to the head.")

    def text(self, key: str, default: str | None = None) -> str:
        value: Any = self.values.get(key, default)
        if value is None and default is not None:
            return default
        if isinstance(value, str) and (value.strip() or default is not None):
            return value.strip()
        raise self.fail(key, f"`{key}` must be text, not {value!r}.", "Put it in quotes.")

    def matching(self, key: str, pattern: re.Pattern[str], meaning: str) -> str:
        value = self.text(key)
        if not pattern.fullmatch(value):
            raise self.fail(key, f"`{key}: {value}` is not {meaning}.")
        return value

    def one_of(self, key: str, allowed: tuple[_T, ...], default: _T) -> _T:
        value = self.values.get(key, default)
        for choice in allowed:
            if value == choice:
                return choice
        raise self.fail(key, f"`{key}: {value}` is not one of {', '.join(allowed)}.")

    def flag(self, key: str, *, default: bool) -> bool:
        value: Any = self.values.get(key, default)
        if isinstance(value, bool):
            return value
        raise self.fail(key, f"`{key}` must be true or false, not {value!r}.")

    def scope(self) -> Scope:
        return Scope(**{key: self.names(key) for key in _SCOPES})

    def names(self, key: str) -> frozenset[str]:
        value: Any = self.values.get(key)
        items = [] if value is None else [value] if isinstance(value, str) else value
        if not isinstance(items, list) or not all(isinstance(item, str) and item.strip() for item in items):
            raise self.fail(key, f"`{key}` must be a list of names.", "Omit it where it means anywhere.")
        return frozenset(item.strip() for item in items)

    def window(self) -> tuple[Window, bool]:
        value: Any = self.values.get("effective")
        if value is None:
            return Window(), False
        if value == "unknown":
            return Window(), True
        if not isinstance(value, list) or len(value) != 2:
            raise self.fail("effective", "`effective` must be [from, to) or unknown.", "Write `[2024-07-01, null]`.")
        try:
            start, end = (None if edge is None else instant(edge) for edge in value)
        except ValueError as error:
            raise self.fail("effective", f"`effective`: {error}.") from error
        if start and end and end <= start:
            raise self.fail("effective", "`effective` ends before it starts.", "The end is exclusive.")
        return Window(start, end), False

    def content_date(self) -> str | None:
        value: Any = self.values.get("content_date")
        if value is None or value == "unknown":
            return None
        if isinstance(value, date) and not isinstance(value, datetime):
            return value.isoformat()
        if isinstance(value, str) and re.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?", value):
            return value
        if isinstance(value, int) and 1900 <= value <= 2200:
            return str(value)
        raise self.fail("content_date", f"`content_date: {value}` is not YYYY, YYYY-MM or YYYY-MM-DD.")
