"""Turn files into policies, with a report of what was taken, what was cut and why, and what was refused.

Markdown with our front matter is used as it is written. A JSONL of statute articles becomes one policy per law with one
clause per article. Anything else is foreign: it is read in a limited subprocess, cleaned, dated, and given *proposed*
front matter that a person must confirm; until then it may be found and quoted with its date, but decides nothing.
A file that fails leaves a line in the report and nothing in the result.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from knowledge.clauses import Lang, Policy, Scope, Status, Window
from knowledge.cleaning import clean
from knowledge.dates import Dating, propose
from knowledge.errors import DocumentError, FrontMatterError
from knowledge.front_matter import has_front_matter, instant, parse_policy
from knowledge.ingest_worker import DEFAULT_LIMITS, Limits, read_apart
from knowledge.loaders import LOADERS, Loaded, load_document
from knowledge.splitting import reading_of, split
from knowledge.statutes import load_statutes
from knowledge.text import HAN

_LONGEST_TITLE = 60
_AHEAD = re.compile(r"将推出|將推出|即将|即將|(?<![模虚虛])[拟擬](?!人|态|態)|\bwill be\b")
_OPENING = re.compile(r"[^。；;!！?？]{8,60}?(?=[，,。；;!！?？])")

UNCONFIRMED = "Read from a file; date and scope are proposed and not confirmed."
"""How `Policy.source` of a proposal opens."""


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one file. `error` is empty when it was taken."""

    path: str
    policies: tuple[str, ...] = ()
    clauses: int = 0
    encoding: str = ""
    cut: dict[str, int] = field(default_factory=dict[str, int])
    """Characters by reason, see `cleaning.Reason`."""
    dating: Dating | None = None
    same_as: str = ""
    """The policy that already holds this very content."""
    error: str = ""

    @property
    def line(self) -> str:
        """One line for a person."""
        if self.error:
            return f"{self.path}: refused. {self.error}"
        if self.same_as:
            return f"{self.path}: the same content as {self.same_as}; not taken twice."
        cut = f", cut {', '.join(f'{reason} {size}' for reason, size in self.cut.items())}" if self.cut else ""
        dated = f", proposed date {self.dating.content_date or 'unknown'} (confirm it)" if self.dating else ""
        return f"{self.path}: {len(self.policies)} policies, {self.clauses} clauses{cut}{dated}."


@dataclass(frozen=True, slots=True)
class IngestResult:
    """Policies ready for `ClauseIndex.build`, and one report per file in the order given."""

    policies: tuple[Policy, ...]
    report: tuple[FileReport, ...]

    @property
    def refused(self) -> tuple[FileReport, ...]:
        return tuple(entry for entry in self.report if entry.error)


def ingest(
    paths: Iterable[Path | str],
    *,
    limits: Limits = DEFAULT_LIMITS,
    isolate: bool = True,
    encoding: str = "",
    on_file: Callable[[Path], object] = lambda path: None,
) -> IngestResult:
    """Read files and folders (recursively, sorted). `isolate=False` reads foreign formats in this process; `on_file`
    is told each file before it is read.

    Never raises for a document: what cannot be read is a line of the report.
    """
    policies: dict[tuple[str, str], Policy] = {}
    seen: dict[str, str] = {}
    report: list[FileReport] = []
    for path in _files(paths):
        on_file(path)
        try:
            taken, entry = _take(path, limits, isolate, encoding)
            entry = _without_clash(taken, entry, policies, seen)
        except (DocumentError, FrontMatterError) as error:
            taken, entry = (), FileReport(str(path), error=str(error))
        report.append(entry)
        if not entry.error and not entry.same_as:
            policies |= {(policy.key, policy.lang): policy for policy in taken}
            seen |= {_digest(policy.text): policy.key for policy in taken}
    return IngestResult(tuple(policies.values()), tuple(report))


