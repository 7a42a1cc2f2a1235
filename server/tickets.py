"""After-sale tickets: the customer's own, and the desk's, with what each may do next."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from assistant.after_sale import AfterSale, Colleague
from assistant.conversation import Lang
from assistant.errors import NotFound
from assistant.order_facts import step_label, ticket_data
from assistant.shop import Order, Ticket
from assistant.tickets import next_party
from server.conversations import Body, ClientId, Reference, Taken
from server.files import FileView, file_view
from server.front import (
    Front,
    TheAgent,
    TheColleague,
    TheConversation,
    TheCustomer,
    TheFront,
    TheLanguage,
    after_sale_of,
    message_limit,
    not_stopping,
)
from server.problems import responses
from server.views import CARDS, keep

router = APIRouter(prefix="/v1", tags=["tickets"], responses=responses())

TicketId = Annotated[str, Path(max_length=64, pattern=r"^[A-Za-z0-9_.:#-]+$")]
Words = Annotated[str, Field(max_length=1000, pattern=r"^[^\x00]*$")]
CustomerEvent = Literal["withdraw", "ask_platform", "ship_return", "accept_offer", "decline_offer", "reopen", "appeal"]
_NEEDS = {("ship_return", "waybill"), ("appeal", "why")}


class TicketStepView(BaseModel):
    at: datetime
    label: str


class TicketView(BaseModel):
    """A case as its customer sees it. `party` acts next, by `by_when`; `can` are the events the customer may send;
    `missing` is evidence that would still help.
    """

    ticket_id: str
    order_id: str
    kind_label: str
    state_label: str
    next_step: str
    party: str
    by_when: datetime | None
    amount: int | None
    history: list[TicketStepView]
    can: list[str]
    missing: list[str]


class TicketAsk(Body):
    """What the customer wants to do with a case of their own: `ship_return` needs `waybill`, `appeal` needs `why`."""

    client_id: ClientId
    event: CustomerEvent
    waybill: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{0,40}$")] = ""
    why: Words = ""
    model_config = ConfigDict(
        extra="forbid",
        validate_default=True,
        json_schema_extra={"examples": [{"client_id": "t-1", "event": "withdraw"}]},
    )

    @field_validator("waybill", "why")
    @classmethod
    def _given_where_needed(cls, value: str, info: ValidationInfo) -> str:
        if (info.data.get("event"), info.field_name) in _NEEDS and not value.strip():
            raise ValueError(f"`{info.data['event']}` needs it")
        return value


class TicketProposed(Taken):
    proposal_id: str


class TicketRow(BaseModel):
    """A case at the desk. `alert` is 0, 50 or 80 percent of its limit, `escalated_at` since when a person is called."""

    ticket_id: str
    order_id: str
    customer_name: str
    kind: str
    kind_label: str
    state: str
    state_label: str
    next: str
    party: str
    owner: str
    amount: int | None
    reason: str
    opened_at: datetime
    deadline: datetime | None
    alert: int
    escalated_at: datetime | None


class MoveView(BaseModel):
    event: str
    needs: list[str]


class DeskFile(FileView):
    """`signals` are for people to weigh: they prove nothing."""

    sha256: str
    signals: list[str]


class DeskTicket(BaseModel):
    """Everything about one case, and what the reader may do with it."""

    row: TicketRow
    history: list[dict[str, Any]]
    detail: dict[str, Any]
    files: list[DeskFile]
    missing: list[str]
    seller_evidence: list[str]
    moves: list[MoveView]


class TicketEvent(Body):
    """What a person does with a case. What an event needs stands in `moves`; `amount` is in fen, `rule` a clause, and
    `appeal` where the customer can turn against a rejection.
    """

    event: Annotated[str, Field(pattern=r"^[a-z_]{1,30}$")]
    why: Words = ""
    rule: Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")] = ""
    appeal: Words = ""
    evidence: list[Reference] = Field(default_factory=list, max_length=50)
    amount: Annotated[int, Field(ge=0, le=10_000_000_00, strict=True)] | None = None
    favour: Literal["customer", "seller"] | None = None
    cause: Literal["agreed", "authority", "police"] | None = None
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"event": "request_evidence", "why": "请拍一下外箱"}]}
    )


@router.get("/tickets")
async def read_tickets(front: TheFront, customer: TheCustomer, lang: TheLanguage) -> list[TicketView]:
    """The signed-in customer's own cases, the open ones first."""
    after_sale = after_sale_of(front)
    found = await after_sale.of_customer(customer.subject)
    return [ticket_view(after_sale, ticket, lang) for _, ticket in found]


@router.post(
    "/conversations/{conversation_id}/tickets/{ticket_id}",
    status_code=202,
    responses=responses(409),
    dependencies=[Depends(not_stopping), Depends(message_limit)],
)
async def ask_on_ticket(
    front: TheFront, _customer: TheCustomer, conversation: TheConversation, ticket_id: TicketId, body: TicketAsk
) -> TicketProposed:
    """Ask for something on one's own case: a proposal follows, and only its yes carries it out."""
    proposal, logged = await after_sale_of(front).propose(
        conversation, ticket_id, body.event, client_id=body.client_id, waybill=body.waybill, why=body.why
    )
    return TicketProposed(seq=front.tell(conversation, logged), proposal_id=proposal.proposal_id)


