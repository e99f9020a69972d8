"""`python -m bench.pressure`: a steady hour of STARs, then bursts, with the vendors' rate limits on.

The hour is shortened by the sandbox's clock; the limits keep real time, so they are the harder the shorter it is. Each
STAR must end as one that was played alone without limits: what is missing is lost, what is there twice is doubled, and
either ends the command with a status other than 0.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.progress import Progress

from bench import report
from bench.figures import Chapter, Figure
from bench.limits import Doors, listed
from bench.stand import (
    MANAGERS,
    STAR_CHANNEL,
    TICKETS,
    Databases,
    Row,
    Stand,
    ended_ms,
    is_call,
    resident_mb,
    world,
)

MANAGER, BOT, WRITER = MANAGERS[0], "U0STARBOT", "GitLab Support Bot"
MANAGERS_DM = f"D{MANAGER[1:]}"
MINUTE_S = 60.0
WARM_UP = 10
"""Minutes after which the memory of a bot that leaks nothing grows no more."""
STEPS: tuple[tuple[int, str], ...] = ((2, "acknowledge"), (4, "triage"), (8, "resolve"), (10, "answer"))
"""How many minutes after it was filed the manager does what with a STAR."""
PATIENCE_S = 1800.0
LOOK_S = 2.0
QUIET_S = 3.0
"""How long nothing happens once a STAR alone is done with, on a busy machine too."""

Shape = dict[str, Any]
"""What is there of a STAR in the four systems, counted."""


class Filed(NamedTuple):
    """A STAR of this run."""

    ticket: int
    root: str
    like: int
    """The ticket of which its own is a copy."""


class Pressure:
    """A stand under pressure: what was filed, what the journal said of it, and how much memory the bot held."""

    def __init__(self, stand: Stand, pid: int) -> None:
        self.stand = stand
        self.doors = Doors(self._real)
        self.announced_ms: dict[str, float] = {}
        """When each STAR was announced, by its form post, in real milliseconds from that post on."""
        self.memory_mb = [resident_mb(pid)]
        """At the start, and after each minute of the hour."""
        self._pid = pid
        self._questions: dict[int, Row] = {}
        self._cards: dict[str, str] = {}
        self._jumps: list[tuple[float, float]] = []
        self._since = 0

    def _real(self, ms: float) -> float:
        return ms - sum(jump for at, jump in self._jumps if at <= ms)

    # -- what people do

    def files(self, count: int) -> list[Filed]:
        """So many STARs in the same moment, each about a ticket of its own."""
        like = [TICKETS[number % len(TICKETS)] for number in range(count)]
        numbers = [self.stand.post("zendesk/act", ticket=ticket, action="open")["ticket"] for ticket in like]
        roots = self.stand.at_once([partial(self.stand.files_star, number) for number in numbers])
        return [Filed(*one) for one in zip(numbers, roots, like, strict=True)]

    def does(self, step: str, star: Filed) -> None:
        """The manager does the next thing with a STAR."""
        deeds: dict[str, Callable[[Filed], None]] = {
            "acknowledge": lambda one: self.stand.reacts(MANAGER, STAR_CHANNEL, one.root, "eyes"),
            "triage": self._triages,
            "resolve": lambda one: self.stand.reacts(MANAGER, STAR_CHANNEL, one.root, "green-check-mark"),
            "answer": self._answers,
        }
        deeds[step](star)

    def _triages(self, star: Filed) -> None:
        self.until(lambda: star.root in self._cards)
        card = {"channel": STAR_CHANNEL, "ts": self._cards[star.root]}
        self.stand.post("slack/click", user=MANAGER, **card, action_id="star_triage")
        views: list[Any] = []
        self.until(lambda: views.extend(self.stand.get("slack/views", user=MANAGER)) or views)
        said = {"decision": "work", "next_step": "Anna looks at the logs."}
        self.stand.post("slack/submit", user=MANAGER, view_id=views[-1]["id"], values=said)

    def _answers(self, star: Filed) -> None:
        self.until(lambda: star.ticket in self._questions)
        asked = self._questions[star.ticket]["response"]
        self.stand.writes(MANAGER, asked["channel"], "We move the upgrade to Monday.", asked["ts"])

    def passes(self, seconds: float) -> None:
        """So much of the sandbox's time goes by at once."""
        now = datetime.fromisoformat(self.stand.post("clock", advance_s=seconds)["now"])
        self._jumps.append((now.timestamp() * 1000, seconds * 1000))

    # -- what is seen of it

    def follow(self, for_s: float) -> None:
        """Reads the journal for so long."""
        until = time.monotonic() + for_s
        while (left := until - time.monotonic()) > 0:
            rows = self.stand.news(self._since, left)
            self._since = rows[-1]["n"] if rows else self._since
            self.doors.read(rows)
            for row in rows:
                if is_call(row, "chat.postMessage") and row["response"].get("ok"):
                    self._posted(row)

    def _posted(self, row: Row) -> None:
        root = row["request"].get("thread_ts")
        if row["request"]["channel"] == STAR_CHANNEL and root is not None:
            self._cards.setdefault(root, row["response"]["ts"])
            took_ms = self._real(ended_ms(row)) - self._real(float(root) * 1000)
            self.announced_ms.setdefault(root, took_ms)
        elif row["response"]["channel"] == MANAGERS_DM:
            text = row["request"]["text"]
            self._questions |= {int(word): row for word in _numbers(text)}

    def until(self, is_true: Callable[[], Any]) -> None:
        """Follows the journal until something is true."""
        deadline = time.monotonic() + PATIENCE_S
        while not is_true():
            if time.monotonic() > deadline:
                raise TimeoutError(f"it did not come true in {PATIENCE_S:.0f} s")
            self.follow(0.2)

    def measure_memory(self) -> None:
        """Notes how much the bot holds now."""
        self.memory_mb.append(resident_mb(self._pid))

    def shapes(self, stars: Sequence[Filed]) -> list[Shape]:
        """What is there of each STAR."""
        seen = {
            vendor: self.stand.get("state", only=vendor)[vendor] for vendor in ("slack", "gitlab", "zendesk")
        }
        return [_shape(seen, star) for star in stars]

    def ends(
        self, stars: Sequence[Filed], hoped: Shape, patience_s: float, watch: Callable[[int], None]
    ) -> float:
        """Follows until every STAR is as it should be, or for so long; how many seconds that took."""
        began = time.monotonic()
        while True:
            right = sum(shape == hoped for shape in self.shapes(stars))
            watch(right)
            took_s = time.monotonic() - began
            if right == len(stars) or took_s > patience_s:
                return took_s
            self.follow(LOOK_S)


