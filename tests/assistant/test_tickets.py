from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import settings

from assistant.shop import Ticket, TicketKind, TicketState
from assistant.ticket_limits import Limit
from assistant.ticket_moves import EVIDENCE_ROUNDS, MOVES, PEOPLE, STAGES, STATUTORY, Actor
from assistant.tickets import MoveRefused, advance, due, moves_of, next_check, next_party, submitted
from knowledge.clauses import SHANGHAI
from tests.assistant.store.world import NOW
from tests.assistant.ticket_life import TicketLife

HOUR = timedelta(hours=1)
REASONS: dict[str, Any] = {
    "rule": "shop/returns@2026-01#worn", "evidence": ["f1"], "why": "worn", "appeal": "平台客服",
}  # fmt: skip


def opened(kind: TicketKind = "return_refund", *events: str, amount: int | None = 5000) -> Ticket:
    draft = Ticket(
        ticket_id="T1", order_id="O1", kind=kind, state="DRAFT", opened_at=NOW, updated_at=NOW, amount=amount
    )
    ticket = submitted(draft)
    for event in events or ("ask_seller",):
        ticket = send(ticket, event, "assistant")
    return ticket


def send(ticket: Ticket, event: str, by: Actor = "agent", at: datetime = NOW, **args: Any) -> Ticket:
    return advance(ticket, event, by=by, who=f"{by}:lin", at=at, args=args)


def walk(ticket: Ticket, *events: tuple[str, Actor], **args: Any) -> Ticket:
    for event, by in events:
        ticket = send(ticket, event, by, **args)
    return ticket


def test_every_state_and_kind_has_its_place_in_the_tables() -> None:
    assert set(STAGES) == set(get_args(TicketState))
    entered = {move.to for move in MOVES} | {"DRAFT"}
    assert set(get_args(TicketState)) <= entered, "every state can be entered"
    for kind in get_args(TicketKind):
        assert any(kind in move.kinds and "SUBMITTED" in move.sources for move in MOVES), kind
    clock = {event for stage in STAGES.values() for _, event in stage.steps}
    for event in clock:
        assert any(move.event == event and "system" in move.by for move in MOVES), f"the clock may send {event}"


def test_money_leaves_by_one_event_from_approved_or_judged_states_only() -> None:
    money = [move for move in MOVES if move.money]
    assert {move.event for move in money} == {"refund"}
    assert {s for move in money for s in move.sources} == {"AUTO_APPROVED", "REFUNDING", "EXECUTING"}
    assert all(move.money for move in MOVES if move.to == "REFUNDED")


def test_only_people_reject_and_never_without_rule_evidence_reason_and_the_way_to_appeal() -> None:
    rejections = [move for move in MOVES if move.to == "REJECTED"]
    assert rejections
    assert all(move.by <= PEOPLE and set(move.needs) == set(REASONS) for move in rejections)
    ticket = opened()
    for missing in REASONS:
        with pytest.raises(MoveRefused, match=missing):
            send(ticket, "reject", **{name: value for name, value in REASONS.items() if name != missing})
        with pytest.raises(MoveRefused, match=missing):
            send(ticket, "reject", **(REASONS | {missing: [] if missing == "evidence" else "  "}))
    for by in set(get_args(Actor)) - PEOPLE:
        with pytest.raises(MoveRefused):
            send(ticket, "reject", by, **REASONS)
    rejected = send(ticket, "reject", **REASONS)
    assert rejected.deadline == datetime(2026, 1, 21, tzinfo=SHANGHAI), "24:00 of the 15th day"
    assert rejected.history[-1].clause == REASONS["rule"]
    in_time = rejected.deadline
    assert send(rejected, "ask_platform", "customer", at=in_time).state == "PLATFORM_DISPUTE"
    with pytest.raises(MoveRefused, match="15 days"):
        send(rejected, "ask_platform", "customer", at=in_time + timedelta(seconds=1))


