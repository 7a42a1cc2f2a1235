"""What customers say is wrong with fresh food, and how a fault came about."""

from __future__ import annotations

import pytest

from assistant.trouble_words import bad_share, trouble_facts
from knowledge.text import fold


@pytest.mark.parametrize(
    ("words", "share"),
    [
        ("车厘子烂了三分之一", 3333),
        ("A third of the cherries arrived rotten", 3333),
        ("two thirds of them are mouldy", 6667),
        ("坏了三成", 3000),
        ("烂了30%", 3000),
        ("百分之十是坏的", 1000),
        ("10个坏了3个", 3000),
        ("十斤坏了三斤", 3000),
        ("5 out of 12 are bad", 4167),
        ("草莓一半都是烂的", 5000),
        ("全都烂了", 10_000),
        ("all of them are rotten", 10_000),
        ("一箱苹果烂了5个", None),
        ("有几个坏了", None),
        ("烂了三百分之零", None),
    ],
)
def test_the_bad_share_is_read_only_where_it_is_said(words: str, share: int | None) -> None:
    assert bad_share(fold(words)) == share


@pytest.mark.parametrize(
    ("words", "problems"),
    [
        ("车厘子烂了三分之一", ["rot"]),
        ("牛肉化冻了还有异味", ["smell", "thawed"]),
        ("牛奶胀包了", ["blown_pack"]),
        ("榴莲还没熟", ["unripe"]),
        ("不甜，不好吃", ["taste"]),
        ("the prawns smelled off on delivery", ["smell"]),
        ("怎么处理呀", None),
    ],
)
def test_the_kind_of_trouble_is_read_from_clear_words(words: str, problems: list[str] | None) -> None:
    assert trouble_facts("fresh_spoiled", words).get("fresh_problem") == problems


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        ("洗了一次就缩水", "washing"),
        ("到手就开不了机", "production"),
        ("自己拆开修过之后更不行了", "own_alteration"),
        ("不小心摔了一下屏幕碎了", "misuse"),
        ("I dropped it and the screen broke", "misuse"),
        ("袖口开线了", None),
        ("洗了一次又摔了", None),
    ],
)
def test_the_cause_of_a_fault_is_claimed_only_where_one_is_said(words: str, cause: str | None) -> None:
    assert trouble_facts("return_quality", words).get("defect_cause") == cause


def test_other_wishes_claim_nothing() -> None:
    assert trouble_facts("greeting_chat", "洗了一次") == {}
