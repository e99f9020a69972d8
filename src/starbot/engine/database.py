"""The way to the database: its address and its connections."""

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, InterfaceError, OperationalError, TimeoutError

from starbot.errors import SetupError

DATABASE_PATIENCE_S = 2.5
"""How long a write may wait for the database: an event is acknowledged only once it is stored, and Slack
waits three seconds."""


class MarkLost(Exception):
    """This bot's mark on the database is gone: another one may be at its work already."""


DATABASE_AWAY = (OperationalError, InterfaceError, TimeoutError, MarkLost)
"""No answer, no connection, no free place in the pool, or a deadlock that the database resolved against us:
nothing was written, and the same transaction may be tried again."""


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


POSTGRESQL = {"connect_timeout": 2, "keepalives_idle": 10}


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
            connect_args=POSTGRESQL,
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
        connection.execute("pragma secure_delete=on")  # what is blanked or deleted leaves the file too

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine
