"""What is proposed for a document without a head, and the words for it."""

from __future__ import annotations

from datetime import datetime

import pytest

from knowledge.clauses import SHANGHAI
from knowledge.cleaning import clean
from knowledge.dates import propose
from knowledge.proposed_head import ProposedHead, propose_head


def head(text: str) -> ProposedHead:
    cleaned = clean(text)
    found = propose_head(cleaned, propose(cleaned))
    for point in found.points:
        assert text[point.start : point.end] == point.quote
    return found


def window(text: str) -> tuple[str | None, str | None]:
    found = head(text).window
    shown = [f"{at:%Y-%m-%d}" if at is not None else None for at in (found.start, found.end)]
    return shown[0], shown[1]


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("本须知自2026年9月1日起施行。\n", ("2026-09-01", None)),
        ("刻章须知\n生效日期：二〇二六年九月一日\n刻章收费十元。\n", ("2026-09-01", None)),
        ("说明\n⾃ 2026 年 7 ⽉ 1 ⽇起收取定金。\n", ("2026-07-01", None)),
        (
            "Terms\nEffective from September 1, 2026 until December 31, 2026. No returns.\n",
            ("2026-09-01", "2027-01-01"),
        ),
        ("Sale\nThe sale runs from June 1 to June 18, 2026.\n", ("2026-06-01", "2026-06-19")),
        ("双十一活动\n活动时间：2026年11月1日20:00至11月11日23:59\n", ("2026-11-01", "2026-11-12")),
        ("满减\n本活动至2026年11月11日结束，满三百减四十。\n", (None, "2026-11-12")),
        ("Coupons\nValid until 2026-12-31. One per order.\n", (None, "2027-01-01")),
        ("国庆放假通知\n2026年10月1日至7日客服放假。\n", ("2026-10-01", "2026-10-08")),
        ("发货说明\n更新日期：2026年10月8日\n现货48小时内发货。\n", ("2026-10-08", None)),
        ("退货说明\n修订日期 2025.3.9\n退货请保留吊牌。\n", ("2025-03-09", None)),
        ("Shipping\nLast updated: 3 May 2026\nWe ship within two days.\n", ("2026-05-03", None)),
        ("两次修订\n发布日期：2025年1月1日\n修订日期：2026年2月2日\n", ("2026-02-02", None)),
    ],
)
def test_a_text_says_from_when_until_when_it_holds(text: str, holds: tuple[str | None, str | None]) -> None:
    assert window(text) == holds
    assert not head(text).undated


def test_a_year_alone_is_no_first_of_january() -> None:
    found = head("2026年新版清洗说明\n沙发清洗每座四十五元。\n")
    assert (found.content_date, found.window.start, found.undated) == ("2026", None, True)


def test_news_of_a_year_speaks_of_that_year() -> None:
    found = head("记者获悉，2016年平台放宽了时限。\n")
    assert found.window.start == datetime(2016, 1, 1, tzinfo=SHANGHAI)
    assert found.level == "temporary"


def test_the_day_a_text_names_goes_before_the_year_it_mentions() -> None:
    found = head("安装指南\n自2026年8月1日起施行，有效期至2027年7月31日。\n")
    assert found.content_date == "2026-08-01"
    assert not [point for point in found.points if point.field == "content_date"]


@pytest.mark.parametrize(
    ("text", "level", "status"),
    [
        ("会员积分规则\n自2026年9月1日起，每消费 1 元积 1 分。\n\n相关推荐\n双十一攻略\n", "shop", "in_force"),
        ("会员日\n自2026年9月1日起推出会员日，每月八号满减。\n", "temporary", "in_force"),
        ("放假通知\n10月1日至7日客服放假。\n", "temporary", "in_force"),
        ("各位商家：\n2020年湖北商家免考核。\n", "temporary", "history"),
        ("记者获悉，平台2025年将推出新服务。\n", "temporary", "announced"),
        ("5月20日，平台召开商家大会，2021年商家可以自己决定。\n", "temporary", "history"),
        ("退货规则（征求意见稿）\n七天可退。\n", "shop", "draft"),
    ],
)
def test_a_standing_rule_a_notice_and_news_are_told_apart(text: str, level: str, status: str) -> None:
    found = head(text)
    assert (found.level, found.status) == (level, status)


def test_what_is_not_in_force_says_why() -> None:
    for text in ("各位商家：\n2020年湖北商家免考核。\n", "记者获悉，平台2025年将推出新服务。\n"):
        assert [point for point in head(text).points if point.field == "status"]


def test_regions_after_words_of_scope_are_suggested_when_named_once() -> None:
    points = [point for point in head("上门安装\n适用于浙江、上海地区的订单。\n").points if point.field == "regions"]
    assert [(point.value, point.applied) for point in points] == [("浙江", False), ("上海", False)]
