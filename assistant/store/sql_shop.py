"""The built-in shop: customers, orders and receipts in our own database. Implements `assistant.shop.Shop`."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Connection, Select, bindparam, delete, insert, select, update

from assistant.errors import Conflict, EffectRefused
from assistant.orders import apply
from assistant.proposals import args_hash
from assistant.shop import Action, Customer, Order, Receipt
from assistant.store.database import Database
from assistant.store.schema import shop_customers, shop_orders, shop_receipts, shop_seeds, shop_tickets
from assistant.ticket_moves import SETTLED
from assistant.tickets import next_check

WITHOUT_ORDER = frozenset({"complaint"})
"""Actions that need no order."""

# Built once: putting a statement together costs several times more than running it.
_CUSTOMER = select(shop_customers.c.body).where(
    shop_customers.c.shop == bindparam("of_shop"), shop_customers.c.customer_id == bindparam("of_customer")
)
_ORDERS = (
    select(shop_orders.c.body)
    .where(shop_orders.c.shop == bindparam("of_shop"), shop_orders.c.customer_id == bindparam("of_customer"))
    .order_by(shop_orders.c.created_at.desc(), shop_orders.c.order_id)
)

_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


class SqlShop:
    """One shop's data. A write is one transaction: receipt by key, order, transition, order, receipt."""

    def __init__(self, database: Database, shop: str) -> None:
        self._database = database
        self._shop = shop

    async def seed(self, customers: Sequence[Customer], orders: Sequence[Order], at: datetime) -> bool:
        """Fill an empty shop, once; False when it was filled before (nothing is changed then)."""

        def work(connection: Connection) -> bool:
            found = connection.execute(select(shop_seeds.c.seeded_at).where(shop_seeds.c.shop == self._shop))
            if found.scalar() is not None:
                return False
            connection.execute(insert(shop_seeds).values(shop=self._shop, seeded_at=at))
            if customers:
                connection.execute(insert(shop_customers), [self._customer_row(each) for each in customers])
            if orders:
                connection.execute(insert(shop_orders), [self._order_row(each) for each in orders])
            for each in orders:
                self._keep_tickets(connection, each)
            return True

        return await self._database.write(work)

    async def seeded_at(self) -> datetime | None:
        """When the shop was filled: the instant its relative dates were resolved at. None while it is empty."""
        query = select(shop_seeds.c.seeded_at).where(shop_seeds.c.shop == self._shop)
        return await self._database.read(lambda connection: connection.execute(query).scalar())

    async def customers(self) -> list[Customer]:
        """All customers, by id: for the demo's sign-in and the desk."""
        query = (
            select(shop_customers.c.body)
            .where(shop_customers.c.shop == self._shop)
            .order_by(shop_customers.c.customer_id)
        )
        bodies = await self._database.read(lambda connection: connection.execute(query).scalars().all())
        return [Customer.model_validate_json(body) for body in bodies]

    async def customer(self, customer_id: str) -> Customer | None:
        whose = {"of_shop": self._shop, "of_customer": customer_id}
        body = await self._database.read(lambda connection: connection.execute(_CUSTOMER, whose).scalar())
        return Customer.model_validate_json(body) if body else None

    async def orders(self, customer_id: str) -> list[Order]:
        """The customer's own orders, newest first."""
        whose = {"of_shop": self._shop, "of_customer": customer_id}
        bodies = await self._database.read(lambda connection: connection.execute(_ORDERS, whose).scalars().all())
        return [Order.model_validate_json(body) for body in bodies]

    async def order(self, customer_id: str, order_id: str) -> Order | None:
        """The customer's own order; absent and somebody else's are both None."""
        return await self._database.read(lambda connection: self._load(connection, customer_id, order_id))

    async def execute(self, action: Action, *, key: str, customer_id: str, at: datetime) -> Receipt:
        """Carry out `action` once under `key`.

        Raises `EffectRefused`, `Conflict` (the key was used for another action) and `StoreUnavailable` (nothing was
        written).
        """
        digest = args_hash(action)

        def work(connection: Connection) -> Receipt:
            before = self._receipt(connection, key)
            if before is not None:
                receipt, used_for = before
                if used_for != digest:
                    raise Conflict("This key was used for another action.")
                return receipt
            reference = _reference(at)
            amount = self._change(connection, action, customer_id, at, reference)
            receipt = Receipt(
                key=key, reference=reference, action=action.name, order_id=action.order_id, amount=amount, at=at
            )
            connection.execute(
                insert(shop_receipts).values(
                    shop=self._shop,
                    key=key,
                    order_id=action.order_id,
                    args_hash=digest,
                    at=at,
                    body=receipt.model_dump_json(),
                )
            )
            return receipt

        return await self._database.write(work)

    async def receipt(self, key: str) -> Receipt | None:
        """The receipt of an earlier `execute` with this key, or None if it never happened."""
        found = await self._database.read(lambda connection: self._receipt(connection, key))
        return found[0] if found else None

    def _change(
        self, connection: Connection, action: Action, customer_id: str, at: datetime, reference: str
    ) -> int | None:
        """Carry the action out on its order, in the caller's transaction; the amount that was granted."""
        if action.order_id is None:
            if action.name not in WITHOUT_ORDER:
                raise EffectRefused("This action needs an order.")
            return None
        order = self._load(connection, customer_id, action.order_id)
        if order is None:
            raise EffectRefused("There is no such order.")
        self._keep(connection, apply(order, action, at, reference))
        return action.amount

    # ── tickets ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def order_of_ticket(self, ticket_id: str) -> Order | None:
        """The order a ticket belongs to, whoever's it is: for the desk and for sweeps, never for a customer."""
        query = (
            select(shop_orders.c.body)
            .join(
                shop_tickets,
                (shop_tickets.c.shop == shop_orders.c.shop) & (shop_tickets.c.order_id == shop_orders.c.order_id),
            )
            .where(shop_tickets.c.shop == self._shop, shop_tickets.c.ticket_id == ticket_id)
        )
        body = await self._database.read(lambda connection: connection.execute(query).scalar())
        return Order.model_validate_json(body) if body else None

    async def open_ticket_orders(self, *, limit: int = 200) -> list[Order]:
        """Orders with tickets that are not settled, those whose limit ends first before the others."""
        first = (
            select(shop_tickets.c.order_id)
            .where(shop_tickets.c.shop == self._shop, shop_tickets.c.state.not_in(SETTLED))
            .order_by(shop_tickets.c.check_at.is_(None), shop_tickets.c.check_at, shop_tickets.c.opened_at)
            .limit(limit)
        )
        return await self._database.read(lambda connection: self._orders_of(connection, first))

    async def due_orders(self, now: datetime) -> list[Order]:
        """Orders with a ticket that the clock may change at `now`."""
        query = select(shop_tickets.c.order_id).where(shop_tickets.c.shop == self._shop, shop_tickets.c.check_at <= now)
        return await self._database.read(lambda connection: self._orders_of(connection, query))

    async def untold_orders(self) -> list[Order]:
        """Orders with a ticket whose newest step its customer has not been told of."""
        query = select(shop_tickets.c.order_id).where(shop_tickets.c.shop == self._shop, shop_tickets.c.untold)
        return await self._database.read(lambda connection: self._orders_of(connection, query))

    async def change_order(self, order_id: str, change: Callable[[Order], Order]) -> Order | None:
        """Put `change` of an order in its place, in one transaction. None when there is no such order.

        For what the shop's own clock and people do: no money leaves here.
        """

        def work(connection: Connection) -> Order | None:
            query = select(shop_orders.c.body).where(
                shop_orders.c.shop == self._shop, shop_orders.c.order_id == order_id
            )
            body = connection.execute(query).scalar()
            if body is None:
                return None
            before = Order.model_validate_json(body)
            after = change(before)
            if after.refunded + after.compensated != before.refunded + before.compensated:
                raise EffectRefused("Money leaves with a permit only.")
            if after != before:
                self._keep(connection, after)
            return after

        return await self._database.write(work)

    def _orders_of(self, connection: Connection, numbers: Select[tuple[str]]) -> list[Order]:
        wanted = list(dict.fromkeys(connection.execute(numbers).scalars()))
        query = select(shop_orders.c.order_id, shop_orders.c.body).where(
            shop_orders.c.shop == self._shop, shop_orders.c.order_id.in_(wanted)
        )
        found = {row.order_id: row.body for row in connection.execute(query)}
        return [Order.model_validate_json(found[number]) for number in wanted if number in found]

    def _keep(self, connection: Connection, order: Order) -> None:
        connection.execute(
            update(shop_orders)
            .where(shop_orders.c.shop == self._shop, shop_orders.c.order_id == order.order_id)
            .values(body=order.model_dump_json())
        )
        self._keep_tickets(connection, order)

    def _keep_tickets(self, connection: Connection, order: Order) -> None:
        """Bring the order's rows of `shop_tickets` up to what the order says."""
        own = (shop_tickets.c.shop == self._shop, shop_tickets.c.order_id == order.order_id)
        connection.execute(delete(shop_tickets).where(*own))
        rows = [
            {
                "shop": self._shop,
                "ticket_id": ticket.ticket_id,
                "order_id": order.order_id,
                "customer_id": order.customer_id,
                "state": ticket.state,
                "opened_at": ticket.opened_at,
                "check_at": next_check(ticket),
                "untold": ticket.told < len(ticket.history),
            }
            for ticket in order.tickets
        ]
        if rows:
            connection.execute(insert(shop_tickets), rows)

    def _load(self, connection: Connection, customer_id: str, order_id: str) -> Order | None:
        query = select(shop_orders.c.body).where(
            shop_orders.c.shop == self._shop,
            shop_orders.c.order_id == order_id,
            shop_orders.c.customer_id == customer_id,
        )
        body = connection.execute(query).scalar()
        return Order.model_validate_json(body) if body else None

    def _receipt(self, connection: Connection, key: str) -> tuple[Receipt, str] | None:
        query = select(shop_receipts.c.body, shop_receipts.c.args_hash).where(
            shop_receipts.c.shop == self._shop, shop_receipts.c.key == key
        )
        row = connection.execute(query).first()
        return (Receipt.model_validate_json(row.body), row.args_hash) if row else None

    def _customer_row(self, customer: Customer) -> dict[str, object]:
        return {"shop": self._shop, "customer_id": customer.customer_id, "body": customer.model_dump_json()}

    def _order_row(self, order: Order) -> dict[str, object]:
        return {
            "shop": self._shop,
            "order_id": order.order_id,
            "customer_id": order.customer_id,
            "created_at": order.created_at,
            "body": order.model_dump_json(),
        }


def _reference(at: datetime) -> str:
    """A number a customer can read out: the day and six letters that are not mistaken for each other."""
    return f"S{at:%Y%m%d}-" + "".join(secrets.choice(_LETTERS) for _ in range(6))
