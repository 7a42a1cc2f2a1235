from __future__ import annotations

import contextlib
import io
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageDraw, ImageOps, ImageStat

from assistant.errors import FileRefused
from assistant.photos import MAX_BYTES, MAX_SCANS, SHOWN_SIDE, alike, check_file, sniff


def drawn(side: int = 200, kind: str = "PNG", shift: int = 0) -> bytes:
    picture = Image.new("RGB", (side, side), "white")
    pen = ImageDraw.Draw(picture)
    pen.ellipse((20 + shift, 20, side // 2, side // 2), fill="black")
    pen.rectangle((side // 2, side // 2, side - 10, side - 30), fill="red")
    written = io.BytesIO()
    picture.save(written, kind)
    return written.getvalue()


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400) | st.binary(max_size=200).map(lambda tail: drawn()[:60] + tail))
def test_no_bytes_whatever_break_the_check(content: bytes) -> None:
    try:
        checked = check_file(content)
    except FileRefused:
        return
    assert checked.size == len(content)


@pytest.mark.parametrize(("kind", "media"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")])
def test_a_photo_is_known_by_its_content_and_shown_as_a_small_jpeg(kind: str, media: str) -> None:
    checked = check_file(drawn(3000 if kind == "JPEG" else 400, kind))
    assert checked.media_type == media
    assert checked.shown is not None
    assert sniff(checked.shown) == "image/jpeg"
    assert max(Image.open(io.BytesIO(checked.shown)).size) <= SHOWN_SIDE


def test_one_byte_too_many_is_refused() -> None:
    with pytest.raises(FileRefused):
        check_file(b"%PDF-" + b" " * (MAX_BYTES - 4))
    assert check_file(b"%PDF-" + b" " * (MAX_BYTES - 5)).media_type == "application/pdf"


def progressive(scans: int) -> bytes:
    """A JPEG whose last refinement is written over and over."""
    written = io.BytesIO()
    Image.new("L", (64, 64), 128).save(written, "JPEG", progressive=True)
    content = written.getvalue()
    last = content[content.rindex(b"\xff\xda") : -2]
    return content[:-2] + last * (scans - content.count(b"\xff\xda")) + content[-2:]


def test_a_picture_that_is_unpacked_over_and_over_is_turned_away() -> None:
    assert check_file(progressive(MAX_SCANS)).shown is not None
    with pytest.raises(FileRefused, match="scans"):
        check_file(progressive(MAX_SCANS + 1))


def test_scans_inside_metadata_or_behind_the_picture_do_not_count() -> None:
    written = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(written, "JPEG", comment=progressive(MAX_SCANS + 1)[:60_000])
    assert check_file(written.getvalue() + progressive(MAX_SCANS + 1)).shown is not None


def test_the_same_picture_in_another_format_and_size_looks_alike_and_another_does_not() -> None:
    one, smaller = check_file(drawn(400)).phash, check_file(drawn(400, "JPEG")).phash
    assert one is not None
    assert smaller is not None
    assert alike(one, smaller)
    written = io.BytesIO()
    Image.linear_gradient("L").save(written, "PNG")
    other = check_file(written.getvalue()).phash
    assert other is not None
    assert not alike(one, other)


def test_broken_metadata_does_not_break_the_check() -> None:
    tags = Image.Exif()
    tags[0x010F], tags[0x011A], tags[0x0112] = "Camera", 72.0, 6
    written = io.BytesIO()
    Image.new("RGB", (24, 16), "red").save(written, "JPEG", exif=tags)
    content = written.getvalue()
    start = content.index(b"Exif\0\0") + 6
    for place in range(start, start + 100):
        for byte in (0, 1, 2, 3, 5, 255):
            with contextlib.suppress(FileRefused), warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # Pillow's own, of the tags it skips
                check_file(content[:place] + bytes([byte]) + content[place + 1 :])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_shown_upright_as_its_camera_noted(orientation: int) -> None:
    tags = Image.Exif()
    tags[0x0112] = orientation
    drawing = Image.new("RGB", (48, 32), "white")
    drawing.paste((0, 0, 0), (0, 0, 16, 16))
    written = io.BytesIO()
    drawing.save(written, "PNG", exif=tags)
    shown = check_file(written.getvalue()).shown
    assert shown is not None
    meant = ImageOps.exif_transpose(Image.open(io.BytesIO(written.getvalue())))
    assert meant is not None
    difference = ImageChops.difference(Image.open(io.BytesIO(shown)), meant.convert("RGB"))
    assert max(ImageStat.Stat(difference).mean) < 10
