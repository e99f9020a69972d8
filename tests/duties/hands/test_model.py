"""The state machine of a request for hands: every event in every status, and what holds in whatever order they come."""

from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from starbot.core.facts import Person
from starbot.duties.hands.model import (
    LAPSES_AFTER,
    MOST_DESKS,
    OPEN,
    STATUSES,
    TABLE,
    Request,
    RequestEvent,
    Status,
    Tell,
    claim,
    decide,
)
from tests.duties.hands.examples import (
    ANNA,
    ASKED,
    CALLED,
    KINDS,
    LENA,
    MEI,
    NOON,
    POLICY,
    POST,
    SOFIA,
    after,
    at,
    event,
    heard,
    in_status,
    told,
)

ID = after(ASKED).id
# "=" changes nothing; else the status after the event, and the kinds of the effects that follow.
EXPECTED: dict[str, tuple[str, ...]] = {
    # refused, asked, open, taken, dropped
    "hands_asked": ("=", "open raise_priority tell", "open tell", "taken tell", "dropped tell"),
    "hands_asked: without the right": ("=", "asked tell", "open tell", "taken tell", "dropped tell"),
    "manager_called": ("=",) * 5,
    "tried": ("=",) * 5,
    "seen": ("=", "asked tell", "=", "=", "="),
    "taken": ("=", "taken tell", "taken assign", "=", "dropped tell"),
    "taken: by no manager": ("=", "asked tell", "taken assign", "=", "dropped tell"),
    "taken: without an account": ("=", "taken tell", "taken tell", "taken tell", "dropped tell"),
    "assisted": ("=", "=", "open", "taken", "dropped tell"),
    "given_back": ("=", "asked tell", "open tell", "open", "dropped tell"),
    "given_back: by somebody else": ("=", "asked tell", "open tell", "taken tell", "dropped tell"),
    "given_back: by one who saw an earlier taker": (
        "=",
        "asked tell",
        "open tell",
        "taken tell",
        "dropped tell",
    ),
    "dropped": ("=", "dropped tell", "dropped", "dropped", "dropped tell"),
    "dropped: by somebody else": ("=", "asked tell", "open tell", "taken tell", "dropped tell"),
    "refused": tuple(f"{status} tell" for status in STATUSES),
    "priority_raised": STATUSES,
    "assigned": STATUSES,
    "returned": ("=",) * 5,
    "post_placed": ("refused", "asked", "=", "=", "="),
    "here_placed": STATUSES,
    "person_told": ("=",) * 5,
    "effect_delayed": STATUSES,
    "effect_failed": STATUSES,
    "effect_failed: assign": ("=", "=", "=", "taken tell", "="),
    "due": ("=", "asked tell", "open tell", "=", "="),
}
_VARIANTS: dict[str, dict[str, Any]] = {
    "without the right": {"may": False},
    "by no manager": {"is_manager": False},
    "without an account": {"by": SOFIA, "user": "U4"},
    "by somebody else": {"by": SOFIA, "user": "U4", "is_manager": False},
    "by one who saw an earlier taker": {"turn": 7},
    "assign": {"effect": "assign", "key": f"{ID}:assign:0"},
}


def _example(row: str) -> RequestEvent:
    kind, _, variant = row.partition(": ")
    return event(kind, 11, **_VARIANTS.get(variant, {}))


def test_the_table_here_and_the_one_of_the_rules_hold_every_event_in_every_status() -> None:
    assert set(TABLE) == set(KINDS)
    assert {row.partition(": ")[0] for row in EXPECTED} == set(KINDS) - {"desk_placed"}
    assert all(tuple(row) == STATUSES for row in TABLE.values())


@pytest.mark.parametrize("row,status", list(product(EXPECTED, STATUSES)))
def test_what_follows_from_an_event_in_a_status(row: str, status: Status) -> None:
    case = in_status(status)
    decision = decide(case, _example(row), None, POLICY)
    assert decision is not None
    expected = EXPECTED[row][STATUSES.index(status)]
    found = " ".join([decision.case.status, *(one.kind for one in decision.effects)])  # type: ignore[attr-defined]
    if expected == "=":
        assert (decision.case, decision.effects) == (case, ())
    else:
        assert (found, decision.case != case) == (expected, True)


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"hands_asked", "manager_called", "tried"}))
def test_nothing_else_begins_a_request(kind: str) -> None:
    assert decide(None, event(kind), None, POLICY) is None


