"""Evidence lists: what each kind of dispute needs, from whom, and what of it is still missing. Pure data and counting.

A list is shown, never enforced: nobody is refused because a photo is missing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, field_validator

from assistant.conversation import Frozen, Lang
from assistant.shop import Text, Ticket, TicketKind
from assistant.ticket_moves import SETTLED
from assistant.typed import typed

Media = Literal["image", "pdf"]
FILES = "files"
"""Where a ticket's `detail` lists what its customer has sent."""


class Item(Frozen):
    """One thing a customer can show. `media` is what kind of file shows it."""

    label: Text
    media: Literal["image", "pdf", "any"] = "any"
    required: bool = True


class Dispute(Frozen):
    """One kind of dispute: when a ticket is of it, what its customer shows and what the seller has to show."""

    label: Text
    kinds: tuple[TicketKind, ...]
    words: tuple[str, ...] = ()
    items: dict[str, Item] = Field(default_factory=dict)
    seller: dict[str, Text] = Field(default_factory=dict)

    @field_validator("words")
    @classmethod
    def _compiles(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        for word in words:
            try:
                re.compile(word)
            except re.error as error:
                raise ValueError(f"{word!r} is no regular expression") from error
        return words

    def fits(self, ticket: Ticket) -> bool:
        return ticket.kind in self.kinds and any(re.search(word, ticket.reason, re.I) for word in self.words)


class EvidenceBook(Frozen):
    """All evidence lists of a pack, in the order they are tried."""

    disputes: dict[str, Dispute] = Field(default_factory=dict)

    def of(self, ticket: Ticket) -> tuple[str, Dispute] | None:
        """The list for a ticket and its name: by the customer's own words, else by the kind. None: nothing to show."""
        by_words = ((name, d) for name, d in self.disputes.items() if d.fits(ticket))
        by_kind = ((name, d) for name, d in self.disputes.items() if not d.words and ticket.kind in d.kinds)
        return next(by_words, None) or next(by_kind, None)

    def missing(self, ticket: Ticket, lang: Lang) -> list[str]:
        """What the customer has not shown yet, in words; nothing once the ticket is settled. A file fills the item it
        was sent for, if that was said, else the first item it can.
        """
        found = self.of(ticket)
        if found is None or ticket.state in SETTLED:
            return []
        left, shown = dict(found[1].items), files_of(ticket)
        for _, item in shown:
            left.pop(item or "", None)
        for medium, item in shown:
            if item in found[1].items:
                continue
            fitting = next((name for name, each in left.items() if each.media in (medium, "any")), None)
            if fitting is not None:
                del left[fitting]
        return [each.label.in_(lang) for each in left.values() if each.required]


def files_of(ticket: Ticket) -> list[tuple[Media, str | None]]:
    """What the ticket's customer has sent, in order: the medium, and the item it was sent for."""
    return [(medium, item) for medium, item in ticket.detail.get(FILES, [])]


def with_file(ticket: Ticket, medium: Media, item: str | None) -> Ticket:
    """The ticket with one more file on its list."""
    listed = [*ticket.detail.get(FILES, []), [medium, item]]
    return ticket.model_copy(update={"detail": {**ticket.detail, FILES: listed}})


def read_evidence(data: Mapping[str, Any]) -> EvidenceBook:
    """Type the merged `evidence.yaml` of a pack. Raises `XiaoerError` that names the key at fault."""
    return typed(EvidenceBook, data, where="evidence.yaml")
