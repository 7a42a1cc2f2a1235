from collections.abc import AsyncIterator

from assistant.build import Parts
from assistant.context import TurnContext
from assistant.conversation import TurnEvent
from assistant.planner import Saying
from evals.case import Case
from evals.run import play

ORDER = {
    "customer_id": "u",
    "state": "PAID",
    "paid_at": "-5h",
    "lines": [{"sku": "sneaker-run-39", "unit_paid": 29900}],
}
DATA = {"customers": {"u": {"name": "王"}}, "orders": {"499000000000000001": ORDER}}


def case(*steps: dict[str, object], **fields: object) -> Case:
    return Case.model_validate(
        {
            "id": "a",
            "group": "g",
            "now": "2026-11-22T10:00:00+08:00",
            "customer": "u",
            "data": DATA,
            "steps": steps,
            **fields,
        }
    )


class Breaks:
    """A planner whose model library raises what nobody foresaw."""

    name = "breaks"

    async def run(self, turn: TurnContext) -> AsyncIterator[TurnEvent | Saying]:
        raise ZeroDivisionError(turn.asked.text)
        yield  # what makes this a generator


async def test_a_case_plays_in_its_own_data_and_holds(parts: Parts) -> None:
    wanted = {"effects": [{"action": "cancel_refund", "amount": 29900, "order": "499000000000000001"}]}
    done = await play(case({"say": "取消订单"}, {"say": "确认", "expect": wanted}), parts, pack="demo")
    assert done.misses == []
    assert done.passed


async def test_the_final_state_is_the_same_each_run_and_another_after_an_effect(parts: Parts) -> None:
    asked = case({"say": "取消订单"})
    acted = case({"say": "取消订单"}, {"button": "yes"})
    hashes = [(await play(each, parts, pack="demo")).state_hash for each in (asked, asked, acted, acted)]
    assert hashes[0] == hashes[1]
    assert hashes[2] == hashes[3]
    assert hashes[0] != hashes[2]
    assert len(hashes[0]) == 64


async def test_an_effect_the_case_does_not_name_is_a_miss(parts: Parts) -> None:
    done = await play(case({"say": "取消订单"}, {"say": "确认"}), parts, pack="demo")
    assert [(miss.step, miss.what) for miss in done.misses] == [(0, "effects"), (0, "wrong_deed")]


async def test_the_clock_runs_when_the_case_waits(parts: Parts) -> None:
    late = case({"say": "取消订单"}, {"say": "确认", "wait_minutes": 31, "expect": {"effects": []}})
    assert (await play(late, parts, pack="demo")).passed


async def test_a_crash_of_the_engine_is_a_miss_of_its_case(parts: Parts) -> None:
    done = await play(case({"say": "你好"}), parts, pack="demo", planner=Breaks())
    assert [(miss.step, miss.what, miss.found) for miss in done.misses] == [(1, "crash", "ZeroDivisionError: 你好")]


async def test_data_that_contradicts_itself_is_a_miss_of_its_case(parts: Parts) -> None:
    broken = {"customers": DATA["customers"], "orders": {"1": {**ORDER, "customer_id": "nobody"}}}
    done = await play(case({"say": "你好"}, data=broken), parts, pack="demo")
    assert [miss.what for miss in done.misses] == ["crash"]
    assert "nobody" in done.misses[0].found


async def test_a_button_without_a_proposal_is_a_miss(parts: Parts) -> None:
    done = await play(case({"button": "yes"}), parts, pack="demo")
    assert [miss.what for miss in done.misses] == ["button"]
    assert "no open proposal" in done.misses[0].found


async def test_the_trace_tells_what_was_said_decided_and_done(parts: Parts) -> None:
    done = await play(case({"say": "取消订单"}, {"button": "yes"}), parts, pack="demo")
    text = "\n".join(done.trace)
    for part in (
        "1 > 取消订单",
        "2 > [yes]",
        "decided    DT-13",
        "proposed   cancel_refund",
        "acted      cancel_refund",
    ):
        assert part in text
