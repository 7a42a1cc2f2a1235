from __future__ import annotations

import asyncio

import pytest

from assistant.errors import Conflict, EffectRefused
from assistant.shop import Action, Customer, Shop
from assistant.store.sql_shop import SqlShop
from tests.assistant.store.world import NOW, order, world

CANCEL = Action(name="cancel_refund", order_id="O1", amount=12000)


async def test_customers_see_their_own_orders_newest_first_and_nobody_elses() -> None:
    orders = (order("O1"), order("O2", created_at=NOW), order("O3", "c2"))
    async with world(orders=orders) as w:
        shop: Shop = w.shop
        assert [each.order_id for each in await shop.orders("c1")] == ["O2", "O1"]
        assert await shop.order("c1", "O1") == orders[0]
        assert await shop.order("c1", "O3") is None
        assert await shop.order("c1", "nothing") is None
        assert await shop.customer("c9") is None
        assert [each.customer_id for each in await w.shop.customers()] == ["c1", "c2"]


async def test_two_shops_in_one_database_do_not_see_each_other() -> None:
    async with world() as w:
        other = SqlShop(w.database, "other")
        assert await other.seed([Customer(customer_id="c1", name="别人")], [order(note="other")], NOW)
        assert (await other.orders("c1"))[0].note == "other"
        await other.execute(CANCEL, key="k", customer_id="c1", at=NOW)
        assert await w.shop.receipt("k") is None
        mine = await w.shop.order("c1", "O1")
        assert mine is not None
        assert mine.state == "PAID"


async def test_a_shop_is_seeded_once() -> None:
    async with world() as w:
        await w.shop.execute(CANCEL, key="k", customer_id="c1", at=NOW)
        assert not await w.shop.seed([], [order()], NOW)
        assert (await w.shop.orders("c1"))[0].state == "CLOSED"


async def test_the_same_key_gives_the_first_receipt_however_often_it_is_asked(url: str) -> None:
    async with world(url) as w:
        tries = [w.shop.execute(CANCEL, key="k", customer_id="c1", at=NOW) for _ in range(20)]
        receipts = await asyncio.gather(*tries)
        assert len({receipt.reference for receipt in receipts}) == 1
        assert await w.shop.receipt("k") == receipts[0]
        with pytest.raises(Conflict):
            await w.shop.execute(CANCEL.model_copy(update={"amount": 1}), key="k", customer_id="c1", at=NOW)


async def test_different_keys_at_once_never_pay_more_than_was_paid(url: str) -> None:
    async with world(url) as w:
        goodwill = Action(name="goodwill", order_id="O1", amount=5000)
        tries = [w.shop.execute(goodwill, key=f"k{n}", customer_id="c1", at=NOW) for n in range(10)]
        results = await asyncio.gather(*tries, return_exceptions=True)
        assert sum(isinstance(result, EffectRefused) for result in results) == 8
        after = await w.shop.order("c1", "O1")
        assert after is not None
        assert after.compensated == 10000


@pytest.mark.parametrize(
    ("action", "customer_id"),
    [
        (CANCEL, "c2"),
        (Action(name="cancel_refund", order_id="O9"), "c1"),
        (Action(name="goodwill", order_id=None), "c1"),
    ],
)
async def test_a_refused_effect_leaves_no_receipt_and_no_trace(action: Action, customer_id: str) -> None:
    async with world() as w:
        with pytest.raises(EffectRefused):
            await w.shop.execute(action, key="k", customer_id=customer_id, at=NOW)
        assert await w.shop.receipt("k") is None
        assert await w.shop.orders("c1") == [order()]


async def test_a_complaint_needs_no_order() -> None:
    async with world() as w:
        receipt = await w.shop.execute(Action(name="complaint", order_id=None), key="k", customer_id="c1", at=NOW)
        assert receipt.reference.startswith("S20260105-")
