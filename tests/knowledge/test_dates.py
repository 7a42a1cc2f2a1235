"""When a document speaks of, and where."""

from __future__ import annotations

import pytest

from knowledge.cleaning import clean
from knowledge.dates import Dating, propose
from tests.knowledge import dirty


def dated(text: str) -> Dating:
    dating = propose(clean(text))
    assert dating.to_confirm
    for evidence in dating.evidence:
        assert text[evidence.start : evidence.end] == evidence.text
    return dating


def test_a_repost_is_dated_by_its_content_and_not_by_its_stamp() -> None:
    dating = dated(dirty.REPOST)
    assert (dating.content_date, dating.precision, dating.published) == ("2016", "year", "2023-06-18")


def test_a_stamp_that_the_text_agrees_with_is_the_content_date() -> None:
    dating = dated(dirty.SPAMMED)
    assert (dating.content_date, dating.precision) == ("2021-05-20", "day")
    assert "5月20日" in {evidence.text for evidence in dating.evidence}


def test_relative_years_resolve_against_the_document() -> None:
    dating = dated(dirty.NO_YEAR)
    assert dating.year == 2018
    assert dating.resolve("本年") == 2018
    assert dating.resolve("去年") == 2017


def test_without_any_sign_the_date_is_unknown_and_nothing_resolves() -> None:
    dating = dated("本年1月20日起,回复时限放宽一倍,去年的订单不变。\n")
    assert (dating.content_date, dating.precision) == (None, "unknown")
    assert dating.resolve("本年") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("近期上海复工,受疫情影响的商家在4月免考核,5月20日前入仓有优惠。", "2022-05"),
        ("临近双11,会场在APEC会址附近。11月3日,某电商负责人参加座谈会。", "2014-11-03"),
        ("去年6月27日,某平台开出首张电子发票。", "2014"),
        ("6月27日,某平台开出首张电子发票。", None),
    ],
)
def test_public_events_date_a_text_that_names_no_year(text: str, expected: str | None) -> None:
    assert dated(text).content_date == expected


@pytest.mark.parametrize(
    ("text", "platforms"),
    [
        ("本须知自2026年9月1日起施行，适用于淘宝店铺。", ("taobao",)),
        ("适用范围：淘宝、天猫店铺。京东另行公布。", ("taobao", "tmall")),
        ("我们在淘宝开店。", ()),
    ],
)
def test_a_platform_that_a_text_says_it_holds_on_need_be_named_once(text: str, platforms: tuple[str, ...]) -> None:
    assert dated(text).platforms == platforms


def test_platform_and_region_are_guessed_from_how_often_they_are_named() -> None:
    dating = dated("京东在2022年为上海商家减免费用。京东还为上海地区免考核。京东的上海企业客户也受益,与淘宝不同。")
    assert dating.platforms == ("jd",)
    assert dating.regions == ("上海",)
