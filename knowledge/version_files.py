"""The texts of a shop's documents on disk: one file per version, written once, read only as it was written.

What a person has confirmed are the words that lay there then. So a file is known by the hash of its bytes: one that an
editor, a sync tool or a failing disk has changed, and one that is gone, is `VersionDamaged` and not a text with a few
other words in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from knowledge.clauses import Policy
from knowledge.errors import FrontMatterError, PackError, VersionDamaged
from knowledge.front_matter import body_start, parse_policy
from knowledge.proposal import policy_file
from knowledge.register import Point, Version, write_whole
from knowledge.statute_words import asked_of_law

_MEND = "Take its source in again (`xiaoer ingest`), or restore the file from a backup."


class VersionFiles:
    """The files below one folder. What was read is kept as long as its file looks the same; safe for threads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._read: dict[str, tuple[tuple[int, int, str], Policy]] = {}

    def policy(self, version: Version) -> Policy:
        """The version as its file says, without what was said about it since.

        Raises `VersionDamaged` when the file is not what was written, or cannot be read as a policy.
        """
        path = self.folder / version.file
        mark = self._mark(version)
        cached = self._read.get(version.file)
        if cached is None or cached[0] != mark:
            read = parse_policy(self._bytes(version).decode(), path)
            cached = mark, replace(read, asked=asked_of_law(read.title)) if read.level == "statute" else read
            self._read[version.file] = cached
        policy = cached[1]
        if (policy.key, policy.lang) != (version.key, version.lang):
            raise FrontMatterError(f"The head names {policy.key}, the register {version.key}.", file=path)
        return policy

    def damage(self, version: Version) -> VersionDamaged | None:
        """What is wrong with the file of a version; None while it is what was written."""
        try:
            cached = self._read.get(version.file)
            if cached is None or cached[0] != self._mark(version):
                self._bytes(version)
        except VersionDamaged as error:
            return error
        return None

    def write(self, file: str, text: str) -> str:
        """Write the text of a version, durably; the hash by which it is known."""
        data = text.encode()
        write_whole(self.folder / file, data)
        return hashlib.sha256(data).hexdigest()

    def remove(self, file: str) -> None:
        (self.folder / file).unlink(missing_ok=True)
        self._read.pop(file, None)

    def found(self) -> list[Policy]:
        """Every policy that lies in the folder, by path, whatever a register says. What is none is passed over."""
        read: list[Policy] = []
        for path in sorted(self.folder.rglob("*.md")):
            try:
                read.append(parse_policy(path.read_bytes().decode(), path))
            except (PackError, OSError, UnicodeDecodeError):
                continue
        return read

    def _mark(self, version: Version) -> tuple[int, int, str]:
        try:
            found = (self.folder / version.file).stat()
        except OSError as error:
            file = self._path(version)
            raise VersionDamaged(f"The text of {version.key} is missing.", file=file, mend=_MEND) from error
        return found.st_mtime_ns, found.st_size, version.digest

    def _bytes(self, version: Version) -> bytes:
        path = self._path(version)
        try:
            data = path.read_bytes()
            data.decode()
        except OSError as error:
            raise VersionDamaged(f"The text of {version.key} cannot be read.", file=path, mend=_MEND) from error
        except UnicodeDecodeError as error:
            raise VersionDamaged(f"The text of {version.key} is not UTF-8.", file=path, mend=_MEND) from error
        # a register of an earlier program names no hash
        if version.digest and hashlib.sha256(data).hexdigest() != version.digest:
            raise VersionDamaged(f"The text of {version.key} is not what was taken in.", file=path, mend=_MEND)
        return data

    def _path(self, version: Version) -> Path:
        return self.folder / version.file


def has_own_head(policy: Policy) -> bool:
    """Whether a person wrote the head; that of a found text or of a law's articles is made here."""
    return not policy.as_found and not policy.path.endswith(".jsonl")


def body_hash(policy: Policy) -> str:
    """SHA-256 of what a text is known by: all of it where a person wrote its head, else its body."""
    text = policy.text if has_own_head(policy) else policy.text[body_start(policy.text) :]
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def as_file(policy: Policy, taken: set[str], points: Sequence[Point]) -> tuple[Policy, str]:
    """The policy under a version that is not among `taken`, and the text of its file."""
    if has_own_head(policy):
        return policy, _encodable(policy.text)
    version, number = policy.version, 1
    while version in taken:
        number += 1
        version = f"{policy.version}.{number}"
    named = replace(policy, version=version)
    return named, _encodable(policy_file(named, points))


def file_name(policy: Policy) -> str:
    """Where the file of a version lies, relative to the folder."""
    return f"{policy.id}@{policy.version}{'.en' if policy.lang == 'en' else ''}.md"


def _encodable(text: str) -> str:
    """Lone surrogates, which no file can hold, as replacement characters."""
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
