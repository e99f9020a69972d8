"""The rules of a compromised instance: every event in every state, who decides, who saves, what is applied once."""

from typing import get_args

import pytest

from starbot.core.facts import Person
from starbot.core.retention import blanked
from starbot.duties.compromised.model import (
    KEPT,
    MOST_DESKS,
    STATUSES,
    TABLE,
    AnyEvent,
    Compromise,
    Status,
    decide,
    fingerprint,
    handle_of,
)
from tests.duties.compromised.stories import (
    ANNA,
    LENA,
    POLICY,
    PREVIEW,
    REF,
    SHOWN,
    TOMAS,
    after,
    at,
    effects,
    event,
    heard,
)

REPORTED = event("instance_reported")
DECIDED = event("call_decided", 1)
KINDS = [one.model_fields["kind"].default for one in get_args(get_args(AnyEvent)[0])]
BEGIN = ("instance_reported", "report_tried")
CASES: dict[Status, Compromise] = {
    "refused": after(event("report_tried")),
    "waiting": after(REPORTED),
    "decided": after(REPORTED, DECIDED),
    "closed": after(REPORTED, event("record_closed", 1)),
}


def test_every_event_has_a_row_and_every_row_every_status() -> None:
    assert set(TABLE) == set(KINDS)
    assert all(tuple(row) == STATUSES for row in TABLE.values())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("status", STATUSES)
def test_what_an_event_makes_of_a_state(kind: str, status: Status) -> None:
    decision = decide(
        CASES[status], event(kind, 2, by=TOMAS) if kind == "call_decided" else event(kind, 2), POLICY
    )
    assert decision is not None
    moves: dict[tuple[str, Status], Status] = {
        ("call_decided", "waiting"): "decided",
        ("record_closed", "waiting"): "closed",
        ("record_closed", "decided"): "closed",
    }
    expected = moves.get((kind, status), status)
    assert decision.case.status == expected


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("refused", *BEGIN)])
def test_a_refused_report_stays_as_it_is(kind: str) -> None:
    assert decide(CASES["refused"], event(kind, 2), POLICY).case == CASES["refused"]  # type: ignore[union-attr]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in BEGIN])
def test_only_a_report_begins_a_record(kind: str) -> None:
    assert decide(None, event(kind), POLICY) is None


# -- who reported, who is informed


def test_a_report_by_an_engineer_is_for_the_managers_and_for_the_engineer() -> None:
    case = after(event("instance_reported", managers=(LENA, TOMAS)))
    assert [(desk.person, desk.is_manager, desk.by) for desk in case.desks] == [
        (LENA, True, ANNA),
        (TOMAS, True, ANNA),
        (ANNA, False, ANNA),
    ]
    assert (case.handles, case.subject) == ((handle_of(123456),), "ticket:123456")


def test_a_report_by_a_manager_is_for_that_manager() -> None:
    case = after(event("instance_reported", by=LENA, is_manager=True, managers=()))
    assert [(desk.person, desk.is_manager) for desk in case.desks] == [(LENA, True)]


def test_a_second_report_joins_and_everybody_has_one_message() -> None:
    case = after(
        REPORTED,
        event("desk_placed", 1),
        event("instance_reported", 2, by=TOMAS, is_manager=True, managers=()),
    )
    assert [desk.person for desk in case.desks] == [LENA, ANNA, TOMAS]
    assert [report.by for report in case.reports] == [ANNA, TOMAS]
    assert heard(case) == [("U2", "joined")]
    assert len(after(REPORTED, event("instance_reported", 1)).desks) == 2


def test_who_becomes_a_manager_keeps_the_message_and_has_its_buttons() -> None:
    case = after(
        REPORTED,
        event("desk_placed", 1, desk=1),
        event("instance_reported", 2, by=ANNA, is_manager=True, managers=()),
    )
    assert [(desk.is_manager, desk.ref) for desk in case.desks] == [(True, None), (True, REF)]


def test_more_people_than_messages_lose_nothing() -> None:
    crowd = tuple(Person(name=f"M{n}", slack=f"UM{n}") for n in range(MOST_DESKS + 3))
    case = after(event("instance_reported", managers=crowd))
    assert (len(case.desks), len(case.reports)) == (MOST_DESKS, 1)


def test_a_manager_is_informed_when_the_message_is_there_for_the_first_time() -> None:
    assert after(REPORTED).desks[0].informed_at is None
    case = after(REPORTED, event("desk_placed", 1), event("desk_placed", 9))
    assert (case.desks[0].ref, case.desks[0].informed_at) == (REF, at(1))


def test_a_manager_whom_no_message_reaches_is_asked_for_in_the_channel() -> None:
    failed = event("effect_failed", effect="desk_0", service="slack", reason="user_missing")
    assert not after(REPORTED, failed).desks[0].is_reachable
    assert after(REPORTED, event("desk_placed"), failed).desks[0].is_reachable, "an edit failed"
    engineer = event("effect_failed", effect="desk_1", service="slack", reason="user_missing")
    assert after(REPORTED, engineer).desks[1].is_reachable, "the channel is not for them"


