"""From the form post to the announcement: how much longer than the two calls that no bot can do without."""

import statistics
from collections.abc import Sequence
from functools import partial

from bench.figures import Chapter, Figure
from bench.stand import TICKETS, VENDOR_DELAYS_S, Row, Stand, began_ms, ended_ms, is_ack_of, is_card

FLOOR_MS = 1000 * (VENDOR_DELAYS_S["pagerduty"] + VENDOR_DELAYS_S["slack"])
"""Who is on call must be known before the post that names them."""
TARGET = 1.25
BURST = 10

Way = dict[str, float]
"""Where the milliseconds of one announcement went, by leg."""


def measure(stand: Stand, database: str, times: int) -> Chapter:
    """The figures on one database."""
    stand.slow(VENDOR_DELAYS_S)
    one_by_one: list[Way] = []
    for ticket in TICKETS[:times]:
        one_by_one += announced(stand, [ticket])
        stand.settle()
    took = [sum(way.values()) for way in one_by_one]
    median, worst = statistics.median(took), max(took)
    figures = [
        Figure(
            f"{database}, {times} STARs one after another, median",
            f"{median / FLOOR_MS:.2f} × ({median:.0f} ms)",
            f"≤ {TARGET} ×",
            median / FLOOR_MS <= TARGET,
        ),
        Figure(
            f"{database}, the slowest of them",
            f"{worst / FLOOR_MS:.2f} × ({worst:.0f} ms: {_legs([one_by_one[took.index(worst)]])})",
        ),
        Figure(f"{database}, where the median's milliseconds go", _legs(one_by_one)),
    ]
    meaning = (
        "Form post to `chat.postMessage` served, as a multiple of the calls it cannot do without: who is on "
        f"call ({VENDOR_DELAYS_S['pagerduty'] * 1000:.0f} ms) and the post itself "
        f"({VENDOR_DELAYS_S['slack'] * 1000:.0f} ms). Meanwhile Zendesk takes 200 ms a call "
        "and GitLab 250."
    )
    return Chapter("Announcement", meaning, figures)


def burst(stand: Stand, database: str) -> Chapter:
    """Several STARs filed in the same moment."""
    stand.slow(VENDOR_DELAYS_S)
    took = [sum(way.values()) for way in announced(stand, TICKETS[:BURST])]
    middle, worst = statistics.median(took) / FLOOR_MS, max(took) / FLOOR_MS
    return Chapter(
        "Announcement",
        "",
        [Figure(f"{database}, {BURST} at once, median and slowest", f"{middle:.2f} × and {worst:.2f} ×")],
    )


def announced(stand: Stand, tickets: Sequence[int]) -> list[Way]:
    """Files a STAR for each ticket at once and waits for their cards."""
    since = stand.last()
    roots = stand.at_once([partial(stand.files_star, ticket) for ticket in tickets])
    stand.until(lambda row: any(is_card(root)(row) for root in roots), len(roots), since)
    rows = stand.rows(since)
    return [_way(rows, root, alone=len(roots) == 1) for root in roots]


def _way(rows: list[Row], root: str, alone: bool) -> Way:
    """Leg by leg, as the sandbox's journal saw it. In a crowd nobody can tell whose question was whose."""
    filed = float(root) * 1000
    card = next(row for row in rows if is_card(root)(row))
    if not alone:
        return {"all": ended_ms(card) - filed}
    heard = next(row for row in rows if is_ack_of(row, "message") and _ts(row) == root)
    asked = next(row for row in rows if row["service"] == "pagerduty")
    return {
        "form post to its ack": ended_ms(heard) - filed,
        "ack to PagerDuty asked": began_ms(asked) - ended_ms(heard),
        "PagerDuty answering": asked["duration_ms"],
        "its answer to the post": began_ms(card) - ended_ms(asked),
        "Slack posting": card["duration_ms"],
    }


def _ts(row: Row) -> str:
    return str(row["request"]["payload"]["event"].get("ts"))


def _legs(ways: list[Way]) -> str:
    return " · ".join(f"{leg} {statistics.median(way[leg] for way in ways):.0f}" for leg in ways[0])
