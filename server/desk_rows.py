"""A row of the desk's queue: who waits, since when, for what, and how worried we are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import BaseModel

from assistant.conversation import AgentSaid, Asked, Conversation, Lang, Logged, Mood, Said, Understood
from assistant.shop import Text

GUEST_NAME = Text(zh="访客", en="Guest")


class IntentLabel(BaseModel):
    name: str
    label: str


class QueueRow(BaseModel):
    """`waiting_since` is None when nobody waits for an answer."""

    id: str
    customer_name: str
    last_text: str
    waiting_since: datetime | None
    intents: list[IntentLabel]
    owner: str
    agent: str | None
    transfer_to: str | None
    escalated: bool
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
) -> QueueRow:
    """The row of one conversation; `labels` are the intents' names in the reader's language."""
    intents = understood.intents if understood is not None else ()
    return QueueRow(
        id=conversation.id,
        customer_name=customer_name or GUEST_NAME.in_(lang),
        last_text=last_text or "",
        waiting_since=waiting_since,
        intents=[IntentLabel(name=guess.name, label=labels.get(guess.name, guess.name)) for guess in intents],
        owner=conversation.owner,
        agent=conversation.agent,
        transfer_to=conversation.transfer_to,
        escalated=conversation.escalated_at is not None,
        risks=list(understood.risks) if understood is not None else [],
        mood=understood.mood if understood is not None else "calm",
        lang=conversation.lang,
    )


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
