"""The rows of proposals: open, permitted, settled. A change of state is one compare-and-set with its ledger entry."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from assistant.approvals import Level, Signer
from assistant.authority import Given
from assistant.conversation import Answered, Conversation, Entry
from assistant.errors import CapReached, Conflict, NotAuthorised, NotFound, ProposalExpired, ProposalSettled
from assistant.ledger import LedgerEntry
from assistant.proposals import Permit, Proposal, Settled, args_hash, permit_for
from assistant.steps import Steps, unobserved
from assistant.store import approvals, log
from assistant.store.database import Database
from assistant.store.ledger_store import LedgerStore, permit_entry
from assistant.store.schema import proposals


@dataclass(frozen=True, slots=True)
class Kept:
    """A proposal as the store holds it.

    `state` is open, declined, awaiting (people), rejected (by one), lapsed (nobody decided), permitted, done, unknown
    or refused.
    """

    proposal: Proposal
    state: str
    permit: Permit | None
    settled: Settled | None


@dataclass(frozen=True, slots=True)
class Past:
    """What stands behind a turn: the proposal that is on the table, and the money its customer was ever permitted."""

    proposal: Kept | None
    given: tuple[Given, ...]


@dataclass(frozen=True, slots=True)
class Cap:
    """A ceiling on what a customer is granted: the named actions together, since an instant, in fen (inclusive).

    `everybody` makes it one of the whole shop: a budget.
    """

    actions: frozenset[str]
    limit: int
    since: datetime
    order_id: str | None = None
    everybody: bool = False


class GivenChanged(Conflict):
    """Something was permitted, done or refused since authority was decided: decide again."""


class ProposalStore:
    """Proposals and permits of one shop."""

    def __init__(self, database: Database, ledger: LedgerStore, shop: str, *, steps: Steps = unobserved) -> None:
        self._database = database
        self._ledger = ledger
        self._shop = shop
        self._steps = steps

    async def past(self, conversation: Conversation) -> Past:
        """What stands behind a turn of `conversation`. Raises `NotFound`."""
        return await self._database.read(lambda connection: past_of(connection, conversation))

    async def find(self, proposal_id: str) -> Kept:
        """Raises `NotFound`."""
        return await self._database.read(
            lambda connection: self.load(connection, proposals.c.proposal_id == proposal_id)
        )

    async def issued(self, permit_id: str) -> tuple[Kept, LedgerEntry]:
        """The proposal of a permit and the ledger entry that issued it. Raises `NotFound`."""
        kept, entry = await self._database.read(
            lambda connection: (
                self.load(connection, proposals.c.permit_id == permit_id),
                permit_entry(connection, self._shop, permit_id),
            )
        )
        if entry is None:
            raise NotFound("There is no such permit.")
        return kept, entry

    async def permitted(self) -> list[Kept]:
        """Permits whose end nobody has recorded: what a kill leaves behind. Oldest first."""
        return await self._in_state("permitted")

    async def unknown(self) -> list[Kept]:
        """Permits whose backend did not say what it did: people have to find out. Oldest first."""
        return await self._in_state("unknown")

    async def _in_state(self, state: str) -> list[Kept]:
        query = (
            select(proposals)
            .where(proposals.c.shop == self._shop, proposals.c.state == state)
            .order_by(proposals.c.permitted_at)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [_kept(row) for row in rows]

    async def granted(self, customer_id: str, cap: Cap) -> int:
        """What a customer was granted within `cap`, in fen: permitted, done or unknown, but not refused."""
        return await self._database.read(lambda connection: self._granted(connection, customer_id, cap))

    async def given(self, customer_id: str) -> tuple[Given, ...]:
        """All money a customer was ever permitted, oldest first."""
        return await self._database.read(lambda connection: approvals.given(connection, self._shop, customer_id))

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
        seen: Sequence[Given] | None = None,
    ) -> Permit:
        """open → permitted, with the permit in the ledger and `answered` in the log, in one transaction.

        With `seen`, what was given must still be just that: else `GivenChanged`, and nothing is written.
        """

        def work(connection: Connection) -> Permit:
            self._ledger.lock(connection, self._shop)
            proposal = self.answerable(connection, proposal_id, customer_id, conversation_id, ("open",))
            check_yes(proposal, args_hash=args_hash, at=at)
            if proposal.needs_agent:
                raise NotAuthorised("This needs a second person.", mend="Ask for their approval.")
            self.check_sums(connection, proposal, caps=caps, seen=seen)
            permit = self.issue(connection, proposal, before="open", at=at, by=by, lifetime=lifetime)
            if answered is not None:
                log.post(connection, log.head(connection, conversation_id), answered, at)
            self._steps("permit.written")
            return permit

        permit = await self._database.write(work)
        self._steps("permit.committed")
        return permit

    def check_sums(
        self, connection: Connection, proposal: Proposal, *, caps: Collection[Cap], seen: Sequence[Given] | None
    ) -> None:
        """Raises `CapReached`, and `GivenChanged` when something was given since `seen`."""
        for cap in caps:
            if self._granted(connection, proposal.customer_id, cap) + (proposal.action.amount or 0) > cap.limit:
                raise CapReached("This would pass the assistant's authority.", mend="Hand it to an agent.")
        if seen is not None and approvals.given(connection, self._shop, proposal.customer_id) != tuple(seen):
            raise GivenChanged("Something was given meanwhile.", mend="Decide again.")

    def issue(
        self,
        connection: Connection,
        proposal: Proposal,
        *,
        before: str,
        at: datetime,
        by: str,
        lifetime: timedelta,
        level: Level | None = None,
        signers: Sequence[Signer] = (),
    ) -> Permit:
        """Write the permit, in the caller's transaction."""
        approved_by = [signer.by for signer in signers]
        permit = permit_for(proposal, at=at, lifetime=lifetime, by=by, level=level, approved_by=approved_by)
        changes = {"state": "permitted", "permit_id": permit.permit_id, "permitted_at": at}
        self.move(connection, proposal.proposal_id, before, changes | {"permit": permit.model_dump_json()})
        self._ledger.append(connection, "permit", permit.model_dump(mode="json"), shop=self._shop, at=at)
        return permit

    async def decline(
        self,
        proposal_id: str,
        *,
        customer_id: str,
        conversation_id: str,
        at: datetime,
        answered: Answered | None = None,
    ) -> None:
        """open or awaiting → declined, with `answered` in the log."""

        def work(connection: Connection) -> None:
            kept = self.load(connection, proposals.c.proposal_id == proposal_id)
            self.answerable(connection, proposal_id, customer_id, conversation_id, ("open", "awaiting"))
            self.move(connection, proposal_id, kept.state, {"state": "declined"})
            if kept.state == "awaiting":
                approvals.change(connection, proposal_id, "withdrawn", at)
            if answered is not None:
                log.post(connection, log.head(connection, conversation_id), answered, at)

        await self._database.write(work)

    async def settle(self, settled: Settled, at: datetime, *, tell: Sequence[Entry] = ()) -> bool:
        """Record how a permit ended, once, with its `Acted` and `tell` in the log. False when recorded before."""

        def work(connection: Connection) -> bool:
            fresh = record_settled(connection, self._ledger, settled, shop=self._shop, at=at)
            if fresh:
                kept = self.load(connection, proposals.c.proposal_id == settled.proposal_id)
                conversation = log.head(connection, kept.proposal.conversation_id)
                events: list[Entry] = [settled.as_event(kept.proposal.terms), *tell]
                log.append(connection, conversation, events, at=at, turn=conversation.turns)
                if tell:
                    log.answered(connection, conversation.id)
            self._steps("recover.written")
            return fresh

        fresh = await self._database.write(work)
        self._steps("recover.committed")
        return fresh

    def answerable(
        self,
        connection: Connection,
        proposal_id: str,
        customer_id: str,
        conversation_id: str,
        states: Collection[str],
    ) -> Proposal:
        kept = self.load(connection, proposals.c.proposal_id == proposal_id)
        if (kept.proposal.customer_id, kept.proposal.conversation_id) != (customer_id, conversation_id):
            raise NotFound("There is no such proposal.")
        if kept.state not in states:
            raise ProposalSettled("This proposal was already answered.")
        return kept.proposal

    def load(self, connection: Connection, which: ColumnElement[bool]) -> Kept:
        """The proposal that `which` picks. Raises `NotFound`."""
        return _load(connection, self._shop, which)

    def move(self, connection: Connection, proposal_id: str, before: str, changes: dict[str, Any]) -> None:
        """A change of state as compare-and-set. Raises `ProposalSettled` when it is not `before` any more."""
        moved = connection.execute(
            update(proposals).where(proposals.c.proposal_id == proposal_id, proposals.c.state == before).values(changes)
        )
        if moved.rowcount != 1:
            raise ProposalSettled("This proposal was already answered.")

    def _granted(self, connection: Connection, customer_id: str, cap: Cap) -> int:
        query = select(func.coalesce(func.sum(proposals.c.amount), 0)).where(
            proposals.c.shop == self._shop,
            proposals.c.permitted_at >= cap.since,
            proposals.c.state.in_(("permitted", "done", "unknown")),
            proposals.c.action.in_(cap.actions),
        )
        if not cap.everybody:
            query = query.where(proposals.c.customer_id == customer_id)
        if cap.order_id is not None:
            query = query.where(proposals.c.order_id == cap.order_id)
        return int(connection.execute(query).scalar_one())


