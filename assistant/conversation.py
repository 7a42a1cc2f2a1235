"""What happens in a conversation, as typed events. The log is a list of these; nothing else is stored about a talk.

One turn is one customer message and all that follows: `Asked`, then any of the events an engine yields, then `Done`.
Agents and the customer add entries of their own (`AgentSaid`, `TakenOver`, `Answered`, `Rated`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

Lang = Literal["zh", "en"]
Mood = Literal["calm", "worried", "annoyed", "angry", "very_angry"]
Gap = Literal["", "not_sure", "not_understood", "not_on_page", "gave_up"]
Risk = Literal["12315", "media", "safety", "minor", "abuse", "privacy", "injection", "off_platform"]
Speaker = Literal["customer", "assistant", "agent"]


class Frozen(BaseModel):
    """Immutable wire data: an unknown field is an error, never dropped."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class IntentGuess(Frozen):
    """One issue in the message: a second-level intent of the taxonomy, its calibrated confidence and the words it
    came from.
    """

    name: str
    confidence: float
    words: str = ""


class Citation(Frozen):
    """A checked quote: `text` stands in version `policy` at characters `[start, end)`; of a text as it was found it is
    what that span reads as (`knowledge.quotes.check_shown`).
    """

    mark: int
    clause: str
    policy: str
    title: str
    text: str
    start: int
    end: int
    level: str = ""
    in_force_from: datetime | None = None
    in_force_to: datetime | None = None
    status: str = "in_force"


class Term(Frozen):
    """One line of a proposal or card: a label and its value, already in the customer's language."""

    label: str
    value: str


class Card(Frozen):
    """Something shown at a glance: an order, products that differ, a size chart row, a case."""

    kind: Literal["order", "orders", "products", "comparison", "size", "case", "parcel"]
    title: str
    data: dict[str, Any] = Field(default_factory=dict)


class QuickReply(Frozen):
    """A button that says `text` for the customer."""

    label: str
    text: str


class Asked(Frozen):
    """The customer wrote. `client_id` is the sender's own id: the same one is never taken twice."""

    kind: Literal["asked"] = "asked"
    client_id: str
    text: str
    order_id: str | None = None
    sku: str | None = None


class Understood(Frozen):
    kind: Literal["understood"] = "understood"
    lang: Lang
    intents: tuple[IntentGuess, ...]
    acts: tuple[str, ...] = ()
    slots: dict[str, Any] = Field(default_factory=dict)
    mood: Mood = "calm"
    risks: tuple[Risk, ...] = ()


class Retrieved(Frozen):
    kind: Literal["retrieved"] = "retrieved"
    query: str
    clauses: tuple[str, ...]
    scores: tuple[float, ...]


class Decided(Frozen):
    """A table spoke. Fields as in `knowledge.decision.Decision`."""

    kind: Literal["decided"] = "decided"
    table: str
    row: str
    code: str
    policy: str
    clauses: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    amount: int | None = None
    formula: str | None = None
    deadline: datetime | None = None
    actor: str = "bot"
    appeal: str | None = None
    read: dict[str, Any] = Field(default_factory=dict)
    order_id: str | None = None


class Proposed(Frozen):
    """A write waits for its yes. `args_hash` binds the yes to exactly these terms."""

    kind: Literal["proposed"] = "proposed"
    proposal_id: str
    action: str
    order_id: str | None
    title: str
    terms: tuple[Term, ...]
    amount: int | None = None
    expires_at: datetime
    args_hash: str
    clauses: tuple[str, ...] = ()
    needs_agent: bool = False
    """True when the amount is above the assistant's own authority: the yes sends it to a person."""


class Answered(Frozen):
    """The customer answered a proposal by a button or in words."""

    kind: Literal["answered"] = "answered"
    proposal_id: str
    answer: Literal["yes", "no"]
    client_id: str


class Acted(Frozen):
    """An effect was executed and the ledger holds it (`state="done"`), or nobody knows yet (`"unknown"`), or it was
    refused.
    """

    kind: Literal["acted"] = "acted"
    proposal_id: str
    action: str
    order_id: str | None
    state: Literal["done", "unknown", "refused"]
    permit_id: str
    receipt: str | None = None
    amount: int | None = None
    terms: tuple[Term, ...] = ()


class Said(Frozen):
    """The assistant said something. `text` is Markdown of the smallest kind (paragraphs, lists, bold), with marks
    `[1]`.
    """

    kind: Literal["said"] = "said"
    text: str
    cards: tuple[Card, ...] = ()
    ref: str = ""
    """What is told of outside a turn, e.g. `T1#4` for the fourth step of a ticket, so that it is told once."""


class Cited(Frozen):
    kind: Literal["cited"] = "cited"
    citation: Citation


class HandedOff(Frozen):
    kind: Literal["handed_off"] = "handed_off"
    reason: str
    urgent: bool = False
    note: str = ""
    place: int | None = None
    """The place in the queue for a person, from 1, when the talk was handed off."""
    wait_minutes: int | None = None


class Failed(Frozen):
    """Something did not work. `code` is stable; `text` is for the customer; nothing was done that is not logged."""

    kind: Literal["failed"] = "failed"
    code: str
    text: str
    retryable: bool = True


