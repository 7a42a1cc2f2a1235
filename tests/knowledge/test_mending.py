"""What customers type is read as they meant it, and what they meant otherwise is left."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.mending import mend, query_tokens


@pytest.mark.parametrize(
    ("question", "means"),
    [
        ("退宽多久", "退款"),
        ("想换或", "换货"),
        ("tuihuo怎么弄", "退货"),
        ("帮我发或", "发货"),
        ("优惠卷怎么用", "优惠券"),
    ],
)
def test_misspelt_words_are_read_as_meant(question: str, means: str) -> None:
    assert means in query_tokens(question)


def test_pinyin_inside_a_longer_word_is_left_alone() -> None:
    assert mend("kefuxy") == "kefuxy"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("我的积份没到账", "我的积分没到账"),
        ("运废谁出", "运费谁出"),
        ("退活怎么弄", "退货怎么弄"),
        ("优会券用不了", "优惠券用不了"),
        ("帮我查下丹号", "帮我查下单号"),
        ("假各保护能申请吗", "价格保护能申请吗"),
        ("衣服暇疵很多", "衣服瑕疵很多"),
        ("快弟员没来", "快递员没来"),
        ("客福在吗", "客服在吗"),
        ("已经签售才发现破孙", "已经签收才发现破损"),
    ],
)
def test_a_slip_to_another_word_of_the_same_sound_is_read_as_meant(typed: str, meant: str) -> None:
    assert mend(typed) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "鞋子大吗",
        "我要退鞋",
        "退火处理的钢",
        "这个不含底座",
        "会原路退回吗",
        "钱还完了没发",
        "要买表还是换表",
        "运费先退吗",
        "查到了就补寄",
        "给我拆单随货发",
    ],
)
def test_what_may_be_meant_as_it_stands_is_left(typed: str) -> None:
    assert mend(typed) == typed


def test_a_word_of_which_every_character_differs_is_left() -> None:
    assert mend("蜗劳") == "蜗劳"
    assert mend("雾流") == "物流"
    assert mend("雾榴") == "雾榴"


@given(st.text(alphabet="积份分退活货款宽运费废吗的我单丹号发票漂先开不", max_size=24))
def test_mending_keeps_the_length_and_what_is_mended_stays(typed: str) -> None:
    once = mend(typed)
    assert len(once) == len(typed)
    assert len(mend(once)) == len(typed)
