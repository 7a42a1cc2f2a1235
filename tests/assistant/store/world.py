"""A small world for the tests of the store: one shop, two customers, a few orders, and a clock that stands."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from assistant.conversation import Conversation, Term
from assistant.permits import Permits, Proposal, draft_proposal
from assistant.shop import Action, Customer, Order, OrderLine, Shop, Text
from assistant.store.conversations import ConversationStore
from assistant.store.database import Database
from assistant.store.ledger_store import LedgerStore
from assistant.store.proposals import ProposalStore
from assistant.store.sql_shop import SqlShop
from knowledge.clauses import SHANGHAI
from knowledge.decision import Decision

NOW = datetime(2026, 1, 5, 11, 30, tzinfo=SHANGHAI)
SHOP = "demo"
MEMORY = "sqlite+aiosqlite://"


def order(order_id: str = "O1", customer_id: str = "c1", **changes: Any) -> Order:
    """A paid, unshipped order of 120.00 yuan."""
    line = OrderLine(line_id="L1", sku="S1", product_id="P1", name=Text(zh="杯子", en="Cup"), unit_paid=12000)
    fields: dict[str, Any] = {
        "order_id": order_id,
        "customer_id": customer_id,
        "platform": "taobao",
        "state": "PAID",
        "lines": (line,),
        "paid": 12000,
        "created_at": NOW - timedelta(days=1),
        "paid_at": NOW - timedelta(days=1),
    }
    return Order(**(fields | changes))


DECISION = Decision(
    code="REFUND_NOW",
    table="DT-13",
    row="R2",
    policy="cn/cancel@2024-07",
    clauses=("cn/cancel@2024-07#unshipped",),
    amount=12000,
    read={"order_state": "PAID"},
)


@dataclass
class World:
    database: Database
    key: Ed25519PrivateKey
    ledger: LedgerStore
    talks: ConversationStore
    shop: SqlShop
    permits: Permits

    async def talk(self, customer_id: str = "c1") -> Conversation:
        return await self.talks.open(SHOP, customer_id, at=NOW)

    def with_shop(self, shop: Shop, **options: Any) -> Permits:
        return Permits(ProposalStore(self.database, self.ledger, SHOP), self.ledger, shop, **options)

    async def propose(
        self, talk: Conversation, action: Action | None = None, *, at: datetime = NOW, **options: Any
    ) -> tuple[Conversation, Proposal]:
        """Draft and store a proposal, by default to cancel order O1."""
        action = action or Action(name="cancel_refund", order_id="O1", amount=12000)
        terms = (Term(label="退款", value="¥120.00"),)
        proposal = draft_proposal(
            conversation=talk, action=action, title="取消订单", terms=terms, decisions=[DECISION], at=at, **options
        )
        talk, _ = await self.talks.commit(talk, [proposal.as_event()], at=at, proposals=[proposal], turn_done=True)
        return talk, proposal


def yes(proposal: Proposal, **changes: Any) -> dict[str, Any]:
    """The arguments of an honest yes."""
    return {
        "customer_id": proposal.customer_id,
        "conversation_id": proposal.conversation_id,
        "args_hash": proposal.args_hash,
        "at": NOW,
        "by": "assistant",
    } | changes


@asynccontextmanager
async def world(
    url: str = MEMORY, *, key: Ed25519PrivateKey | None = None, orders: tuple[Order, ...] = (order(),)
) -> AsyncIterator[World]:
    database = await Database.open(url)
    try:
        key = key or Ed25519PrivateKey.generate()
        ledger = LedgerStore(database, key)
        shop = SqlShop(database, SHOP)
        await shop.seed([Customer(customer_id="c1", name="小林"), Customer(customer_id="c2", name="小周")], orders, NOW)
        permits = Permits(ProposalStore(database, ledger, SHOP), ledger, shop)
        yield World(database, key, ledger, ConversationStore(database, ledger), shop, permits)
    finally:
        await database.aclose()
