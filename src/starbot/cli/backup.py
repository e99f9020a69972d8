"""`starbot backup`: a copy of the database, taken while the bot runs."""

import sys
from pathlib import Path

from starbot import settings
from starbot.cli.run import complain
from starbot.engine.backup import back_up, dump_command
from starbot.engine.database import is_sqlite
from starbot.errors import SetupError

PAGE_MB = 4096 / 1_000_000


def backup(target: Path, force: bool) -> int:
    """Copy both files. The exit status: 1 where another tool does it, 2 where something must be mended."""
    try:
        url = settings.load().env.database_url
        if not is_sqlite(url):
            return _say_how(url, target)
        copies = back_up(url, target, force=force, progress=_tell)
    except SetupError as error:
        complain(error, "starbot made no back-up")
        return 2
    _end_line()
    print(
        f"Backed up to {copies[0]} and {copies[1]}: keep the two together. docs/production.md says how to restore."
    )
    return 0


def _say_how(url: str, target: Path) -> int:
    print(
        "Nothing was copied: PostgreSQL has a tool of its own, which may run beside the bot. It asks for the\n"
        "password, or takes it from ~/.pgpass or PGPASSWORD:",
        file=sys.stderr,
    )
    print(dump_command(url, target))
    return 1


def _tell(copy: Path, done: int, total: int) -> None:
    """One line that grows, where somebody watches."""
    if sys.stderr.isatty():
        told = f"\r{copy.name}: {done * PAGE_MB:.1f} of {total * PAGE_MB:.1f} MB"
        print(told, end="", file=sys.stderr, flush=True)


def _end_line() -> None:
    if sys.stderr.isatty():
        print(file=sys.stderr)
