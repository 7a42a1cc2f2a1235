"""The first schema: conversations and their log, proposals and the ledger, the built-in shop."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    _create_talks()
    _create_writes()
    _create_shop()


def _create_talks() -> None:
    op.create_table(
        "conversations",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("shop", sa.String(length=64), nullable=False),
        sa.Column("customer_id", sa.String(length=128), nullable=True),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("lang", sa.String(length=2), nullable=False),
        sa.Column("owner", sa.String(length=16), nullable=False),
        sa.Column("agent", sa.String(length=128), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("turns", sa.Integer(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("last_text", sa.Text(), nullable=True),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("understood", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_conversations"),
    )
    op.create_index("ix_conversations_customer", "conversations", ["shop", "customer_id"], unique=False)
    op.create_index(
        "ix_conversations_queue", "conversations", ["shop", "owner", "closed", "waiting_since"], unique=False
    )
    op.create_table(
        "log",
        sa.Column("conversation_id", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("shop", sa.String(length=64), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=128), nullable=True),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], name="fk_log_conversation_id"),
        sa.PrimaryKeyConstraint("conversation_id", "seq", name="pk_log"),
    )
    op.create_index(
        "ix_log_open",
        "log",
        ["conversation_id", "turn"],
        unique=False,
        sqlite_where=sa.text("open = 1"),
        postgresql_where=sa.text("open"),
    )
    op.create_index(
        "uq_log_client",
        "log",
        ["conversation_id", "kind", "client_id"],
        unique=True,
        sqlite_where=sa.text("client_id IS NOT NULL"),
        postgresql_where=sa.text("client_id IS NOT NULL"),
    )


def _create_writes() -> None:
    op.create_table(
        "proposals",
        sa.Column("proposal_id", sa.String(length=64), nullable=False),
        sa.Column("shop", sa.String(length=64), nullable=False),
        sa.Column("conversation_id", sa.String(length=64), nullable=False),
        sa.Column("customer_id", sa.String(length=128), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("order_id", sa.String(length=64), nullable=True),
        sa.Column("amount", sa.Integer(), nullable=True),
        sa.Column("args_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("permit_id", sa.String(length=64), nullable=True),
        sa.Column("permit", sa.Text(), nullable=True),
        sa.Column("permitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], name="fk_proposals_conversation_id"),
        sa.PrimaryKeyConstraint("proposal_id", name="pk_proposals"),
        sa.UniqueConstraint("permit_id", name="uq_proposals_permit_id"),
    )
    op.create_index("ix_proposals_conversation", "proposals", ["conversation_id"], unique=False)
    op.create_index("ix_proposals_customer", "proposals", ["shop", "customer_id", "permitted_at"], unique=False)
    op.create_index(
        "ix_proposals_permitted",
        "proposals",
        ["shop"],
        unique=False,
        sqlite_where=sa.text("state = 'permitted'"),
        postgresql_where=sa.text("state = 'permitted'"),
    )
    op.create_table(
        "ledger",
        sa.Column("shop", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("permit_id", sa.String(length=64), nullable=True),
        sa.Column("line", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("shop", "seq", name="pk_ledger"),
    )
    op.create_index("ix_ledger_permit", "ledger", ["shop", "permit_id"], unique=False)
    op.create_table(
        "ledger_heads",
        sa.Column("shop", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("signature", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("shop", name="pk_ledger_heads"),
    )


def _create_shop() -> None:
    op.create_table(
        "shop_customers",
        sa.Column("shop", sa.String(length=64), nullable=False),
        sa.Column("customer_id", sa.String(length=128), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("shop", "customer_id", name="pk_shop_customers"),
    )
    op.create_table(
        "shop_orders",
        sa.Column("shop", sa.String(length=64), nullable=False),
        sa.Column("order_id", sa.String(length=64), nullable=False),
        sa.Column("customer_id", sa.String(length=128), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("shop", "order_id", name="pk_shop_orders"),
    )
    op.create_index("ix_shop_orders_customer", "shop_orders", ["shop", "customer_id", "created_at"], unique=False)
    op.create_table(
        "shop_receipts",
        sa.Column("shop", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("order_id", sa.String(length=64), nullable=True),
        sa.Column("args_hash", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("shop", "key", name="pk_shop_receipts"),
    )
    op.create_table(
        "shop_seeds",
        sa.Column("shop", sa.String(length=64), nullable=False),
        sa.Column("seeded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("shop", name="pk_shop_seeds"),
    )


def downgrade() -> None:
    for table in (
        "log",
        "proposals",
        "conversations",
        "ledger",
        "ledger_heads",
        "shop_customers",
        "shop_orders",
        "shop_receipts",
        "shop_seeds",
    ):
        op.drop_table(table)
