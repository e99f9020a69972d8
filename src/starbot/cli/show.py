"""What the demo prints: a time line and what it came to, for people or as JSON."""

import json
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from importlib.metadata import version
from typing import Any

from starbot.cli.children import ChildEnded
from starbot.cli.story import STEPS
from starbot.cli.timeline import SYSTEMS, Told

LIBRARIES = ("slack-bolt", "slack-sdk", "python-gitlab", "zenpy", "pdpyras")


class Show:
    """The time line for people."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._at_start_s = 0.0

    def begins_at(self, sandbox_now: datetime) -> None:
        """The sandbox's clock goes on by itself: from now on its moments can be told as seconds from here."""
        self._at_start_s = sandbox_now.timestamp() - self.elapsed_s()

    def elapsed_s(self) -> float:
        """Seconds since the demo started."""
        return time.monotonic() - self._started

    def line(self, told: Told, at: datetime | None = None) -> None:
        """One thing that happened, now or at a moment of the sandbox's clock."""
        self._line(max(0.0, self.elapsed_s() if at is None else at.timestamp() - self._at_start_s), told)

    def _line(self, seconds: float, told: Told) -> None:
        by = f"  [{told.by}]" if told.by else ""
        print(f"{seconds:6.2f} s  {told.system:<9}  {told.what}{by}", flush=True)

    def ending(self, seen: set[str], calls: Mapping[str, int]) -> bool:
        """Every step, then what it all came to in one line; whether all were seen."""
        print()
        for step in STEPS:
            print(
                f"  {'seen' if step.what in seen else 'NOT SEEN':>8}  {SYSTEMS[step.system]:<8}  {step.what}"
            )
        cost = ", ".join(f"{SYSTEMS[service]} {calls[service]}" for service in SYSTEMS)
        libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
        print(
            f"\n{len(seen)} of {len(STEPS)} steps seen in the four systems. Calls for this STAR: {cost}. "
            f"Libraries: {libraries}. The vendors are simulated: nothing left this machine.",
            flush=True,
        )
        return len(seen) == len(STEPS)

    def failed(self, ended: ChildEnded) -> None:
        """A process that should run does not."""
        print(f"{ended} The last lines of its log:", file=sys.stderr)
        for line in ended.tail or ("(it said nothing)",):
            print(f"    {line}", file=sys.stderr)

    def try_these(self, url: str, misplaced: str) -> None:
        """Three commands for another terminal."""
        print(
            f"\nThe sandbox and the bot go on running; Ctrl-C ends both. See and play with all of it: {url}"
        )
        print("Or try in another terminal:")
        for what, command in commands(url, misplaced):
            print(f"\n  # {what}\n  {command}")
        print(flush=True)


class JsonShow(Show):
    """The same as one JSON object a line."""

    def _line(self, seconds: float, told: Told) -> None:
        _print_json({"seconds": round(seconds, 3), **told._asdict()})

    def ending(self, seen: set[str], calls: Mapping[str, int]) -> bool:
        """The last line of the story."""
        ok = len(seen) == len(STEPS)
        steps = [{"system": s.system, "step": s.what, "seen": s.what in seen} for s in STEPS]
        by_service = {service: calls[service] for service in SYSTEMS}
        _print_json(
            {"ok": ok, "steps": steps, "calls": by_service, "elapsed_ms": round(self.elapsed_s() * 1000)}
        )
        return ok

    def failed(self, ended: ChildEnded) -> None:
        """As for people, and a last line that says no."""
        super().failed(ended)
        elapsed_ms = round(self.elapsed_s() * 1000)
        _print_json({"ok": False, "steps": [], "calls": {}, "elapsed_ms": elapsed_ms, "error": str(ended)})

    def try_these(self, url: str, misplaced: str) -> None:
        """Nothing: the lines are for a program."""


def commands(url: str, misplaced: str) -> Iterator[tuple[str, str]]:
    """What one may try, and the command that does it. `misplaced` is the ts of a post that is no STAR."""
    form = {"Ticket": "123460", "Urgency": "Timely", "Submitted by": "<@U0NOAH>"}
    yield (
        "a STAR while GitLab is down: announced at once, the issue follows",
        " && ".join(
            (
                _curl(url, "faults", {"service": "gitlab", "kind": "status", "status": 503, "times": 2}),
                _curl(url, "slack/form", {"channel": "support_ticket-attention-requests", "fields": form}),
            )
        ),
    )
    form = {"Ticket": "N/A", "Urgency": "Urgent"}
    yield (
        "a STAR form without a ticket: its thread says what is missing",
        _curl(url, "slack/form", {"channel": "support_ticket-attention-requests", "fields": form}),
    )
    point = {"user": "U0MEI", "channel": "support_self-managed", "ts": misplaced, "name": "escalate"}
    yield "point Noah Berg's misplaced post to the STAR form", _curl(url, "slack/react", point)


def _curl(url: str, control: str, body: dict[str, Any]) -> str:
    return f"curl -s {url}/_sandbox/{control} -d '{json.dumps(body)}'"


def _print_json(row: dict[str, Any]) -> None:
    print(json.dumps(row, ensure_ascii=False), flush=True)
