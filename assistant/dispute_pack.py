"""The evidence pack of a dispute: one zip with everything a platform needs to judge a case, and proof it is unchanged.

Pure and deterministic: the same material gives the same bytes. `manifest.json` holds the SHA-256 of every other file.
"""

from __future__ import annotations

import hashlib
import html
import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from assistant.conversation import (
    Acted,
    AgentSaid,
    Answered,
    Asked,
    Attached,
    Entry,
    HandedOff,
    Lang,
    Logged,
    Proposed,
    Said,
)
from assistant.shop import Order, Text, Ticket
from assistant.wording import instant, money

_STAMP = (1980, 1, 1, 0, 0, 0)
"""The time of every zip entry: when a pack is made must not change its bytes."""

_EXTENSION = {
    "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/gif": "gif", "application/pdf": "pdf",
}  # fmt: skip
_HEADS: Mapping[str, Text] = {
    "title": Text(zh="售后纠纷凭证", en="Dispute file"),
    "timeline": Text(zh="经过", en="Timeline"),
    "messages": Text(zh="对话", en="Messages"),
    "files": Text(zh="凭证文件", en="Evidence"),
    "clauses": Text(zh="依据的条款", en="Clauses"),
    "ledger": Text(zh="账本记录见 ledger.jsonl，校验值见 manifest.json。",
                   en="Ledger entries are in ledger.jsonl, hashes in manifest.json."),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PackedFile:
    """One piece of evidence as its sender gave it."""

    name: str
    media_type: str
    sha256: str
    at: datetime
    sent_by: str
    content: bytes


@dataclass(frozen=True, slots=True)
class PackedClause:
    """A clause as it stood in its version."""

    ref: str
    title: str
    version: str
    text: str
    source: str
    in_force_from: datetime | None
    in_force_to: datetime | None


@dataclass(frozen=True, slots=True)
class Material:
    """What a pack is made of. `labels` name the ticket's kind, its states and the steps of its history."""

    order: Order
    ticket: Ticket
    labels: Mapping[str, str]
    messages: Sequence[Logged]
    files: Sequence[PackedFile]
    clauses: Sequence[PackedClause]
    ledger: Sequence[str]


def pack_dispute(material: Material, lang: Lang) -> bytes:
    """The zip: index.html for people; timeline, messages, order and clauses as JSON, ledger.jsonl, files/, manifest."""
    timeline = timeline_of(material, lang)
    parts: dict[str, bytes] = {
        "timeline.json": _json(timeline),
        "messages.json": _json([_message(entry) for entry in material.messages if _told(entry)]),
        "order.json": _json(material.order.model_dump(mode="json", exclude={"tickets"})),
        "clauses.json": _json([_clause(clause) for clause in material.clauses]),
        "ledger.jsonl": "".join(f"{line}\n" for line in material.ledger).encode(),
        "index.html": _page(material, timeline, lang).encode(),
    }
    parts |= {_file_path(file): file.content for file in material.files}
    manifest = {
        "ticket_id": material.ticket.ticket_id,
        "order_id": material.order.order_id,
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in sorted(parts.items())},
    }
    return _zip({**parts, "manifest.json": _json(manifest)})


def timeline_of(material: Material, lang: Lang) -> list[dict[str, Any]]:
    """Everything that happened, oldest first: the order, the ticket's steps, files."""
    order, ticket, labels = material.order, material.ticket, material.labels
    named = {"created_at": ("下单", "ordered"), "paid_at": ("付款", "paid"), "shipped_at": ("发货", "shipped"),
             "signed_at": ("签收", "received")}  # fmt: skip
    found: list[tuple[datetime, str, str, str]] = [
        (at, words[lang == "en"], "order", "") for name, words in named.items() if (at := getattr(order, name))
    ]
    if not any(step.event == "submit" for step in ticket.history):
        # a case that was taken over from elsewhere has no first step of its own
        found.append((ticket.opened_at, labels.get("SUBMITTED", "SUBMITTED"), "customer", ticket.reason))
    for step in ticket.history:
        word = labels.get(step.event, labels.get(step.to_state, step.to_state))
        why = " · ".join(part for part in (step.why, step.clause or "") if part)
        found.append((step.at, word, step.by, why))
    found += [(file.at, file.name, file.sent_by, file.sha256) for file in material.files]
    return [
        {"at": at.isoformat(), "what": what, "by": by, "detail": detail}
        for at, what, by, detail in sorted(found, key=lambda row: row[0])
    ]


