"""Which words stand in which clause, as numbers side by side: quick to look through, and small beside sets of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from threading import Lock

import numpy as np
from numpy.typing import NDArray

Slots = NDArray[np.int16]
"""By the number of a word its place among those asked about, from 1; 0 for any other word."""


class Vocabulary:
    """A number for each word, the same for as long as this lives. It only grows, and threads may share it."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._numbers)

    def number(self, word: str) -> int | None:
        """The number of a word that was met before."""
        return self._numbers.get(word)

    def numbers(self, words: Iterable[str]) -> list[int]:
        """The numbers of words, new ones for those not met before."""
        with self._lock:
            held = self._numbers
            return [held.setdefault(word, len(held)) for word in words]


class Bags:
    """Sets of words, one after the other."""

    def __init__(self, held: NDArray[np.int32], sizes: NDArray[np.int64]) -> None:
        self._held = held
        self._sizes = sizes
        self._starts = np.cumsum(sizes) - sizes

    def __len__(self) -> int:
        return len(self._sizes)

    @classmethod
    def of(cls, sets: Iterable[Iterable[str]], vocabulary: Vocabulary) -> Bags:
        """The sets of these words; one that is named twice in a set is held once."""
        rows = [vocabulary.numbers(dict.fromkeys(words)) for words in sets]
        held = np.array([number for row in rows for number in row], np.int32)
        return cls(held, np.array([len(row) for row in rows], np.int64))

    @classmethod
    def joined(cls, several: Sequence[Bags]) -> Bags:
        """All of them, in their order."""
        held = [np.zeros(0, np.int32), *(bags._held for bags in several)]
        sizes = [np.zeros(0, np.int64), *(bags._sizes for bags in several)]
        return cls(np.concatenate(held), np.concatenate(sizes))

    def counts(self, size: int) -> NDArray[np.int64]:
        """By the number of a word, below `size`, how many sets hold it."""
        return np.bincount(self._held, minlength=size)

    def holding(self, ids: NDArray[np.int64], slots: Slots, asked: int) -> NDArray[np.bool_]:
        """Shape (asked + 1, len(ids)): whether the word of a slot stands in each of these sets. Row 0 means nothing."""
        sizes = self._sizes[ids]
        column = np.repeat(np.arange(len(ids)), sizes)
        before = np.cumsum(sizes) - sizes
        slot = slots[self._held[np.arange(len(column)) + (self._starts[ids] - before)[column]]]
        found = np.zeros((asked + 1, len(ids)), np.bool_)
        found[slot, column] = True
        return found
