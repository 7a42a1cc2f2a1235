"""The text of a PDF, page after page. The one home of pypdf.

Text that a reader of the page does not see cannot be told apart here; lines that stand at the head or foot of most
pages (running titles, page numbers) are dropped.
"""

from __future__ import annotations

import io
import re
from collections import Counter

from knowledge.errors import DocumentError
from knowledge.loaders.plain import Loaded

MAX_PAGES = 2_000

_EDGE_LINES = 2
_EDGE_SHARE = 0.6
_EDGE_PAGES = 4
_LONGEST_EDGE = 80
_PAGE_NUMBER = re.compile(r"\W*(?:第|page)?\s*\d{1,4}\s*[页頁]?(?:\s*(?:/|of|共)\s*\d{1,4}\s*[页頁]?)?\W*", re.I)


def load_pdf(data: bytes, encoding: str = "") -> Loaded:
    """The text of all pages. `encoding` is of no meaning here.

    Raises `DocumentError` for a damaged or locked file, one of too many pages, or one that holds no text.
    """
    from pypdf import PdfReader
    from pypdf.errors import DependencyError, PyPdfError

    if b"%PDF-" not in data[:1024]:
        raise DocumentError("It is no PDF inside.", mend="Give it the suffix of what it is.")
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise DocumentError("The PDF is locked with a password.", mend="Save it without a password.")
        count = len(reader.pages)
        if count > MAX_PAGES:
            raise DocumentError(f"The PDF has {count} pages, more than {MAX_PAGES}.", mend="Split it.")
        pages = [page.extract_text().replace("\r", "\n") for page in reader.pages]
        title = reader.metadata.title if reader.metadata else None
    except DependencyError as error:
        raise DocumentError(f"The PDF is locked in an unknown way: {error}.", mend="Save it anew.") from error
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OSError) as error:
        # a damaged file breaks the parser in any of these ways
        raise DocumentError(f"The PDF is damaged: {type(error).__name__}.", mend="Save it anew.") from error
    text = re.sub(r"\n{3,}", "\n\n", "\n\n".join(_without_edges(pages))).strip()
    if not re.search(r"\w", text):
        raise DocumentError("The PDF holds no text.", mend="It may be scanned: read it with OCR first.")
    return Loaded(text + "\n", "pdf", str(title).strip() if isinstance(title, str) else "")


def _without_edges(pages: list[str]) -> list[str]:
    """The pages without the first or last lines that most of them share."""
    split = [[line.rstrip() for line in page.strip().split("\n")] for page in pages]
    if len(pages) < _EDGE_PAGES:
        return ["\n".join(lines) for lines in split]
    seen = Counter(shape for lines in split for shape in {_shape(line) for line in _edges(lines)} if shape)
    running = {shape for shape, count in seen.items() if count >= len(pages) * _EDGE_SHARE}
    return ["\n".join(_trimmed(lines, running)) for lines in split]


def _edges(lines: list[str]) -> list[str]:
    return [*lines[:_EDGE_LINES], *lines[-_EDGE_LINES:]]


def _shape(line: str) -> str:
    """What makes two lines of different pages the same: their words, or that both are page numbers."""
    line = line.strip()
    return "#" if _PAGE_NUMBER.fullmatch(line) else line if len(line) < _LONGEST_EDGE else ""


def _trimmed(lines: list[str], running: set[str]) -> list[str]:
    first, last = 0, len(lines)
    while first < min(_EDGE_LINES, last) and _shape(lines[first]) in running:
        first += 1
    while last > max(first, len(lines) - _EDGE_LINES) and _shape(lines[last - 1]) in running:
        last -= 1
    return lines[first:last]
