"""The durable engine itself, on both databases: what was taken is done once, whatever happens meanwhile."""

import dataclasses
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from dbos import DBOS
from sqlalchemy.engine import make_url

from starbot.core.case import Event
from starbot.engine.database import DATABASE_PATIENCE_S, engine_url
from starbot.engine.runtime import Engine
from starbot.engine.store import Store
from starbot.errors import ServiceDelayed
from tests.engine.errands import (
    NOW,
    Asked,
    Errand,
    Fault,
    Hands,
    Hold,
    Outpost,
    added,
    asked_to_wait,
    errand_in,
    errands,
    lost,
    refused,
    running,
    timed_out,
    until,
)

PARCEL = "errand-a:send:0"


def asked(name: str = "a", **wish: Any) -> Asked:
    """An errand is asked for."""
    return Asked(id=f"asked:{name}", at=NOW, handle=name, **wish)


def exists(store: Store, case_id: str = "errand-a") -> bool:
    """Whether there is such a case."""
    with store.read() as books:
        return books.case(case_id) is not None


def until_errand(store: Store, *expected: tuple[str, Any], case_id: str = "errand-a") -> Errand:
    """The errand, once these of its fields are as expected."""

    def found() -> Errand | None:
        if not exists(store, case_id):
            return None
        errand = errand_in(store, case_id)
        return errand if all(getattr(errand, name) == value for name, value in expected) else None

    errand: Errand = until(found)
    return errand


def is_at_rest() -> bool:
    """Whether the engine has nothing left to do."""
    return not DBOS.list_workflows(status=["PENDING", "ENQUEUED", "DELAYED"], load_input=False)


def stuck(store: Store) -> list[str]:
    """The ids of the events that could not be decided."""
    with store.read() as books:
        return [event_id for event_id, _, _ in books.all_stuck()]


@contextmanager
def silent(url: str, tables: Sequence[str]) -> Iterator[None]:
    """A database that takes no write to these tables and gives no answer."""
    if make_url(url).get_backend_name() == "sqlite":
        with closing(sqlite3.connect(make_url(url).database or "", isolation_level=None)) as held:
            held.execute("pragma busy_timeout = 10000")
            held.execute("begin immediate")
            yield
            held.execute("rollback")
        return
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        connection.execute(f"lock table {', '.join(tables)} in access exclusive mode".encode())
        yield
        connection.rollback()


def test_an_errand_is_carried_out_from_beginning_to_end(store: Store, outpost: Outpost) -> None:
    with running(store, errands(outpost, sign=True)) as engine:
        engine.submit(asked(parcels=3))
        errand = until_errand(
            store, ("rang", True), ("signs", ("sign",)), ("sent", tuple(PARCEL[:-1] + n for n in "012"))
        )
        until(is_at_rest)
    assert outpost.parcels == list(errand.sent)
    assert outpost.calls.count("ring") == 1 and outpost.calls.count("make") == 1
    assert errand.failed == errand.delayed == ()


def test_an_event_that_is_delivered_three_times_acts_once(store: Store, outpost: Outpost) -> None:
    with running(store, errands(outpost)) as engine:
        with ThreadPoolExecutor(3) as threads:
            list(threads.map(lambda _: engine.submit(asked(parcels=1)), range(3)))
        until_errand(store, ("sent", (PARCEL,)))
        engine.submit(asked(parcels=1))
        until(is_at_rest)
    assert outpost.calls == ["send"]
    assert errand_in(store).version == 2


def test_events_of_one_case_are_applied_one_at_a_time(store: Store, outpost: Outpost) -> None:
    with running(store, errands(outpost, sign=True)) as engine:
        engine.submit(asked())
        until(lambda: exists(store))
        with ThreadPoolExecutor(16) as threads:
            list(threads.map(lambda number: engine.submit(added(number)), range(100)))
        until_errand(store, ("total", 100))
        until(is_at_rest)
    assert outpost.shown[-1] == {"total": 100}
    assert outpost.most_writing == 1 and len(outpost.shown) < 100


def test_a_long_wait_comes_again_from_the_queue_and_looks_first(file_store: Store, outpost: Outpost) -> None:
    outpost.after.append(asked_to_wait(1.1))
    with running(file_store, errands(outpost)) as engine:
        engine.submit(asked(parcels=1))
        errand = until_errand(file_store, ("sent", (PARCEL,)))
        until(is_at_rest)
    assert outpost.calls == ["send", "find"]
    assert errand_in(file_store).delayed == (PARCEL,) and errand.failed == ()