def _take(path: Path, limits: Limits, isolate: bool, encoding: str = "") -> tuple[tuple[Policy, ...], FileReport]:
    suffix = path.suffix.lower()
    if suffix == ".jsonl":
        laws = load_statutes(path, max_bytes=limits.bytes)
        return laws, FileReport(
            str(path), tuple(law.key for law in laws), sum(len(split(law)) for law in laws), "utf-8"
        )
    own = suffix in (".md", ".markdown") and _opens_with_front_matter(path)
    loaded = (
        load_document(path, max_bytes=limits.bytes, encoding=encoding)
        if own or not isolate
        else read_apart(path, limits, encoding=encoding)
    )
    if own and has_front_matter(loaded.text):
        policy = parse_policy(loaded.text, path)
        return (policy,), FileReport(str(path), (policy.key,), len(split(policy)), loaded.encoding)
    return _propose(path, loaded)


def _propose(path: Path, loaded: Loaded) -> tuple[tuple[Policy, ...], FileReport]:
    cleaned = clean(loaded.text)
    dating = propose(cleaned)
    lang: Lang = "zh" if any(c in loaded.text for c in "的是在了有") or _is_han(cleaned.text) else "en"
    policy = Policy(
        id=f"news/{_slug(path)}",
        version=dating.content_date or "undated",
        title=reading_of(loaded.title) or _first_line(cleaned.text) or path.stem,
        lang=lang,
        text=loaded.text,
        level="temporary",
        scope=Scope(platforms=frozenset(dating.platforms)),
        window=Window(_start_of(dating.content_date), None) if dating.content_date else Window(),
        undated=dating.content_date is None,
        status=_status(loaded.text),
        source=f"{UNCONFIRMED} {path.name}",
        path=str(path),
        content_date=dating.content_date,
        as_found=True,
        confirmed=False,
    )
    clauses = split(policy)
    if not clauses:
        raise DocumentError(f"{path.name}: nothing is left after cleaning.", mend="Check that it is the right file.")
    entry = FileReport(
        str(path),
        (policy.key,),
        len(clauses),
        loaded.encoding,
        {str(reason): size for reason, size in cleaned.summary().items()},
        dating,
    )
    return (policy,), entry


def _status(text: str) -> Status:
    """A text that says what will be done is an announcement; one that does not is history. Neither decides."""
    return "announced" if _AHEAD.search(text) else "history"


def _start_of(content_date: str) -> datetime:
    year, month, day = (*content_date.split("-"), "01", "01")[:3]
    return instant(f"{year}-{month}-{day}")


def _without_clash(
    taken: tuple[Policy, ...], entry: FileReport, policies: dict[tuple[str, str], Policy], seen: dict[str, str]
) -> FileReport:
    for policy in taken:
        if known := seen.get(_digest(policy.text)):
            return FileReport(entry.path, same_as=known)
        if other := policies.get((policy.key, policy.lang)):
            raise DocumentError(
                f"{Path(entry.path).name}: {policy.key} ({policy.lang}) is already in {other.path}.",
                mend="Give one of them another version.",
            )
    return entry


def _files(paths: Iterable[Path | str]) -> list[Path]:
    known = {*LOADERS, ".jsonl"}
    found: list[Path] = []
    for path in map(Path, paths):
        if path.is_dir():
            found += sorted(p for p in path.rglob("*") if p.is_file() and p.suffix.lower() in known)
        else:
            found.append(path)
    return found


def _opens_with_front_matter(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return stream.read(8).removeprefix(b"\xef\xbb\xbf").startswith((b"---\n", b"---\r\n", b"--- "))
    except OSError:
        return False


def _slug(path: Path) -> str:
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in path.stem.lower()).strip("-_")
    return plain if plain and plain[0].isalnum() and plain.isascii() else f"doc-{_digest(path.stem)[:10]}"


def _first_line(text: str) -> str:
    """The first line, or where that is a paragraph, its first words up to a mark."""
    line = next((line.strip(" #\t\u3000") for line in text.splitlines() if line.strip(" #\t\u3000")), "")
    shown = reading_of(line).rstrip("。.")
    if len(shown) <= _LONGEST_TITLE:
        return shown
    opening = _OPENING.match(shown)
    return (opening[0] if opening else shown[:_LONGEST_TITLE]) + "…"


def _is_han(text: str) -> bool:
    return sum("\u4e00" <= c <= "\u9fff" or c in HAN for c in text) * 4 > len(text)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
