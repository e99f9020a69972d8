"""Whether a try has left a trace at a vendor: what was told to wait before it wrote anything needs no look afterwards.

Each write of `services` is noted here, and the engine asks at the end of a try. A try runs in one thread.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from starbot.errors import ServiceDelayed, ServiceRefused

_NOBODYS = threading.Event()
_try: ContextVar[threading.Event] = ContextVar("try", default=_NOBODYS)
"""Set once something was written in the try of this thread; outside of any try nobody asks."""


@contextmanager
def watching() -> Iterator[Callable[[], bool]]:
    """Around a try. Yields a question: whether anything was written in it, or may have been."""
    has_written = threading.Event()
    token = _try.set(has_written)
    try:
        yield has_written.is_set
    finally:
        _try.reset(token)


@contextmanager
def leaving(*, writes: bool) -> Iterator[None]:
    """Around one call to a vendor. If it writes, it leaves a trace, unless the vendor surely did not serve it."""
    is_served = writes
    try:
        yield
    except ServiceRefused:
        is_served = False
        raise
    except ServiceDelayed as delay:
        is_served = writes and delay.maybe_done
        raise
    finally:
        if is_served:
            _try.get().set()