def test_a_refusal_says_what_is_allowed_instead() -> None:
    with pytest.raises(MoveRefused) as refused:
        send(opened(), "receive_return")
    assert "approve_return" in refused.value.allowed
    assert "approve_return" in refused.value.mend
    with pytest.raises(MoveRefused, match="no event"):
        send(opened(), "explode")


def test_the_whole_way_of_a_return_names_who_acts_next() -> None:
    ticket = opened("return_refund", "approve_return")
    assert (next_party(ticket), ticket.deadline) == ("customer", datetime(2026, 1, 13, tzinfo=SHANGHAI))
    ticket = send(ticket, "ship_return", "customer", waybill="SF1")
    assert (ticket.state, next_party(ticket), ticket.detail["waybill"]) == ("RETURN_IN_TRANSIT", "carrier", "SF1")
    ticket = send(ticket, "receive_return")
    assert (next_party(ticket), ticket.deadline) == ("seller", NOW + 48 * HOUR)
    ticket = send(ticket, "pass_inspection")
    ticket = send(ticket, "refund", "payment")
    assert ticket.state == "REFUNDED"
    assert [step.to_state for step in ticket.history] == [
        "SUBMITTED", "APPROVED_RETURN", "RETURN_IN_TRANSIT", "SELLER_INSPECTING", "REFUNDING", "REFUNDED",
    ]  # fmt: skip
    assert ticket.history[-1].by == "payment:lin"


@pytest.mark.parametrize(("hours", "alerted"), [(23.9, 0), (24, 50), (38.3, 50), (38.4, 80), (48, 80)])
def test_the_desk_is_alerted_at_half_and_four_fifths_of_a_limit(hours: float, alerted: int) -> None:
    ticket = due(opened("repair"), NOW + hours * HOUR)
    assert (ticket.state, ticket.alerted, len(ticket.history)) == ("PENDING_SELLER", alerted, 2)


def test_a_limit_holds_at_its_last_instant_and_is_over_a_second_later() -> None:
    ticket = opened("repair")
    assert due(ticket, NOW + 48 * HOUR).escalated_at is None
    late = NOW + 48 * HOUR + timedelta(seconds=1)
    assert due(ticket, late).escalated_at == late


def test_a_seller_who_is_silent_agrees_to_a_return_and_a_person_is_called_for_the_rest() -> None:
    later = NOW + 49 * HOUR
    agreed = due(opened("return_refund"), later)
    assert (agreed.state, agreed.history[-1].by) == ("APPROVED_RETURN", "system")
    for kind in sorted(STATUTORY - {"return_refund", "exchange"}):
        if "PENDING_SELLER" in {m.to for m in moves_of(opened(kind), "assistant", NOW)} or True:
            ticket = opened(kind)
            assert due(ticket, later).escalated_at == later, kind
            assert due(ticket, later).state == "PENDING_SELLER"


def test_an_inspection_that_lapses_goes_on_to_the_refund_but_pays_nothing_by_itself() -> None:
    ticket = walk(opened("return_refund", "approve_return"), ("receive_return", "agent"))
    first = due(ticket, NOW + 49 * HOUR)
    assert (first.state, first.escalated_at) == ("SELLER_INSPECTING", NOW + 49 * HOUR)
    second = due(first, NOW + timedelta(days=9))
    assert second.state == "REFUNDING", "seven days after the goods came back the refund is due"
    assert due(second, NOW + timedelta(days=60)).state == "REFUNDING", "the clock pays nothing out"


def test_evidence_is_asked_for_reminded_of_once_and_then_a_person_decides() -> None:
    asked = send(opened(), "request_evidence", why="photos")
    reminded = due(asked, NOW + 49 * HOUR)
    assert (reminded.state, reminded.history[-1].event) == ("EVIDENCE_REQUESTED", "remind")
    person = due(reminded, NOW + 99 * HOUR)
    assert (person.state, person.escalated_at) == ("PENDING_SELLER", NOW + 99 * HOUR)


