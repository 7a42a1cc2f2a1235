"""Take files, folders and web addresses into a shop's documents, one source after the other, each as a whole.

What is done is done: a run that is stopped goes on where it was, for every source is known by the hash of its bytes and
what is unchanged is not read again. A source that fails leaves a line in the report and nothing else.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from knowledge.clauses import Policy
from knowledge.documents import Documents
from knowledge.errors import DocumentError, PackError
from knowledge.fetching import DEFAULT_FETCH_LIMITS, Fetched, FetchLimits, Resolver, fetch, resolve
from knowledge.ingest import FileReport, files_of, read_file
from knowledge.ingest_worker import DEFAULT_LIMITS, Limits
from knowledge.loaders import MAX_BYTES
from knowledge.register import Register, Source, Version
from knowledge.version_files import body_hash, has_own_head

_CHUNK = 1 << 20
UPLOAD = "upload:"
"""Before the name of a file that was sent, not found: no path leads back to it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be taken: files to read, addresses to fetch, and what is left aside with the reason."""

    files: tuple[Path, ...] = ()
    urls: tuple[str, ...] = ()
    skipped: tuple[tuple[Path, str], ...] = ()
    folders: tuple[Path, ...] = ()
    """Those the files were looked for in: what was taken from them before and lies there no more is told."""

    def __len__(self) -> int:
        return len(self.files) + len(self.urls) + len(self.skipped)


@dataclass(frozen=True, slots=True)
class Terms:
    """How it is taken. `pack` are the policies that the shop's pack holds, which no document may restate."""

    limits: Limits = DEFAULT_LIMITS
    fetching: FetchLimits = DEFAULT_FETCH_LIMITS
    resolver: Resolver = resolve
    encoding: str = ""
    as_draft: bool = False
    isolate: bool = True
    who: str = ""
    """Who gives it; kept with each version."""
    pack: tuple[Policy, ...] = field(default=(), repr=False)


DEFAULT_TERMS = Terms()


def wanted(sources: Iterable[str | Path], url_list: Path | None = None) -> Wanted:
    """Sort out files, folders and addresses. `url_list` is a text file with one address a line, `#` before comments.

    Raises `DocumentError` for a path that is not there or a list that cannot be read.
    """
    named = [str(source) for source in sources]
    urls = [name for name in named if _is_url(name)]
    paths = [Path(name) for name in named if not _is_url(name)]
    for path in paths:
        if not path.exists():
            raise DocumentError(f"{path}: no such file or folder.", mend="Check the path.")
    if url_list is not None:
        urls += _listed(url_list)
    files = files_of(paths)
    folders = tuple(path for path in paths if path.is_dir())
    return Wanted(tuple(dict.fromkeys(files.found)), tuple(dict.fromkeys(urls)), files.skipped, folders)


def take(
    documents: Documents,
    what: Wanted,
    *,
    at: datetime,
    terms: Terms = DEFAULT_TERMS,
    on_source: Callable[[str], object] = lambda name: None,
) -> Iterator[FileReport]:
    """Take one source after the other; each is in the documents, durably, before its report is given.

    `on_source` is told the name of each before it is read. Never raises for a source.
    """
    for path, reason in what.skipped:
        yield FileReport(str(path), skipped=reason)
    run = _Run(documents, at, terms)
    sources: tuple[Path | str, ...] = (*what.files, *what.urls)
    for source in sources:
        on_source(source.name if isinstance(source, Path) else source)
        try:
            yield run.file(source) if isinstance(source, Path) else run.url(source)
        except (DocumentError, PackError) as error:
            yield FileReport(str(source), error=str(error))
    yield from _gone(documents.register(), what.folders)


def _gone(register: Register, folders: Sequence[Path]) -> Iterator[FileReport]:
    """Files that were taken from these folders, lie there no more, and whose documents go on answering.

    Nothing is withdrawn for it: a disk that is not mounted is an empty folder too.
    """
    within = [folder.resolve() for folder in folders]
    answering = {each.file: each for each in register.versions if each.state == "published"}
    lost: dict[str, list[str]] = {}
    kept: set[str] = set()
    for name, source in register.sources.items():
        if _is_url(name) or name.startswith(UPLOAD) or Path(name).exists():
            kept.update(source.files)
        elif any(Path(name).is_relative_to(folder) for folder in within):
            lost[name] = [file for file in source.files if file in answering]
    for name, files in sorted(lost.items()):
        ids = dict.fromkeys(answering[file].id for file in files if file not in kept)
        if ids:
            yield FileReport(name, gone=tuple(ids))


def take_upload(documents: Documents, path: Path, *, at: datetime, terms: Terms = DEFAULT_TERMS) -> FileReport:
    """Take one file that lies at `path` only for now. It is known by its name: that name again is its next version.

    Raises `DocumentError` or `PackError` when it cannot be taken; nothing of it is kept then.
    """
    return replace(_Run(documents, at, terms).file(path, f"{UPLOAD}{path.name}"), path=path.name)


