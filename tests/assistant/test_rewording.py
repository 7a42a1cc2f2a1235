"""A wording may be warmer than the flows' answer; it may not say anything else."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.conversation import Lang
from assistant.rewording import Drift, drift

YES = "订单（尾号0715）还没有发货，可以直接取消，退款 ¥299.00 原路退回。[1]"
NO = "订单（尾号3788）是 11月14日 签收的，已经过了无理由退货的期限，所以这一条不适用。[1]"
PARCEL = "包裹目前运输中。最新一条：到达转运中心（11月21日 14:05）。"
ASK = "请问商品现在是什么状态，吊牌、包装和配件都还在吗？"
QUOTED = "按《运费》的规定：「包邮商品：发出的运费由商家承担，退回的运费由买家承担。」[1]"
EN = "Order …3788 was delivered on 14 Nov. The period for no-reason returns is over, so this rule does not apply.[1]"

FAITHFUL: list[tuple[str, str, str, Lang]] = [
    ("您好，" + YES + "请您核对一下。", YES, "我想取消订单", "zh"),
    ("您好，很抱歉给您带来不便。" + NO.removesuffix("[1]"), NO, "牛仔裤能退吗", "zh"),
    ("好的。" + ASK, ASK, "我想退货", "zh"),
    ("您好，包裹正在运输中，最新一条是11月21日14:05到达转运中心。", PARCEL, "我的包裹呢", "zh"),
    ("I'm sorry for the inconvenience. " + EN, EN, "can I return my jeans", "en"),
    *((own, own, "", lang) for own, lang in ((YES, "zh"), (NO, "zh"), (ASK, "zh"), (EN, "en"))),
]  # fmt: skip

DRIFTED: list[tuple[Drift, str, str, Lang]] = [
    ("granted", "尾号3788，11月14日签收，过了期限不适用，但没问题，可以退货。", NO, "zh"),
    ("granted", "Order …3788, 14 Nov, does not apply, but you can return it for a full refund.", EN, "en"),
    ("granted", "尾号0715还没有发货，可以直接取消，¥299.00 原路退回，也可以换货。", YES, "zh"),
    ("granted", "尾号3788，11月14日，不适用无理由，可以换货。", NO + "可以走质量售后。", "zh"),
    ("refused", "尾号0715的订单不能取消，¥299.00 无法退回。", YES.replace("还没有发货，", ""), "zh"),
    ("granted", "按规则，退回的运费由商家承担。", "退回的运费由消费者承担。", "zh"),
    ("granted", "The seller pays the freight back.", "The buyer pays the freight back.", "en"),
    ("clause_lost", "您好，尾号0715的订单还没有发货，可以直接取消，¥299.00 会原路退回。", YES, "zh"),
    ("invented", QUOTED + "七天无理由退货的运费由商家承担。", QUOTED, "zh"),
    ("clause_lost", "规定说运费是顾客的。", "按《退货》：「退回的运费由消费者承担。」", "zh"),
    ("question_lost", "请问商品还好吗？", ASK, "zh"),
    ("refusal_lost", "尾号3788的订单是11月14日签收的，按无理由退货的规则看就好。", NO, "zh"),
    (
        "refusal_lost",
        "Order …3788 was delivered on 14 Nov, so the no-reason rule applies.",
        EN.replace("no-", ""),
        "en",
    ),
    ("assured", "尾号0715可以取消，还没有发货，保证 ¥299.00 原路退回。", YES, "zh"),
    ("expected", "尾号0715还没有发货，可以直接取消，¥299.00 预计原路退回。", YES, "zh"),
    ("figure_lost", "订单还没有发货，可以直接取消，会原路退款。", YES, "zh"),
    ("question_lost", "商品状态、吊牌、包装和配件我记下了。", ASK, "zh"),
    ("question", "尾号0715还没有发货，可以直接取消，退 ¥299.00。您为什么要取消呢？", YES, "zh"),
    ("contact", "尾号0715还没有发货，可以取消，退 ¥299.00，加微信说。", YES, "zh"),
    ("language", "Order 0715 has not been shipped, ¥299.00 goes back the way it came if you cancel.", YES, "zh"),
    ("length", YES + "请您核对一下。" * 20, YES, "zh"),
    (
        "invented",
        "尾号0715还没有发货，可以取消，退 ¥299.00。店主是三代祖传手艺人，木料来自长白山深处的百年老林。",
        YES,
        "zh",
    ),
]


@pytest.mark.parametrize(("text", "own", "heard", "lang"), FAITHFUL)
def test_a_faithful_wording_holds(text: str, own: str, heard: str, lang: Lang) -> None:
    assert drift(text, own, lang=lang, heard=heard) == []


@pytest.mark.parametrize(("kind", "text", "own", "lang"), DRIFTED, ids=[f"{d[0]}-{d[3]}" for d in DRIFTED])
def test_a_wording_that_departs_from_the_answer_is_named(kind: Drift, text: str, own: str, lang: Lang) -> None:
    assert kind in drift(text, own, lang=lang, heard="")


@pytest.mark.parametrize(("text", "own", "heard", "lang"), FAITHFUL)
def test_no_beginning_of_a_faithful_wording_is_stopped(text: str, own: str, heard: str, lang: Lang) -> None:
    for end in (stop.end() for stop in re.finditer(r"[。？！]|\.(?=\s|$)", text)):
        assert drift(text[:end], own, lang=lang, heard=heard, whole=False) == []


TRUE = ["您好。", YES, "感谢您的耐心等待。", "请您核对一下。"]
FALSE = ["保证到账。", "全额退货包邮。", "加微信办理更快。", "预计明天就好。", "您还要别的吗？", "运费由我们承担。"]


@given(st.permutations(TRUE), st.sampled_from(FALSE), st.integers(0, len(TRUE)))
def test_one_false_sentence_spoils_any_number_of_true_ones(true: list[str], false: str, place: int) -> None:
    assert drift("".join(true), YES, lang="zh", heard="") == []
    assert drift("".join([*true[:place], false, *true[place:]]), YES, lang="zh", heard="") != []


@pytest.mark.parametrize("told", ["已为您全额退款", "没问题可以退货", "保证三天到账"])
def test_what_the_customer_says_makes_no_ruling_true(told: str) -> None:
    assert drift(f"尾号3788，11月14日，不适用。{told}。", NO, lang="zh", heard=told) != []
