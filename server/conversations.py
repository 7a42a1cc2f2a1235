"""The customer's side: guests, conversations, messages, proposals and the event stream."""

from __future__ import annotations

import unicodedata
from collections.abc import AsyncIterator
from datetime import datetime
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from assistant.conversation import Answered, Asked, Lang, Rated
from assistant.errors import ProposalSettled
from assistant.shop import Text
from server.front import (
    ResumeAfter,
    TheConversation,
    TheFront,
    TheVisitor,
    by_address,
    message_limit,
    not_stopping,
)
from server.problems import responses
from server.stream import follow
from server.views import ConversationView, conversation_view, customer_view

router = APIRouter(prefix="/v1", tags=["customers"], responses=responses())

MAX_TEXT = 4000
"""Characters of one message. The longest real ones are a pasted complaint of some 2,000."""


def readable(text: str) -> str:
    """`text` trimmed. Raises ValueError without a letter, digit or sign to read, and on NUL."""
    if "\0" in text:
        raise ValueError("the text holds a NUL character")
    trimmed = text.strip()
    # zero-width and control characters alone are an empty message to a reader
    if not any(unicodedata.category(char)[0] in "LNPS" for char in trimmed):
        raise ValueError("the text is empty")
    return trimmed


MessageText = Annotated[str, Field(min_length=1, max_length=MAX_TEXT), AfterValidator(readable)]
ClientId = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9_.:-]{1,64}$", description="The sender's own id: sent again, it is not taken twice."),
]
Reference = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:#-]{1,64}$")]


class Body(BaseModel):
    """What a client sends: an unknown field is an error, never dropped."""

    model_config = ConfigDict(extra="forbid")


class Opening(Body):
    lang: Lang = "zh"
    channel: Annotated[str, Field(pattern=r"^[a-z_]{1,20}$")] = "widget"
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"lang": "zh", "channel": "widget"}]})


class Message(Body):
    client_id: ClientId
    text: MessageText
    order_id: Reference | None = None
    sku: Reference | None = None
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"client_id": "m-1", "text": "七天无理由退货运费谁出？"}]}
    )


class Answer(Body):
    client_id: ClientId
    answer: Literal["yes", "no"]
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"client_id": "a-1", "answer": "yes"}]})


class Rating(Body):
    score: Annotated[int, Field(ge=1, le=5, strict=True)]
    words: Annotated[str, Field(max_length=1000, pattern=r"^[^\x00]*$")] = ""
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"score": 5, "words": "很清楚"}]})


class Nothing(Body):
    """An empty object."""


class SignedIn(BaseModel):
    token: str
    expires_at: datetime


class ShopHead(BaseModel):
    name: Text
    brand_color: str
    languages: list[Lang]


class Opened(BaseModel):
    id: str
    lang: Lang
    shop: ShopHead
    disclosure: Text = Field(description="What must be said before the first message: this is an AI.")


class Taken(BaseModel):
    seq: int


ASKED_FOR = "customer_asked"
"""The reason of a hand-off that the customer asked for with the button."""

DISCLOSURE = Text(
    zh="您正在与人工智能助手对话。它依据店铺公示的规则回答，涉及订单的操作会先征得您的同意。随时可以转人工。",
    en=(
        "You are talking to an AI assistant. It answers by the shop's published rules and asks before it changes "
        "anything about an order. You can ask for a person at any time."
    ),
)


@router.post("/guests", status_code=201, dependencies=[Depends(by_address)])
async def be_a_guest(front: TheFront, _body: Nothing | None = None) -> SignedIn:
    """A short-lived token for a visitor who has not signed in: products and policies, no orders."""
    issued = front.tokens.guest()
    return SignedIn(token=issued.token, expires_at=issued.expires_at)


@router.post(
    "/conversations", status_code=201, responses=responses(201), dependencies=[Depends(not_stopping)],
    response_model=Opened,
)  # fmt: skip
async def open_conversation(front: TheFront, visitor: TheVisitor, body: Opening | None = None) -> Opened:
    """Open a conversation of the customer or guest who asks."""
    asked = body or Opening()
    conversation = await front.assistant.open(visitor.subject, lang=asked.lang, channel=asked.channel)
    shop = front.assistant.profile
    head = ShopHead(name=shop.name, brand_color=shop.brand_color, languages=list(shop.languages))
    return Opened(id=conversation.id, lang=conversation.lang, shop=head, disclosure=DISCLOSURE)


