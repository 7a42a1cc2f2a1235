"""Plain text, and what every loader needs: bytes to characters. The one home of charset-normalizer."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from knowledge.errors import DocumentError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CANDIDATES = ["gb18030", "big5", "big5hkscs", "utf_16_le", "utf_16_be"]
_NEARLY = 0.7
"""Of the best score, what makes a second reading of the same bytes a rival."""

_LEAST = 0.04
_COMMON = re.compile(
    "[的是在不了有和人这這中大为為上个個国國我以要他时時来來用们們生到作地于於出就分对對成会會可主发發年"
    "退货貨换換款运運费費订訂单單买買卖賣家商品客服务務问問题題请請您好联聯系繫签簽收后後天内內小元价價格保护護质質量"
    "理由支持本店铺鋪平台臺快递遞物流包邮郵赔賠付损損坏壞少件优優惠券活动動售前规規则則承担擔无無日月号號]"
)
_HAN = re.compile("[\u4e00-\u9fff]")
_BY_PROGRAM = re.compile(r"^Microsoft (?:Word|PowerPoint|Excel) - ", re.I)
_FILE_NAME = re.compile(
    r"\.(?:html?|docx?|xlsx?|pptx?|pdf|txt|md|wps|indd)$|^(?:untitled|无标题|document\d*|文档\s*\d+)$", re.I
)


@dataclass(frozen=True, slots=True)
class Loaded:
    """The text of a document as it is kept for display, its encoding and the title it states, if any."""

    text: str
    encoding: str
    title: str = ""
    cut: Mapping[str, int] = field(default_factory=dict[str, int])
    """Characters that a loader left out, by reason: `hidden`, `navigation`, `running` (heads and feet of pages)."""


def stated_title(title: object) -> str:
    """The title in a file's properties, unless a program wrote a file's name there."""
    plain = _BY_PROGRAM.sub("", title).strip() if isinstance(title, str) else ""
    return "" if _FILE_NAME.search(plain) else plain


def load_plain(data: bytes, encoding: str = "") -> Loaded:
    """Text in UTF-8, UTF-16, GBK/GB18030, Big5, or the encoding named. Raises `DocumentError` for binary data."""
    text, found = decode(data, encoding)
    return Loaded(text.replace("\r\n", "\n").replace("\r", "\n"), found)


def decode(data: bytes, declared: str = "") -> tuple[str, str]:
    """Characters and the encoding's name. A byte-order mark wins, then `declared`, then UTF-8, then the best guess.

    Chinese legacy encodings accept almost any bytes, so candidates are compared by how many common Chinese characters
    they yield; charset-normalizer decides what is left. Raises `DocumentError` when nothing gives readable text, or
    when two candidates are about as good: then a person has to say which it is.
    """
    try:
        codecs.lookup(declared or "utf-8")
    except LookupError:
        declared = ""
    for bom, name in _BOMS:
        if data.startswith(bom):
            marked = _strict(data, name)
            return _fail() if marked is None else marked, name
    for name in filter(None, (declared, "utf-8")):
        text = _strict(data, name)
        if text is not None and "\x00" not in text:
            return text, name
    scored = [
        (readable, text, name) for name in _CANDIDATES if (text := _strict(data, name)) for readable in [_ease(text)]
    ]
    best = max(scored, default=None, key=lambda entry: entry[0])
    if best and best[0] >= _LEAST:
        _ask_when_unsure(best, scored)
        return best[1], best[2]
    from charset_normalizer import from_bytes

    # what is no Chinese text may be one of the West, mostly of ASCII letters; more would be guessing
    guess = from_bytes(data[:200_000]).best() if _mostly_ascii(data) else None
    text = _strict(data, guess.encoding) if guess and b"\x00" not in data else None
    if guess is None or text is None:
        _fail()
    return text or "", guess.encoding if guess else ""


def _mostly_ascii(data: bytes) -> bool:
    return sum(byte > 127 for byte in data[:200_000]) * 5 < min(len(data), 200_000)


def _ask_when_unsure(best: tuple[float, str, str], scored: list[tuple[float, str, str]]) -> None:
    """Raise where another reading of the same bytes is nearly as easy as the best one."""
    for ease, text, name in scored:
        if text != best[1] and ease > best[0] * _NEARLY:
            raise DocumentError(
                f"The text may be in {best[2]} or in {name}.", mend="Say which with --encoding, or save it as UTF-8."
            )


def _ease(text: str) -> float:
    """The share of common Chinese characters, less the share of characters no page should hold."""
    if not text:
        return 0.0
    strange = sum(1 for c in text if c == "\x00" or "\ue000" <= c <= "\uf8ff" or c == "\ufffd")
    han = len(_HAN.findall(text))
    return (len(_COMMON.findall(text)) - 3 * strange) / max(1, min(han * 2, len(text)))


def _strict(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None


def _fail() -> str:
    raise DocumentError(
        "The file is not text in UTF-8, UTF-16, GBK or Big5.", mend="Save it as UTF-8, or say which with --encoding."
    )