@dataclass(frozen=True, slots=True)
class _Run:
    documents: Documents
    at: datetime
    terms: Terms

    def file(self, path: Path, known_as: str = "") -> FileReport:
        terms = self.terms
        name = known_as or str(path.resolve())
        content = _hash_of(path, terms.limits.bytes)
        known = self.documents.register().sources.get(name)
        same = known is not None and (known.content, known.encoding) == (content, terms.encoding)
        if known is not None and same and (versions := _of_source(self.documents, known)) is not None:
            return _unchanged(str(path), versions)
        taken, entry = read_file(path, limits=terms.limits, isolate=terms.isolate, encoding=terms.encoding)
        return self._keep(taken, entry, name, Source(content, (), encoding=terms.encoding))

    def url(self, url: str) -> FileReport:
        terms = self.terms
        known = self.documents.register().sources.get(url)
        versions = _of_source(self.documents, known) if known is not None else None
        had = known if known is not None and versions is not None else Source("", ())
        found = fetch(url, etag=had.etag, modified=had.modified, limits=terms.fetching, resolver=terms.resolver)
        content = hashlib.sha256(found.body).hexdigest() if found.changed else had.content
        if versions is not None and (content, terms.encoding) == (had.content, had.encoding):
            return _unchanged(url, versions)
        taken, entry = _read_fetched(url, found, terms)
        return self._keep(taken, entry, url, Source(content, (), found.etag, found.modified, terms.encoding))

    def _keep(self, taken: Sequence[Policy], entry: FileReport, name: str, source: Source) -> FileReport:
        register = self.documents.register()
        if len(taken) == 1 and not has_own_head(taken[0]):
            own = _own_id(replace(taken[0], path=name), register)
            content = body_hash(own)
            twin = next((each for each in register.versions if each.content == content), None)
            if twin is not None and twin.id != own.id and twin.state != "withdrawn":
                return FileReport(entry.path, same_as=twin.key)
            taken = (own,)
        elif name.startswith(UPLOAD):
            taken = tuple(replace(policy, path=name) for policy in taken)
        kept = self.documents.keep(
            taken,
            at=self.at,
            pack=self.terms.pack,
            points=lambda policy: entry.points,
            source=(name, source),
            as_draft=self.terms.as_draft,
            who=self.terms.who,
        )
        keys = tuple(each.policy for each in kept)
        return replace(entry, policies=keys, what=", ".join(dict.fromkeys(each.what for each in kept)))


def _read_fetched(url: str, found: Fetched, terms: Terms) -> tuple[tuple[Policy, ...], FileReport]:
    with tempfile.TemporaryDirectory(prefix="xiaoer-") as folder:
        path = Path(folder) / f"page{found.suffix}"
        path.write_bytes(found.body)
        try:
            return read_file(path, limits=terms.limits, isolate=terms.isolate, encoding=terms.encoding, origin=url)
        except DocumentError as error:
            raise DocumentError(error.what.replace(path.name, url), mend=error.mend) from error


def _own_id(policy: Policy, register: Register) -> Policy:
    """The policy under an id that no other source has: two files of one name in two folders are two documents.

    A file that has moved keeps its id: its old place is empty then.
    """
    for version in register.versions:
        other = version.origin
        if version.id != policy.id or other in ("", policy.path) or other not in register.sources:
            continue
        if _is_url(other) or other.startswith(UPLOAD) or Path(other).exists():
            return replace(policy, id=f"{policy.id}-{hashlib.sha256(policy.path.encode()).hexdigest()[:6]}")
    return policy


def _of_source(documents: Documents, source: Source) -> list[Version] | None:
    """The versions taken from a source; None when one of them, or its text, is no longer there."""
    by_file = {version.file: version for version in documents.register().versions}
    versions = [by_file[file] for file in source.files if file in by_file and documents.is_whole(by_file[file])]
    return versions if versions and len(versions) == len(source.files) else None


def _unchanged(name: str, versions: Sequence[Version]) -> FileReport:
    states = dict.fromkeys(version.state for version in versions if version.state != "published")
    note = f" ({', '.join(states)})" if states else ""
    return FileReport(name, tuple(version.key for version in versions), what=f"unchanged{note}")


def _hash_of(path: Path, most: int) -> str:
    """SHA-256 of a file's bytes. One that is too large is not read: its loader says so."""
    try:
        if path.stat().st_size > most:
            return ""
        digest = hashlib.sha256()
        with path.open("rb") as stream:
            while piece := stream.read(_CHUNK):
                digest.update(piece)
    except OSError as error:
        raise DocumentError(
            f"{path.name}: {error.strerror or error}.", mend="Check the path and its rights."
        ) from error
    return digest.hexdigest()


def _listed(path: Path) -> list[str]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DocumentError(f"{path}: too long for a list of addresses.")
        lines = [line.strip() for line in path.read_text("utf-8-sig").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise DocumentError(f"{path}: the list cannot be read.", mend="Write one address a line, in UTF-8.") from error
    return [line for line in lines if line and not line.startswith("#")]


def _is_url(name: str) -> bool:
    return name.lower().startswith(("http://", "https://"))
