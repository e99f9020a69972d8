"""`python -m bench`: measures, prints, and with --write keeps the figures in docs/performance.md."""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from bench import acks, announcement, growth, http_acks, isolation, pages, report, thrift
from bench.figures import Chapter
from bench.stand import ROOT, Databases, Reached, Stand, running

QUICK, FULL = 3, 20
ISOLATED = 8
LEVELS = {1: 200, 20: 400, 100: 600}
"""In flight: how many reactions."""
QUICK_LEVELS = {1: 75, 100: 200}
REACHED: Mapping[str, Reached] = {"http": "http", "webhooks": "webhooks"}
"""How the bot is reached, by the first word of a measurement's name; the others use Socket Mode alone."""

Measure = Callable[[Stand], Chapter]


def main() -> int:
    """The exit status: 1 where a promise was not kept."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="fewer repetitions, no bursts, no isolation: under a minute"
    )
    parser.add_argument("--write", action="store_true", help=f"write {report.PAGE.relative_to(ROOT)}")
    parser.add_argument("--only", help="the measurements whose name begins so")
    parser.add_argument(
        "--grown", type=int, default=growth.MANY, help="closed STARs for the growth (default: 100000)"
    )
    given = parser.parse_args()
    chapters: list[Chapter] = []
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="starbot-bench-") as folder:
        databases = Databases(Path(folder))
        for name, address, measure in plan(databases, given.quick):
            if given.only and not name.startswith(given.only):
                continue
            began = time.monotonic()
            with running(address(), REACHED.get(name.partition(" ")[0], "socket")) as stand:
                chapters.append(measure(stand))
            print(f"{name}: measured in {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
        for kind, fresh in {"SQLite": databases.sqlite, "PostgreSQL": databases.postgresql}.items():
            if not given.quick and f"growth, {kind}".startswith(given.only or "growth"):
                chapters.append(growth.measure(kind, fresh, given.grown))
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
    levels = QUICK_LEVELS if quick else LEVELS
    yield "http ack, SQLite", databases.sqlite, partial(http_acks.measure, levels=levels)
    for kind, address in list(kinds.items())[: 1 if quick else 2]:
        answers = partial(pages.measure, database=kind, times=times)
        yield f"webhooks of a page, {kind}", address, partial(answers, by="webhook")
        if not quick:
            yield f"looks at a page, {kind}", address, partial(answers, by="looks")
    yield "calls", databases.sqlite, thrift.story
    if not quick:
        for kind, address in kinds.items():
            yield f"isolation, {kind}", address, partial(isolation.measure, database=kind, times=ISOLATED)
    yield "idle", databases.sqlite, thrift.idle


if __name__ == "__main__":
    sys.exit(main())
