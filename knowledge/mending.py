"""Questions as they were meant: slips of the input method, pinyin and misspelt English of the trade's words mended.

An input method offers all words of one sound, and in a hurry people take the wrong one: 积份 for 积分, 运废 for 运费.
What no dictionary knows, though but a character away from a word of the trade and read just like it, is taken for that
word. What is a word of its own (退火) is left, unless `words/misspelt.txt` names it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import product

from knowledge.text import HAN, SHORT, alternation, dictionary_words, fold, tokens, word_list

_HAN_RUN = re.compile(f"[{HAN}]+")
_LONGEST = 5
_PARTICLES = frozenset(
    "的了吗呢吧啊呀嘛哦么是不没有在我你他她它们这那个就都也很太要会能可以还再给把被和跟与或到去来上下里外大小多少好"
    "一二两三四五六七八九十百千万完查提发买卖说加接补拆随想用换退修看做叫问试收送寄拿等打开关过后前先只又才原新站享"
)
"""Characters that stand for themselves: 鞋大吗 asks whether a shoe is large."""
_ALIKE = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ng", "n"))
"""Sounds that many do not tell apart."""
_MOST_READINGS = 16


@dataclass(frozen=True, slots=True)
class _Sounds:
    """The readings of characters, and the words of the trade by theirs."""

    readings: Mapping[str, tuple[str, ...]]
    words: Mapping[tuple[str, ...], tuple[str, ...]]
    known: frozenset[str]
    beginnings: frozenset[tuple[int, str]]
    """With how many characters a word begins with which reading."""


def query_tokens(text: str) -> list[str]:
    """`tokens` of a customer's question, mended, each token once."""
    return list(dict.fromkeys(tokens(mend(fold(text)))))


def mend(folded: str) -> str:
    """Folded text with the words that were meant: 退宽 → 退款, 积份 → 积分, tuihuo → 退货, refudn → refund."""
    return _mended_once(folded) if len(folded) <= SHORT else _mended(folded)


def _mended(folded: str) -> str:
    pattern, meant = _misspelt()
    listed = pattern.sub(lambda found: meant[found.group()], folded)
    return _HAN_RUN.sub(lambda found: _by_sound(found.group()), listed)


_mended_once = lru_cache(maxsize=1024)(_mended)


@cache
def _misspelt() -> tuple[re.Pattern[str], dict[str, str]]:
    pairs = (line.split("|") for line in word_list("misspelt"))
    meant = {wrong.strip(): right.strip() for wrong, right in pairs}
    return alternation(meant), meant


def _by_sound(run: str) -> str:
    """Han characters with the words that were meant by their sound, the longest first."""
    words = dictionary_words(run)
    # only what stands alone may be a slip: a word that the dictionary knows was meant
    alone = [len(word) == 1 and word not in _PARTICLES for word in words]
    if not any(alone) or len(words) == 1:
        return run
    found, at = list[str](), 0
    while at < len(words):
        taken, word = next(_meant(words, alone, at), (1, words[at]))
        found.append(word)
        at += taken
    return "".join(found)


def _meant(words: list[str], alone: list[bool], at: int) -> Iterator[tuple[int, str]]:
    """Words of the trade that some `words` from `at` on are read like, with how many of them, the longest first."""
    sounds = _sounds()
    for end in range(min(len(words), at + _LONGEST), at + 1, -1):
        if not any(alone[at:end]):
            return
        written = "".join(words[at:end])
        if len(written) > _LONGEST or written in sounds.known:
            continue
        may_differ = [may for word, may in zip(words[at:end], alone[at:end], strict=True) for _ in word]
        near = [word for word in _read_like(written, sounds) if _is_slip(written, word, may_differ)]
        if len(near) == 1:
            yield end - at, near[0]


def _read_like(written: str, sounds: _Sounds) -> list[str]:
    """Words of the trade with a reading of `written`."""
    if not any((len(written), first) in sounds.beginnings for first in sounds.readings.get(written[0], ())):
        return []
    keys = product(*(sounds.readings.get(character, ()) for character in written))
    found = (word for _, key in zip(range(_MOST_READINGS), keys, strict=False) for word in sounds.words.get(key, ()))
    return list(dict.fromkeys(found))


def _is_slip(written: str, word: str, may_differ: Iterable[bool]) -> bool:
    """Whether at most half of the characters differ, each where it may."""
    differs = [one != other for one, other in zip(written, word, strict=True)]
    return 0 < sum(differs) <= len(word) / 2 and all(
        may for may, other in zip(may_differ, differs, strict=True) if other
    )


@cache
def _sounds() -> _Sounds:
    readings: dict[str, list[str]] = {}
    for line in word_list("sounds"):
        syllable, characters = (part.strip() for part in line.split("|"))
        for character in characters:
            readings.setdefault(character, []).append(_alike(syllable))
    fixed = {character: tuple(dict.fromkeys(several)) for character, several in readings.items()}
    known = frozenset(word for line in word_list("meant") for word in line.split())
    by_sound: dict[tuple[str, ...], list[str]] = {}
    for word in sorted(known):
        for key in product(*(fixed.get(character, ()) for character in word)):
            by_sound.setdefault(key, []).append(word)
    beginnings = frozenset((len(key), key[0]) for key in by_sound)
    return _Sounds(fixed, {key: tuple(several) for key, several in by_sound.items()}, known, beginnings)


def _alike(syllable: str) -> str:
    for one, other in _ALIKE:
        syllable = syllable.replace(one, other)
    return syllable
