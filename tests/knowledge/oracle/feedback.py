"""How soon the seller must be told (DT-08). The figures are JD's; on another platform they say nothing."""

from __future__ import annotations

from datetime import datetime

from tests.knowledge.oracle.quality import local_day, months_later
from tests.knowledge.oracle.telling import TAOBAO, Case, Told, days_between, hours_between, on

WORN = ("apparel", "shoes", "bags", "watch", "jewellery", "precious_metal")
# goods, claim → ("hours" | "days", limit); the rows that need nothing else
PLAIN: dict[tuple[str, str], tuple[str, int]] = {
    ("apparel", "quality"): ("days", 15),
    ("portable_3c", "surface"): ("hours", 48),
    ("fixed_3c", "surface"): ("hours", 72),
    ("portable_3c", "subtle"): ("hours", 72),
    ("fixed_3c", "subtle"): ("hours", 72),
    ("precious_metal", "weight"): ("days", 7),
    ("pet", "identity"): ("hours", 24),
    ("pet", "illness"): ("days", 7),
    ("aquatic", "dead_on_arrival"): ("hours", 12),
    ("aquatic", "harm"): ("hours", 24),
    ("aquatic", "mismatch"): ("days", 3),
    ("fresh_live", "spoiled"): ("hours", 12),
    ("fresh", "spoiled"): ("hours", 48),
    ("eggs", "broken"): ("hours", 48),
    ("home_textile", "quality"): ("days", 15),
    ("home_textile", "mismatch"): ("days", 15),
    ("furniture", "quality"): ("days", 15),
    ("furniture", "mismatch"): ("days", 15),
    ("ceramics", "quality"): ("days", 7),
    ("ceramics", "mismatch"): ("days", 7),
    ("ceramics", "surface"): ("days", 7),
    ("home_textile", "allergy"): ("days", 60),
    ("furniture", "allergy"): ("days", 60),
    ("ceramics", "allergy"): ("days", 60),
    ("car", "quality"): ("days", 15),
    ("car", "mismatch"): ("days", 15),
    ("car", "allergy"): ("days", 60),
}


def window(case: Case) -> Told:
    """Whoever was told when is asked only where something hangs on it."""
    signed, told, promised = case["signed_at"], case["notice_at"], case["promised_feedback_h"]
    kind, claim = case["goods_kind"], case["feedback_claim"]
    if case.on_taobao and case["late_exception"] != "none":
        return Told("IN_TIME")
    if promised > 0 and signed is not None and hours_between(signed, told) <= promised:
        return Told("IN_TIME")
    # the wording in doubt was published on 9 January 2025; it matters only where nothing better is known
    jewellery = case.platform in TAOBAO and case.at >= on(2025, 1, 9) and case["late_exception"] == "none"
    if jewellery and kind in ("jewellery", "precious_metal") and claim in ("surface", "mismatch"):
        return Told("CONTESTED")
    if not case.on_jd_since(2026, 6, 15):
        return Told("NO_SPECIFIC_LIMIT")
    if signed is None:
        return Told("ASK(signed_at)")
    verdict = _jd(case, kind, claim, signed, told)
    return Told("NO_SPECIFIC_LIMIT" if verdict is None else "IN_TIME" if verdict else "LATE")


def _jd(case: Case, kind: str, claim: str, signed: datetime, told: datetime) -> bool | None:
    hours, days = hours_between(signed, told), days_between(signed, told)
    filed = told if case["ticket_at"] is None else case["ticket_at"]
    if kind in WORN and claim in ("surface", "mismatch"):
        return hours <= 48 and days_between(signed, filed) <= 15
    if (kind, claim) == ("tyre", "quality"):
        return local_day(told) <= months_later(local_day(signed), 12)
    if (kind, claim) == ("aquatic", "illness"):
        return hours <= 24 and (case["unit_paid"] <= 300_00 or days_between(signed, filed) <= 7)
    if (kind, claim) not in PLAIN:
        return None
    unit, limit = PLAIN[kind, claim]
    return hours <= limit if unit == "hours" else days <= limit
