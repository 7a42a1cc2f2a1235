from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.slots import Slots, extract

NOW = datetime(2026, 11, 22, 16, 30, tzinfo=timezone(timedelta(hours=8)))


def said(text: str, lang="zh") -> dict[str, object]:
    return extract(text, NOW, lang).model_dump(exclude_defaults=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("165/110斤", {"height_cm": 165, "weight_kg": 55}),
        ("一米六五 55kg", {"height_cm": 165, "weight_kg": 55}),
        ("身高1米65体重110", {"height_cm": 165, "weight_kg": 55}),
        ("165 110斤穿什么码", {"height_cm": 165, "weight_kg": 55}),
        ("170cm 60公斤", {"height_cm": 170, "weight_kg": 60}),
        ("5'5 and 120 lbs", {"height_cm": 165.1, "weight_kg": 54.4}),
        ("脚长24.5选几码", {"foot_cm": 24.5}),
        ("foot 245 mm", {"foot_cm": 24.5}),
        ("腰围二尺一", {"waist_cm": 70.0}),
        ("300以内的耳机", {"budget_max": 30000}),
        ("三百左右", {"budget_min": 24000, "budget_max": 36000}),
        ("under 300", {"budget_max": 30000}),
        ("200到300块的", {"budget_min": 20000, "budget_max": 30000}),
        ("两件", {"quantity": 2}),
        ("退一件", {"quantity": 1}),
        ("补我20", {"money": 2000}),
        ("¥12.5", {"money": 1250}),
        ("给我二十块", {"money": 2000}),
        ("20块5", {"money": 2050}),
        ("退一半", {"fraction": 0.5}),
        ("退百分之三十", {"fraction": 0.3}),
        ("refund a third", {"fraction": 0.3333}),
        ("烂了5个一共20个", {"count_bad": 5, "count_total": 20}),
        ("十斤坏了三斤", {"count_bad": 3, "count_total": 10, "reason": "quality"}),
        ("尾号1234的订单", {"order_tail": "1234"}),
        ("订单号 20261120123456789", {"order_id": "20261120123456789"}),
        ("order 88442211", {"order_id": "88442211"}),
        ("发到乌鲁木齐", {"region": "新疆", "city": "乌鲁木齐"}),
        ("165高110斤穿什么码", {"height_cm": 165, "weight_kg": 55}),
        ("双面羊毛大衣165高55公斤穿什么码", {"height_cm": 165, "weight_kg": 55}),
        ("165的身高110斤", {"height_cm": 165, "weight_kg": 55}),
        ("换41的", {"target_variant": "41"}),
        ("Too small, swap them for a 41", {"target_variant": "41", "reason": "wrong_size"}),
        ("exchange for medium", {"size": "M", "target_variant": "M"}),
        ("换成黑色L码", {"colour": "黑色", "size": "L", "target_variant": "黑色 L"}),
        ("全都退", {"everything": True}),
        ("淘宝上买的", {"platform": "taobao"}),
        ("我手机13812345678", {}),
        ("一个问题", {}),
        ("三天以内能到吗", {}),
    ],
)
def test_a_slot_is_read(text, expected):
    assert said(text) == expected


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("还没拆", ("unopened",)),
        ("没有拆封", ("unopened",)),
        ("拆开看了一下", ("opened",)),
        ("吊牌剪了", ("tag_removed",)),
        ("吊牌都在", ("tried_on",)),
        ("吊牌没剪", ("tried_on",)),
        ("没穿过", ("tried_on",)),
        ("穿过一次", ("used",)),
        ("试穿了一下", ("tried_on",)),
        ("盒子扔了", ("box_missing",)),
        ("盒子还在", ()),
        ("外套不合适想退，没穿过吊牌都在", ("tried_on",)),
        ("吊牌和包装都在，没穿过", ("tried_on",)),
        ("没穿过但是吊牌剪了", ("tag_removed",)),
        ("没用，想退", ()),
        ("I do not like it", ()),
        ("I already cut off the tag", ("tag_removed",)),
        ("已经激活了", ("activated",)),
        ("没激活", ("tried_on",)),
        ("弄脏了", ("soiled",)),
        ("赠品用了", ("gift_missing",)),
        ("never worn, tags still on", ("tried_on",)),
        ("the tag is off", ("tag_removed",)),
        ("unopened", ("unopened",)),
    ],
)
def test_a_condition_is_read_with_its_negation(text, condition):
    assert extract(text, NOW).condition == condition


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("不喜欢想退", "changed_mind"),
        ("太小了", "wrong_size"),
        ("发货太慢", "too_slow"),
        ("别家更便宜", "cheaper_elsewhere"),
        ("跟图片不一样", "not_as_expected"),
        ("有点小瑕疵", "small_flaw"),
        ("少了个配件", "missing_part"),
        ("质量太差", "quality"),
        ("拍重了", "duplicate"),
        ("I changed my mind", "changed_mind"),
        ("it doesn't fit", "wrong_size"),
        ("found it cheaper", "cheaper_elsewhere"),
    ],
)
def test_a_reason_is_read(text, reason):
    assert extract(text, NOW).reason == reason


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("昨天", "2026-11-21"),
        ("前天签收", "2026-11-20"),
        ("上周五", "2026-11-13"),
        ("3天前", "2026-11-19"),
        ("三天前", "2026-11-19"),
        ("11月20号", "2026-11-20"),
        ("12月25日", "2025-12-25"),
        ("2026-11-18", "2026-11-18"),
        ("18号买的", "2026-11-18"),
        ("yesterday", "2026-11-21"),
        ("last Friday", "2026-11-20"),
        ("two weeks ago", "2026-11-08"),
        ("Nov 3", "2026-11-03"),
    ],
)
def test_a_day_is_resolved_against_the_time_of_the_message_in_shanghai(text, day):
    assert extract(text, NOW).date == datetime.fromisoformat(f"{day}T00:00:00+08:00")


def test_yesterday_turns_over_at_midnight_in_shanghai_not_in_utc():
    before = datetime(2026, 11, 22, 15, 59, tzinfo=UTC)
    assert extract("昨天", before).date.isoformat() == "2026-11-21T00:00:00+08:00"
    assert extract("昨天", before + timedelta(minutes=1)).date.isoformat() == "2026-11-22T00:00:00+08:00"


def test_an_impossible_day_is_no_day():
    assert extract("2月30号", NOW).date is None


def test_an_address_and_an_invoice_title_are_kept_as_written():
    assert extract("地址改成上海市浦东新区张江路88号3单元", NOW).address == "上海市浦东新区张江路88号3单元"
    told = extract("抬头改成杭州云栖测试有限公司 税号91330106MA2B0CQX3L", NOW)
    assert (told.invoice_title, told.tax_id, told.address) == ("杭州云栖测试有限公司", "91330106MA2B0CQX3L", None)


@given(st.text(max_size=120))
def test_any_text_can_be_read_and_the_result_is_a_slots(text):
    assert isinstance(extract(text, NOW), Slots)


@given(jin=st.integers(70, 300), cm=st.integers(140, 199))
def test_height_and_weight_survive_every_way_of_writing_them(jin, cm):
    for text in (f"{cm}/{jin}斤", f"身高{cm}，体重{jin}斤", f"{cm}cm {jin / 2}kg", f"{jin}斤 {cm / 100:.2f}米"):
        slots = extract(text, NOW)
        if slots.weight_kg is not None and slots.height_cm is not None:
            assert slots.weight_kg == pytest.approx(jin / 2)
            assert slots.height_cm == pytest.approx(cm)
        else:
            assert jin / 2 > 150
