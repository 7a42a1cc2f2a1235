"""A Word document as text with `#` headings and `|` tables. The one home of python-docx.

Hidden and white text is dropped, as is what a reviewer struck out; headers, footers and pictures are not read.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from knowledge.errors import DocumentError
from knowledge.loaders.archive import check_archive
from knowledge.loaders.plain import Loaded, stated_title
from knowledge.loaders.sheets import table_as_text

if TYPE_CHECKING:
    from docx.table import Table, _Cell
    from docx.text.paragraph import Paragraph

_HEADING = re.compile(r"(?:heading|标题|標題)\s*([1-6])$", re.I)
_LIST = re.compile(r"list|列表|项目符号|編號|编号", re.I)
_RUNS = ".//w:r[not(ancestor::w:del) and not(ancestor::*[local-name()='Fallback'])]"
_WHITE = "FFFFFF"
_MAX_DEPTH = 8


def load_docx(data: bytes, encoding: str = "") -> Loaded:
    """The visible text of the body. `encoding` is of no meaning here.

    Raises `DocumentError` for a damaged or locked file, a bomb, or a document without text.
    """
    check_archive(data, holds="word/document.xml", kind=".docx")
    from docx import Document
    from docx.opc.exceptions import OpcError
    from docx.table import Table
    from lxml.etree import LxmlError

    try:
        document = Document(io.BytesIO(data))
        pieces = [
            _table_text(block) if isinstance(block, Table) else _line(block) for block in document.iter_inner_content()
        ]
        title = document.core_properties.title
    except (OpcError, LxmlError, KeyError, ValueError, AttributeError, TypeError, RecursionError) as error:
        # a damaged file breaks the parser in any of these ways
        raise DocumentError(f"The .docx file is damaged: {type(error).__name__}.", mend="Save it anew.") from error
    text = "\n\n".join(filter(None, pieces))
    if not re.search(r"\w", text):
        raise DocumentError("The document holds no text.", mend="It may hold pictures only: read them with OCR first.")
    return Loaded(text + "\n", "docx", stated_title(title))


def _line(paragraph: Paragraph) -> str:
    text = _visible(paragraph)
    if not text:
        return ""
    name = (paragraph.style.name or "") if paragraph.style is not None else ""
    if heading := _HEADING.search(name):
        return f"{'#' * int(heading[1])} {' '.join(text.split())}"
    if name.lower() == "title":
        return f"# {' '.join(text.split())}"
    return f"- {text}" if _LIST.search(name) else text


def _visible(paragraph: Paragraph) -> str:
    from docx.text.run import Run

    pieces: list[str] = []
    for element in paragraph._p.xpath(_RUNS):
        run = Run(element, paragraph)
        white = run.font.color is not None and run.font.color.type is not None and str(run.font.color.rgb) == _WHITE
        if not run.font.hidden and not (white and run.font.highlight_color is None):
            pieces.append(run.text)
    return "".join(pieces).strip()


def _table_text(table: Table, depth: int = 0) -> str:
    rows: list[list[str]] = []
    for row in table.rows:
        cells: list[str] = []
        last = None
        for cell in row.cells:
            # a merged cell is given once for each column it spans
            if cell._tc is not last:
                cells.append(" ".join(_cell_words(cell, depth)))
            last = cell._tc
        rows.append(cells)
    told = table_as_text(rows) if depth == 0 else None
    return told or "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def _cell_words(cell: _Cell, depth: int) -> Iterator[str]:
    from docx.table import Table

    for block in cell.iter_inner_content():
        if not isinstance(block, Table):
            yield " ".join(_visible(block).split()).replace("|", "／")
        elif depth < _MAX_DEPTH:
            yield " ".join(_table_text(block, depth + 1).replace("|", " ").split())
