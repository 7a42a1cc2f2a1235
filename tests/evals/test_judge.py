from datetime import UTC, datetime

import pytest

from assistant.conversation import (
    Acted,
    Answered,
    Card,
    Citation,
    Cited,
    Decided,
    Entry,
    HandedOff,
    IntentGuess,
    Proposed,
    Said,
    Term,
    Understood,
)
from evals.case import Case, Effect, Expect, Step
from evals.judge import cites, code_of, has_code, judge, judge_conduct, judge_deeds, judge_state

AT = datetime(2026, 11, 22, 2, tzinfo=UTC)


def decided(table: str, code: str, amount: int | None = None) -> Decided:
    return Decided(table=table, row="R1", code=code, policy="p", amount=amount)


def proposed(action: str = "return_refund", pid: str = "p1") -> Proposed:
    return Proposed(
        proposal_id=pid, action=action, order_id="1", title="退货退款", terms=(Term(label="退款", value="¥699.00"),),
        expires_at=AT, args_hash="h",
    )  # fmt: skip


def acted(action: str = "return_refund", amount: int | None = 69900, pid: str = "p1", order: str = "1") -> Acted:
    return Acted(proposal_id=pid, action=action, order_id=order, state="done", permit_id="x", amount=amount)


def misses(expect: Expect, *entries: Entry, final_hash: str = "") -> list[str]:
    return [v.miss.what for v in judge(expect, entries, 1, final_hash) if v.miss is not None]


def case(*steps: Step, lang: str = "zh") -> Case:
    return Case.model_validate({"id": "a", "group": "g", "now": AT, "lang": lang, "steps": steps})


def test_nothing_expected_gives_no_verdict_rather_than_a_pass() -> None:
    assert judge(Expect(), [Said(text="好")], 1) == []


@pytest.mark.parametrize(
    ("wanted", "holds"),
    [
        ("DT-14:LATE", True),
        ("DT-14:LATE: 8.40", True),
        ("DT-14:LATE: 8.4", False),
        ("DT-14:LA", False),
        ("DT-02:ASK", True),
        ("DT-02:ASK(signed_at)", True),
        ("DT-02:ASK(other)", False),
    ],
)
def test_a_code_may_leave_out_its_amount_and_its_argument_and_nothing_else(wanted: str, holds: bool) -> None:
    codes = [code_of(decided("DT-14", "LATE", 840)), code_of(decided("DT-02", "ASK(signed_at)"))]
    assert has_code(wanted, codes) is holds
    assert (
        "codes" in misses(Expect(codes=(wanted,)), decided("DT-14", "LATE", 840), decided("DT-02", "ASK(signed_at)"))
    ) is not holds


def test_a_code_that_must_not_come_is_a_miss_when_it_does() -> None:
    assert misses(Expect(not_codes=("DT-02:ELIGIBLE",)), decided("DT-02", "ELIGIBLE")) == ["not_codes"]
    assert misses(Expect(not_codes=("DT-02:ELIGIBLE",)), decided("DT-02", "NOT_INTACT")) == []


@pytest.mark.parametrize("wanted", ["law/x@2024-07#a", "law/x@2024-07", "law/x", "law/x#a", "law/"])
def test_a_citation_is_met_by_its_family_policy_or_clause_with_its_version_or_without(wanted: str) -> None:
    assert cites("law/x@2024-07#a", wanted)


@pytest.mark.parametrize("wanted", ["law/x@2020-01#a", "law/x#b", "law/y", "law", "platform/"])
def test_a_citation_is_not_met_by_its_neighbours(wanted: str) -> None:
    assert not cites("law/x@2024-07#a", wanted)


def test_a_forbidden_citation_is_a_miss() -> None:
    cited = Cited(citation=Citation(mark=1, clause="law/x@1#a", policy="law/x@1", title="t", text="q", start=0, end=1))
    assert misses(Expect(not_citations=("law/x",), citations=("law/x",)), cited) == ["not_citations"]


def test_words_are_looked_up_in_speech_proposals_and_cards_without_regard_to_case() -> None:
    shown = (Said(text="Hello Sir", cards=(Card(kind="order", title="大衣"),)), proposed())
    assert misses(Expect(must=("hello", "大衣", "699.00", "没有|sir")), *shown) == []
    assert misses(Expect(must=("bye",), must_not=("HELLO",)), *shown) == ["must", "must_not"]


def test_intents_and_cards_are_looked_up_by_name() -> None:
    heard = Understood(lang="zh", intents=(IntentGuess(name="exchange", confidence=0.9),))
    said = Said(text="好", cards=(Card(kind="parcel", title="t"),))
    assert misses(Expect(intents=("exchange",), cards=("parcel",)), heard, said) == []
    assert misses(Expect(intents=("repair",), cards=("size",)), heard, said) == ["intents", "cards"]


