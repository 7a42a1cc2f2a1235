"""One file per kind of document; each turns bytes into a `Loaded` text with `#` headings, or raises `DocumentError`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from knowledge.errors import DocumentError
from knowledge.loaders.html import load_html
from knowledge.loaders.markdown import load_markdown
from knowledge.loaders.plain import Loaded, load_plain

LOADERS: dict[str, Callable[[bytes], Loaded]] = {
    ".md": load_markdown,
    ".markdown": load_markdown,
    ".html": load_html,
    ".htm": load_html,
    ".xhtml": load_html,
    ".txt": load_plain,
    ".text": load_plain,
}
"""By lower-case suffix. What is not listed is refused, not guessed."""

MAX_BYTES = 4 * 1024 * 1024
"""The largest document read: far above any policy, far below what would hurt."""


def load_document(path: Path, *, max_bytes: int = MAX_BYTES) -> Loaded:
    """Read one document. Raises `DocumentError` when it is missing, too large, of an unknown kind or not text."""
    loader = LOADERS.get(path.suffix.lower())
    if loader is None:
        raise DocumentError(
            f"{path.name}: no loader for `{path.suffix or 'no suffix'}`.", mend=f"Use one of {', '.join(LOADERS)}."
        )
    try:
        size = path.stat().st_size
        if size > max_bytes:
            raise DocumentError(
                f"{path.name}: {size} bytes, more than {max_bytes}.", mend="Split it or raise the limit."
            )
        return loader(path.read_bytes())
    except OSError as error:
        raise DocumentError(
            f"{path.name}: {error.strerror or error}.", mend="Check the path and its rights."
        ) from error


__all__ = ["LOADERS", "MAX_BYTES", "Loaded", "load_document"]
