"""What the shop's texts lack, what they are asked for, and what people say is out of date: one report for supervisors.

Reading it changes nothing. Reports of stale clauses are kept and listed; they change no answer and no decision.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from assistant.clock import Clock
from assistant.conversation import Lang
from assistant.gaps import ContentGap, Draft, content_gaps, draft_of, masked
from assistant.profile import ShopProfile
from assistant.store.answer_log import AnswerLog, Cite
from assistant.store.clause_reports import ClauseReport, ClauseReports
from assistant.store.database import Database
from knowledge.clauses import Clause, Place
from knowledge.embedding import Embedder
from knowledge.errors import UnknownClause
from knowledge.live_index import Clauses

MAX_QUESTIONS = 5000
MAX_GAPS = 50
_NEAREST, _NEAR = 2, 0.1
"""So many clauses are named beside a gap, none that is less sure than this."""


@dataclass(frozen=True, slots=True)
class NearClause:
    """A clause that comes near a gap without being sure enough: perhaps the place where the answer belongs."""

    ref: str
    title: str
    heading: tuple[str, ...]
    score: float


@dataclass(frozen=True, slots=True)
class DraftedGap:
    """A gap with the clauses nearest to it and a start of what is missing."""

    gap: ContentGap
    nearest: tuple[NearClause, ...]
    draft: Draft


@dataclass(frozen=True, slots=True)
class ClauseUse:
    """How often a clause answered. `in_force` is false for versions that have ended or were withdrawn."""

    ref: str
    title: str
    heading: tuple[str, ...]
    times: int
    last_at: datetime | None
    in_force: bool


@dataclass(frozen=True, slots=True)
class StaleClause:
    """An open report, with what the clause is called and whether that version is still in force."""

    report: ClauseReport
    title: str
    heading: tuple[str, ...]
    in_force: bool


@dataclass(frozen=True, slots=True)
class ContentReport:
    """From `since` to `until`. `never` are clauses in force that were not cited, the shop's own first, of `never_total`
    out of `in_force_total`.
    """

    since: datetime
    until: datetime
    unanswered: int
    gaps: tuple[DraftedGap, ...]
    most: tuple[ClauseUse, ...]
    never: tuple[ClauseUse, ...]
    never_total: int
    in_force_total: int
    reports: tuple[StaleClause, ...]


class Content:
    """Reports on the texts of one shop. `embedder` is opened when questions have to be grouped."""

    def __init__(
        self, profile: ShopProfile, index: Clauses, clock: Clock, database: Database, embedder: Callable[[], Embedder]
    ) -> None:
        self._profile = profile
        self._index = index
        self._clock = clock
        self._log = AnswerLog(database, profile.key)
        self._reports = ClauseReports(database, profile.key)
        self._embedder = embedder

    async def report(self, since: datetime, *, lang: Lang = "zh", shown: int = 20) -> ContentReport:
        """Everything from `since` to now; at most `shown` rows of each kind. `lang` is that of titles."""
        now = self._clock.now()
        asked = await self._log.unanswered(since, limit=MAX_QUESTIONS)
        cites = await self._log.cites(since)
        gaps = await asyncio.to_thread(content_gaps, asked, self._embedder)
        live = self._in_force(now, lang)
        cited = {ref_of(cite.clause) for cite in cites}
        never = [clause for ref, clause in live.items() if ref not in cited]
        never.sort(key=lambda clause: (clause.policy.inherited, clause.policy.level == "statute", clause.ref))
        return ContentReport(
            since=since,
            until=now,
            unanswered=sum(gap.times for gap in gaps),
            gaps=tuple(await asyncio.to_thread(self._drafted, gaps[: min(shown, MAX_GAPS)], now)),
            most=tuple(self._uses(cites, live, lang)[:shown]),
            never=tuple(_use(clause, 0, None, in_force=True) for clause in never[:shown]),
            never_total=len(never),
            in_force_total=len(live),
            reports=tuple(self._stale(each, live, lang) for each in await self._reports.open()),
        )

    async def mark_stale(
        self, clause: str, *, agent: str, reason: str, conversation_id: str | None
    ) -> tuple[ClauseReport, bool]:
        """Keep that `agent` holds a clause (its reference, or its id with the language) to be out of date.

        False when they had said so before; the reason is then the new one. Raises `UnknownClause`.
        """
        found = self._index.clause(clause)
        now = self._clock.now()
        return await self._reports.report(
            found.ref, agent=agent, reason=masked(reason), conversation_id=conversation_id, at=now
        )

    async def close_report(self, report_id: str, *, by: str, note: str = "") -> ClauseReport:
        """Say that a report was looked at. Raises `NotFound`."""
        return await self._reports.close(report_id, by=by, note=masked(note), at=self._clock.now())

    def _drafted(self, gaps: Sequence[ContentGap], now: datetime) -> list[DraftedGap]:
        place = Place(platform=self._profile.platform, region=self._profile.region)
        drafted = []
        for gap in gaps:
            hits = self._index.search(gap.question, as_of=now, place=place, lang=gap.lang, k=_NEAREST)
            near = tuple(
                NearClause(hit.clause.ref, hit.clause.policy.title, hit.clause.heading, round(hit.score, 4))
                for hit in hits
                if hit.score >= _NEAR
            )
            drafted.append(DraftedGap(gap, near, draft_of(gap, now)))
        return drafted

    def _in_force(self, now: datetime, lang: Lang) -> dict[str, Clause]:
        """The clauses that may answer a customer of this shop now, by reference; once for all languages."""
        profile, found = self._profile, dict[str, Clause]()
        for clause in self._index.clauses:
            policy = clause.policy
            known = not policy.undated and policy.status not in ("draft", "history")
            here = any(policy.scope.covers(_here(clause, name, profile.region)) for name in profile.platforms)
            if known and here and policy.window.contains(now) and (clause.ref not in found or policy.lang == lang):
                found[clause.ref] = clause
        return found

    def _uses(self, cites: Sequence[Cite], live: dict[str, Clause], lang: Lang) -> list[ClauseUse]:
        """Cites of a clause in several languages together, most often first."""
        times: dict[str, tuple[int, datetime]] = {}
        for cite in cites:
            ref = ref_of(cite.clause)
            count, last = times.get(ref, (0, cite.last_at))
            times[ref] = (count + cite.times, max(last, cite.last_at))
        ranked = sorted(times.items(), key=lambda item: (-item[1][0], item[0]))
        return [self._use_of(ref, count, last, live, lang) for ref, (count, last) in ranked]

    def _stale(self, report: ClauseReport, live: dict[str, Clause], lang: Lang) -> StaleClause:
        use = self._use_of(report.ref, 0, report.at, live, lang)
        return StaleClause(report, use.title, use.heading, use.in_force)

    def _use_of(self, ref: str, times: int, last: datetime, live: dict[str, Clause], lang: Lang) -> ClauseUse:
        if ref in live:
            return _use(live[ref], times, last, in_force=True)
        try:
            return _use(self._index.clause(ref, lang), times, last, in_force=False)
        except UnknownClause:
            return ClauseUse(ref, ref.partition("@")[0], (), times, last, in_force=False)


def ref_of(clause_id: str) -> str:
    """The reference of a clause from its id: without the language."""
    return clause_id.rpartition("/")[0] if clause_id.endswith(("/zh", "/en")) else clause_id


def _here(clause: Clause, platform: str, region: str | None) -> Place:
    """A place of this shop in which category and channel are no obstacle: some of its goods may be of that category."""
    scope = clause.policy.scope
    return Place(platform, region, next(iter(scope.categories), None), next(iter(scope.channels), None))


def _use(clause: Clause, times: int, last: datetime | None, *, in_force: bool) -> ClauseUse:
    return ClauseUse(clause.ref, clause.policy.title, clause.heading, times, last, in_force)
