"""What time it is: the system's clock, or the sandbox's for a demo and for tests."""

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import NamedTuple

from starbot.errors import SetupError
from starbot.settings import is_loopback

_ASK_TIMEOUT_S = 5.0
_WAIT_TIMEOUT_S = 40.0
"""The sandbox answers a waiting request after 25 s at the latest."""
_AGAIN_AFTER_S = 0.5
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""The sandbox is on this machine: whatever proxy the environment names is not asked for it."""


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """This moment, aware, UTC."""
        return datetime.now(UTC)

    def close(self) -> None:
        """Nothing was begun, so nothing ends."""


class _Told(NamedTuple):
    """What the sandbox said, and when on our own monotonic clock it said it."""

    now: datetime
    moves: int
    heard_at: float


class SandboxClock:
    """Follows a sandbox's clock, which runs with real time and jumps when a story says so.

    Asks once when made and then waits for moves in one daemon thread, so `now` never waits. Loopback only: no
    machine elsewhere may tell us the time. SetupError if the address is not, or if nobody answers there.
    """

    def __init__(self, url: str) -> None:
        if not is_loopback(url):
            raise SetupError([f"STARBOT_SANDBOX_CLOCK: {url} is not on this machine; remove it"])
        self._url = url
        self._listeners: list[Callable[[datetime], None]] = []
        self._closed = threading.Event()
        try:
            self._told = self._ask(None)
        except (OSError, ValueError, KeyError) as error:
            raise SetupError([f"STARBOT_SANDBOX_CLOCK: no sandbox answers at {url}; start it"]) from error
        threading.Thread(target=self._follow, name="sandbox-clock", daemon=True).start()

    def now(self) -> datetime:
        """This moment in the sandbox, aware, UTC."""
        told = self._told
        return told.now + timedelta(seconds=time.monotonic() - told.heard_at)

    def on_move(self, callback: Callable[[datetime], None]) -> None:
        """Call back, from the clock's own thread, with the new time whenever the clock was moved."""
        self._listeners.append(callback)

    def close(self) -> None:
        """Stop following; `now` runs on from the last move."""
        self._closed.set()

    def _ask(self, after: int | None) -> _Told:
        url = self._url if after is None else f"{self._url}?after={after}"
        timeout_s = _ASK_TIMEOUT_S if after is None else _WAIT_TIMEOUT_S
        with _DIRECT.open(url, timeout=timeout_s) as answer:
            told = json.load(answer)
        return _Told(datetime.fromisoformat(told["now"]).astimezone(UTC), int(told["n"]), time.monotonic())

    def _follow(self) -> None:
        while not self._closed.is_set():
            known = self._told
            try:
                told = self._ask(known.moves)
            except (OSError, ValueError, KeyError):
                self._closed.wait(_AGAIN_AFTER_S)
                continue
            if told.moves != known.moves:
                self._told = told
                for callback in self._listeners:
                    callback(told.now)


def skew_s(url: str, timeout_s: float) -> float | None:
    """How many seconds a vendor's clock is ahead of this machine's, by the Date of any answer, even a refusal.

    None where it gives no answer or no Date. Date counts whole seconds: half a second either way is nothing.
    """
    began = time.time()
    try:
        with urllib.request.urlopen(url, timeout=timeout_s) as answer:
            told = answer.headers.get("Date")
    except urllib.error.HTTPError as no:
        told = no.headers.get("Date")
    except (OSError, HTTPException, ValueError):
        return None
    between = (began + time.time()) / 2
    try:
        return None if told is None else parsedate_to_datetime(told).timestamp() + 0.5 - between
    except (TypeError, ValueError):
        return None
