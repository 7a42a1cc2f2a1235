from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from assistant.conversation import Answered
from assistant.errors import (
    CapReached,
    Conflict,
    EffectUnknown,
    NotAuthorised,
    NotFound,
    ProposalExpired,
    ProposalSettled,
    StoreUnavailable,
)
from assistant.permits import Cap, Permit
from assistant.shop import Action, Customer, Order, Receipt
from tests.assistant.store.world import MEMORY, NOW, SHOP, World, order, world, yes


@pytest.fixture(params=["memory", "file"])
def url(request: pytest.FixtureRequest, tmp_path: object) -> str:
    return MEMORY if request.param == "memory" else f"sqlite+aiosqlite:///{tmp_path}/x.db"


async def test_a_yes_becomes_one_permit_one_effect_and_one_receipt(url: str) -> None:
    async with world(url) as w:
        talk, proposal = await w.propose(await w.talk())
        permit = await w.permits.authorise(proposal.proposal_id, **yes(proposal))
        settled = await w.permits.execute(permit, NOW)
        talk, _ = await w.talks.commit(talk, [settled.as_event()], at=NOW, settled=[settled], turn_done=True)
        assert settled.state == "done"
        assert settled.receipt
        after = await w.shop.order("c1", "O1")
        assert after is not None
        assert (after.state, after.refunded) == ("CLOSED", 12000)
        assert (await w.ledger.verify(SHOP)).n == 3
        entries = await w.ledger.entries(SHOP)
        assert [entry.kind for entry in entries] == ["genesis", "permit", "effect"]
        assert entries[1].body["clauses"] == ["cn/cancel@2024-07#unshipped"]
        assert entries[1].body["tables"] == [["DT-13", "R2", "REFUND_NOW", "cn/cancel@2024-07"]]


@pytest.mark.parametrize(
    "forged",
    [
        {"customer_id": "c2"},
        {"conversation_id": "another"},
        {"args_hash": "0" * 64},
    ],
)
async def test_a_forged_yes_finds_no_proposal(forged: dict[str, str]) -> None:
    async with world() as w:
        _, proposal = await w.propose(await w.talk())
        with pytest.raises(NotFound):
            await w.permits.authorise(proposal.proposal_id, **yes(proposal, **forged))
        assert await w.ledger.head(SHOP) is None
        await w.permits.authorise(proposal.proposal_id, **yes(proposal))


async def test_a_second_yes_is_told_that_the_first_counted() -> None:
    async with world() as w:
        _, proposal = await w.propose(await w.talk())
        await w.permits.authorise(proposal.proposal_id, **yes(proposal))
        with pytest.raises(ProposalSettled):
            await w.permits.authorise(proposal.proposal_id, **yes(proposal))
        assert (await w.ledger.verify(SHOP)).n == 2


async def test_of_twenty_simultaneous_yeses_one_counts(url: str) -> None:
    async with world(url) as w:
        _, proposal = await w.propose(await w.talk())
        tries = [w.permits.authorise(proposal.proposal_id, **yes(proposal)) for _ in range(20)]
        results = await asyncio.gather(*tries, return_exceptions=True)
        assert sum(isinstance(result, ProposalSettled) for result in results) == 19
        assert (await w.ledger.verify(SHOP)).n == 2


async def test_a_yes_counts_at_its_expiry_and_not_after() -> None:
    async with world() as w:
        _, first = await w.propose(await w.talk())
        late = first.expires_at + timedelta(microseconds=1)
        with pytest.raises(ProposalExpired):
            await w.permits.authorise(first.proposal_id, **yes(first, at=late))
        await w.permits.authorise(first.proposal_id, **yes(first, at=first.expires_at))


