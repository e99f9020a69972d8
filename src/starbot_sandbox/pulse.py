"""A pulse: something may have changed, and whoever waits for that goes on."""

import asyncio


class Pulse:
    """`coming` is the next beat; who takes it before they look misses nothing."""

    def __init__(self) -> None:
        self.coming = asyncio.Event()

    def beat(self) -> None:
        """Let all who wait go on."""
        now, self.coming = self.coming, asyncio.Event()
        now.set()
