"""Counting tokens without a network."""

from __future__ import annotations

import hashlib
from pathlib import Path

from knowledge.token_count import estimate_tokens, token_counter


def test_without_a_table_on_disk_the_estimate_is_used(tmp_path: Path) -> None:
    assert token_counter(tmp_path) is estimate_tokens


def test_a_table_that_does_not_match_its_sum_is_not_trusted(tmp_path: Path) -> None:
    address = "https://openaipublic.blob.core.windows.net/encodings/cl100k_base.tiktoken"
    (tmp_path / hashlib.sha1(address.encode()).hexdigest()).write_bytes(b"YQ== 0\n")
    assert token_counter(tmp_path) is estimate_tokens


def test_han_characters_cost_one_and_letters_a_quarter() -> None:
    assert estimate_tokens("退货") == 2
    assert estimate_tokens("abcde") == 2
    assert estimate_tokens("") == 0
