"""How many tests run at once; a PostgreSQL for them, from a wheel: one server a worker, one database a test."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from tests.order import dealt
from tests.postgresql import new_database, server


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Three a core for `-n auto`: half of the time a story waits, for an engine to end or for time to go by."""
    return 3 * (os.cpu_count() or 1)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The long ones first, where several workers run them."""
    workers = int(getattr(config, "workerinput", {}).get("workercount", 1))
    if workers > 1:
        items[:] = dealt(items, workers, lambda item: item.location[0])


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The address of a running server; tests that need it are skipped where it does not start."""
    with ExitStack() as stack:
        try:
            address = stack.enter_context(server())
        except Exception as error:
            pytest.skip(f"PostgreSQL does not start here: {type(error).__name__}")
        yield address


@pytest.fixture(scope="session")
def new_postgresql_database(postgresql_server: str) -> Callable[[], str]:
    """Makes an empty database and answers its address."""
    return partial(new_database, postgresql_server)


@pytest.fixture
def postgresql(new_postgresql_database: Callable[[], str]) -> str:
    """The address of an empty PostgreSQL database of this test's own."""
    return new_postgresql_database()


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    """The address of a SQLite file of this test's own, which does not exist yet."""
    return f"sqlite:///{tmp_path / 'starbot.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """The address of an empty database: the test runs once on each kind."""
    address: str = request.getfixturevalue(request.param)
    return address
