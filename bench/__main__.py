"""`python -m bench`: measures, prints, and with --write keeps the figures in docs/performance.md."""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from bench import acks, announcement, isolation, report, thrift
from bench.figures import Chapter
from bench.stand import ROOT, Databases, Stand, running

QUICK, FULL = 3, 20
ISOLATED = 8
LEVELS = {1: 200, 20: 400, 100: 600}
"""In flight: how many reactions."""
QUICK_LEVELS = {1: 75, 100: 200}

Measure = Callable[[Stand], Chapter]


def main() -> int:
    """The exit status: 1 where a promise was not kept."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="fewer repetitions, no bursts, no isolation: under a minute"
    )
    parser.add_argument("--write", action="store_true", help=f"write {report.PAGE.relative_to(ROOT)}")
    parser.add_argument("--only", help="the measurements whose name begins so")
    given = parser.parse_args()
    chapters: list[Chapter] = []
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="starbot-bench-") as folder:
        databases = Databases(Path(folder))
        for name, address, measure in plan(databases, given.quick):
            if given.only and not name.startswith(given.only):
                continue
            began = time.monotonic()
            with running(address()) as stand:
                chapters.append(measure(stand))
            print(f"{name}: measured in {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
        databases.close()
    report.show(chapters, load)
    if given.write:
        print(f"written: {report.write(chapters, load)}")
    return int(any(figure.is_met is False for chapter in chapters for figure in chapter.figures))


def plan(databases: Databases, quick: bool) -> Iterator[tuple[str, Callable[[], str], Measure]]:
    """Each measurement: its name, where its database comes from, and what it does."""
    times = QUICK if quick else FULL
    kinds = {"SQLite": databases.sqlite, "PostgreSQL": databases.postgresql}
    for kind, address in kinds.items():
        yield f"announcement, {kind}", address, partial(announcement.measure, database=kind, times=times)
        if not quick:
            yield f"announcement, {kind}, burst", address, partial(announcement.burst, database=kind)
    for kind, address in list(kinds.items())[: 1 if quick else 2]:
        for level, count in (QUICK_LEVELS if quick else LEVELS).items():
            measure = partial(acks.measure, database=kind, in_flight=level, count=count)
            yield f"ack, {kind}, {level} in flight", address, measure
        if not quick:
            yield f"ack, {kind}, burst", address, partial(acks.burst, database=kind)
    yield "calls", databases.sqlite, thrift.story
    if not quick:
        yield "isolation", databases.sqlite, partial(isolation.measure, database="SQLite", times=ISOLATED)
    yield "idle", databases.sqlite, thrift.idle


if __name__ == "__main__":
    sys.exit(main())