@pytest.mark.parametrize(
    ("wanted", "missed"), [("return_refund", []), ("exchange", ["proposals"]), ("none", ["proposals"])]
)
def test_a_proposal_is_expected_by_its_action_or_not_at_all(wanted: str, missed: list[str]) -> None:
    assert misses(Expect(proposal=wanted), proposed()) == missed
    assert misses(Expect(proposal="none"), Said(text="好")) == []


class TestEffects:
    def test_they_must_be_these_and_no_others(self) -> None:
        want = (Effect(action="return_refund"),)
        assert misses(Expect(effects=want), acted()) == []
        assert misses(Expect(effects=want)) == ["effects"]
        assert misses(Expect(effects=()), acted()) == ["effects"]
        assert misses(Expect(effects=want), acted(), acted(pid="p2")) == ["effects"]

    def test_the_same_effect_twice_is_not_met_by_one(self) -> None:
        want = (Effect(action="return_refund"), Effect(action="return_refund"))
        assert misses(Expect(effects=want), acted()) == ["effects"]
        assert misses(Expect(effects=want), acted(), acted(pid="p2")) == []

    def test_amount_and_order_count_when_they_are_named(self) -> None:
        assert misses(Expect(effects=(Effect(action="return_refund", amount=69901),)), acted()) == ["effects"]
        assert misses(Expect(effects=(Effect(action="return_refund", order="2"),)), acted()) == ["effects"]

    def test_a_loose_expectation_does_not_take_the_effect_a_strict_one_needs(self) -> None:
        want = (Effect(action="return_refund"), Effect(action="return_refund", order="1"))
        assert misses(Expect(effects=want), acted(), acted(order="2", pid="p2")) == []

    def test_an_effect_that_nobody_knows_of_or_that_was_refused_is_none(self) -> None:
        assert misses(Expect(effects=()), acted().model_copy(update={"state": "unknown"})) == []


def test_a_hand_off_is_expected_by_its_reason_or_whether_it_comes() -> None:
    off = HandedOff(reason="safety", urgent=True)
    assert misses(Expect(hand_off="safety", urgent=True), off) == []
    assert misses(Expect(hand_off="minor", urgent=False), off) == ["hand_off", "hand_off"]
    assert misses(Expect(hand_off=False), off) == ["hand_off"]
    assert misses(Expect(hand_off=True)) == ["hand_off"]


def test_the_final_state_is_compared_by_its_hash() -> None:
    assert misses(Expect(state_hash="ab"), final_hash="ab") == []
    assert misses(Expect(state_hash="ab"), final_hash="ac") == ["state"]


class TestConduct:
    def missed(self, of: Case, *steps: list[Entry]) -> list[str]:
        return [v.miss.what for v in judge_conduct(of, steps) if v.miss is not None]

    def test_an_effect_needs_a_proposal_shown_and_a_yes_before_it(self) -> None:
        two = case(Step(say="退"), Step(say="好"))
        yes = Answered(proposal_id="p1", answer="yes", client_id="m2")
        assert self.missed(two, [proposed()], [yes, acted()]) == []
        assert self.missed(two, [proposed()], [acted()]) == ["consent"]
        assert self.missed(two, [Said(text="好")], [yes, acted()]) == ["consent"]
        assert self.missed(two, [proposed()], [yes.model_copy(update={"answer": "no"}), acted()]) == ["consent"]

    def test_a_button_is_a_yes(self) -> None:
        assert self.missed(case(Step(say="退"), Step(button="yes")), [proposed()], [acted()]) == []

    def test_silence_is_a_miss_until_a_person_has_been_brought_in(self) -> None:
        two = case(Step(say="a"), Step(say="b"))
        assert self.missed(two, [Said(text="好")], []) == ["answered"]
        assert self.missed(two, [Said(text="好"), HandedOff(reason="x")], []) == []

    def test_the_answer_is_in_the_customers_language(self) -> None:
        assert self.missed(case(Step(say="a"), lang="en"), [Said(text="Your parcel: 圆通速递")]) == ["language"]
        assert self.missed(case(Step(say="a"), lang="en"), [Said(text="Your parcel")]) == []
        assert self.missed(case(Step(say="a")), [Said(text="Your order has been cancelled just now")]) == ["language"]
        assert self.missed(case(Step(say="a")), [Said(text="推荐 Feather wireless earbuds")]) == []


def test_records_change_exactly_when_an_effect_was_told() -> None:
    assert judge_state("a", "a", [Said(text="好")]).miss is None
    assert judge_state("a", "b", [acted()]).miss is None
    assert judge_state("a", "b", [Said(text="好")]).miss is not None
    assert judge_state("a", "a", [acted()]).miss is not None


def test_a_wrong_deed_is_what_was_done_unasked_and_not_what_was_left_undone() -> None:
    want = (Effect(action="return_refund", amount=69900),)
    assert judge_deeds(want, [acted()]).miss is None
    assert judge_deeds(want, []).miss is None
    assert judge_deeds(want, [acted(amount=69901)]).miss is not None
    assert judge_deeds(want, [acted(), acted(pid="p2")]).miss is not None
    assert judge_deeds((), [acted()]).miss is not None
