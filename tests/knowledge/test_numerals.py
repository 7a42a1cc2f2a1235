import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.numerals import number, render


@given(st.integers(0, 99_999_999))
def test_a_rendered_numeral_is_read_back(value):
    assert number(render(value)) == value


@given(st.integers(0, 10_000_000))
def test_digits_are_read_as_they_stand(value):
    assert number(str(value)) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("二百五十", 250),
        ("二百五", 250),
        ("两千", 2000),
        ("三千二", 3200),
        ("一百零一", 101),
        ("廿五", 25),
        ("一二三", 123),
        ("三点五", 3.5),
        ("twenty", 20),
    ],
)
def test_numerals_are_read_as_people_say_them(text, value):
    assert number(text) == value


@pytest.mark.parametrize("text", ["", "十百", "很多", "三点", "百百", "一百和二"])
def test_what_is_no_numeral_is_none(text):
    assert number(text) is None