class Done(Frozen):
    """The turn is over. `turn` counts from 1; `planner` is who worded the answer: `flow`, or `model:<name>`."""

    kind: Literal["done"] = "done"
    turn: int
    quick_replies: tuple[QuickReply, ...] = ()
    planner: str = "flow"
    gap: Gap = ""
    """Why the turn gave no sure answer, where it gave none: no clause was sure enough, the words were not understood,
    the product's page is silent, or a person was called for want of an answer.
    """


class AgentSaid(Frozen):
    kind: Literal["agent_said"] = "agent_said"
    agent: str
    client_id: str
    text: str


class TakenOver(Frozen):
    """A person owns the talk from here on; the assistant is silent."""

    kind: Literal["taken_over"] = "taken_over"
    agent: str


class GivenBack(Frozen):
    kind: Literal["given_back"] = "given_back"
    agent: str


class TransferOffered(Frozen):
    """The owner offers the talk to a colleague; it stays theirs until the other accepts."""

    kind: Literal["transfer_offered"] = "transfer_offered"
    agent: str
    to: str


class TransferAnswered(Frozen):
    """A colleague accepted or declined a talk that was offered to them."""

    kind: Literal["transfer_answered"] = "transfer_answered"
    agent: str
    accepted: bool


class Escalated(Frozen):
    """Nobody answered the customer in time: a supervisor looks. `silent` is the owner, None in the queue."""

    kind: Literal["escalated"] = "escalated"
    silent: str | None = None


class ApprovalAsked(Frozen):
    """The customer agreed to what only people of `level` may allow; it waits for them until `expires_at`."""

    kind: Literal["approval_asked"] = "approval_asked"
    proposal_id: str
    level: str
    expires_at: datetime


class ApprovalDecided(Frozen):
    """A person approved or refused, or nobody did in time (`expired`). `rule` and `appeal` go with a refusal."""

    kind: Literal["approval_decided"] = "approval_decided"
    proposal_id: str
    verdict: Literal["approve", "refuse", "expired"]
    by: str = ""
    role: str = ""
    reason: str = ""
    rule: str = ""
    appeal: str = ""


class Resolved(Frozen):
    """A person found out how an effect ended that nobody knew the end of."""

    kind: Literal["resolved"] = "resolved"
    proposal_id: str
    permit_id: str
    outcome: Literal["done", "not_done"]
    by: tuple[str, ...]
    note: str = ""


class Attached(Frozen):
    """The customer sent a file as evidence. `name` is their own word for it; the file is known by its id."""

    kind: Literal["attached"] = "attached"
    client_id: str
    file_id: str
    name: str
    media_type: str
    size: int
    order_id: str | None = None
    ticket_id: str | None = None


class Rated(Frozen):
    kind: Literal["rated"] = "rated"
    score: int = Field(ge=1, le=5)
    words: str = Field(default="", max_length=1000)


class Closed(Frozen):
    kind: Literal["closed"] = "closed"
    by: Speaker


TurnEvent: TypeAlias = Understood | Retrieved | Decided | Proposed | Acted | Said | Cited | HandedOff | Failed | Done
Desk: TypeAlias = TransferOffered | TransferAnswered | Escalated | ApprovalAsked | ApprovalDecided | Resolved
Entry: TypeAlias = TurnEvent | Asked | Answered | AgentSaid | TakenOver | GivenBack | Desk | Attached | Rated | Closed

AnyEntry = Annotated[
    Understood | Retrieved | Decided | Proposed | Acted | Said | Cited | HandedOff | Failed | Done
    | Asked | Answered | AgentSaid | TakenOver | GivenBack
    | TransferOffered | TransferAnswered | Escalated | ApprovalAsked | ApprovalDecided | Resolved | Attached | Rated
    | Closed,
    Field(discriminator="kind"),
]  # fmt: skip
ENTRY: TypeAdapter[Entry] = TypeAdapter(AnyEntry)


class Logged(Frozen):
    """An entry as the log holds it: `seq` counts gaplessly from 1 in its conversation and is the SSE event id."""

    seq: int
    turn: int
    at: datetime
    entry: AnyEntry


class DialogueState(Frozen):
    """What the assistant must remember between turns. Small and bounded: it is overwritten, never accumulated.

    `flow` is the intent being served, `waiting_for` the fact or slot the last question asked for, `parked` the flows a
    digression interrupted (newest last, at most 3), `pending` further intents of the same message not yet served,
    `slots` what the customer said (`claimed`), `misses` how often in a row we did not understand.
    """

    lang: Lang = "zh"
    flow: str | None = None
    order_id: str | None = None
    sku: str | None = None
    slots: dict[str, Any] = Field(default_factory=dict)
    waiting_for: str | None = None
    parked: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    proposal_id: str | None = None
    offers_made: int = 0
    refused_offer: bool = False
    misses: int = 0
    mood: Mood = "calm"
    greeted: bool = False


class Conversation(Frozen):
    """The head of a conversation: who, where, and in whose hands."""

    id: str
    shop: str
    customer_id: str | None
    channel: str = "widget"
    lang: Lang = "zh"
    owner: Literal["assistant", "agent", "queue"] = "assistant"
    agent: str | None = None
    opened_at: datetime
    last_seq: int = 0
    turns: int = 0
    closed: bool = False
    transfer_to: str | None = None
    """The colleague its owner has offered it to; it changes hands only when they accept."""
    escalated_at: datetime | None = None
    """Since when a supervisor looks at it, because nobody answered the customer in time."""
    queued_at: datetime | None = None
    taken_at: datetime | None = None
    state: DialogueState = DialogueState()
