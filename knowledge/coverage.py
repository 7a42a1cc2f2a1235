"""How much of what a question asks about stands in a clause, weighed by how rare each part is among all clauses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from math import log
from sys import intern

import numpy as np
from numpy.typing import NDArray

from knowledge.clauses import Clause
from knowledge.formal import Meanings
from knowledge.fusion import Scores
from knowledge.text import Subject, han_characters, tokens

_PAIR_SHARE = 0.3
"""What a pair of characters that is no word counts of its idf; one that no clause holds counts nothing."""


@dataclass(frozen=True, slots=True)
class Covered:
    """Three shares in [0, 1] a clause, aligned with the clause numbers asked for."""

    words: Scores
    heading: Scores
    """Of the words, those in the clause's own heading, which says what the clause is about."""
    characters: Scores
    """Of the Han characters, so that 丢了 meets 丢失; the same as `words` for a question without any."""


@dataclass(frozen=True, slots=True)
class Bags:
    """What stands in one clause, as sets."""

    words: frozenset[str]
    heading: frozenset[str]
    characters: frozenset[str]

    @classmethod
    def of(cls, clause: Clause, words: Sequence[str]) -> Bags:
        heading = frozenset(map(intern, tokens(clause.heading[-1] if clause.heading else "")))
        return cls(frozenset(words), heading, frozenset(map(intern, han_characters("".join(words)))))


class Coverage:
    """Bags of words and characters of clauses, with how rare each word and character is among them."""

    def __init__(self, bags: Sequence[Bags]) -> None:
        self._words = tuple(bag.words for bag in bags)
        self._headings = tuple(bag.heading for bag in bags)
        self._characters = tuple(bag.characters for bag in bags)
        self._idf = _idf(self._words)
        self._character_idf = _idf(self._characters)
        self._unseen = float(np.log(1 + 2 * len(bags)))

    def total(self, subject: Subject) -> float:
        """The information in the words asked about; the highest BM25 that can be reached is proportional to it."""
        return sum(self._idf.get(word) or self._unseen for word in subject.words) or 1.0

    def of(self, subject: Subject, meanings: Meanings, ids: NDArray[np.int64]) -> Covered:
        """The shares of `subject` that stand in each of the clauses `ids`, as it says it or as rules do."""
        words = {word: self._weight(word, word in subject.pairs) for word in subject.words}
        others, other_characters = dict(meanings.of_word), dict(meanings.of_character)
        in_text = _shares(words, others, self._words, ids)
        characters = {each: self._character_idf.get(each) or self._unseen for each in subject.characters}
        return Covered(
            in_text,
            _shares(words, others, self._headings, ids),
            _shares(characters, other_characters, self._characters, ids) if characters else in_text,
        )

    def _weight(self, word: str, is_pair: bool) -> float:
        if is_pair:
            return _PAIR_SHARE * self._idf.get(word, 0.0)
        return self._idf.get(word) or (self._unseen if len(word) > 1 else 0.0)


def _idf(bags: Sequence[frozenset[str]]) -> dict[str, float]:
    size = len(bags)
    counts = Counter(chain.from_iterable(bags))
    rarity = {count: log(1 + (size - count + 0.5) / (count + 0.5)) for count in set(counts.values())}
    return {word: rarity[count] for word, count in counts.items()}


def _shares(
    weights: dict[str, float],
    others: dict[str, tuple[frozenset[str], ...]],
    bags: Sequence[frozenset[str]],
    ids: NDArray[np.int64],
) -> Scores:
    """For each of `ids` the weight of what stands in its bag, itself or as one of its `others`, over all weight."""
    total = sum(weights.values()) or 1.0
    asked = tuple((word, weight) for word, weight in weights.items() if word not in others)
    names = frozenset(word for word, _ in asked)
    elsewise = tuple((word, weight, others[word]) for word, weight in weights.items() if word in others)
    found = []
    for number in ids.tolist():
        # asking a set for each word is several times faster than intersecting: a question has few words
        bag, share = bags[number], 0.0
        # most headings hold none of them, which is seen at once
        if not names.isdisjoint(bag):
            for word, weight in asked:
                if word in bag:
                    share += weight
        for word, weight, ways in elsewise:
            if word in bag or _holds_any(bag, ways):
                share += weight
        found.append(share / total)
    return np.array(found)


def _holds_any(bag: frozenset[str], ways: tuple[frozenset[str], ...]) -> bool:
    for way in ways:  # noqa: SIM110 - a generator takes longer to set up than the few sets to compare
        if way <= bag:
            return True
    return False
