"""The sandbox clock: the one source of "now" for the data of all four vendors.

It runs with real time from a set point and can be moved forward at will, so that a story may skip
two hours. Only data follows it (message ts, SLA, on call, token life); the wire (acks, retries,
trigger ids, rate limits) keeps real time.
"""

import asyncio
import time
from datetime import UTC, datetime, timedelta

TICK_S = 0.05


class Clock:
    """A settable UTC clock. `moves` counts how often it was set, so that a follower can ask for the next."""

    def __init__(self, start: datetime) -> None:
        self.moves = 0
        self._has_let_go = False
        self._moved = asyncio.Event()
        self._anchor(start)

    def _anchor(self, moment: datetime) -> None:
        if moment.tzinfo is None:
            raise ValueError("the clock needs a moment with a time zone")
        self._set_point = moment.astimezone(UTC)
        self._since = time.monotonic()

    def _move(self, moment: datetime) -> None:
        self._anchor(moment)
        self.moves += 1
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    def now(self) -> datetime:
        """The present moment of the sandbox, aware, UTC."""
        return self._set_point + timedelta(seconds=time.monotonic() - self._since)

    def advance(self, seconds: float) -> None:
        """Move forward by `seconds`. ValueError if negative."""
        if seconds < 0:
            raise ValueError("the clock moves forward only; POST /_sandbox/reset starts over")
        self._move(self.now() + timedelta(seconds=seconds))

    def set(self, moment: datetime) -> None:
        """Move forward to `moment` (aware). ValueError if it lies in the past or has no zone."""
        if moment.tzinfo is None:
            raise ValueError("the moment needs a time zone, for example 2026-11-17T14:00:00Z")
        if moment < self.now():
            raise ValueError("the clock moves forward only; POST /_sandbox/reset starts over")
        self._move(moment)

    def restart(self, moment: datetime) -> None:
        """Begin anew at `moment`, backwards too: for a reset of the world only. Counts as a move."""
        self._move(moment)

    async def wait(self, after: int, timeout_s: float) -> None:
        """Return when `moves` > `after`, or after `timeout_s` seconds of real time, or when the sandbox ends."""
        deadline = time.monotonic() + timeout_s
        while not self._has_let_go and self.moves <= after and (left := deadline - time.monotonic()) > 0:
            try:
                await asyncio.wait_for(self._moved.wait(), left)
            except TimeoutError:
                return
        if self._has_let_go:
            await asyncio.sleep(TICK_S)  # whoever asks again and again leaves the loop to the others

    def let_go(self) -> None:
        """Nobody waits any more: the sandbox ends."""
        self._has_let_go = True
        self._moved.set()
