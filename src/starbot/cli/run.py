"""`starbot run`: the bot, or every reason why it cannot start."""

import sys

from starbot import settings
from starbot.errors import SetupError


def run_bot() -> int:
    """Run until stopped. The exit status: 2 when the set-up must be mended, else what the bot ended with."""
    try:
        told = settings.load()
        from starbot.app import run

        return run(told)
    except SetupError as error:
        complain(error)
        return 2


def complain(error: SetupError, what: str = "starbot cannot start") -> None:
    """Print every complaint on standard error, one a line."""
    print(f"{what}:", file=sys.stderr)
    for complaint in error.complaints:
        print(f"  - {complaint}", file=sys.stderr)
    print("docs/configuration.md lists every setting. To try it out first: starbot demo", file=sys.stderr)
