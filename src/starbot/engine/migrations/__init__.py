"""Alembic's migrations of the store, packaged so that a wheel can make its own tables."""