def past_of(connection: Connection, conversation: Conversation) -> Past:
    """What stands behind a turn, in the caller's transaction. Raises `NotFound`."""
    shop, proposal_id = conversation.shop, conversation.state.proposal_id
    kept = _load(connection, shop, proposals.c.proposal_id == proposal_id) if proposal_id else None
    customer = conversation.customer_id
    return Past(kept, approvals.given(connection, shop, customer) if customer else ())


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
    if state != "permitted":
        # what is unknown is settled by people alone, with their findings in the ledger
        raise Conflict(f"This permit already ended as {state}.")
    body = settled.model_dump(mode="json", exclude={"conversation_id"})
    ledger.append(connection, "effect", body, shop=shop, at=at)
    changes = {"state": settled.state, "settled": settled.model_dump_json()}
    connection.execute(update(proposals).where(*which).values(changes))
    return True


def check_yes(proposal: Proposal, *, args_hash: str, at: datetime) -> None:
    """Raises what makes this yes not count."""
    if args_hash != proposal.args_hash or hash_of(proposal) != args_hash:
        raise NotFound("There is no proposal with these terms.")
    if at > proposal.expires_at:
        raise ProposalExpired("The proposal has expired.", mend="Ask again for a new one.")


def hash_of(proposal: Proposal) -> str:
    """The hash of the action as it is stored now."""
    return args_hash(proposal.action)


def _load(connection: Connection, shop: str, which: ColumnElement[bool]) -> Kept:
    row = connection.execute(select(proposals).where(proposals.c.shop == shop, which)).mappings().first()
    if row is None:
        raise NotFound("There is no such proposal.")
    return _kept(row)


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
        "purpose": proposal.grounds.purpose if proposal.grounds else None,
        "cause": proposal.grounds.cause if proposal.grounds else None,
        "created_at": proposal.created_at,
        "expires_at": proposal.expires_at,
        "body": proposal.model_dump_json(),
    }