def test_what_was_decided_but_not_started_is_started_when_the_event_comes_again(
    store: Store, outpost: Outpost
) -> None:
    hands = Hands(store, errands(outpost, sign=True))
    hands.asked(parcels=1)
    hands.performer.stop()
    with running(store, errands(outpost, sign=True)) as engine:
        engine.submit(asked(parcels=1))
        until_errand(store, ("sent", (PARCEL,)), ("signs", ("sign",)))


def test_what_cannot_be_decided_is_kept_until_it_is_mended(store: Store, outpost: Outpost) -> None:
    fault = Fault({"added"})
    with running(store, errands(outpost, fault)) as engine:
        engine.submit(asked(parcels=1))
        until(lambda: exists(store))
        engine.submit(added(1))
        until(lambda: stuck(store) == ["added:a:1"])
        until_errand(store, ("sent", (PARCEL,)))
        for _ in range(2):  # not mended yet
            assert engine.replay_stuck() == 1
            until(is_at_rest)
            assert stuck(store) == ["added:a:1"]
        fault.kinds.clear()
        assert engine.replay_stuck() == 1
        until_errand(store, ("total", 1))
        until(lambda: stuck(store) == [])
        assert engine.replay_stuck() == 0


def test_an_event_that_no_version_understands_stays_where_it_is(file_store: Store, outpost: Outpost) -> None:
    with file_store.transaction() as books:
        books.put_stuck("old", NOW, "ref", "Error", 'errands {"kind": "of old", "id": "old"}')
        books.put_stuck("gone", NOW, "ref", "Error", 'duty-of-old {"id": "gone"}')
    with running(file_store, errands(outpost)) as engine:
        assert engine.replay_stuck() == 2
        until(is_at_rest)
        engine.submit(asked())
        until(lambda: exists(file_store))
    assert set(stuck(file_store)) == {"old", "gone"}


def test_an_event_whose_arrival_needs_a_slow_service_comes_again(file_store: Store, outpost: Outpost) -> None:
    waits = deque([1.1, 1.1])

    def arrive(event: Event) -> Sequence[Event]:
        if waits:
            raise ServiceDelayed("slack", "read the post", retry_after_s=waits.popleft())
        return [event]

    with file_store.transaction() as books:
        books.put_stuck("asked:a", NOW, "ref", "Error", "kept from before")
    with running(file_store, dataclasses.replace(errands(outpost), arrive=arrive)) as engine:
        engine.submit(asked())
        until(lambda: exists(file_store))
        until(is_at_rest)
    assert stuck(file_store) == []


def test_what_was_under_way_is_looked_for_by_the_next_process(store: Store, outpost: Outpost) -> None:
    hold = Hold()
    outpost.after.append(hold)
    with running(store, errands(outpost)) as engine:
        engine.submit(asked(parcels=2))
        assert hold.begun.wait(10)
    with running(store, errands(outpost)):
        until_errand(store, ("sent", (PARCEL, "errand-a:send:1")))
        until(is_at_rest)
    hold.may.set()
    assert outpost.calls == ["send", "find", "send"]
    assert outpost.parcels == [PARCEL, "errand-a:send:1"]
    assert errand_in(store).failed == ()


def test_a_run_that_goes_another_way_after_a_crash_is_not_refused(
    file_store: Store, outpost: Outpost
) -> None:
    """In its first life a writer started the bell; in its second it has to come again from the queue."""
    holds = [Hold(), Hold(), Hold()]

    def hold_and_refuse(key: str) -> None:
        holds[1](key)
        refused(key)

    outpost.before.extend([holds[0], hold_and_refuse, holds[2]])
    with running(file_store, errands(outpost, sign=True)) as engine:
        engine.submit(asked())
        for number in (0, 1):
            assert holds[number].begun.wait(10)
            engine.submit(added(number))
            until_errand(file_store, ("total", number + 1))
            holds[number].may.set()
        assert holds[2].begun.wait(10)
        until_errand(file_store, ("rang", True), ("failed", ("closed",)))
    outpost.before.extend([lost, asked_to_wait(1.1)])
    with running(file_store, errands(outpost, sign=True)):
        until(lambda: outpost.shown[-1] == {"total": 2})
        until(is_at_rest)
    assert errand_in(file_store).failed == ("closed",)
    holds[2].may.set()


def test_a_run_that_outlives_its_engine_tells_no_failure(store: Store, outpost: Outpost) -> None:
    hold = Hold()
    outpost.after.append(hold)
    with running(store, errands(outpost)) as engine:
        engine.submit(asked(parcels=2))
        assert hold.begun.wait(10)
    hold.may.set()
    until_errand(store, ("sent", (PARCEL,)))
    with running(store, errands(outpost)):
        errand = until_errand(store, ("sent", (PARCEL, "errand-a:send:1")))
    assert errand.failed == () and outpost.parcels == list(errand.sent)


