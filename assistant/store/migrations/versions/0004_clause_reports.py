"""What people say is out of date, and an index for reports on answers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_INSTANT = sa.DateTime(timezone=True)
_REPORTED = sa.text("kind IN ('cited', 'done')")


def upgrade() -> None:
    op.create_table(
        "clause_reports",
        sa.Column("shop", sa.String(length=64), nullable=False),
        sa.Column("report_id", sa.String(length=64), nullable=False),
        sa.Column("ref", sa.String(length=256), nullable=False),
        sa.Column("agent", sa.String(length=128), nullable=False),
        sa.Column("conversation_id", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("closed_at", _INSTANT, nullable=True),
        sa.Column("closed_by", sa.String(length=128), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("shop", "report_id", name="pk_clause_reports"),
    )
    op.create_index("uq_clause_reports_ref", "clause_reports", ["shop", "ref", "agent"], unique=True)
    op.create_index("ix_clause_reports_at", "clause_reports", ["shop", "at"], unique=False)
    op.create_index(
        "ix_log_report", "log", ["shop", "kind", "at"], unique=False, sqlite_where=_REPORTED, postgresql_where=_REPORTED
    )


def downgrade() -> None:
    op.drop_index("ix_log_report", table_name="log")
    op.drop_table("clause_reports")
