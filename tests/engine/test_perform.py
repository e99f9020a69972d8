"""One-off effects: asked for before they are repeated, and never ended in silence."""

import threading
from collections.abc import Callable, Iterator

import pytest

from starbot.engine.patience import GO_ON_AFTER_S
from starbot.engine.perform import Again
from starbot.engine.store import Store
from tests.engine.errands import (
    Delayed,
    Fault,
    Hands,
    Hold,
    Outpost,
    PlugPulled,
    asked_to_wait,
    broken,
    errands,
    lost,
    plug_pulled,
    refused,
    served,
    timed_out,
    until,
    wrote_and_then,
)

PARCEL = "errand-a:send:0"


@pytest.fixture
def make(file_store: Store, outpost: Outpost) -> Iterator[Callable[..., Hands]]:
    """Hands for the outpost, on SQLite."""
    made: list[Hands] = []

    def hands(**how: float) -> Hands:
        made.append(Hands(file_store, errands(outpost), **how))  # type: ignore[arg-type]
        return made[-1]

    yield hands
    for one in made:
        one.performer.stop()


@pytest.fixture
def hands(make: Callable[..., Hands]) -> Hands:
    """Hands that were asked to send one parcel."""
    hands = make()
    hands.asked(parcels=1)
    return hands


def state_of(hands: Hands, key: str = PARCEL) -> tuple[str, int]:
    """The state of an effect and its tries."""
    with hands.store.read() as books:
        effect = books.effect(key)
    assert effect is not None
    return effect.state, effect.attempts


def test_the_first_try_writes_without_looking(hands: Hands, outpost: Outpost) -> None:
    assert hands.performer.perform(PARCEL) is None
    assert outpost.calls == ["send"]
    assert hands.errand().sent == (PARCEL,)
    assert state_of(hands) == ("done", 1)


def test_any_other_try_looks_and_finds_what_a_lost_answer_hid(hands: Hands, outpost: Outpost) -> None:
    outpost.after.append(lost)
    assert hands.performer.perform(PARCEL) is None
    assert outpost.calls == ["send", "find"]
    assert outpost.parcels == [PARCEL] and hands.errand().sent == (PARCEL,)


def test_what_is_not_found_is_done_again(hands: Hands, outpost: Outpost) -> None:
    outpost.before.append(lost)
    assert hands.performer.perform(PARCEL) is None
    assert outpost.calls == ["send", "find", "send"]
    assert outpost.parcels == [PARCEL]


def test_the_first_wait_is_soon_and_the_second_gives_the_thread_back(hands: Hands, outpost: Outpost) -> None:
    outpost.before.extend([lost, lost])
    assert hands.performer.perform(PARCEL) == Again("gitlab", 2.0)
    assert hands.performer.perform(PARCEL) is None
    assert hands.errand().sent == (PARCEL,)


def test_a_wait_that_the_service_asked_for_is_kept(hands: Hands, outpost: Outpost) -> None:
    outpost.before.append(asked_to_wait(37))
    assert hands.performer.perform(PARCEL) == Again("gitlab", 37)


def test_until_the_vendor_has_surely_ended_a_lost_try_is_only_looked_for(
    make: Callable[..., Hands], outpost: Outpost
) -> None:
    hands = make(settle_s=60)
    hands.asked(parcels=1)
    outpost.before.append(timed_out)
    for _ in range(3):
        again = hands.performer.perform(PARCEL)
        assert again is not None and again.delay_s < 60
    assert set(outpost.calls[1:]) == {"find"}


def test_whoever_was_told_to_wait_has_written_nothing_and_looks_for_nothing(
    make: Callable[..., Hands], outpost: Outpost
) -> None:
    hands = make(settle_s=60)
    hands.asked(parcels=1)
    outpost.before.extend([asked_to_wait(37)] * 3)
    for _ in range(3):
        assert hands.performer.perform(PARCEL) == Again("gitlab", 37)
    assert hands.performer.perform(PARCEL) is None
    assert outpost.calls == ["send"] * 4


