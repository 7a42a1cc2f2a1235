import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.goods import without_names
from assistant.segments import MAX_SEGMENTS, clauses, segments, topics, wanted


def test_a_word_that_announces_more_opens_a_topic():
    assert topics("快递到哪了。急用,另外发票开一下") == [["快递到哪了,急用"], ["发票开一下"]]
    assert topics("海南要不要另外加运费") == [["海南要不要另外加运费"]]


@pytest.mark.parametrize(
    ("segment", "parts"),
    [
        ("不想要了,取消订单吧", ["不想要了,取消订单吧"]),
        ("凑满减买的三件,其中一件想退", ["凑满减买的三件,其中一件想退"]),
        ("地址填错了,帮我改一下", ["地址填错了,帮我改一下"]),
        ("the address is wrong, please change it", ["the address is wrong,please change it"]),
        ("这件有货吗,多少钱,包邮不", ["这件有货吗", "多少钱", "包邮不"]),
        ("能开专票吗要加税点吗", ["能开专票吗", "要加税点吗"]),
        ("在吗我想退货", ["在吗,我想退货"]),
        ("你干吗不给我退款", ["你干吗不给我退款"]),
        ("到货了吗谢谢", ["到货了吗谢谢"]),
    ],
)
def test_a_clause_that_cannot_stand_alone_is_joined(segment, parts):
    assert clauses(segment) == parts


@pytest.mark.parametrize(
    ("parts", "left"),
    [
        (["不是要退货", "我就问问怎么洗"], ["我就问问怎么洗"]),
        (["i'm not complaining", "just tell me when it ships"], ["just tell me when it ships"]),
        (["不退了", "补我20"], ["不退了", "补我20"]),
        (["别退了"], ["别退了"]),
        (["不给退吗", "那我投诉"], ["不给退吗", "那我投诉"]),
    ],
)
def test_what_is_declined_is_left_aside_unless_it_is_all_there_is(parts, left):
    assert wanted(parts) == left


@given(st.text(max_size=300))
def test_any_text_has_between_one_and_twelve_parts(text):
    assert 1 <= len(segments(text)) <= MAX_SEGMENTS
    assert all(topics(text))


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("空气炸锅炸了", "空气锅炸了"),
        ("着火锅都黑了", "着火锅都黑了"),
        ("我家狗吃了狗粮吐了", "我家狗吃了粮吐了"),
        ("dog leash is short", "leash is short"),
        ("my dog is sick", "my dog is sick"),
    ],
)
def test_only_the_misleading_part_of_a_name_is_taken_out(name, plain):
    assert without_names(name) == plain


@given(st.text(max_size=120))
def test_taking_names_out_only_ever_shortens(text):
    assert len(without_names(text)) <= len(text)
