"""Office files are zip archives of XML. What is checked here before any parser sees one: its size when unpacked, the
names of its parts, passwords, and that no part declares a document type (entities are how XML swells or reads files).
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib

from knowledge.errors import DocumentError

MAX_PARTS = 4_000
MAX_UNPACKED = 96 * 1024 * 1024
MAX_RATIO = 200
"""How many times its packed size a part above 1 MiB may unpack to; written XML reaches 30."""

OLE = bytes.fromhex("d0cf11e0a1b11ae1")
"""How files of Office before 2007 begin, and newer ones that are locked with a password."""

_LARGE = 1024 * 1024
_CHUNK = 256 * 1024
_DOCTYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.I)
_ENCODING = re.compile(rb"^\s*<\?xml[^>]{0,200}encoding\s*=\s*[\"']([\w.-]+)")
_PLAIN_ENCODINGS = {b"utf-8", b"utf8", b"us-ascii", b"ascii", b"utf-16", b"utf-16le", b"utf-16be"}


def check_archive(data: bytes, *, holds: str, kind: str) -> list[str]:
    """The names of the parts of an office file. `holds` is a part it must have, `kind` what to call it.

    Raises `DocumentError` for a damaged or locked archive, a part that lies outside, a bomb, or a document type.
    """
    if data.startswith(OLE):
        raise DocumentError(
            f"It is locked with a password, or made by Office before 2007: no {kind}.",
            mend=f"Save it without a password as {kind}.",
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            _check_parts(parts)
            names = [part.filename for part in parts]
            if holds not in names:
                raise DocumentError(f"It is no {kind} file inside.", mend="Give it the suffix of what it is.")
            for part in parts:
                if part.filename.lower().endswith((".xml", ".rels", ".vml")):
                    _check_xml(part.filename, _read(archive, part))
            return names
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, zlib.error) as error:
        raise DocumentError(f"The {kind} file is damaged or locked: {error}.", mend="Save it anew.") from error


def read_part(data: bytes, name: str) -> bytes:
    """One part of an archive that `check_archive` has passed."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return _read(archive, archive.getinfo(name))


def _check_parts(parts: list[zipfile.ZipInfo]) -> None:
    if len(parts) > MAX_PARTS:
        raise DocumentError(f"It has {len(parts)} parts, more than {MAX_PARTS}.", mend="Save it anew.")
    if sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise DocumentError(f"It unpacks to more than {MAX_UNPACKED} bytes.", mend="Split it, or leave pictures out.")
    for part in parts:
        way = part.filename.replace("\\", "/")
        if way.startswith("/") or ".." in way.split("/") or re.match(r"[A-Za-z]:", way):
            raise DocumentError(f"A part of it lies outside: {part.filename!r}.", mend="Do not use this file.")
        if part.file_size > _LARGE and part.file_size > MAX_RATIO * max(1, part.compress_size):
            raise DocumentError(f"{part.filename} unpacks to far more than a document would.", mend="Save it anew.")


def _read(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bytes:
    """A part, never more than it declares; a part that lies about its size fails its checksum."""
    pieces: list[bytes] = []
    with archive.open(part) as stream:
        while piece := stream.read(_CHUNK):
            pieces.append(piece)
    return b"".join(pieces)


def _check_xml(name: str, xml: bytes) -> None:
    declared = _ENCODING.match(xml.removeprefix(b"\xef\xbb\xbf"))
    if declared and declared[1].lower() not in _PLAIN_ENCODINGS:
        raise DocumentError(f"{name} is written in {declared[1].decode('ascii')}.", mend="Save it anew.")
    if _DOCTYPE.search(xml) or _DOCTYPE.search(xml.replace(b"\x00", b"")):
        raise DocumentError(f"{name} declares a document type, which no office program writes.", mend="Save it anew.")
