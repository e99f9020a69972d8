"""`python -m tests.crash.recovery`: how long after `kill -9` of a bot another one has done what it was at.

Ten times a bot is killed while it opens an issue; the time is that from the kill to the issue, which the other opens.
"""

import statistics
import tempfile
import time
from pathlib import Path

from tests.crash.pair import Pair
from tests.crash.points import Asked
from tests.postgresql import new_database, server
from tests.stage import sandbox

TIMES = 10


def measured(pair: Pair) -> list[float]:
    """Seconds, one for each kill."""
    took: list[float] = []
    pair.start()
    while len(took) < TIMES:
        ticket, asked = pair.stage.fresh_ticket(), Asked("form", "gitlab", "POST", "*/issues")
        asked.arm(pair.stage)
        pair.stage.files_star(Ticket=str(ticket))
        asked.wait(pair.stage)
        dead = pair.at_work()
        dead.kill()
        killed = time.monotonic()
        pair.stage.mends()
        pair.stage.until(lambda ticket=ticket: pair.stage.issue(ticket))
        took.append(time.monotonic() - killed)
        dead.start()
        pair.stage.quiet(2.0)
    return took


def main() -> None:
    """Measures and prints."""
    with (
        tempfile.TemporaryDirectory(prefix="starbot-recovery-") as name,
        sandbox() as desk,
        server() as address,
    ):
        pair = Pair(desk, Path(name), new_database(address))
        try:
            took = measured(pair)
        finally:
            pair.close()
    print(f"{TIMES} kills: p50 {statistics.median(took):.1f} s, max {max(took):.1f} s")


if __name__ == "__main__":
    main()
