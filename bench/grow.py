"""`python -m bench.grow --cases 100000 DATABASE`: fills a database with closed STARs, as the bot would have left them.

A bot plays a few STARs against the sandbox, from the form post to the answered question. What it stored of each, its
case, journal, effects, targets and outside names, is copied as often as is asked for, with ids, tickets and days of its
own. DATABASE is the address of an empty database, or the path of a SQLite file.
"""

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from rich.console import Console
from rich.progress import Progress

from bench.pressure import STEPS, Pressure
from bench.stand import world
from starbot.core.text import marker
from starbot.engine.database import normal_url, open_engine
from starbot.engine.schema import cases, effects, handles, journal, targets
from starbot.engine.store import Store

PLAYED = 5
BATCH = 500
"""STARs in one transaction."""
A_DAY = 100
"""How many of them were filed on one day."""
MOST_MOMENTS = 10_000
"""More messages than one of them has, and few enough that a day's fit into a second's parts."""
FIRST_TICKET = 2_000_000
TABLES = (cases, handles, journal, effects, targets)

Rows = dict[str, list[dict[str, Any]]]
"""What is stored of one STAR, by table."""


def main() -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench.grow", description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000, help="how many STARs (default: 100000)")
    parser.add_argument("database", help="an empty database: its address, or the path of a SQLite file")
    given = parser.parse_args()
    url = given.database if "://" in given.database else f"sqlite:///{Path(given.database).absolute()}"
    grow(url, given.cases, played())
    return 0


def grow(url: str, count: int, like: Sequence[Rows]) -> None:
    """Fills the database with so many closed STARs, in turn like one of these; the last of them ended a day before."""
    store = Store(url)
    store.migrate()
    store.close()
    moulds = [Mould(rows) for rows in like]
    engine = open_engine(normal_url(url), "BEGIN IMMEDIATE")
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task(f"{count} closed STARs", total=count)
        for first in range(0, count, BATCH):
            numbers = range(first, min(first + BATCH, count))
            copies = [moulds[each % len(moulds)].copy(each, 1 + (count - each) // A_DAY) for each in numbers]
            with engine.begin() as connection:
                for table in TABLES:
                    connection.execute(sa.insert(table), [row for rows in copies for row in rows[table.name]])
            progress.advance(task, len(copies))
    engine.dispose()


def played() -> list[Rows]:
    """What a bot stored of a few STARs that were played to their end, when nothing more is to come of them."""
    with tempfile.TemporaryDirectory(prefix="starbot-bench-") as folder:
        url = f"sqlite:///{Path(folder) / 'played.db'}"
        with world(url) as stand, stand.bot() as pid:
            stand.settle()
            play = Pressure(stand, pid)
            for star in play.files(PLAYED):
                for _, step in STEPS:
                    play.does(step, star)
                    stand.settle()
            for _ in range(4):
                play.passes(3600)
                stand.settle()
        with sa.create_engine(url).connect() as connection:
            return list(_stored(connection))


def _stored(connection: sa.Connection) -> Iterator[Rows]:
    over = (cases.c.duty == "stars") & cases.c.next_due.is_(None) & (cases.c.status == "resolved")
    for case_id in connection.execute(sa.select(cases.c.id).where(over)).scalars().all():
        yield {
            table.name: [
                dict(row)
                for row in connection.execute(
                    sa.select(table).where((cases.c.id if table is cases else table.c.case_id) == case_id)
                ).mappings()
            ]
            for table in TABLES
        }


class Mould:
    """One STAR's rows, from which others are made: their text in pieces, between them what tells one from another."""

    def __init__(self, rows: Rows) -> None:
        case = rows["cases"][0]
        self._id = str(case["id"])
        self._ticket = str(case["subject"]).rpartition(":")[2]
        told = rf"({self._id}|\b{self._ticket}\b|\b\d{{10}}\.\d{{6}}\b|\b\d{{4}}-\d\d-\d\d(?=T)|\bV[0-9A-F]{{10}}\b)"
        self._pieces = re.split(told, json.dumps(rows))
        self._names = sorted(set(self._pieces[1::2]))
        self._moments = [name for name in self._names if "." in name]

    def copy(self, number: int, days: int) -> Rows:
        """Copy number so and so, from so many days earlier."""
        news = {name: self._renamed(name, number, days) for name in self._names}
        pieces = list(self._pieces)
        pieces[1::2] = [news[name] for name in pieces[1::2]]
        rows: Rows = json.loads("".join(pieces))
        return rows

    def _renamed(self, name: str, number: int, days: int) -> str:
        if name == self._id:
            return f"star-{marker(f'grown {number}')[:8]}{number}"
        if name == self._ticket:
            return str(FIRST_TICKET + number)
        if name.startswith("V"):
            return f"V{number:010X}"
        if "." in name:
            # The messages of a day stay apart, also those of one second.
            fraction = (number % A_DAY) * MOST_MOMENTS + self._moments.index(name)
            return f"{int(name.partition('.')[0]) - days * 86_400}.{fraction:06}"
        return (date.fromisoformat(name) - timedelta(days=days)).isoformat()


if __name__ == "__main__":
    sys.exit(main())
