"""What makes two facts of a case lie exactly on a rule's mark, a little before it, or a little behind.

Single facts hardly ever do: that a notice comes 48 hours after the signing to the second is about both of them.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from tests.knowledge.oracle.deadlines import office_hours_later
from tests.knowledge.oracle.feedback import PLAIN
from tests.knowledge.oracle.quality import DEFAULT_WARRANTY, local_day, months_later
from tests.knowledge.oracle.telling import CN, part

Facts = dict[str, Any]

EARLIER = (
    *("signed_at", "warranty_start", "limit_start", "paid_at", "ship_clicked_at", "presale_ship_at", "rule_start"),
    *("rule_end", "campaign_end", "now", "event_at"),
)  # fmt: skip
HOURS = (0, 0, 0, 2, 4, 12, 24, 48, 72, 96, 120, 144, 192)
DAYS = (0, 3, 5, 7, 15, 30, 60, 90, 120, 365)
SECONDS = (-1, 0, 0, 1)


def tie_instants(facts: Facts, rng: random.Random) -> None:
    """Set one instant to a distance from another that some rule counts: hours, days to midnight, months."""
    instants = [name for name, value in facts.items() if isinstance(value, datetime)]
    firsts = [name for name in EARLIER if name in instants]
    if len(instants) < 2 or not firsts:
        return
    first = rng.choice(firsts[:2])
    second = rng.choice([name for name in instants if name != first])
    facts[second] = _after(facts[first], facts, rng) + timedelta(seconds=rng.choice(SECONDS))


def _after(start: datetime, facts: Facts, rng: random.Random) -> datetime:
    named_hours = [value for name, value in facts.items() if name.endswith("_h") and isinstance(value, int)]
    named_days = [value for name, value in facts.items() if name.endswith("_days") and isinstance(value, int)]
    match rng.randrange(4):
        case 0:
            return start + timedelta(hours=rng.choice(HOURS))
        case 1:
            return start + timedelta(hours=rng.choice([*named_hours, 48]) + rng.choice((0, 0, 72)))
        case 2:
            days = rng.choice([*DAYS, *named_days]) + facts.get("repair_days", 0) * rng.randrange(2)
            return _midnight(local_day(start).toordinal() + days + 1)
        case _:
            later = months_later(local_day(start), rng.choice((6, 12)))
            return _midnight(later.toordinal() + facts.get("repair_days", 0) * rng.randrange(2) + 1)


def _midnight(day: int) -> datetime:
    return datetime.fromordinal(day).replace(tzinfo=CN)


def _authority(facts: Facts, rng: random.Random) -> None:
    paid = facts["paid"]
    caps = (5000, 10_000, 20_000, 100_000, paid, part(paid, 1500), part(paid, 3000), *_given(facts))
    total = rng.choice(caps) + rng.choice((-1, 0, 1))
    facts["same_cause_sum"] = rng.choice((0, 1, max(0, total // 2)))
    facts["amount"] = total - facts["same_cause_sum"]
    if rng.random() < 0.3:
        facts["customer_sum_90d"] = max(0, 10_000 - facts["amount"] + rng.choice((-1, 0, 1)))


def _given(facts: Facts) -> list[int]:
    return [facts[name] for name in ("bot_goodwill_cap", "agent_goodwill_cap", "front_line_limit") if name in facts]


def _protection(facts: Facts, rng: random.Random) -> None:
    gap = (facts["unit_paid"] - facts["current_unit"]) * facts["qty"]
    facts["already_granted"] = max(0, gap + rng.choice((-1, -1, 0, 1)))
    if facts["campaign_end"] is not None:
        facts["now"] = facts["campaign_end"] + timedelta(seconds=rng.choice(SECONDS))


def _price(facts: Facts, rng: random.Random) -> None:
    facts["unit_paid"] = rng.choice((facts["lowest_30d"] // 2, facts["median_30d"] * 3 // 10)) + rng.choice((-1, 0, 1))
    facts["unit_paid"] = max(0, facts["unit_paid"])


def _scale(facts: Facts, rng: random.Random) -> None:
    edges = (10_000, 100_000, 50_000, 33_333, 166_667, 300_000, 1_000_000, 1_666, 1_667, 30_000, 333_333)
    facts["paid"] = rng.choice(edges) + rng.choice((-50, -1, 0, 1, 10, 50, 100))
    if rng.random() < 0.5:
        facts |= {"presale_ship_at": None, "ship_clicked_at": None, "late_excuse": "none", "shipped_at": None}
        facts["now"] = _edge(facts["paid_at"], "hours", facts["promise_h"] + rng.choice((0, 72)), rng)


def _return(facts: Facts, rng: random.Random) -> None:
    facts["return_cost"] = max(0, facts["lines_paid"] + rng.choice((-1, 0, 1)))


def _feedback(facts: Facts, rng: random.Random) -> None:
    unit, limit = PLAIN.get((facts["goods_kind"], facts["feedback_claim"]), ("hours", rng.choice((24, 48))))
    if facts["signed_at"] is not None:
        facts["ticket_at"] = rng.choice((None, _edge(facts["signed_at"], "days", rng.choice((7, 15)), rng)))
        facts["notice_at"] = _edge(facts["signed_at"], unit, limit, rng)


def _ladder(facts: Facts, rng: random.Random) -> None:
    days = rng.choice((7, 15, 15, DEFAULT_WARRANTY.get(facts["goods_kind"], 365), facts["warranty_days"]))
    facts["promised_exchange_days"] = rng.choice((0, 0, 30))
    facts["notice_at"] = _edge(facts["warranty_start"], "days", days + facts["repair_days"], rng)


def _rule(facts: Facts, rng: random.Random) -> None:
    facts |= {"rule_exists": True, "rule_platforms": [], "rule_regions": [], "rule_dated": True, "rule_gate_open": True}
    ends = [facts[name] for name in ("rule_start", "rule_end") if facts[name] is not None]
    for name in ("event_at", "decided_at"):
        if ends and rng.random() < 0.7:
            facts[name] = rng.choice(ends) + timedelta(seconds=rng.choice(SECONDS))


def _limit(facts: Facts, rng: random.Random) -> None:
    if rng.random() < 0.5:
        hours = rng.choice((2, 12, 24, 24, *(value for name, value in facts.items() if name.endswith("_h"))))
        facts["done_at"] = _edge(facts["limit_start"], "hours", hours, rng)
        return
    facts["limit_event"] = rng.choice((facts["limit_event"], "add_evidence"))
    facts["limit_start"] += timedelta(minutes=rng.randrange(0, 1440, 20))
    due = office_hours_later(facts["limit_start"], rng.choice((4, facts.get("evidence_h", 4))))
    facts["done_at"] = due + timedelta(seconds=rng.choice((*SECONDS, 1800)))


def _edge(start: datetime, unit: str, limit: int, rng: random.Random) -> datetime:
    end = start + timedelta(hours=limit) if unit == "hours" else _midnight(local_day(start).toordinal() + limit + 1)
    return end + timedelta(seconds=rng.choice((*SECONDS, 300)))


OWN: dict[str, Callable[[Facts, random.Random], None]] = {
    "DT-01": _rule,
    "DT-06": _limit,
    "DT-07": _ladder,
    "DT-08": _feedback,
    "DT-14": _scale,
    "DT-16": _return,
    "DT-18": _price,
    "DT-19": _protection,
    "DT-20": _authority,
}


def tie(table: str, facts: Facts, rng: random.Random) -> None:
    """Bring the facts of a case onto marks of its table, half of the time."""
    if rng.random() < 0.6:
        tie_instants(facts, rng)
    if table in OWN and rng.random() < 0.5:
        OWN[table](facts, rng)
