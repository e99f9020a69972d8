"""What the sandbox sends on its own: tries with pauses, in the background, until the world is reset.

Over HTTP it speaks to addresses of this machine only.
"""

import asyncio
import http.client
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from typing import Any, NamedTuple
from urllib.parse import urlsplit

AT_ONCE = 64
"""How many HTTP requests of one sender are under way at the same time."""


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


class Posted(NamedTuple):
    """What came back: `status` 0 where nothing did, and then `trouble` is "timeout" or "connection"."""

    status: int
    text: str = ""
    trouble: str = ""

    @property
    def is_good(self) -> bool:
        """Whether it was answered 2xx."""
        return 200 <= self.status < 300


class Postman:
    """Sends signed bodies over HTTP and waits `timeout_s` real seconds for each answer."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="sandbox-post")

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Posted:
        """One POST."""
        loop = asyncio.get_running_loop()
        posting = loop.run_in_executor(self._pool, _post, url, body, headers, self._timeout_s)
        try:
            # Not wait_for: in Python 3.11 that swallows a cancellation if the answer is just in.
            async with asyncio.timeout(self._timeout_s):
                return await posting
        except TimeoutError:
            return Posted(0, trouble="timeout")


def _post(url: str, body: bytes, headers: Mapping[str, str], timeout_s: float) -> Posted:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=timeout_s)
    path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    try:
        connection.request("POST", path, body, dict(headers))
        response = connection.getresponse()
        return Posted(response.status, response.read().decode("utf-8", "replace"))
    except TimeoutError:
        return Posted(0, trouble="timeout")
    except (OSError, http.client.HTTPException):
        return Posted(0, trouble="connection")
    finally:
        connection.close()


def local_address(url: str) -> str:
    """The address, if it is http and of this machine. ValueError otherwise."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        is_loopback = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        is_loopback = False
    if parts.scheme != "http" or not is_loopback:
        raise ValueError(f"the sandbox sends to http://127.0.0.1:PORT/... only, not to {url or 'nowhere'}")
    return url
