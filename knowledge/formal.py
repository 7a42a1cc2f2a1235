"""What people say in the words that rules use: 我娃 → 未成年人, 跑路 → 终止营业 (`words/formal.txt`).

Nothing is replaced in what is asked about: a clause that holds the formal words counts as holding the others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from knowledge.text import alternation, digits, han_characters, safe, word_list

_AGE = re.compile(r"(?<![\d.])(1?\d|[一二两三四五六七八九]|十[一二三四五六七]?)周?岁(?!以)")
_OF_AGE, _LIMITED = 18, 8
"""From eight to seventeen a child may buy what suits its age, before that nothing (Civil Code, articles 17 to 20)."""


@dataclass(frozen=True, slots=True)
class Formal:
    """A phrase of a question, and what rules may call it."""

    said: str
    called: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Meanings:
    """What the formal words of a question are to a search."""

    words: tuple[str, ...] = ()
    """Their tokens, to be searched for besides those of the question."""
    of_word: tuple[tuple[str, tuple[frozenset[str], ...]], ...] = ()
    """For a token of the question the sets of tokens of which any, if a clause holds it whole, stands for it."""
    of_character: tuple[tuple[str, tuple[frozenset[str], ...]], ...] = ()
    """The same for a Han character."""
    text: str = ""
    """The question with the first formal word in place of each phrase; empty where there is none."""


def meanings_of(question: str, cut: Callable[[str], list[str]]) -> Meanings:
    """The meanings of a question, folded and mended; `cut` makes tokens of it and of the formal words alike."""
    phrases, whole = phrases_of(question)
    if not phrases:
        return Meanings()
    of_word: dict[str, list[frozenset[str]]] = {}
    of_character: dict[str, list[frozenset[str]]] = {}
    words: dict[str, None] = {}
    for phrase in phrases:
        for called in phrase.called:
            tokens = cut(called)
            words |= dict.fromkeys(tokens)
            for said in cut(phrase.said):
                of_word.setdefault(said, []).append(frozenset(tokens))
            for character in han_characters(phrase.said):
                of_character.setdefault(character, []).append(han_characters(called))
    return Meanings(tuple(words), _frozen(of_word), _frozen(of_character), whole)


def phrases_of(question: str) -> tuple[list[Formal], str]:
    """The phrases of a question that rules put otherwise, and the question with the first way in place of each."""
    pattern, called = _formal()
    # looked through once: the pattern is thousands of letters long
    matches = list(pattern.finditer(question))
    found = [Formal(match.group(), called[match.group()]) for match in matches]
    ages = [Formal(match.group(), ways) for match in _AGE.finditer(question) if (ways := _age(match[1]))]
    return [*found, *ages], _with_first(question, matches, called)


def _with_first(question: str, matches: Sequence[re.Match[str]], called: Mapping[str, tuple[str, ...]]) -> str:
    pieces: list[str] = []
    end = 0
    for match in matches:
        pieces += (question[end : match.start()], called[match.group()][0])
        end = match.end()
    return "".join((*pieces, question[end:]))


def _age(numeral: str) -> tuple[str, ...]:
    years = int(numeral) if numeral.isdigit() else digits(numeral)
    if years < _LIMITED:
        return ("不满八岁", "不满八周岁")
    return ("未成年人", "八到十七岁", "八周岁以上") if years < _OF_AGE else ()


def _frozen(sets: dict[str, list[frozenset[str]]]) -> tuple[tuple[str, tuple[frozenset[str], ...]], ...]:
    return tuple((key, tuple(dict.fromkeys(values))) for key, values in sets.items())


@cache
def _formal() -> tuple[re.Pattern[str], dict[str, tuple[str, ...]]]:
    called = dict(_lines(word_list("formal")))
    return alternation(called), called


def _lines(lines: Iterable[str]) -> Iterable[tuple[str, tuple[str, ...]]]:
    for line in lines:
        said, _, called = line.partition("|")
        yield safe(said).strip(), tuple(way.strip() for way in called.split("、"))
