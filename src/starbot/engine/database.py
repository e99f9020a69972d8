"""The way to the database: its address, its connections, and the claim that one bot has on it."""

import fcntl
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError, TimeoutError

from starbot.errors import SetupError

DATABASE_PATIENCE_S = 2.5
"""How long a write may wait for the database: an event is acknowledged only once it is stored, and Slack
waits three seconds."""

DATABASE_AWAY = (OperationalError, InterfaceError, TimeoutError)
"""No answer, no connection, no free place in the pool, or a deadlock that the database resolved against us:
nothing was written, and the same transaction may be tried again."""


class Claim(Protocol):
    """What keeps a second bot away, until it is closed."""

    def close(self) -> None:
        """Gives the database free."""


def is_sqlite(url: str) -> bool:
    """Whether this is the address of a SQLite file. SetupError where it is no address."""
    return _address(url).get_backend_name() == "sqlite"


def _address(url: str) -> URL:
    """The address taken apart. SetupError without the address, which may hold a password."""
    try:
        parts = make_url(url)
    except (ArgumentError, ValueError):
        parts = None
    if parts is None or "@" in (parts.host or ""):
        raise SetupError(
            [
                "DATABASE_URL: this is no address. Write postgresql://user:password@host:5432/database, and %40 for "
                "an @ in the password."
            ]
        )
    return parts


def first_line(error: Exception) -> str:
    """What the database says, without the rest, which may quote what we wrote."""
    return str(getattr(error, "orig", error)).partition("\n")[0].rstrip(".")


def normal_url(url: str) -> str:
    """The address with the driver that is installed: people write `postgresql://`."""
    for short in ("postgresql://", "postgres://"):
        if url.startswith(short):
            return "postgresql+psycopg://" + url.removeprefix(short)
    return url


def engine_url(url: str) -> str:
    """Where the durable engine keeps its own tables: a second file beside ours for SQLite, the same
    PostgreSQL database (in a schema of its own) otherwise."""
    parts = make_url(normal_url(url))
    if parts.get_backend_name() != "sqlite" or not parts.database:
        return normal_url(url)
    ours = Path(parts.database)
    return f"sqlite:///{ours.with_name(ours.stem + '.engine' + ours.suffix)}"


_POSTGRESQL = {"connect_timeout": 2, "keepalives_idle": 10}
_ONE_BOT = 0x57A2B07
"""The number of the advisory lock that says that a bot is at work."""


def claim(url: str) -> Claim:
    """Takes the database for this bot alone. SetupError where another has it, or it cannot be had."""
    return _claim_file(url) if is_sqlite(url) else _claim_database(url)


def open_engine(url: str, begin: str) -> Engine:
    """Connections to the database; on SQLite each transaction begins with `begin`."""
    if not is_sqlite(url):
        return sa.create_engine(
            url,
            pool_size=20,
            max_overflow=20,
            pool_timeout=DATABASE_PATIENCE_S,
            pool_pre_ping=True,
            hide_parameters=True,
            isolation_level="READ COMMITTED",
            connect_args=_POSTGRESQL,
        )
    engine = sa.create_engine(
        url,
        pool_size=16,
        max_overflow=64,
        hide_parameters=True,
        connect_args={"timeout": DATABASE_PATIENCE_S},
    )

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not begin transactions of its own
        connection.execute("pragma journal_mode=wal")
        connection.execute("pragma synchronous=full")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _claim_database(url: str) -> Connection:
    """One bot a PostgreSQL database, as long as no bot takes over another's work: the lock goes with the
    connection, so a process that dies gives it back."""
    engine = sa.create_engine(url, poolclass=sa.NullPool, connect_args=_POSTGRESQL)
    try:
        connection = engine.connect()
        is_mine = connection.scalar(sa.select(sa.func.pg_try_advisory_lock(_ONE_BOT)))
        connection.commit()
    except (DBAPIError, UnicodeError) as error:
        raise SetupError(
            [
                f"DATABASE_URL: PostgreSQL does not let us in ({first_line(error)}). Check the address and that it "
                "runs."
            ]
        ) from None
    if not is_mine:
        connection.close()
        raise SetupError(
            [
                "DATABASE_URL: this database is in use by another starbot. Stop that one, or use another database."
            ]
        )
    return connection


def _claim_file(url: str) -> Any:
    """SQLite serves one process a file: a lock on a side file tells a second bot so at once."""
    database = make_url(url).database
    if not database or database == ":memory:":
        raise SetupError(["DATABASE_URL: SQLite needs a file, such as sqlite:///starbot.db."])
    path = Path(database)
    if not path.parent.is_dir():
        raise SetupError(
            [f"DATABASE_URL: the folder {path.parent} does not exist. Make it, or name another."]
        )
    try:
        mark = path.with_name(path.name + ".lock").open("w")
    except OSError as error:
        raise SetupError(
            [f"DATABASE_URL: {path} cannot be written ({error.strerror}). Allow it, or name another folder."]
        ) from None
    try:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        mark.close()
        raise SetupError(
            [
                f"DATABASE_URL: {database} is in use by another starbot. Stop that one, give this one a file "
                "of its own, or use PostgreSQL."
            ]
        ) from None
    fault = _fault(path) or _fault(Path(make_url(engine_url(url)).database or ""))
    if fault is not None:
        mark.close()
        raise SetupError([f"DATABASE_URL: {fault}"])
    return mark


def _fault(path: Path) -> str | None:
    """Why SQLite could not keep its tables in this file. Only for whoever holds the claim: to close a file
    gives back the locks that SQLite has on it (sqlite.org/howtocorrupt.html)."""
    if path.is_dir():
        return f"{path} is a folder. Name a file in it, or another."
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except FileNotFoundError:
        return None
    except OSError as error:
        return f"{path} cannot be read ({error.strerror}). Allow it, or name another file."
    if head not in (b"", b"SQLite format 3\0"):  # sqlite.org/fileformat.html
        return f"{path} is no SQLite database. Name another file, or move this one."
    return None
