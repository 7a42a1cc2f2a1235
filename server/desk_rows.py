"""A row of the desk's queue: who waits, since when, for what, and how worried we are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel

from assistant.conversation import AgentSaid, Asked, Conversation, Lang, Logged, Mood, Said, Understood
from assistant.follow_up import LAST
from assistant.shop import Order, Text, Ticket

GUEST_NAME = Text(zh="访客", en="Guest")


class IntentLabel(BaseModel):
    name: str
    label: str


@dataclass(frozen=True, slots=True)
class CaseMark:
    """How late the shop is with a customer's cases: percent of the limit that has passed (0, 50, 80), at the worst of
    them, and whether a person was called for one.
    """

    alert: int = 0
    overdue: bool = False


NO_MARK = CaseMark()


def marks_of(waiting: Iterable[tuple[Order, Ticket]]) -> dict[str, CaseMark]:
    """By customer, the worst of their open cases; nothing for whom all are in time."""
    marks: dict[str, CaseMark] = {}
    for order, ticket in waiting:
        if ticket.alerted or ticket.escalated_at is not None:
            worst = marks.get(order.customer_id, NO_MARK)
            late = worst.overdue or ticket.escalated_at is not None
            marks[order.customer_id] = CaseMark(max(worst.alert, ticket.alerted), late)
    return marks


class QueueRow(BaseModel):
    """`waiting_since` is None when nobody waits for an answer. `case_alert` and `case_overdue` are of the customer's
    open cases, see `CaseMark`.
    """

    id: str
    customer_name: str
    last_text: str
    waiting_since: datetime | None
    intents: list[IntentLabel]
    owner: str
    agent: str | None
    transfer_to: str | None
    escalated: bool
    case_alert: int
    case_overdue: bool
    risks: list[str]
    mood: Mood
    lang: Lang


def queue_row(
    conversation: Conversation,
    *,
    customer_name: str | None,
    last_text: str | None,
    waiting_since: datetime | None,
    understood: Understood | None,
    labels: Mapping[str, str],
    lang: Lang,
    mark: CaseMark = NO_MARK,
) -> QueueRow:
    """The row of one conversation; `labels` are the intents' names in the reader's language."""
    return QueueRow(
        id=conversation.id,
        customer_name=customer_name or GUEST_NAME.in_(lang),
        last_text=last_text or "",
        waiting_since=waiting_since,
        intents=[
            IntentLabel(name=name, label=labels.get(name, name)) for name in _wishes(conversation, understood, labels)
        ],
        owner=conversation.owner,
        agent=conversation.agent,
        transfer_to=conversation.transfer_to,
        escalated=conversation.escalated_at is not None,
        case_alert=mark.alert,
        case_overdue=mark.overdue,
        risks=list(understood.risks) if understood is not None else [],
        mood=understood.mood if understood is not None else "calm",
        lang=conversation.lang,
    )


def _wishes(conversation: Conversation, understood: Understood | None, labels: Mapping[str, str]) -> list[str]:
    """What the last message wants; where it only answers a question, what that question was for."""
    heard = [guess.name for guess in understood.intents] if understood is not None else []
    state = conversation.state
    under_way = [name for name in (state.flow, state.slots.get(LAST)) if isinstance(name, str) and name in labels]
    return [name for name in heard if name != "unclear"] or under_way[:1] or heard


def newest(entries: Sequence[Logged]) -> tuple[str | None, datetime | None, Understood | None]:
    """The customer's last words, since when they wait (None when answered), and what was last understood."""
    last_text: str | None = None
    waiting_since: datetime | None = None
    understood: Understood | None = None
    for logged in entries:
        entry = logged.entry
        if isinstance(entry, Asked):
            last_text = entry.text
            waiting_since = waiting_since or logged.at
        elif isinstance(entry, Understood):
            understood = entry
        elif isinstance(entry, Said | AgentSaid):
            waiting_since = None
    return last_text, waiting_since, understood
