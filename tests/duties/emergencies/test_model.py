"""The rules of an emergency: every event in every state, in any order, once or again."""

import itertools
from typing import Any, get_args

import pytest

from starbot.core.facts import Person
from starbot.duties.emergencies.model import (
    MOST_DESKS,
    STATUSES,
    TABLE,
    AnyEvent,
    Emergency,
    Other,
    Status,
    decide,
)
from tests.duties.emergencies.stories import (
    ACKNOWLEDGED,
    AIKO,
    FIRST,
    INCIDENT,
    MEI,
    PAGE,
    POLICY,
    RAVI,
    REF,
    RESOLVED,
    after,
    at,
    effects,
    event,
    incident,
)

ESCALATED = event("emergency_seen")
KINDS = [one.model_fields["kind"].default for one in get_args(get_args(AnyEvent)[0])]
CASES: dict[Status, Emergency] = {
    "waiting": after(event("emergency_seen", managers=())),
    "escalated": after(ESCALATED),
    "acknowledged": after(ESCALATED, event("emergency_seen", 1, incident=ACKNOWLEDGED, managers=())),
    "resolved": after(ESCALATED, event("emergency_seen", 1, incident=RESOLVED, managers=())),
}


def test_every_event_has_a_row_and_every_row_every_status() -> None:
    assert set(TABLE) == set(KINDS)
    assert all(tuple(row) == STATUSES for row in TABLE.values())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("status", STATUSES)
def test_no_event_breaks_any_state(kind: str, status: Status) -> None:
    decision = decide(CASES[status], event(kind, 2), POLICY)
    assert decision is not None
    assert decision.case.status in STATUSES


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "emergency_seen"])
def test_only_an_incident_opens_a_case(kind: str) -> None:
    assert decide(None, event(kind), POLICY) is None


def test_what_is_over_when_it_is_first_seen_opens_none() -> None:
    assert decide(None, event("emergency_seen", incident=RESOLVED), POLICY) is None


def test_the_manager_who_holds_it_has_a_desk_once() -> None:
    case = after(ESCALATED, event("emergency_seen", 1), event("emergency_seen", 2))
    assert [desk.person for desk in case.desks] == [MEI]
    assert case.told == ()


def test_an_engineer_has_none() -> None:
    case = CASES["waiting"]
    assert (case.status, case.desks) == ("waiting", ())


def test_who_acknowledged_by_phone_before_it_was_seen_is_told_all_the_same() -> None:
    case = after(event("emergency_seen", incident=incident(status="acknowledged", acknowledgers=(MEI,))))
    assert [(desk.person, desk.is_asked) for desk in case.desks] == [(MEI, False)]


SEEN: list[Any] = [
    event("emergency_seen", 0, incident=incident(assignees=(AIKO,)), managers=()),
    event("emergency_seen", 1),
    event("emergency_seen", 2, incident=ACKNOWLEDGED, managers=()),
    event("emergency_seen", 3, incident=RESOLVED, managers=()),
]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_in_every_order_and_again_the_newest_word_counts(order: tuple[int, ...]) -> None:
    case = after(*(SEEN[n] for n in order), *(SEEN[n] for n in order))
    assert (case.status, case.incident) == ("acknowledged", ACKNOWLEDGED)
    over = after(SEEN[0], SEEN[3], *(SEEN[n] for n in order))
    assert over.status == "resolved"


def test_over_and_opened_again_is_open() -> None:
    assert after(ESCALATED, SEEN[3], event("emergency_seen", 4)).status == "escalated"


def test_a_webhook_without_acknowledgers_does_not_forget_them() -> None:
    case = after(
        ESCALATED, SEEN[2], event("emergency_seen", 3, incident=incident(status="acknowledged"), managers=())
    )
    assert case.incident.acknowledgers == (AIKO,)
    assert after(ESCALATED, SEEN[2], SEEN[3]).incident.acknowledgers == (AIKO,)


def test_the_next_manager_has_a_desk_and_the_first_is_asked_no_more() -> None:
    moved = event("emergency_seen", 1, incident=incident(assignees=(RAVI,)), managers=(RAVI,))
    case = after(ESCALATED, moved)
    assert [(desk.person, desk.is_asked) for desk in case.desks] == [(MEI, False), (RAVI, True)]


def test_who_is_asked_again_hears_of_it_and_has_the_buttons_again() -> None:
    case = after(
        ESCALATED,
        event("dismissed"),
        event("emergency_seen", 1, incident=incident(assignees=(RAVI,)), managers=(RAVI,)),
        event("emergency_seen", 2),
    )
    assert case.desks[0].is_needed
    assert [(told.user, told.what) for told in case.told] == [("U1", "again")]


def test_an_acknowledgement_that_timed_out_asks_again_and_nobody_has_taken_it() -> None:
    case = after(
        ESCALATED,
        event("taken"),
        event("emergency_seen", 1, incident=incident(status="acknowledged", acknowledgers=(MEI,))),
        event("emergency_seen", 31),
    )
    assert (case.status, case.taker) == ("escalated", None)
    assert [told.what for told in case.told] == ["again"]


