"""The people's side: the queue, one conversation with all that is known about it, and taking it over.

Everything here needs a token of the desk; the desk page keeps it in a cookie that scripts cannot read.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel

from assistant.approvals import STATES
from assistant.conversation import AgentSaid, Conversation
from assistant.store.conversations import Owner
from assistant.summaries import Kind
from assistant.transcripts import of_log
from knowledge.clauses import Place
from server.authority_views import ApprovalView, DecisionView, approval_view, decided_views, fact_label
from server.conversations import Body, ClientId, MessageText, Nothing, Taken
from server.desk_rows import NO_MARK, CaseMark, QueueRow, marks_of, newest, queue_row
from server.front import (
    Front,
    ResumeAfter,
    TheAgent,
    TheAuditor,
    TheColleague,
    TheDeskConversation,
    TheFront,
    TheLanguage,
    not_stopping,
)
from server.identity import Colleague
from server.problems import responses
from server.stream import DESK, Hint, follow, hint_event
from server.views import HitView, LoggedView, desk_view, hit_view, plain

router = APIRouter(prefix="/v1/desk", tags=["desk"], responses=responses())

State = Literal["waiting", "mine", "all"]
OWNERS: Mapping[State, Sequence[Owner]] = {
    "waiting": ("queue",),
    "mine": ("agent",),
    "all": ("queue", "agent", "assistant"),
}


class DeskMessage(Body):
    client_id: ClientId
    text: MessageText


class DraftWords(BaseModel):
    """An action that people may propose."""

    action: str
    label: str


class DeskConversation(BaseModel):
    """One conversation with everything the desk knows about it."""

    head: Conversation
    row: QueueRow
    missing: str | None
    """What the assistant's last question asks for, in words."""
    approvals: list[ApprovalView]
    may_draft: list[DraftWords]
    decided: list[DecisionView]
    entries: list[LoggedView]
    orders: list[dict[str, Any]]
    summary: dict[str, Any]
    suggestions: list[dict[str, Any]]
    risk_notes: list[dict[str, Any]]


@router.get("/conversations")
async def read_queue(
    front: TheFront, colleague: TheColleague, lang: TheLanguage, state: Annotated[State, Query()] = "all"
) -> list[QueueRow]:
    """Open conversations, those who wait longest first."""
    heads = await front.assistant.conversations.queue(front.assistant.profile.key, owners=OWNERS[state])
    marks = await _marks(front, colleague)
    return [
        queue_row(
            head.conversation,
            customer_name=await front.customer_name(head.conversation.customer_id),
            last_text=head.last_text,
            waiting_since=head.waiting_since,
            understood=head.understood,
            labels=front.intent_labels(lang),
            lang=lang,
            mark=marks.get(head.conversation.customer_id or "", NO_MARK),
        )
        for head in heads
        if (state != "mine" or head.conversation.agent == colleague.name)
        and (colleague.role != "legal" or await front.concerns_legal(head.conversation.id))
    ]


async def _marks(front: Front, colleague: Colleague) -> Mapping[str, CaseMark]:
    """By customer, how late the shop is with their cases. Legal reads cases where they need legal, so none here."""
    if front.after_sale is None or colleague.role == "legal":
        return {}
    return marks_of(await front.after_sale.waiting())


@router.get("/events", response_class=EventSourceResponse)
async def stream_queue(front: TheFront, colleague: TheColleague) -> AsyncIterator[ServerSentEvent]:
    """`changed` with the id of a conversation whose row in the queue is to be read again. Legal hears of those with a
    request that needs legal.
    """
    with front.hub.listen(DESK) as listener:
        async for item in listener:
            if isinstance(item, Hint) and (colleague.role != "legal" or await _is_for_legal(front, item)):
                yield hint_event(item)


async def _is_for_legal(front: Front, hint: Hint) -> bool:
    talk = hint.data.get("id")
    return talk is None or await front.concerns_legal(str(talk))


@router.get("/conversations/{conversation_id}")
async def read_one(
    front: TheFront, colleague: TheColleague, conversation: TheDeskConversation, lang: TheLanguage
) -> DeskConversation:
    """Everything about one conversation: the log, the orders, a summary and suggested replies."""
    assistant = front.assistant
    entries = await front.entries(conversation.id)
    last_text, waiting_since, understood = newest(entries)
    row = queue_row(
        conversation,
        customer_name=await front.customer_name(conversation.customer_id),
        last_text=last_text,
        waiting_since=waiting_since,
        understood=understood,
        labels=front.intent_labels(lang),
        lang=lang,
        mark=(await _marks(front, colleague)).get(conversation.customer_id or "", NO_MARK),
    )
    requests = await assistant.approvals.store.requests(STATES, conversation_id=conversation.id)
    asks, actions = conversation.state.waiting_for, assistant.engine.flows.actions
    return DeskConversation(
        head=conversation,
        row=row,
        missing=fact_label(assistant.engine, asks, lang) if asks else None,
        approvals=[
            approval_view(assistant, k, r, colleague.signer, customer_name=row.customer_name, lang=lang)
            for k, r in requests
        ],
        may_draft=[
            DraftWords(action=name, label=words.title.in_(lang))
            for name, words in actions.items()
            if words.purpose in ("goodwill", "advance")
        ],
        decided=decided_views(assistant.engine, entries, lang),
        entries=[LoggedView.model_validate(desk_view(logged)) for logged in entries],
        orders=[card.model_dump(mode="json") for card in await front.order_cards(conversation.customer_id, lang)],
        summary=plain(await assistant.summarize(conversation.id)),
        suggestions=plain(await assistant.suggest(conversation.id)),
        risk_notes=plain(await assistant.risk_notes(conversation.customer_id)) if conversation.customer_id else [],
    )


