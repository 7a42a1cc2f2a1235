"""What stands between a decision and a write: the proposal, its permit, and how it ended. Pure, no I/O."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from pydantic import TypeAdapter

from assistant.approvals import Level
from assistant.conversation import Acted, Conversation, Frozen, Proposed, Term
from assistant.errors import NotAuthorised
from assistant.ledger import sha256_of
from assistant.shop import Action, Receipt
from knowledge.decision import Decision

PROPOSAL_LIFETIME = timedelta(minutes=30)
"""How long a proposal waits for its yes unless the caller says otherwise."""

ASSISTANT = "assistant"
"""The `by` of a permit issued on the customer's own yes; people are `agent:NAME` and `supervisor:NAME`."""

SettledState = Literal["done", "unknown", "refused"]

_DECISION: TypeAdapter[Decision] = TypeAdapter(Decision)


class TableRow(NamedTuple):
    """Which row of which table, in which policy version, gave which code."""

    table: str
    row: str
    code: str
    policy: str


Purpose = Literal["statutory_refund", "rule_compensation", "goodwill", "advance", "none"]


class Grounds(Frozen):
    """Why money is to be given, as DT-20 asks: what authority is decided on, again each time somebody agrees.

    Amounts for the same order are summed, and those for the same `cause` (an incident, a ticket) over several orders.
    """

    purpose: Purpose
    reason: str = ""
    cause: str | None = None
    dispute_amount: int | None = None
    fault_established: bool = False
    sensitive: bool = False


class Proposal(Frozen):
    """A write waiting for its yes, with all its terms and the decisions it rests on. `args_hash` binds the yes.

    `level` is who must agree beside the customer; `grounds` is what that was decided on, None where no money is given.
    """

    proposal_id: str
    shop: str
    conversation_id: str
    customer_id: str
    action: Action
    title: str
    terms: tuple[Term, ...]
    args_hash: str
    clauses: tuple[str, ...] = ()
    tables: tuple[TableRow, ...] = ()
    decisions: tuple[dict[str, Any], ...] = ()
    needs_agent: bool = False
    drafted_by: str = ASSISTANT
    level: Level | None = None
    grounds: Grounds | None = None
    created_at: datetime
    expires_at: datetime

    def as_event(self) -> Proposed:
        """The proposal as the log and the customer see it."""
        return Proposed(
            proposal_id=self.proposal_id,
            action=self.action.name,
            order_id=self.action.order_id,
            title=self.title,
            terms=self.terms,
            amount=self.action.amount,
            expires_at=self.expires_at,
            args_hash=self.args_hash,
            clauses=self.clauses,
            needs_agent=self.needs_agent,
        )


class Permit(Frozen):
    """Lets exactly one write happen, until it expires. Its signed ledger entry proves it offline."""

    permit_id: str
    proposal_id: str
    action: Action
    args_hash: str
    amount: int | None
    customer_id: str
    order_id: str | None
    clauses: tuple[str, ...]
    tables: tuple[TableRow, ...]
    issued_at: datetime
    expires_at: datetime
    by: str
    level: Level | None = None
    approved_by: tuple[str, ...] = ()
    """Everybody who approved, as `role:name`; the customer's own yes is not among them."""
    pack: str | None = None
    """The hash of the archived pack that decided. Permits from before packs were archived have none."""
    decisions_hash: str | None = None
    """SHA-256 of the decisions with their facts, which the shop keeps: nobody can change them unseen."""


class Settled(Frozen):
    """How a permit ended. `receipt` is the backend's reference; `reason` says why it was refused or is unknown."""

    permit_id: str
    proposal_id: str
    conversation_id: str
    action: str
    args_hash: str
    order_id: str | None
    amount: int | None
    state: SettledState
    receipt: str | None = None
    done_at: datetime | None = None
    reason: str = ""

    def as_event(self, terms: Sequence[Term] = ()) -> Acted:
        """The outcome as the log and the customer see it."""
        return Acted(
            proposal_id=self.proposal_id,
            action=self.action,
            order_id=self.order_id,
            state=self.state,
            permit_id=self.permit_id,
            receipt=self.receipt,
            amount=self.amount,
            terms=tuple(terms),
        )


