from __future__ import annotations

from datetime import timedelta

from assistant.shop import Order, Ticket
from assistant.tickets import due
from server.desk_rows import CaseMark, marks_of
from tests.assistant.store.world import NOW, order
from tests.assistant.test_tickets import HOUR, opened


def cases(customer: str, *hours: float) -> list[tuple[Order, Ticket]]:
    """Repairs that the shop has 48 hours to answer, each seen so many hours later."""
    owned = order().model_copy(update={"customer_id": customer})
    return [(owned, due(opened("repair"), NOW + each * HOUR)) for each in hours]


def test_a_row_is_marked_at_half_and_four_fifths_of_the_limit_of_the_customers_worst_case() -> None:
    waiting = [*cases("in time", 1, 23), *cases("half", 1, 24), *cases("most", 39, 24), *cases("over", 49, 24)]
    assert marks_of(waiting) == {
        "half": CaseMark(50),
        "most": CaseMark(80),
        "over": CaseMark(50, overdue=True),
    }
    late = due(opened("repair"), NOW + 49 * HOUR)
    assert (late.alerted, late.escalated_at) == (0, NOW + timedelta(hours=49)), "the next limit has just begun"
