"""What the shop's texts lack, for supervisors; and a clause marked as out of date, by whoever serves customers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from assistant.content_report import ClauseUse, ContentReport, DraftedGap, StaleClause
from assistant.conversation import Gap, Lang
from assistant.store.clause_reports import ClauseReport
from server.conversations import Body
from server.front import TheAgent, TheFront, TheLanguage, TheSupervisor, not_stopping
from server.problems import responses

router = APIRouter(prefix="/v1/desk", tags=["desk"], responses=responses(403))

Reason = Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00]*\S[^\x00]*$")]


class QuestionView(BaseModel):
    """A question in a customer's words, with personal data masked."""

    text: str
    times: int


class NearClauseView(BaseModel):
    """A clause near the question that was not sure enough."""

    ref: str
    title: str
    heading: list[str]
    score: float


class DraftView(BaseModel):
    """The start of a policy file: head, heading, the questions. It holds no rule."""

    file: str
    text: str


class GapView(BaseModel):
    """Questions that ask for the same thing and got no sure answer."""

    id: str
    lang: Lang
    question: str
    times: int
    conversations: int
    reasons: dict[Gap, int]
    first_at: datetime
    last_at: datetime
    questions: list[QuestionView]
    nearest: list[NearClauseView]
    draft: DraftView


class ClauseUseView(BaseModel):
    """How often a clause was cited."""

    ref: str
    title: str
    heading: list[str]
    times: int
    last_at: datetime | None
    in_force: bool


class StaleView(BaseModel):
    """A clause that somebody holds to be out of date. `in_force` is false once that version has ended."""

    id: str
    ref: str
    title: str
    heading: list[str]
    agent: str
    reason: str
    conversation_id: str | None
    at: datetime
    in_force: bool


class GapsView(BaseModel):
    """What the shop's texts lack, which clauses answer, which never do, and what is said to be out of date."""

    since: datetime
    until: datetime
    unanswered: int
    gaps: list[GapView]
    most_cited: list[ClauseUseView]
    never_cited: list[ClauseUseView]
    never_total: int
    in_force_total: int
    stale: list[StaleView]


class StaleBody(Body):
    """A clause by its reference `policy@version#anchor`, and why it is out of date."""

    clause: Annotated[str, Field(min_length=1, max_length=256, pattern=r"^[^\x00]*$")]
    reason: Reason
    conversation_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,80}$")] | None = None
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"clause": "law/freight@2024-07#no-reason", "reason": "运费规则改了"}]},
    )


class ClosedBody(Body):
    """What came of a report."""

    note: Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")] = ""


class ReportView(BaseModel):
    """A report as it is kept. `closed_at` is null while it is open."""

    id: str
    ref: str
    agent: str
    reason: str
    at: datetime
    closed_at: datetime | None


@router.get("/gaps")
async def read_gaps(
    front: TheFront, _supervisor: TheSupervisor, lang: TheLanguage, days: Annotated[int, Query(ge=1, le=366)] = 30
) -> GapsView:
    """Questions of the last days without a sure answer, alike ones together, each with the start of a text to write."""
    since = front.assistant.engine.clock.now() - timedelta(days=days)
    return gaps_view(await front.content.report(since, lang=lang))


@router.post(
    "/clause-reports",
    status_code=201,
    responses={200: {"model": ReportView, "description": "Said before by the same person; the reason is the new one."},
               **responses(404)},
    dependencies=[Depends(not_stopping)],
)  # fmt: skip
async def mark_stale(front: TheFront, agent: TheAgent, body: StaleBody, response: Response) -> ReportView:
    """Say that a clause is out of date. It is kept and listed; what is answered and decided does not change by it."""
    if body.conversation_id is not None:
        await front.head(body.conversation_id)
    kept, new = await front.content.mark_stale(
        body.clause, agent=agent.name, reason=body.reason, conversation_id=body.conversation_id
    )
    if not new:
        response.status_code = 200
    return _report(kept)


@router.post("/clause-reports/{report_id}/close", responses=responses(404), dependencies=[Depends(not_stopping)])
async def close_report(
    front: TheFront,
    supervisor: TheSupervisor,
    report_id: Annotated[str, Path(max_length=80, pattern=r"^[A-Za-z0-9_.-]+$")],
    body: ClosedBody | None = None,
) -> ReportView:
    """Say that a report was looked at: it is listed no more."""
    note = body.note if body is not None else ""
    return _report(await front.content.close_report(report_id, by=supervisor.name, note=note))


def gaps_view(report: ContentReport) -> GapsView:
    """The report for the desk and the command line."""
    return GapsView(
        since=report.since,
        until=report.until,
        unanswered=report.unanswered,
        gaps=[_gap(each) for each in report.gaps],
        most_cited=[_use(each) for each in report.most],
        never_cited=[_use(each) for each in report.never],
        never_total=report.never_total,
        in_force_total=report.in_force_total,
        stale=[_stale(each) for each in report.reports],
    )


def _gap(drafted: DraftedGap) -> GapView:
    gap = drafted.gap
    return GapView(
        id=gap.gap_id,
        lang=gap.lang,
        question=gap.question,
        times=gap.times,
        conversations=gap.conversations,
        reasons=gap.reasons,
        first_at=gap.first_at,
        last_at=gap.last_at,
        questions=[QuestionView(text=each.text, times=each.times) for each in gap.questions],
        nearest=[
            NearClauseView(ref=each.ref, title=each.title, heading=list(each.heading), score=each.score)
            for each in drafted.nearest
        ],
        draft=DraftView(file=drafted.draft.file, text=drafted.draft.text),
    )


def _use(use: ClauseUse) -> ClauseUseView:
    return ClauseUseView(
        ref=use.ref,
        title=use.title,
        heading=list(use.heading),
        times=use.times,
        last_at=use.last_at,
        in_force=use.in_force,
    )


def _stale(stale: StaleClause) -> StaleView:
    report = stale.report
    return StaleView(
        id=report.report_id,
        ref=report.ref,
        title=stale.title,
        heading=list(stale.heading),
        agent=report.agent,
        reason=report.reason,
        conversation_id=report.conversation_id,
        at=report.at,
        in_force=stale.in_force,
    )


def _report(report: ClauseReport) -> ReportView:
    return ReportView(
        id=report.report_id,
        ref=report.ref,
        agent=report.agent,
        reason=report.reason,
        at=report.at,
        closed_at=report.closed_at,
    )
