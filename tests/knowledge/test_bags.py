"""What stands in which clause, held as numbers: the same answers as from sets of words."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from knowledge.bags import Bags, Vocabulary

WORDS = st.sampled_from(["退货", "运费", "七天", "七", "refund", "x"])
SETS = st.lists(st.lists(WORDS), min_size=1, max_size=6)


@given(SETS, SETS, st.lists(WORDS, unique=True), st.data())
def test_bags_hold_what_the_sets_hold(
    first: list[list[str]], more: list[list[str]], asked: list[str], data: st.DataObject
) -> None:
    vocabulary = Vocabulary()
    bags = Bags.joined([Bags.of(first, vocabulary), Bags.of(more, vocabulary)])
    sets = [*first, *more]
    ids = data.draw(st.lists(st.integers(0, len(sets) - 1), unique=True))
    slots = np.zeros(len(vocabulary), np.int16)
    for slot, word in enumerate(asked, 1):
        number = vocabulary.number(word)
        assert (number is None) == all(word not in held for held in sets)
        if number is not None:
            slots[number] = slot
    found = bags.holding(np.array(ids, np.int64), slots, len(asked))
    assert found[1:].tolist() == [[word in sets[each] for each in ids] for word in asked]


@given(SETS)
def test_a_word_is_counted_once_a_set(sets: list[list[str]]) -> None:
    vocabulary = Vocabulary()
    counts = Bags.of(sets, vocabulary).counts(len(vocabulary))
    words = {word for held in sets for word in held}
    found = {word: int(counts[number]) for word in words if (number := vocabulary.number(word)) is not None}
    assert found == {word: sum(word in held for held in sets) for word in words}


def test_threads_that_meet_new_words_at_once_give_each_its_own_number() -> None:
    vocabulary = Vocabulary()
    words = [f"词{n}" for n in range(2_000)]
    with ThreadPoolExecutor(8) as pool:
        several = list(pool.map(vocabulary.numbers, [words, words[::-1]] * 4))
    assert sorted(several[0]) == list(range(len(words)))
    assert all(each in (several[0], several[0][::-1]) for each in several)
