"""One event, one transaction: nothing is lost and nothing is done twice, however many come at once."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from starbot.engine.store import Books, Store
from tests.engine.errands import (
    NOW,
    Asked,
    Errand,
    Hands,
    Outpost,
    Sent,
    added,
    decide,
    errand_in,
    errands,
)


def test_two_hundred_additions_from_sixteen_threads_are_all_counted(store: Store, outpost: Outpost) -> None:
    hands = Hands(store, errands(outpost))
    hands.asked()
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda number: hands.advance(added(number)), range(200)))
    assert hands.errand().total == 200
    assert hands.errand().version == 201


def test_the_journal_folded_is_the_stored_case(store: Store, outpost: Outpost) -> None:
    duty = errands(outpost)
    hands = Hands(store, duty)
    hands.asked(place="roof")
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: hands.advance(added(number, n=number)), range(40)))
    with store.read() as books:
        entries = books.entries("errand-a")
    assert [entry.version for entry in entries] == list(range(1, 42))
    errand: Errand | None = None
    for entry in entries:
        decision = decide(errand, duty.event(entry.body), None)
        assert decision is not None and isinstance(decision.case, Errand)
        errand = decision.case.model_copy(update={"version": entry.version})
    assert errand == hands.errand()


def test_a_place_goes_to_one_of_sixteen_and_the_others_are_told_who_has_it(
    store: Store, outpost: Outpost
) -> None:
    hands = Hands(store, errands(outpost))
    with ThreadPoolExecutor(16) as threads:
        asked = list(threads.map(lambda number: hands.asked(str(number), place="roof"), range(16)))
    errands_now = [hands.errand(case_id) for case_id in asked]
    winners = [errand.id for errand in errands_now if errand.claim == "roof"]
    assert len(winners) == 1
    assert {errand.rival for errand in errands_now if errand.id not in winners} == set(winners)


def test_a_place_that_was_given_back_may_be_had_again(store: Store, outpost: Outpost) -> None:
    duty = errands(outpost)
    hands = Hands(store, duty)
    first = hands.asked("a", place="roof")
    hands.advance(duty.event({"kind": "due", "id": "due", "at": NOW, "case_id": first}))
    assert hands.errand(hands.asked("b", place="roof")).claim == "roof"


def test_a_name_that_a_case_let_go_of_opens_another_case(store: Store, outpost: Outpost) -> None:
    duty = errands(outpost)

    def leaves(case: Any, event: Any, rival: Any) -> Any:
        decision = duty.decide(case, event, rival)
        if decision is None or event.kind != "due":
            return decision
        return decision.model_copy(update={"case": decision.case.model_copy(update={"handles": ()})})

    hands = Hands(store, replace(duty, decide=leaves))
    first = hands.asked("a")
    hands.advance(duty.event({"kind": "due", "id": "due", "at": NOW, "case_id": first}))
    assert hands.advance(added(1, "a")) == [], "nobody has that name any more"
    with store.read() as books:
        assert books.case_of("a") is None and books.case(first) is not None


def test_an_event_is_applied_once_and_answers_each_time_with_the_same_starts(
    store: Store, outpost: Outpost
) -> None:
    hands = Hands(store, errands(outpost, sign=True))
    asked = Asked(id="asked:a", at=NOW, handle="a", parcels=1, ring=True)
    first = hands.advance(asked)
    assert [start.workflow_id for start in first] == [
        "errand-a:send:0",
        "errand-a:ring:0",
        "errand-a:sign:1",
    ]
    assert hands.advance(asked) == first
    assert hands.errand().version == 1


def test_the_same_event_in_sixteen_threads_at_once_is_applied_once(store: Store, outpost: Outpost) -> None:
    hands = Hands(store, errands(outpost))
    asked = Asked(id="asked:a", at=NOW, handle="a", parcels=1)
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda _: hands.advance(asked), range(16)))
    assert all(answer == answers[0] for answer in answers)
    assert hands.errand().version == 1
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda _: hands.advance(added(1)), range(16)))
    assert hands.errand().total == 1


def test_results_and_events_of_one_case_do_not_lock_each_other_out(store: Store, outpost: Outpost) -> None:
    """A result also writes what it is the result of; to take that before the case is a deadlock."""
    hands = Hands(store, errands(outpost, sign=True))
    hands.asked()

    def result(number: int) -> None:
        sent = Sent(id=f"sent:{number}", at=NOW, case_id="errand-a", key=str(number))
        hands.advance(sent, lambda books: books.set_target("errand-a", "sign", attempts=number))

    with ThreadPoolExecutor(16) as threads:
        turns = [threads.submit(result, number) for number in range(100)]
        turns += [threads.submit(hands.advance, added(number)) for number in range(100)]
        assert [turn.exception(timeout=60) for turn in turns] == [None] * 200
    assert (hands.errand().total, len(hands.errand().sent)) == (100, 100)


def test_what_belongs_to_an_event_is_written_with_it_or_not_at_all(store: Store, outpost: Outpost) -> None:
    hands = Hands(store, errands(outpost))
    hands.asked(parcels=1)

    def also(books: Books) -> None:
        books.settle_effect("errand-a:send:0", "done")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        hands.advance(added(1), also)
    with store.read() as books:
        effect = books.effect("errand-a:send:0")
        assert books.starts_of("added:a:1") is None
    assert effect is not None and effect.state == "open"
    assert hands.errand().total == 0


def test_a_case_survives_being_stored(store: Store, outpost: Outpost) -> None:
    hands = Hands(store, errands(outpost))
    case_id = hands.asked("Ünïcode ‘name’ 🎉", place='roof\'s "top"', due_in_s=90)
    stored = errand_in(store, case_id)
    assert stored.handles == ("Ünïcode ‘name’ 🎉",) and stored.claim == 'roof\'s "top"'
    assert stored.next_due is not None and (stored.next_due - NOW).total_seconds() == 90
    assert Errand.model_validate_json(stored.model_dump_json()) == stored
