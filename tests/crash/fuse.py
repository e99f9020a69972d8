"""Deaths of a bot that runs in this process: at a call it stops doing anything, as a killed process does.

A thread cannot be killed. So whatever a dead bot's threads try next, a call or a statement to the database, ends them;
then the next life begins on the same database.
"""

import contextlib
import http.client
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from tests.crash.story import Step
from tests.stage import Stage

COMES_S = 30.0

READS = re.compile(
    r"\.(open|info|list|history|replies|test|getPermalink|permissions)$|/auth\.test$|/oauth/tokens$"
)
"""What is asked by POST, and nothing lasts of it."""
_ID = re.compile(r"[0-9A-Z]{8,}|\d+")


class Died(BaseException):
    """The bot is dead: nothing of it goes on."""


class Fuse:
    """Burns through right before the first write of its kind, and right after the next: each life comes one further."""

    def __init__(self) -> None:
        self.burnt: list[tuple[str, str, str]] = []
        """At what the bot died: `before` or `after`, the HTTP method and the path without ids."""
        self.holds = True
        self.is_dead = threading.Event()
        self._lock = threading.Lock()
        self._gone: set[threading.Thread] = set()
        self._calls: dict[http.client.HTTPConnection, tuple[str, str]] = {}

    def revives(self) -> None:
        """The next life begins. What is left of the threads of the last one stays dead."""
        self._gone |= set(threading.enumerate()) - {threading.main_thread()}
        self.is_dead.clear()

    def asks(self, connection: http.client.HTTPConnection, method: str, path: str) -> None:
        """A request is about to be sent."""
        if _is_the_bots():
            self.lives()
            if path.startswith("/_sandbox"):
                return
            self._calls[connection] = call = (method, _ID.sub("*", path.partition("?")[0]))
            self._burns("before", call)

    def is_answered(self, connection: http.client.HTTPConnection) -> None:
        """The vendor has served a request."""
        call = self._calls.pop(connection, None)
        if call is not None:
            self.lives()
            self._burns("after", call)

    def lives(self) -> None:
        """Died, in a thread of a dead bot."""
        if _is_the_bots() and (self.is_dead.is_set() or threading.current_thread() in self._gone):
            raise Died

    def _burns(self, when: str, call: tuple[str, str]) -> None:
        method, path = call
        death = (when, method, path)
        if self.holds or method == "GET" or READS.search(path):
            return
        with self._lock:
            self.lives()
            if death in self.burnt:
                return
            self.burnt.append(death)
            self.is_dead.set()
        raise Died


def _is_the_bots() -> bool:
    """The story's own thread starts and stops the bot, and says when it is dead."""
    return threading.current_thread() is not threading.main_thread()


@contextmanager
def fuse() -> Iterator[Fuse]:
    """A fuse in every connection of the bot, to the vendors and to its database."""
    made = Fuse()
    asks, answers = http.client.HTTPConnection.putrequest, http.client.HTTPConnection.getresponse

    def putrequest(self: http.client.HTTPConnection, method: str, url: str, *how: Any, **more: Any) -> None:
        made.asks(self, method, url)
        asks(self, method, url, *how, **more)

    def getresponse(self: http.client.HTTPConnection) -> http.client.HTTPResponse:
        response = answers(self)
        made.is_answered(self)
        return response

    def statement(*_: Any) -> None:
        made.lives()

    http.client.HTTPConnection.putrequest = putrequest  # type: ignore[method-assign]
    http.client.HTTPConnection.getresponse = getresponse  # type: ignore[method-assign]
    sa.event.listen(sa.Engine, "before_cursor_execute", statement)
    sa.event.listen(sa.Engine, "commit", statement)
    try:
        yield made
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", statement)
        sa.event.remove(sa.Engine, "commit", statement)
        http.client.HTTPConnection.putrequest = asks  # type: ignore[method-assign]
        http.client.HTTPConnection.getresponse = answers  # type: ignore[method-assign]


def lives_through(stage: Stage, fuse: Fuse, step: Step) -> None:
    """A step, and as many lives of the bot as it takes until all has followed."""
    fuse.holds = not step.is_disturbed
    step.act(stage)
    while True:
        stage.until(lambda: fuse.is_dead.is_set() or step.is_followed(stage), COMES_S)
        if not fuse.is_dead.is_set():
            stage.quiet()
        if not fuse.is_dead.is_set():
            return
        _begins_anew(stage, fuse)


def _begins_anew(stage: Stage, fuse: Fuse) -> None:
    """The next life, and the one after it where this one dies before it listens: work of the last goes on at once."""
    while True:
        stage.stop()
        fuse.revives()
        with contextlib.suppress(Died):
            stage.start()
            return
