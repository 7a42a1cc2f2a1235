"""What follows an answer to a proposal: the yes becomes a permit, the permit an effect, the effect words.

Words about an effect are chosen by how it ended in the ledger, never by what was hoped for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from assistant.approvals import Level
from assistant.authority import Standing
from assistant.context import Engine, TurnContext
from assistant.conversation import Answered, Card, HandedOff, Term
from assistant.errors import CapReached, ProposalError, ShopUnavailable
from assistant.order_facts import newest_ticket, order_card, order_values
from assistant.permits import ATTEMPTS, GivenChanged, Permits, has_room
from assistant.proposals import Proposal, Settled
from assistant.shop import Order
from assistant.store.approval_store import ApprovalStore
from assistant.store.proposals import Kept
from assistant.weighing import Weighing
from assistant.wording import fill, instant, money


@dataclass(frozen=True, slots=True)
class Told:
    """How a proposal ended, in words. `record` says that its end still has to be written with this turn."""

    text: str
    cards: tuple[Card, ...] = ()
    settled: Settled | None = None
    record: bool = True
    terms: tuple[Term, ...] = ()
    hand_off: HandedOff | None = None
    again: bool = False
    """The flow has to be run again, because the proposal expired."""


class Confirming:
    """Turns answers into effects through permits."""

    def __init__(self, engine: Engine, permits: Permits, approvals: ApprovalStore, weighing: Weighing) -> None:
        self._engine = engine
        self._permits = permits
        self._approvals = approvals
        self._weighing = weighing

    async def answer(self, proposal: Proposal, answered: Answered, turn: TurnContext, *, logged: bool = True) -> Told:
        """Carry out a yes, ask people for what needs them, or note a no.

        With `logged`, the answer itself enters the log with the permit. Raises `ProposalExpired`, `ProposalSettled`,
        `NotFound`.
        """
        entry = answered if logged else None
        if answered.answer == "no":
            await self._decline(proposal, turn, entry)
            turn.remember(refused_offer=True)
            return Told(turn.say("declined"))
        for _ in range(ATTEMPTS):
            weighed, standing = await self._weighing.weigh(proposal, turn.now)
            if weighed.forbidden is not None:
                return await self._not_possible(proposal, turn, entry, "above_all_authority")
            if standing is not None and not has_room(standing, proposal.action):
                await self._decline(proposal, turn, entry)
                refused = HandedOff(reason="effect_refused", note=proposal.title)
                return Told(turn.say("refused_effect"), hand_off=refused)
            if weighed.level is not None:
                return await self._ask_people(proposal, weighed.level, turn, entry)
            try:
                return await self._carry_out(proposal, turn, entry, standing)
            except GivenChanged:
                continue
            except CapReached:
                return await self._not_possible(proposal, turn, entry, "cap_reached")
        raise GivenChanged("Too much is given to this customer at once.")

    async def _carry_out(
        self, proposal: Proposal, turn: TurnContext, entry: Answered | None, standing: Standing | None
    ) -> Told:
        permit = await self._permits.authorise(
            proposal.proposal_id,
            customer_id=proposal.customer_id,
            conversation_id=proposal.conversation_id,
            args_hash=proposal.args_hash,
            at=turn.now,
            by=proposal.drafted_by,
            answered=entry,
            caps=self._weighing.caps(proposal.action, turn.now, level=None, drafted_by=proposal.drafted_by),
            standing=standing,
        )
        settled = await self._permits.execute(permit, turn.now)
        return await self.words(settled, proposal, turn, record=True)

    async def _ask_people(self, proposal: Proposal, level: Level, turn: TurnContext, entry: Answered | None) -> Told:
        until = turn.now + timedelta(hours=self._engine.profile.approval_hours)
        await self._approvals.ask(proposal, level, at=turn.now, until=until, answered=entry)
        return self._asked(proposal, turn)

    def _asked(self, proposal: Proposal, turn: TurnContext) -> Told:
        turn.evidence.act("handed_off")
        note = f"{proposal.title} {money(proposal.action.amount or 0)}"
        return Told(turn.say("needs_agent"), hand_off=HandedOff(reason="over_authority", note=note))

    async def _not_possible(self, proposal: Proposal, turn: TurnContext, entry: Answered | None, reason: str) -> Told:
        await self._decline(proposal, turn, entry)
        turn.evidence.act("handed_off")
        return Told(turn.say("needs_check"), hand_off=HandedOff(reason=reason, note=proposal.title))

    async def _decline(self, proposal: Proposal, turn: TurnContext, entry: Answered | None) -> None:
        await self._permits.decline(
            proposal.proposal_id,
            customer_id=proposal.customer_id,
            conversation_id=proposal.conversation_id,
            at=turn.now,
            answered=entry,
        )

    async def withdraw(self, proposal: Proposal, turn: TurnContext) -> None:
        """The customer turned to something else: the open proposal no longer stands."""
        try:
            await self._decline(proposal, turn, None)
        except ProposalError:
            return  # it ended by itself meanwhile, which is what was wanted

    async def ended(self, kept: Kept, turn: TurnContext) -> Told:
        """Words for a proposal that was answered before a crash."""
        if kept.settled is not None:
            return await self.words(kept.settled, kept.proposal, turn, record=False)
        if kept.permit is not None:
            settled = await self._permits.execute(kept.permit, turn.now, again=True)
            return await self.words(settled, kept.proposal, turn, record=True)
        if kept.state == "awaiting":
            return self._asked(kept.proposal, turn)
        return Told(turn.say("declined"))

    async def words(self, settled: Settled, proposal: Proposal, turn: TurnContext, *, record: bool) -> Told:
        """Words for how a proposal ended, as the ledger has it. `record`: it still has to be written."""
        if settled.state == "unknown":
            turn.evidence.act("handed_off")
            unknown = HandedOff(reason="effect_unknown", urgent=True)
            return Told(turn.say("unknown_effect"), settled=settled, record=record, hand_off=unknown)
        if settled.state == "refused":
            refused = HandedOff(reason="effect_refused", note=settled.reason)
            return Told(turn.say("refused_effect"), settled=settled, record=record, hand_off=refused)
        turn.evidence.act(settled.action)
        order = await self._order_after(settled, proposal)
        values = self._values(settled, proposal, order, turn)
        unseen = order is None and settled.order_id is not None
        text = fill(turn.say("done_unseen") if unseen else self._done_text(settled, turn), values)
        if proposal.needs_agent:
            text = turn.say("approved") + text
        cards = (order_card(order, self._engine, turn.lang),) if order else ()
        return Told(text, cards=cards, settled=settled, record=record, terms=proposal.terms)

    async def _order_after(self, settled: Settled, proposal: Proposal) -> Order | None:
        """The order as it is now. What was done stays done when it cannot be read just now."""
        if settled.order_id is None:
            return None
        try:
            return await self._engine.shop.order(proposal.customer_id, settled.order_id)
        except ShopUnavailable:
            return None

    async def found_out(self, settled: Settled, proposal: Proposal, turn: TurnContext) -> Told:
        """Words for an effect whose end people found out."""
        if settled.state == "refused":
            return Told(fill(turn.say("found_not_done"), {"title": proposal.title}), settled=settled)
        told = await self.words(settled, proposal, turn, record=True)
        return replace(told, text=turn.say("found_done") + told.text)

    def _done_text(self, settled: Settled, turn: TurnContext) -> str:
        return self._engine.flows.actions[settled.action].done.in_(turn.lang)

    def _values(self, settled: Settled, proposal: Proposal, order: Order | None, turn: TurnContext) -> dict[str, str]:
        values = {"receipt": settled.receipt or "—", "title": proposal.title}
        turn.evidence.text(settled.receipt or "")
        turn.evidence.money(settled.amount)
        if settled.amount is not None:
            values["action_amount"] = money(settled.amount)
        if order is not None:
            values |= order_values(order, order.lines, self._engine, turn.lang)
            turn.evidence.text(order.order_id[-4:], values.get("visit", ""))
            ticket = newest_ticket(order)
            if ticket is not None and ticket.deadline is not None:
                values["return_by"] = instant(ticket.deadline, turn.lang)
                turn.evidence.instant(ticket.deadline)
        return values
