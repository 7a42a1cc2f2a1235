"""What a question about a temporary rule states."""

from __future__ import annotations

from datetime import datetime

import pytest

from assistant.relief import relief_facts
from knowledge.clauses import SHANGHAI

DAY = datetime(2020, 2, 12, tzinfo=SHANGHAI)
NOW = datetime(2026, 1, 1, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("question", "topics"),
    [
        ("响应时限放宽了吗", ["response"]),
        ("没按时发货能免责吗，纠纷呢", ["shipping", "dispute"]),
        ("延迟发货率豁免吗", []),
        ("退货宝有什么变化", []),
        ("退货的时限", ["return"]),
        ("Was late shipping waived, and the medal?", ["shipping", "medal"]),
        ("你好", []),
    ],
)
def test_each_matter_the_words_name_is_asked_about_once_in_their_order(question: str, topics: list[str]) -> None:
    cases = relief_facts(question, platform="1688", day=DAY, now=NOW)
    assert [facts["topic"] for facts in cases] == topics
    assert all((facts["platform"], facts["order_at"], facts["event_at"]) == ("1688", DAY, DAY) for facts in cases)


@pytest.mark.parametrize(
    ("question", "hours"), [("48小时发货服务", 48), ("72 小时发货", 72), ("36小时发货", None), ("148小时发货", None)]
)
def test_only_a_shipping_service_that_exists_is_taken_from_the_words(question: str, hours: int | None) -> None:
    (facts,) = relief_facts(question, platform="1688", day=DAY, now=NOW)
    assert facts.get("ship_service_h") == hours
