"""The desk's routes that need authority: drafts, approvals, effects nobody knows the end of, and who owns a talk."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query
from pydantic import ConfigDict, Field

from assistant.approvals import Outcome, Request, Role
from assistant.approving import Draft
from assistant.conversation import Lang
from assistant.errors import NotFound
from assistant.store.proposals import Kept
from server.authority_views import ApprovalView, EffectView, approval_view, concerns_legal, effect_view
from server.conversations import Body, ClientId, Reference, Taken
from server.front import (
    Front,
    TheAgent,
    TheColleague,
    TheDeskConversation,
    TheFront,
    TheLanguage,
    not_stopping,
)
from server.identity import Colleague
from server.problems import responses

router = APIRouter(prefix="/v1/desk", tags=["desk"], responses=responses(403))

Words = Annotated[str, Field(max_length=1000, pattern=r"^[^\x00]*$")]
Name = Annotated[str, Field(pattern=r"^[\w .\-]{1,40}$")]
Id = Annotated[str, Path(max_length=80, pattern=r"^[A-Za-z0-9_.-]+$")]
WRITES = [Depends(not_stopping)]


class DraftBody(Body):
    """Money a person proposes to the customer. In fen."""

    client_id: ClientId
    action: Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]
    order_id: Reference
    amount: Annotated[int, Field(gt=0, le=10_000_000_00, strict=True)]
    reason: Annotated[Words, Field(min_length=1)]
    cause: Reference | None = None
    dispute_amount: Annotated[int, Field(gt=0, le=10_000_000_00, strict=True)] | None = None
    fault_established: bool = False
    sensitive: bool = False
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"client_id": "d-1", "action": "goodwill", "order_id": "O1", "amount": 2000, "reason": "外箱破损"}
            ]
        },
    )


class Drafted(Taken):
    proposal_id: str
    level: str | None = Field(description="Who must agree beside the customer; null: nobody.")


class VerdictBody(Body):
    """`reason` is owed with a refusal, `rule` (a clause) and `appeal` with that of a statutory claim."""

    verdict: Literal["approve", "refuse"]
    reason: Words = ""
    rule: Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")] = ""
    appeal: Words = ""
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"verdict": "approve", "reason": "责任清楚"}]}
    )


class Verdict(Taken):
    """`state` is awaiting, approved, refused …; `effect` how it ended, once everybody needed has approved."""

    state: str
    missing: list[Role]
    effect: str | None


class FindingBody(Body):
    """`reference` is the shop system's number for what was done; `note` says how one knows."""

    outcome: Outcome
    reference: Annotated[str, Field(max_length=100, pattern=r"^[^\x00]*$")] = ""
    note: Words = ""
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"outcome": "done", "reference": "S20260105-7Q2"}]}
    )


class Found(Taken):
    """`settled` is false while a second person has to find the same."""

    settled: bool
    state: str


class TransferBody(Body):
    to: Name


class TransferAnswer(Body):
    accept: bool


@router.post("/conversations/{conversation_id}/proposals", status_code=201, dependencies=WRITES,
             responses=responses(409))  # fmt: skip
async def draft(front: TheFront, agent: TheAgent, conversation: TheDeskConversation, body: DraftBody) -> Drafted:
    """Propose money to the customer in one's own name, within DT-20. The customer still gives the yes."""
    proposal = await front.assistant.approvals.draft(
        conversation.id, agent.signer, Draft.model_validate(body.model_dump())
    )
    seq = await front.catch_up(conversation)
    return Drafted(seq=seq, proposal_id=proposal.proposal_id, level=proposal.level)


@router.get("/approvals")
async def list_approvals(
    front: TheFront,
    colleague: TheColleague,
    lang: TheLanguage,
    state: Annotated[Literal["awaiting", "decided"], Query()] = "awaiting",
) -> list[ApprovalView]:
    """Requests for approval, the one that expires first before the others. Legal sees those that need legal."""
    states = ("awaiting",) if state == "awaiting" else ("approved", "refused", "expired", "withdrawn")
    found = await front.assistant.approvals.store.requests(states)  # type: ignore[arg-type]
    return [
        await _approval(front, kept, request, colleague, lang=lang)
        for kept, request in found
        if colleague.role != "legal" or concerns_legal(request.level)
    ]


