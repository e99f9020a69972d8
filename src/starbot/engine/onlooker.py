"""The database looked at beside a running bot: no mark is made, no schema changed, nothing written.

SQLite is opened read-only, PostgreSQL in transactions that may not write. What cannot be looked at ends in a
SetupError with the mend, as for the bot itself.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import DBAPIError

from starbot.engine.database import DATABASE_PATIENCE_S, POSTGRESQL, first_line, is_sqlite, normal_url
from starbot.engine.mark import ONE_BOT
from starbot.engine.store import Books
from starbot.errors import SetupError


class DatabaseFacts(NamedTuple):
    """How a database stands. `schema` is "" where no bot has used it, `newest` what this version makes of it;
    `knows_schema` is false for one that a newer starbot made; `bots` are at work on it; `why_not_writable` is ""
    where it is."""

    place: str
    schema: str
    newest: str
    knows_schema: bool
    bots: int
    why_not_writable: str


class Onlooker:
    """One database, to be read only."""

    def __init__(self, url: str) -> None:
        self._url = normal_url(url)
        self.is_sqlite = is_sqlite(self._url)
        self._path = Path(make_url(self._url).database or "") if self.is_sqlite else None
        self._engine = _open_file(self._path) if self._path else _open_server(self._url)

    @property
    def exists(self) -> bool:
        """Whether there is something to look at: a SQLite file is made at the first start only."""
        return self._path is None or self._path.is_file()

    @contextmanager
    def read(self) -> Iterator[Books]:
        """The stored cases. SetupError where there are none to read."""
        if not self.exists:
            raise SetupError(
                [f"DATABASE_URL: there is no {self._path} yet. Start the bot, or mend the path."]
            )
        try:
            with self._engine.connect() as connection:
                if not _schema(connection):
                    raise SetupError(
                        ["DATABASE_URL: no bot has used this database yet. Start the bot first."]
                    )
                yield Books(connection, lock_rows=False)
        except DBAPIError as error:
            raise SetupError(
                [f"DATABASE_URL: {first_line(error)}. Start the bot once, which mends it."]
            ) from None

    def facts(self) -> DatabaseFacts:
        """How it stands. SetupError where it cannot be reached."""
        schemas = _schemas()
        if not self.exists:
            return DatabaseFacts(self._place(), "", schemas[0], True, 0, self._why_not_writable(None))
        try:
            with self._engine.connect() as connection:
                schema = _schema(connection)
                return DatabaseFacts(
                    self._place(),
                    schema,
                    schemas[0],
                    not schema or schema in schemas,
                    self._bots(connection),
                    self._why_not_writable(connection),
                )
        except DBAPIError as error:
            raise SetupError(
                [f"DATABASE_URL: {first_line(error)}. Check the address, and that the server runs."]
            ) from None

    def close(self) -> None:
        """Gives back the connections."""
        self._engine.dispose()

    def _place(self) -> str:
        parts = make_url(self._url)
        return f"SQLite, {parts.database}" if self.is_sqlite else f"PostgreSQL, {parts.host}/{parts.database}"

    def _bots(self, connection: Connection) -> int:
        """How many bots hold it now. For a file a shared lock is tried for a moment; nothing is written."""
        if self._path is None:
            held = sa.text(
                "select count(*) from pg_locks where locktype = 'advisory' and objid = :one and classid = 0 and granted"
                " and database = (select oid from pg_database where datname = current_database())"
            )
            return int(connection.execute(held, {"one": ONE_BOT}).scalar_one())
        try:
            with self._path.with_name(self._path.name + ".lock").open("rb") as mark:
                fcntl.flock(mark, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return 0
        except BlockingIOError:
            return 1
        return 0

    def _why_not_writable(self, connection: Connection | None) -> str:
        if self._path is not None:
            places = [self._path.parent, *([self._path] if self._path.exists() else [])]
            shut = next((place for place in places if not os.access(place, os.W_OK)), None)
            return f"{shut} cannot be written" if shut else ""
        assert connection is not None, "a server without a connection"
        asked = sa.text("select pg_is_in_recovery(), has_schema_privilege(current_schema(), 'CREATE')")
        in_recovery, may_create = connection.execute(asked).one()
        if in_recovery:
            return "this server is a standby, which takes no writes"
        return "" if may_create else "the user may not create tables in this schema"


def _open_file(path: Path) -> Engine:
    if path.is_dir() or not path.parent.is_dir():
        raise SetupError([f"DATABASE_URL: {path} is no file in a folder that exists. Mend the path."])
    # Where no bot has it open SQLite would lay its two side files, and leave them: to an admin who is not the bot's
    # user they would then belong, and lock the bot out.
    is_at_rest = not path.with_name(path.name + "-wal").exists()
    address = f"sqlite:///file:{quote(str(path))}?mode=ro{'&immutable=1' if is_at_rest else ''}&uri=true"
    engine = sa.create_engine(address, hide_parameters=True, connect_args={"timeout": DATABASE_PATIENCE_S})

    @sa.event.listens_for(engine, "connect")
    def _only_look(connection: Any, _record: Any) -> None:
        connection.execute("pragma query_only = on")

    return engine


def _open_server(url: str) -> Engine:
    read_only = {**POSTGRESQL, "options": "-c default_transaction_read_only=on"}
    return sa.create_engine(url, poolclass=sa.NullPool, hide_parameters=True, connect_args=read_only)


def _schema(connection: Connection) -> str:
    """The version that the tables have; "" where there are none."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.execute(sa.text("select version_num from alembic_version")).scalar() or "")


def _schemas() -> list[str]:
    """Every version of the schema that this starbot knows, the newest first."""
    config = Config()
    config.set_main_option("script_location", str(files("starbot.engine") / "migrations"))
    return [one.revision for one in ScriptDirectory.from_config(config).walk_revisions()]
