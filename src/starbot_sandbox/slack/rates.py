"""Slack's rate limits, real time (docs.slack.dev/apis/web-api/rate-limits): per method and minute by tier.

chat.postMessage has a limit of its own: about one message a second in a channel, with short bursts.
"""

import math
import time
from collections import deque

WINDOW_S = 60.0
PER_MINUTE = {2: 20, 3: 50, 4: 100}
POSTS_PER_CHANNEL = (5, 5.0)


class RateLimits:
    """Sliding windows of what was called when."""

    def __init__(self) -> None:
        self._calls: dict[str, deque[float]] = {}

    def wait_s(self, method: str, tier: int | None, channel: str) -> int:
        """Count a call. 0 if it may pass, else whole seconds to wait (Retry-After), and it is not counted."""
        if method == "chat.postMessage":
            return self._wait_s(f"{method} {channel}", *POSTS_PER_CHANNEL)
        return self._wait_s(method, PER_MINUTE[tier], WINDOW_S) if tier else 0

    def _wait_s(self, key: str, limit: int, window_s: float) -> int:
        now = time.monotonic()
        calls = self._calls.setdefault(key, deque())
        while calls and calls[0] <= now - window_s:
            calls.popleft()
        if len(calls) >= limit:
            return math.ceil(calls[0] + window_s - now)
        calls.append(now)
        return 0