@pytest.mark.parametrize("why", ["no_right", "no_such_ticket"])
def test_a_report_that_cannot_be_taken_informs_nobody_and_is_kept(why: str) -> None:
    case = after(event("report_tried", why=why))
    assert (case.status, case.desks, case.handles) == ("refused", (), ())
    assert heard(case) == [("U3", why)]
    assert case.reports[0].summary == "Help"


# -- the decision


@pytest.mark.parametrize("how", ["before", "instead", "none"])
def test_the_first_word_is_told_to_whoever_reported_it(how: str) -> None:
    case = after(REPORTED, event("call_decided", 1, how=how))
    assert case.choice is not None
    assert (case.choice.by, case.choice.how, case.choice.at) == (LENA, how, at(1))
    assert heard(case) == [("U3", "decided")]


def test_a_manager_who_had_not_seen_it_replaces_nothing() -> None:
    case = after(REPORTED, DECIDED, event("call_decided", 2, by=TOMAS, how="instead", seen=0))
    assert [choice.how for choice in case.choices] == ["before"]
    assert heard(case)[-1] == ("U2", "too_late")


def test_a_manager_who_has_seen_it_replaces_it_and_both_are_kept() -> None:
    case = after(REPORTED, DECIDED, event("call_decided", 2, by=TOMAS, how="before", seen=1))
    assert [(choice.by, choice.at) for choice in case.choices] == [(LENA, at(1)), (TOMAS, at(2))]
    assert heard(case)[-2:] == [("U3", "decided"), ("U1", "replaced")]


def test_who_decided_replaces_it_without_a_look_and_the_same_word_is_no_news() -> None:
    again = event("call_decided", 2)
    assert len(after(REPORTED, DECIDED, again).choices) == 1
    case = after(REPORTED, DECIDED, event("call_decided", 2, how="none", seen=0))
    assert [choice.how for choice in case.choices] == ["before", "none"]
    assert ("U1", "replaced") not in heard(case)


# -- a decision that does not come


def test_after_the_wait_the_managers_on_call_and_whoever_reported_it_are_reminded_once() -> None:
    assert after(REPORTED).next_due == at(10)
    assert after(REPORTED, event("due", 9)).reminded_at is None, "too early"
    case = after(REPORTED, event("due", 10), event("due", 20))
    assert (case.reminded_at, case.next_due) == (at(10), None)
    assert heard(case) == [("U1", "undecided"), ("U3", "undecided")]
    assert [desk.person for desk in case.desks] == [LENA, ANNA, TOMAS], (
        "who is on call by now has the record too"
    )


def test_where_nobody_is_on_call_the_channel_is_reminded() -> None:
    nobody = event("instance_reported", managers=(None,))
    case = after(nobody, event("due", 10, managers=(None,)))
    assert heard(case) == [("", "undecided"), ("U3", "undecided")]
    unreached = event("effect_failed", effect="desk_0", service="slack", reason="user_missing")
    assert heard(after(REPORTED, unreached, event("due", 10, managers=(LENA,))))[0] == ("", "undecided")


def test_what_is_decided_or_closed_reminds_nobody() -> None:
    for end in (DECIDED, event("record_closed", 1)):
        case = after(REPORTED, end, event("due", 10))
        assert (case.next_due, case.reminded_at) == (None, None)


# -- the close


def test_a_close_is_told_to_whoever_reported_it_and_frees_the_ticket() -> None:
    case = after(REPORTED, DECIDED, event("record_closed", 2))
    assert (case.closed_by, case.closed_at, case.handles) == (LENA, at(2), ())
    assert heard(case)[-1] == ("U3", "closed")
    again = after(event("instance_reported", 60))
    assert (again.id != case.id, again.handles) == (True, (handle_of(123456),))


@pytest.mark.parametrize("kind", ["call_decided", "points_edited", "macro_chosen", "record_closed"])
def test_after_the_close_nothing_is_changed_and_whoever_tries_hears_so(kind: str) -> None:
    before = CASES["closed"]
    decision = decide(before, event(kind, 2, by=TOMAS), POLICY)
    assert decision is not None and isinstance(decision.case, Compromise)
    assert [effect.key for effect in decision.effects] == [f"{before.id}:tell:{len(before.told)}"]
    told = decision.case.told[-1]
    assert (told.user, told.what, told.text) == ("U2", "over", "Say this." if kind == "points_edited" else "")
    unchanged = {"told": before.told, "wished": before.wished}
    assert decision.case.model_copy(update=unchanged) == before


def test_a_macro_that_was_under_way_at_the_close_ends_in_the_record() -> None:
    case = after(REPORTED, CHOSEN, event("record_closed", 2), event("macro_applied", 3))
    assert case.run is not None and (case.status, case.run.progress) == ("closed", "applied")


