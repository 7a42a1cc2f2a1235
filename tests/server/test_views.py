from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, get_args

import pytest

from assistant.conversation import ENTRY, Entry, Logged
from server.views import CUSTOMER, customer_view, desk_view

AT = datetime(2026, 1, 5, tzinfo=UTC)
SECRET = "内部"

FULL: dict[str, dict[str, Any]] = {
    "asked": {"client_id": "m", "text": "t"},
    "understood": {"lang": "zh", "intents": [{"name": SECRET, "confidence": 1.0}], "risks": ["12315"]},
    "retrieved": {"query": SECRET, "clauses": [SECRET], "scores": [0.5]},
    "decided": {"table": SECRET, "row": "R1", "code": SECRET, "policy": SECRET, "read": {"margin": SECRET}},
    "proposed": {
        "proposal_id": "p", "action": "refund", "order_id": "o", "title": "t", "terms": [{"label": "l", "value": "v"}],
        "amount": 1, "expires_at": AT, "args_hash": SECRET,
    },
    "answered": {"proposal_id": "p", "answer": "yes", "client_id": "a"},
    "acted": {"proposal_id": "p", "action": "refund", "order_id": "o", "state": "done", "permit_id": SECRET},
    "said": {
        "text": "t",
        "cards": [
            {"kind": "order", "title": "t", "data": {"lines": [{"name": "n", "cost": SECRET}], "margin": SECRET}},
            {"kind": "products", "title": "t", "data": {"items": [{"name": "n", "cost": SECRET}], "cap": SECRET}},
        ],
    },
    "cited": {
        "citation": {"mark": 1, "clause": "c", "policy": "p", "title": "t", "text": "q", "start": 0, "end": 1}
    },
    "handed_off": {"reason": SECRET, "urgent": True, "note": SECRET, "place": 2, "wait_minutes": None},
    "failed": {"code": "c", "text": "t"},
    "done": {"turn": 1, "planner": SECRET, "quick_replies": [{"label": "l", "text": "t"}]},
    "agent_said": {"agent": "a", "client_id": SECRET, "text": "t"},
    "taken_over": {"agent": "a"},
    "given_back": {"agent": "a"},
    "transfer_offered": {"agent": SECRET, "to": SECRET},
    "transfer_answered": {"agent": SECRET, "accepted": True},
    "escalated": {"silent": SECRET},
    "approval_asked": {"proposal_id": "p", "level": SECRET, "expires_at": AT},
    "approval_decided": {"proposal_id": "p", "verdict": "refuse", "by": SECRET, "reason": SECRET},
    "resolved": {"proposal_id": "p", "permit_id": SECRET, "outcome": "done", "by": [SECRET], "note": SECRET},
    "attached": {"client_id": "f", "file_id": "i", "name": "n", "media_type": "image/jpeg", "size": 1},
    "rated": {"score": 5, "words": "w"},
    "closed": {"by": "customer"},
}  # fmt: skip


def logged(kind: str) -> Logged:
    return Logged(seq=1, turn=1, at=AT, entry=ENTRY.validate_python({"kind": kind, **FULL[kind]}))


def test_the_sample_holds_every_kind_of_entry() -> None:
    assert set(FULL) == {cls.model_fields["kind"].default for cls in get_args(Entry)}


@pytest.mark.parametrize("kind", FULL)
def test_nothing_internal_reaches_a_customer(kind: str) -> None:
    shown = customer_view(logged(kind))
    assert SECRET not in str(shown)
    assert "12315" not in str(shown)


def test_what_was_understood_retrieved_or_decided_and_what_colleagues_settle_is_hidden_altogether() -> None:
    among_colleagues = {"transfer_offered", "transfer_answered", "escalated"}
    authority = {"approval_asked", "approval_decided", "resolved"}
    hidden = {kind for kind in FULL if customer_view(logged(kind)) is None}
    assert hidden == {"understood", "retrieved", "decided"} | among_colleagues | authority


@pytest.mark.parametrize("kind", FULL)
def test_the_desk_sees_the_whole_entry(kind: str) -> None:
    shown = desk_view(logged(kind))
    assert set(shown) == {"seq", "turn", "at", "kind"} | set(type(logged(kind).entry).model_fields)


def test_the_fields_a_customer_sees_are_these() -> None:
    assert {kind: " ".join(sorted(fields)) for kind, fields in CUSTOMER.items()} == {
        "asked": "client_id order_id sku text",
        "said": "cards text",
        "cited": "citation",
        "proposed": "action amount clauses expires_at needs_agent order_id proposal_id terms title",
        "answered": "answer client_id proposal_id",
        "acted": "action amount order_id proposal_id receipt state terms",
        "handed_off": "place wait_minutes",
        "failed": "code retryable text",
        "done": "quick_replies turn",
        "agent_said": "agent text",
        "taken_over": "agent",
        "given_back": "agent",
        "attached": "client_id file_id media_type name order_id size ticket_id",
        "rated": "score words",
        "closed": "by",
    }