async def test_a_declined_proposal_cannot_be_agreed_to_later() -> None:
    async with world() as w:
        talk, proposal = await w.propose(await w.talk())
        no = Answered(proposal_id=proposal.proposal_id, answer="no", client_id="a1")
        await w.permits.decline(proposal.proposal_id, customer_id="c1", conversation_id=talk.id, at=NOW, answered=no)
        with pytest.raises(ProposalSettled):
            await w.permits.authorise(proposal.proposal_id, **yes(proposal))
        assert (await w.talks.recent(talk.id, 1))[0].entry == no


async def test_the_button_is_logged_in_the_same_transaction_as_the_permit() -> None:
    async with world() as w:
        talk, proposal = await w.propose(await w.talk())
        answered = Answered(proposal_id=proposal.proposal_id, answer="yes", client_id="a1")
        await w.permits.authorise(proposal.proposal_id, **yes(proposal, answered=answered))
        assert [item.entry for _, item in await w.talks.unanswered(SHOP)] == [answered]
        logged, fresh = await w.talks.answer(talk.id, answered, NOW)
        assert (logged.entry, fresh) == (answered, False)


async def test_what_needs_people_is_never_permitted_by_a_yes_alone_whoever_brings_it() -> None:
    async with world() as w:
        _, proposal = await w.propose(await w.talk(), needs_agent=True, drafted_by="agent:li")
        for by in ("assistant", "agent:li", "agent:wang", "supervisor:zhao"):
            with pytest.raises(NotAuthorised):
                await w.permits.authorise(proposal.proposal_id, **yes(proposal, by=by))


async def test_amounts_that_were_split_are_summed_against_the_cap_under_concurrency(url: str) -> None:
    orders = tuple(order(f"O{n}") for n in range(5))
    async with world(url, orders=orders) as w:
        cap = Cap(actions=frozenset({"goodwill"}), limit=10000, since=NOW - timedelta(days=90))
        proposals = []
        talk = await w.talk()
        for each in orders:
            talk, proposal = await w.propose(talk, Action(name="goodwill", order_id=each.order_id, amount=4000))
            proposals.append(proposal)
        tries = [w.permits.authorise(p.proposal_id, **yes(p, caps=[cap])) for p in proposals]
        results = await asyncio.gather(*tries, return_exceptions=True)
        assert sum(isinstance(result, NotAuthorised) for result in results) == 3
        assert await w.permits.granted("c1", cap) == 8000


async def test_a_permit_that_was_altered_or_never_issued_does_nothing() -> None:
    async with world() as w:
        _, proposal = await w.propose(await w.talk())
        permit = await w.permits.authorise(proposal.proposal_id, **yes(proposal))
        for forged in (permit.model_copy(update={"amount": 1}), permit.model_copy(update={"permit_id": "x"})):
            with pytest.raises(NotAuthorised):
                await w.permits.execute(forged, NOW)
        after = await w.shop.order("c1", "O1")
        assert after is not None
        assert after.refunded == 0


async def test_an_expired_permit_is_refused_and_moves_no_money() -> None:
    async with world() as w:
        _, proposal = await w.propose(await w.talk())
        permit = await w.permits.authorise(proposal.proposal_id, **yes(proposal))
        settled = await w.permits.execute(permit, permit.expires_at + timedelta(seconds=1))
        assert settled.state == "refused"
        assert await w.shop.receipt(permit.permit_id) is None


async def test_an_order_that_changed_in_between_refuses_the_effect() -> None:
    async with world() as w:
        _, proposal = await w.propose(await w.talk())
        permit = await w.permits.authorise(proposal.proposal_id, **yes(proposal))
        await w.shop.execute(permit.action, key="elsewhere", customer_id="c1", at=NOW)
        refused = await w.permits.execute(permit, NOW)
        assert refused.state == "refused"
        assert "CLOSED" in refused.reason