def test_a_writer_that_was_closed_goes_on_after_the_next_start(store: Store, outpost: Outpost) -> None:
    hold = Hold()
    outpost.before.extend([hold])
    with running(store, errands(outpost, sign=True)) as engine:
        engine.submit(asked())
        assert hold.begun.wait(10)
        engine.submit(added(1))
        until_errand(store, ("total", 1))
    with running(store, errands(outpost, sign=True)):
        until_errand(store, ("rang", True))
        until(is_at_rest)
    assert outpost.shown == [{"total": 1}]
    hold.may.set()


def test_an_event_is_refused_in_time_while_the_database_is_silent(store: Store, outpost: Outpost) -> None:
    with running(store, errands(outpost)) as engine:
        with silent(engine_url(store.url), ["dbos.workflow_status"]):
            begun = time.monotonic()
            with pytest.raises(TimeoutError):
                engine.submit(asked(parcels=1))
            assert time.monotonic() - begun < DATABASE_PATIENCE_S + 0.4
        engine.submit(asked(parcels=1))
        until_errand(store, ("sent", (PARCEL,)))
        until(is_at_rest)
    assert outpost.calls == ["send"]


def test_what_was_done_is_not_told_as_failed_because_the_database_was_away(
    store: Store, outpost: Outpost
) -> None:
    away, back = threading.Event(), threading.Event()

    def go_away(key: str) -> None:
        away.set()
        assert back.wait(10)

    outpost.after.append(go_away)
    with running(store, errands(outpost)) as engine:
        engine.submit(asked(parcels=1))
        assert away.wait(10)
        if store.is_sqlite:
            with silent(store.url, []):
                back.set()
                time.sleep(DATABASE_PATIENCE_S + 0.7)  # longer than a write waits
        else:
            _cut_off(store.url, back)
        errand = until_errand(store, ("sent", (PARCEL,)))
    assert errand.failed == () and outpost.parcels == [PARCEL]


def _cut_off(url: str, back: threading.Event) -> None:
    """Ends every connection but the one that bears the mark, and takes no new one until the engine has had time to
    notice."""
    name = make_url(url).database
    server = make_url(url).set(database="postgres", drivername="postgresql")
    with psycopg.connect(server.render_as_string(hide_password=False), autocommit=True) as connection:
        connection.execute(f"alter database {name} allow_connections false".encode())
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s"
            " and pid not in (select pid from pg_locks where locktype = 'advisory')",
            [name],
        )
        back.set()
        time.sleep(1.5)
        connection.execute(f"alter database {name} allow_connections true".encode())


def test_a_service_that_hangs_with_forty_effects_open_delays_nobody_else(
    file_store: Store, outpost: Outpost
) -> None:
    holds = [Hold() for _ in range(80)]
    outpost.before.extend(holds)
    with running(file_store, errands(outpost), places=4, threads=24) as engine:
        for number in range(40):
            engine.submit(asked(f"slow{number}", parcels=1))
        until(lambda: outpost.calls.count("send") == 4)
        begun = time.monotonic()
        engine.submit(asked("quick", ring=True))
        until_errand(file_store, ("rang", True), case_id="errand-quick")
        assert time.monotonic() - begun < 2
        assert outpost.calls.count("send") == 4
    for hold in holds:
        hold.may.set()


def test_what_is_not_found_after_a_time_out_is_sent_again_once_the_vendor_has_surely_ended(
    file_store: Store, outpost: Outpost
) -> None:
    outpost.before.append(timed_out)
    with running(file_store, errands(outpost), settle_s=2.0) as engine:
        begun = time.monotonic()
        engine.submit(asked(parcels=1))
        until_errand(file_store, ("sent", (PARCEL,)))
        assert time.monotonic() - begun >= 2.0
    first, *looks, last = outpost.calls
    assert (first, set(looks), last) == ("send", {"find"}, "send")


def test_finished_work_is_forgotten_and_its_events_still_act_once(store: Store, outpost: Outpost) -> None:
    with running(store, errands(outpost)) as engine:
        engine.submit(asked(parcels=1))
        until_errand(store, ("sent", (PARCEL,)))
        until(is_at_rest)
        assert engine.forget() == 0
        assert engine.forget(older_than=timedelta(seconds=-1)) == 2
        engine.submit(asked(parcels=1))
        until(is_at_rest)
        assert errand_in(store).version == 2
    assert outpost.calls == ["send"]


def test_an_engine_that_was_never_busy_closes_at_once(file_store: Store, outpost: Outpost) -> None:
    with running(file_store, errands(outpost)) as engine:
        assert isinstance(engine, Engine)
        begun = time.monotonic()
    assert time.monotonic() - begun < 4
