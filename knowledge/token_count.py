"""How many tokens a text costs: by tiktoken when its table is on disk, else by a stated estimate.

tiktoken fetches its tables on first use, which may hang or fail. Its cache names each table by the SHA-1 of its
address; we look for that file, check its SHA-256 and build the encoding from it ourselves, so nothing is downloaded.
"""

from __future__ import annotations

import base64
import hashlib
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

import tiktoken

TokenCounter = Callable[[str], int]

_TABLE = "https://openaipublic.blob.core.windows.net/encodings/cl100k_base.tiktoken"
_TABLE_SHA256 = "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7"
_PATTERN = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+"
    r"|\s++$|\s*[\r\n]|\s+(?!\S)|\s"
)
_WIDE = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]")


def estimate_tokens(text: str) -> int:
    """One token per Han or full-width character and one per four others, rounded up: an estimate, not a count."""
    wide = len(_WIDE.findall(text))
    return wide + -(-(len(text) - wide) // 4)


def token_counter(cache: Path | None = None) -> TokenCounter:
    """A counter for cl100k_base if its table lies in `cache` (default: tiktoken's own), else `estimate_tokens`."""
    name = hashlib.sha1(_TABLE.encode(), usedforsecurity=False).hexdigest()
    path = (cache or Path(tempfile.gettempdir()) / "data-gym-cache") / name
    try:
        data = path.read_bytes()
    except OSError:
        return estimate_tokens
    if hashlib.sha256(data).hexdigest() != _TABLE_SHA256:
        return estimate_tokens
    ranks = {base64.b64decode(token): int(rank) for token, rank in (line.split() for line in data.splitlines() if line)}
    encoding = tiktoken.Encoding("cl100k_base", pat_str=_PATTERN, mergeable_ranks=ranks, special_tokens={})
    return lambda text: len(encoding.encode_ordinary(text))
