"""How soon a reaction is acknowledged while the bot is busy: Slack gives up after three seconds."""

import itertools
import math
import statistics
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from bench.figures import Chapter, Figure, spread
from bench.stand import (
    ENGINEERS,
    MANAGERS,
    SLOW_SLACK_S,
    STAR_CHANNEL,
    TICKETS,
    WATCHED_CHANNEL,
    Stand,
    began_ms,
    ended_ms,
    is_ack_of,
    is_call,
)

GIVES_UP_MS = 3000.0
ALONE_MS = 10.0
"""The promise for the median with one reaction in flight."""
STARS = 25
SHARE = 12
"""How many calls to Slack the bot makes at once (`limits.slack.share`)."""
BURST = 100

Reaction = tuple[str, str, str]
"""User, ts of the message, emoji."""


def measure(stand: Stand, database: str, in_flight: int, count: int) -> Chapter:
    """The acks of `count` reactions with so many in flight, while acknowledged STARs are being worked on."""
    roots = stand.at_once([partial(stand.files_star, ticket) for ticket in TICKETS[:STARS]])
    stand.until(lambda row: is_call(row, "chat.postMessage"), STARS)
    stand.settle()
    stand.slow(SLOW_SLACK_S)
    since = stand.last()
    _keep_in_flight(stand, _reactions(roots, count), in_flight)
    deliveries = [row for row in stand.rows(since) if is_ack_of(row, "reaction_added")]
    acks = [float(row["duration_ms"]) for row in deliveries]
    wall_ms = max(map(ended_ms, deliveries)) - min(map(began_ms, deliveries))
    effects = [row for row in stand.rows(since) if row["kind"] == "request"]
    running = sum(row["duration_ms"] for row in effects) / wall_ms
    late = sum(row["status"] != 200 for row in deliveries)
    met = late == 0 and (in_flight > 1 or statistics.median(acks) < ALONE_MS)
    promise = "none after 3 s" + (f", p50 < {ALONE_MS:.0f} ms" if in_flight == 1 else "")
    measured = (
        f"{spread(acks)} · {late} late (mean in flight {sum(acks) / wall_ms:.0f}, "
        f"{count / wall_ms * 1000:.0f}/s, vendor calls under way {running:.0f})"
    )
    return Chapter(
        "Ack",
        "Delivery of a `reaction_added` to its ack, as Slack sees it, while acknowledged STARs are worked "
        "on: every call to Slack takes 300 ms, to the others as above. Slack gives up after 3 s.",
        [Figure(f"{database}, {in_flight} in flight, {count} reactions", measured, promise, met)],
    )


def burst(stand: Stand, database: str) -> Chapter:
    """A hundred `:escalate:` at once, each of which makes the bot post an answer."""
    posts = stand.at_once(
        [partial(stand.writes, "U0NOAH", WATCHED_CHANNEL, f"Question {n}") for n in range(BURST)]
    )
    stand.settle()
    stand.slow(SLOW_SLACK_S)
    since = stand.last()
    stand.at_once([partial(stand.reacts, "U0ENG01", WATCHED_CHANNEL, ts, "escalate") for ts in posts])
    answers = stand.until(lambda row: is_call(row, "chat.postMessage"), BURST, since)
    rows = [row for row in stand.rows(since) if is_ack_of(row, "reaction_added")]
    acks = [float(row["duration_ms"]) for row in rows]
    took_s = (max(map(ended_ms, answers)) - min(map(began_ms, rows))) / 1000
    floor_s = math.ceil(BURST / SHARE) * SLOW_SLACK_S["slack"]
    late = sum(row["status"] != 200 for row in rows)
    return Chapter(
        "Ack",
        "",
        [
            Figure(
                f"{database}, {BURST} `:escalate:` at once",
                f"{spread(acks)} · {late} late",
                "none after 3 s",
                late == 0,
            ),
            Figure(
                f"{database}, until all {BURST} are answered",
                f"{took_s / floor_s:.2f} × ({took_s:.1f} s; {SHARE} calls at a time make {floor_s:.1f} s)",
            ),
        ],
    )


def _reactions(roots: list[str], count: int) -> Iterator[Reaction]:
    """One acknowledgement that starts work for every so many that start none, evenly spread."""
    first = [(MANAGERS[0], root, "eyes") for root in roots]
    later = itertools.chain(
        ((user, root, "eyes") for user in (*MANAGERS[1:], *ENGINEERS) for root in roots),
        ((user, root, "white_check_mark") for user in ENGINEERS for root in roots),
    )
    every = max(1, count // len(first))
    starters = iter(first)
    for number in range(count):
        starter = next(starters, None) if number % every == 0 else None
        yield starter or next(later)


def _keep_in_flight(stand: Stand, reactions: Iterator[Reaction], in_flight: int) -> None:
    sent = heard = 0
    since = stand.last()
    is_over = False
    with ThreadPoolExecutor(min(in_flight, 16)) as pool:
        while not is_over or heard < sent:
            batch = list(itertools.islice(reactions, in_flight - (sent - heard)))
            is_over = is_over or (sent - heard < in_flight and not batch)
            for user, ts, name in batch:
                pool.submit(stand.reacts, user, STAR_CHANNEL, ts, name)
            sent += len(batch)
            news = stand.news(since)
            since = news[-1]["n"] if news else since
            heard += sum(is_ack_of(row, "reaction_added") for row in news)
