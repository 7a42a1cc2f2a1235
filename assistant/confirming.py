"""What follows an answer to a proposal: the yes becomes a permit, the permit an effect, the effect words.

Words about an effect are chosen by how it ended in the ledger, never by what was hoped for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from assistant.context import Engine, TurnContext
from assistant.conversation import Answered, Card, HandedOff, Term
from assistant.errors import ProposalError
from assistant.order_facts import newest_ticket, order_card, order_values
from assistant.permits import Cap, Permits
from assistant.proposals import ASSISTANT, Proposal, Settled
from assistant.shop import Order
from assistant.store.proposals import Kept
from assistant.wording import fill, instant, money

GOODWILL = frozenset({"goodwill"})
_GOODWILL_WINDOW = timedelta(days=90)


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

    def __init__(self, engine: Engine, permits: Permits) -> None:
        self._engine = engine
        self._permits = permits

    async def answer(self, proposal: Proposal, answered: Answered, turn: TurnContext, *, logged: bool = True) -> Told:
        """Carry out a yes, or note a no. With `logged`, the answer itself enters the log with the permit.

        Raises `ProposalExpired`, `ProposalSettled`, `NotFound`.
        """
        entry = answered if logged else None
        bound = {"customer_id": proposal.customer_id, "conversation_id": proposal.conversation_id}
        if answered.answer == "no":
            await self._permits.decline(proposal.proposal_id, **bound, at=turn.now, answered=entry)
            turn.remember(refused_offer=True)
            return Told(turn.say("declined"))
        if proposal.needs_agent:
            await self._permits.decline(proposal.proposal_id, **bound, at=turn.now, answered=entry)
            turn.evidence.act("handed_off")
            note = f"{proposal.title} {money(proposal.action.amount or 0)}"
            return Told(turn.say("needs_agent"), hand_off=HandedOff(reason="over_authority", note=note))
        permit = await self._permits.authorise(
            proposal.proposal_id,
            **bound,
            args_hash=proposal.args_hash,
            at=turn.now,
            by=ASSISTANT,
            answered=entry,
            caps=self._caps(turn) if proposal.action.name in GOODWILL else (),
        )
        settled = await self._permits.execute(permit, turn.now)
        return await self._words(settled, proposal, turn, record=True)

    async def withdraw(self, proposal: Proposal, turn: TurnContext) -> None:
        """The customer turned to something else: the open proposal no longer stands."""
        try:
            await self._permits.decline(
                proposal.proposal_id,
                customer_id=proposal.customer_id,
                conversation_id=proposal.conversation_id,
                at=turn.now,
            )
        except ProposalError:
            return  # it ended by itself meanwhile, which is what was wanted

    async def ended(self, kept: Kept, turn: TurnContext) -> Told:
        """Words for a proposal that was answered before a crash."""
        if kept.settled is not None:
            return await self._words(kept.settled, kept.proposal, turn, record=False)
        if kept.permit is not None:
            settled = await self._permits.execute(kept.permit, turn.now)
            return await self._words(settled, kept.proposal, turn, record=True)
        return Told(turn.say("declined"))

    def _caps(self, turn: TurnContext) -> list[Cap]:
        since = turn.now - _GOODWILL_WINDOW
        return [Cap(actions=GOODWILL, limit=self._engine.profile.bot_goodwill_90d, since=since)]

    async def _words(self, settled: Settled, proposal: Proposal, turn: TurnContext, *, record: bool) -> Told:
        if settled.state == "unknown":
            turn.evidence.act("handed_off")
            unknown = HandedOff(reason="effect_unknown", urgent=True)
            return Told(turn.say("unknown_effect"), settled=settled, record=record, hand_off=unknown)
        if settled.state == "refused":
            refused = HandedOff(reason="effect_refused", note=settled.reason)
            return Told(turn.say("refused_effect"), settled=settled, record=record, hand_off=refused)
        turn.evidence.act(settled.action)
        order = None
        if settled.order_id:
            order = await self._engine.shop.order(proposal.customer_id, settled.order_id)
        text = fill(self._done_text(settled, turn), self._values(settled, proposal, order, turn))
        cards = (order_card(order, self._engine, turn.lang),) if order else ()
        return Told(text, cards=cards, settled=settled, record=record, terms=proposal.terms)

    def _done_text(self, settled: Settled, turn: TurnContext) -> str:
        return self._engine.flows.actions[settled.action].done.in_(turn.lang)

    def _values(self, settled: Settled, proposal: Proposal, order: Order | None, turn: TurnContext) -> dict[str, str]:
        values = {"receipt": settled.receipt or "—"}
        turn.evidence.text(settled.receipt or "")
        turn.evidence.money(settled.amount)
        if settled.amount is not None:
            values["action_amount"] = money(settled.amount)
        if order is not None:
            values |= order_values(order, order.lines, self._engine, turn.lang)
            turn.evidence.text(order.order_id[-4:])
            ticket = newest_ticket(order)
            if ticket is not None and ticket.deadline is not None:
                values["return_by"] = instant(ticket.deadline, turn.lang)
                turn.evidence.instant(ticket.deadline)
        return values
