"""How much of what a question asks about stands in a clause, weighed by how rare each part is among all clauses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import log

import numpy as np
from numpy.typing import NDArray

from knowledge.bags import Bags, Vocabulary
from knowledge.clauses import Clause
from knowledge.formal import Meanings
from knowledge.fusion import Scores
from knowledge.mending import mend
from knowledge.text import Subject, fold, han_characters, tokens, word_for_word

_PAIR_SHARE = 0.3
"""What a pair of characters that is no word counts of its idf; one that no clause holds counts nothing."""

_ASKS_ALIKE = 0.3
"""By how much a heading counts for more if the ways of asking stand in it too (怎么退货 under 怎么退货、怎么换货)."""

_Ways = Sequence[tuple[str, tuple[frozenset[str], ...]]]


@dataclass(frozen=True, slots=True)
class Covered:
    """Three shares in [0, 1] a clause, aligned with the clause numbers asked for."""

    words: Scores
    heading: Scores
    """Of the words, those in the clause's own heading, which says what the clause is about; above 1 where it is put as
    the question is.
    """
    characters: Scores
    """Of the Han characters, so that 丢了 meets 丢失; the same as `words` for a question without any."""
    asked: Scores
    """1 for a clause of which it is written that it is asked for in these very words."""


@dataclass(frozen=True, slots=True)
class Held:
    """What stands in each of some clauses, in their order."""

    words: Bags
    headings: Bags
    characters: Bags
    asked: tuple[tuple[str, int], ...] = ()
    """Questions word for word, with the number of the clause that answers each."""

    def __len__(self) -> int:
        return len(self.words)

    @classmethod
    def of(cls, clauses: Sequence[Clause], words: Sequence[Sequence[str]], vocabulary: Vocabulary) -> Held:
        """Of clauses with the words of each."""
        headings = [tokens(clause.heading[-1] if clause.heading else "") for clause in clauses]
        characters = [sorted(han_characters("".join(each))) for each in words]
        asked = [
            (word_for_word(mend(fold(each))), number)
            for number, clause in enumerate(clauses)
            for each in clause.policy.asked.get(clause.anchor, ())
        ]
        bags = [Bags.of(sets, vocabulary) for sets in (words, headings, characters)]
        return cls(bags[0], bags[1], bags[2], tuple(asked))

    @classmethod
    def joined(cls, several: Sequence[Held]) -> Held:
        """Of all their clauses, in their order."""
        return cls(
            Bags.joined([each.words for each in several]),
            Bags.joined([each.headings for each in several]),
            Bags.joined([each.characters for each in several]),
            tuple(
                (question, first + number)
                for each, first in zip(several, accumulate(map(len, several), initial=0), strict=False)
                for question, number in each.asked
            ),
        )


class Coverage:
    """What stands in clauses, with how rare each word and character is among them."""

    def __init__(self, held: Held, vocabulary: Vocabulary) -> None:
        self._bags = held
        self._vocabulary = vocabulary
        self._size = len(vocabulary)
        self._idf = _idf(held.words, self._size)
        self._character_idf = _idf(held.characters, self._size)
        self._unseen = log(1 + 2 * len(held.words))
        self._asked: dict[str, list[int]] = {}
        for question, number in held.asked:
            self._asked.setdefault(question, []).append(number)

    def total(self, subject: Subject) -> float:
        """The information in the words asked about; the highest BM25 that can be reached is proportional to it."""
        return sum(self._rarity(self._idf, word) or self._unseen for word in subject.words) or 1.0

    def of(self, subject: Subject, meanings: Meanings, ids: NDArray[np.int64]) -> Covered:
        """The shares of `subject` that stand in each of the clauses `ids`, as it says it or as rules do."""
        words = {word: self._weight(word, word in subject.pairs) for word in subject.words}
        rarity = self._character_idf
        characters = {each: self._rarity(rarity, each) or self._unseen for each in subject.characters}
        ways = (*meanings.of_word, *meanings.of_character)
        members = (word for _, several in ways for way in several for word in way)
        asked_for = dict.fromkeys((*words, *subject.manner, *characters, *members))
        slots = {word: slot for slot, word in enumerate(asked_for, 1)}
        table, bags = self._table(slots), self._bags
        in_text = _shares(words, meanings.of_word, slots, bags.words.holding(ids, table, len(slots)))
        headings = bags.headings.holding(ids, table, len(slots))
        in_heading = _shares(words, meanings.of_word, slots, headings)
        if subject.manner:
            in_heading *= 1 + _ASKS_ALIKE * headings[[slots[word] for word in subject.manner]].mean(axis=0)
        asked = np.isin(ids, self._asked.get(subject.whole, [])).astype(np.float64)
        if not characters:
            return Covered(in_text, in_heading, in_text, asked)
        held = bags.characters.holding(ids, table, len(slots))
        return Covered(in_text, in_heading, _shares(characters, meanings.of_character, slots, held), asked)

    def _table(self, slots: Mapping[str, int]) -> NDArray[np.int16]:
        table = np.zeros(self._size, np.int16)
        for word, slot in slots.items():
            number = self._vocabulary.number(word)
            # the vocabulary may have grown for another index
            if number is not None and number < self._size:
                table[number] = slot
        return table

    def _rarity(self, idf: Sequence[float] | NDArray[np.float64], word: str) -> float:
        """The idf of a word, 0 for one that no clause holds."""
        number = self._vocabulary.number(word)
        return float(idf[number]) if number is not None and number < self._size else 0.0

    def _weight(self, word: str, is_pair: bool) -> float:
        rarity = self._rarity(self._idf, word)
        if is_pair:
            return _PAIR_SHARE * rarity
        return rarity or (self._unseen if len(word) > 1 else 0.0)


def _idf(bags: Bags, size: int) -> NDArray[np.float64]:
    """By the number of a word its inverse document frequency; 0 for one that no bag holds."""
    counts = bags.counts(size)
    rarity: NDArray[np.float64] = np.log(1 + (len(bags) - counts + 0.5) / (counts + 0.5))
    rarity[counts == 0] = 0.0
    return rarity


def _shares(weights: Mapping[str, float], ways: _Ways, slots: Mapping[str, int], held: NDArray[np.bool_]) -> Scores:
    """For each column the weight of the words that it holds, itself or any of its `ways` whole, over all weight."""
    otherwise = [
        (slots[word], [held[[slots[member] for member in way]].all(axis=0) for way in several])
        for word, several in ways
        if word in weights
    ]
    for slot, rows in otherwise:
        for row in rows:
            held[slot] |= row
    weight = np.zeros((len(held), 1))
    weight[[slots[word] for word in weights], 0] = list(weights.values())
    # summed row by row, so that equal clauses get the very same share
    shares: Scores = (weight * held).sum(axis=0) / (sum(weights.values()) or 1.0)
    return shares