@router.get("/desk/tickets", tags=["desk"])
async def list_tickets(front: TheFront, colleague: TheColleague, lang: TheLanguage) -> list[TicketRow]:
    """Open cases: first those a person was called for, then by how much of their limit has passed. For legal those
    whose talk has a request that needs legal.
    """
    found = await after_sale_of(front).waiting()
    return [
        await _row(front, order, ticket, lang)
        for order, ticket in found
        if colleague.role != "legal" or await _concerns_legal(front, order, ticket)
    ]


@router.get("/desk/tickets/{ticket_id}", tags=["desk"])
async def read_ticket(front: TheFront, colleague: TheColleague, ticket_id: TicketId, lang: TheLanguage) -> DeskTicket:
    """One case with its history, its files and their signals, and what the reader may do."""
    order, ticket = await after_sale_of(front).find(ticket_id)
    await _require_reader(front, colleague, order, ticket)
    return await _desk_ticket(front, order, ticket, Colleague(colleague.name, colleague.role), lang)


@router.post(
    "/desk/tickets/{ticket_id}/events", tags=["desk"], responses=responses(403, 409),
    dependencies=[Depends(not_stopping)],
)  # fmt: skip
async def move_ticket(
    front: TheFront, colleague: TheAgent, ticket_id: TicketId, body: TicketEvent, lang: TheLanguage
) -> DeskTicket:
    """Act on a case in one's own name. The state machine and the role decide what is allowed; money needs a clause."""
    person = Colleague(colleague.name, colleague.role)
    after_sale = after_sale_of(front)
    args = body.model_dump(exclude={"event"}, exclude_none=True)
    _, told = await after_sale.act(ticket_id, body.event, person, args)
    for conversation, entry in told:
        front.tell(conversation, entry)
    order, ticket = await after_sale.find(ticket_id)
    return await _desk_ticket(front, order, ticket, person, lang)


@router.get("/desk/tickets/{ticket_id}/dispute-pack", tags=["desk"], response_class=Response)
async def dispute_pack(front: TheFront, colleague: TheColleague, ticket_id: TicketId, lang: TheLanguage) -> Response:
    """All that a platform needs to judge a case, as a zip: timeline, messages, files with hashes, clauses, ledger."""
    await _require_reader(front, colleague, *await after_sale_of(front).find(ticket_id))
    packed = await after_sale_of(front).dispute_pack(ticket_id, lang)
    headers = {"Content-Disposition": f'attachment; filename="dispute-{ticket_id.replace("#", "-")}.zip"'}
    return Response(packed, media_type="application/zip", headers=headers)


def ticket_view(after_sale: AfterSale, ticket: Ticket, lang: Lang) -> TicketView:
    return TicketView.model_validate(keep(ticket_data(ticket, after_sale.engine, lang), CARDS["case"]))


async def _require_reader(front: Front, colleague: TheColleague, order: Order, ticket: Ticket) -> None:
    """Raises `NotFound` for legal, unless the case's talk has a request that needs legal."""
    if colleague.role == "legal" and not await _concerns_legal(front, order, ticket):
        raise NotFound("There is no such ticket.")


async def _concerns_legal(front: Front, order: Order, ticket: Ticket) -> bool:
    writes = await after_sale_of(front).talks.proposals_of(order.order_id, ticket.ticket_id)
    talks = {proposal.conversation_id for proposal, _ in writes}
    return any([await front.concerns_legal(talk) for talk in talks])


async def _row(front: TheFront, order: Order, ticket: Ticket, lang: Lang) -> TicketRow:
    data = ticket_data(ticket, after_sale_of(front).engine, lang)
    return TicketRow(
        ticket_id=ticket.ticket_id,
        order_id=order.order_id,
        customer_name=await front.customer_name(order.customer_id) or order.customer_id,
        kind=ticket.kind,
        kind_label=str(data["kind_label"]),
        state=ticket.state,
        state_label=str(data["state_label"]),
        next=next_party(ticket),
        party=str(data["party"]),
        owner=ticket.owner,
        amount=ticket.amount,
        reason=ticket.reason,
        opened_at=ticket.opened_at,
        deadline=ticket.deadline,
        alert=ticket.alerted,
        escalated_at=ticket.escalated_at,
    )


async def _desk_ticket(front: TheFront, order: Order, ticket: Ticket, person: Colleague, lang: Lang) -> DeskTicket:
    after_sale = after_sale_of(front)
    book = after_sale.engine.flows.evidence
    dispute = book.of(ticket)
    files = await after_sale.files_of(order, ticket)
    return DeskTicket(
        row=await _row(front, order, ticket, lang),
        history=[
            {**step.model_dump(mode="json"), "label": step_label(step, after_sale.engine.flows, lang)}
            for step in ticket.history
        ],
        detail=ticket.detail,
        files=[
            DeskFile(**file_view(each).model_dump(), sha256=each.sha256, signals=list(each.signals)) for each in files
        ],
        missing=book.missing(ticket, lang),
        seller_evidence=[text.in_(lang) for text in (dispute[1].seller if dispute else {}).values()],
        moves=[MoveView(event=event, needs=list(needs)) for event, needs in after_sale.moves(ticket, person)],
    )
