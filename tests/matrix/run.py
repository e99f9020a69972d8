"""The whole matrix: every call of every story, met by a death or by each kind of fault.

Prints a line of progress and, at the end, how many cells were tried, lost and doubled; the exit status is 1 if any was.
"""

import argparse
import multiprocessing
import os
import statistics
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial

from tests.matrix.cases import DEATHS, FAULTS, VERDICTS, Call, Cell, Json, Seen
from tests.matrix.play import dies, leaves_it_to_the_other, suffers, undisturbed
from tests.matrix.stories import STORIES
from tests.postgresql import server
from tests.sandbox.desk import Desk
from tests.stage import sandbox

Play = Callable[[Desk, Cell, Json], Seen]

BAD = ("lost", "doubled")
NEVER_SENT = "the bot never sent"
"""What a point says that waited for its call in vain."""


def main() -> int:
    """The exit status: 1 where something was lost or doubled."""
    parser = argparse.ArgumentParser(prog="python -m tests.matrix", description=__doc__.partition("\n\n")[0])
    parser.add_argument("what", choices=("crash", "faults"))
    parser.add_argument("--only", default="", help="the cells whose name holds this")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every Nth cell")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many at once")
    parser.add_argument("--two", action="store_true", help="crash: of two bots on one PostgreSQL one dies")
    given = parser.parse_args()
    if given.two and given.what != "crash":
        parser.error("--two goes with crash: a fault meets one bot")
    began = time.monotonic()
    play: Play = dies if given.what == "crash" else suffers
    with ExitStack() as held:
        if given.two:
            play = partial(leaves_it_to_the_other, server=held.enter_context(server()))
        pool = held.enter_context(multiprocessing.get_context("spawn").Pool(given.jobs))
        known = pool.map(_undisturbed, range(len(STORIES)))
        cells = [
            cell for cell in _cells(given.what, [calls for _, calls in known]) if given.only in str(cell)
        ]
        cells = cells[:: given.every]
        print(f"{len(cells)} cells of {len(STORIES)} stories", flush=True)
        one = partial(_play, play, [hoped for hoped, _ in known])
        seen = list(_watched(pool.imap_unordered(one, cells), len(cells), began))
    report(seen, time.monotonic() - began)
    return int(any(one.verdict in BAD for one in seen))


def _undisturbed(number: int) -> tuple[Json, list[Call]]:
    with sandbox() as desk:
        return undisturbed(desk, number)


def _cells(what: str, calls: Sequence[Sequence[Call]]) -> Iterator[Cell]:
    troubles = DEATHS if what == "crash" else tuple(FAULTS)
    for of_story in calls:
        for call in of_story:
            yield from (Cell(call, trouble) for trouble in troubles)


def _play(play: Play, hoped: Sequence[Json], cell: Cell) -> Seen:
    """A cell in a world of its own. That the story could not be played is a loss, and says why."""
    try:
        with sandbox() as desk:
            return play(desk, cell, hoped[cell.call.story])
    except Exception as error:
        is_met = NEVER_SENT not in str(error)
        return Seen(cell, "lost" if is_met else "not met", None, f"{type(error).__name__}: {error}"[:600])


def _watched(seen: Iterator[Seen], total: int, began: float) -> Iterator[Seen]:
    bad = 0
    for number, one in enumerate(seen, 1):
        took = time.monotonic() - began
        if one.verdict in BAD:
            bad += 1
            print(f"\r{one.verdict.upper()}: {one.cell}\n    {one.why}", flush=True)
        left = took / number * (total - number)
        end = "" if sys.stdout.isatty() else "\n"
        if end == "" or number % 20 == 0 or number == total:
            print(f"\r{number} of {total}, {bad} bad, {left / 60:.0f} min left ", end=end, flush=True)
        yield one
    print()


def report(seen: Sequence[Seen], took_s: float) -> None:
    """The table for docs/reliability.md: a line a story."""
    by_story: dict[int, list[Seen]] = defaultdict(list)
    for one in seen:
        by_story[one.cell.call.story].append(one)
    print("| Story | tried | " + " | ".join(VERDICTS) + " | recovery p50 / max |")
    print("|-|-|" + "-|" * len(VERDICTS) + "-|")
    for number, ones in sorted(by_story.items()):
        print(_line(STORIES[number].name, ones))
    print(_line("all", seen))
    print(f"in {took_s / 60:.1f} min")


def _line(name: str, seen: Sequence[Seen]) -> str:
    counts = Counter(one.verdict for one in seen)
    times = sorted(one.recovery_s for one in seen if one.recovery_s is not None)
    recovery = f"{statistics.median(times):.1f} / {times[-1]:.1f} s" if times else ""
    numbers = " | ".join(str(counts[verdict]) for verdict in VERDICTS)
    return f"| {name} | {len(seen)} | {numbers} | {recovery} |"