def test_asking_for_evidence_ends_after_two_rounds_and_never_passes_fifteen_days() -> None:
    ticket = opened()
    for _ in range(EVIDENCE_ROUNDS):
        ticket = walk(ticket, ("request_evidence", "agent"), ("give_evidence", "customer"), why="photos")
    with pytest.raises(MoveRefused, match="often enough"):
        send(ticket, "request_evidence", why="more")
    late = NOW + timedelta(days=14)
    answered = send(send(opened(), "request_evidence", why="p"), "give_evidence", "customer", at=late)
    assert answered.deadline == NOW + timedelta(days=15)


def test_an_offer_leaves_the_running_limit_alone_and_lapses_with_it() -> None:
    ticket = opened()
    offered = send(ticket, "make_offer", at=NOW + HOUR, why="keep it for 10 yuan less")
    assert (offered.deadline, next_party(offered)) == (ticket.deadline, "customer")
    lapsed = due(offered, NOW + 26 * HOUR)
    assert (lapsed.state, lapsed.deadline, lapsed.since) == ("PENDING_SELLER", ticket.deadline, ticket.since)
    near_the_end = send(ticket, "make_offer", at=NOW + 47 * HOUR, why="?")
    assert due(near_the_end, NOW + 49 * HOUR).state == "APPROVED_RETURN", "the limit ended while the offer stood"
    assert due(near_the_end, NOW + 40 * HOUR).alerted == 80, "alerts go on under an offer"


def test_a_suspension_stops_the_clock_and_ends_by_itself() -> None:
    held = send(opened(), "suspend", at=NOW + HOUR, cause="agreed", why="both agreed")
    assert due(held, NOW + timedelta(days=30)).state == "SUSPENDED"
    back = due(held, NOW + timedelta(days=40))
    assert back.state == "PENDING_SELLER"
    assert back.deadline == NOW + timedelta(days=40) + 47 * HOUR, "the 47 hours that were left are left still"
    with pytest.raises(MoveRefused, match="cause"):
        send(opened(), "suspend", cause="mood", why="x")
    authority = send(opened(), "suspend", cause="authority", why="court")
    assert authority.held is not None
    assert authority.held.until == datetime(2026, 1, 15, tzinfo=SHANGHAI), "seven working days, not counting a weekend"


def test_a_return_not_sent_in_time_closes_and_can_be_reopened_for_a_while() -> None:
    closed = due(opened("return_refund", "approve_return"), NOW + timedelta(days=8))
    assert closed.state == "CLOSED"
    again = send(closed, "reopen", "customer", at=NOW + timedelta(days=20))
    assert again.state == "SUBMITTED"
    with pytest.raises(MoveRefused):
        send(closed, "reopen", "customer", at=NOW + timedelta(days=30))
    answered = send(opened("complaint"), "answer", why="done")
    with pytest.raises(MoveRefused):
        send(answered, "reopen", "customer")


def test_a_dispute_is_answered_judged_executed_and_appealed() -> None:
    dispute = send(opened(), "ask_platform", "customer")
    assert (next_party(dispute), dispute.deadline) == ("seller", NOW + 24 * HOUR)
    on_file = due(dispute, NOW + 25 * HOUR)
    assert (on_file.state, next_party(on_file)) == ("PLATFORM_DISPUTE", "platform"), "judged on existing evidence"
    asked = send(on_file, "ask_more", "platform", at=datetime(2026, 1, 6, 14, 1, tzinfo=SHANGHAI))
    assert asked.deadline == datetime(2026, 1, 7, 9, 1, tzinfo=SHANGHAI)
    judged = send(asked, "judge", "platform", favour="customer", why="photos")
    assert due(judged, NOW + 25 * HOUR).state == "EXECUTING", "a judgement nobody carries out is carried out"
    assert send(send(judged, "execute"), "refund", "payment").state == "REFUNDED"
    with pytest.raises(MoveRefused, match="executed, not closed"):
        send(judged, "close")
    lost = send(dispute, "judge", "platform", favour="seller", why="no fault")
    with pytest.raises(MoveRefused):
        send(lost, "execute")
    assert send(lost, "appeal", "customer", why="new video", at=NOW + timedelta(days=7)).state == "APPEAL"
    with pytest.raises(MoveRefused):
        send(lost, "appeal", "customer", why="late", at=NOW + timedelta(days=9))
    assert due(lost, NOW + timedelta(days=9)).state == "CLOSED"


