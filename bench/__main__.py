"""`python -m bench`: measures, prints, and with --write keeps the figures in docs/performance.md."""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from bench import acks, announcement, isolation, report, thrift
from bench.figures import Chapter
from bench.stand import Databases, Stand, running

QUICK, FULL = 5, 20
LEVELS = {1: 200, 20: 400, 100: 600}
"""In flight: how many reactions."""

Measure = Callable[[Stand], Chapter]


def main() -> int:
    """The exit status: 1 where a promise was not kept."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repetitions: under a minute")
    parser.add_argument("--write", action="store_true", help=f"write {report.PAGE.relative_to(Path.cwd())}")
    parser.add_argument("--only", help="the measurements whose name begins so")
    given = parser.parse_args()
    chapters: list[Chapter] = []
    with tempfile.TemporaryDirectory(prefix="starbot-bench-") as folder:
        databases = Databases(Path(folder))
        for name, address, measure in plan(databases, given.quick):
            if given.only and not name.startswith(given.only):
                continue
            print(f"{name} ...", file=sys.stderr, flush=True)
            with running(address()) as stand:
                chapters.append(measure(stand))
        databases.close()
    report.show(chapters)
    if given.write:
        print(f"written: {report.write(chapters)}")
    return int(any(figure.is_met is False for chapter in chapters for figure in chapter.figures))


def plan(databases: Databases, quick: bool) -> Iterator[tuple[str, Callable[[], str], Measure]]:
    """Each measurement: its name, where its database comes from, and what it does."""
    times = QUICK if quick else FULL
    kinds = {"SQLite": databases.sqlite, "PostgreSQL": databases.postgresql}
    for kind, address in kinds.items():
        yield f"announcement, {kind}", address, lambda stand, kind=kind: announcement.measure(stand, kind, times)  # type: ignore[misc]
    for kind, address in kinds.items():
        if quick and kind != "SQLite":
            continue
        for level, count in LEVELS.items():
            count = count // 2 if quick else count
            yield (
                f"ack, {kind}, {level} in flight",
                address,
                lambda stand, kind=kind, level=level, count=count: acks.measure(stand, kind, level, count),  # type: ignore[misc]
            )
        yield f"ack, {kind}, burst", address, lambda stand, kind=kind: acks.burst(stand, kind)  # type: ignore[misc]
    yield "calls", databases.sqlite, thrift.story
    yield "isolation", databases.sqlite, lambda stand: isolation.measure(stand, "SQLite", 3 if quick else 8)
    yield "idle", databases.sqlite, thrift.idle


if __name__ == "__main__":
    sys.exit(main())
