"""What Alembic runs to migrate the store: it is handed a connection and nothing else."""

from alembic import context

from starbot.engine.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