def new_id() -> str:
    """An id nobody can guess: 128 random bits, safe in URLs."""
    return secrets.token_urlsafe(16)


def args_hash(action: Action) -> str:
    """SHA-256 of the action's canonical JSON: the same for the same name, order, arguments and amount only."""
    return sha256_of(action.model_dump(mode="json"))


def draft_proposal(
    *,
    conversation: Conversation,
    action: Action,
    title: str,
    terms: Sequence[Term],
    decisions: Sequence[Decision],
    at: datetime,
    clauses: Sequence[str] = (),
    lifetime: timedelta = PROPOSAL_LIFETIME,
    needs_agent: bool = False,
    drafted_by: str = ASSISTANT,
    proposal_id: str | None = None,
    level: Level | None = None,
    grounds: Grounds | None = None,
) -> Proposal:
    """The proposal for `action`, resting on `decisions` (their clauses, and `clauses` besides).

    Raises `NotAuthorised` when nobody is signed in, when the amount is negative, or when money rests on no clause.
    """
    if conversation.customer_id is None:
        raise NotAuthorised("A write needs a customer who is signed in.")
    rows = [row for decision in decisions for row in _flat(decision)]
    cited = tuple(dict.fromkeys([*(clause for row in rows for clause in row.clauses), *clauses]))
    if action.amount is not None and action.amount < 0:
        raise NotAuthorised("An amount below zero cannot be proposed.")
    if action.amount and not cited:
        raise NotAuthorised("Money needs a clause to rest on.", mend="Give the decision that allows it.")
    action = Action.model_validate(action.model_dump(mode="json"))
    return Proposal(
        proposal_id=proposal_id or new_id(),
        shop=conversation.shop,
        conversation_id=conversation.id,
        customer_id=conversation.customer_id,
        action=action,
        title=title,
        terms=tuple(terms),
        args_hash=args_hash(action),
        clauses=cited,
        tables=tuple(TableRow(row.table, row.row, row.code, row.policy) for row in rows),
        decisions=tuple(_DECISION.dump_python(decision, mode="json") for decision in decisions),
        needs_agent=needs_agent or level is not None,
        drafted_by=drafted_by,
        level=level or ("agent" if needs_agent else None),
        grounds=grounds,
        created_at=at,
        expires_at=at + lifetime,
    )


def permit_for(
    proposal: Proposal,
    *,
    at: datetime,
    lifetime: timedelta,
    by: str,
    level: Level | None = None,
    approved_by: Sequence[str] = (),
) -> Permit:
    """The permit for a proposal that was agreed to at `at`."""
    return Permit(
        permit_id=new_id(),
        proposal_id=proposal.proposal_id,
        action=proposal.action,
        args_hash=proposal.args_hash,
        amount=proposal.action.amount,
        customer_id=proposal.customer_id,
        order_id=proposal.action.order_id,
        clauses=proposal.clauses,
        tables=proposal.tables,
        issued_at=at,
        expires_at=at + lifetime,
        by=by,
        level=level,
        approved_by=tuple(approved_by),
        pack=next((decision["pack"] for decision in proposal.decisions if decision.get("pack")), None),
        decisions_hash=sha256_of(list(proposal.decisions)),
    )


def settle(
    permit: Permit,
    conversation_id: str,
    state: SettledState,
    *,
    receipt: Receipt | None = None,
    done_at: datetime | None = None,
    reason: str = "",
) -> Settled:
    """How `permit` ended. Done outside the permit's time is `unknown`: a person must look at it."""
    if state == "done" and not (done_at and permit.issued_at <= done_at <= permit.expires_at):
        state, reason = "unknown", "the backend reports a time outside the permit"
    return Settled(
        permit_id=permit.permit_id,
        proposal_id=permit.proposal_id,
        conversation_id=conversation_id,
        action=permit.action.name,
        args_hash=permit.args_hash,
        order_id=permit.order_id,
        amount=permit.amount,
        state=state,
        receipt=receipt.reference if receipt else None,
        done_at=done_at if state == "done" else None,
        reason=reason,
    )


def _flat(decision: Decision) -> Iterator[Decision]:
    yield replace(decision, also=())
    for further in decision.also:
        yield from _flat(further)
