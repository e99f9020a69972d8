"""A copy of the database while the bot runs: both SQLite files as they stood at one and the same moment.

The store and the engine's own file belong together: what one of them knows alone is lost, or done by nobody. So for
a few milliseconds nobody may write either, and in that moment a view of each is taken. The copies are read from
these views while the bot writes on. That is what a bot that is killed leaves behind, and it goes on from that.
"""

import os
import shlex
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path

from sqlalchemy.engine import URL, make_url

from starbot.engine.database import engine_url, first_line
from starbot.errors import SetupError

PATIENCE_S = 30.0
"""How long a copy may wait for the moment in which nobody writes."""
STEP_PAGES = 2048
Progress = Callable[[Path, int, int], None]
"""Told the file that is written, how many pages are there, and how many there will be."""


def copies_of(target: Path) -> tuple[Path, Path]:
    """The two files of a copy under this name: the store and the engine's."""
    engine = make_url(engine_url(f"sqlite:///{target}")).database
    return target, Path(engine or "")


def back_up(url: str, target: Path, *, force: bool, progress: Progress) -> tuple[Path, Path]:
    """Copies the SQLite database at this address; answers the two files.

    SetupError where there is nothing to copy, where a file of the copy is there already (unless `force`), or where
    it cannot be read or written. A copy that was begun and not ended leaves nothing behind.
    """
    sources = [Path(make_url(one).database or "") for one in (url, engine_url(url))]
    copies = copies_of(target)
    _check(sources, copies, force)
    parts = [copy.with_name(copy.name + ".part") for copy in copies]
    try:
        with _views(sources) as views:
            for view, part, copy in zip(views, parts, copies, strict=True):
                _copy(view, part, partial(progress, copy))
        for part, copy in zip(parts, copies, strict=True):
            part.replace(copy)
    except (sqlite3.Error, OSError) as error:
        raise SetupError([f"The copy was not made: {first_line(error)}."]) from None
    finally:
        for part in parts:
            part.unlink(missing_ok=True)
    return copies


def dump_command(url: str, target: Path) -> str:
    """What copies a PostgreSQL database; its password is not in it."""
    of = make_url(url)
    address = URL.create("postgresql", of.username, None, of.host, of.port, of.database, of.query)
    return shlex.join(["pg_dump", "--format=custom", f"--file={target}", address.render_as_string()])


def _check(sources: list[Path], copies: tuple[Path, Path], force: bool) -> None:
    missing = [source for source in sources if not source.is_file()]
    if missing:
        raise SetupError([f"DATABASE_URL: there is no {missing[0]} yet. Start the bot, or mend the path."])
    if not copies[0].parent.is_dir():
        raise SetupError([f"The folder {copies[0].parent} does not exist. Make it, or name another."])
    if {one.resolve() for one in sources} & {one.resolve() for one in copies}:
        raise SetupError([f"{copies[0]} is the database itself. Name another file."])
    there = [copy for copy in copies if copy.exists()]
    if there and not force:
        raise SetupError([f"{there[0]} is there already. Name another file, or add --force to replace it."])


@contextmanager
def _views(sources: list[Path]) -> Iterator[list[sqlite3.Connection]]:
    """A view of each file, all of the same moment."""
    with ExitStack() as opened:

        def connections() -> list[sqlite3.Connection]:
            found = [sqlite3.connect(one, timeout=PATIENCE_S, isolation_level=None) for one in sources]
            return [opened.enter_context(closing(one)) for one in found]

        writers, views = connections(), connections()
        for writer in writers:
            writer.execute("begin immediate")
        for view in views:
            view.execute("begin")
            view.execute("select count(*) from sqlite_master").fetchone()
        for writer in writers:
            writer.execute("rollback")
        yield views


def _copy(view: sqlite3.Connection, part: Path, progress: Callable[[int, int], None]) -> None:
    """Readable by its owner alone, for people's text is in it; looked through once it is there."""
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with closing(sqlite3.connect(part)) as copy:
        view.backup(copy, pages=STEP_PAGES, progress=lambda _, left, total: progress(total - left, total))
        fault = copy.execute("pragma quick_check").fetchone()[0]
        if fault != "ok":
            raise sqlite3.DatabaseError(f"{part} would not be readable ({fault})")
        copy.execute("pragma journal_mode=delete")  # else two side files might stay beside it