def _numbers(text: str) -> list[str]:
    return "".join(letter if letter.isdigit() else " " for letter in text).split()


def _shape(seen: dict[str, Any], star: Filed) -> Shape:
    messages = seen["slack"]["messages"]
    ours = [one for one in messages if one.get("user") == BOT]
    root = next(one for one in messages if one["channel"] == STAR_CHANNEL and one["ts"] == star.root)
    issues = [one for one in seen["gitlab"]["issues"] if f"ticket {star.ticket}," in one["title"]]
    ticket = seen["zendesk"]["tickets"][str(star.ticket)]
    return {
        "posts in the thread": sum(one.get("thread_ts") == star.root for one in ours),
        "reactions": sorted((one["name"], len(one["users"])) for one in root.get("reactions", [])),
        "direct messages": sum(
            one["channel"] == MANAGERS_DM and str(star.ticket) in _numbers(one["text"]) for one in ours
        ),
        "issues": [(one["state"], one["labels"], len(one["notes"])) for one in issues],
        "comments on the ticket": sum(one["author"] == WRITER for one in ticket["comments"]),
        "tags": sorted(set(ticket["tags"]) - set(seen["zendesk"]["tickets"][str(star.like)]["tags"])),
    }


# -- the run


def main() -> int:
    """The exit status: 1 where something was lost or doubled, or a vendor's wait was not kept."""
    parser = argparse.ArgumentParser(prog="python -m bench.pressure", description=__doc__)
    parser.add_argument("--minutes", type=int, default=60, help="how long the steady hour is (default: 60)")
    parser.add_argument("--speed", type=float, default=6.0, help="minutes of it in a real one (default: 6)")
    parser.add_argument(
        "--bursts", type=int, nargs="*", default=[20, 100], help="STARs at once (default: 20 100)"
    )
    parser.add_argument("--database", choices=("SQLite", "PostgreSQL"), default="SQLite")
    given = parser.parse_args()
    load = os.getloadavg()[0]
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="starbot-bench-") as folder:
        databases = Databases(Path(folder))
        address = {"SQLite": databases.sqlite, "PostgreSQL": databases.postgresql}[given.database]()
        with world(address) as stand, stand.bot() as pid, Progress(console=Console(stderr=True)) as progress:
            stand.settle()
            hour = Pressure(stand, pid)
            filed, resolved = alone(hour)
            stand.post("rates", on=True)
            if given.minutes:
                figures += steady(hour, resolved, given.minutes, given.speed, progress)
            for count in given.bursts:
                figures += burst(Pressure(stand, pid), filed, count, progress)
        databases.close()
    meaning = (
        "A STAR a minute, acknowledged, triaged, resolved and answered by the manager, then bursts; the vendors' "
        f"rate limits are on and keep real time, {given.speed:g} minutes of the hour pass in a real one. "
        f"Load average before and after: {load:.1f}, {os.getloadavg()[0]:.1f}."
    )
    report.show([Chapter(f"Pressure, {given.database}", meaning, figures)], 0)
    print(meaning)
    return int(any(figure.is_met is False for figure in figures))


