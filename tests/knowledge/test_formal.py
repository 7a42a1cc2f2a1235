"""What people say in the words of rules: both count, nothing is replaced in what is asked about."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.bags import Bags, Vocabulary
from knowledge.coverage import Coverage, Held
from knowledge.formal import Meanings, meanings_of, phrases_of
from knowledge.text import fold, han_characters, subject_of, tokens, word_list


def words_share(question: str, text: str) -> float:
    texts, vocabulary = [text, "积分一年有效", "默认发中通"], Vocabulary()
    words = Bags.of(map(tokens, texts), vocabulary)
    characters = Bags.of(map(han_characters, texts), vocabulary)
    coverage = Coverage(Held(words, Bags.of([[]] * len(texts), vocabulary), characters), vocabulary)
    asked = fold(question)
    return float(coverage.of(subject_of(asked), meanings_of(asked, tokens), np.array([0])).words[0])


@pytest.mark.parametrize(
    ("question", "rule"),
    [
        ("商家跑路", "经营者终止营业"),
        ("口红塑封膜", "化妆品的密封包装"),
        ("霸王条款", "格式条款"),
        ("三岁小孩下单", "不满八岁的未成年人下单"),
    ],
)
def test_a_rule_that_says_it_formally_is_about_what_was_said(question: str, rule: str) -> None:
    assert words_share(question, rule) > 0.8
    assert words_share(question, "会员积分") < 0.2


def test_a_rule_in_the_words_of_the_question_still_covers_it() -> None:
    assert words_share("霸王条款", "霸王条款") == pytest.approx(1)


@pytest.mark.parametrize(
    ("age", "meant"),
    [
        ("7岁", "不满八岁"),
        ("八岁", "未成年人"),
        ("十七周岁", "未成年人"),
        ("18岁", None),
        ("48岁", None),
        ("3.5岁", None),
    ],
)
def test_the_age_of_a_child_is_read_as_the_law_groups_it(age: str, meant: str | None) -> None:
    phrases, _ = phrases_of(f"{age}可以自己买吗")
    assert [phrase.called[0] for phrase in phrases] == ([meant] if meant else [])


def test_a_question_without_such_words_has_no_further_meanings() -> None:
    assert meanings_of("积分有效期多久", tokens) == Meanings()


def test_the_formal_wording_is_the_question_with_each_phrase_replaced() -> None:
    assert phrases_of("健身卡 changed my mind")[1] == "预付式消费合同 no-reason"


def test_no_phrase_stands_twice_in_the_list_and_each_is_called_something() -> None:
    lines = [line.split("|") for line in word_list("formal")]
    said = [line[0].strip() for line in lines]
    assert len(said) == len(set(said))
    assert all(len(line) == 2 and line[1].strip() for line in lines)


@given(st.text(alphabet="退货我娃跑路7八岁 ab", max_size=12))
def test_every_set_of_formal_tokens_is_searched_for(question: str) -> None:
    meanings = meanings_of(question, tokens)
    assert {word for _, ways in meanings.of_word for way in ways for word in way} <= set(meanings.words)
