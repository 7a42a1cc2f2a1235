"""What a request reaches: the running server's parts, and who is asking. Dependencies of the routes.

Authorisation is by object: a conversation is found only by its owner, and to everybody else it does not exist.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, TypedDict, cast
from urllib.parse import urlsplit

from fastapi import Depends, Header, Path, Query, Request

from assistant.approvals import ROLES_OF, STATES
from assistant.conversation import Card, Conversation, Lang, Logged
from assistant.errors import NotFound
from assistant.order_facts import order_card
from assistant.settings import Settings
from assistant.shop import Customer
from assistant.store.sql_shop import SqlShop
from server.identity import Colleague, Tokens, Visitor
from server.limits import Buckets
from server.metrics import Metrics
from server.problems import Forbidden, ShuttingDown, TooManyRequests, Unauthenticated, language
from server.stream import DESK, Hint, Hub
from server.turns import Turns

if TYPE_CHECKING:
    from assistant.after_sale import AfterSale
    from assistant.content_report import Content
    from assistant.turn import Assistant
    from server.library import Library

ID = re.compile(r"[A-Za-z0-9_.-]{1,80}")
COOKIE = "desk"


@dataclass(frozen=True, slots=True)
class Front:
    """The parts of one running server."""

    settings: Settings
    assistant: Assistant
    tokens: Tokens
    hub: Hub
    turns: Turns
    metrics: Metrics
    requests: Buckets
    messages: Buckets
    content: Content
    after_sale: AfterSale | None = None
    """The shop's tickets; None where they lie in another system."""
    library: Library | None = None
    """The shop's documents; None where it is kept in memory only."""

    async def head(self, conversation_id: str) -> Conversation:
        """The head of a conversation of this shop. Raises `NotFound`."""
        if not ID.fullmatch(conversation_id):
            raise NotFound("There is no such conversation.")
        return await self.assistant.conversations.get(
            conversation_id, customer_id=None, shop=self.assistant.profile.key
        )

    async def entries(self, conversation_id: str, after: int = 0) -> list[Logged]:
        """All entries with `seq > after`, in order."""
        found: list[Logged] = []
        while page := await self.assistant.conversations.read(conversation_id, after=found[-1].seq if found else after):
            found += page
        return found

    async def customer_name(self, customer_id: str | None) -> str | None:
        customer = await self.assistant.engine.shop.customer(customer_id) if customer_id is not None else None
        return customer.name if customer is not None else None

    async def order_cards(self, customer_id: str | None, lang: Lang) -> list[Card]:
        """The customer's orders at a glance, newest first."""
        if customer_id is None:
            return []
        engine = self.assistant.engine
        return [order_card(order, engine, lang) for order in await engine.shop.orders(customer_id)]

    async def concerns_legal(self, conversation_id: str) -> bool:
        """Whether an approval of this conversation needs, or needed, legal."""
        found = await self.assistant.approvals.store.requests(STATES, conversation_id=conversation_id)
        return any("legal" in ROLES_OF[request.level] for _, request in found)

    def intent_labels(self, lang: Lang) -> Mapping[str, str]:
        """The names of the intents in the reader's language."""
        return {name: words.in_(lang) for name, words in self.assistant.engine.flows.phrases.get("intent", {}).items()}

    async def demo_customers(self) -> list[Customer]:
        """The customers of a shop whose data is our own; a connected shop does not list its customers."""
        shop = self.assistant.engine.shop
        return await shop.customers() if isinstance(shop, SqlShop) else []

    async def catch_up(self, before: Conversation) -> int:
        """Publish what was logged since `before` was read; the seq of the newest entry."""
        return self.tell(before, await self.entries(before.id, after=before.last_seq))

    def tell(self, conversation: Conversation, logged: Logged | Sequence[Logged] | None) -> int:
        """Publish what a verb has just logged; the seq of the newest entry."""
        entries = [] if logged is None else [logged] if isinstance(logged, Logged) else list(logged)
        for entry in entries:
            self.hub.publish(conversation.id, entry)
        self.hub.publish(DESK, Hint("changed", {"id": conversation.id}))
        return entries[-1].seq if entries else conversation.last_seq


class State(TypedDict):
    """What the lifespan hands to every request."""

    front: Front


def the_front(request: Request) -> Front:
    return cast(Front, request.state.front)


TheFront = Annotated[Front, Depends(the_front)]


def after_sale_of(front: Front) -> AfterSale:
    """The shop's tickets. Raises `NotFound` where they lie in another system."""
    if front.after_sale is None:
        raise NotFound("This shop keeps its tickets elsewhere.")
    return front.after_sale


def the_language(request: Request) -> Lang:
    return language(request.headers)


TheLanguage = Annotated[Lang, Depends(the_language)]


def limit(front: Front, key: str) -> None:
    wait = front.requests.take(key)
    if wait:
        raise TooManyRequests("Too many requests.", retry_after=wait)


def address(request: Request) -> str:
    """The client's address, the key of those who have not said who they are."""
    return f"ip:{request.client.host if request.client else 'unknown'}"