def alone(hour: Pressure) -> tuple[Shape, Shape]:
    """One STAR without limits, nobody else about: what is there of it once it was filed, and at its end."""
    stars = hour.files(1)
    hour.until(lambda: stars[0].root in hour.announced_ms)
    hour.stand.settle(QUIET_S)
    (filed,) = hour.shapes(stars)
    for _, step in STEPS:
        hour.does(step, stars[0])
        hour.follow(0.1)
        hour.stand.settle(QUIET_S)
    (resolved,) = hour.shapes(stars)
    return filed, resolved


def steady(hour: Pressure, hoped: Shape, minutes: int, speed: float, progress: Progress) -> list[Figure]:
    """A STAR a minute; the hour lasts until the last one is over."""
    stars: list[Filed] = []
    last = minutes + STEPS[-1][0]
    task = progress.add_task(f"a steady hour of {minutes} minutes", total=last)
    for minute in range(last):
        began = time.monotonic()
        if minute < minutes:
            stars += hour.files(1)
        for after, step in STEPS:
            if 0 <= minute - after < len(stars):
                hour.does(step, stars[minute - after])
        hour.follow(max(0.1, MINUTE_S / speed - (time.monotonic() - began)))
        hour.passes(max(0.0, MINUTE_S - (time.monotonic() - began)))
        hour.measure_memory()
        progress.advance(task)
    hour.ends(stars, hoped, 300, lambda right: None)
    memory = hour.memory_mb
    warm = min(WARM_UP, len(memory) - 2)
    slope = statistics.linear_regression(range(len(memory) - warm), memory[warm:]).slope
    return [
        *_ended("the hour", hour, stars, hoped),
        Figure(
            "the hour, memory of the bot",
            f"{memory[0]:.0f} MB at the start, {memory[warm]:.0f} after {warm} minutes, {memory[-1]:.0f} at the end; "
            f"from there on {slope * 60:+.1f} MB an hour",
        ),
    ]


def burst(after: Pressure, hoped: Shape, count: int, progress: Progress) -> list[Figure]:
    """So many STARs in the same moment."""
    task = progress.add_task(f"a burst of {count}, announced", total=count)
    after.follow(0.5)
    after.doors = Doors()
    stars = after.files(count)

    def are_announced() -> bool:
        there = sum(star.root in after.announced_ms for star in stars)
        progress.update(task, completed=there)
        return there == count

    after.until(are_announced)
    told = progress.add_task(f"a burst of {count}, all of it done", total=count)
    since_s = max(after.announced_ms[star.root] for star in stars) / 1000
    took_s = since_s + after.ends(stars, hoped, 900, lambda right: progress.update(told, completed=right))
    after.measure_memory()
    name = f"{count} at once"
    return [
        *_ended(name, after, stars, hoped),
        Figure(f"{name}, until all of it was done", f"{took_s:.0f} s"),
        Figure(f"{name}, memory of the bot", " and ".join(f"{mb:.0f} MB" for mb in after.memory_mb)),
    ]


def _ended(name: str, seen: Pressure, stars: Sequence[Filed], hoped: Shape) -> list[Figure]:
    shapes = seen.shapes(stars)
    wrong = [shape for shape in shapes if shape != hoped]
    unlike = sorted(
        {f"{key}: {one[key]} for {hoped[key]}" for one in wrong for key in hoped if one[key] != hoped[key]}
    )
    took = [seen.announced_ms[star.root] / 1000 for star in stars if star.root in seen.announced_ms]
    doors = seen.doors
    return [
        Figure(
            f"{name}, STARs as one alone",
            f"{len(stars) - len(wrong)} of {len(stars)}" + (f" ({'; '.join(unlike[:4])})" if unlike else ""),
            "all",
            not wrong,
        ),
        Figure(
            f"{name}, form post to announcement",
            f"median {statistics.median(took):.1f} s, last {max(took):.1f} s ({len(took)} of {len(stars)})",
        ),
        Figure(f"{name}, calls", listed(doors.asked)),
        Figure(f"{name}, answered 429", listed(doors.refused)),
        Figure(f"{name}, asked before Retry-After was over", listed(doors.early), "none", not doors.early),
    ]


if __name__ == "__main__":
    sys.exit(main())
