"""The tables, for SQLite and PostgreSQL alike.

Every row carries its shop. Instants are stored in UTC and read back in Asia/Shanghai; what has a shape of its own
(entries, states, orders) is stored as the JSON text of its model, so that the model stays the only definition.
A change here needs a new file in `migrations/versions` and a new `HEAD`; a test compares the two.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    text,
)

from knowledge.clauses import SHANGHAI

HEAD = "0004"
"""The revision these tables stand at."""


class Instant(TypeDecorator[datetime]):
    """An aware `datetime`: UTC in the database, Asia/Shanghai in the program."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone, e.g. 2026-01-05T11:30:00+08:00")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(SHANGHAI)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

conversations = Table(
    "conversations",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("shop", String(64), nullable=False),
    Column("customer_id", String(128)),
    Column("channel", String(32), nullable=False),
    Column("lang", String(2), nullable=False),
    Column("owner", String(16), nullable=False),
    Column("agent", String(128)),
    Column("opened_at", Instant, nullable=False),
    Column("last_seq", Integer, nullable=False),
    Column("turns", Integer, nullable=False),
    Column("closed", Boolean, nullable=False),
    Column("state", Text, nullable=False),
    # What the desk's queue shows, kept here so that the queue never reads a log.
    Column("last_text", Text),
    Column("waiting_since", Instant),
    Column("understood", Text),
    # Whose it is: an owner changes only when the other accepts; who stays silent too long is noted once.
    Column("transfer_to", String(128)),
    Column("escalated_at", Instant),
    Column("queued_at", Instant),
    Column("taken_at", Instant),
    Index("ix_conversations_taken", "shop", "taken_at"),
    Index("ix_conversations_queue", "shop", "owner", "closed", "waiting_since"),
    Index("ix_conversations_customer", "shop", "customer_id"),
)

