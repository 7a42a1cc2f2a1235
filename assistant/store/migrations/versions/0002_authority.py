"""Authority: approval requests, what people sign, who owns a conversation, and the sums a decision stands on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_HEADS = (
    ("transfer_to", sa.String(length=128)),
    ("escalated_at", sa.DateTime(timezone=True)),
    ("queued_at", sa.DateTime(timezone=True)),
    ("taken_at", sa.DateTime(timezone=True)),
)


def upgrade() -> None:
    for name, kind in _HEADS:
        op.add_column("conversations", sa.Column(name, kind, nullable=True))
    op.create_index("ix_conversations_taken", "conversations", ["shop", "taken_at"], unique=False)
    op.add_column("proposals", sa.Column("purpose", sa.String(length=32), nullable=True))
    op.add_column("proposals", sa.Column("cause", sa.String(length=64), nullable=True))
    op.create_index("ix_proposals_order", "proposals", ["shop", "order_id"], unique=False)
    op.create_table(
        "approvals",
        sa.Column("proposal_id", sa.String(length=64), nullable=False),
        sa.Column("shop", sa.String(length=64), nullable=False),
        sa.Column("conversation_id", sa.String(length=64), nullable=False),
        sa.Column("level", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposals.proposal_id"], name="fk_approvals_proposal_id"),
        sa.PrimaryKeyConstraint("proposal_id", name="pk_approvals"),
    )
    op.create_index("ix_approvals_state", "approvals", ["shop", "state", "expires_at"], unique=False)
    op.create_table(
        "signatures",
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("person", sa.String(length=128), nullable=False),
        sa.Column("shop", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "kind", "person", name="pk_signatures"),
    )


def downgrade() -> None:
    op.drop_table("signatures")
    op.drop_table("approvals")
    op.drop_index("ix_proposals_order", "proposals")
    op.drop_column("proposals", "cause")
    op.drop_column("proposals", "purpose")
    op.drop_index("ix_conversations_taken", "conversations")
    for name, _ in reversed(_HEADS):
        op.drop_column("conversations", name)
