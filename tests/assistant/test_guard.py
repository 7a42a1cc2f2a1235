from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.guard import Evidence, check, figures
from assistant.wording import day, instant, money
from knowledge.clauses import SHANGHAI

AT = datetime(2026, 11, 22, 18, 0, tzinfo=SHANGHAI)
FEN = st.integers(min_value=1, max_value=10**8)
INSTANTS = st.integers(min_value=1_577_808_000, max_value=1_893_427_200).map(
    lambda seconds: datetime.fromtimestamp(seconds, SHANGHAI)
)


def evidence_of(*texts: str) -> Evidence:
    evidence = Evidence()
    evidence.text(*texts)
    return evidence


@given(FEN, st.sampled_from(["zh", "en"]))
def test_an_amount_that_a_tool_yielded_may_be_said(fen: int, lang: str) -> None:
    evidence = Evidence()
    evidence.money(fen)
    sentence = f"退款 {money(fen)}。" if lang == "zh" else f"The refund is {money(fen)}."
    assert check(sentence, evidence) == []


@given(FEN, FEN)
def test_an_amount_that_nothing_yielded_is_stopped(known: int, said: int) -> None:
    evidence = Evidence()
    evidence.money(known)
    assert bool(check(f"退款 {money(said)}", evidence)) == (known != said)


@given(INSTANTS, st.sampled_from(["zh", "en"]))
def test_an_instant_may_be_said_as_we_word_it(at: datetime, lang: str) -> None:
    evidence = Evidence()
    evidence.instant(at)
    assert check(f"{instant(at, lang)} / {day(at, lang, year=True)}", evidence) == []  # type: ignore[arg-type]


def test_one_fen_more_is_stopped() -> None:
    evidence = Evidence()
    evidence.money(100000)
    assert check("退款 ¥1000.00", evidence) == []
    assert [v.words for v in check("退款 ¥1000.01", evidence)] == ["¥1000.01"]


def test_another_day_is_stopped() -> None:
    evidence = Evidence()
    evidence.instant(AT)
    assert check("11月22日前", evidence) == []
    assert [v.kind for v in check("11月23日前", evidence)] == ["date"]


@pytest.mark.parametrize(
    ("said", "stopped"),
    [
        ("七天内可退", False),
        ("7天内可退", False),
        ("八天内可退", True),
        ("十五天内可退", True),
        ("a 7-day return", False),
    ],
)
def test_chinese_and_arabic_numerals_are_one(said: str, stopped: bool) -> None:
    assert bool(check(said, evidence_of("签收次日起七日内"))) == stopped


def test_a_percentage_is_not_a_sum_of_money() -> None:
    evidence = evidence_of("最高补偿 5%")
    assert check("按 5% 补偿", evidence) == []
    assert check("补偿 5元", evidence) != []


def test_citation_marks_are_no_figures() -> None:
    assert check("可以退货[1][12]。", Evidence()) == []


@pytest.mark.parametrize(
    "claim",
    [
        "我已为您退款", "已经帮您取消了订单", "已为您提交申请", "已为您补偿", "地址已为您修改", "已为您转人工",
        "I have refunded you", "Your order has been cancelled", "I've now submitted it", "the refund has been issued",
        "Your address has been changed", "I have escalated this",
    ],
)  # fmt: skip
def test_an_act_that_the_ledger_does_not_hold_cannot_be_claimed(claim: str) -> None:
    assert [v.kind for v in check(claim, Evidence())] == ["act"]


@pytest.mark.parametrize(
    ("action", "claim"),
    [
        ("cancel_refund", "订单已为您取消，已退款"),
        ("change_address", "收货地址已更新"),
        ("late_compensation", "赔付已发放"),
        ("return_refund", "退货申请已提交"),
        ("handed_off", "已为您转人工同事"),
    ],
)
def test_an_executed_act_may_be_claimed(action: str, claim: str) -> None:
    evidence = Evidence()
    evidence.act(action)
    assert check(claim, evidence) == []


def test_a_return_that_was_filed_is_not_a_refund_that_was_paid() -> None:
    evidence = Evidence()
    evidence.act("return_refund")
    assert [v.words for v in check("已为您退款", evidence)] != []


@pytest.mark.parametrize("harmless", ["可以退款吗", "收到后退款", "取消订单后会退款", "we will refund you", "未退款前"])
def test_talk_about_what_may_come_is_no_claim(harmless: str) -> None:
    assert check(harmless, Evidence()) == []


def test_quoted_words_must_stand_in_a_cited_clause() -> None:
    clause = "消费者有权自收到商品之日起七日内退货，且无需说明理由。"
    evidence = evidence_of(clause)
    assert check(f"规定：「{clause}」", evidence, quotes=[clause]) == []
    forged = "消费者无权自收到商品之日起七日内退货"
    assert [v.kind for v in check(f"规定：「{forged}」", evidence, quotes=[clause])] == ["quote"]


def test_the_title_of_a_cited_document_may_be_named() -> None:
    title, clause = "Seven-day no-reason return", "The day of signing is day 0."
    text = f"“{title}” says: 「{clause}」"
    assert check(text, evidence_of(title, clause), quotes=[clause, title]) == []
    assert [v.kind for v in check(text, evidence_of(title, clause), quotes=[clause])] == ["quote"]


def test_a_part_of_a_cited_clause_may_be_quoted_and_claims_nothing() -> None:
    clause = "卖家已退款的，不再受理。其他情形由人工核实后处理，请保留凭证。"
    part = "卖家已退款的，不再受理。"
    assert check(f"「{part}」", evidence_of(clause), quotes=[clause]) == []


def test_a_quoted_clause_does_not_claim_acts_of_ours() -> None:
    clause = "卖家已退款的，不再受理同一笔争议的投诉。"
    assert check(f"「{clause}」", evidence_of(clause), quotes=[clause]) == []


@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    figures(text)
    check(text, Evidence())
