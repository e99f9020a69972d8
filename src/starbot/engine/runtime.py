"""The durable engine itself: DBOS runs what advance and perform describe, and recovers it after a crash.

Three workflows, each one event or one effect long: `handle` an event, `perform` an effect, `converge` a
target. Their ids are what happened, so the same happening runs once. None of them has recorded steps:
the store knows what was done, and each may be run again from its beginning. Names of workflows and the
application version are constants, because pending work is found again by them.
"""

import contextlib
import contextvars
import json
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import structlog
from dbos import DBOS, DBOSConfig, SetEnqueueOptions, SetWorkflowID
from sqlalchemy.engine import make_url

from starbot.core.case import Event, Service
from starbot.engine.advance import Advance
from starbot.engine.database import DATABASE_AWAY, DATABASE_PATIENCE_S, engine_url
from starbot.engine.duty import Duty
from starbot.engine.patience import Share, Unfinished, back_off_s, within
from starbot.engine.perform import Performer
from starbot.engine.store import Start, Store
from starbot.errors import ServiceDelayed
from starbot.meters import EVENTS

log = structlog.get_logger("starbot.engine")

SERVICES: tuple[Service, ...] = ("slack", "gitlab", "zendesk", "pagerduty")
QUEUE_TICK_S = 0.5
KEPT = timedelta(days=7)
"""How long finished work is kept: longer than any vendor delivers the same event again."""
DATABASE_PAUSE_S = 1.0
SETTLE_TICK_S = 0.1
GRACE_S = 1.5
"""How long a bot has had no mark before its work is taken over: longer than it takes to notice that, and to leave."""
UNFINISHED = ["PENDING", "ENQUEUED", "DELAYED"]


class Closed(BaseException):
    """The engine was closed under a run. No handler of errors may take this for a failure: what the run
    was at stays pending, and runs after the next start."""


