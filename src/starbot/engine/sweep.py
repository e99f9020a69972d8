"""What comes by itself: deadlines of cases, and whatever must be done every few minutes.

Deadlines are data on the case; this finds those that have come and says so. The event's id names case and
deadline, so a sweep that runs twice, or on two replicas, says it once.
"""

import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime

import structlog

from starbot.core.case import Event
from starbot.engine.duty import Duty
from starbot.engine.store import Store
from starbot.errors import ServiceDelayed

log = structlog.get_logger("starbot.engine")


def sweep(store: Store, duties: Mapping[str, Duty], now: datetime, submit: Callable[[Event], None]) -> int:
    """Submits an event for every deadline that has come; answers how many there were."""
    with store.read() as books:
        due = books.due(now)
    for case_id, duty, deadline in due:
        body = {"kind": "due", "id": f"due:{case_id}:{deadline}", "at": now, "case_id": case_id}
        submit(duties[duty].event(body))
    return len(due)


AGAIN_AFTER_S = 10.0


class Every:
    """Calls back in a thread of its own: every so many seconds (None: never by itself), and whenever woken.
    An error is logged, and tried again soon; where a service does not answer, without a traceback."""

    def __init__(self, name: str, seconds: float | None, call: Callable[[], object]) -> None:
        self._seconds = seconds
        self._call = call
        self._wake = threading.Event()
        self._stopped = False
        self._turn_began: float | None = None
        self._thread = threading.Thread(target=self._run, name=f"starbot-{name}", daemon=True)

    def start(self) -> None:
        """Begins; the first call comes after the first interval."""
        self._thread.start()

    @property
    def name(self) -> str:
        """What it is called."""
        return self._thread.name.removeprefix("starbot-")

    @property
    def is_alive(self) -> bool:
        """Whether its thread runs."""
        return self._thread.is_alive()

    @property
    def busy_s(self) -> float:
        """How long the present turn has been going on; 0 between turns."""
        began = self._turn_began
        return 0.0 if began is None else time.monotonic() - began

    def wake(self) -> None:
        """Calls now."""
        self._wake.set()

    def stop(self) -> None:
        """Ends after the call that may be running."""
        self._stopped = True
        self._wake.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        wait_s = self._seconds
        while True:
            self._wake.wait(wait_s)
            self._wake.clear()
            if self._stopped:
                return
            self._turn_began = time.monotonic()
            try:
                self._call()
                wait_s = self._seconds
                continue
            except ServiceDelayed as delay:
                log.warning("a turn was delayed; trying again soon", turn=self._thread.name, why=str(delay))
            except Exception:
                log.exception("a turn failed; trying again soon", turn=self._thread.name)
            finally:
                self._turn_began = None
            wait_s = min(self._seconds or AGAIN_AFTER_S, AGAIN_AFTER_S)