async def test_an_open_permit_reserves_its_money_and_its_refusal_releases_it(url: str) -> None:
    async with world(url) as w:
        talk, first = await w.propose(await w.talk(), Action(name="goodwill", order_id="O1", amount=9000))
        talk, second = await w.propose(talk, Action(name="goodwill", order_id="O1", amount=3001))
        permit = await w.permits.authorise(first.proposal_id, **yes(first))
        with pytest.raises(CapReached):
            await w.permits.authorise(second.proposal_id, **yes(second))
        refused = await w.permits.execute(permit, permit.expires_at + timedelta(seconds=1))
        await w.talks.commit(talk, [], at=NOW, settled=[refused], turn_done=True)
        permit = await w.permits.authorise(second.proposal_id, **yes(second))
        assert (await w.permits.execute(permit, NOW)).state == "done"


async def test_of_many_permits_at_once_no_more_is_reserved_than_was_paid(url: str) -> None:
    async with world(url) as w:
        talk, proposals = await w.talk(), []
        for _ in range(8):
            talk, proposal = await w.propose(talk, Action(name="goodwill", order_id="O1", amount=5000))
            proposals.append(proposal)
        tries = [w.permits.authorise(p.proposal_id, **yes(p)) for p in proposals]
        results = await asyncio.gather(*tries, return_exceptions=True)
        assert sum(isinstance(result, CapReached) for result in results) == 6
        ends = [await w.permits.execute(r, NOW) for r in results if isinstance(r, Permit)]
        assert [end.state for end in ends] == ["done", "done"]
        order = await w.shop.order("c1", "O1")
        assert order is not None
        assert order.compensated == 10000


async def test_a_budget_of_the_whole_shop_holds_for_all_customers_at_once(url: str) -> None:
    orders = tuple(order(f"O{n}", f"c{n % 2 + 1}") for n in range(6))
    async with world(url, orders=orders) as w:
        cap = Cap(actions=frozenset({"goodwill"}), limit=7000, since=NOW - timedelta(days=30), everybody=True)
        proposals = []
        for each in orders:
            talk = await w.talk(each.customer_id)
            action = Action(name="goodwill", order_id=each.order_id, amount=2000)
            proposals.append((await w.propose(talk, action))[1])
        tries = [w.permits.authorise(p.proposal_id, **yes(p, caps=[cap])) for p in proposals]
        results = await asyncio.gather(*tries, return_exceptions=True)
        assert sum(isinstance(result, CapReached) for result in results) == 3


class SilentShop:
    """A backend that stops answering after `execute`, having carried it out or not."""

    def __init__(self, inner: World, *, does_it: bool, hangs: bool = False, receipts: bool = True) -> None:
        self.inner = inner.shop
        self.does_it = does_it
        self.hangs = hangs
        self.receipts = receipts
        self.asked = 0

    async def customer(self, customer_id: str) -> Customer | None:
        return await self.inner.customer(customer_id)

    async def orders(self, customer_id: str) -> list[Order]:
        return await self.inner.orders(customer_id)

    async def order(self, customer_id: str, order_id: str) -> Order | None:
        return await self.inner.order(customer_id, order_id)

    async def execute(self, action: Action, *, key: str, customer_id: str, at: datetime) -> Receipt:
        self.asked += 1
        if self.does_it:
            await self.inner.execute(action, key=key, customer_id=customer_id, at=at)
        if self.hangs:
            await asyncio.Event().wait()
        raise EffectUnknown("the line went dead")

    async def receipt(self, key: str) -> Receipt | None:
        if not self.receipts:
            raise EffectUnknown("the line is still dead")
        return await self.inner.receipt(key)


@pytest.mark.parametrize("hangs", [False, True])
@pytest.mark.parametrize(
    ("does_it", "receipts", "state"), [(True, True, "done"), (False, True, "unknown"), (True, False, "unknown")]
)
async def test_silence_is_looked_up_once_and_never_asked_again(
    hangs: bool, does_it: bool, receipts: bool, state: str
) -> None:
    async with world() as w:
        talk, proposal = await w.propose(await w.talk())
        shop = SilentShop(w, does_it=does_it, hangs=hangs, receipts=receipts)
        permits = w.with_shop(shop, timeout=timedelta(milliseconds=50))
        permit = await permits.authorise(proposal.proposal_id, **yes(proposal))
        settled = await permits.execute(permit, NOW)
        assert settled.state == state
        await w.talks.commit(talk, [settled.as_event()], at=NOW, settled=[settled], turn_done=True)
        assert await permits.execute(permit, NOW) == settled
        assert await permits.recover(NOW) == []
        assert shop.asked == 1
        await w.ledger.verify(SHOP)


