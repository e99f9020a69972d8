"""A bot that is gone: its work goes on at another one, and that of a bot that lives is left to it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from starbot.engine import runtime
from starbot.engine.peers import Peers
from starbot.engine.runtime import Engine
from starbot.engine.store import Store
from tests.engine.errands import NOW, Asked, Hold, Outpost, errand_in, errands, running, until

PARCEL = "errand-a:send:0"
PENDING = Path(__file__).with_name("pending_v1.json")


@pytest.fixture
def hold(outpost: Outpost) -> Iterator[Hold]:
    """The first parcel is sent, and its answer does not come."""
    hold = Hold()
    outpost.after.append(hold)
    yield hold
    hold.may.set()


@pytest.fixture
def first(postgresql: str, outpost: Outpost, hold: Hold) -> Iterator[Store]:
    """The store of a bot that was ended while it sent a parcel; its mark is still there."""
    store = Store(postgresql)
    store.migrate()
    with running(store, errands(outpost)) as engine:
        engine.submit(Asked(id="asked:a", at=NOW, handle="a", parcels=1))
        assert hold.begun.wait(10)
    yield store
    store.close()


@pytest.fixture
def second(postgresql: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The store of another bot, which does not wait long before it takes over."""
    monkeypatch.setattr(runtime, "GRACE_S", 0.2)
    store = Store(postgresql)
    yield store
    store.close()


def peers(store: Store, engine: Engine) -> Peers:
    return Peers(store.mark, engine.adopt, changed=lambda: None, lost=lambda: None)


def is_sent(store: Store, looking: Peers) -> bool:
    looking()
    return errand_in(store).sent == (PARCEL,)


def test_the_work_of_a_bot_that_is_gone_is_looked_for_and_ended(
    first: Store, second: Store, outpost: Outpost
) -> None:
    first.close()
    with running(second, errands(outpost)) as engine:
        looking = peers(second, engine)
        until(lambda: is_sent(second, looking))
    assert (outpost.calls, outpost.parcels) == (["send", "find"], [PARCEL])


def test_the_work_of_a_bot_that_lives_is_left_to_it_and_taken_over_when_it_is_gone(
    first: Store, second: Store, outpost: Outpost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "GRACE_S", 0.0)
    with running(second, errands(outpost)) as engine:
        looking = peers(second, engine)
        for _ in range(3):
            looking()
        assert looking.alive == {first.mark.executor, second.mark.executor}
        assert not engine.settle(0.0) and errand_in(second).sent == ()
        first.close()
        until(lambda: is_sent(second, looking))
    assert outpost.calls == ["send", "find"]


def test_the_work_of_a_bot_of_before_there_could_be_several_goes_on(
    first: Store, second: Store, outpost: Outpost, postgresql: str
) -> None:
    first.close()
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute("update dbos.workflow_status set executor_id = 'local' where status = 'PENDING'")
    with running(second, errands(outpost)) as engine:
        looking = peers(second, engine)
        until(lambda: is_sent(second, looking))


def test_what_an_earlier_version_stored_and_did_not_end_is_ended_by_this_one(
    second: Store, outpost: Outpost, postgresql: str
) -> None:
    """An event, an effect, a target, and a try that was to come again, as the first version stored them."""
    second.migrate()
    with running(second, errands(outpost)):
        pass  # which makes the engine's own tables
    stored: dict[str, list[dict[str, Any]]] = json.loads(PENDING.read_text("utf-8"))
    with psycopg.connect(postgresql, autocommit=True) as connection:
        for table, rows in stored.items():
            for row in rows:
                columns, values = ", ".join(row), ", ".join(["%s"] * len(row))
                insert = f"insert into {table} ({columns}) values ({values})"
                connection.execute(insert.encode(), list(row.values()))
    with running(second, errands(outpost, sign=True)) as engine:
        looking = peers(second, engine)
        until(lambda: looking() or engine.settle(0.1))
    sends, shows, waits = (errand_in(second, f"errand-{name}") for name in ("sends", "shows", "waits"))
    assert (sends.sent, sends.total) == (("errand-sends:send:0",), 1)
    assert (shows.signs, waits.sent) == (("sign",), ("errand-waits:send:0",))
    assert outpost.calls.count("find") == 2


def test_a_bot_is_told_that_another_is_gone_that_it_leads_and_that_its_mark_is_lost(
    postgresql: str,
) -> None:
    first, second = Store(postgresql), Store(postgresql)
    told: list[str] = []
    one, two = (
        Peers(
            store.mark,
            lambda alive: False,
            lambda name=name: told.append(f"{name} changed"),  # type: ignore[misc]
            lambda name=name: told.append(f"{name} lost"),  # type: ignore[misc]
        )
        for name, store in (("first", first), ("second", second))
    )
    for _ in range(2):
        one()
        two()
    assert told == ["first changed"]
    first.mark.close()
    until(lambda: two() or two.leads)
    two()
    one()
    assert set(told) == {"first changed", "second changed", "first lost"}
    assert two.leads and two.alive == {second.mark.executor}
    for store in (first, second):
        store.close()
