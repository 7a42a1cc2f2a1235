"""Files that customers send: what they really are, a copy that is safe to show, and a print to find look-alikes by.

The name and the declared type of a file are never believed: its first bytes decide. Nothing here draws conclusions; it
yields facts for a person to weigh.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import struct
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from assistant.errors import FileRefused

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

MAX_BYTES = 8 * 1024 * 1024
MAX_PIXELS = 40_000_000
"""A picture that claims more is not opened: unpacked and turned it would take half a gigabyte."""
MAX_SCANS = 64
"""A progressive JPEG has about ten scans. Each costs a pass over the whole picture and takes a hundred bytes: a file of
8 MB could keep a processor busy for a quarter of an hour.
"""
AT_ONCE = 2
"""How many files are checked at the same time."""
SHOWN_SIDE = 1600
"""The longest side of the copy that is shown, in pixels."""
CLOSE = 6
"""Perceptual hashes of 64 bits that differ in no more bits look alike."""

MediaType = Literal["image/jpeg", "image/png", "image/webp", "image/gif", "application/pdf"]
_FORMATS: dict[str, MediaType] = {
    "JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif",
}  # fmt: skip


_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
_WITHOUT_LENGTH = frozenset({0x00, 0x01, 0xFF, *range(0xD0, 0xD9)})
"""What follows 0xFF where no segment begins: stuffing, fill bytes, restarts."""
_ORIENTATION = 0x0112
_TURNS = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}
"""By Exif orientation, the `PIL.Image.Transpose` that sets a picture upright."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that may be kept. `shown` is a JPEG without any metadata, None for a PDF, which is only ever downloaded;
    `phash` is the perceptual hash of an image, 16 hexadecimal digits.
    """

    media_type: MediaType
    sha256: str
    size: int
    shown: bytes | None = None
    phash: str | None = None
    width: int | None = None
    height: int | None = None


class FileChecks:
    """Checks files in threads, only so many at a time: a hundred customers who send their largest photos at once wait
    for each other rather than take all memory.
    """

    def __init__(self, check: Callable[[bytes], Checked] | None = None, *, at_once: int = AT_ONCE) -> None:
        self._check = check or check_file
        self._free = asyncio.Semaphore(at_once)

    async def of(self, content: bytes) -> Checked:
        """What `content` is. Raises `FileRefused` as `check_file` does."""
        async with self._free:
            return await asyncio.to_thread(self._check, content)


def check_file(content: bytes) -> Checked:
    """What `content` is. Raises `FileRefused`: `file_too_large`, `file_kind` (neither photo nor PDF), or
    `file_damaged` (a photo that cannot be opened, claims too many pixels, or has too many scans).

    Takes up to two seconds and 350 MB for the largest picture: see `FileChecks`.
    """
    if len(content) > MAX_BYTES:
        raise FileRefused("The file is too large.", code="file_too_large")
    kind = sniff(content)
    if kind is None:
        raise FileRefused("Only photos (JPEG, PNG, WebP, GIF) and PDF files can be sent.", code="file_kind")
    digest = hashlib.sha256(content).hexdigest()
    if kind == "application/pdf":
        return Checked(kind, digest, len(content))
    if kind == "image/jpeg" and _has_scans(content, MAX_SCANS + 1):
        raise FileRefused("The picture has too many scans.", code="file_damaged")
    return _picture(content, kind, digest)


def sniff(content: bytes) -> MediaType | None:
    """The type by the first bytes; None for anything that is not wanted."""
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return "application/pdf" if content.startswith(b"%PDF-") else None


def alike(one: str, other: str) -> bool:
    """Whether two perceptual hashes are of pictures that look alike."""
    return (int(one, 16) ^ int(other, 16)).bit_count() <= CLOSE


def _has_scans(content: bytes, n: int) -> bool:
    """Whether the JPEG has `n` scans or more (ITU T.81 B.1): what stands inside other segments does not count."""
    place, found = 2, 0
    while found < n:
        place = content.find(b"\xff", place)
        if place < 0 or place + 4 > len(content):
            return False
        marker = content[place + 1]
        if marker == _END_OF_IMAGE:
            return False
        if marker in _WITHOUT_LENGTH:
            place += 1 if marker == 0xFF else 2
            continue
        found += marker == _START_OF_SCAN
        place += 2 + int.from_bytes(content[place + 2 : place + 4])
    return True


def _picture(content: bytes, kind: MediaType, digest: str) -> Checked:
    # Pillow and imagehash take a fifth of a second to import: only an upload pays for them
    import imagehash
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=list(_FORMATS)) as opened:
                # the size stands in the header: a bomb is turned away before a pixel is unpacked
                if opened.width * opened.height > MAX_PIXELS:
                    raise FileRefused("The picture is too large.", code="file_damaged")
                opened.draft("RGB", (SHOWN_SIDE, SHOWN_SIDE))
                size = (opened.width, opened.height)
                upright = _upright(opened).convert("RGB")
    except (UnidentifiedImageError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise FileRefused("The picture cannot be opened.", code="file_damaged") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:  # what Pillow raises for broken files
        raise FileRefused("The picture cannot be opened.", code="file_damaged") from error
    upright.thumbnail((SHOWN_SIDE, SHOWN_SIDE))
    clean = Image.new("RGB", upright.size)  # a new picture carries none of the old one's metadata
    clean.paste(upright)
    shown = io.BytesIO()
    clean.save(shown, "JPEG", quality=82, optimize=True)
    return Checked(kind, digest, len(content), shown.getvalue(), str(imagehash.phash(clean)), *size)


def _upright(picture: Picture) -> Picture:
    """`picture` turned as its camera noted. Of the metadata only the orientation is read: Pillow's own `exif_transpose`
    writes the other tags anew, and fails in many ways over broken ones.
    """
    try:
        orientation = picture.getexif().get(_ORIENTATION)
    except (struct.error, SyntaxError, ValueError, TypeError, OSError, EOFError):
        return picture  # broken metadata is no reason to refuse a picture
    turn = _TURNS.get(orientation) if isinstance(orientation, int) else None
    return picture if turn is None else picture.transpose(turn)  # type: ignore[arg-type]
