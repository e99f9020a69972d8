"""A vendor's rate limit: so many calls in a window of real time, counted for each key."""

import time
from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True)
class Reading:
    """Where a key stands after a call: `reset_s` whole seconds until the window ends."""

    limit: int
    observed: int
    reset_s: int

    @property
    def remaining(self) -> int:
        """Calls left in this window."""
        return max(0, self.limit - self.observed)

    @property
    def exceeded(self) -> bool:
        """Whether this very call was one too many."""
        return self.observed > self.limit


class Quota:
    """`limit` calls in each window of `window_s` seconds of real time: the sandbox clock does not matter."""

    def __init__(self, limit: int, window_s: float) -> None:
        self.limit = limit
        self.window_s = window_s
        self._windows: dict[str, tuple[float, int]] = {}

    def take(self, key: str = "") -> Reading:
        """Count one call for `key` and say where it stands."""
        now = time.monotonic()
        began, count = self._windows.get(key, (now, 0))
        if now - began >= self.window_s:
            began, count = now, 0
        self._windows[key] = (began, count + 1)
        return Reading(self.limit, count + 1, max(1, ceil(began + self.window_s - now)))
