import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import InvalidMessage
from assistant.language import MAX_CHARS, clean_message, detect, is_traditional


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("怎么还不发货", "zh"),
        ("Where is my parcel?", "en"),
        ("这个size准吗", "zh"),
        ("iPhone 15 Pro Max 有货吗", "zh"),
        ("退貨運費誰出", "zh"),
        ("tuihuo", "zh"),
        ("ni hao", "zh"),
        ("my order 订单 is late, please check it for me", "en"),
        ("ok thanks", "en"),
    ],
)
def test_the_language_is_that_of_most_words(text, lang):
    assert detect(text) == lang


@pytest.mark.parametrize("text", ["？？？", "12345", "👍", "", "L", "XXL", "ok", "VIP"])
def test_without_words_the_talk_keeps_its_language(text):
    assert detect(text, "en") == "en"
    assert detect(text, "zh") == "zh"


def test_traditional_forms_are_seen_and_simplified_is_not_taken_for_them():
    assert is_traditional("請問退貨運費誰出")
    assert not is_traditional("请问退货运费谁出")
    assert not is_traditional("Hello")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        ("  \n\t", "empty"),
        ("\x00\x01\u200b", "unreadable"),
        ("\ud800", "unreadable"),
        ("长" * 100_000, "too_long"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_a_code(text, code):
    with pytest.raises(InvalidMessage) as caught:
        clean_message(text)
    assert caught.value.code == code
    assert caught.value.mend


def test_the_longest_message_is_taken_and_one_character_more_is_not():
    assert len(clean_message("好" * MAX_CHARS)) == MAX_CHARS
    with pytest.raises(InvalidMessage):
        clean_message("好" * (MAX_CHARS + 1))


def test_unseen_characters_go_and_emoji_and_lines_stay():
    assert clean_message("退\x00货\u202e吗\r\n谢谢👨‍👩‍👧\ud800") == "退货吗\n谢谢👨‍👩‍👧"


@given(st.text(max_size=200))
def test_a_cleaned_message_is_clean_already_and_can_be_stored(text):
    try:
        cleaned = clean_message(text)
    except InvalidMessage:
        return
    assert clean_message(cleaned) == cleaned
    cleaned.encode("utf-8")
    assert "\x00" not in cleaned


@pytest.mark.parametrize("text", ["queren", "hao de", "pao xie quxiao dingdan", "kuaidi dao nali le"])
def test_pinyin_of_the_trades_words_is_chinese(text):
    assert detect(text, default="en") == "zh"
