"""Text as it is searched: folded, cut into tokens. The one home of opencc and rjieba.

`fold` is what documents and questions share; `tokens` is what the lexical index holds. The word lists beside this file
are data (`knowledge/words/*.txt`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from itertools import pairwise

import opencc
import rjieba

HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060\ufeff\ud800-\udfff]")
_HAS_HAN = re.compile(f"[{HAN}]")
_HAN_RUN = re.compile(f"[{HAN}]+")
_RUN = re.compile(rf"[{HAN}]+|[a-z0-9]+(?:[-_./+][a-z0-9]+)*|[^\W\d_]+")
_CLOSING = re.compile("[吗么呢吧啊呀嘛]+$")
_PART = re.compile(r"[a-z]+|[0-9]+")
_NUMERAL = re.compile(
    r"(?<![第零一二三四五六七八九十])([二两三四五六七八九]?十[一二三四五六七八九]?|[一二两三四五六七八九])"
    r"(?=天|日|小时|分钟|周|个月|年|倍|元|次|项|种|件)"
)
_ENDING = re.compile("(?:e|es|s|ed|ing)$")
_VOWEL = re.compile("[aeiouy]")
_TIMES = re.compile(r"(?<![\d.])\d+倍")
_DAYS = re.compile(r"(?<![月\d])(\d{1,3})日(?![期历常报\d])")
_DIGIT = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"两": 2}
# Variant forms that opencc's Taiwan table does not list but Hong Kong and converted pages use.
_VARIANTS = str.maketrans("産爲裏衆説綫麽峯", "產為裡眾說線麼峰")


def safe(text: str) -> str:
    """NFKC without NUL, other control characters, zero-width marks and lone surrogates."""
    return unicodedata.normalize("NFKC", _UNWANTED.sub("", text))


def fold(text: str) -> str:
    """`text` as it is compared: `safe`, Traditional → Simplified with Taiwan's words (tw2sp), lower case."""
    return _folded_once(text) if len(text) <= SHORT else _folded(text)


def _folded(text: str) -> str:
    plain = safe(text)
    if not plain.isascii() and _HAS_HAN.search(plain):
        simplified_too = "么" in plain  # which the table of Taiwan reads as 麼's variant 幺 when it ends a sentence
        plain = safe(_converter().convert(plain.translate(_VARIANTS)))
        plain = plain.replace("幺", "么") if simplified_too else plain
    return plain.lower()


# a turn folds its message, and the names of goods, a hundred times over
_folded_once = lru_cache(maxsize=4096)(_folded)
SHORT = 200


def simplified(text: str) -> str:
    """`text` in Simplified script, character by character: the words stay the author's, unlike in `fold`."""
    if text.isascii() or not _HAS_HAN.search(text):
        return text
    converted: str = _characters().convert(text.translate(_VARIANTS))
    return converted


def tokens(text: str) -> list[str]:
    """Words (rjieba with the trade's dictionary), bigrams of Han runs, Latin words, numbers, SKU-like codes and parts.

    Order and repetition are kept, so that term frequency can be counted; no token holds white space.
    """
    return _cut(_same(fold(text)))


@dataclass(frozen=True, slots=True)
class Subject:
    """What a question asks about, without the words that only say that something is asked (`words/asking.txt`)."""

    words: tuple[str, ...]
    """Tokens, each once."""
    pairs: frozenset[str]
    """Those of them that are two neighbouring characters and no word."""
    characters: frozenset[str]
    """Han characters."""
    manner: tuple[str, ...] = ()
    """Tokens of what only says how it is asked: 政策, 怎么, 哪些. A heading that asks alike is likelier meant."""
    whole: str = ""
    """All of it without marks and the particles that only close a question, to be compared word for word."""


def subject_of(mended: str) -> Subject:
    """The subject of a question, folded and mended; all its words where nothing but ways of asking stands in it.

    The ways of asking are cut out before the words are, so that no pair joins one of them to the subject.
    """
    pattern, asking = _asking()
    whole = _same(mended)
    left: list[str] = []

    def kept(found: re.Match[str]) -> str:
        if found.group() not in asking:
            return found.group()
        left.append(found.group())
        return " "

    bare = pattern.sub(kept, whole)
    if not re.search(r"\w", bare):
        bare, left = whole, []
    known = {word for run in _HAN_RUN.findall(bare) for word in _segmenter().cut_for_search(run)}
    words = tuple(dict.fromkeys(_cut(bare)))
    pairs = frozenset(word for word in words if _HAS_HAN.match(word) and word not in known)
    manner = tuple(word for word in dict.fromkeys(_cut(" ".join(left))) if len(word) > 1)
    return Subject(words, pairs, han_characters(bare), manner, word_for_word(mended))