@router.post("/approvals/{proposal_id}", dependencies=WRITES, responses=responses(409))
async def decide(front: TheFront, colleague: TheColleague, proposal_id: Id, body: VerdictBody) -> Verdict:
    """Approve or refuse. The last approval that is needed carries the proposal out and tells the customer."""
    approvals = front.assistant.approvals
    kept, request = await approvals.store.find(proposal_id)
    if colleague.role == "legal" and not concerns_legal(request.level):
        raise NotFound("There is no such request.")
    before = await front.head(kept.proposal.conversation_id)
    try:
        if body.verdict == "approve":
            judged = await approvals.approve(proposal_id, colleague.signer, body.reason)
        else:
            judged = await approvals.refuse(
                proposal_id, colleague.signer, body.reason, rule=body.rule, appeal=body.appeal
            )
    finally:
        seq = await front.catch_up(before)
    after = await approvals.store.find(proposal_id)
    view = approval_view(front.assistant, after[0], after[1], colleague.signer, customer_name="", lang="zh")
    effect = judged.settled.state if judged.settled is not None else None
    return Verdict(seq=seq, state=judged.request.state, missing=view.missing, effect=effect)


@router.get("/effects")
async def list_effects(front: TheFront, _agent: TheAgent, look_up: Annotated[bool, Query()] = True) -> list[EffectView]:
    """Effects nobody knows the end of, with what the shop's own records say now unless `look_up` is false.

    Nothing is ever carried out again.
    """
    return [
        effect_view(each, await front.customer_name(each.kept.proposal.customer_id) or "")
        for each in await front.assistant.approvals.uncertain(look_up=look_up)
    ]


@router.post("/effects/{permit_id}", dependencies=WRITES, responses=responses(409))
async def settle(front: TheFront, agent: TheAgent, permit_id: Id, body: FindingBody) -> Found:
    """Put down what one found out: it happened, with its reference, or it did not. The customer is told."""
    kept, _ = await front.assistant.permits.proposals.issued(permit_id)
    before = await front.head(kept.proposal.conversation_id)
    settled = await front.assistant.approvals.settle(
        permit_id, agent.signer, body.outcome, reference=body.reference, note=body.note
    )
    seq = await front.catch_up(before)
    return Found(seq=seq, settled=settled is not None, state=settled.state if settled else "unknown")


@router.post("/conversations/{conversation_id}/transfer", dependencies=WRITES, responses=responses(409))
async def transfer(front: TheFront, agent: TheAgent, conversation: TheDeskConversation, body: TransferBody) -> Taken:
    """Offer one's conversation to a colleague. It stays one's own until they accept."""
    store, now = front.assistant.ownership, front.assistant.engine.clock.now()
    return Taken(seq=front.tell(conversation, await store.offer(conversation.id, agent.name, body.to, now)))


@router.post("/conversations/{conversation_id}/transfer/answer", dependencies=WRITES, responses=responses(409))
async def answer_transfer(
    front: TheFront, agent: TheAgent, conversation: TheDeskConversation, body: TransferAnswer
) -> Taken:
    """Accept or decline a conversation that a colleague offers."""
    store, now = front.assistant.ownership, front.assistant.engine.clock.now()
    logged = await store.answer_offer(conversation.id, agent.name, now, accept=body.accept)
    return Taken(seq=front.tell(conversation, logged))


async def _approval(front: Front, kept: Kept, request: Request, reader: Colleague, *, lang: Lang) -> ApprovalView:
    name = await front.customer_name(kept.proposal.customer_id) or ""
    return approval_view(front.assistant, kept, request, reader.signer, customer_name=name, lang=lang)