# -- one open request a kind and ticket


def test_a_second_request_for_the_ticket_is_refused_and_told_of_the_first() -> None:
    first = in_status("open")
    second = after(event("hands_asked", 1, by=MEI, user="U2"), rival=first)
    assert (second.status, second.claim, heard(second, "U2")) == ("refused", None, ["open_request"])
    assert second.rival is not None and second.rival.post == POST


def test_another_emergency_and_hands_for_one_ticket_are_two_things() -> None:
    assert claim(None, CALLED) == "hands:another:123456" and claim(None, ASKED) == "hands:hands:123456"
    assert after(CALLED).claim == claim(None, CALLED) and after(ASKED).claim == claim(None, ASKED)


def test_another_emergency_for_which_hands_are_asked_holds_the_ticket_for_hands() -> None:
    assert after(CALLED, ASKED).claim == claim(None, ASKED)
    beside = after(CALLED, ASKED, rival=in_status("open"))
    assert (beside.status, heard(beside, "U1")) == ("asked", ["open_request"])


@pytest.mark.parametrize("status", STATUSES)
def test_what_is_over_holds_nothing(status: Status) -> None:
    assert (in_status(status).claim is not None) == (status in OPEN)


# -- the engineer on call and the managers


def test_the_engineer_hears_what_a_manager_does_and_once_that_one_looks() -> None:
    case = after(CALLED, event("seen", 1), event("seen", 2, by=MEI, user="U2"), ASKED, event("taken", 4))
    assert heard(case, "U3") == ["called", "seen", "asks", "taken"]
    assert case.seen_by == LENA


@pytest.mark.parametrize(
    "then",
    [
        event("post_placed", 1),
        event("effect_failed", 1, effect="post", key=f"{ID}:post", reason="forbidden"),
        event("dropped", 1),
    ],
)
def test_the_word_that_points_at_the_post_waits_for_it_and_all_is_said_in_order(then: RequestEvent) -> None:
    asked, before = told(CALLED, ASKED)
    assert heard(asked, "U3") == ["called", "asks"] and asked.post is None
    assert [one.said.what for one in before if isinstance(one, Tell)] == ["called", "posted"]
    case, effects = told(CALLED, ASKED, then)
    assert [one.said.what for one in effects if isinstance(one, Tell)] == [told.what for told in case.told]


def test_the_engineer_is_told_nothing_of_what_they_did_themselves() -> None:
    case = after(CALLED, ASKED, event("dropped", 1, by=ANNA, user="U3", is_manager=False))
    assert (case.status, heard(case, "U3")) == ("dropped", ["called", "asks"])


def test_at_the_weekend_the_engineer_who_asked_is_not_spoken_to() -> None:
    on_call = (ANNA, MEI)
    assert after(event("hands_asked", engineers=on_call)).engineers == on_call
    assert after(CALLED, event("hands_asked", engineers=on_call)).engineers == (MEI,)


def test_each_manager_on_call_has_a_desk_and_where_none_is_known_the_group_has_one() -> None:
    assert [desk.person for desk in after(CALLED).desks] == [LENA, MEI]
    assert [desk.person.name for desk in after(event("manager_called", managers=())).desks] == [""]
    many = tuple(Person(name=str(n), slack=f"U{n}") for n in range(20))
    assert len(after(event("manager_called", managers=many)).desks) == MOST_DESKS


@pytest.mark.parametrize(("change", "what"), [({"may": False}, "no_right"), ({"exists": False}, "no_ticket")])
def test_who_may_not_and_what_is_no_ticket_tells_no_manager(change: dict[str, Any], what: str) -> None:
    case, effects = told(event("manager_called", **change))
    assert (case.status, case.desks, heard(case, "U3")) == ("refused", (), [what])
    assert [one.kind for one in effects] == ["tell"]  # type: ignore[attr-defined]


def test_a_manager_whom_no_message_reaches_is_told_in_the_channel() -> None:
    failed = event("effect_failed", effect="desk_0", service="slack", reason="user_missing")
    assert [desk.slack for desk in after(CALLED, failed).desks] == ["", "U2"]
    edited = after(CALLED, event("desk_placed"), failed)
    assert [desk.slack for desk in edited.desks] == ["U1", "U2"], "an edit failed"


