"""What is ours: the settings, the versions underneath, the database."""

import platform
import sqlite3
from collections.abc import Iterator

from starbot.checkup.finding import Finding, Part
from starbot.engine.onlooker import DatabaseFacts, Onlooker
from starbot.errors import SetupError
from starbot.settings import SETTINGS_FILE, Settings

HOUSE = Part("starbot")

_OLD_SQLITE = (3, 42)


def steps(settings: Settings) -> Iterator[Finding]:
    """Everything about this installation."""
    named = settings.env.config.name if settings.env.config else SETTINGS_FILE
    yield HOUSE.ok(f"settings: the environment, .env and {named} can be read")
    people = settings.env.people
    yield HOUSE.ok(f"people file: {people.name}" if people else "people file: none, e-mail addresses tell")
    onlooker = None
    try:
        onlooker = Onlooker(settings.env.database_url)
        yield from versions(_python(), sqlite3.sqlite_version_info, onlooker.is_sqlite)
        yield from database(onlooker.facts())
    except SetupError as error:
        yield HOUSE.fix("database: cannot be looked at", " ".join(error.complaints))
    finally:
        if onlooker is not None:
            onlooker.close()


def _python() -> tuple[int, int]:
    major, minor, _ = platform.python_version_tuple()
    return int(major), int(minor)


def versions(python: tuple[int, int], sqlite: tuple[int, ...], uses_sqlite: bool) -> Iterator[Finding]:
    """Python 3.12 and newer make the durable engine ask for a function that SQLite has since 3.42."""
    told = f"Python {'.'.join(map(str, python))}, SQLite {'.'.join(map(str, sqlite))}"
    if uses_sqlite and python >= (3, 12) and sqlite < _OLD_SQLITE:
        yield HOUSE.warning(
            f"{told}: this SQLite is older than this Python expects; the bot makes up for it",
            "Take Python 3.11, a Python with SQLite 3.42 or newer, or PostgreSQL (DATABASE_URL).",
        )
    else:
        yield HOUSE.ok(told)


def database(facts: DatabaseFacts) -> Iterator[Finding]:
    """Reachable, writable, of a version that this starbot knows; a running bot is said."""
    if facts.why_not_writable:
        yield HOUSE.fix(
            f"database: {facts.why_not_writable}",
            "Give the bot's user the right to write there, or name another place: DATABASE_URL.",
        )
    else:
        yield HOUSE.ok(f"database: {facts.place}")
    if not facts.knows_schema:
        yield HOUSE.fix(
            f"database: made by a newer starbot (schema {facts.schema})",
            "Install that version again, or restore the copy from before it: docs/production.md.",
        )
    elif not facts.schema:
        yield HOUSE.ok("database: empty; the first start fills it")
    elif facts.schema != facts.newest:
        yield HOUSE.warning(
            f"database: schema {facts.schema}; the next start makes it {facts.newest}",
            "Copy the database before that start: docs/production.md.",
        )
    else:
        yield HOUSE.ok(f"database: schema {facts.schema}")
    if facts.bots:
        running = "a bot is" if facts.bots == 1 else f"{facts.bots} bots are"
        yield HOUSE.ok(f"database: {running} running on it")
