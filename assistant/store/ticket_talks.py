"""What connects a ticket with the talks it came from: its conversation, its clauses, and what stands in the ledger."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from assistant.conversation import Conversation, Said
from assistant.proposals import Proposal, Settled
from assistant.store import log as rows
from assistant.store.database import Database
from assistant.store.schema import conversations, ledger, log, proposals


class TicketTalks:
    """Reads of one shop's conversations and proposals, by ticket."""

    def __init__(self, database: Database, shop: str) -> None:
        self._database = database
        self._shop = shop

    async def proposals_of(self, order_id: str, ticket_id: str) -> list[tuple[Proposal, Settled]]:
        """The carried-out proposals that opened or changed the ticket, oldest first."""
        query = (
            select(proposals.c.body, proposals.c.settled)
            .where(proposals.c.shop == self._shop, proposals.c.order_id == order_id, proposals.c.settled.is_not(None))
            .order_by(proposals.c.created_at, proposals.c.proposal_id)
        )
        found = await self._database.read(lambda connection: connection.execute(query).all())
        both = [(Proposal.model_validate_json(row.body), Settled.model_validate_json(row.settled)) for row in found]
        return [
            (proposal, settled)
            for proposal, settled in both
            if settled.receipt == ticket_id or proposal.action.args.get("ticket_id") == ticket_id
        ]

    async def open_talk(self, customer_id: str, preferred: Sequence[str] = ()) -> Conversation | None:
        """The conversation in which the customer is told: one of `preferred` that is open, else the newest open one."""
        query = (
            select(conversations)
            .where(
                conversations.c.shop == self._shop,
                conversations.c.customer_id == customer_id,
                conversations.c.closed.is_(False),
            )
            .order_by(conversations.c.opened_at.desc())
        )
        found = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        heads = [rows.conversation_of(row) for row in found]
        return next((head for head in heads if head.id in preferred), heads[0] if heads else None)

    async def was_told(self, conversation_id: str, ref: str) -> bool:
        """Whether the log holds a message about `ref` already."""
        query = select(log.c.body).where(log.c.conversation_id == conversation_id, log.c.kind == "said")

        def work(connection: Connection) -> bool:
            return any(Said.model_validate_json(body).ref == ref for body in connection.execute(query).scalars())

        return await self._database.read(work)

    async def ledger_of(self, permit_ids: Sequence[str]) -> list[str]:
        """The ledger's lines for these permits as they were signed, in order."""
        query = (
            select(ledger.c.line)
            .where(ledger.c.shop == self._shop, ledger.c.permit_id.in_(permit_ids))
            .order_by(ledger.c.seq)
        )
        return await self._database.read(lambda connection: list(connection.execute(query).scalars()))
