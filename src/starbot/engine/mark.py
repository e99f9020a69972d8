"""The mark that a bot has on its database while it lives.

It keeps a second bot off a SQLite file. On PostgreSQL several bots share a database: there the mark tells who of
them lives, lets one of them lead, and lets only one at a time do what must not be done twice. All that is advisory
locks of one connection, which go when the process dies, whatever it was at.
"""

import fcntl
import random
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, LiteralString, NamedTuple, Protocol

import psycopg
from sqlalchemy.engine import make_url

from starbot.engine.database import POSTGRESQL, MarkLost, engine_url, first_line, is_sqlite
from starbot.engine.patience import Busy
from starbot.errors import SetupError

ONE_BOT = 0x57A2B07
"""The lock that every bot shares. A bot of before there could be several held it alone."""
BOTS = 0x57A2B08
"""The first half of the locks that a bot holds alone: its own number, or LEADER."""
LEADER = 0
ALONE = 0x57A2B09
"""The first half of the locks on what only one bot at a time may do."""
TURN_PAUSE_S = 0.05

WATCHFUL = {
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 6000,
    "options": "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3",
}
"""Both ends notice within eleven seconds that the other has gone without a word: the server then frees the locks."""


class Standing(NamedTuple):
    """Which bots are at work on the database, by the names under which their work is stored, and whether this one
    leads."""

    alive: frozenset[str]
    leads: bool


class Mark(Protocol):
    """What a bot holds until it is closed. `executor` is the name under which its work is stored."""

    executor: str

    def look(self) -> Standing:
        """How the bots of this database stand. MarkLost where this one's mark is gone."""

    def alone(self, name: str) -> AbstractContextManager[bool]:
        """Around what only one bot may be at: yields whether no other bot is."""

    def turn(self, name: str) -> AbstractContextManager[None]:
        """Waits until nobody is at it, in this bot or in another."""

    def close(self) -> None:
        """Gives it back."""


def take_mark(url: str) -> Mark:
    """Marks the database as one that a bot is at work on. SetupError where that cannot be."""
    return FileMark(url) if is_sqlite(url) else ServerMark(url)


class FileMark:
    """SQLite serves one process a file: a lock on a side file tells a second bot so at once."""

    executor = "local"

    def __init__(self, url: str) -> None:
        self._file = _locked(url)
        self.turn = Busy().turn

    def look(self) -> Standing:
        """This one is alone, and leads."""
        return Standing(frozenset([self.executor]), True)

    def alone(self, name: str) -> AbstractContextManager[bool]:
        """There is no other."""
        return nullcontext(True)

    def close(self) -> None:
        """Gives the file free."""
        self._file.close()


class ServerMark:
    """One bot of several on a PostgreSQL database. Its number is another one in each life."""

    def __init__(self, url: str) -> None:
        self._busy = Busy()
        self._leads = False
        address = make_url(url)
        arguments, told = address.get_dialect()().create_connect_args(address)
        try:
            self._db = psycopg.connect(*arguments, **{**told, **POSTGRESQL, **WATCHFUL}, autocommit=True)
        except (psycopg.Error, UnicodeError) as error:
            raise SetupError(
                [
                    f"DATABASE_URL: PostgreSQL does not let us in ({first_line(error)}). Check the address and that it "
                    "runs."
                ]
            ) from None
        if not self._ask("select pg_try_advisory_lock_shared(%s)", ONE_BOT):
            self.close()
            raise SetupError(
                [
                    "DATABASE_URL: this database is in use by an older starbot, which shares it with nobody. Stop that "
                    "one first."
                ]
            )
        number = LEADER
        while number == LEADER or not self._ask(_TAKE, BOTS, number):
            number = random.getrandbits(31)
        self.executor = str(number)

    def look(self) -> Standing:
        """Asks who holds a mark, and leads where nobody does."""
        alive = frozenset(self._ask(_ALIVE, BOTS, LEADER) or ())
        if self.executor not in alive:
            raise MarkLost("its lock is gone; does a pooler stand between? It needs a connection of its own")
        self._leads = self._leads or bool(self._ask(_TAKE, BOTS, LEADER))
        return Standing(alive, self._leads)

    @contextmanager
    def alone(self, name: str) -> Iterator[bool]:
        """Yields whether no other bot is at it. MarkLost."""
        is_mine = self._take(name)
        try:
            yield is_mine
        finally:
            if is_mine:
                self._give_back(name)

    @contextmanager
    def turn(self, name: str) -> Iterator[None]:
        """Waits until nobody is at it. MarkLost."""
        with self._busy.turn(name):
            while not self._take(name):
                time.sleep(TURN_PAUSE_S)
            try:
                yield
            finally:
                self._give_back(name)

    def close(self) -> None:
        """Gives everything back."""
        self._db.close()

    def _take(self, name: str) -> bool:
        return bool(self._ask("select pg_try_advisory_lock(%s, hashtext(%s))", ALONE, name))

    def _give_back(self, name: str) -> None:
        self._ask("select pg_advisory_unlock(%s, hashtext(%s))", ALONE, name)

    def _ask(self, question: LiteralString, *about: int | str) -> Any:
        """The one value that the server answers with; the connection is never made anew."""
        try:
            answer = self._db.execute(question, about).fetchone()
            return answer and answer[0]
        except psycopg.Error as error:
            raise MarkLost(first_line(error)) from None


_TAKE: LiteralString = "select pg_try_advisory_lock(%s, %s)"
_ALIVE: LiteralString = (
    "select array_agg(objid::text) from pg_locks where locktype = 'advisory' and classid = %s and objid <> %s"
    " and objsubid = 2 and granted and database = (select oid from pg_database where datname = current_database())"
)


def _locked(url: str) -> Any:
    """The side file, with this bot's lock on it."""
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
    """Why SQLite could not keep its tables in this file. Only for whoever holds the mark: to close a file
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
