"""The decisions that permits rest on, as proposals hold them: read for an audit, never changed."""

from __future__ import annotations

from sqlalchemy import select

from assistant.proposals import Proposal
from assistant.reproof import Recorded
from assistant.store.database import Database
from assistant.store.schema import proposals


async def recorded_decisions(database: Database, shop: str) -> list[Recorded]:
    """What every permit of `shop` rests on, oldest first."""
    query = (
        select(proposals.c.permit_id, proposals.c.body)
        .where(proposals.c.shop == shop, proposals.c.permit_id.is_not(None))
        .order_by(proposals.c.permitted_at, proposals.c.permit_id)
    )
    rows = await database.read(lambda connection: connection.execute(query).all())
    found = []
    for row in rows:
        proposal = Proposal.model_validate_json(row.body)
        found.append(Recorded(permit_id=row.permit_id, proposal_id=proposal.proposal_id, decisions=proposal.decisions))
    return found
