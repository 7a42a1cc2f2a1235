"""Markdown is kept as it is written: its headings, tables and fences are read by `splitting`, its front matter by
`front_matter`.
"""

from __future__ import annotations

import re

from knowledge.loaders.plain import Loaded, load_plain

_TITLE = re.compile(r"^#\s+(.+?)\s*(?:\{#[\w.-]+\})?\s*$", re.M)


def load_markdown(data: bytes, encoding: str = "") -> Loaded:
    """The text unchanged but for line ends; the title is the first `#` heading. Raises `DocumentError` as `decode`."""
    loaded = load_plain(data, encoding)
    heading = _TITLE.search(loaded.text)
    return Loaded(loaded.text, loaded.encoding, heading[1] if heading else "")
