"""What a question about a platform's temporary rule states: which matter, and which day.

These are the facts table DT-26 is asked about. The words only choose the row of a table; whether the rule covered that
day is the table's to say.
"""

from __future__ import annotations

import re
from datetime import datetime

from knowledge.decision import Facts
from knowledge.text import fold

TABLE = "DT-26"

_TOPICS = {
    "response": re.compile(r"响应|回复时|\brespon(?:se|d|ding)\b"),
    "shipping": re.compile(r"发货(?!率)|出库|\b(?:shipp?(?:ing|ed|ment)?|dispatch)\b"),
    "return": re.compile(r"退货(?!宝)|\breturns?\b"),
    "dispute": re.compile(r"纠纷|争议|\bdisputes?\b"),
    "medal": re.compile(r"勋章|\bmedals?\b"),
}
_SERVICE = re.compile(r"(?<!\d)(24|48|72)\s*(?:个?小时|h\b|-?hours?)")


def relief_facts(question: str, *, platform: str, day: datetime, now: datetime) -> list[Facts]:
    """The facts of each matter `question` asks about, in its order; empty when it names none."""
    words = fold(question)
    found = sorted((match.start(), topic) for topic, pattern in _TOPICS.items() if (match := pattern.search(words)))
    known: Facts = {"platform": platform, "order_at": day, "event_at": day, "now": now}
    if service := _SERVICE.search(words):
        known["ship_service_h"] = int(service[1])
    return [{**known, "topic": topic} for _, topic in found]
