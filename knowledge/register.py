"""The register of a shop's documents on disk: which versions there are, in which state, taken from where.

One JSON file, replaced as a whole by an atomic rename, so that a reader sees one generation or the next and nothing
between. Writers take turns under a file lock; readers take none. The texts lie beside it, one file per version, and are
never changed: what a person confirms about a version stands here, so that a span in a text stays that span.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias

from pydantic import TypeAdapter, ValidationError

from knowledge.clauses import Lang, Level, Policy, Scope, Status, Window
from knowledge.errors import PackError

REGISTER = "register.json"
FORMAT = 1

UNCONFIRMED = "Read from a file; date and scope are proposed and not confirmed."
"""How `Policy.source` of a proposal opens until a person has confirmed it."""

State = Literal["published", "draft", "withdrawn"]
Signature: TypeAlias = "tuple[int, int, int] | None"
"""Changes whenever the register does; None while there is none."""


@dataclass(frozen=True, slots=True)
class Point:
    """One proposed field of a head with the words it rests on: a half-open span of the document's original text.

    `applied` is false for what is only suggested: a wrong region would hide a text from everybody.
    """

    field: str
    value: str
    quote: str
    start: int
    end: int
    why: str
    applied: bool = True


@dataclass(frozen=True, slots=True)
class Head:
    """What a person has said about a version; None leaves what its text says."""

    confirmed: bool | None = None
    title: str | None = None
    level: Level | None = None
    status: Status | None = None
    window: tuple[datetime | None, datetime | None] | None = None
    platforms: tuple[str, ...] | None = None
    regions: tuple[str, ...] | None = None
    categories: tuple[str, ...] | None = None
    channels: tuple[str, ...] | None = None
    audiences: tuple[str, ...] | None = None

    def over(self, policy: Policy) -> Policy:
        """`policy` as this head says it is."""
        axes = {name: getattr(self, name) for name in ("platforms", "regions", "categories", "channels", "audiences")}
        scope = {name: frozenset(names) for name, names in axes.items() if names is not None}
        simple = {name: getattr(self, name) for name in ("confirmed", "title", "level", "status")}
        changed = replace(policy, **{name: value for name, value in simple.items() if value is not None})
        if scope:
            kept = {name: getattr(policy.scope, name) for name in axes}
            changed = replace(changed, scope=Scope(**{**kept, **scope}))
        return changed if self.window is None else replace(changed, window=Window(*self.window), undated=False)

    def with_(self, other: Head) -> Head:
        """This head, with what `other` says said anew."""
        said = {name: value for name in Head.__dataclass_fields__ if (value := getattr(other, name)) is not None}
        return replace(self, **said)


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to a version, when, and by whose hand as far as is known."""

    at: datetime
    what: str
    who: str = ""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of one document in one language. `order` counts publications; the highest of a document holds."""

    id: str
    version: str
    lang: Lang
    file: str
    """Relative to the folder."""
    content: str
    """SHA-256 of the body: what a re-ingested text is known by."""
    state: State
    digest: str = ""
    """SHA-256 of the file's bytes, by which a changed one is noticed."""
    order: int = 0
    added: int = 0
    origin: str = ""
    """The path or address it was taken from."""
    head: Head = field(default_factory=Head)
    points: tuple[Point, ...] = ()
    changes: tuple[Change, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.id}@{self.version}"


@dataclass(frozen=True, slots=True)
class Source:
    """A file or address as it was last read. `content` is the SHA-256 of its bytes."""

    content: str
    files: tuple[str, ...]
    """The versions taken from it, by `Version.file`; none where the text was known from elsewhere."""
    etag: str = ""
    modified: str = ""
    encoding: str = ""


@dataclass(frozen=True, slots=True)
class Register:
    """All of it. `generation` rises with every change."""

    format: int = 0
    generation: int = 0
    versions: tuple[Version, ...] = ()
    sources: Mapping[str, Source] = field(default_factory=dict)


def signature(folder: Path) -> Signature:
    """One `stat`: which register lies in `folder` now."""
    try:
        found = os.stat(folder / REGISTER)  # noqa: PTH116 - asked before every question; a Path costs more than the call
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def read_register(folder: Path) -> Register:
    """The register in `folder`, empty where there is none. Raises `PackError` when it cannot be read."""
    path = folder / REGISTER
    try:
        register = _adapter().validate_json(path.read_bytes())
    except FileNotFoundError:
        return Register(FORMAT)
    except (ValidationError, OSError) as error:
        raise PackError(
            "The register of documents cannot be read.", file=path, mend="Restore it from a backup."
        ) from error
    if register.format != FORMAT:
        raise PackError(f"The register has format {register.format}.", file=path, mend="Use the version that wrote it.")
    return register


@contextmanager
def changing(folder: Path) -> Iterator[None]:
    """Hold the one right to write in `folder`, among all threads and processes."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / ".lock", os.O_CREAT | os.O_RDWR, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def write_register(folder: Path, register: Register) -> Register:
    """Replace the register by `register` as the next generation, durably. Call it while `changing`."""
    register = replace(register, format=FORMAT, generation=register.generation + 1)
    write_whole(folder / REGISTER, _adapter().dump_json(register, exclude_defaults=True, indent=1))
    return register


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that a crash leaves the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=".writing-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@cache
def _adapter() -> TypeAdapter[Register]:
    return TypeAdapter(Register)