def test_a_message_is_placed_at_its_desk() -> None:
    placed = after(CALLED, event("desk_placed", desk=1))
    assert [desk.ref for desk in placed.desks] == [None, POST]


# -- takers and helpers


def test_a_manager_who_takes_another_emergency_changes_nothing_on_the_ticket() -> None:
    case, effects = told(CALLED, event("taken", 1))
    assert (case.status, case.taker) == ("taken", LENA)
    assert {one.kind for one in effects} == {"tell"}  # type: ignore[attr-defined]


def test_whoever_assists_is_named_once_and_no_more_once_they_take_it() -> None:
    twice = after(ASKED, event("assisted"), event("assisted", 1))
    assert twice.helpers == (SOFIA,)
    case = after(ASKED, event("assisted"), event("taken", 1, by=SOFIA, user="U4"), event("assisted", 2))
    assert (case.helpers, case.taker, case.assigned) == ((), SOFIA, "by_hand")


# -- given back


def _gives_back(minute: float, turn: int = 0, **details: Any) -> RequestEvent:
    return event("given_back", minute, turn=turn, **details)


def test_given_back_by_its_taker_it_asks_again_and_waits_anew_and_the_next_one_has_it() -> None:
    taken = event("taken", 5, by=ANNA, user="U3", is_manager=False)
    back = _gives_back(20, by=ANNA, user="U3", is_manager=False)
    case = after(ASKED, taken, event("assigned", 6), back)
    assert (case.status, case.taker, case.given_back_by, case.next_due) == ("open", None, ANNA, at(30))
    assert heard(case, "U1") == ["posted", "given_back"] and heard(case, "U3") == []
    case, effects = told(ASKED, taken, event("assigned", 6), back, event("taken", 21))
    assert (case.status, case.taker) == ("taken", LENA)
    keys = [one.key.partition(":")[2] for one in effects]
    assert [key for key in keys if "tell" not in key] == [
        "raise_priority:0",
        "assign:0",
        "return:0",
        "assign:1",
    ]


def test_an_assignment_that_comes_after_it_was_given_back_is_undone_once() -> None:
    begun = (ASKED, event("taken", 1), _gives_back(2))
    assert after(*begun).returns == (), "nothing is assigned yet"
    late = event("assigned", 3)
    assert after(*begun, late, event("assigned", 4)).returns == (0,)
    case = after(*begun, event("taken", 3, by=MEI, user="U2"), late)
    assert (case.assigned, case.returns) == ("", (0,)), "the second taker's is still to come"
    failed = event("effect_failed", 4, effect="assign", key=f"{ID}:assign:0", reason="too_late")
    assert after(*begun, event("taken", 3, by=MEI, user="U2"), failed).assigned == ""


def test_pressed_twice_it_is_given_back_once_and_is_no_news() -> None:
    once = after(ASKED, event("taken"), _gives_back(1))
    assert after(ASKED, event("taken"), _gives_back(1), _gives_back(2)) == once
    assert heard(after(ASKED, event("taken"), _gives_back(1), _gives_back(2, by=MEI, user="U2")), "U2")


def test_what_a_manager_took_without_a_post_is_for_the_managers_to_decide_again() -> None:
    case = after(CALLED, event("seen", 1), event("taken", 2), _gives_back(3))
    assert (case.status, case.seen_by, case.posted_at, case.next_due) == ("asked", None, None, at(13))
    assert heard(case, "U3")[-1] == heard(case, "U2")[-1] == "given_back"
    asks = after(CALLED, event("taken", 2), _gives_back(3), event("hands_asked", 4))
    assert (asks.given_back_by, asks.next_due) == (None, at(14))


def test_who_assigned_it_by_hand_is_told_to_see_to_it() -> None:
    mine = event("taken", by=SOFIA, user="U4", is_manager=False)
    case, effects = told(ASKED, mine, _gives_back(1, by=SOFIA, user="U4", is_manager=False))
    assert heard(case, "U4") == ["assign_yourself", "unassign_yourself"]
    assert not [one for one in effects if "return" in one.key]


