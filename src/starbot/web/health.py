"""Whether the bot lives and whether it is ready, each as a list of checks that name their mend; and the meters.

Alive: its threads take their turns, so a new start would not help. Ready: it can hear and store what happens.
A vendor's outage is neither: the bot waits for it, and says so.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from starbot.engine.peers import Peers
from starbot.engine.runtime import Engine
from starbot.engine.store import Store
from starbot.engine.sweep import Every
from starbot.meters import REGISTRY
from starbot.services.names import Names

log = structlog.get_logger("starbot.web")

Known = TypeVar("Known")

ANSWER_S = 1.0
"""How long the database may take for one read."""
STUCK_S = 60.0
"""A turn of the sweep takes milliseconds; where the database is away it ends after a few seconds."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at. `degraded`: it works, but not in all its parts."""

    is_ok: bool
    why: str = ""
    mend: str = ""
    degraded: tuple[str, ...] = ()

    def body(self) -> dict[str, Any]:
        """As JSON, without what there is nothing to say about."""
        said = {"why": self.why, "mend": self.mend, "degraded": list(self.degraded)}
        return {"ok": self.is_ok, **{key: value for key, value in said.items() if value}}


@dataclass
class Watched:
    """What health is read off. The bot fills it in while it starts: a supervisor asks from the first second."""

    store: Store
    names: Callable[[], Names]
    engine: Engine | None = None
    peers: Peers | None = None
    sweeper: Every | None = None
    turns: Sequence[Every] = ()
    is_connected: Callable[[], bool] | None = None


class Counts:
    """What stands in the database and is worth a look."""

    def __init__(self, store: Store, engine: Engine | None) -> None:
        with store.read() as books:
            self.open = books.counts()
            self.stuck = books.count_stuck()
        self.oldest_unfinished_s = None if engine is None else engine.oldest_unfinished_s()


class Health:
    """The three endpoints."""

    def __init__(self, watched: Watched, answer_s: float = ANSWER_S, stuck_s: float = STUCK_S) -> None:
        self._watched = watched
        self._stuck_s = stuck_s
        self._counts = Asked(lambda: Counts(watched.store, watched.engine), answer_s)

    async def livez(self, request: Request) -> Response:
        """200 while the threads take their turns."""
        return _answered({"engine": self._engine_lives(), "turns": self._turns()})

    async def readyz(self, request: Request) -> Response:
        """200 while what happens in Slack is heard and stored."""
        counts = await self._counts()
        return _answered(
            {
                "database": _database(counts is not None),
                "engine": self._engine(),
                "slack": self._slack(),
                "names": _names(self._watched.names()),
            }
        )

    async def metrics(self, request: Request) -> Response:
        """The meters of the process, and the gauges that are read off database and bot now."""
        now = CollectorRegistry()
        now.register(_Gauges(await self._counts(), self._watched.peers))
        return Response(generate_latest(REGISTRY) + generate_latest(now), media_type=CONTENT_TYPE_LATEST)

    def _engine_lives(self) -> Check:
        engine = self._watched.engine
        if engine is None:
            return Check(True, "it is being started")
        return Check(True) if engine.is_turning else Check(False, "a thread of it has ended", _RESTART)

    def _turns(self) -> Check:
        dead = [turn.name for turn in self._watched.turns if not turn.is_alive]
        sweeper = self._watched.sweeper
        if sweeper is not None and sweeper.busy_s > self._stuck_s:
            dead.append(sweeper.name)
        return Check(False, f"at a standstill: {', '.join(dead)}", _RESTART) if dead else Check(True)

    def _engine(self) -> Check:
        engine = self._watched.engine
        if engine is not None and engine.is_turning:
            return Check(True)
        why = "it is not started yet" if engine is None else "it stands still"
        return Check(False, why, "wait a moment; if it stays so, the log says why: then restart the bot")

    def _slack(self) -> Check:
        is_connected = self._watched.is_connected
        if is_connected is not None and is_connected():
            return Check(True)
        return Check(
            False,
            "there is no connection",
            "it tries again by itself; if it stays so, see that this machine reaches slack.com and that "
            "SLACK_APP_TOKEN is good",
        )


