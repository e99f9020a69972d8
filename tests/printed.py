"""What a command of ours prints when it is run in this process.

Not by pytest's capsys: a bot that starts meanwhile would keep its streams, which are closed with the test.
"""

import contextlib
import io
from collections.abc import Callable
from typing import NamedTuple


class Printed(NamedTuple):
    """The exit status and both streams."""

    status: int
    out: str
    err: str


def printed(command: Callable[[], int]) -> Printed:
    """Runs it."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = command()
    return Printed(status, out.getvalue(), err.getvalue())
