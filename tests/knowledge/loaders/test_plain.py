"""Bytes to characters."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.errors import DocumentError
from knowledge.loaders.plain import decode, load_plain

SIMPLIFIED = "我们的商品签收后七天内可以退货，运费由买家承担。质量问题由商家承担来回运费。"
TRADITIONAL = "我們的商品簽收後七天內可以退貨，運費由買家承擔。品質問題由商家承擔來回運費。"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (SIMPLIFIED, "utf-8"),
        (SIMPLIFIED, "utf-8-sig"),
        (SIMPLIFIED, "gbk"),
        (SIMPLIFIED, "gb18030"),
        (SIMPLIFIED, "utf-16"),
        (SIMPLIFIED, "utf-16-le"),
        (TRADITIONAL, "big5"),
        (TRADITIONAL, "utf-8"),
        ("plain ascii", "ascii"),
    ],
)
def test_the_encodings_of_chinese_files_are_told_apart(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding))[0] == text


def test_a_declared_encoding_is_tried_before_guessing() -> None:
    assert decode("退货".encode("gbk"), "gbk") == ("退货", "gbk")
    assert decode("退货".encode(), "no-such-encoding") == ("退货", "utf-8")


def test_binary_data_is_refused() -> None:
    with pytest.raises(DocumentError, match="not text"):
        decode(bytes(range(256)) * 8)


def test_line_ends_become_one_kind() -> None:
    assert load_plain("甲\r\n乙\r丙".encode()).text == "甲\n乙\n丙"


def test_an_empty_file_is_empty_text() -> None:
    assert load_plain(b"").text == load_plain(b"\xef\xbb\xbf").text == ""


@given(st.text().filter(lambda text: "\x00" not in text))
def test_utf8_is_read_back(text: str) -> None:
    assert decode(text.encode("utf-8", "ignore"))[0].removeprefix("\ufeff") == text.encode(
        "utf-8", "ignore"
    ).decode().removeprefix("\ufeff")


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_a_document_error(data: bytes) -> None:
    with suppress(DocumentError):
        assert isinstance(decode(data)[0], str)
