"""Entries as lines for reading: what was understood, decided, said and done."""

from __future__ import annotations

from assistant.conversation import (
    Acted,
    Answered,
    Cited,
    Decided,
    Done,
    Entry,
    Failed,
    HandedOff,
    Proposed,
    Retrieved,
    Said,
    Understood,
)


def lines_of(entry: Entry) -> list[str]:
    """One entry as readable lines; an entry that says nothing to a reader gives none."""
    match entry:
        case Understood():
            guesses = " ".join(f"{guess.name}={guess.confidence:.2f}" for guess in entry.intents) or "nothing"
            further = [
                f"{k}={v}" for k, v in (("acts", entry.acts), ("slots", entry.slots), ("risks", entry.risks)) if v
            ]
            mood = [entry.mood] if entry.mood != "calm" else []
            return [" ".join(["understood", guesses, *further, *mood])]
        case Decided():
            amount = f" {entry.amount / 100:.2f}" if entry.amount is not None else ""
            return [f"decided    {entry.table} {entry.row} {entry.code}{amount} [{', '.join(entry.clauses)}]"]
        case Said():
            cards = "".join(f" <{card.kind}: {card.title}>" for card in entry.cards)
            return [f"said       {line}" for line in f"{entry.text}{cards}".splitlines() if line.strip()]
        case Proposed():
            terms = "; ".join(f"{term.label}: {term.value}" for term in entry.terms)
            return [f"proposed   {entry.action} ({terms}){' needs an agent' if entry.needs_agent else ''}"]
        case Acted():
            amount = f" {entry.amount / 100:.2f}" if entry.amount is not None else ""
            return [f"acted      {entry.action}{amount} {entry.state} order {entry.order_id}"]
        case _:
            return _lesser(entry)


def _lesser(entry: Entry) -> list[str]:
    match entry:
        case Retrieved():
            return [f"retrieved  {', '.join(entry.clauses)}"]
        case Cited():
            return [f"cited      [{entry.citation.mark}] {entry.citation.clause}"]
        case Answered():
            return [f"answered   {entry.answer}"]
        case HandedOff():
            return [f"handed off {entry.reason}{' urgent' if entry.urgent else ''} {entry.note}".rstrip()]
        case Failed():
            return [f"failed     {entry.code}: {entry.text}"]
        case Done() if entry.quick_replies:
            return [f"buttons    {' | '.join(reply.label for reply in entry.quick_replies)}"]
        case _:
            return []
