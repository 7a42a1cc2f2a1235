"""The documents of a shop: what `ingest` took, kept as policy files in a folder beside the shop's data.

They are found and quoted with the pack's policies, but decide nothing: tables decide only in a pack. One file per
document, `<id>.md` (`<id>@<version>.md` for those written with a head of their own, so that versions stand side by
side), whose head a person may edit. Identity is by content: taking the same text again leaves the file alone, edits
of its head included.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from knowledge.clauses import Policy
from knowledge.errors import DocumentError, PackError
from knowledge.front_matter import body_start, parse_policy
from knowledge.ingest import IngestResult
from knowledge.proposal import policy_file

DOCUMENTS_FOLDER = "documents"
"""The name of the folder in a shop's data directory."""

What = Literal["added", "replaced", "unchanged"]


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of one ingested policy."""

    policy: str
    """`id@version`"""
    path: str
    what: What


def read_documents(folder: Path | None) -> tuple[Policy, ...]:
    """The documents in `folder`, by path; none where there is no folder.

    Raises `FrontMatterError` (file and line) for a head that an edit has broken.
    """
    paths = sorted(folder.rglob("*.md")) if folder is not None else []
    return tuple(parse_policy(_text(path), path) for path in paths)


def keep(result: IngestResult, folder: Path, *, pack: Iterable[Policy] = ()) -> list[Kept]:
    """Write what `ingest` took into `folder`, touching only what changed.

    A found document of the same id replaces its predecessor, whatever its proposed date. Raises `DocumentError` before
    anything is written when the pack itself holds a policy of the same id and version.
    """
    taken = {(policy.key, policy.lang): policy.path for policy in pack}
    for policy in result.policies:
        if (policy.key, policy.lang) in taken:
            raise DocumentError(
                f"{Path(policy.path).name}: {policy.key} is a policy of the pack.", mend="Change it there."
            )
    datings = {key: entry.dating for entry in result.report for key in entry.policies}
    kept: list[Kept] = []
    for policy in result.policies:
        path = folder / _name(policy)
        own = _has_own_head(policy)
        text = policy.text if own else policy_file(policy, datings.get(policy.key))
        what = _write(path, _encodable(text), whole=own)
        kept.append(Kept(policy.key, str(path), what))
    return kept


def remove(name: str, folder: Path) -> list[Policy]:
    """Delete the documents whose id or `id@version` is `name`. Raises `DocumentError` when there is none."""
    gone = [policy for policy in read_documents(folder) if name in (policy.id, policy.key)]
    if not gone:
        raise DocumentError(f"There is no document {name}.", mend="See them with `xiaoer ingest --list`.")
    for policy in gone:
        Path(policy.path).unlink()
    return gone


def _write(path: Path, text: str, *, whole: bool) -> What:
    """Write `text` unless the file holds the same: the whole of it, or only its body where the head is a proposal."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        return "added"
    before = _text(path)
    start, old_start = (0, 0) if whole else (body_start(text), body_start(before))
    if before[old_start:] == text[start:]:
        return "unchanged"
    path.write_bytes(text.encode())
    return "replaced"


def _has_own_head(policy: Policy) -> bool:
    """Whether a person wrote the head; that of a found text or of a law's articles is made here."""
    return not policy.as_found and not policy.path.endswith(".jsonl")


def _name(policy: Policy) -> str:
    version = f"@{policy.version}" if _has_own_head(policy) else ""
    return f"{policy.id}{version}{'.en' if policy.lang == 'en' else ''}.md"


def _encodable(text: str) -> str:
    """Lone surrogates, which no file can hold, as replacement characters."""
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise PackError("The file is not UTF-8.", file=path, mend="Save it as UTF-8.") from error
