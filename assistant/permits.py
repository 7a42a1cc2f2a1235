"""From a yes to a receipt: permits are issued once, carried out once, and looked up again after a crash.

    authorise   the yes: open → permitted, the permit signed into the ledger          (one synced transaction)
    execute     the shop carries it out under the permit's id as idempotency key      (the shop's own transaction)
    settled     goes into `ConversationStore.commit` with the reply that tells of it  (one synced transaction)

A backend that does not say what it did is never asked blindly again: the end is `unknown`, and a person looks at it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime, timedelta

from assistant.authority import Standing, room
from assistant.conversation import Answered, Entry
from assistant.errors import (
    CapReached,
    Conflict,
    EffectRefused,
    EffectUnknown,
    NotAuthorised,
    NotDelivered,
    NotFound,
    ShopUnavailable,
)
from assistant.ledger import verify_entry
from assistant.proposals import (
    PROPOSAL_LIFETIME,
    Permit,
    Proposal,
    Settled,
    TableRow,
    args_hash,
    draft_proposal,
    new_id,
    settle,
)
from assistant.shop import Action, Receipt, Shop
from assistant.steps import Steps, unobserved
from assistant.store.ledger_store import LedgerStore
from assistant.store.proposals import Cap, GivenChanged, Kept, ProposalStore

__all__ = [
    "PROPOSAL_LIFETIME",
    "Cap",
    "GivenChanged",
    "Kept",
    "Permit",
    "Permits",
    "Proposal",
    "Settled",
    "TableRow",
    "args_hash",
    "draft_proposal",
    "new_id",
]


ATTEMPTS = 50
"""How often a permit is tried again because something was permitted to the same customer meanwhile."""

Tell = Callable[[Kept, Settled], Awaitable[Sequence[Entry]]]


class Permits:
    """Issues and carries out the permits of one shop.

    `lifetime` is how long a permit may be used; `timeout` how long a backend may take to answer. `idempotent_shop`
    says whether the backend itself keeps the promise of `Shop.execute` across a crash: only then may `recover` ask it
    again under the same key.
    """

    def __init__(
        self,
        proposals: ProposalStore,
        ledger: LedgerStore,
        shop: Shop,
        *,
        lifetime: timedelta = timedelta(minutes=10),
        timeout: timedelta = timedelta(seconds=10),
        idempotent_shop: bool = True,
        steps: Steps = unobserved,
    ) -> None:
        self.steps = steps
        self.lifetime = lifetime
        self.proposals = proposals
        self._proposals = proposals
        self._ledger = ledger
        self._shop = shop
        self._timeout = timeout
        self._idempotent_shop = idempotent_shop

    @property
    def ledger(self) -> LedgerStore:
        """The ledger the permits are signed into."""
        return self._ledger

    async def find(self, proposal_id: str) -> Kept:
        """A proposal with its state, permit and end. Raises `NotFound`."""
        return await self._proposals.find(proposal_id)

    async def granted(self, customer_id: str, cap: Cap) -> int:
        """What a customer was granted within `cap`, in fen."""
        return await self._proposals.granted(customer_id, cap)

    async def standing(self, customer_id: str, order_id: str | None) -> Standing | None:
        """Where a customer stands with an order. None when the shop knows no such order.

        What was given is read before the order, so that what happens in between counts twice rather than never.
        """
        given = await self._proposals.given(customer_id)
        orders = await self._shop.orders(customer_id)
        order = next((each for each in orders if each.order_id == order_id), None)
        return Standing(order, tuple(orders), given) if order is not None else None

    async def authorise(
        self,
        proposal_id: str,
        *,
        customer_id: str,
        conversation_id: str,
        args_hash: str,
        at: datetime,
        by: str,
        answered: Answered | None = None,
        caps: Collection[Cap] = (),
        standing: Standing | None = None,
    ) -> Permit:
        """Turn a yes into a permit. `answered` is logged and `caps` are checked in the same transaction.

        Money is reserved here: with what open permits have reserved on the order it must fit into what was paid.
        With `standing`, authority was decided on it, and `GivenChanged` is raised when it holds no more.

        Raises `NotFound` (absent, somebody else's, or other terms: never told apart), `ProposalSettled` (answered
        before), `ProposalExpired`, `NotAuthorised` (needs a second person), `CapReached` (would pass a ceiling).
        """
        self.steps("yes.received")
        action = (await self._proposals.find(proposal_id)).proposal.action
        for attempt in range(ATTEMPTS):
            now = standing or await self._reserve_on(action, customer_id)
            # when this proposal's own permit has taken the room, the store says that it was answered
            full = now is not None and not has_room(now, action)
            if full and (await self._proposals.find(proposal_id)).state == "open":
                raise CapReached("More than was paid cannot be paid back.", mend="A colleague has to look at it.")
            try:
                return await self._proposals.permit(
                    proposal_id,
                    customer_id=customer_id,
                    conversation_id=conversation_id,
                    args_hash=args_hash,
                    at=at,
                    by=by,
                    lifetime=self.lifetime,
                    answered=answered,
                    caps=caps,
                    seen=now.given if now is not None else None,
                )
            except GivenChanged:
                if standing is not None or attempt == ATTEMPTS - 1:
                    raise
        raise AssertionError("unreachable")

    async def _reserve_on(self, action: Action, customer_id: str) -> Standing | None:
        return await self.standing(customer_id, action.order_id) if action.amount and action.order_id else None

    async def decline(
        self,
        proposal_id: str,
        *,
        customer_id: str,
        conversation_id: str,
        at: datetime,
        answered: Answered | None = None,
    ) -> None:
        """Note a no. Raises `NotFound`, `ProposalSettled`."""
        await self._proposals.decline(
            proposal_id, customer_id=customer_id, conversation_id=conversation_id, at=at, answered=answered
        )

    async def execute(self, permit: Permit, at: datetime, *, again: bool = False) -> Settled:
        """Carry out a permit; the end is not recorded until it is committed with the reply. With `again` it may have
        been carried out before a crash: it is looked up first, as `recover` does.

        Raises `NotAuthorised` when the permit is not the one that was issued, and `StoreUnavailable` when the built-in
        shop could not write: nothing was done then, and `recover` does it later while the permit lasts.
        """
        try:
            kept, entry = await self._proposals.issued(permit.permit_id)
        except NotFound as error:
            raise NotAuthorised("This permit was never issued.") from error
        verify_entry(entry, self._ledger.public_key)
        if Permit.model_validate(entry.body) != permit:
            raise NotAuthorised("This permit is not the one that was issued.")
        if kept.settled is not None:
            return kept.settled
        if again:
            return await self._look_up(permit, kept.proposal.conversation_id, at)
        return await self._carry_out(permit, kept.proposal.conversation_id, at)

    async def recover(self, at: datetime, *, tell: Tell | None = None) -> list[Settled]:
        """Find the end of every permit a crash left open, record it in the ledger and tell it in the log (`Acted`).

        What the shop's receipts show as done is done. What they do not show is carried out under the same key, if the
        shop is idempotent and the permit lasts; otherwise it is refused as too late, or unknown. `tell` gives what is
        logged besides, for those permits whose end no open turn will tell.
        """
        ends = []
        for kept in await self._proposals.permitted():
            if kept.permit is None:
                continue
            self.steps("recover.found")
            end = await self._look_up(kept.permit, kept.proposal.conversation_id, at)
            self.steps("recover.answered")
            words = await tell(kept, end) if tell is not None else ()
            if await self._proposals.settle(end, at, tell=words):
                ends.append(end)
        return ends

    async def records_say(self, permit_id: str) -> tuple[str, str | None]:
        """`found` with the reference, `nothing`, or `no_answer`: what the shop's records hold under a permit's key."""
        try:
            receipt = await self.receipt_of(permit_id)
        except (EffectUnknown, ShopUnavailable, TimeoutError):
            return "no_answer", None
        return ("found", receipt.reference) if receipt is not None else ("nothing", None)

    async def receipt_of(self, permit_id: str) -> Receipt | None:
        """What the shop's own records say under a permit's key: a read. Raises `EffectUnknown`, `TimeoutError`."""
        async with asyncio.timeout(self._timeout.total_seconds()):
            return await self._shop.receipt(permit_id)

    async def _look_up(self, permit: Permit, conversation_id: str, at: datetime) -> Settled:
        try:
            receipt = await self.receipt_of(permit.permit_id)
        except (EffectUnknown, TimeoutError) as error:
            return settle(permit, conversation_id, "unknown", reason=str(error))
        if receipt is not None:
            return settle(permit, conversation_id, "done", receipt=receipt, done_at=receipt.at)
        if not self._idempotent_shop:
            return settle(permit, conversation_id, "unknown", reason="no receipt was found after a crash")
        return await self._carry_out(permit, conversation_id, at, again=True)

    async def _carry_out(self, permit: Permit, conversation_id: str, at: datetime, *, again: bool = False) -> Settled:
        if at > permit.expires_at:
            return settle(permit, conversation_id, "refused", reason="the permit expired before it was carried out")
        self.steps("execute.sending")
        try:
            async with asyncio.timeout(self._timeout.total_seconds()):
                receipt = await self._shop.execute(
                    permit.action, key=permit.permit_id, customer_id=permit.customer_id, at=at
                )
        except (EffectRefused, NotFound) as error:
            if again and isinstance(error, NotDelivered):
                # the request before the crash may still be on its way there
                return settle(permit, conversation_id, "unknown", reason=error.what)
            return settle(permit, conversation_id, "refused", reason=error.what)
        except (EffectUnknown, Conflict, TimeoutError) as error:
            return await self._after_silence(permit, conversation_id, str(error) or "the shop did not answer in time")
        self.steps("execute.answered")
        return settle(permit, conversation_id, "done", receipt=receipt, done_at=at)

    async def _after_silence(self, permit: Permit, conversation_id: str, reason: str) -> Settled:
        """Look once for a receipt, which is a read; never carry out again."""
        self.steps("execute.looking_up")
        try:
            receipt = await self.receipt_of(permit.permit_id)
        except (EffectUnknown, TimeoutError):
            receipt = None
        if receipt is None or receipt.action != permit.action.name:
            return settle(permit, conversation_id, "unknown", reason=reason)
        return settle(permit, conversation_id, "done", receipt=receipt, done_at=receipt.at)


def has_room(standing: Standing, action: Action) -> bool:
    """Whether the order can pay `action` beside what open permits have reserved."""
    return not action.amount or action.amount <= room(standing.given, standing.order, action)
