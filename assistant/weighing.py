"""Runs DT-20 over where a customer stands now: who must agree to a proposal, and whether one person may.

Authority is decided when a proposal is drafted, again at the customer's yes and again at each approval: what was given
in between counts. The permit is then only issued if nothing changed since (`GivenChanged`).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from assistant.approvals import Level, Signer, higher, person_of
from assistant.authority import GOODWILL_WINDOW, Actor, Standing, Weighed, weigh
from assistant.context import Engine
from assistant.errors import CapReached, NotAuthorised, NotFound, ShopUnavailable
from assistant.order_facts import place_of
from assistant.permits import Cap, Permits, has_room
from assistant.proposals import ASSISTANT, Grounds, Proposal
from assistant.shop import Action, Order
from knowledge.clauses import SHANGHAI
from knowledge.decision import Decision, Facts

GOODWILL = frozenset({"goodwill", "partial_refund"})
"""The actions that give what is not owed: they share the caps and the budget of goodwill."""

TABLE = "DT-20"


class Weighing:
    """What DT-20 says, for one shop."""

    def __init__(self, engine: Engine, permits: Permits) -> None:
        self._engine = engine
        self._permits = permits

    async def weigh(self, proposal: Proposal, at: datetime) -> tuple[Weighed, Standing | None]:
        """Who must agree to a proposal now, and what that rests on; at least whom it was drafted for."""
        if proposal.grounds is None or not proposal.action.amount:
            return Weighed(proposal.level, ()), None
        standing = await self._permits.standing(proposal.customer_id, proposal.action.order_id)
        if standing is None and proposal.action.order_id is not None:
            # an order that is gone from the shop's list: without it nobody can say what may be given
            raise ShopUnavailable("The order cannot be read.", mend="Try again, or check it in the shop's system.")
        if standing is None:
            return Weighed(proposal.level, ()), None
        found = self.of(standing, proposal.grounds, proposal.action, proposal.drafted_by, at)
        if found.level and proposal.level:
            found = replace(found, level=higher(found.level, proposal.level))
        return replace(found, level=found.level or proposal.level), standing

    def of(self, standing: Standing, grounds: Grounds, action: Action, drafted_by: str, at: datetime) -> Weighed:
        """Who must agree to `action`, drafted by `drafted_by`."""

        def decide(actor: Actor, requester: str, approver: str) -> Decision:
            facts = standing.facts(grounds, action, at, actor=actor, approver=approver, requester=requester)
            return self._decide(facts, standing.order, at)

        return weigh(decide, drafted_by)

    def require_signer(self, standing: Standing, proposal: Proposal, signer: Signer, at: datetime) -> Decision | None:
        """What DT-20 says about `signer` approving `proposal`. Raises `NotAuthorised` when it forbids that.

        A supervisor asked about something sensitive is told `LEGAL`: they may sign, but not alone.
        """
        if proposal.grounds is None:
            return None
        facts = standing.facts(
            proposal.grounds, proposal.action, at,
            actor=signer.role, approver=signer.person, requester=person_of(proposal.drafted_by),
        )  # fmt: skip
        decision = self._decide(facts, standing.order, at)
        if decision.code == "FORBIDDEN" or decision.kind in {"ASK", "HUMAN"}:
            raise NotAuthorised(f"{TABLE} {decision.row} does not allow this approval.")
        return decision

    def require_room(self, standing: Standing, action: Action) -> None:
        """Raises `CapReached` when the order cannot pay it beside what is reserved."""
        if not has_room(standing, action):
            raise CapReached("More than was paid cannot be paid back.", mend="Check what the order still holds.")

    def caps(self, action: Action, at: datetime, *, level: Level | None, drafted_by: str) -> list[Cap]:
        """The ceilings the permit's transaction checks: the assistant's 90 days, and the shop's budget of the month."""
        if action.name not in GOODWILL:
            return []
        profile, caps = self._engine.profile, []
        if level is None and drafted_by == ASSISTANT:
            caps.append(Cap(actions=GOODWILL, limit=profile.bot_goodwill_90d, since=at - GOODWILL_WINDOW))
        if profile.goodwill_budget is not None:
            month = at.astimezone(SHANGHAI).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
            caps.append(Cap(actions=GOODWILL, limit=profile.goodwill_budget, since=month, everybody=True))
        return caps

    async def standing(self, customer_id: str, order_id: str | None) -> Standing:
        """Raises `NotFound` when the customer has no such order."""
        standing = await self._permits.standing(customer_id, order_id)
        if standing is None:
            raise NotFound("There is no such order.")
        return standing

    def _decide(self, facts: Facts, order: Order, at: datetime) -> Decision:
        engine = self._engine
        product = engine.catalogue.product(order.lines[0].product_id) if order.lines else None
        event = order.paid_at or order.created_at
        return engine.policies.decide(TABLE, facts, at=event, place=place_of(order, product), decided_at=at)
