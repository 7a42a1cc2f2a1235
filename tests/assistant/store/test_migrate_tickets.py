"""A database of the version before tickets had rows of their own finds them after its migration."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, insert

from assistant.shop import Ticket
from assistant.store.database import MIGRATIONS, Database
from assistant.store.schema import shop_orders
from assistant.store.sql_shop import SqlShop
from tests.assistant.store.world import NOW, SHOP, order


async def test_tickets_of_an_older_database_are_found_and_swept_after_its_migration(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    ticket = Ticket(ticket_id="T1", order_id="O1", kind="repair", state="PENDING_SELLER", opened_at=NOW, updated_at=NOW)
    kept = order(tickets=(ticket,))
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        connection.execute(
            insert(shop_orders).values(
                shop=SHOP, order_id="O1", customer_id="c1", created_at=NOW, body=kept.model_dump_json()
            )
        )
    engine.dispose()
    database = await Database.open(f"sqlite:///{path}")
    shop = SqlShop(database, SHOP)
    assert await shop.order_of_ticket("T1") == kept
    assert [each.order_id for each in await shop.due_orders(NOW)] == ["O1"]
    await database.aclose()
