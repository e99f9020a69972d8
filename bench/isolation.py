"""A vendor that hangs must not hold up what does not need it."""

import statistics
from functools import partial

from bench.announcement import announced
from bench.figures import Chapter, Figure
from bench.stand import NOBODYS, TICKETS, VENDOR_DELAYS_S, Stand, is_call

HANGS_S = 30.0
OPEN = 100
TARGET = 1.25
"""What "the usual time" may mean, as for the announcement itself."""


def measure(stand: Stand, database: str, times: int) -> Chapter:
    """STARs announced while Zendesk hangs under a hundred open effects, against undisturbed ones before."""
    stand.slow(VENDOR_DELAYS_S)
    undisturbed = []
    for ticket in TICKETS[:times]:
        undisturbed.append(sum(announced(stand, [ticket])[0].values()))
        stand.settle()
    stand.slow({"zendesk": HANGS_S})
    since = stand.last()
    stand.at_once([partial(stand.files_star, NOBODYS + n) for n in range(OPEN)])
    stand.until(lambda row: is_call(row, "chat.postMessage"), OPEN, since)
    stand.settle(but="zendesk")
    stand.slow({**VENDOR_DELAYS_S, "zendesk": HANGS_S})
    disturbed = [sum(announced(stand, [ticket])[0].values()) for ticket in TICKETS[times : 2 * times]]
    usual, now = statistics.median(undisturbed), statistics.median(disturbed)
    return Chapter(
        "Isolation",
        f"Zendesk answers after {HANGS_S:.0f} s and {OPEN} STARs wait for it; then a new STAR is filed. "
        "Its announcement as a multiple of an undisturbed one.",
        [
            Figure(
                f"{database}, median of {times}",
                f"{now / usual:.2f} × ({now:.0f} ms; undisturbed {usual:.0f} ms)",
                f"≤ {TARGET} ×",
                now / usual <= TARGET,
            ),
            Figure(
                f"{database}, slowest of {times}", f"{max(disturbed) / usual:.2f} × ({max(disturbed):.0f} ms)"
            ),
        ],
    )
