"""What the desk shows of approvals and of effects nobody knows the end of: facts by label, clauses in their words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from assistant.approvals import ROLES_OF, Level, Request, Role, Signer, may_sign, missing
from assistant.approving import Uncertain
from assistant.conversation import Decided, Lang, Logged, Term
from assistant.proposals import Proposal
from assistant.store.proposals import Kept
from knowledge.errors import UnknownClause

if TYPE_CHECKING:
    from assistant.context import Engine
    from assistant.turn import Assistant


_SHOWN = 6
"""Decisions of a talk that the desk shows."""


class FactView(BaseModel):
    name: str
    label: str
    value: Any


class QuoteView(BaseModel):
    """A clause with its words in the version that decided."""

    ref: str
    title: str
    text: str
    level: str


class DecisionView(BaseModel):
    """Why: the row, what it read, and the clauses it rests on. `says` is the code in words."""

    table: str
    title: str
    row: str
    code: str
    says: str
    amount: int | None
    formula: str | None
    facts: list[FactView]
    clauses: list[QuoteView]


class SignatureView(BaseModel):
    name: str
    role: Role
    verdict: str
    reason: str
    at: datetime


class ApprovalView(BaseModel):
    """A request for approval. `missing` are the roles nobody has filled; `may_sign` whether the reader could."""

    proposal_id: str
    conversation_id: str
    customer_name: str
    state: str
    level: Level
    missing: list[Role]
    may_sign: bool
    statutory: bool
    title: str
    action: str
    order_id: str | None
    amount: int | None
    terms: list[Term]
    reason: str
    drafted_by: str
    requested_at: datetime
    expires_at: datetime
    decisions: list[DecisionView]
    signatures: list[SignatureView]


class FindingView(BaseModel):
    name: str
    role: Role
    outcome: str
    reference: str
    note: str
    at: datetime


class EffectView(BaseModel):
    """An effect nobody knows the end of. `shop_says` is what the shop's records hold under its key now."""

    permit_id: str
    proposal_id: str
    conversation_id: str
    customer_name: str
    title: str
    action: str
    order_id: str | None
    amount: int | None
    permitted_at: datetime
    reason: str
    needs_two: bool
    shop_says: str
    reference: str | None
    findings: list[FindingView]


def fact_label(engine: Engine, name: str, lang: Lang) -> str:
    """What a fact or slot is called in words: the question that asks for it; its own name when there is none."""
    if name in engine.flows.questions:
        return engine.flows.questions[name].in_(lang)
    definition = engine.policies.facts.get(name.partition(",")[0].strip())
    return definition.ask[lang] if definition is not None and definition.ask is not None else name


def approval_view(
    assistant: Assistant, kept: Kept, request: Request, reader: Signer, *, customer_name: str, lang: Lang
) -> ApprovalView:
    proposal = kept.proposal
    signers = [signature.signer for signature in request.signatures if signature.verdict == "approve"]
    waits = request.state == "awaiting"
    return ApprovalView(
        proposal_id=proposal.proposal_id,
        conversation_id=proposal.conversation_id,
        customer_name=customer_name,
        state=kept.state if request.state == "approved" else request.state,
        level=request.level,
        missing=list(missing(request.level, signers, proposal.drafted_by)) if waits else [],
        may_sign=waits and may_sign(request.level, signers, proposal.drafted_by, reader),
        statutory=assistant.approvals.is_statutory(proposal),
        title=proposal.title,
        action=proposal.action.name,
        order_id=proposal.action.order_id,
        amount=proposal.action.amount,
        terms=list(proposal.terms),
        reason=proposal.grounds.reason if proposal.grounds else "",
        drafted_by=proposal.drafted_by,
        requested_at=request.requested_at,
        expires_at=request.expires_at,
        decisions=_decisions(assistant.engine, proposal, lang),
        signatures=[
            SignatureView(name=s.signer.name, role=s.signer.role, verdict=s.verdict, reason=s.reason, at=s.at)
            for s in request.signatures
        ],
    )


def effect_view(uncertain: Uncertain, customer_name: str) -> EffectView:
    proposal, permit = uncertain.kept.proposal, uncertain.kept.permit
    assert permit is not None
    return EffectView(
        permit_id=permit.permit_id,
        proposal_id=proposal.proposal_id,
        conversation_id=proposal.conversation_id,
        customer_name=customer_name,
        title=proposal.title,
        action=proposal.action.name,
        order_id=proposal.action.order_id,
        amount=proposal.action.amount,
        permitted_at=permit.issued_at,
        reason=uncertain.kept.settled.reason if uncertain.kept.settled else "",
        needs_two=uncertain.two,
        shop_says=uncertain.shop_says,
        reference=uncertain.reference,
        findings=[
            FindingView(name=f.signer.name, role=f.signer.role, outcome=f.outcome, reference=f.reference, note=f.note,
                        at=f.at)
            for f in uncertain.findings
        ],
    )  # fmt: skip


def concerns_legal(level: Level) -> bool:
    return "legal" in ROLES_OF[level]


def _decisions(engine: Engine, proposal: Proposal, lang: Lang) -> list[DecisionView]:
    return [_decision(engine, decision, lang) for decision in proposal.decisions]


def decided_views(engine: Engine, entries: Sequence[Logged], lang: Lang) -> list[DecisionView]:
    """The newest decisions of a talk, newest first."""
    decided = [logged.entry for logged in entries if isinstance(logged.entry, Decided)][-_SHOWN:]
    return [_decision(engine, {"read": {}, **each.model_dump(mode="json")}, lang) for each in reversed(decided)]


def _decision(engine: Engine, decision: Mapping[str, Any], lang: Lang) -> DecisionView:
    titles = {table.id: table.title for table in engine.policies.tables()}
    title = titles.get(decision["table"])
    return DecisionView(
        table=decision["table"],
        title=title[lang] if title else decision["table"],
        row=decision["row"],
        code=decision["code"],
        says=engine.flows.phrase("code", decision["code"], lang) or decision["code"],
        amount=decision["amount"],
        formula=decision["formula"],
        facts=[
            FactView(name=name, label=fact_label(engine, name, lang), value=value)
            for name, value in decision["read"].items()
        ],
        clauses=_quotes(engine, decision["clauses"], lang),
    )


def _quotes(engine: Engine, refs: Sequence[str], lang: Lang) -> list[QuoteView]:
    found = []
    for ref in refs:
        try:
            clause = engine.index.clause(ref, lang)
        except UnknownClause:
            continue
        found.append(QuoteView(ref=ref, title=clause.policy.title, text=clause.shown, level=clause.policy.level))
    return found
