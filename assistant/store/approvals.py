"""The rows of approval requests and signatures, written inside the transaction of what they belong to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from assistant.approvals import Finding, Level, Request, RequestState, Signature
from assistant.authority import Given
from assistant.errors import Conflict, NotAuthorised, NotFound
from assistant.proposals import Proposal
from assistant.store.schema import approvals, proposals, signatures

MONEY_ENDS = ("permitted", "done", "unknown", "refused")

# Built once: every turn asks this, and putting a statement together costs several times more than running it.
_GIVEN = (
    select(
        proposals.c.order_id,
        proposals.c.cause,
        proposals.c.purpose,
        proposals.c.amount,
        proposals.c.state,
        proposals.c.permitted_at,
    )
    .where(
        proposals.c.shop == bindparam("of_shop"),
        proposals.c.customer_id == bindparam("of_customer"),
        proposals.c.permitted_at.is_not(None),
        proposals.c.amount > 0,
    )
    .order_by(proposals.c.permitted_at, proposals.c.proposal_id)
)


def given(connection: Connection, shop: str, customer_id: str) -> tuple[Given, ...]:
    """All money a customer was ever permitted, oldest first."""
    rows = connection.execute(_GIVEN, {"of_shop": shop, "of_customer": customer_id}).all()
    return tuple(Given(r.order_id, r.cause, r.purpose, r.amount, r.state, r.permitted_at) for r in rows)


def ask(connection: Connection, proposal: Proposal, level: Level, *, at: datetime, until: datetime) -> None:
    """A new request, awaiting."""
    connection.execute(
        insert(approvals).values(
            proposal_id=proposal.proposal_id,
            shop=proposal.shop,
            conversation_id=proposal.conversation_id,
            level=level,
            state="awaiting",
            requested_at=at,
            expires_at=until,
        )
    )


def request(connection: Connection, shop: str, proposal_id: str) -> Request:
    """A request with its signatures. Raises `NotFound`."""
    which = (approvals.c.shop == shop, approvals.c.proposal_id == proposal_id)
    row = connection.execute(select(approvals).where(*which)).mappings().first()
    if row is None:
        raise NotFound("There is no such request.")
    return _request(row, _bodies(connection, proposal_id, "approval"))


def requests(
    connection: Connection,
    shop: str,
    states: Sequence[RequestState],
    *,
    conversation_id: str | None = None,
    limit: int = 200,
) -> list[Request]:
    """Requests in these states, the one that expires first before the others."""
    query = select(approvals).where(approvals.c.shop == shop, approvals.c.state.in_(states))
    if conversation_id is not None:
        query = query.where(approvals.c.conversation_id == conversation_id)
    rows = connection.execute(query.order_by(approvals.c.expires_at, approvals.c.proposal_id).limit(limit)).mappings()
    return [_request(row, _bodies(connection, row["proposal_id"], "approval")) for row in rows.all()]


def change(connection: Connection, proposal_id: str, state: RequestState, at: datetime) -> None:
    """awaiting → `state`. Raises `Conflict` when it was decided meanwhile."""
    moved = connection.execute(
        update(approvals)
        .where(approvals.c.proposal_id == proposal_id, approvals.c.state == "awaiting")
        .values(state=state, decided_at=at)
    )
    if moved.rowcount != 1:
        raise Conflict("This request was decided meanwhile.")


def raise_level(connection: Connection, proposal_id: str, level: Level) -> None:
    connection.execute(update(approvals).where(approvals.c.proposal_id == proposal_id).values(level=level))


def sign(connection: Connection, shop: str, subject: str, signed: Signature | Finding) -> None:
    """Keep what a person signed; the table's key refuses the same person a second time (`NotAuthorised`)."""
    kind = "approval" if isinstance(signed, Signature) else "finding"
    row = {"subject": subject, "kind": kind, "person": signed.signer.person, "shop": shop, "at": signed.at}
    try:
        connection.execute(insert(signatures).values(row | {"body": signed.model_dump_json()}))
    except IntegrityError as error:
        raise NotAuthorised("Nobody signs the same thing twice.") from error


def findings(connection: Connection, permit_id: str) -> list[Finding]:
    return [Finding.model_validate_json(body) for body in _bodies(connection, permit_id, "finding")]


def _bodies(connection: Connection, subject: str, kind: str) -> Sequence[str]:
    query = select(signatures.c.body).where(signatures.c.subject == subject, signatures.c.kind == kind)
    return connection.execute(query.order_by(signatures.c.at, signatures.c.person)).scalars().all()


def _request(row: Mapping[Any, Any], bodies: Sequence[str]) -> Request:
    return Request(
        **{name: row[name] for name in Request.model_fields if name != "signatures"},
        signatures=tuple(Signature.model_validate_json(body) for body in bodies),
    )