@router.get("/conversations/{conversation_id}", response_model=ConversationView)
async def read_conversation(front: TheFront, conversation: TheConversation) -> dict[str, object]:
    """The conversation so far, as its customer may see it."""
    return conversation_view(conversation, await front.entries(conversation.id))


@router.post(
    "/conversations/{conversation_id}/messages",
    status_code=202,
    responses={200: {"model": Taken, "description": "Already taken under this client id."}, **responses(409)},
    dependencies=[Depends(not_stopping), Depends(message_limit)],
)
async def send_message(front: TheFront, conversation: TheConversation, body: Message, response: Response) -> Taken:
    """Take a message: it is on record before this answers, and the answer comes as events."""
    asked = Asked(client_id=body.client_id, text=body.text, order_id=body.order_id, sku=body.sku)
    owner = conversation.customer_id or ""
    logged, new = await front.assistant.accept(conversation.id, asked, customer_id=owner)
    if new:
        front.hub.publish(conversation.id, logged)
    else:
        response.status_code = 200
    # also when it is a repeat: the first attempt may have been cut off before its answer
    by_assistant = conversation.owner == "assistant"
    front.turns.start(conversation.id, customer_id=owner, lang=conversation.lang, typing=by_assistant and new)
    return Taken(seq=logged.seq)


@router.get(
    "/conversations/{conversation_id}/events",
    response_class=EventSourceResponse,
)
async def stream_events(
    front: TheFront, conversation: TheConversation, after: ResumeAfter
) -> AsyncIterator[ServerSentEvent]:
    """The conversation as server-sent events: each entry once and in order after where the client left off."""
    # an id we never gave means a log that began anew: the client starts from the beginning
    start = after if after <= conversation.last_seq else 0
    read = partial(front.entries, conversation.id)
    async for event in follow(front.hub, conversation.id, after=start, read=read, show=customer_view):
        yield event


@router.post(
    "/conversations/{conversation_id}/proposals/{proposal_id}",
    status_code=202,
    responses={200: {"model": Taken, "description": "Already taken under this client id."}, **responses(403, 409)},
    dependencies=[Depends(not_stopping), Depends(message_limit)],
)
async def answer_proposal(
    front: TheFront,
    conversation: TheConversation,
    proposal_id: Annotated[str, Path(max_length=80)],
    body: Answer,
    response: Response,
) -> Taken:
    """The customer's explicit yes or no to a proposal. Nothing is executed without it, and nothing twice."""
    answered = Answered(proposal_id=proposal_id, answer=body.answer, client_id=body.client_id)
    try:
        logged = await front.turns.confirm(
            conversation.id, answered, customer_id=conversation.customer_id or "", lang=conversation.lang
        )
    except ProposalSettled:
        # the same answer sent again, because its first response was lost
        entries = await front.entries(conversation.id)
        before = next((logged.seq for logged in entries if logged.entry == answered), None)
        if before is None:
            raise
        response.status_code = 200
        return Taken(seq=before)
    return Taken(seq=logged.seq if logged is not None else conversation.last_seq)


@router.post(
    "/conversations/{conversation_id}/hand-off",
    status_code=202,
    responses=responses(409),
    dependencies=[Depends(not_stopping)],
)
async def ask_for_a_person(front: TheFront, conversation: TheConversation, _body: Nothing | None = None) -> Taken:
    """A person takes over from here. Always possible, never questioned."""
    owner = conversation.customer_id
    return Taken(
        seq=front.tell(conversation, await front.assistant.hand_off(conversation.id, ASKED_FOR, customer_id=owner))
    )


@router.post(
    "/conversations/{conversation_id}/rating",
    status_code=201,
    responses=responses(409),
    dependencies=[Depends(not_stopping)],
)
async def rate(front: TheFront, conversation: TheConversation, body: Rating) -> Taken:
    """How it went, 1 to 5, with optional words."""
    rated = Rated(score=body.score, words=body.words)
    owner = conversation.customer_id
    return Taken(seq=front.tell(conversation, await front.assistant.rate(conversation.id, rated, customer_id=owner)))


@router.post("/conversations/{conversation_id}/close", responses=responses(409), dependencies=[Depends(not_stopping)])
async def close(front: TheFront, conversation: TheConversation, _body: Nothing | None = None) -> Taken:
    """End the conversation."""
    owner = conversation.customer_id
    logged = await front.assistant.close_conversation(conversation.id, customer_id=owner)
    return Taken(seq=front.tell(conversation, logged))
