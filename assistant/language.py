"""Which language a message is in, and whether it can be taken at all.

Text stays as the customer wrote it, less what no one can see. Folding for comparison is `knowledge.text.fold`.
"""

from __future__ import annotations

import re

from assistant.conversation import Lang
from assistant.errors import InvalidMessage
from knowledge.mending import mend
from knowledge.text import fold, safe

MAX_CHARS = 4000
"""A message longer than this is refused; it is a document, not a question."""

_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_LINES = re.compile(r"\n{4,}")
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_LATIN_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
_PINYIN = re.compile(
    r"\b(ni ?hao|zai ?ma|xie ?xie|zhuan ?ren ?gong|ren ?gong|qu ?xiao|bu ?jia ?cha|duo ?shao ?qian|zen ?me"
    r"|wei ?shen ?me|di ?zhi|chi ?ma|you ?hui|bao ?you|jin ?tui ?kuan"
    r"|shen ?me ?shi ?hou|mei ?shou ?dao|fa ?huo|tui ?huo|que ?ren|hao ?de|ke ?yi|bu ?yao|ding ?dan|kuai ?di)\b"
)
_CODE = re.compile(r"\b[a-z]{1,6}[-_]?\d[\w-]*")
"""The number of a parcel, an order or a product is in no language."""
_HAN_PER_WORD = 1.7
_IN_ANY_LANGUAGE = re.compile("[a-z]|x*[sl]|ok|no|id|app|vip|plus|jd")
"""Sizes, single letters and what people say in both languages: they tell nothing about the speaker's."""


def clean_message(text: str) -> str:
    """`text` without control characters, lone surrogates, marks no one can see, and white space around it.

    Raises `InvalidMessage` with `code` `too_long` (over 4000 characters), `empty` or `unreadable` (nothing to see).
    """
    if len(text) > MAX_CHARS:
        raise InvalidMessage(
            f"The message has {len(text)} characters; at most {MAX_CHARS} can be taken.",
            mend="Send it in parts, or only the part you ask about.",
            code="too_long",
        )
    if not text.strip():
        raise InvalidMessage("The message is empty.", mend="Write what you would like to know.", code="empty")
    seen = _LINES.sub("\n\n\n", _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))).strip()
    if not any(not char.isspace() and char not in "\u200d\ufe0f" for char in seen):
        raise InvalidMessage(
            "The message has no readable text.", mend="Write it again in plain text.", code="unreadable"
        )
    return seen


def detect(text: str, default: Lang = "zh") -> Lang:
    """The language of most words; pinyin of the trade's words is Chinese. `default` when there are no words at all.

    A Chinese sentence with a brand name in it stays Chinese: a Chinese word weighs twice as much as a Latin one.
    """
    plain = fold(text)
    folded = mend(plain)
    han = len(_HAN.findall(folded)) / _HAN_PER_WORD
    latin = sum(not _IN_ANY_LANGUAGE.fullmatch(word) for word in _LATIN_WORD.findall(_CODE.sub(" ", folded)))
    if not _HAN.search(plain) and (han or _PINYIN.search(folded)):
        return "zh"  # mending turns only pinyin of the trade's words into Chinese
    if not han and not latin:
        return default
    return "zh" if han * 2 >= latin else "en"


def is_traditional(text: str) -> bool:
    """Whether `text` has Traditional Chinese forms, so that an answer may be offered in them."""
    return fold(text) != safe(text).lower()
