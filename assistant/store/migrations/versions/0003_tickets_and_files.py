"""Tickets by number and due instant, and the files customers send as evidence."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _create_tickets()
    _create_files()
    _fill_tickets()


def _create_tickets() -> None:
    op.create_table(
        "shop_tickets",
        sa.Column("shop", sa.String(length=64), nullable=False),
        sa.Column("ticket_id", sa.String(length=64), nullable=False),
        sa.Column("order_id", sa.String(length=64), nullable=False),
        sa.Column("customer_id", sa.String(length=128), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("opened_at", _INSTANT, nullable=False),
        sa.Column("check_at", _INSTANT, nullable=True),
        sa.Column("untold", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("shop", "ticket_id", name="pk_shop_tickets"),
    )
    op.create_index("ix_shop_tickets_check_at", "shop_tickets", ["shop", "check_at"], unique=False)
    op.create_index("ix_shop_tickets_order", "shop_tickets", ["shop", "order_id"], unique=False)
    op.create_index(
        "ix_shop_tickets_untold", "shop_tickets", ["shop"], unique=False,
        sqlite_where=sa.text("untold = 1"), postgresql_where=sa.text("untold"),
    )  # fmt: skip


def _create_files() -> None:
    op.create_table(
        "files",
        sa.Column("shop", sa.String(length=64), nullable=False),
        sa.Column("file_id", sa.String(length=64), nullable=False),
        sa.Column("customer_id", sa.String(length=128), nullable=False),
        sa.Column("conversation_id", sa.String(length=64), nullable=False),
        sa.Column("client_id", sa.String(length=128), nullable=False),
        sa.Column("order_id", sa.String(length=64), nullable=True),
        sa.Column("ticket_id", sa.String(length=64), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("phash", sa.String(length=16), nullable=True),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], name="fk_files_conversation_id"),
        sa.PrimaryKeyConstraint("shop", "file_id", name="pk_files"),
    )
    op.create_index("uq_files_client", "files", ["conversation_id", "client_id"], unique=True)
    op.create_index("ix_files_sha256", "files", ["shop", "sha256"], unique=False)
    op.create_index("ix_files_order", "files", ["shop", "order_id"], unique=False)


def _fill_tickets() -> None:
    """One row for each ticket there is, due at once: the first sweep finds out when it really is."""
    connection = op.get_bind()
    orders = connection.execute(sa.text("SELECT shop, order_id, customer_id, body FROM shop_orders")).all()
    table = sa.table(
        "shop_tickets", *(sa.column(name) for name in ("shop", "ticket_id", "order_id", "customer_id", "state")),
        sa.column("opened_at", _INSTANT), sa.column("check_at", _INSTANT), sa.column("untold", sa.Boolean()),
    )  # fmt: skip
    for shop, order_id, customer_id, body in orders:
        for ticket in json.loads(body).get("tickets", []):
            opened = datetime.fromisoformat(ticket["opened_at"])
            at = opened.astimezone(UTC)
            if connection.dialect.name == "sqlite":
                at = at.replace(tzinfo=None)
            connection.execute(
                sa.insert(table).values(
                    shop=shop, ticket_id=ticket["ticket_id"], order_id=order_id, customer_id=customer_id,
                    state=ticket["state"], opened_at=at, check_at=at, untold=False,
                )
            )  # fmt: skip


def downgrade() -> None:
    op.drop_table("files")
    op.drop_table("shop_tickets")
