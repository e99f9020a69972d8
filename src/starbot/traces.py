"""Whether a try has left a trace at a vendor: what was told to wait before it wrote anything needs no look afterwards.

Each write of `services` is noted here, and the engine asks at the end of a try. A try runs in one thread.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from starbot.errors import ServiceDelayed, ServiceRefused

_written: ContextVar[list[str] | None] = ContextVar("written", default=None)


@contextmanager
def watching() -> Iterator[Callable[[], bool]]:
    """Around a try. Yields a question: whether anything was written in it, or may have been."""
    written: list[str] = []
    token = _written.set(written)
    try:
        yield lambda: bool(written)
    finally:
        _written.reset(token)


@contextmanager
def writing(what: str) -> Iterator[None]:
    """Around one write. It leaves a trace unless the vendor surely did not serve it."""
    try:
        yield
    except ServiceRefused:
        raise
    except ServiceDelayed as delay:
        if delay.maybe_done:
            _note(what)
        raise
    except BaseException:
        _note(what)
        raise
    else:
        _note(what)


def _note(what: str) -> None:
    written = _written.get()
    if written is not None:
        written.append(what)
