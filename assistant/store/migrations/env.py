"""Alembic's entry: run the revisions on the connection that `assistant.store.database` hands over."""

from __future__ import annotations

from alembic import context

from assistant.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