def _told(logged: Logged) -> bool:
    """What both sides have seen; what was understood, retrieved and decided stays inside."""
    told = Asked | Said | AgentSaid | Attached | Proposed | Answered | Acted | HandedOff
    return isinstance(logged.entry, told)


def _message(logged: Logged) -> dict[str, Any]:
    entry = logged.entry
    fields = entry.model_dump(mode="json", exclude={"cards", "args_hash", "ref", "note", "reason"})
    return {"seq": logged.seq, "at": logged.at.isoformat(), **fields}


def _clause(clause: PackedClause) -> dict[str, Any]:
    return {
        "ref": clause.ref,
        "title": clause.title,
        "version": clause.version,
        "text": clause.text,
        "source": clause.source,
        "in_force_from": clause.in_force_from.isoformat() if clause.in_force_from else None,
        "in_force_to": clause.in_force_to.isoformat() if clause.in_force_to else None,
    }


def _file_path(file: PackedFile) -> str:
    return f"files/{file.sha256}.{_EXTENSION[file.media_type]}"


def _page(material: Material, timeline: Sequence[Mapping[str, Any]], lang: Lang) -> str:
    """The pack for people: plain HTML without script, style or anything from elsewhere."""
    ticket, order = material.ticket, material.order
    title = f"{_HEADS['title'].in_(lang)} {ticket.ticket_id}"
    facts = [
        material.labels.get(ticket.kind, ticket.kind),
        material.labels.get(ticket.state, ticket.state),
        f"{order.order_id} · {money(order.paid)}",
        *([money(ticket.amount)] if ticket.amount is not None else []),
        *([ticket.reason] if ticket.reason else []),
    ]
    rows = [(instant(datetime.fromisoformat(r["at"]), lang), r["what"], r["by"], r["detail"]) for r in timeline]
    talk = [(instant(m.at, lang), m.entry.kind, _words(m.entry)) for m in material.messages if _told(m)]
    files = [(f.name, f.media_type, instant(f.at, lang), _file_path(f)) for f in material.files]
    clauses = [(c.ref, f"{c.title} {c.version}", c.text, c.source) for c in material.clauses]
    sections: dict[str, Sequence[Sequence[str]]] = {}
    sections |= {"timeline": rows, "messages": talk, "files": files, "clauses": clauses}
    body = "".join(f"<h2>{_HEADS[name].in_(lang)}</h2>{_table(lines)}" for name, lines in sections.items())
    head = f'<!doctype html><html lang="{lang}"><meta charset="utf-8"><title>{html.escape(title)}</title>'
    listed = "".join(f"<li>{html.escape(fact)}</li>" for fact in facts)
    return f"{head}<h1>{html.escape(title)}</h1><ul>{listed}</ul>{body}<p>{_HEADS['ledger'].in_(lang)}</p></html>\n"


def _words(entry: Entry) -> str:
    """What a message says to a reader: its text, the title of a proposal, the name of a file."""
    return next((str(found) for name in ("text", "title", "name") if (found := getattr(entry, name, ""))), "")


def _table(rows: Iterable[Sequence[str]]) -> str:
    lines = ("".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in rows)
    return f'<table border="1">{"".join(f"<tr>{line}</tr>" for line in lines)}</table>'


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()


def _zip(parts: Mapping[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(parts):
            entry = zipfile.ZipInfo(name, _STAMP)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, parts[name])
    return written.getvalue()
