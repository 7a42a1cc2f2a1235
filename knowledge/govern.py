"""Which rule governs (DT-01): the selection of one version of a rule for one order, as plain Python.

The same selection stands as an executable table in the shipped pack (`law/which-rule-governs`), so that it can be cited
and asked; a property test holds the two together. Windows are half-open, instants aware.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from knowledge.clauses import Level, Place, Policy, Scope, TemporalBasis, Window

SURVIVES = frozenset({"USE_RULE", "USE_NEW_VERSION", "USE_OLD_VERSION"})

_RANK: dict[Level, int] = {"temporary": 0, "category": 2, "platform": 3, "shop": 4, "statute": 5}
_SPECIAL_TRADE = 1
"""DT-01 R9: a rule for a special way of trading (live room, cross-border) stands above the category's."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What DT-01 looks at in a candidate. `gate_open` is false for a pilot that the shop is not in."""

    platforms: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    window: Window = field(default_factory=Window)
    basis: TemporalBasis = "event"
    dated: bool = True
    gate_open: bool = True
    less_than_statute: bool = False
    less_than_promise: bool = False


@dataclass(frozen=True, slots=True)
class Point:
    """What DT-01 looks at in an order: where it stands, and its two clocks.

    `event_at` is when the thing happened that is judged, `decided_at` when it is judged. `concluded_at` is when
    the case was closed; a case still open has none.
    """

    event_at: datetime
    decided_at: datetime
    platform: str | None = None
    region: str | None = None
    concluded_at: datetime | None = None
    region_matters: bool = False


def judge(rule: Rule | None, point: Point) -> str:
    """The code of DT-01 for one candidate; `None` stands for *no rule at all*."""
    if rule is None:
        return "DEFAULT"
    if rule.platforms and point.platform not in rule.platforms:
        return "DROP_PLATFORM"
    if rule.regions and point.region not in rule.regions:
        return "ASK(region)" if point.region is None and point.region_matters else "DROP_REGION"
    if not rule.dated:
        return "HUMAN(rule_date_unknown)"
    moment = point.event_at if rule.basis == "event" else point.concluded_at or point.decided_at
    if not rule.window.contains(moment):
        return "NOT_IN_FORCE"
    if not rule.gate_open:
        return "DROP_GATED"
    if rule.less_than_statute:
        return "LAW_FLOOR"
    if rule.less_than_promise:
        return "PROMISE"
    if rule.basis == "event" and not rule.window.contains(point.decided_at):
        return "USE_OLD_VERSION"
    if rule.basis == "pending_case" and not rule.window.contains(point.event_at):
        return "USE_NEW_VERSION"
    return "USE_RULE"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A policy as DT-01 sees it, made once. `rule` is None while it is only announced; `rest` are the axes of its scope
    that DT-01 does not name, None when it has none.
    """

    rule: Rule | None
    rest: Scope | None


def candidate_of(policy: Policy) -> Candidate:
    """What DT-01 looks at in a policy of a pack. The audience is left aside: who may read a rule does not change
    whether it holds.
    """
    if policy.status in {"announced", "draft"}:
        return Candidate(None, None)
    scope = policy.scope
    rule = Rule(
        platforms=scope.platforms,
        regions=scope.regions,
        window=policy.window,
        basis=policy.temporal_basis,
        dated=not policy.undated,
    )
    rest = Scope(categories=scope.categories, channels=scope.channels) if scope.categories or scope.channels else None
    return Candidate(rule, rest)


def judge_candidate(candidate: Candidate, place: Place, point: Point) -> str:
    """DT-01 for a policy of a pack. An announced or draft rule is `NOT_IN_FORCE`, whatever its window says.

    A category or channel that the policy is not for counts as `DROP_GATED`.
    """
    rule = candidate.rule
    if rule is None:
        return "NOT_IN_FORCE"
    if candidate.rest is not None and not candidate.rest.covers(place):
        rule = replace(rule, gate_open=False)
    return judge(rule, point)


def point_of(place: Place, at: datetime, decided_at: datetime) -> Point:
    """An order that stands at `place`: what happened at `at`, judged at `decided_at`."""
    return Point(at, decided_at, place.platform, place.region, region_matters=True)


def precedence(policy: Policy) -> tuple[int, int, float, str]:
    """A sort key, the rule that goes first first: DT-01 R9, then the narrower scope, then the younger version."""
    scope = policy.scope
    rank = _RANK[policy.level]
    if scope.channels and policy.level in {"category", "platform"}:
        rank = _SPECIAL_TRADE
    narrow = sum(1 for axis in (scope.platforms, scope.regions, scope.categories, scope.channels) if axis)
    start = policy.window.start
    return rank, -narrow, -(start.timestamp() if start else float("-inf")), policy.key