def test_a_wait_after_a_write_of_the_same_try_leaves_something_to_look_for(
    hands: Hands, outpost: Outpost
) -> None:
    outpost.before.append(wrote_and_then(asked_to_wait(37)))
    assert hands.performer.perform(PARCEL) == Again("gitlab", 37)
    assert hands.performer.perform(PARCEL) is None
    assert outpost.calls == ["send", "find", "send"]


def test_a_wait_makes_nobody_forget_the_lost_try_before_it(hands: Hands, outpost: Outpost) -> None:
    outpost.before.extend([lost, asked_to_wait(37)])
    assert hands.performer.perform(PARCEL) == Again("gitlab", 37)
    assert hands.performer.perform(PARCEL) is None
    assert outpost.calls == ["send", "find", "send", "find", "send"]


def test_a_delay_is_told_after_the_first_failed_try_and_under_one_name(
    hands: Hands, outpost: Outpost
) -> None:
    outpost.before.extend([lost, lost])
    hands.performer.perform(PARCEL)
    assert {type(event) for event in hands.told} == {Delayed}
    assert {event.id for event in hands.told} == {f"{PARCEL}>delayed"}


def test_a_delay_is_told_while_the_service_does_not_answer(hands: Hands, outpost: Outpost) -> None:
    hold = Hold()
    outpost.before.append(hold)
    performing = threading.Thread(target=hands.performer.perform, args=[PARCEL])
    performing.start()
    hold.begun.wait(5)
    assert hands.told == []
    until(lambda: hands.told, GO_ON_AFTER_S + 3)
    hold.may.set()
    performing.join(5)
    assert [event.id for event in hands.told] == [f"{PARCEL}>delayed"]
    assert hands.errand().sent == (PARCEL,)


def test_a_delay_that_cannot_be_told_stops_nothing(hands: Hands, outpost: Outpost) -> None:
    hands.on_tell = broken
    outpost.before.append(lost)
    assert hands.performer.perform(PARCEL) is None
    assert hands.errand().sent == (PARCEL,)


def test_a_refusal_is_told_with_its_reason(hands: Hands, outpost: Outpost) -> None:
    outpost.before.append(refused)
    assert hands.performer.perform(PARCEL) is None
    assert hands.errand().failed == ("closed",) and hands.errand().reference == ""
    assert state_of(hands) == ("failed", 1)


def test_a_fault_of_ours_is_told_with_a_reference(hands: Hands, outpost: Outpost) -> None:
    outpost.before.append(broken)
    assert hands.performer.perform(PARCEL) is None
    assert hands.errand().failed == ("ours",)
    assert len(hands.errand().reference) == 8


def test_a_result_that_cannot_be_decided_is_told_as_a_fault_of_ours(
    file_store: Store, outpost: Outpost
) -> None:
    """The parcel is there: when a person asks again after the mend, it is found."""
    hands = Hands(file_store, errands(outpost, Fault({"sent"})))
    hands.asked(parcels=1)
    assert hands.performer.perform(PARCEL) is None
    assert outpost.parcels == [PARCEL]
    assert hands.errand().failed == ("ours",) and state_of(hands)[0] == "failed"
    hands.performer.stop()


def test_a_failure_that_cannot_be_decided_either_is_set_aside(file_store: Store, outpost: Outpost) -> None:
    hands = Hands(file_store, errands(outpost, Fault({"effect_failed"})))
    hands.asked(parcels=1)
    outpost.before.append(refused)
    assert hands.performer.perform(PARCEL) is None
    assert [event.id for event in hands.told] == [f"{PARCEL}>failed"]
    assert state_of(hands)[0] == "failed"
    hands.performer.stop()