@router.get("/conversations/{conversation_id}/events", response_class=EventSourceResponse)
async def stream_one(
    front: TheFront, conversation: TheDeskConversation, after: ResumeAfter
) -> AsyncIterator[ServerSentEvent]:
    """The conversation as server-sent events with entries of every kind."""
    start = after if after <= conversation.last_seq else 0
    read = partial(front.entries, conversation.id)
    async for event in follow(front.hub, conversation.id, after=start, read=read, show=desk_view):
        yield event


@router.post(
    "/conversations/{conversation_id}/take", responses=responses(403, 409), dependencies=[Depends(not_stopping)]
)
async def take(
    front: TheFront, agent: TheAgent, conversation: TheDeskConversation, _body: Nothing | None = None
) -> Taken:
    """Take the conversation over: the assistant is silent from here on. A colleague's is only transferred."""
    supervises = agent.role == "supervisor"
    logged = await front.assistant.take_over(conversation.id, agent.name, supervises=supervises)
    return Taken(seq=front.tell(conversation, logged))


@router.post(
    "/conversations/{conversation_id}/give-back", responses=responses(403, 409), dependencies=[Depends(not_stopping)]
)
async def give_back(
    front: TheFront, agent: TheAgent, conversation: TheDeskConversation, _body: Nothing | None = None
) -> Taken:
    """Give one's conversation back to the assistant."""
    supervises = agent.role == "supervisor"
    logged = await front.assistant.give_back(conversation.id, agent.name, supervises=supervises)
    return Taken(seq=front.tell(conversation, logged))


@router.post(
    "/conversations/{conversation_id}/messages",
    status_code=202,
    responses={200: {"model": Taken, "description": "Already taken under this client id."}, **responses(403, 409)},
    dependencies=[Depends(not_stopping)],
)
async def say(
    front: TheFront, agent: TheAgent, conversation: TheDeskConversation, body: DeskMessage, response: Response
) -> Taken:
    """Say something to the customer in one's own name, in a conversation one owns."""
    await front.assistant.ownership.require_owner(conversation.id, agent.name)
    said = AgentSaid(agent=agent.name, client_id=body.client_id, text=body.text)
    logged, new = await front.assistant.agent_say(conversation.id, said)
    if not new:
        response.status_code = 200
        return Taken(seq=logged.seq)
    return Taken(seq=front.tell(conversation, logged))


@router.get("/conversations/{conversation_id}/suggestions")
async def suggest(front: TheFront, conversation: TheDeskConversation) -> list[dict[str, Any]]:
    """Replies the assistant would give, each with its citations and reason."""
    found: list[dict[str, Any]] = plain(await front.assistant.suggest(conversation.id))
    return found


@router.get("/conversations/{conversation_id}/summary")
async def summarize(
    front: TheFront,
    conversation: TheDeskConversation,
    kind: Annotated[Kind, Query()] = "handover",
) -> dict[str, Any]:
    """What it is about, what was done, what is left to do."""
    summary: dict[str, Any] = plain(await front.assistant.summarize(conversation.id, kind=kind))
    return summary


@router.get("/conversations/{conversation_id}/score")
async def score(front: TheFront, conversation: TheDeskConversation, lang: TheLanguage) -> dict[str, Any]:
    """The scorecard of the conversation so far."""
    transcript = of_log(conversation.id, await front.entries(conversation.id))
    card: dict[str, Any] = plain(front.assistant.score(transcript, lang=lang))
    return card


@router.get("/search")
async def search(
    front: TheFront,
    _colleague: TheColleague,
    lang: TheLanguage,
    q: Annotated[str, Query(min_length=1, max_length=200, pattern=r"^[^\x00]*$")],
    k: Annotated[int, Query(ge=1, le=20)] = 5,
) -> list[HitView]:
    """Knowledge cards in force now, with both scores."""
    place = Place(platform=front.assistant.profile.platform, audience="agent")
    index, now = front.assistant.engine.index, front.assistant.engine.clock.now()
    hits = await asyncio.to_thread(index.search, q, as_of=now, place=place, lang=lang, k=k)
    return [hit_view(hit) for hit in hits]


@router.get("/ledger", responses=responses(403))
async def read_ledger(
    front: TheFront, _auditor: TheAuditor, limit: Annotated[int, Query(ge=1, le=500)] = 50
) -> list[dict[str, Any]]:
    """The newest entries of the ledger: permits and effects, hash-chained."""
    entries = await front.assistant.permits.ledger.latest(front.assistant.profile.key, limit=limit)
    return [plain(entry) for entry in entries]