_RESTART = "restart the bot: nothing is lost; the log says what went before"


def _database(answers: bool) -> Check:
    mend = (
        "see that the database of DATABASE_URL runs, is reached from here, and that nothing holds it locked"
    )
    return Check(True) if answers else Check(False, "it did not answer a read within a second", mend)


def _names(names: Names) -> Check:
    """A name that a vendor does not know, or a vendor that is silent, leaves the bot ready for the rest. Without
    the channels nobody is heard."""
    if not names.channels:
        return Check(
            False,
            "the channels' ids are not known: Slack has not told them yet",
            "it asks again by itself; if it stays so, see that this machine reaches slack.com, and that the channels "
            "of [slack] exist",
        )
    silent = "these services did not answer; what was known last serves" if names.unknown else ""
    return Check(True, silent, "; ".join(names.missing), tuple(names.unknown))


def _answered(checks: dict[str, Check]) -> Response:
    is_ok = all(check.is_ok for check in checks.values())
    status = "failing" if not is_ok else "degraded" if any(c.degraded for c in checks.values()) else "ok"
    body = {"status": status, "checks": {name: check.body() for name, check in checks.items()}}
    return JSONResponse(body, 200 if is_ok else 503, {"Cache-Control": "no-store"})


class Asked(Generic[Known]):
    """A question that may hang: asked in a thread of its own, once for all who want to know at the same time,
    and given up after a while by those who wait."""

    def __init__(self, question: Callable[[], Known], patience_s: float) -> None:
        self._question = question
        self._patience_s = patience_s
        self._pending: asyncio.Future[Known | None] | None = None

    async def __call__(self) -> Known | None:
        """The answer; None where there is none in time."""
        loop = asyncio.get_running_loop()
        if self._pending is None or self._pending.done():
            self._pending = loop.create_future()
            asking = threading.Thread(
                target=self._ask, args=(loop, self._pending), name="starbot-asking", daemon=True
            )
            asking.start()
        try:
            async with asyncio.timeout(self._patience_s):
                return await asyncio.shield(self._pending)
        except TimeoutError:
            return None

    def _ask(self, loop: asyncio.AbstractEventLoop, pending: "asyncio.Future[Known | None]") -> None:
        answer: Known | None = None
        try:
            answer = self._question()
        except Exception as error:
            log.warning("a read for the health check failed", error=type(error).__name__)
        try:
            loop.call_soon_threadsafe(pending.set_result, answer)
        except RuntimeError:
            log.debug("the web server ended before its question was answered")


class _Gauges(Collector):
    """How things stand now."""

    def __init__(self, counts: Counts | None, peers: Peers | None) -> None:
        self._counts = counts
        self._peers = peers

    def collect(self) -> Iterator[Metric]:
        """One family after another; what cannot be read is left out."""
        yield _gauge("starbot_database_up", "1 if the database answered.", float(self._counts is not None))
        if self._counts is not None:
            cases = GaugeMetricFamily("starbot_open_cases", "Open cases.", labels=("duty", "status"))
            for labels, count in self._counts.open.items():
                cases.add_metric(labels, count)
            yield cases
            yield _gauge("starbot_stuck_events", "Events that could not be decided.", self._counts.stuck)
            if self._counts.oldest_unfinished_s is not None:
                yield _gauge(
                    "starbot_oldest_unfinished_effect_seconds",
                    "How long the oldest effect has been under way since this process first ran it; 0 if none is.",
                    self._counts.oldest_unfinished_s,
                )
        if self._peers is not None:
            yield _gauge("starbot_bots", "Bots that are at work on this database.", len(self._peers.alive))
            yield _gauge("starbot_leads", "1 if this bot is the one that leads.", float(self._peers.leads))


def _gauge(name: str, says: str, value: float) -> Metric:
    return GaugeMetricFamily(name, says, value=value)
