"""Turn files into policies, with a report of what was taken, what was cut and why, and what was refused.

Markdown with our front matter is used as it is written. A JSONL of statute articles becomes one policy per law with one
clause per article. Anything else is foreign: it is read in a limited subprocess, cleaned, dated, and given *proposed*
front matter that a person must confirm; until then it may be found and quoted with its date, but decides nothing.
A file that fails leaves a line in the report and nothing in the result.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from knowledge.clauses import Lang, Policy, Scope
from knowledge.cleaning import clean
from knowledge.dates import Dating, propose
from knowledge.errors import DocumentError, FrontMatterError
from knowledge.front_matter import has_front_matter, parse_policy
from knowledge.ingest_worker import DEFAULT_LIMITS, Limits, read_apart
from knowledge.loaders import LOADERS, Loaded, load_document
from knowledge.proposed_head import propose_head
from knowledge.register import UNCONFIRMED, Point
from knowledge.splitting import reading_of, split
from knowledge.statutes import load_statutes
from knowledge.text import HAN

_LONGEST_TITLE = 60
_LONGEST_SLUG = 60
_LONGEST_RECORD = 1 << 16
_OPENING = re.compile(r"[^。；;!！?？]{8,60}?(?=[，,。；;!！?？])")


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one file. `error` is empty when it was taken."""

    path: str
    policies: tuple[str, ...] = ()
    clauses: int = 0
    encoding: str = ""
    cut: dict[str, int] = field(default_factory=dict[str, int])
    """Characters by reason, see `cleaning.Reason` and `Loaded.cut`."""
    dating: Dating | None = None
    same_as: str = ""
    """The policy that already holds this very content."""
    error: str = ""
    points: tuple[Point, ...] = ()
    """What is proposed for its head, with the words it rests on."""
    skipped: str = ""
    """Why it was not looked at."""
    what: str = ""
    """What became of it among the shop's documents: added, replaced, unchanged, waiting, restored or mended."""

    gone: tuple[str, ...] = ()
    """The documents that were taken from it and still answer, though it is no longer there."""

    @property
    def line(self) -> str:
        """One line for a person."""
        if self.gone:
            ids = " ".join(self.gone)
            return f"{self.path}: no longer there, but {ids} still answers (xiaoer docs withdraw {ids})."
        if self.error:
            return f"{self.path}: refused. {self.error}"
        if self.skipped:
            return f"{self.path}: skipped. {self.skipped[:1].upper()}{self.skipped[1:]}."
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
    for path in files_of(paths).found:
        on_file(path)
        try:
            taken, entry = read_file(path, limits=limits, isolate=isolate, encoding=encoding)
            entry = _without_clash(taken, entry, policies, seen)
        except (DocumentError, FrontMatterError) as error:
            taken, entry = (), FileReport(str(path), error=str(error))
        report.append(entry)
        if not entry.error and not entry.same_as:
            policies |= {(policy.key, policy.lang): policy for policy in taken}
            seen |= {_digest(policy.text): policy.key for policy in taken}
    return IngestResult(tuple(policies.values()), tuple(report))


def read_file(
    path: Path,
    *,
    limits: Limits = DEFAULT_LIMITS,
    isolate: bool = True,
    encoding: str = "",
    origin: str = "",
) -> tuple[tuple[Policy, ...], FileReport]:
    """The policies of one file, and what was made of it. `origin` is where it came from, if not from `path`.

    Raises `DocumentError` or `FrontMatterError` when it cannot be taken.
    """
    try:
        return _read(path, limits, isolate, encoding, origin)
    except (ValueError, RecursionError, OverflowError) as error:
        # no file of a folder may end the run: what no reader foresaw is a fault of this file alone
        raise DocumentError(f"{path.name}: it cannot be read ({type(error).__name__}).") from error


def _read(
    path: Path, limits: Limits, isolate: bool, encoding: str, origin: str
) -> tuple[tuple[Policy, ...], FileReport]:
    suffix = path.suffix.lower()
    if suffix == ".jsonl" and _holds_law(path):
        laws = load_statutes(path, max_bytes=limits.bytes)
        keys = tuple(law.key for law in laws)
        return laws, FileReport(origin or str(path), keys, sum(len(split(law)) for law in laws), "utf-8")
    own = suffix in (".md", ".markdown") and not origin and _opens_with_front_matter(path)
    apart = isolate and not own
    if apart:
        loaded = read_apart(path, limits, encoding=encoding)
    else:
        loaded = load_document(path, max_bytes=limits.bytes, encoding=encoding)
    if own and has_front_matter(loaded.text):
        policy = parse_policy(loaded.text, path)
        return (policy,), FileReport(str(path), (policy.key,), len(split(policy)), loaded.encoding)
    return _propose(path, loaded, origin)


