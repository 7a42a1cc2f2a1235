"""What each audience may see of the log: an allowlist of kinds and fields. The rest stays inside.

Customers never see what was understood, retrieved or decided, nor why a person was called: those carry risk marks,
facts and scores. The desk sees every kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, TypeAlias

from pydantic import BaseModel, ConfigDict, TypeAdapter

from assistant.conversation import Card, Conversation, Lang, Logged
from knowledge.clauses import Clause, Hit, Policy
from knowledge.register import UNCONFIRMED
from server.stream import Shown

Fields: TypeAlias = Mapping[str, "Fields | None"]
"""Allowed keys; None is the whole value, a mapping goes on inside it and through lists."""


def _fields(names: str, **inside: Fields) -> Fields:
    return {**dict.fromkeys(names.split()), **inside}


CITATION = _fields("mark clause policy title text start end level in_force_from in_force_to status")
TERM = _fields("label value")
CUSTOMER: Mapping[str, Fields] = {
    "asked": _fields("client_id text order_id sku"),
    "said": _fields("text cards"),
    "cited": _fields("", citation=CITATION),
    "proposed": _fields("proposal_id action order_id title amount expires_at clauses needs_agent", terms=TERM),
    "answered": _fields("proposal_id answer client_id"),
    "acted": _fields("proposal_id action order_id state receipt amount", terms=TERM),
    "handed_off": _fields("place wait_minutes"),
    "failed": _fields("code text retryable"),
    "done": _fields("turn", quick_replies=_fields("label text")),
    "agent_said": _fields("agent text"),
    "taken_over": _fields("agent"),
    "given_back": _fields("agent"),
    "attached": _fields("client_id file_id name media_type size order_id ticket_id"),
    "rated": _fields("score words"),
    "closed": _fields("by"),
}
"""Per kind of entry, the fields a customer sees. A kind that is absent is not shown at all."""

_ORDER = _fields(
    "order_id state state_label step paid paid_at shipped_at signed_at",
    lines=_fields("name options qty unit_paid product_id"),
    parcel=_fields("carrier waybill last_scan"),
    tickets=_fields("ticket_id kind kind_label state state_label deadline by_when next_step party"),
)
CARDS: Mapping[str, Fields] = {
    "order": _ORDER,
    "orders": _fields("", items=_ORDER, orders=_ORDER),
    "products": _fields("", items=_fields("product_id name price_from stock why attributes")),
    "comparison": _fields("columns", rows=_fields("label values differs")),
    "size": _fields("columns why", rows=_fields("size values recommended")),
    "case": _fields(
        "ticket_id order_id kind_label state_label next_step by_when amount party can missing",
        history=_fields("at label"),
    ),
    "parcel": _fields("carrier waybill", scans=_fields("at place text")),
}
"""Per kind of card, the keys of `data` a customer sees."""


def keep(value: Any, allowed: Fields | None) -> Any:
    """`value` with only the keys that are allowed, in lists too."""
    if allowed is None:
        return value
    if isinstance(value, list | tuple):
        return [keep(item, allowed) for item in value]
    if isinstance(value, Mapping):
        return {key: keep(value[key], inside) for key, inside in allowed.items() if key in value}
    return value


def customer_view(logged: Logged) -> Shown | None:
    """The entry as its customer sees it, None when this kind is not for customers."""
    entry = logged.entry
    allowed = CUSTOMER.get(entry.kind)
    if allowed is None:
        return None
    raw = entry.model_dump(mode="json")
    shown: Shown = keep(raw, allowed)
    if entry.kind == "said":
        shown["cards"] = [card_view(card) for card in entry.cards]
    return {**_head(logged), **shown}


def card_view(card: Card) -> Shown:
    """A card with only the data its kind is known for."""
    return {**card.model_dump(mode="json", include={"kind", "title"}), "data": _keep_data(card)}


def _keep_data(card: Card) -> Any:
    return keep(card.model_dump(mode="json")["data"], CARDS[card.kind])


def desk_view(logged: Logged) -> Shown:
    """The entry as the desk sees it: all of it."""
    return {**_head(logged), **logged.entry.model_dump(mode="json", exclude={"kind"})}


def _head(logged: Logged) -> Shown:
    return {"seq": logged.seq, "turn": logged.turn, "at": logged.at.isoformat(), "kind": logged.entry.kind}


class LoggedView(BaseModel):
    """An entry of the log: these four, and the fields of its kind."""

    model_config = ConfigDict(extra="allow")

    seq: int
    turn: int
    at: datetime
    kind: str


class ConversationView(BaseModel):
    """A conversation as its customer sees it. `owner` says who answers: the assistant, the queue, or a person."""

    id: str
    owner: str
    lang: Lang
    closed: bool
    last_seq: int
    entries: list[LoggedView]


def conversation_view(conversation: Conversation, entries: list[Logged]) -> dict[str, object]:
    shown = [view for logged in entries if (view := customer_view(logged)) is not None]
    return {
        "id": conversation.id,
        "owner": conversation.owner,
        "lang": conversation.lang,
        "closed": conversation.closed,
        "last_seq": conversation.last_seq,
        "entries": shown,
    }


_UNCONFIRMED: Mapping[Lang, str] = {"zh": "收录的资料，尚未确认：", "en": "Taken from a file, not confirmed yet: "}


class ClauseView(BaseModel):
    """A clause with the version it stands in, as a customer may read it."""

    ref: str
    title: str
    version: str
    heading: list[str]
    text: str
    source: str
    level: str
    in_force_from: datetime | None
    in_force_to: datetime | None
    status: str
    lang: Lang


def clause_view(clause: Clause) -> ClauseView:
    policy: Policy = clause.policy
    return ClauseView(
        ref=clause.ref,
        title=policy.title,
        version=policy.version,
        heading=list(clause.heading),
        text=clause.shown,
        source=_source(policy),
        level=policy.level,
        in_force_from=policy.window.start,
        in_force_to=policy.window.end,
        status=policy.status,
        lang=policy.lang,
    )


def _source(policy: Policy) -> str:
    """Where it stands, in the words of its own language also while nobody has confirmed it."""
    if not policy.source.startswith(UNCONFIRMED):
        return policy.source
    return _UNCONFIRMED[policy.lang] + policy.source.removeprefix(UNCONFIRMED).strip()


class HitView(BaseModel):
    """A knowledge card at the desk: the clause and how it was found."""

    clause: ClauseView
    score: float
    lexical: float
    dense: float
    reranked: float | None = None
    """What a second look says, where the shop has one."""


def hit_view(hit: Hit) -> HitView:
    return HitView(
        clause=clause_view(hit.clause), score=hit.score, lexical=hit.lexical, dense=hit.dense, reranked=hit.reranked
    )


_ANYTHING: TypeAdapter[object] = TypeAdapter(object)


def plain(value: object) -> Any:
    """A result of the engine (a model, a dataclass, a list of them) as JSON data, for the desk and the command line."""
    if hasattr(value, "__dataclass_fields__") and not isinstance(value, type):
        value = asdict(value)  # type: ignore[call-overload]
    return _ANYTHING.dump_python(value, mode="json")