class Engine:
    """Events in, deeds out. Build one a process, `launch` it, `submit` events, `close` it."""

    def __init__(
        self,
        store: Store,
        duties: Iterable[Duty],
        now: Callable[[], datetime],
        *,
        threads: int,
        places: Mapping[Service, int],
        settle_s: Mapping[Service, float],
    ) -> None:
        """`places` is each service's share of the `threads`; `settle_s` how long a vendor may still be at
        work on a request that timed out."""
        self._store = store
        self._duties = {duty.name: duty for duty in duties}
        self._now = now
        self._threads = threads
        self._places = places
        self._advance = Advance(store, self._duties)
        self._performer = Performer(
            store,
            self._duties,
            self._advance,
            now,
            {service: Share(places[service]) for service in SERVICES},
            settle_s,
            self._start,
            self.submit,
        )
        self._closed = threading.Event()
        self._unfinished = Unfinished()
        self._gone_since: dict[str, float] = {}
        self._crew: list[threading.Thread] = []

    # -- life
    def launch(self) -> None:
        """Starts the engine; what was pending when the process died runs again."""
        logging.getLogger("dbos").setLevel(logging.WARNING)
        url = engine_url(self._store.url)
        if self._store.is_sqlite:
            _make_wal(url)
        config: DBOSConfig = {
            "name": "starbot",
            "system_database_url": url,
            "application_version": "v1",
            "executor_id": self._store.mark.executor,
            "log_level": "WARNING",
            "max_executor_threads": self._threads,
            # SQLite's own wait for the one writer is a sleep that grows: of many who wait, some starve.
            "sys_db_pool_size": 2 if self._store.is_sqlite else 20,
            # On SQLite the engine looks this often for messages between workflows, of which we have none: no query,
            # but its thread sleeps so long before it ends.
            "notification_listener_polling_interval_sec": 0.1,
            "db_engine_kwargs": {
                "pool_timeout": DATABASE_PATIENCE_S,
                "hide_parameters": True,  # an error that is logged must not quote an event
                "connect_args": {"factory": _Stamping} if self._store.is_sqlite else {},
            },
        }
        engine = DBOS(config=config)
        self._handle_flow = _workflow("handle", self._handle)
        self._perform_flow = _workflow("perform", self._perform)
        self._converge_flow = _workflow("converge", self._converge)
        DBOS.launch()
        # Its own list: what else begins in this moment, such as the thread of a health check, may end. So may the one
        # that tells other processes of messages between workflows; on SQLite it ends at once.
        self._crew = [one for one in engine._background_threads if "run_notifier" not in one.name]
        for service in SERVICES:
            DBOS.register_queue(
                service,
                worker_concurrency=self._places[service],
                polling_interval_sec=QUEUE_TICK_S,
            )

    def close(self, patience_s: int) -> None:
        """Stops taking work; what is not finished is pending and runs after the next start."""
        self._performer.stop()
        self._closed.set()
        # A run that outlives this cannot record its end, as it should be, and would say so at length.
        logging.getLogger("dbos").setLevel(logging.CRITICAL)
        DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=patience_s)

    def settle(self, patience_s: float) -> bool:
        """Waits until no work is left, but no longer than this; whether none is."""
        until = time.monotonic() + patience_s
        while _is_unfinished():
            if time.monotonic() > until:
                return False
            self._closed.wait(SETTLE_TICK_S)
        return True

    @property
    def is_turning(self) -> bool:
        """Whether it was launched, and every thread that this began still runs."""
        lives = bool(self._crew) and all(one.is_alive() for one in self._crew)
        return lives and self._performer.is_alive() and not self._closed.is_set()

    def oldest_unfinished_s(self) -> float:
        """How long the oldest effect has been under way, since it first ran in this process. Another bot may have
        ended it: the database is asked."""
        while (oldest := self._unfinished.oldest()) is not None:
            name, age_s = oldest
            if _is_unfinished(name):
                return age_s
            self._unfinished.end(name)
        return 0.0

    def adopt(self, alive: Collection[str]) -> bool:
        """Takes over the work of bots that have been gone for a while; answers whether some may still be to do."""
        pending = DBOS.list_workflows(status="PENDING", load_input=False, load_output=False)
        now = time.monotonic()
        gone = {str(one.executor_id) for one in pending} - set(alive)
        self._gone_since = {name: self._gone_since.get(name, now) for name in gone}
        for name, since in self._gone_since.items():
            if now - since >= GRACE_S:
                # The public way would forget how often each has been begun.
                taken = DBOS._recover_pending_workflows([name])
                log.info("the work of a bot that is gone goes on here", bot=name, count=len(taken))
        return bool(gone)

    # -- events
    def submit(self, event: Event) -> None:
        """Stores the event durably and returns; it is decided and carried out in the engine's threads.

        The same event id does nothing a second time. Raises when the database does not take it in time:
        then do not acknowledge, so that the vendor sends it again.
        """
        body = event.model_dump(mode="json")
        # The engine itself would wait for its database for ever.
        within(DATABASE_PATIENCE_S, lambda: self._begin(event.id, self._handle_flow, event.duty, body, 0))
        EVENTS.labels(event.duty, getattr(event, "kind", type(event).__name__)).inc()

    def replay_stuck(self) -> int:
        """Tries again what could not be decided; answers how many there were."""
        with self._store.read() as books:
            waiting = books.all_stuck()
        for event_id, reference, body in waiting:
            log.info("replaying", event_id=event_id, reference=reference)
            duty, _, event = body.partition(" ")
            self._begin(f"{event_id}~{reference}", self._handle_flow, duty, json.loads(event), 0)
        return len(waiting)

    def forget(self, older_than: timedelta = KEPT) -> int:
        """Deletes the engine's records of finished work that old, in the machine's time; the journal stays
        and still knows every event. Answers how many there were."""
        until = (datetime.now(UTC) - older_than).isoformat()
        done = DBOS.list_workflows(
            status=["SUCCESS", "ERROR"],
            completed_before=until,
            limit=1000,
            load_input=False,
            load_output=False,
        )
        if done:
            DBOS.delete_workflows([one.workflow_id for one in done])
        return len(done)

    # -- the three workflows
    def _handle(self, duty: str, body: dict[str, Any], tries: int) -> None:
        try:
            self._decide(self._duties[duty], body)
        except ServiceDelayed as delay:
            wait = delay.retry_after_s or back_off_s(tries + 1)
            name = f"{body['id']}~{tries + 1}"
            self._enqueue(delay.service, wait, name, self._handle_flow, duty, body, tries + 1)
        except Exception as error:
            self._persist(partial(self._set_aside, duty, body, error))
        else:
            self._persist(lambda: self._forget_stuck(body["id"]))

    def _decide(self, duty: Duty, body: dict[str, Any]) -> None:
        events = self._persist(lambda: list(duty.arrive(duty.event(body))))
        # What was found on the way, such as the form post under a reaction, is stored in its own right: after
        # a crash this event would not find it again.
        for found in events[:-1]:
            self.submit(found)
        for event in events:
            self._start(self._persist(partial(self._advance, event)))

    def _perform(self, key: str, run: int, name: str) -> None:
        self._unfinished.begin(name)
        again = self._persist(lambda: self._performer.perform(key))
        if again is None:
            self._unfinished.end(name)
        else:
            self._enqueue(
                again.service, again.delay_s, f"{name}~{run + 1}", self._perform_flow, key, run + 1, name
            )

    def _converge(self, case_id: str, thing: str, run: int, writer: str) -> None:
        self._unfinished.begin(writer)
        again = self._persist(lambda: self._performer.converge(case_id, thing, writer))
        if again is None:
            self._unfinished.end(writer)
        else:
            name = f"{writer}~{run + 1}"
            self._enqueue(
                again.service, again.delay_s, name, self._converge_flow, case_id, thing, run + 1, writer
            )

    # -- how they are started
    def _start(self, starts: list[Start]) -> None:
        for start in starts:
            flow: Any = self._perform_flow if start.what == "perform" else self._converge_flow
            self._begin(start.workflow_id, flow, *start.arguments, 0, start.workflow_id)

    def _begin(self, name: str, flow: Any, *arguments: Any) -> None:
        def begin() -> None:
            with SetWorkflowID(name):
                DBOS.start_workflow(flow, *arguments)

        self._unless_closed(begin)

    def _enqueue(self, service: Service, delay_s: float, name: str, flow: Any, *arguments: Any) -> None:
        def enqueue() -> None:
            with SetWorkflowID(name), SetEnqueueOptions(delay_seconds=delay_s):
                DBOS.enqueue_workflow(service, flow, *arguments)

        self._unless_closed(enqueue)

    def _unless_closed(self, start: Callable[[], None]) -> None:
        """Starts a workflow. That the engine was closed in this very moment is no failure of the run."""
        self._check_open()
        try:
            _of_its_own(start)
        except Exception:
            self._check_open()
            raise

    def _check_open(self) -> None:
        if self._closed.is_set():
            raise Closed

    def _persist(self, work: Callable[[], Any]) -> Any:
        """A database that is away for a while delays work; it must not end it."""
        while True:
            try:
                return work()
            except DATABASE_AWAY as error:
                self._check_open()
                log.error("the database does not answer; trying again", error=str(error).partition("\n")[0])
                self._closed.wait(DATABASE_PAUSE_S)

    # -- what could not be decided
    def _set_aside(self, duty: str, body: dict[str, Any], error: Exception) -> None:
        """An event that raised is kept, logged with a reference, and replayed after the mend."""
        # Another one each time: it names the replay, and a replay may fail as well.
        reference = uuid4().hex[:8]
        log.error("an event could not be decided", event_id=body["id"], reference=reference, exc_info=error)
        with self._store.transaction() as books:
            kept = f"{duty} {json.dumps(body)}"
            books.put_stuck(body["id"], self._now(), reference, type(error).__name__, kept)

    def _forget_stuck(self, event_id: str) -> None:
        with self._store.read() as books:
            waiting = {stuck for stuck, _, _ in books.all_stuck()}
        if event_id in waiting:
            with self._store.transaction() as books:
                books.drop_stuck(event_id)