def test_an_appeal_is_closed_with_a_reason_and_never_against_what_the_customer_won() -> None:
    dispute = send(opened(), "ask_platform", "customer")
    lost = send(send(dispute, "judge", "platform", favour="seller", why="no fault"), "appeal", "customer", why="video")
    for why in ("", " "):
        with pytest.raises(MoveRefused, match="why"):
            send(lost, "close", why=why)
    closed = send(lost, "close", why="the platform upheld its judgement")
    assert (closed.state, closed.history[-1].why) == ("CLOSED", "the platform upheld its judgement")
    won = send(send(dispute, "judge", "platform", favour="customer", why="photos"), "appeal", why="other goods")
    assert "close" not in {move.event for move in moves_of(won, "agent", NOW)}
    with pytest.raises(MoveRefused, match="not closed"):
        send(won, "close", why="done")


def test_a_ticket_has_one_owner_who_changes_by_taking_it() -> None:
    ticket = opened()
    assert ticket.owner == "assistant"
    taken = send(ticket, "take")
    assert (taken.owner, taken.state, taken.deadline) == ("agent:lin", ticket.state, ticket.deadline)


def test_a_sweep_that_was_away_for_long_does_everything_once() -> None:
    ticket = opened()
    swept = due(ticket, NOW + timedelta(days=400))
    assert due(swept, NOW + timedelta(days=400)) is swept
    assert [step.event for step in swept.history[2:]] == ["approve_return"], "later limits count from the sweep on"


def test_the_next_check_is_the_next_alert_or_the_end() -> None:
    ticket = opened("repair")
    assert next_check(ticket) == NOW + 24 * HOUR
    assert next_check(due(ticket, NOW + 24 * HOUR)) == NOW + 38.4 * HOUR
    assert next_check(due(ticket, NOW + 39 * HOUR)) == NOW + 48 * HOUR
    assert next_check(send(ticket, "withdraw", "customer")) is None


@pytest.mark.parametrize(
    ("limit", "start", "end"),
    [
        (Limit(business_hours=4), (5, 10, 0), (5, 14, 0)),
        (Limit(business_hours=4), (5, 14, 0), (5, 18, 0)),
        (Limit(business_hours=4), (5, 14, 1), (6, 9, 1)),
        (Limit(business_hours=4), (5, 3, 0), (5, 13, 0)),
        (Limit(business_hours=4), (5, 20, 0), (6, 13, 0)),
        (Limit(hours=48), (5, 10, 0), (7, 10, 0)),
        (Limit(days=7), (5, 23, 59), (13, 0, 0)),
        (Limit(working_days=5), (9, 12, 0), (17, 0, 0)),
    ],
)
def test_each_limit_counts_its_own_clock(limit: Limit, start: tuple[int, int, int], end: tuple[int, int, int]) -> None:
    day, hour, minute = start
    begun = datetime(2026, 1, day, hour, minute, tzinfo=SHANGHAI)
    day, hour, minute = end
    assert limit.end(begun) == datetime(2026, 1, day, hour, minute, tzinfo=SHANGHAI)


TicketLife.TestCase.settings = settings(max_examples=100, stateful_step_count=20, deadline=None)
TestTicketLife = TicketLife.TestCase
