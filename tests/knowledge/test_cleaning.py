"""Cutting what is not the document's own text."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.cleaning import clean
from tests.knowledge import dirty


def reasons(text: str) -> dict[str, str]:
    return {cut.reason: text[cut.start : cut.end].strip() for cut in clean(text).cuts}


def test_pinyin_after_a_han_character_is_cut_and_words_in_brackets_stay() -> None:
    cleaned = clean("商務(wù)部門的服務(wù)由認證中心(cqc)檢查(小额)并記錄(OK)。")
    assert cleaned.text == "商務部門的服務由認證中心(cqc)檢查(小额)并記錄(OK)。"


def test_toneless_syllables_are_cut_only_where_toned_ones_abound() -> None:
    assert "(de)" in clean("買家(de)訂單").text
    assert "(de)" not in clean("商務(wù)與經(jīng)濟和網(wǎng)購,買家(de)訂單").text


def test_hidden_spam_a_news_tail_and_the_frame_of_the_site_are_cut() -> None:
    cut = reasons(dirty.SPAMMED)
    assert {"spam", "related", "legal", "byline", "site", "pinyin", "debris"} <= cut.keys()
    text = clean(dirty.SPAMMED).text
    for foreign in ("地鐵", "夏糧", "国产", "免責", "qzx", "首頁", "wù"):
        assert foreign not in text
    for own in ("平臺服務升級", "不再與大促捆綁", "珠寶飾品"):
        assert own in text


def test_an_english_introduction_before_a_chinese_article_is_cut_with_its_button() -> None:
    text = clean(dirty.INTRODUCTION).text
    assert text.startswith("今年三月起")
    assert "Brightlane" not in text


def test_an_english_part_that_shares_figures_with_the_chinese_one_stays() -> None:
    english = "Returns are free within 15 days and refunds take 72 hours for every order that was bought in our shop."
    chinese = (
        "本店支持15天内退货,退款在72小时内到账。" + "买家需要保持商品完好并上传照片说明退货的原因,由客服核对。" * 12
    )
    assert "Returns are free" in clean(f"{english}\n{chinese}").text


def test_the_frame_of_a_classified_site_is_cut() -> None:
    cut = reasons(dirty.REPOST)
    assert {"site", "byline", "related"} <= cut.keys()
    assert "分类信息" not in clean(dirty.REPOST).text
    assert "八百元以下" in clean(dirty.REPOST).text


def test_a_list_of_links_before_the_article_does_not_take_the_article_with_it() -> None:
    text = (
        "相关阅读\n• 某地铁开通\n• 某市夏粮\n"
        + "买家签收后七天内可以申请退货,商家在四十八小时内处理,超时由平台介入。\n" * 6
    )
    cleaned = clean(text)
    assert "地铁" not in cleaned.text
    assert cleaned.text.count("四十八小时") == 6


def test_after_a_related_list_a_heading_starts_the_text_again() -> None:
    text = "买家签收后七天内可以申请退货。\n" * 6 + "相关阅读\n某地铁开通\n## 运费\n质量问题由商家承担。\n"
    assert "质量问题由商家承担" in clean(text).text
    assert "地铁" not in clean(text).text


@pytest.mark.parametrize(
    "line",
    [
        "亚洲尺码与欧美尺码不同,请看尺码表。",
        "本店支持在线观看试穿视频。",
        "编辑收货地址请点这里,订单发货前可以修改。",
        "免费退货,来回运费由商家承担。",
    ],
)
def test_ordinary_sentences_of_a_shop_are_not_taken_for_spam(line: str) -> None:
    text = f"{line}\n" + "买家签收后七天内可以申请退货。\n" * 4
    expected = "spam" if "亚洲" in line else None
    found = [cut.reason for cut in clean(text).cuts]
    assert found == ([expected] if expected and found else [])


def test_a_menu_line_is_navigation() -> None:
    assert "navigation" in reasons("全部 女装 男装 童鞋 箱包 家电 数码 食品 母婴\n买家签收后七天内可以退货。\n")


def test_mojibake_is_mended_for_the_reader_and_kept_in_the_original() -> None:
    text = "Customersâ€™ parcels are shipped within two days.\n"
    cleaned = clean(text)
    assert cleaned.original == text
    assert "â€™" not in cleaned.text


@given(st.text(alphabet="退货(wù)<b>相关阅读\n• 国产精品a b。2021-05-20|#", max_size=300))
def test_cuts_are_ordered_spans_and_every_readable_character_knows_where_it_came_from(text: str) -> None:
    cleaned = clean(text)
    blocks = [cut for cut in cleaned.cuts if not cut.inline]
    assert all(0 <= cut.start <= cut.end <= len(text) for cut in cleaned.cuts)
    assert all(a.end <= b.start for a, b in itertools.pairwise(blocks))
    for start, end in cleaned.kept:
        readable, offsets = cleaned.readable(start, end)
        assert len(readable) == len(offsets)
        assert all(start <= place < end for place in offsets)
        assert offsets == sorted(offsets)
        assert all(text[place] == c for c, place in zip(readable, offsets, strict=True))
