"""Random cases that lie at and beside the marks where rules turn, drawn by a seeded generator or by hypothesis."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from knowledge.facts import FactDefinition
from tests.knowledge.oracle.feedback import PLAIN, WORN
from tests.knowledge.oracle.tables import ORACLES
from tests.knowledge.oracle.telling import Case, on
from tests.knowledge.oracle.ties import tie

PLATFORMS: tuple[str | None, ...] = ("taobao", "tmall", "jd", "jd", "1688", "pdd", None)
SPOKEN_FOR = {"DT-07": "jd", "DT-08": "jd", "DT-10": "jd", "DT-11": "jd", "DT-12": "jd", "DT-27": "1688"}
"""The platform whose own rules most rows of a table are."""
TODAY = on(2026, 11, 20, 12)
# what tables look at as "today": mostly now, and each instant at which a rule begins or ends, and the second before
EDGES = (
    on(2014, 3, 15), on(2015, 3, 15), on(2015, 10, 1), on(2017, 3, 15), on(2019, 1, 1), on(2020, 1, 19),
    on(2020, 2, 10), on(2020, 2, 17), on(2020, 3, 1, 9), on(2022, 3, 1), on(2022, 4, 1), on(2023, 1, 1),
    on(2024, 7, 1), on(2025, 1, 9), on(2025, 4, 22), on(2025, 7, 4), on(2025, 8, 15), on(2026, 6, 15),
)  # fmt: skip
BESIDE = (-1, 0, 1)
HOURS = (0, 1, 2, 4, 12, 24, 48, 72, 96, 120, 144)
DAYS = (0, 1, 3, 5, 7, 8, 14, 15, 16, 29, 30, 31, 60, 90, 120, 180, 365, 366)
MONEY = (
    *(0, 1, 2, 3, 50, 99, 100, 500, 1000, 1200, 3000, 3333, 4999, 5000, 5001, 9999, 10_000, 10_001, 16_667),
    *(19_999, 20_000, 20_001, 30_000, 33_333, 33_334, 50_000, 66_666, 66_667, 99_999, 100_000, 100_001, 166_666),
)
TEXTS: dict[str, tuple[str | None, ...]] = {
    "platform": ("taobao", "tmall", "jd", "jd", "1688", "1688", None, "pdd"),
    "region": (None, "上海", "北京", "浙江"),
    "metric_month": ("2022-04", "2022-04", "2022-03", "2022-05", "2023-04", "2026-04"),
    "indicator": ("咨询差评率", "延迟发货率", "服务单差评率", "平台介入率", "监管投诉成立量", "退货率", "品退率", ""),
    "requester": ("a1", "a2", "s1"),
    "approver": ("a1", "a2", "s1"),
}
LISTS: dict[str, tuple[str, ...]] = {"rule_platforms": ("taobao", "tmall", "jd"), "rule_regions": ("上海", "北京")}
INTEGERS: dict[str, tuple[int, ...]] = {
    "promised_days": (0, 0, 7, 8, 15, 30),
    "promise_h": (0, 24, 47, 48, 49, 72, 120),
    "price_protect_days": (0, 7, 15, 30),
    "unanswered": (0, 0, 0, 1, 2, 3),
    "offers_used": (0, 0, 0, 1, 2),
    "offers_max": (0, 1, 1, 2),
    "ship_service_h": (0, 24, 48, 72, 96, 23),
    "qty": (1, 1, 1, 2, 3),
    "repair_days": (0, 0, 0, 1, 5, 30),
    "failed_repairs": (0, 0, 1, 2, 3),
    "repair_elapsed_days": (0, 0, 29, 30, 31),
    "promised_return_days": (0, 0, 0, 7, 15, 30),
    "promised_exchange_days": (0, 0, 0, 15, 30),
    "warranty_days": (0, 0, 15, 30, 90, 120, 180, 365, 730),
    "promised_feedback_h": (0, 0, 0, 24, 48, 72, 240),
    "weak_signals": (0, 0, 1, 2),
    "stacked_discounts": (0, 1, 2, 3, 4),
    "deviation_mm": (0, 25, 26, 27, 29, 30, 31),
    "deviation_bp": (0, 499, 500, 501),
    "bad_share_bp": (0, -1, 1, 999, 1000, 1001, 2999, 3000, 3001, 5000, 5001, 6999, 7000, 7001, 10_000),
    "rfq_keywords": (0, 1, 4, 5, 6, 9, 10, 11),
    "rfq_categories": (0, 0, 1, 4, 5, 6, 9, 10, 11),
    "aftersale_audit_h": (24, 48, 72),
    "dispute_reply_h": (12, 24, 48),
    "evidence_h": (2, 4, 9, 10),
    "refund_after_receipt_days": (2, 7, 10),
    "exchange_resend_h": (24, 72),
    "bot_goodwill_bp": (0, 1000, 1500),
}
USUALLY = frozenset(
    {"rule_exists", "rule_dated", "rule_gate_open", "logged_in", "owns_order", "price_protected", "signed"}
)
"""Flags that let a case through to the further rows when they are set; the others do so when they are not."""
NUMBERS = (0.0, 0.1, 0.49, 0.5, 0.51, 0.7, 1.0, 10.0, 10.01, 30.0, 30.01, 50.0, 50.01, 70.0, 70.01, 100.0)
KNOWN_IF_TRUE = frozenset({"paid_at", "order_at"})
"""Instants that may be null only before the thing has happened, which these cases are past."""
TOLD_APART = (
    *((kind, claim) for kind in WORN for claim in ("surface", "mismatch")),
    ("tyre", "quality"),
    ("aquatic", "illness"),
)
# instants that only make sense near a certain day
NEAR: dict[str, tuple[datetime, ...]] = {
    "order_at": (on(2020, 1, 19), on(2020, 2, 10), on(2020, 2, 17), on(2022, 3, 1), on(2023, 1, 1)),
    "event_at": (on(2020, 2, 11), on(2020, 2, 17), on(2020, 3, 1, 9), on(2022, 4, 1)),
}


class Draw:
    """A source of random cases for one pack's fact definitions."""

    def __init__(self, definitions: Mapping[str, FactDefinition], rng: random.Random) -> None:
        self._definitions = definitions
        self._rng = rng

    def case(self, table: str) -> Case:
        """All facts of one table's telling, on some platform, on some day."""
        rng, oracle = self._rng, ORACLES[table]
        at = self._day()
        decided_at = at + timedelta(days=rng.choice((0, 0, 0, 1, 30, 400))) if rng.random() < 0.3 else at
        # some cases have hardly a flag set, so that the last rows are reached as well
        truth = rng.choice((0.04, 0.15, 0.5, 0.8))
        start = rng.choice((at, at, TODAY, on(2025, 12, 28)))
        # goods that go bad, or live, are spoken of once they are there
        signed = {"signed_at"} if table in {"DT-11", "DT-12"} else set()
        names = oracle.facts + tuple(name for name in oracle.sometimes if rng.random() < 0.4)
        facts = {name: self.value(name, start, truth, known=name in signed) for name in names}
        platform = rng.choice(PLATFORMS)
        if "platform" in facts and rng.random() < 0.9:
            platform = facts["platform"]
        if (table in SPOKEN_FOR or table.startswith("JD-")) and rng.random() < 0.6:
            platform = SPOKEN_FOR.get(table, "jd")
        if table == "DT-08" and rng.random() < 0.8:
            facts["goods_kind"], facts["feedback_claim"] = rng.choice((*PLAIN, *TOLD_APART))
        if table == "DT-07" and rng.random() < 0.5:
            facts["purpose_fails"], facts["failed_repairs"], facts["repair_elapsed_days"] = False, rng.randrange(2), 30
        tie(table, facts, rng)
        return Case(facts, platform, at, decided_at)

    def value(self, name: str, start: datetime, truth: float, *, known: bool = False) -> Any:
        """A value that the fact may have, not null if it is `known`; `truth` is how likely a flag is set."""
        rng, fact = self._rng, self._definitions[name]
        if name in TEXTS:
            return rng.choice(TEXTS[name])
        if fact.nullable and not known and name not in KNOWN_IF_TRUE and rng.random() < 0.3:
            return None
        match fact.type:
            case "bool":
                return rng.random() < (1 - truth if name in USUALLY else truth)
            case "int":
                return rng.choice(INTEGERS[name]) if name in INTEGERS else rng.choice((*HOURS, *DAYS))
            case "money":
                return rng.choice(MONEY) if rng.random() < 0.6 else rng.randrange(0, 200_000)
            case "number":
                return rng.choice(NUMBERS) if rng.random() < 0.6 else round(rng.uniform(0, 100), 2)
            case "instant":
                return self._instant(name, start)
            case "list":
                items = LISTS.get(name) or fact.values
                return rng.sample(items, k=min(len(items), rng.choice((0, 1, 1, 2, 3)))) if items else []
            case "text" | "enum":
                return rng.choice(fact.values or ("x", ""))
            case "date":
                return (start + timedelta(days=rng.choice(DAYS))).date().isoformat()

    def _day(self) -> datetime:
        rng = self._rng
        if rng.random() < 0.7:
            return TODAY
        return rng.choice(EDGES) + timedelta(seconds=rng.choice(BESIDE))

    def _instant(self, name: str, start: datetime) -> datetime:
        rng = self._rng
        if name in NEAR and rng.random() < 0.8:
            return rng.choice(NEAR[name]) + timedelta(seconds=rng.choice(BESIDE))
        second = timedelta(seconds=rng.choice(BESIDE))
        match rng.randrange(4):
            case 0:
                return start + timedelta(hours=rng.choice(HOURS)) + second
            case 1:
                return start + timedelta(days=rng.choice(DAYS)) + second
            case 2:  # midnight
                midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
                return midnight + timedelta(days=rng.choice(DAYS)) + second
            case _:
                return start + timedelta(seconds=rng.randrange(0, 40 * 86400))


def cases(definitions: Mapping[str, FactDefinition], table: str) -> st.SearchStrategy[Case]:
    """The same cases as a strategy: hypothesis turns the generator's dice, so it can shrink what it finds."""
    return st.randoms(use_true_random=False).map(lambda rng: Draw(definitions, rng).case(table))
