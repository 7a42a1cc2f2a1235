"""The text of a PDF, page after page. The one home of pypdf.

Text that a reader of the page does not see cannot be told apart here; lines that stand at the head or foot of most
pages (running titles, page numbers) are dropped.
"""

from __future__ import annotations

import io
import re
import unicodedata
from collections import Counter

from knowledge.errors import DocumentError
from knowledge.loaders.plain import Loaded, stated_title

MAX_PAGES = 2_000

_EDGE_LINES = 2
_EDGE_SHARE = 0.6
_EDGE_PAGES = 3
_LONGEST_EDGE = 80
_PRINTED = re.compile(
    r"\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4},?\s*\d{1,2}:\d{2}(?:\s*[AP]M)?(?:\s.{0,80})?|(?:file|https?)://\S{1,300}\s+\d{1,4}/\d{1,4}",
    re.I,
)
"""What a browser prints at the head and the foot of a page: when, its title; its address, the page's number."""
_RADICALS = str.maketrans(
    {c: unicodedata.normalize("NFKC", c) for c in map(chr, (*range(0x2F00, 0x2FD6), *range(0xFB00, 0xFB07)))}
    | dict(
        zip(
            "⺟⺠⻁⻄⻅⻆⻉⻋⻓⻔⻘⻙⻚⻛⻜⻝⻢⻣⻤⻥⻦⻨⻩⻬⻮⻰⻳",
            "母民虎西见角贝车长门青韦页风飞食马骨鬼鱼鸟麦黄齐齿龙龟",
            strict=True,
        )
    )
)
"""Signs of radicals and joined letters, by which some programs write 月, 长 and fi."""
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
        pages = [page.extract_text().replace("\r", "\n").translate(_RADICALS) for page in reader.pages]
        title = reader.metadata.title if reader.metadata else None
    except DependencyError as error:
        raise DocumentError(f"The PDF is locked in an unknown way: {error}.", mend="Save it anew.") from error
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OSError) as error:
        # a damaged file breaks the parser in any of these ways
        raise DocumentError(f"The PDF is damaged: {type(error).__name__}.", mend="Save it anew.") from error
    kept, running = _without_edges(pages)
    text = re.sub(r"\n{3,}", "\n\n", "\n\n".join(kept)).strip()
    if not re.search(r"\w", text):
        raise DocumentError("The PDF holds no text.", mend="It may be scanned: read it with OCR first.")
    dropped = sum(map(_size, pages)) - sum(map(_size, kept))
    return Loaded(text + "\n", "pdf", stated_title(title) or running, {"running": dropped} if dropped else {})


def _size(page: str) -> int:
    return len("".join(page.split()))


def _without_edges(pages: list[str]) -> tuple[list[str], str]:
    """The pages without the first or last lines that most of them share, and the first such line in words."""
    split = [
        [line.rstrip() for line in page.strip().split("\n") if not _PRINTED.fullmatch(line.strip())] for page in pages
    ]
    if len(pages) < _EDGE_PAGES:
        return ["\n".join(lines) for lines in split], ""
    seen = Counter(shape for lines in split for shape in {_shape(line) for line in _edges(lines)} if shape)
    least = max(_EDGE_PAGES, len(pages) * _EDGE_SHARE)
    running = {shape for shape, count in seen.items() if count >= least}
    title = next((line for line in _edges(split[0]) if line.strip() in running), "").strip()
    return ["\n".join(_trimmed(lines, running)) for lines in split], title


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
