"""A web page as text with `#` headings. The one home of selectolax.

Scripts, styles, forms, navigation and what the page hides from its readers (`hidden`, `display:none` in an element or
in a plain rule of the page's own style sheet, white on white, no size, far off the page) are dropped here, before
anybody could quote them; what remains is cleaned like any other foreign text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from knowledge.errors import DocumentError
from knowledge.loaders.plain import Loaded, decode
from knowledge.loaders.sheets import table_as_text

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w-]{2,20})", re.I)
_NO_TEXT = "script,style,noscript,template,iframe,svg,canvas"
_FRAME = "form,nav,footer,aside,button,select"
_UNSEEN = "[hidden],[aria-hidden=true]"
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|font-size\s*:\s*0(?![.\d]*[1-9])|opacity\s*:\s*0(?:\.0+)?\s*(?:;|!|$)"
    r"|(?<![-\w])(?:max-)?height\s*:\s*0(?:px)?\s*(?:;|!|$)|text-indent\s*:\s*-\d{3,}|(?:left|top)\s*:\s*-\d{4,}|clip\s*:\s*rect\(\s*0"
)
_WHITE = re.compile(
    r"(?<![-\w])color\s*:\s*(?:white|#fff(?:fff)?(?![0-9a-f])|transparent|rgba?\(\s*255\s*,\s*255\s*,\s*255\b"
    r"|rgba\([^)]*,\s*0(?:\.0+)?\s*\))"
)
_GROUND = re.compile(r"background(?:-color|-image)?\s*+:\s*+(?!white|#fff|transparent|none|rgba?\(\s*255\s*,\s*255)")
_RULE = re.compile(r"([^{}@]{1,400})\{([^{}]{0,2000})\}")
_MEDIA = re.compile(r"@[\w-]+[^{};]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}")
_SELECTOR = re.compile(r"[\w.#* >+~,\s-]{1,400}")
_HEADINGS = {f"h{level}": "#" * level for level in range(1, 7)}
_BLOCKS = frozenset(_HEADINGS) | {
    *("address", "article", "blockquote", "body", "br", "dd", "div", "dl", "dt", "figcaption", "figure", "header"),
    *("hr", "li", "main", "ol", "p", "pre", "section", "table", "tbody", "thead", "tr", "ul"),
}
_MAX_DEPTH = 200
_LAYS_OUT = "table,h1,h2,h3,h4,ul,ol"


def load_html(data: bytes, encoding: str = "") -> Loaded:
    """The visible text of a page. Raises `DocumentError` for bytes that are no text or a page without visible text."""
    from selectolax.lexbor import LexborHTMLParser

    declared = _CHARSET.search(data[:4096])
    page, encoding = decode(data, encoding or (declared[1].decode("ascii") if declared else ""))
    tree = LexborHTMLParser(page)
    selectors = _hiding_selectors(tree)
    _drop(tree, _NO_TEXT)
    whole = _size(tree)
    _drop(tree, _FRAME)
    without_frame = _size(tree)
    _drop(tree, ", ".join([_UNSEEN, *selectors]))
    for node in tree.css("[style]"):
        style = (node.attributes.get("style") or "").lower()
        if _HIDDEN.search(style) or (_WHITE.search(style) and not _on_colour(node)):
            node.decompose()
    cut = {"navigation": whole - without_frame, "hidden": without_frame - _size(tree)}
    title = tree.css_first("title")
    pieces: list[str] = []
    if tree.body is not None:
        _walk(tree.body, pieces, 0)
    text = re.sub(r"[ \t]*\n\s*\n\s*", "\n\n", "".join(pieces)).strip()
    if not text:
        raise DocumentError("The page has no visible text.", mend="Save the page after it has loaded, or as text.")
    said = title.text(strip=True) if title else ""
    return Loaded(text + "\n", encoding, said, {reason: size for reason, size in cut.items() if size})


def _drop(tree: LexborHTMLParser, selector: str) -> None:
    for node in tree.css(selector):
        node.decompose()


def _size(tree: LexborHTMLParser) -> int:
    """Characters of the page's text, white space aside."""
    return len("".join((tree.body.text() if tree.body is not None else "").split()))


def _hiding_selectors(tree: LexborHTMLParser) -> list[str]:
    """Plain selectors (names, classes, ids) to which the page's own style sheets give a style that hides."""
    found: list[str] = []
    for node in tree.css("style"):
        sheet = _MEDIA.sub("", re.sub(r"/\*.*?\*/", "", node.text(), flags=re.S))
        for selector, style in _RULE.findall(sheet):
            if _SELECTOR.fullmatch(selector.strip()) and _HIDDEN.search(style.lower()):
                found += [part.strip() for part in selector.split(",") if re.search(r"\w$", part.strip())]
    return found[:200]


def _on_colour(node: LexborNode) -> bool:
    """Whether the element or one around it states a ground that is not white."""
    around: LexborNode | None = node
    for _ in range(_MAX_DEPTH):
        if around is None:
            return False
        if _GROUND.search((around.attributes.get("style") or "").lower()) or around.attributes.get("bgcolor"):
            return True
        around = around.parent
    return False


def _walk(node: LexborNode, pieces: list[str], depth: int) -> None:
    if depth > _MAX_DEPTH:
        return
    for child in node.iter(include_text=True):
        tag = child.tag or ""
        if tag == "-text":
            pieces.append(re.sub(r"\s+", " ", child.text_content or ""))
        elif tag == "table" and (table := table_as_text(_rows(child, depth))):
            pieces.append(f"\n\n{table}\n\n")
        elif tag in ("td", "th"):
            pieces.append("| ")
            _walk(child, pieces, depth + 1)
            pieces.append(" ")
        elif tag in _BLOCKS:
            pieces.append("\n\n" if tag not in ("li", "tr", "br", "dd", "dt") else "\n")
            pieces.append(f"{_HEADINGS[tag]} " if tag in _HEADINGS else "- " if tag == "li" else "")
            _walk(child, pieces, depth + 1)
            pieces.append("|" if tag == "tr" else "")
            pieces.append("\n" if tag not in ("li", "tr", "br") else "")
        elif not tag.startswith(("-", "_", "!")):
            _walk(child, pieces, depth + 1)


def _rows(table: LexborNode, depth: int) -> list[list[str]]:
    """The cells of a table of data; empty for one that lays out a page, whose cells hold headings, lists or tables."""
    rows: list[list[str]] = []
    for row in table.css("tr"):
        cells: list[str] = []
        for cell in row.css("td, th"):
            if cell.css_first(_LAYS_OUT) is not None or len(cell.css("p")) > 1:
                return []
            words: list[str] = []
            _walk(cell, words, depth + 1)
            cells.append(" ".join("".join(words).split()))
        rows.append(cells)
    return rows
