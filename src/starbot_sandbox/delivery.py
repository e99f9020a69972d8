"""What the sandbox sends on its own: tries with pauses, in the background, until the world is reset."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any


class Deliveries:
    """The deliveries under way. They belong to the present world: a reset cancels them."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, delivery: Coroutine[Any, Any, None]) -> None:
        """Run a delivery in the background."""
        task = asyncio.get_running_loop().create_task(delivery)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def cancel(self) -> None:
        """Stop all that is under way."""
        for task in tuple(self._tasks):
            task.cancel()


async def with_retries(attempt: Callable[[int], Awaitable[bool]], pauses_s: Sequence[float]) -> None:
    """Call `attempt(number)` until it answers True, with one pause (real seconds) before each repeat."""
    if await attempt(0):
        return
    for number, pause_s in enumerate(pauses_s, start=1):
        await asyncio.sleep(pause_s)
        if await attempt(number):
            return
