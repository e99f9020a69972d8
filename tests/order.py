"""The order of the tests where several workers run them: what takes long comes first, an equal share for each worker.

A worker begins with the part of the list that is its own and takes from the ends of the others' when it is done. So
long tests at the end leave the others idle, and short ones at the end share out well.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

One = TypeVar("One")

ALONE = "tests/crash/"
"""Each of these takes many seconds and shares nothing with the next."""
LONG = ("tests/browser/", "tests/cli/", "tests/scenarios/", "tests/web/", "tests/engine/", "tests/fuzz/")
"""A file of these shares a browser, or a sandbox and a bot."""


def dealt(tests: Sequence[One], workers: int, path: Callable[[One], str]) -> list[One]:
    """The same tests, in as many equal parts as there are workers. `path`: the file of a test, from the top."""
    units: dict[str, list[One]] = {}
    short: list[One] = []
    for number, test in enumerate(tests):
        name = path(test)
        if name.startswith((ALONE, *LONG)):
            units.setdefault(f"{name}:{number}" if name.startswith(ALONE) else name, []).append(test)
        else:
            short.append(test)
    in_order = sorted(units, key=lambda name: not name.startswith(ALONE))
    parts = [[test for unit in in_order[n::workers] for test in units[unit]] for n in range(workers)]
    for part, left in zip(parts, range(workers, 0, -1), strict=True):
        size = (len(short) + sum(map(len, parts[workers - left :]))) // left
        taken = max(0, size - len(part))
        part += short[:taken]
        short = short[taken:]
    return [test for part in parts for test in part]