def test_once_blanked_a_closed_record_holds_nothing_that_people_wrote() -> None:
    case = after(
        event("instance_reported", customer="Aurora", summary="secret"),
        event("points_edited", 1, text="secret"),
        event("points_edited", 2, by=TOMAS, text="secret too"),
        CHOSEN,
        event("macro_stale", 3),
        event("record_closed", 4),
        event("points_edited", 5, text="secret", view="V3:h"),
    )
    text = blanked(case, KEPT).model_dump_json()
    assert not any(word in text for word in ("secret", "Aurora", "Lena", "Anna", "Tomas", "shut it down"))
    assert "V3:h" in text and '"ticket":123456' in text and '"closed_at":"2026' in text


# -- whose ticket it is


def test_what_zendesk_did_not_tell_at_the_report_is_looked_up_once() -> None:
    unknown = event("instance_reported", is_looked_up=False)
    case = after(unknown)
    assert [key for key in case.wished if key == "find_customer"] and "find_customer" not in after(
        REPORTED
    ).wished
    assert effects(case, event("instance_reported", 1, is_looked_up=False)) == ["tell:0"]
    assert after(unknown, event("customer_found", 1)).customer == "Aurora"
    missing = event("effect_failed", 1, effect="find_customer", reason="not_found")
    assert after(unknown, missing).is_unknown
    assert not after(
        unknown, event("effect_failed", 1, effect="find_customer", reason="forbidden")
    ).is_unknown


# -- the talking points


def test_what_was_written_on_an_older_text_goes_back() -> None:
    case = after(
        REPORTED,
        event("points_edited", 1),
        event("points_edited", 2, by=TOMAS, text="Say that.", view="V2:h"),
    )
    assert case.points is not None
    assert (case.points.text, case.points.by, case.edits) == ("Say this.", LENA, 1)
    lost = case.told[-1]
    assert (lost.user, lost.what, lost.text, lost.view) == ("U2", "changed_meanwhile", "Say that.", "V2:h")
    merged = event("points_edited", 3, by=TOMAS, text="Say both.", seen=1)
    assert after(REPORTED, event("points_edited", 1), merged).edits == 2


# -- the macro


CHOSEN = event("macro_chosen", 1, view="V1:h")


def test_a_choice_is_one_effect_and_is_told_where_it_was_made() -> None:
    assert effects(after(REPORTED), CHOSEN) == ["apply_macro:0"]
    case = after(REPORTED, CHOSEN, event("macro_applied", 2))
    assert case.run is not None and (case.run.progress, case.run.done_at) == ("applied", at(2))
    assert (case.told[-1].what, case.told[-1].view) == ("applied", "V1:h")
    assert effects(case, event("macro_applied", 3)) == []


@pytest.mark.parametrize("seen", [0, 5])
def test_nothing_is_applied_on_top_of_what_the_dialog_did_not_show(seen: int) -> None:
    under_way = after(REPORTED, CHOSEN)
    assert effects(under_way, event("macro_chosen", 2, seen=seen)) == ["tell:0"]
    applied = after(REPORTED, CHOSEN, event("macro_applied", 2))
    assert effects(applied, event("macro_chosen", 3, seen=seen)) == ["tell:1"]
    assert effects(applied, event("macro_chosen", 3, seen=1, public=True)) == ["apply_macro:1"]


def test_what_failed_or_went_stale_may_be_chosen_again() -> None:
    for end in (event("effect_failed", 2), event("macro_stale", 2)):
        case = after(REPORTED, CHOSEN, end)
        assert effects(case, event("macro_chosen", 3)) == ["apply_macro:1"]
    assert after(REPORTED, CHOSEN, event("macro_stale", 2)).told[-1].preview == PREVIEW


def test_after_a_delay_the_end_is_told_by_message() -> None:
    case = after(REPORTED, CHOSEN, event("effect_delayed", 2), event("macro_applied", 3))
    assert [(told.what, told.view) for told in case.told] == [("delayed", "V1:h"), ("applied", "")]


def test_a_message_that_is_late_is_no_news_of_the_macro() -> None:
    late = event("effect_delayed", 2, effect="desk_0", service="slack")
    assert after(REPORTED, CHOSEN, late).told == ()


@pytest.mark.parametrize(
    "change",
    [
        {"comment_body": "Please pay."},
        {"changes": {}},
        {"tags_added": ()},
        {"tags_removed": ("x",)},
        {"macro_id": 1},
        {"ticket_id": 1},
        {"comment_public": False},
    ],
)
def test_a_fingerprint_names_all_that_would_be_done(change: dict[str, object]) -> None:
    assert fingerprint(PREVIEW.model_copy(update=change)) != SHOWN


def test_a_fingerprint_says_nothing_of_what_else_happened_to_the_ticket() -> None:
    later = {"updated_stamp": "2026-11-17T13:30:00Z", "tags_after": ("compromised_instance", "seen")}
    assert fingerprint(PREVIEW.model_copy(update=later)) == SHOWN


def test_no_event_ever_repeats_the_key_of_an_effect() -> None:
    events = [REPORTED, *(event(kind, 1 + n) for n, kind in enumerate(KINDS * 3))]
    case, keys = None, []
    for one in events:
        decision = decide(case, one, POLICY)
        assert decision is not None and isinstance(decision.case, Compromise)
        case = decision.case
        keys += [effect.key for effect in decision.effects]
    assert len(keys) == len(set(keys)) > 0