def by_address(front: TheFront, request: Request) -> None:
    """Counts a request that anybody may make against its address."""
    limit(front, address(request))


def _bearer(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def the_visitor(front: TheFront, request: Request) -> Visitor:
    token = _bearer(request)
    if token is None:
        limit(front, address(request))
        raise Unauthenticated("There is no token.")
    try:
        visitor = front.tokens.read_visitor(token)
    except Unauthenticated:
        limit(front, address(request))
        raise
    limit(front, f"sub:{visitor.subject}")
    return visitor


TheVisitor = Annotated[Visitor, Depends(the_visitor)]


def the_customer(visitor: TheVisitor) -> Visitor:
    """A signed-in customer; a guest has to sign in first."""
    if visitor.guest:
        raise Unauthenticated("A guest has no orders.")
    return visitor


TheCustomer = Annotated[Visitor, Depends(the_customer)]


def the_colleague(front: TheFront, request: Request) -> Colleague:
    """The person at the desk, by the cookie of the desk page or a bearer token."""
    token = _bearer(request)
    cookie = request.cookies.get(COOKIE)
    if token is None and cookie is not None and request.method not in {"GET", "HEAD"}:
        same_origin(request)
    given = token or cookie
    if given is None:
        limit(front, address(request))
        raise Unauthenticated("There is no token.")
    try:
        colleague = front.tokens.read_colleague(given)
    except Unauthenticated:
        limit(front, address(request))
        raise
    limit(front, f"desk:{colleague.name}")
    return colleague


TheColleague = Annotated[Colleague, Depends(the_colleague)]


def the_agent(colleague: TheColleague) -> Colleague:
    """Somebody who serves customers: an agent or a supervisor. Legal reads and approves what needs legal, no more."""
    if colleague.role == "legal":
        raise Forbidden("Legal does not serve customers.")
    return colleague


TheAgent = Annotated[Colleague, Depends(the_agent)]


def the_supervisor(colleague: TheColleague) -> Colleague:
    """Somebody who answers for the shop's texts."""
    if colleague.role != "supervisor":
        raise Forbidden("This is for supervisors.")
    return colleague


TheSupervisor = Annotated[Colleague, Depends(the_supervisor)]


def limit_uploads(front: TheFront, supervisor: TheSupervisor) -> None:
    """A document costs a process of its own: as often as a customer may speak."""
    wait = front.messages.take(f"desk:{supervisor.name}")
    if wait:
        raise TooManyRequests("Too many files.", retry_after=wait)


def the_auditor(colleague: TheColleague) -> Colleague:
    """Somebody who may read the whole ledger: a supervisor or legal."""
    if colleague.role == "agent":
        raise Forbidden("The ledger is for supervisors and legal.")
    return colleague


TheAuditor = Annotated[Colleague, Depends(the_auditor)]


def same_origin(request: Request) -> None:
    """Refuse a write that a page of another origin sends with our cookie (beside `SameSite=Strict`)."""
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise Forbidden("The request comes from another site.")


async def the_conversation(
    front: TheFront,
    visitor: TheVisitor,
    conversation_id: Annotated[str, Path(description="The conversation's id.", examples=["c_7Qm2"])],
) -> Conversation:
    """The visitor's own conversation. Absent and somebody else's are the same answer."""
    conversation = await front.head(conversation_id)
    if conversation.customer_id != visitor.subject:
        raise NotFound("There is no such conversation.")
    return conversation


TheConversation = Annotated[Conversation, Depends(the_conversation)]


async def the_desk_conversation(
    front: TheFront,
    colleague: TheColleague,
    conversation_id: Annotated[str, Path(description="The conversation's id.", examples=["c_7Qm2"])],
) -> Conversation:
    """Any conversation of the shop, for those who serve customers; for legal those with a request that needs legal."""
    head = await front.head(conversation_id)
    if colleague.role == "legal" and not await front.concerns_legal(conversation_id):
        raise NotFound("There is no such conversation.")
    return head


TheDeskConversation = Annotated[Conversation, Depends(the_desk_conversation)]


def not_stopping(front: TheFront) -> None:
    """Refuses writes once the server was told to stop, so that none is taken and then cut off."""
    if front.turns.draining:
        raise ShuttingDown("The server is about to stop.")


def message_limit(front: TheFront, visitor: TheVisitor) -> None:
    wait = front.messages.take(visitor.subject)
    if wait:
        raise TooManyRequests("Too many messages.", retry_after=wait)


def resume_after(
    last_event_id: Annotated[
        str | None, Header(description="The id of the last event received; the stream goes on after it.")
    ] = None,
    after: Annotated[int, Query(ge=0, le=2**53, description="The same, for a client that sets no headers.")] = 0,
) -> int:
    """Where a stream resumes. An id that is not one of ours means from the beginning."""
    if last_event_id and last_event_id.isascii() and last_event_id.isdigit():
        return min(int(last_event_id[:18]), 2**53)
    return after


ResumeAfter = Annotated[int, Depends(resume_after)]
