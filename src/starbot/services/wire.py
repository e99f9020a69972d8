"""The HTTP session under python-gitlab, zenpy and pdpyras: what went wrong is told here, once, for all three.

The libraries would each sleep, loop or repeat on trouble in their own way (zenpy and pdpyras wait out a
429 for ever). So the adapter below reads every answer to its end and raises before they see it: `Unanswered`
when it may pass, `Rejected` when the vendor said no. `deeds` turns both into the errors of starbot.
"""

import json
import queue
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

import requests
from pydantic import ValidationError
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, SSLError

from starbot.errors import RefusedReason, Service, ServiceDelayed, ServiceRefused
from starbot.meters import calling
from starbot.traces import leaving

Client = TypeVar("Client")

_EPOCH_NOT_SECONDS = 1_000_000_000
"""GitLab's RateLimit-Reset is an epoch, PagerDuty's ratelimit-reset is seconds to wait."""


_ODD = (ValidationError, KeyError, TypeError, ValueError, AttributeError, IndexError)
"""What reading an answer of another shape than documented raises."""


NO_CONTENT = 204
GATEWAY_GAVE_UP = (502, 504)
"""Answers of something in front of the vendor, which may still be at work behind it."""


class Unanswered(Exception):
    """No usable answer, for now."""

    def __init__(
        self, *, maybe_done: bool, may_still_run: bool = False, retry_after_s: float | None = None
    ) -> None:
        super().__init__(maybe_done, may_still_run, retry_after_s)
        self.maybe_done = maybe_done
        self.may_still_run = may_still_run
        self.retry_after_s = retry_after_s


class Limited(Unanswered):
    """A rate limit was passed; nothing was served."""

    def __init__(self, retry_after_s: float | None) -> None:
        super().__init__(maybe_done=False, retry_after_s=retry_after_s)


class Rejected(Exception):
    """The vendor said no: a 4xx. `body` stays out of every message, it may quote a customer."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(status)
        self.status = status
        self.body = body


class Limits:
    """Until when a vendor asked us to wait, by what it limits. Whoever comes earlier is told to wait as well, without a
    call: of many who wait for the same, each would else ask for itself, and be refused."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    @contextmanager
    def passing(self, name: str) -> Iterator[None]:
        """Around one call to what is limited under this name: Unanswered while the wait lasts. A wait that is asked for
        inside, by a Limited, is kept."""
        left = self._until.get(name, 0.0) - time.monotonic()
        if left > 0:
            raise Unanswered(maybe_done=False, retry_after_s=left)
        self._until.pop(name, None)
        try:
            yield
        except Limited as limited:
            if limited.retry_after_s is not None:
                self._until[name] = time.monotonic() + limited.retry_after_s
            raise


class Door(HTTPAdapter):
    """A requests adapter without retries that reads the whole answer and judges it. `limits` are those of the account,
    for all of its sessions; reading and writing may be limited apart. `write_timeout_s` is for what writes, in place of
    the session's own."""

    def __init__(self, limits: Limits, write_timeout_s: float | None = None) -> None:
        super().__init__(max_retries=0)
        self._limits = limits
        self._write_timeout_s = write_timeout_s

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Send once. Raises Unanswered or Rejected; returns a 2xx with JSON, or a redirect of a GET."""
        is_write = request.method not in ("GET", "HEAD")
        if is_write and self._write_timeout_s is not None:
            kwargs["timeout"] = self._write_timeout_s
        with self._limits.passing("write" if is_write else "read"):
            try:
                response = super().send(request, *args, **kwargs)
                content = response.content
            except requests.exceptions.RequestException as trouble:
                raise _unanswered(trouble, is_write) from None
            _judge(response, content, is_write)
        return response


def _unanswered(trouble: requests.exceptions.RequestException, is_write: bool) -> Unanswered:
    """A connection that was never made served nothing; any other may have served a write."""
    causes = _causes(trouble)
    if any(isinstance(cause, ConnectTimeoutError | NewConnectionError | SSLError) for cause in causes):
        return Unanswered(maybe_done=False)
    return Unanswered(maybe_done=is_write, may_still_run=True)


def _causes(trouble: BaseException) -> list[BaseException]:
    """The exceptions that requests and urllib3 wrap in one another, outermost first."""
    found: list[BaseException] = []
    waiting: list[object] = [trouble]
    while waiting:
        cause = waiting.pop()
        if isinstance(cause, BaseException) and cause not in found:
            found.append(cause)
            waiting += [*cause.args, getattr(cause, "reason", None)]
    return found


def _judge(response: requests.Response, content: bytes, is_write: bool) -> None:
    status = response.status_code
    if status == 429:
        raise Limited(retry_after_s(response.headers))
    if status >= 500:
        raise Unanswered(
            maybe_done=is_write,
            may_still_run=status in GATEWAY_GAVE_UP,
            retry_after_s=retry_after_s(response.headers),
        )
    if status >= 400 or (is_write and 300 <= status < 400):
        raise Rejected(status, content.decode("utf-8", "replace"))
    if status < 300 and status != NO_CONTENT and not _is_json(content):
        raise Unanswered(maybe_done=is_write)


def _is_json(content: bytes) -> bool:
    try:
        json.loads(content)
    except ValueError:
        return False
    return True


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds that the vendor asks us to wait: Retry-After, else a rate limit's reset; None if not said."""
    for name in ("Retry-After", "RateLimit-Reset"):
        try:
            seconds = float(headers.get(name, ""))
        except ValueError:
            continue
        return max(0.0, seconds - time.time() if seconds > _EPOCH_NOT_SECONDS else seconds)
    return None


class Deeds:
    """Names what we are doing with one service, and tells its failures in our words."""

    def __init__(
        self,
        service: Service,
        reasons: Callable[[Rejected], RefusedReason],
        library_errors: tuple[type[Exception], ...],
    ) -> None:
        self._service = service
        self._reasons = reasons
        self._odd: tuple[type[Exception], ...] = (*library_errors, *_ODD)

    @contextmanager
    def __call__(self, what: str, *, writes: bool = False) -> Iterator[None]:
        """ServiceDelayed or ServiceRefused for what goes wrong inside; `writes` if it changes something."""
        with calling(self._service), leaving(writes=writes), self._telling(what, writes):
            yield

    @contextmanager
    def _telling(self, what: str, writes: bool) -> Iterator[None]:
        try:
            yield
        except Unanswered as none:
            raise ServiceDelayed(
                self._service, what, none.retry_after_s, none.maybe_done and writes, none.may_still_run
            ) from None
        except Rejected as no:
            raise ServiceRefused(self._service, self._reasons(no), what) from None
        except self._odd as odd:
            # The answer was JSON but not the one that is documented: as good as none.
            raise ServiceDelayed(self._service, what, None, writes, False) from odd


class Pool(Generic[Client]):
    """Clients that are lent to one thread at a time: none of the three libraries promises more.

    A pool rather than one client a thread, so that connections stay warm whichever thread comes next.
    """

    def __init__(self, make: Callable[[], Client]) -> None:
        self._make = make
        self._idle: queue.LifoQueue[Client] = queue.LifoQueue()

    @contextmanager
    def lend(self) -> Iterator[Client]:
        """A client for the time of the block."""
        try:
            client = self._idle.get_nowait()
        except queue.Empty:
            client = self._make()
        try:
            yield client
        finally:
            self._idle.put(client)
