"""Nobody waits for a stranger: how long we wait, who may wait, and when a case is told to go on without.

Each service has a share of the threads, so that a vendor that hangs cannot hold them all.
"""

import heapq
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager

import structlog

log = structlog.get_logger("starbot.engine")

GO_ON_AFTER_S = 2.0
"""An effect that has no answer by then is reported as delayed, once."""

SHORT_WAIT_S = 1.0
"""A wait up to this long may hold its thread; a longer one gives the thread back."""

LONGEST_WAIT_S = 300.0


def back_off_s(tries: int) -> float:
    """How long to wait after so many failed tries: soon once, then doubling up to five minutes."""
    return min(0.25 if tries <= 1 else 2.0 ** min(tries - 1, 10), LONGEST_WAIT_S)


def within(seconds: float, work: Callable[[], None]) -> None:
    """Returns when the work is done, or raises TimeoutError after so long: then it goes on by itself."""
    outcome: Future[None] = Future()

    def run() -> None:
        try:
            work()
            outcome.set_result(None)
        except BaseException as error:
            outcome.set_exception(error)

    threading.Thread(target=run, name="starbot-within", daemon=True).start()
    outcome.result(seconds)


class Busy:
    """Names of what somebody is at work on, so that nobody else in this process begins the same."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._changed = threading.Condition()

    @contextmanager
    def alone(self, name: str) -> Iterator[bool]:
        """Yields whether nobody else is at it."""
        with self._changed:
            is_alone = name not in self._names
            self._names.add(name)
        try:
            yield is_alone
        finally:
            if is_alone:
                self._end(name)

    @contextmanager
    def turn(self, name: str) -> Iterator[None]:
        """Waits until nobody else is at it."""
        with self._changed:
            self._changed.wait_for(lambda: name not in self._names)
            self._names.add(name)
        try:
            yield
        finally:
            self._end(name)

    def _end(self, name: str) -> None:
        with self._changed:
            self._names.discard(name)
            self._changed.notify_all()


class Unfinished:
    """Names of what was begun and has not ended, since when: over all the runs that it may take."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}

    def begin(self, name: str) -> None:
        """It runs, for the first time or again."""
        self._since.setdefault(name, time.monotonic())

    def end(self, name: str) -> None:
        """It will not come again."""
        self._since.pop(name, None)

    def oldest(self) -> tuple[str, float] | None:
        """What has been under way longest, and how long; None where nothing is."""
        name, began = min(list(self._since.items()), key=lambda one: one[1], default=("", 0.0))
        return (name, time.monotonic() - began) if name else None


class Share:
    """A service's share of the threads. A few may wait for a place, for a second; the rest come again."""

    def __init__(self, places: int) -> None:
        self._places = threading.BoundedSemaphore(places)
        self._waiting = threading.BoundedSemaphore(places)

    @contextmanager
    def place(self) -> Iterator[bool]:
        """Yields whether a place was had."""
        had = self._places.acquire(blocking=False) or self._wait()
        try:
            yield had
        finally:
            if had:
                self._places.release()

    def _wait(self) -> bool:
        if not self._waiting.acquire(blocking=False):
            return False
        try:
            return self._places.acquire(timeout=SHORT_WAIT_S)
        finally:
            self._waiting.release()


class Alarm:
    """One thread that calls back for whatever is still running after its time."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int]] = []
        self._calls: dict[int, Callable[[], None]] = {}
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="starbot-alarm", daemon=True)
        self._thread.start()

    @contextmanager
    def after(self, seconds: float, call: Callable[[], None]) -> Iterator[None]:
        """Calls `call` in the alarm's thread if the block is still running after so many seconds."""
        number = next(self._numbers)
        with self._changed:
            self._calls[number] = call
            heapq.heappush(self._heap, (time.monotonic() + seconds, number))
            if self._heap[0][1] == number:
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._calls.pop(number, None)

    @property
    def is_alive(self) -> bool:
        """Whether its thread still runs."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Ends the thread; nothing is called any more."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        while True:
            with self._changed:
                if self._stopped:
                    return
                if not self._heap:
                    self._changed.wait()
                    continue
                at, number = self._heap[0]
                left = at - time.monotonic()
                if left > 0:
                    self._changed.wait(left)
                    continue
                heapq.heappop(self._heap)
                call = self._calls.pop(number, None)
            if call is not None:
                _ring(call)


def _ring(call: Callable[[], None]) -> None:
    """One call that fails must not silence the alarm for everybody else."""
    try:
        call()
    except Exception:
        log.exception("an alarm failed")