def test_a_return_that_zendesk_refuses_is_told_to_whoever_gave_it_back() -> None:
    case = after(
        ASKED,
        event("taken"),
        event("assigned"),
        _gives_back(1),
        event("effect_failed", effect="return", reason="closed"),
    )
    assert heard(case, "U1")[-1] == "not_returned" and case.reasons == {"return": "closed"}


def test_what_zendesk_does_not_do_is_kept_by_effect() -> None:
    assign = {"effect": "assign", "key": f"{ID}:assign:0"}
    late = after(ASKED, event("taken"), event("effect_delayed"), event("effect_delayed", **assign))
    assert (late.priority, late.assigned) == ("late", "late")
    done = after(
        ASKED, event("taken"), event("priority_raised"), event("assigned"), event("effect_delayed", 1)
    )
    assert (done.priority, done.assigned) == ("high", "done")
    failed = after(
        ASKED, event("taken"), event("effect_failed"), event("effect_failed", reason="x", **assign)
    )
    assert (failed.priority, failed.assigned) == ("failed", "failed")
    assert failed.reasons == {"raise_priority": "closed", "assign": "x"}
    assert heard(failed, "U1") == ["posted", "not_assigned"]


def test_a_post_that_cannot_be_made_is_told_once_and_where_it_was_asked_there_is_none() -> None:
    fails = [event("effect_failed", n, effect="post", service="slack") for n in (1, 2)]
    assert heard(after(ASKED, *fails), "U1") == ["posted", "no_post"]
    assert after(ASKED, event("effect_failed", effect="here", service="slack")).channel == ""
    assert after(ASKED, event("here_placed", ref=None)).channel == ""


# -- time


@pytest.mark.parametrize(
    ("begun", "asker", "what"), [(ASKED, "U1", "unanswered"), (CALLED, "U3", "no_manager")]
)
def test_after_the_wait_whoever_asked_hears_it_once_and_in_the_end_it_lapses(
    begun: RequestEvent, asker: str, what: str
) -> None:
    early, waiting = after(begun, event("due", 9)), after(begun, event("due", 10), event("due", 11))
    assert (early.is_unanswered, early.next_due) == (False, at(10))
    assert (waiting.status, waiting.next_due) == (after(begun).status, NOON + LAPSES_AFTER)
    assert heard(waiting, asker)[1:] == [what]
    lapsed = after(begun, event("due", 10), event("due", 12 * 60))
    assert (lapsed.status, lapsed.dropped_by, lapsed.claim, lapsed.next_due) == ("dropped", None, None, None)


def test_the_engineer_who_knows_of_a_manager_who_looks_is_not_told_that_none_does() -> None:
    case = after(CALLED, event("seen", 1), event("due", 10))
    assert (case.is_unanswered, heard(case, "U3")) == (True, ["called", "seen"])


def test_a_wait_that_ends_as_somebody_takes_it_is_no_wait() -> None:
    case = after(ASKED, event("taken", 5), event("due", 10))
    assert (case.status, case.is_unanswered, case.next_due) == ("taken", False, at(5) + LAPSES_AFTER)


def test_the_wait_begins_anew_once_a_manager_asks_for_hands() -> None:
    case = after(CALLED, event("due", 10), event("hands_asked", 20))
    assert (case.is_unanswered, case.next_due) == (False, at(30))


# -- in whatever order


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([CALLED, ASKED]),
    st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 900)), max_size=12),
)
def test_each_thing_is_done_once_in_whatever_order_things_happen(
    begun: RequestEvent, kinds: list[tuple[str, int]]
) -> None:
    events = [event(kind, minute) for kind, minute in kinds if kind != "desk_placed"]
    case, effects = told(begun, *events, event("post_placed", 901))
    keys = [one.key for one in effects]
    assert len(keys) == len(set(keys))
    by_kind = [one.kind for one in effects]  # type: ignore[attr-defined]
    assert by_kind.count("raise_priority") == (case.posted_at is not None)
    assert by_kind.count("assign") <= case.turns + 1
    assert by_kind.count("return") == len(set(case.returns)) == len(case.returns) <= case.turns
    assert by_kind.count("tell") == len(case.told)
    assert isinstance(case, Request) and (case.claim is None or case.status in OPEN)
