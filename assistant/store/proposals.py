"""The rows of proposals: open, permitted, settled. A change of state is one compare-and-set with its ledger entry."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from assistant.conversation import Answered
from assistant.errors import Conflict, NotAuthorised, NotFound, ProposalExpired, ProposalSettled
from assistant.ledger import LedgerEntry
from assistant.proposals import ASSISTANT, Permit, Proposal, Settled, args_hash, permit_for
from assistant.store import log
from assistant.store.database import Database
from assistant.store.ledger_store import LedgerStore, permit_entry
from assistant.store.schema import proposals


@dataclass(frozen=True, slots=True)
class Kept:
    """A proposal as the store holds it: `state` is open, declined, permitted, done, unknown or refused."""

    proposal: Proposal
    state: str
    permit: Permit | None
    settled: Settled | None


@dataclass(frozen=True, slots=True)
class Cap:
    """A ceiling on what a customer is granted: the named actions together, since an instant, in fen (inclusive)."""

    actions: frozenset[str]
    limit: int
    since: datetime
    order_id: str | None = None


class ProposalStore:
    """Proposals and permits of one shop."""

    def __init__(self, database: Database, ledger: LedgerStore, shop: str) -> None:
        self._database = database
        self._ledger = ledger
        self._shop = shop

    async def find(self, proposal_id: str) -> Kept:
        """Raises `NotFound`."""
        return await self._database.read(
            lambda connection: self._load(connection, proposals.c.proposal_id == proposal_id)
        )

    async def issued(self, permit_id: str) -> tuple[Kept, LedgerEntry]:
        """The proposal of a permit and the ledger entry that issued it. Raises `NotFound`."""
        kept, entry = await self._database.read(
            lambda connection: (
                self._load(connection, proposals.c.permit_id == permit_id),
                permit_entry(connection, self._shop, permit_id),
            )
        )
        if entry is None:
            raise NotFound("There is no such permit.")
        return kept, entry

    async def permitted(self) -> list[Kept]:
        """Permits nobody knows the end of: what a kill leaves behind. Oldest first."""
        query = (
            select(proposals)
            .where(proposals.c.shop == self._shop, proposals.c.state == "permitted")
            .order_by(proposals.c.permitted_at)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [_kept(row) for row in rows]

    async def granted(self, customer_id: str, cap: Cap) -> int:
        """What a customer was granted within `cap`, in fen: permitted, done or unknown, but not refused."""
        return await self._database.read(lambda connection: self._granted(connection, customer_id, cap))

    async def permit(
        self,
        proposal_id: str,
        *,
        customer_id: str,
        conversation_id: str,
        args_hash: str,
        at: datetime,
        by: str,
        lifetime: timedelta,
        answered: Answered | None = None,
        caps: Collection[Cap] = (),
    ) -> Permit:
        """open → permitted, with the permit in the ledger and `answered` in the log, in one transaction."""

        def work(connection: Connection) -> Permit:
            proposal = self._open_proposal(connection, proposal_id, customer_id, conversation_id)
            _check_yes(proposal, args_hash=args_hash, at=at, by=by)
            for cap in caps:
                if self._granted(connection, customer_id, cap) + (proposal.action.amount or 0) > cap.limit:
                    raise NotAuthorised("This would pass the assistant's authority.", mend="Hand it to an agent.")
            permit = permit_for(proposal, at=at, lifetime=lifetime, by=by)
            self._move(
                connection,
                proposal_id,
                "open",
                {"state": "permitted", "permit_id": permit.permit_id, "permitted_at": at}
                | {"permit": permit.model_dump_json()},
            )
            self._ledger.append(connection, "permit", permit.model_dump(mode="json"), shop=self._shop, at=at)
            if answered is not None:
                log.post(connection, conversation_id, answered, at)
            return permit

        return await self._database.write(work)

    async def decline(
        self,
        proposal_id: str,
        *,
        customer_id: str,
        conversation_id: str,
        at: datetime,
        answered: Answered | None = None,
    ) -> None:
        """open → declined, with `answered` in the log."""

        def work(connection: Connection) -> None:
            self._open_proposal(connection, proposal_id, customer_id, conversation_id)
            self._move(connection, proposal_id, "open", {"state": "declined"})
            if answered is not None:
                log.post(connection, conversation_id, answered, at)

        await self._database.write(work)

    async def settle(self, settled: Settled, at: datetime, *, tell: bool = False) -> bool:
        """Record how a permit ended, once; with `tell` the log gets its `Acted`. False when it was recorded before."""

        def work(connection: Connection) -> bool:
            fresh = record_settled(connection, self._ledger, settled, shop=self._shop, at=at)
            if fresh and tell:
                kept = self._load(connection, proposals.c.proposal_id == settled.proposal_id)
                conversation = log.head(connection, kept.proposal.conversation_id)
                event = settled.as_event(kept.proposal.terms)
                log.append(connection, conversation, [event], at=at, turn=conversation.turns)
            return fresh

        return await self._database.write(work)

    def _open_proposal(
        self, connection: Connection, proposal_id: str, customer_id: str, conversation_id: str
    ) -> Proposal:
        kept = self._load(connection, proposals.c.proposal_id == proposal_id)
        if (kept.proposal.customer_id, kept.proposal.conversation_id) != (customer_id, conversation_id):
            raise NotFound("There is no such proposal.")
        if kept.state != "open":
            raise ProposalSettled("This proposal was already answered.")
        return kept.proposal

    def _load(self, connection: Connection, which: ColumnElement[bool]) -> Kept:
        row = (connection.execute(select(proposals).where(proposals.c.shop == self._shop, which))).mappings().first()
        if row is None:
            raise NotFound("There is no such proposal.")
        return _kept(row)

    def _move(self, connection: Connection, proposal_id: str, before: str, changes: dict[str, Any]) -> None:
        moved = connection.execute(
            update(proposals).where(proposals.c.proposal_id == proposal_id, proposals.c.state == before).values(changes)
        )
        if moved.rowcount != 1:
            raise ProposalSettled("This proposal was already answered.")

    def _granted(self, connection: Connection, customer_id: str, cap: Cap) -> int:
        query = select(func.coalesce(func.sum(proposals.c.amount), 0)).where(
            proposals.c.shop == self._shop,
            proposals.c.customer_id == customer_id,
            proposals.c.permitted_at >= cap.since,
            proposals.c.state.in_(("permitted", "done", "unknown")),
            proposals.c.action.in_(cap.actions),
        )
        if cap.order_id is not None:
            query = query.where(proposals.c.order_id == cap.order_id)
        return int(connection.execute(query).scalar_one())


def insert_proposals(connection: Connection, drafted: Sequence[Proposal]) -> None:
    """Store drafted proposals as open."""
    if drafted:
        connection.execute(insert(proposals), [_row(proposal) for proposal in drafted])


def record_settled(connection: Connection, ledger: LedgerStore, settled: Settled, *, shop: str, at: datetime) -> bool:
    """Write the effect into the ledger and the proposal, once. False when the same end was recorded before.

    Raises `NotFound` when there is no such permit, `Conflict` when it ended otherwise.
    """
    which = (proposals.c.shop == shop, proposals.c.permit_id == settled.permit_id)
    state = (connection.execute(select(proposals.c.state).where(*which))).scalar()
    if state is None:
        raise NotFound("There is no such permit.")
    if state == settled.state:
        return False
    if state not in ("permitted", "unknown"):
        raise Conflict(f"This permit already ended as {state}.")
    body = settled.model_dump(mode="json", exclude={"conversation_id"})
    ledger.append(connection, "effect", body, shop=shop, at=at)
    changes = {"state": settled.state, "settled": settled.model_dump_json()}
    connection.execute(update(proposals).where(*which).values(changes))
    return True


def _check_yes(proposal: Proposal, *, args_hash: str, at: datetime, by: str) -> None:
    """Raises what makes this yes not count."""
    if args_hash != proposal.args_hash or hash_of(proposal) != args_hash:
        raise NotFound("There is no proposal with these terms.")
    if at > proposal.expires_at:
        raise ProposalExpired("The proposal has expired.", mend="Ask again for a new one.")
    if proposal.needs_agent and by in (ASSISTANT, proposal.drafted_by):
        raise NotAuthorised("This needs a second person.", mend="Hand it to an agent who did not propose it.")


def hash_of(proposal: Proposal) -> str:
    """The hash of the action as it is stored now."""
    return args_hash(proposal.action)


def _kept(row: Mapping[Any, Any]) -> Kept:
    return Kept(
        proposal=Proposal.model_validate_json(row["body"]),
        state=row["state"],
        permit=Permit.model_validate_json(row["permit"]) if row["permit"] else None,
        settled=Settled.model_validate_json(row["settled"]) if row["settled"] else None,
    )


def _row(proposal: Proposal) -> dict[str, Any]:
    return {
        "proposal_id": proposal.proposal_id,
        "shop": proposal.shop,
        "conversation_id": proposal.conversation_id,
        "customer_id": proposal.customer_id,
        "state": "open",
        "action": proposal.action.name,
        "order_id": proposal.action.order_id,
        "amount": proposal.action.amount,
        "args_hash": proposal.args_hash,
        "created_at": proposal.created_at,
        "expires_at": proposal.expires_at,
        "body": proposal.model_dump_json(),
    }
