"""What comes by itself: deadlines once, and calls every few seconds."""

import threading
from datetime import timedelta

from starbot.core.case import Event
from starbot.engine.store import Store
from starbot.engine.sweep import Every, sweep
from tests.engine.errands import DUTY, NOW, Hands, Outpost, errand_in, errands, running, until


def test_a_deadline_that_has_come_is_told_under_one_name(store: Store, outpost: Outpost) -> None:
    duty = errands(outpost)
    hands = Hands(store, duty)
    hands.asked("a", due_in_s=60)
    hands.asked("b", due_in_s=90)
    hands.asked("c")
    told: list[Event] = []
    duties = {DUTY: duty}
    assert sweep(store, duties, NOW + timedelta(seconds=59), told.append) == 0
    assert sweep(store, duties, NOW + timedelta(seconds=60), told.append) == 1
    assert sweep(store, duties, NOW + timedelta(seconds=70), told.append) == 1
    assert told[0].id == told[1].id and told[0].case_id == "errand-a"
    assert sweep(store, duties, NOW + timedelta(seconds=90), told.append) == 2
    assert len({event.id for event in told}) == 2
    hands.performer.stop()


def test_sweeps_on_top_of_each_other_act_once(store: Store, outpost: Outpost) -> None:
    duty = errands(outpost)
    with running(store, duty) as engine:
        hands = Hands(store, duty)
        hands.asked(due_in_s=60)
        threads = [
            threading.Thread(
                target=sweep, args=[store, {DUTY: duty}, NOW + timedelta(hours=1), engine.submit]
            )
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        until(lambda: errand_in(store).status == "closed")
        assert sweep(store, {DUTY: duty}, NOW + timedelta(hours=2), engine.submit) == 0
        hands.performer.stop()
    assert errand_in(store).version == 2


def test_every_calls_when_woken_and_goes_on_after_an_error() -> None:
    calls: list[int] = []

    def call() -> None:
        calls.append(1)
        if len(calls) == 1:
            raise ZeroDivisionError

    every = Every("test", None, call)
    every.start()
    for number in (1, 2):
        every.wake()
        until(lambda number=number: len(calls) == number)  # type: ignore[misc]
    every.stop()
    every.wake()
    assert len(calls) == 2


def test_every_calls_by_itself() -> None:
    calls: list[int] = []
    every = Every("test", 0.01, lambda: calls.append(1))
    every.start()
    until(lambda: len(calls) >= 3)
    every.stop()