async def test_what_is_unknown_is_not_settled_without_a_person() -> None:
    async with world() as w:
        talk, proposal = await w.propose(await w.talk())
        permits = w.with_shop(SilentShop(w, does_it=False))
        permit = await permits.authorise(proposal.proposal_id, **yes(proposal))
        unknown = await permits.execute(permit, NOW)
        talk, _ = await w.talks.commit(talk, [], at=NOW, settled=[unknown], turn_done=True)
        refused = unknown.model_copy(update={"state": "refused", "reason": "the bank says no"})
        with pytest.raises(Conflict):
            await w.talks.commit(talk, [], at=NOW, settled=[refused], turn_done=True)
        assert (await w.permits.find(proposal.proposal_id)).state == "unknown"
        await w.ledger.verify(SHOP)


async def test_the_same_end_is_recorded_once_and_another_one_not_at_all() -> None:
    async with world() as w:
        talk, proposal = await w.propose(await w.talk())
        settled = await w.permits.execute(await w.permits.authorise(proposal.proposal_id, **yes(proposal)), NOW)
        talk, _ = await w.talks.commit(talk, [settled.as_event()], at=NOW, settled=[settled], turn_done=True)
        talk, _ = await w.talks.commit(talk, [], at=NOW, settled=[settled], turn_done=True)
        assert (await w.ledger.verify(SHOP)).n == 3
        other = settled.model_copy(update={"state": "refused"})
        with pytest.raises(Conflict):
            await w.talks.commit(talk, [settled.as_event()], at=NOW, settled=[other], turn_done=True)
        assert (await w.talks.get(talk.id, customer_id="c1")).last_seq == talk.last_seq


async def test_a_shop_that_cannot_write_leaves_the_permit_standing() -> None:
    class FullShop(SilentShop):
        async def execute(self, action: Action, *, key: str, customer_id: str, at: datetime) -> Receipt:
            raise StoreUnavailable("Nothing was written: the disk is full.")

    async with world() as w:
        _, proposal = await w.propose(await w.talk())
        permit = await w.permits.authorise(proposal.proposal_id, **yes(proposal))
        with pytest.raises(StoreUnavailable):
            await w.with_shop(FullShop(w, does_it=False)).execute(permit, NOW)
        assert [end.state for end in await w.permits.recover(NOW)] == ["done"]
        assert await w.permits.recover(NOW) == []
        acted = (await w.talks.recent(proposal.conversation_id, 1))[0].entry
        assert (acted.kind, (await w.ledger.verify(SHOP)).n) == ("acted", 3)


async def test_recovery_of_an_expired_permit_refuses_it_when_the_shop_has_no_receipt() -> None:
    async with world() as w:
        _, proposal = await w.propose(await w.talk())
        permit = await w.permits.authorise(proposal.proposal_id, **yes(proposal))
        ends = await w.permits.recover(permit.expires_at + timedelta(hours=1))
        assert [end.state for end in ends] == ["refused"]


async def test_recovery_never_asks_a_shop_again_that_does_not_promise_one_effect_per_key() -> None:
    async with world() as w:
        _, proposal = await w.propose(await w.talk())
        shop = SilentShop(w, does_it=True)
        permits = w.with_shop(shop, idempotent_shop=False)
        await permits.authorise(proposal.proposal_id, **yes(proposal))
        assert [end.state for end in await permits.recover(NOW)] == ["unknown"]
        assert shop.asked == 0
