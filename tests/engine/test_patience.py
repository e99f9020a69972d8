"""Nobody waits for a stranger: shares, alarms, and how long we wait."""

import threading
import time
from contextlib import ExitStack

import pytest

from starbot.engine.patience import Alarm, Busy, Share, back_off_s, within
from tests.engine.errands import until


def test_the_first_wait_is_short_and_later_ones_double_up_to_five_minutes() -> None:
    assert [back_off_s(tries) for tries in (0, 1, 2, 3, 4, 9, 10, 99)] == [0.25, 0.25, 2, 4, 8, 256, 300, 300]


def test_a_share_has_so_many_places_and_gets_them_back() -> None:
    share = Share(2)
    with share.place() as first, share.place() as second:
        assert first and second
        begun = time.monotonic()
        with share.place() as third:
            assert not third
        assert 0.9 < time.monotonic() - begun < 3
    with share.place() as again, share.place() as both:
        assert again and both


def test_who_waits_for_a_place_gets_the_one_that_is_given_back() -> None:
    share = Share(1)
    had: list[bool] = []

    def wait() -> None:
        with share.place() as place:
            had.append(place)

    with share.place():
        waiting = threading.Thread(target=wait)
        waiting.start()
    waiting.join(5)
    assert had == [True]


def test_only_so_many_may_wait_and_the_rest_are_sent_away_at_once() -> None:
    share = Share(1)
    answers: list[float] = []

    def ask() -> None:
        begun = time.monotonic()
        with share.place() as had:
            assert not had
        answers.append(time.monotonic() - begun)

    with share.place():
        threads = [threading.Thread(target=ask) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(5)
    assert sum(answer < 0.5 for answer in answers) == 5


def test_a_place_is_given_back_after_an_error() -> None:
    share = Share(1)
    with pytest.raises(ZeroDivisionError), share.place():
        raise ZeroDivisionError
    with share.place() as had:
        assert had


def test_the_alarm_calls_for_what_is_still_running_in_the_order_of_time() -> None:
    alarm = Alarm()
    calls: list[str] = []
    with ExitStack() as running:
        running.enter_context(alarm.after(0.2, lambda: calls.append("late")))
        running.enter_context(alarm.after(0.05, lambda: calls.append("early")))
        with alarm.after(0.1, lambda: calls.append("never")):
            pass
        until(lambda: len(calls) == 2)
    assert calls == ["early", "late"]
    alarm.stop()


def test_an_alarm_that_fails_does_not_silence_the_others() -> None:
    alarm = Alarm()
    called = threading.Event()
    with alarm.after(0, lambda: [][0]), alarm.after(0.05, called.set):
        assert called.wait(5)
    alarm.stop()


def test_a_stopped_alarm_calls_nobody() -> None:
    alarm = Alarm()
    calls: list[str] = []
    with alarm.after(0.1, lambda: calls.append("late")):
        alarm.stop()
        time.sleep(0.2)
    assert calls == []


def test_one_name_is_worked_on_by_one_at_a_time() -> None:
    busy = Busy()
    with busy.alone("a") as first, busy.alone("a") as second, busy.alone("b") as other:
        assert (first, second, other) == (True, False, True)
        with busy.alone("a") as third:
            assert not third
    with busy.alone("a") as again:
        assert again


def test_what_takes_too_long_is_left_to_go_on_by_itself() -> None:
    may, done = threading.Event(), threading.Event()

    def work() -> None:
        may.wait(10)
        done.set()

    with pytest.raises(TimeoutError):
        within(0.05, work)
    may.set()
    assert done.wait(5)


def test_what_is_done_in_time_answers_with_its_own_error() -> None:
    within(5, lambda: None)
    with pytest.raises(ZeroDivisionError):
        within(5, lambda: [1 / 0].clear())