def _propose(path: Path, loaded: Loaded, origin: str) -> tuple[tuple[Policy, ...], FileReport]:
    cleaned = clean(loaded.text)
    dating = propose(cleaned)
    head = propose_head(cleaned, dating)
    if head.content_date != dating.content_date:
        dating = replace(dating, content_date=head.content_date, precision="day")
    lang: Lang = "zh" if any(c in loaded.text for c in "的是在了有") or _is_han(cleaned.text) else "en"
    policy = Policy(
        id=f"{'news' if head.is_news else 'doc'}/{slug_of(origin or path.stem)}",
        version=head.content_date or (f"{head.window.start:%Y-%m-%d}" if head.window.start else "undated"),
        title=reading_of(loaded.title) or _title(path, cleaned.text, origin),
        lang=lang,
        text=loaded.text,
        level=head.level,
        scope=Scope(platforms=frozenset(dating.platforms)),
        window=head.window,
        undated=head.undated,
        status=head.status,
        source=f"{UNCONFIRMED} {origin or path.name}",
        path=origin or str(path),
        content_date=head.content_date,
        as_found=True,
        confirmed=False,
    )
    clauses = split(policy)
    if not clauses:
        raise DocumentError(f"{path.name}: nothing is left after cleaning.", mend="Check that it is the right file.")
    entry = FileReport(
        origin or str(path),
        (policy.key,),
        len(clauses),
        loaded.encoding,
        {**loaded.cut, **{str(reason): size for reason, size in cleaned.summary().items()}},
        dating,
        points=head.points,
    )
    return (policy,), entry


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


@dataclass(frozen=True, slots=True)
class Files:
    """What of some paths is to be read, in order, and what is left aside, each with the reason."""

    found: tuple[Path, ...]
    skipped: tuple[tuple[Path, str], ...] = ()


def files_of(paths: Iterable[Path | str]) -> Files:
    """Files as they are named, folders recursively and sorted. A link that leads out of its folder is left aside."""
    found: list[Path] = []
    skipped: list[tuple[Path, str]] = []
    for path in map(Path, paths):
        if not path.is_dir():
            found.append(path)
            continue
        inside = path.resolve()
        for each in sorted(p for p in path.rglob("*") if p.is_file()):
            reason = _why_not(each, inside)
            if reason:
                skipped.append((each, reason))
            else:
                found.append(each)
    return Files(tuple(found), tuple(skipped))


def _why_not(path: Path, folder: Path) -> str:
    if path.name.startswith((".", "~$")):
        return "a hidden or temporary file"
    if path.suffix.lower() not in LOADERS:
        return f"no loader for `{path.suffix or 'no suffix'}`"
    return "" if path.resolve().is_relative_to(folder) else "a link that leads out of the folder"


def _holds_law(path: Path) -> bool:
    """Whether the first line is not plainly a record of something else than an article of law."""
    try:
        with path.open("rb") as stream:
            first = json.loads(stream.readline(_LONGEST_RECORD))
    except (OSError, ValueError, RecursionError):
        return True
    return not isinstance(first, dict) or bool({"law", "article"} & first.keys())


def _opens_with_front_matter(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return stream.read(8).removeprefix(b"\xef\xbb\xbf").startswith((b"---\n", b"---\r\n", b"--- "))
    except OSError:
        return False


def slug_of(name: str) -> str:
    """A usable last part of an id from a file's name without suffix or from an address."""
    bare = re.sub(r"^https?://(?:www\.)?", "", name)
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in bare.lower()).strip("-_")
    if bare != name:
        return f"{plain[:_LONGEST_SLUG].strip('-_')}-{_digest(name)[:6]}"
    return plain if plain and plain[0].isalnum() else f"doc-{_digest(name)[:10]}"


def _title(path: Path, text: str, origin: str) -> str:
    """What a document without a title is called: a table by its file, any other by its first line."""
    of_table = path.suffix.lower() in (".csv", ".tsv", ".xlsx") and not origin
    return path.stem if of_table else _first_line(text) or path.stem


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
