"""Things that always show the case as it is: one writer at a time, and no write too many."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from starbot.engine.perform import Again
from starbot.engine.store import Store, StoredTarget
from tests.engine.errands import (
    NOW,
    Due,
    Fault,
    Hands,
    Hold,
    Outpost,
    PlugPulled,
    added,
    asked_to_wait,
    broken,
    errands,
    lost,
    plug_pulled,
    refused,
    served,
)


@pytest.fixture
def make(file_store: Store, outpost: Outpost) -> Iterator[Callable[..., Hands]]:
    """Hands that were asked for an errand with a sign, on SQLite."""
    made: list[Hands] = []

    def hands(fault: Fault | None = None) -> Hands:
        made.append(Hands(file_store, errands(outpost, fault, sign=True)))
        made[-1].asked()
        return made[-1]

    yield hands
    for one in made:
        one.performer.stop()


@pytest.fixture
def hands(make: Callable[..., Hands]) -> Hands:
    """Hands that have an errand without a fault."""
    return make()


def converge(hands: Hands, writer: str = "w1") -> Again | None:
    """One run of a writer."""
    return hands.performer.converge("errand-a", "sign", writer)


def sign(hands: Hands) -> StoredTarget:
    """The sign as stored."""
    with hands.store.read() as books:
        stored = books.target("errand-a", "sign")
    assert stored is not None
    return stored


def assert_is_shown(hands: Hands, outpost: Outpost) -> None:
    """What is wanted is shown, stored and outside, and nobody holds the sign."""
    now = sign(hands)
    assert now.shown >= now.wanted and now.writer is None
    assert outpost.shown[-1] == now.document == {"total": hands.errand().total}


def test_what_is_shown_in_the_end_is_what_is_wanted(hands: Hands, outpost: Outpost) -> None:
    assert converge(hands) is None
    assert outpost.calls == ["make"]
    assert_is_shown(hands, outpost)
    assert [start.workflow_id for start in hands.started] == ["errand-a:ring:0"]


def test_nothing_is_written_where_nothing_changed(hands: Hands, outpost: Outpost) -> None:
    converge(hands)
    assert hands.advance(Due(id="due", at=NOW, case_id="errand-a")) == []
    converge(hands, "w2")
    assert outpost.calls == ["make"]


def test_what_changed_and_changed_back_costs_no_write(hands: Hands, outpost: Outpost) -> None:
    converge(hands)
    hands.advance(added(1, n=5))
    hands.advance(added(2, n=-5))
    assert converge(hands, "w2") is None
    assert outpost.calls == ["make"]
    assert_is_shown(hands, outpost)


def test_what_changed_back_is_written_after_a_lost_answer(hands: Hands, outpost: Outpost) -> None:
    converge(hands)
    hands.advance(added(1, n=5))
    outpost.after.append(lost)
    hands.on_tell = lambda event: hands.advance(added(2, n=-5))
    assert converge(hands, "w2") is None
    assert outpost.shown == [{"total": 0}, {"total": 5}, {"total": 0}]
    assert_is_shown(hands, outpost)


def test_two_quick_changes_cost_one_write(hands: Hands, outpost: Outpost) -> None:
    converge(hands)
    starts = [*hands.advance(added(1)), *hands.advance(added(2))]
    for start in starts:
        hands.performer.converge("errand-a", "sign", start.workflow_id)
    assert outpost.calls == ["make", "write"]
    assert_is_shown(hands, outpost)


def test_what_changes_while_it_is_written_is_written_by_the_same_writer(
    hands: Hands, outpost: Outpost
) -> None:
    hold = Hold()
    outpost.before.append(hold)
    writing = threading.Thread(target=converge, args=[hands])
    writing.start()
    hold.begun.wait(5)
    hands.advance(added(1))
    assert converge(hands, "w2") is None and outpost.calls == ["make"]
    hold.may.set()
    writing.join(5)
    assert outpost.calls == ["make", "write"]
    assert_is_shown(hands, outpost)


def test_one_writes_at_a_time_and_the_last_word_is_shown(store: Store, outpost: Outpost) -> None:
    hands = Hands(store, errands(outpost, sign=True))
    hands.asked()

    def change(number: int) -> None:
        for start in hands.advance(added(number)):
            hands.performer.converge("errand-a", "sign", start.workflow_id)

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(change, range(64)))
    assert outpost.most_writing == 1
    assert_is_shown(hands, outpost)
    assert hands.errand().total == 64 and len(outpost.shown) < 64
    hands.performer.stop()


def test_what_may_have_been_made_is_looked_for(hands: Hands, outpost: Outpost) -> None:
    outpost.after.append(lost)
    assert converge(hands) is None
    assert outpost.calls == ["make", "write"]
    assert hands.errand().signs == ("sign",)


def test_a_sign_that_had_to_wait_is_made_without_a_look(hands: Hands, outpost: Outpost) -> None:
    outpost.before.extend([asked_to_wait(37)] * 2)
    assert converge(hands) == converge(hands) == Again("slack", 37)
    assert converge(hands) is None
    assert outpost.calls == ["make"] * 3


def test_a_sign_that_may_stand_is_looked_for_after_a_wait_too(hands: Hands, outpost: Outpost) -> None:
    outpost.after.append(lost)
    outpost.before.extend([served, asked_to_wait(37)])
    assert converge(hands) == Again("slack", 37)
    assert converge(hands) is None
    assert outpost.calls == ["make", "write", "write"]


def test_a_writer_that_waits_keeps_the_sign_until_it_comes_again(hands: Hands, outpost: Outpost) -> None:
    outpost.before.extend([lost, lost])
    assert converge(hands) == Again("slack", 2.0)
    assert converge(hands, "w2") is None and len(outpost.calls) == 2
    assert converge(hands) is None
    assert_is_shown(hands, outpost)


def test_a_refusal_is_told_and_the_sign_is_free_for_the_next_change(hands: Hands, outpost: Outpost) -> None:
    converge(hands)
    outpost.before.append(refused)
    hands.advance(added(1))
    assert converge(hands, "w2") is None
    assert hands.errand().failed == ("closed",)
    assert sign(hands).writer is None


def test_what_was_refused_does_not_count_as_shown(hands: Hands, outpost: Outpost) -> None:
    converge(hands)
    outpost.before.append(refused)
    hands.advance(added(1))
    converge(hands, "w2")
    assert sign(hands).document == outpost.shown[-1] == {"total": 0}
    hands.advance(added(2))
    converge(hands, "w3")
    assert_is_shown(hands, outpost)


def test_after_a_fault_of_ours_what_may_have_been_made_is_looked_for(hands: Hands, outpost: Outpost) -> None:
    outpost.after.append(broken)
    converge(hands)
    assert hands.errand().failed == ("ours",) and hands.errand().signs == ()
    hands.advance(added(1))
    converge(hands, "w2")
    assert outpost.calls == ["make", "write"]


def test_a_result_that_cannot_be_decided_is_not_written_for_ever(
    make: Callable[..., Hands], outpost: Outpost
) -> None:
    hands = make(Fault({"sign_made"}))
    assert converge(hands) is None
    assert outpost.calls == ["make"]
    assert hands.errand().failed == ("ours",)
    assert sign(hands).writer is None


def test_a_writer_that_ends_in_an_error_leaves_the_sign_to_others(hands: Hands, outpost: Outpost) -> None:
    outpost.before.append(refused)
    hands.on_start = broken
    hands.on_tell = broken
    with pytest.raises(ZeroDivisionError):
        converge(hands)
    assert sign(hands).writer is None


def test_a_writer_that_died_goes_on_where_it_was(hands: Hands, outpost: Outpost) -> None:
    outpost.after.append(plug_pulled)
    with pytest.raises(PlugPulled):
        converge(hands)
    assert sign(hands).writer == "w1"
    assert converge(hands) is None
    assert outpost.calls == ["make", "write"]
    assert_is_shown(hands, outpost)


def test_what_followed_from_showing_is_started_although_the_writer_died(
    hands: Hands, outpost: Outpost
) -> None:
    hands.on_start = plug_pulled
    with pytest.raises(PlugPulled):
        converge(hands)
    hands.on_start = hands.started.extend
    assert converge(hands) is None
    assert [start.workflow_id for start in hands.started] == ["errand-a:ring:0"]
    assert outpost.calls == ["make"]


def test_a_delay_is_told_to_the_case(hands: Hands, outpost: Outpost) -> None:
    outpost.before.extend([lost, served])
    converge(hands)
    assert [event.id for event in hands.told] == ["errand-a:sign:1>delayed"]
