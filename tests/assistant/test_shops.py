"""The built-in shop and a connected one keep the same promises."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from assistant.clock import FixedClock
from assistant.shop import Shop
from assistant.store.database import Database
from assistant.store.sql_shop import SqlShop
from server.scripted_shop import ScriptedShop
from tests.assistant.connected import connected_to
from tests.assistant.shop_conformance import CUSTOMERS, ORDERS, ShopConformance
from tests.assistant.store.world import MEMORY, NOW, SHOP


class TestSqlShop(ShopConformance):
    @pytest.fixture
    async def shop(self) -> AsyncIterator[Shop]:
        database = await Database.open(MEMORY)
        try:
            shop = SqlShop(database, SHOP)
            await shop.seed(CUSTOMERS, ORDERS, NOW)
            yield shop
        finally:
            await database.aclose()


class TestHttpShop(ShopConformance):
    @pytest.fixture
    async def shop(self) -> AsyncIterator[Shop]:
        theirs = ScriptedShop.holding(list(CUSTOMERS), list(ORDERS), FixedClock(NOW), page_size=2)
        async with connected_to(theirs) as shop:
            yield shop