log = Table(
    "log",
    metadata,
    Column("conversation_id", String(64), ForeignKey("conversations.id"), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("shop", String(64), nullable=False),
    Column("turn", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("client_id", String(128)),
    # True while the entry waits for its turn to be done: what is left after a kill.
    Column("open", Boolean, nullable=False),
    Column("body", Text, nullable=False),
    Index(
        "uq_log_client",
        "conversation_id",
        "kind",
        "client_id",
        unique=True,
        sqlite_where=text("client_id IS NOT NULL"),
        postgresql_where=text("client_id IS NOT NULL"),
    ),
    Index("ix_log_open", "conversation_id", "turn", sqlite_where=text("open = 1"), postgresql_where=text("open")),
    # What reports on answers count, without reading every word ever said.
    Index(
        "ix_log_report",
        "shop",
        "kind",
        "at",
        sqlite_where=text("kind IN ('cited', 'done')"),
        postgresql_where=text("kind IN ('cited', 'done')"),
    ),
)

proposals = Table(
    "proposals",
    metadata,
    Column("proposal_id", String(64), primary_key=True),
    Column("shop", String(64), nullable=False),
    Column("conversation_id", String(64), ForeignKey("conversations.id"), nullable=False),
    Column("customer_id", String(128), nullable=False),
    Column("state", String(16), nullable=False),
    Column("action", String(64), nullable=False),
    Column("order_id", String(64)),
    Column("amount", Integer),
    Column("args_hash", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("body", Text, nullable=False),
    Column("permit_id", String(64), unique=True),
    Column("permit", Text),
    Column("permitted_at", Instant),
    Column("settled", Text),
    # What the money is for, and the cause under which amounts are summed beside the order.
    Column("purpose", String(32)),
    Column("cause", String(64)),
    Index("ix_proposals_order", "shop", "order_id"),
    Index("ix_proposals_conversation", "conversation_id"),
    Index("ix_proposals_customer", "shop", "customer_id", "permitted_at"),
    Index(
        "ix_proposals_permitted",
        "shop",
        sqlite_where=text("state = 'permitted'"),
        postgresql_where=text("state = 'permitted'"),
    ),
)

approvals = Table(
    "approvals",
    metadata,
    Column("proposal_id", String(64), ForeignKey("proposals.proposal_id"), primary_key=True),
    Column("shop", String(64), nullable=False),
    Column("conversation_id", String(64), nullable=False),
    Column("level", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("requested_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("decided_at", Instant),
    Index("ix_approvals_state", "shop", "state", "expires_at"),
)

# What a person signed: an approval of a proposal, or a finding about an effect nobody knew the end of. One of each kind
# by each person.
signatures = Table(
    "signatures",
    metadata,
    Column("subject", String(64), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("person", String(128), primary_key=True),
    Column("shop", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    Column("body", Text, nullable=False),
)

ledger = Table(
    "ledger",
    metadata,
    Column("shop", String(64), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(16), nullable=False),
    Column("permit_id", String(64)),
    # The entry as its canonical line, so that what was signed is what is kept.
    Column("line", Text, nullable=False),
    Index("ix_ledger_permit", "shop", "permit_id"),
)

ledger_heads = Table(
    "ledger_heads",
    metadata,
    Column("shop", String(64), primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("signature", String(128), nullable=False),
)

shop_customers = Table(
    "shop_customers",
    metadata,
    Column("shop", String(64), primary_key=True),
    Column("customer_id", String(128), primary_key=True),
    Column("body", Text, nullable=False),
)

shop_orders = Table(
    "shop_orders",
    metadata,
    Column("shop", String(64), primary_key=True),
    Column("order_id", String(64), primary_key=True),
    Column("customer_id", String(128), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_shop_orders_customer", "shop", "customer_id", "created_at"),
)

# The tickets of `shop_orders`, so that a sweep and the desk read only those that are due. The orders stay the truth.
shop_tickets = Table(
    "shop_tickets",
    metadata,
    Column("shop", String(64), primary_key=True),
    Column("ticket_id", String(64), primary_key=True),
    Column("order_id", String(64), nullable=False),
    Column("customer_id", String(128), nullable=False),
    Column("state", String(32), nullable=False),
    Column("opened_at", Instant, nullable=False),
    # The next instant the clock may change it; None while no limit runs.
    Column("check_at", Instant),
    # Whether the customer has yet to be told of its newest step.
    Column("untold", Boolean, nullable=False),
    Index("ix_shop_tickets_check_at", "shop", "check_at"),
    Index("ix_shop_tickets_order", "shop", "order_id"),
    Index("ix_shop_tickets_untold", "shop", sqlite_where=text("untold = 1"), postgresql_where=text("untold")),
)

# What customers sent as evidence. The bytes lie beside the database, named by their SHA-256.
files = Table(
    "files",
    metadata,
    Column("shop", String(64), primary_key=True),
    Column("file_id", String(64), primary_key=True),
    Column("customer_id", String(128), nullable=False),
    Column("conversation_id", String(64), ForeignKey("conversations.id"), nullable=False),
    Column("client_id", String(128), nullable=False),
    Column("order_id", String(64)),
    Column("ticket_id", String(64)),
    Column("sha256", String(64), nullable=False),
    Column("phash", String(16)),
    Column("at", Instant, nullable=False),
    Column("body", Text, nullable=False),
    Index("uq_files_client", "conversation_id", "client_id", unique=True),
    Index("ix_files_sha256", "shop", "sha256"),
    Index("ix_files_order", "shop", "order_id"),
)

# What people at the desk say is out of date: one report a person and clause version. It changes no answer by itself.
clause_reports = Table(
    "clause_reports",
    metadata,
    Column("shop", String(64), primary_key=True),
    Column("report_id", String(64), primary_key=True),
    Column("ref", String(256), nullable=False),
    Column("agent", String(128), nullable=False),
    Column("conversation_id", String(64)),
    Column("reason", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("closed_at", Instant),
    Column("closed_by", String(128)),
    Column("note", Text, nullable=False),
    Index("uq_clause_reports_ref", "shop", "ref", "agent", unique=True),
    Index("ix_clause_reports_at", "shop", "at"),
)

shop_receipts = Table(
    "shop_receipts",
    metadata,
    Column("shop", String(64), primary_key=True),
    Column("key", String(64), primary_key=True),
    Column("order_id", String(64)),
    Column("args_hash", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    Column("body", Text, nullable=False),
)

shop_seeds = Table(
    "shop_seeds",
    metadata,
    Column("shop", String(64), primary_key=True),
    Column("seeded_at", Instant, nullable=False),
)
