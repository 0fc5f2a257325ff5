"""Alembic's entry point: runs migrations in the transaction that `Database.migrate` opened."""

from alembic import context

from khala.jobs.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