def _is_unfinished(begins_with: str | None = None) -> bool:
    """Whether there is work left, in all bots: any, or that whose name begins so."""
    return bool(
        DBOS.list_workflows(
            status=UNFINISHED,
            workflow_id_prefix=begins_with,
            limit=1,
            load_input=False,
            load_output=False,
        )
    )


def _of_its_own(start: Callable[[], None]) -> None:
    """Starts a workflow outside of the one that runs here. As its child it would be recorded as its n-th
    step, and a workflow that goes another way when it runs again after a crash would be refused for ever."""
    contextvars.Context().run(start)


def _workflow(name: str, work: Callable[..., None]) -> Any:
    """A workflow under a name that outlives every version; the engine registers functions, not methods."""

    def run(*arguments: Any) -> None:
        work(*arguments)

    run.__qualname__ = run.__name__ = name
    return DBOS.workflow(name=name)(run)


def _make_wal(url: str) -> None:
    """Write-ahead logging is a property of the file: readers then never wait for the writer."""
    with contextlib.closing(sqlite3.connect(make_url(url).database or "")) as connection:
        connection.execute("pragma journal_mode=wal")


class _Stamping(sqlite3.Connection):
    """A connection that wipes what it deletes, and knows unixepoch('subsec'), with which DBOS stamps its rows on
    Python 3.12 and newer.

    SQLite has it from 3.42 on; before that it is NULL, and the first insert of a launch fails.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.execute("pragma secure_delete=on")
        if sqlite3.sqlite_version_info < (3, 42):
            self.create_function("unixepoch", 1, lambda _: round(time.time(), 3))
