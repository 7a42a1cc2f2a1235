"""What every shop behind the port must do, whoever keeps its data. Each implementation runs it over the same world."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from assistant.errors import Conflict, EffectRefused
from assistant.shop import Action, Customer, Order, Parcel, ParcelScan, Receipt, Shop, Text
from tests.assistant.store.world import NOW, order

CANCEL = Action(name="cancel_refund", order_id="O1", amount=12000)
GIFT = Action(name="goodwill", order_id="O1", amount=5000)

CUSTOMERS = (
    Customer(customer_id="c1", name="小林", phone_tail="1234", member=True),
    Customer(customer_id="c2", name="Kim", lang="en", platform="jd"),
)
ORDERS: tuple[Order, ...] = (
    order("O1"),
    order("O2", created_at=NOW, paid_at=NOW, freight_cover="return_service", region="上海", address="**路**号"),
    order(
        "O4",
        state="SIGNED",
        created_at=NOW - timedelta(days=9),
        paid_at=NOW - timedelta(days=9),
        shipped_at=NOW - timedelta(days=8),
        signed_at=NOW - timedelta(days=5),
        refunded=1,
        compensated=2,
        parcel=Parcel(
            carrier="中通快递",
            waybill="ZT1",
            scans=(ParcelScan(at=NOW - timedelta(days=8), place="杭州", text=Text(zh="已揽收", en="Picked up")),),
        ),
    ),
    order("O3", "c2", platform="jd"),
)


class ShopConformance:
    """Subclass it and give a `shop` fixture that holds `CUSTOMERS` and `ORDERS` at `NOW`."""

    @pytest.fixture
    def shop(self) -> Shop:
        raise NotImplementedError

    async def test_customers_see_their_own_orders_newest_first(self, shop: Shop) -> None:
        assert [each.order_id for each in await shop.orders("c1")] == ["O2", "O1", "O4"]
        assert [each.order_id for each in await shop.orders("c2")] == ["O3"]
        assert await shop.orders("nobody") == []

    async def test_an_order_is_read_as_it_was_written(self, shop: Shop) -> None:
        for written in ORDERS:
            read = await shop.order(written.customer_id, written.order_id)
            assert read is not None
            # names of goods come from the catalogue or the page, and may lack a language
            assert shown(read) == shown(written)

    async def test_absent_and_somebody_elses_order_look_the_same(self, shop: Shop) -> None:
        assert await shop.order("c1", "O3") is None
        assert await shop.order("c1", "nothing") is None
        assert await shop.order("c1", "../c2") is None
        assert await shop.order("nobody", "O1") is None

    async def test_a_customer_is_known_by_name_and_language(self, shop: Shop) -> None:
        known = await shop.customer("c2")
        assert known is not None
        assert (known.name, known.lang, known.platform, known.member) == ("Kim", "en", "jd", False)
        assert await shop.customer("nobody") is None

    async def test_a_write_is_done_once_however_often_its_key_is_used(self, shop: Shop) -> None:
        first = await shop.execute(CANCEL, key="k1", customer_id="c1", at=NOW)
        assert (first.key, first.action, first.order_id, first.amount) == ("k1", "cancel_refund", "O1", 12000)
        assert first.reference
        again = [shop.execute(CANCEL, key="k1", customer_id="c1", at=NOW) for _ in range(6)]
        assert {receipt.reference for receipt in await asyncio.gather(*again)} == {first.reference}
        after = await shop.order("c1", "O1")
        assert after is not None
        assert (after.state, after.refunded) == ("CLOSED", 12000)

    async def test_a_receipt_can_be_looked_up_by_its_key(self, shop: Shop) -> None:
        assert await shop.receipt("k1") is None
        done = await shop.execute(GIFT, key="k1", customer_id="c1", at=NOW)
        found = await shop.receipt("k1")
        assert found is not None
        assert bare(found) == bare(done)

    async def test_a_key_used_for_something_else_is_refused(self, shop: Shop) -> None:
        await shop.execute(GIFT, key="k1", customer_id="c1", at=NOW)
        with pytest.raises(Conflict):
            await shop.execute(GIFT.model_copy(update={"amount": 4999}), key="k1", customer_id="c1", at=NOW)

    @pytest.mark.parametrize(
        ("action", "customer_id"),
        [
            (CANCEL, "c2"),
            (CANCEL.model_copy(update={"order_id": "O9"}), "c1"),
            (CANCEL.model_copy(update={"order_id": "O4"}), "c1"),
            (GIFT.model_copy(update={"amount": 12001}), "c1"),
            (Action(name="no_such_action", order_id="O1"), "c1"),
        ],
        ids=["not theirs", "no such order", "wrong state", "above what was paid", "unknown action"],
    )
    async def test_what_is_refused_leaves_no_receipt_and_no_trace(
        self, shop: Shop, action: Action, customer_id: str
    ) -> None:
        before = await shop.orders("c1")
        with pytest.raises(EffectRefused):
            await shop.execute(action, key="k1", customer_id=customer_id, at=NOW)
        assert await shop.receipt("k1") is None
        assert await shop.orders("c1") == before

    async def test_many_writes_at_once_never_pay_more_than_was_paid(self, shop: Shop) -> None:
        tries = [shop.execute(GIFT, key=f"k{n}", customer_id="c1", at=NOW) for n in range(8)]
        ends = await asyncio.gather(*tries, return_exceptions=True)
        assert [isinstance(end, EffectRefused) for end in ends].count(True) == 6
        after = await shop.order("c1", "O1")
        assert after is not None
        assert after.compensated == 10000


def shown(order: Order) -> Order:
    lines = [line.model_copy(update={"name": Text(zh="", en=""), "product_id": ""}) for line in order.lines]
    return order.model_copy(update={"lines": tuple(lines), "tickets": ()})


def bare(receipt: Receipt) -> tuple[object, ...]:
    return receipt.key, receipt.reference, receipt.action, receipt.order_id, receipt.amount, receipt.at
