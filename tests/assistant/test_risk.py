"""Risk notes are for an agent's eyes; they need a base, fade with time, and always name the innocent reading."""

from __future__ import annotations

from datetime import timedelta

import pytest

from assistant.risk import risk_notes
from assistant.shop import Order, Ticket
from assistant.turn import Assistant
from tests.assistant.conftest import Talking
from tests.assistant.store.world import NOW, order


def _orders(n: int, asked: int, *, age: timedelta = timedelta(days=1)) -> list[Order]:
    made = []
    for number in range(n):
        order_id = f"O{number:04}"
        ticket = Ticket(ticket_id="T", order_id=order_id, kind="refund_only_received", state="REFUNDED",
                        opened_at=NOW, updated_at=NOW)  # fmt: skip
        tickets = (ticket,) if number < asked else ()
        made.append(order(order_id, state="SIGNED", created_at=NOW - age, tickets=tickets))
    return made


@pytest.mark.parametrize(("n", "asked", "noted"), [(10, 5, True), (10, 4, False), (9, 9, False), (20, 10, True)])
def test_a_rate_needs_ten_orders_and_half_of_them(n: int, asked: int, noted: bool) -> None:
    notes = risk_notes(_orders(n, asked), NOW)
    assert [note.signal for note in notes] == (["refund_only_rate"] if noted else [])


def test_signals_older_than_half_a_year_are_dropped() -> None:
    assert risk_notes(_orders(10, 10, age=timedelta(days=180)), NOW) != []
    assert risk_notes(_orders(10, 10, age=timedelta(days=181)), NOW) == []


def test_every_note_names_its_innocent_reading_in_both_languages_and_hides_order_numbers() -> None:
    for note in risk_notes(_orders(12, 12), NOW):
        assert note.innocent.zh
        assert note.innocent.en
        assert all(len(number) == 4 for number in note.orders)


def test_no_orders_are_no_risk() -> None:
    assert risk_notes([], NOW) == []


async def test_what_is_noted_never_reaches_the_customer(talking: Talking, assistant: Assistant) -> None:
    talk = await talking("c01")
    for words in ("我的风险分是多少", "大衣想退，没拆封", "你们是不是把我拉黑了"):
        await talk.say(words)
        assert "风险" not in talk.said
        assert "黑名单" not in talk.said
    assert await assistant.risk_notes("c01") == []