def test_what_is_done_starts_again_what_followed_and_does_nothing_more(
    hands: Hands, outpost: Outpost
) -> None:
    hands.asked("b", parcels=2)
    hands.performer.perform("errand-b:send:0")
    followed = list(hands.started)
    assert [start.workflow_id for start in followed] == ["errand-b:send:1"]
    assert hands.performer.perform("errand-b:send:0") is None
    assert hands.started == followed * 2
    assert outpost.calls == ["send"]


def test_a_crash_between_the_commit_and_the_start_is_mended_by_running_again(
    hands: Hands, outpost: Outpost
) -> None:
    hands.asked("b", parcels=2)

    hands.on_start = plug_pulled
    with pytest.raises(PlugPulled):
        hands.performer.perform("errand-b:send:0")
    assert outpost.parcels == ["errand-b:send:0"] and hands.started == []
    hands.on_start = hands.started.extend
    assert hands.performer.perform("errand-b:send:0") is None
    assert [start.workflow_id for start in hands.started] == ["errand-b:send:1"]
    assert outpost.calls == ["send"]


def test_a_crash_between_the_deed_and_the_commit_is_mended_by_looking(hands: Hands, outpost: Outpost) -> None:
    outpost.after.append(plug_pulled)
    with pytest.raises(PlugPulled):
        hands.performer.perform(PARCEL)
    assert hands.performer.perform(PARCEL) is None
    assert outpost.calls == ["send", "find"] and outpost.parcels == [PARCEL]


def test_two_runs_of_one_effect_never_send_at_once(hands: Hands, outpost: Outpost) -> None:
    """After a crash the run that died and the one that was to come after it may both be there."""
    hold = Hold()
    outpost.before.append(hold)
    first = threading.Thread(target=hands.performer.perform, args=[PARCEL])
    first.start()
    hold.begun.wait(5)
    assert hands.performer.perform(PARCEL) == Again("gitlab", 1.0)
    hold.may.set()
    first.join(5)
    assert hands.performer.perform(PARCEL) is None
    assert outpost.parcels == [PARCEL]


def test_a_service_that_hangs_holds_its_own_places_and_no_others(
    make: Callable[..., Hands], outpost: Outpost
) -> None:
    hands = make(places=2)
    holds = [Hold(), Hold()]
    outpost.before.extend(holds)
    for name in "abc":
        hands.asked(name, parcels=1, ring=True)
    hanging = [threading.Thread(target=hands.performer.perform, args=[f"errand-{n}:send:0"]) for n in "ab"]
    for thread in hanging:
        thread.start()
    assert all(hold.begun.wait(5) for hold in holds)
    assert hands.performer.perform("errand-c:send:0") == Again("gitlab", 1.0)
    assert [event.id for event in hands.told] == ["errand-c:send:0>delayed"]
    for name in "abc":
        assert hands.performer.perform(f"errand-{name}:ring:0") is None
    assert [hands.errand(f"errand-{n}").rang for n in "abc"] == [True, True, True]
    for hold in holds:
        hold.may.set()
    for thread in hanging:
        thread.join(5)


def test_an_effect_that_nobody_knows_is_left_alone(hands: Hands, outpost: Outpost) -> None:
    assert hands.performer.perform("errand-z:send:0") is None
    assert outpost.calls == []


def test_a_second_wish_after_a_failure_looks_first(hands: Hands, outpost: Outpost) -> None:
    outpost.after.extend([broken, served])
    hands.performer.perform(PARCEL)
    assert hands.errand().failed == ("ours",)
    with hands.store.transaction() as books:
        body = f'{{"key": "{PARCEL}", "run": "click1", "kind": "send"}}'
        books.put_effect(PARCEL, "errand-a", "errands", "send", body)
    assert hands.performer.perform(PARCEL) is None
    assert outpost.calls == ["send", "find"]
    assert hands.errand().sent == (PARCEL,)
    with hands.store.read() as books:
        assert books.starts_of(f"{PARCEL}~click1>done") == []
