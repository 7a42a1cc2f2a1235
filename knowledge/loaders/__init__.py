"""One file per kind of document; each turns bytes into a `Loaded` text with `#` headings, or raises `DocumentError`.

A parser of a vendor is imported when the first document of its kind is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from knowledge.errors import DocumentError
from knowledge.loaders.archive import OLE
from knowledge.loaders.docx import load_docx
from knowledge.loaders.html import load_html
from knowledge.loaders.markdown import load_markdown
from knowledge.loaders.pdf import load_pdf
from knowledge.loaders.plain import Loaded, load_plain
from knowledge.loaders.sheets import load_csv, load_jsonl, load_xlsx

Loader = Callable[[bytes, str], Loaded]
"""Bytes and the encoding somebody named (empty: find it out)."""

LOADERS: dict[str, Loader] = {
    ".md": load_markdown,
    ".markdown": load_markdown,
    ".html": load_html,
    ".htm": load_html,
    ".xhtml": load_html,
    ".txt": load_plain,
    ".text": load_plain,
    ".csv": load_csv,
    ".tsv": load_csv,
    ".jsonl": load_jsonl,
    ".xlsx": load_xlsx,
    ".docx": load_docx,
    ".pdf": load_pdf,
}
"""By lower-case suffix. What is not listed is refused, not guessed."""

MAX_BYTES = 32 * 1024 * 1024
"""The largest document read: a handbook with pictures; far below what would hurt."""

MAX_CHARACTERS = 4_000_000
"""The longest text taken from one document."""

_SIGNS = (
    (b"%PDF-", "a PDF", (".pdf",)),
    (b"PK\x03\x04", "an office or zip file", (".docx", ".xlsx")),
    (OLE, "an old or locked office file", (".docx", ".xlsx")),
    (b"\x89PNG", "a picture", ()),
    (b"\xff\xd8\xff", "a picture", ()),
    (b"GIF8", "a picture", ()),
    (b"\x1f\x8b", "a gzip file", ()),
    (b"Rar!", "a rar file", ()),
    (b"7z\xbc\xaf", "a 7z file", ()),
    (b"MZ", "a program", ()),
    (b"\x7fELF", "a program", ()),
)
_UNSAFE = re.compile("[\x00\ud800-\udfff]")


def load_document(path: Path, *, max_bytes: int = MAX_BYTES, encoding: str = "") -> Loaded:
    """Read one document. Raises `DocumentError` when it is missing, too large, of an unknown kind, not what its name
    says, or cannot be read. NUL and lone surrogates never reach the text.
    """
    loader = LOADERS.get(path.suffix.lower())
    if loader is None:
        raise DocumentError(
            f"{path.name}: no loader for `{path.suffix or 'no suffix'}`.", mend=f"Use one of {', '.join(LOADERS)}."
        )
    data = _bytes(path, max_bytes)
    if (kind := kind_of(data, path.suffix.lower())) is not None:
        raise DocumentError(f"{path.name}: it holds {kind}.", mend="Give it the suffix of what it is.")
    try:
        loaded = loader(data, encoding)
    except DocumentError as error:
        raise DocumentError(f"{path.name}: {error.what}", mend=error.mend) from error
    if len(loaded.text) > MAX_CHARACTERS:
        raise DocumentError(f"{path.name}: more than {MAX_CHARACTERS} characters of text.", mend="Split it.")
    return replace(loaded, text=_UNSAFE.sub("\ufffd", loaded.text), title=_UNSAFE.sub("", loaded.title))


def kind_of(data: bytes, suffix: str) -> str | None:
    """What `data` is by its first bytes, where that is not what a file of `suffix` holds; None where all is well."""
    for sign, kind, suffixes in _SIGNS:
        if data.startswith(sign):
            return None if suffix in suffixes else kind
    return "no office file" if suffix in (".docx", ".xlsx") else None


def _bytes(path: Path, max_bytes: int) -> bytes:
    try:
        size = path.stat().st_size
        if size > max_bytes:
            raise DocumentError(
                f"{path.name}: {size} bytes, more than {max_bytes}.", mend="Split it or raise the limit."
            )
        return path.read_bytes()
    except OSError as error:
        raise DocumentError(
            f"{path.name}: {error.strerror or error}.", mend="Check the path and its rights."
        ) from error


__all__ = ["LOADERS", "MAX_BYTES", "MAX_CHARACTERS", "Loaded", "Loader", "kind_of", "load_document"]
