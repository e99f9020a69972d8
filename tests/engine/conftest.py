"""A migrated store for each test: on both kinds of database, or on SQLite where the kind says nothing."""

from collections.abc import Iterator

import pytest

from starbot.engine.store import Store
from tests.engine.errands import Outpost


def _opened(address: str) -> Iterator[Store]:
    store = Store(address)
    store.migrate()
    yield store
    store.close()


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    """A store; the test runs once on each kind of database."""
    yield from _opened(database)


@pytest.fixture
def file_store(sqlite: str) -> Iterator[Store]:
    """A store on SQLite."""
    yield from _opened(sqlite)


@pytest.fixture
def outpost() -> Outpost:
    """The outside, empty."""
    return Outpost()