def word_for_word(folded: str) -> str:
    """Folded text as two that say the same word for word are equal: no marks, blanks nor closing particles."""
    return _CLOSING.sub("", "".join(_RUN.findall(folded)))


def han_characters(text: str) -> frozenset[str]:
    """The Han characters of `text`, each once."""
    return frozenset(_HAS_HAN.findall(text))


def _same(folded: str) -> str:
    """Numbers before a unit as digits, `7日` as `7天`, and each way of saying a thing as its first form."""
    if not _HAS_HAN.search(folded):
        return folded
    text = _DAYS.sub(r"\1天", _NUMERAL.sub(lambda found: str(digits(found.group())), folded))
    pattern, first = _synonyms()
    return pattern.sub(lambda found: first[found.group()], text)


def digits(numeral: str) -> int:
    """A Chinese numeral below a hundred: 二十五 → 25."""
    tens, ten, ones = numeral.rpartition("十")
    if not ten:
        return _DIGIT[numeral]
    return (_DIGIT[tens] if tens else 1) * 10 + (_DIGIT[ones] if ones else 0)


def _cut(folded: str) -> list[str]:
    found: list[str] = []
    for match in _RUN.finditer(folded):
        run = match.group()
        if _HAS_HAN.match(run):
            found += _cut_han(run)
            continue
        found.append(_stem(run))
        parts = _PART.findall(run)
        if len(parts) > 1:
            found += parts
    # "ten times" is one figure: its parts alone stand in half of all rules
    return found + [match.group() for match in _TIMES.finditer(folded)]


def _stem(word: str) -> str:
    """An English word without its plural, -ed or -ing, so that "shipped", "ships" and "shipping" meet; else itself."""
    if len(word) < 4 or not (word.isascii() and word.isalpha()) or word.endswith(("ss", "us", "is")):
        return word
    bare = _ENDING.sub("", word)
    if len(bare) < 3 or not _VOWEL.search(bare):
        return word
    return bare[:-1] if len(bare) > 3 and bare[-1] == bare[-2] and bare[-1] not in "lsz" else bare


def dictionary_words(run: str) -> list[str]:
    """Han characters as words of the dictionary and of the trade; what is none stands by itself, each a character."""
    return _segmenter().cut(run, False)


def _cut_han(run: str) -> list[str]:
    if len(run) == 1:
        return [run]
    words = [word for word in _segmenter().cut_for_search(run) if len(word) > 1]
    known = set(words)
    return words + [pair for pair in map("".join, pairwise(run)) if pair not in known]


@cache
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("tw2sp")


@cache
def _characters() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


@cache
def _segmenter() -> rjieba.Jieba:
    segmenter = rjieba.Jieba()
    for word in word_list("trade"):
        segmenter.add_word(word, 100_000, None)
    return segmenter


def word_list(name: str) -> list[str]:
    """The lines of `knowledge/words/<name>.txt` without comments and blank lines."""
    text = (files("knowledge") / "words" / f"{name}.txt").read_text("utf-8")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


@cache
def _synonyms() -> tuple[re.Pattern[str], dict[str, str]]:
    first: dict[str, str] = {}
    for line in word_list("same"):
        canonical, *others = (word.strip() for word in line.split("|"))
        first |= dict.fromkeys(others, canonical)
        first[canonical] = canonical
    return alternation(first), first


@cache
def _asking() -> tuple[re.Pattern[str], frozenset[str]]:
    lines = word_list("asking")
    asking = frozenset(line for line in lines if not line.startswith("+"))
    return alternation(dict.fromkeys([*asking, *(line[1:] for line in lines if line.startswith("+"))], "")), asking


def alternation(words: Iterable[str]) -> re.Pattern[str]:
    """Any of `words`, the longest first; one of Latin letters only as a whole word.

    Grouped by their first letter, each group beginning with it: where no word can begin, `re` then does not even look.
    """
    groups: dict[str, list[str]] = {}
    for word in sorted(words, key=len, reverse=True):
        groups.setdefault(word[0], []).append(_after_first(word))
    return re.compile("|".join(f"{re.escape(first)}(?:{'|'.join(rest)})" for first, rest in groups.items()))


def _after_first(word: str) -> str:
    first, rest = re.escape(word[0]), re.escape(word[1:])
    return rf"(?<![a-z0-9]{first}){rest}(?![a-z0-9])" if word.isascii() else rest