def test_more_managers_than_desks_lose_nothing() -> None:
    crowd = tuple(Person(name=f"M{n}", slack=f"U{n}", pagerduty=f"P{n}") for n in range(MOST_DESKS + 3))
    case = after(event("emergency_seen", managers=crowd))
    assert len(case.desks) == MOST_DESKS


def test_taking_it_acknowledges_once_whoever_presses() -> None:
    case = after(ESCALATED)
    assert effects(case, event("taken")) == ["acknowledge:0"]
    taken = after(ESCALATED, event("taken"))
    assert effects(taken, event("taken", 1, by=RAVI, user="U2")) == ["tell:0"]
    assert after(ESCALATED, event("taken"), event("taken", 1, by=RAVI)).taker == MEI


def test_what_was_refused_may_be_tried_again_by_anybody() -> None:
    failed = after(ESCALATED, event("taken"), event("effect_failed", 1))
    assert (failed.reason, [told.what for told in failed.told]) == ("forbidden", ["not_taken"])
    assert effects(failed, event("taken", 2, by=RAVI, user="U2")) == ["acknowledge:1"]


@pytest.mark.parametrize(("status", "what"), [("acknowledged", "has_it"), ("resolved", "over")])
def test_too_late_is_said_and_acknowledges_nothing(status: Status, what: str) -> None:
    decision = decide(CASES[status], event("taken", 2), POLICY)
    assert decision is not None and isinstance(decision.case, Emergency)
    assert decision.case.told[-1].what == what
    assert [getattr(effect, "kind", "") for effect in decision.effects] == ["tell"]


def test_not_needed_is_of_one_desk() -> None:
    moved = event("emergency_seen", 1, incident=incident(assignees=(RAVI,)), managers=(RAVI,))
    case = after(ESCALATED, moved, event("dismissed", 2, desk=0))
    assert [desk.is_needed for desk in case.desks] == [False, True]


@pytest.mark.parametrize("desk", [-1, 1, 99])
def test_a_desk_that_is_none_changes_nothing(desk: int) -> None:
    assert after(ESCALATED, event("dismissed", desk=desk)).desks == after(ESCALATED).desks


def test_the_minutes_are_counted_in_fives_and_end() -> None:
    case = after(ESCALATED)
    assert case.next_due == at(5)
    assert after(ESCALATED, event("due", 5)).next_due == at(10)
    assert after(ESCALATED, event("due", 21)).next_due == at(25)
    assert after(ESCALATED, event("due", 25)).next_due is None
    assert CASES["resolved"].next_due is None
    assert CASES["waiting"].next_due is None, "nobody reads them"


def test_the_newer_word_about_another_counts() -> None:
    def other(minutes: float, **changes: Any) -> Any:
        one = Other(case_id="emergency-1", incident=FIRST.model_copy(update=changes), looked_at=at(minutes))
        return event("other_seen", minutes, other=one)

    case = after(ESCALATED, other(2, status="resolved"), other(1))
    assert case.open_others == ()
    assert [one.case_id for one in after(ESCALATED, other(1)).open_others] == ["emergency-1"]
    looked = event("emergency_seen", 3, others=())
    assert after(ESCALATED, other(1), looked).others == ()
    assert len(after(ESCALATED, other(4), looked).others) == 1, "it came while that was looked up"


def test_what_changed_is_shared_and_what_did_not_is_not() -> None:
    case = after(ESCALATED)
    assert effects(case, event("emergency_seen", 1)) == []
    assert effects(case, event("emergency_seen", 1, incident=ACKNOWLEDGED, managers=())) == ["share:1"]


def test_the_page_of_the_backup_pool_is_followed_by_its_newest_word() -> None:
    answered = PAGE.model_copy(update={"status": "acknowledged", "acknowledgers": (AIKO,)})
    case = after(ESCALATED, event("backup_seen", 2, incident=answered), event("backup_seen", 1))
    assert case.backup == answered
    over = PAGE.model_copy(update={"status": "resolved"})
    case = after(
        ESCALATED, event("backup_seen", 2, incident=answered), event("backup_seen", 3, incident=over)
    )
    assert case.backup is not None and case.backup.acknowledgers == (AIKO,)


def test_a_message_is_where_it_was_put() -> None:
    assert after(ESCALATED, event("desk_placed")).desks[0].ref == REF


@pytest.mark.parametrize("status", ["waiting", "escalated"])
def test_a_delay_is_said_while_it_matters(status: Status) -> None:
    decision = decide(CASES[status], event("effect_delayed", 1), POLICY)
    assert decision is not None and isinstance(decision.case, Emergency)
    assert decision.case.is_late
    assert not after(ESCALATED, event("effect_delayed"), SEEN[2]).is_late


def test_no_event_ever_repeats_the_key_of_an_effect() -> None:
    events = [ESCALATED, *(event(kind, 1 + n) for n, kind in enumerate(KINDS * 3))]
    case, keys = None, []
    for one in events:
        decision = decide(case, one, POLICY)
        assert decision is not None and isinstance(decision.case, Emergency)
        case = decision.case
        keys += [effect.key for effect in decision.effects]
    assert len(keys) == len(set(keys)) > 0
    assert INCIDENT.id == "Q2"
