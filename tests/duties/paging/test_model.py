"""The state machine of a page: every event in every status, and what holds in whatever order they come."""

from itertools import pairwise, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from starbot.core.case import Effect
from starbot.core.text import marker
from starbot.duties.paging.model import (
    AGREE_WITHIN,
    CONFIRM_WITHIN,
    HANDED_FOR,
    OPEN,
    PAGING,
    STATUSES,
    TABLE,
    Page,
    PageEvent,
    Status,
    claim,
    decide,
    is_of,
)
from tests.duties.paging.examples import (
    INCIDENT,
    KINDS,
    NOON,
    POLICY,
    POST,
    TOMAS,
    after,
    event,
    in_status,
    seen,
    told,
)

# "=" changes nothing; else the status after the event, and the kinds of the effects that follow.
EXPECTED: dict[str, tuple[str, ...]] = {
    # refused, waiting, declined, paging, failed, handed, paged, acknowledged, resolved
    "page_confirmed": ("=",) * 9,
    "page_tried": ("=",) * 9,
    "agreed": (
        "refused tell",
        "paging open_incident tell",
        "declined tell",
        "paging tell",
        "failed tell",
        "handed tell",
        "paged tell",
        "acknowledged tell",
        "resolved tell",
    ),
    "agreed: no": (
        "refused tell",
        "declined tell",
        "declined tell",
        "paging tell",
        "failed tell",
        "handed tell",
        "paged tell",
        "acknowledged tell",
        "resolved tell",
    ),
    "refused": tuple(f"{status} tell" for status in STATUSES),
    "incident_seen": ("=", "=", "=", "paged", "paged", "=", "paged", "paged", "="),
    "macro_applied": ("=", "=", "=", "handed", "handed", "=", "=", "=", "="),
    "post_placed": STATUSES,
    "here_placed": STATUSES,
    "person_told": ("=",) * 9,
    "effect_delayed": ("=", "=", "=", "paging", "=", "=", "=", "=", "="),
    "effect_failed": ("=", "=", "=", "failed tell", "=", "=", "=", "=", "="),
    "due": ("=", "declined tell", "=", "=", "=", "resolved", "paged", "=", "="),
}


def _example(row: str) -> PageEvent:
    kind, _, variant = row.partition(": ")
    return event(kind, 1, **({"yes": False} if variant == "no" else {}))


def test_the_table_here_and_the_one_of_the_rules_hold_every_event_in_every_status() -> None:
    assert set(TABLE) == set(KINDS) == {row.partition(": ")[0] for row in EXPECTED}
    for kind in KINDS:
        assert set(TABLE[kind]) == set(STATUSES)
    for row in EXPECTED.values():
        assert len(row) == len(STATUSES)


@pytest.mark.parametrize("row,status", list(product(EXPECTED, STATUSES)))
def test_each_event_in_each_status_does_just_what_the_table_says(row: str, status: Status) -> None:
    before = in_status(status)
    expected = EXPECTED[row][STATUSES.index(status)]
    decided = decide(before, _example(row), None, POLICY)
    assert decided is not None
    if expected == "=":
        assert (decided.case, decided.effects) == (before, ())
        return
    after_it, *effects = expected.split()
    assert decided.case.status == after_it
    assert sorted(one.key.split(":")[1] for one in decided.effects) == sorted(effects)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("page_confirmed", "page_tried")])
def test_an_event_of_no_page_begins_none(kind: str) -> None:
    assert decide(None, event(kind), None, POLICY) is None


def test_a_confirmation_pages_once_and_answers_whoever_gave_it() -> None:
    page, effects = told(event("page_confirmed", view="V1:1"), event("page_confirmed", view="V1:1"))
    assert [one.key.split(":")[1] for one in effects] == ["open_incident", "tell"]
    assert (page.status, page.claim, page.told[0].view) == ("paging", "page:backup:123456", "V1:1")


def test_the_macro_is_instead_of_an_incident_and_keeps_a_second_page_away_for_an_hour() -> None:
    confirmed = event("page_confirmed", way="macro", purpose="emergency")
    page, effects = told(confirmed, event("macro_applied", 2))
    assert [one.key.split(":")[1] for one in effects] == ["apply_macro", "tell"]
    assert page.claim == "page:emergency:123456"
    assert page.next_due == event("macro_applied", 2).at + HANDED_FOR
    assert after(confirmed, event("macro_applied"), event("due", 60)).claim is None


@pytest.mark.parametrize(
    "details,why",
    [
        ({"may": False}, "no_right"),
        ({"shown_at": NOON - CONFIRM_WITHIN * 1.01}, "old"),
    ],
)
def test_a_confirmation_that_does_not_count_is_kept_told_and_pages_nobody(
    details: dict[str, Any], why: str
) -> None:
    page, effects = told(event("page_confirmed", **details))
    assert (page.status, page.why, page.claim, page.post) == ("refused", why, None, None)
    assert [one.key.split(":")[1] for one in effects] == ["tell"]


def test_that_somebody_without_the_right_tried_is_kept_and_has_no_effect() -> None:
    page, effects = told(event("page_tried"))
    assert (page.status, page.why, page.by, effects) == ("refused", "no_right", TOMAS, [])


def test_one_open_page_a_purpose_and_ticket_and_the_second_is_shown_the_first() -> None:
    first = after(event("page_confirmed"), event("post_placed"))
    second = event("page_confirmed", 1)
    assert claim(None, second) == first.claim
    page, effects = told(second, rival=first)
    assert (page.status, page.why) == ("refused", "open_page")
    assert page.rival is not None
    assert (page.rival.case_id, page.rival.post) == (first.id, POST)
    assert [one.key.split(":")[1] for one in effects] == ["tell"]
    assert claim(None, event("page_confirmed", purpose="manager")) != first.claim
    assert claim(None, event("page_confirmed", ticket=654321)) != first.claim
    assert claim(None, event("page_confirmed", may=False)) is None


def test_beyond_so_many_an_hour_a_second_manager_must_agree_and_not_whoever_asked() -> None:
    asked = event("page_confirmed", lately=2)
    page, effects = told(asked, event("agreed", 1, by=after(asked).by, user="U1"))
    assert page.status == "waiting"
    assert [one.what for one in page.told] == ["asked", "same_person"]
    assert [one.key.split(":")[1] for one in effects] == ["tell", "tell"]
    assert after(event("page_confirmed", lately=1)).status == "paging"


def test_a_page_that_nobody_agreed_to_within_an_hour_pages_nobody() -> None:
    page = after(event("page_confirmed", lately=2))
    assert page.next_due == NOON + AGREE_WITHIN
    page, effects = told(event("page_confirmed", lately=2), event("due", 60), event("agreed", 61))
    assert (page.status, page.claim, page.next_due) == ("declined", None, None)
    assert {one.key.split(":")[1] for one in effects} == {"tell"}


def test_what_is_told_late_is_no_news_and_who_had_answered_stays_known() -> None:
    page = after(event("page_confirmed"), seen("acknowledged", 3, "Grace"), seen("triggered", 2))
    assert page.status == "acknowledged"
    page = after(event("page_confirmed"), seen("acknowledged", 3, "Grace"), seen("resolved", 4))
    assert page.incident is not None
    assert [one.name for one in page.incident.acknowledgers] == ["Grace"]


def test_after_the_wait_nobody_has_answered_and_a_late_answer_still_counts() -> None:
    paged = [event("page_confirmed"), seen("triggered")]
    assert after(*paged).next_due == event("due", 5).at
    late = [*paged, event("due", 5)]
    assert after(*late).is_unanswered is True
    answered = after(*late, seen("acknowledged", 9, "Grace"))
    assert (answered.status, answered.is_unanswered, answered.next_due) == ("acknowledged", False, None)


def test_an_answer_that_is_taken_back_begins_the_wait_anew() -> None:
    page = after(event("page_confirmed"), seen("acknowledged", 9, "Grace"), seen("triggered", 40))
    assert (page.status, page.is_unanswered) == ("paged", False)
    assert page.next_due == event("due", 45).at


def test_what_was_let_go_is_not_taken_again() -> None:
    page = after(event("page_confirmed"), event("effect_failed"), seen("triggered", 1))
    assert (page.status, page.claim) == ("paged", None)


def test_whoever_asked_hears_that_it_failed_and_once_that_it_cannot_be_followed() -> None:
    failed = event("effect_failed", effect="post", service="slack", reason="not_in_channel")
    page = after(event("page_confirmed"), failed, failed, event("effect_failed"))
    assert [one.what for one in page.told] == ["asked", "no_post", "decided"]


# -- whatever the order


_ANY = st.lists(st.tuples(st.sampled_from(sorted(EXPECTED)), st.integers(0, 90)), max_size=12)
_SEEN = st.sampled_from(["triggered", "acknowledged", "resolved"])
_BEGINNINGS = st.fixed_dictionaries(
    {
        "may": st.booleans(),
        "lately": st.integers(0, 4),
        "way": st.sampled_from(["pagerduty", "macro"]),
        "purpose": st.sampled_from(["backup", "emergency", "manager"]),
    }
)


def _fold(
    beginning: dict[str, Any], rows: list[tuple[str, int]], status: str
) -> tuple[list[Page], list[Effect]]:
    """The page after each event, and every effect."""
    page, pages, effects = None, list[Page](), list[Effect]()
    first = event("page_confirmed", **beginning)
    for one in [first, *(_varied(row, minute, status) for row, minute in rows)]:
        decided = decide(page, one, None, POLICY)
        assert decided is not None
        assert isinstance(decided.case, Page)
        page = decided.case
        pages.append(page)
        effects += decided.effects
    return pages, effects


def _varied(row: str, minute: int, status: str) -> PageEvent:
    kind, _, variant = row.partition(": ")
    if kind == "incident_seen":
        return seen(status, minute)
    return event(kind, minute, **({"yes": False} if variant == "no" else {}))


@settings(deadline=None)
@given(beginning=_BEGINNINGS, rows=_ANY, status=_SEEN)
def test_a_page_is_at_most_one_effect_and_none_before_everybody_has_confirmed(
    beginning: dict[str, Any], rows: list[tuple[str, int]], status: str
) -> None:
    _, effects = _fold(beginning, rows, status)
    paging = [one for one in effects if one.key.split(":")[1] in PAGING]
    needs_a_second = beginning["lately"] >= POLICY.pages_an_hour
    if not beginning["may"] or (needs_a_second and "agreed" not in [row for row, _ in rows]):
        assert paging == []
    elif needs_a_second:
        assert len(paging) <= 1
    else:
        assert len(paging) == 1
    assert len({one.key for one in effects}) == len(effects)


@settings(deadline=None)
@given(beginning=_BEGINNINGS, rows=_ANY, status=_SEEN)
def test_what_is_over_stays_over_and_only_what_is_open_holds_its_claim(
    beginning: dict[str, Any], rows: list[tuple[str, int]], status: str
) -> None:
    pages, _ = _fold(beginning, rows, status)
    for before, later in pairwise(pages):
        if before.status in ("refused", "declined", "resolved"):
            assert later.status == before.status
        if before.claim is None:
            assert later.claim is None
    for page in pages:
        assert page.claim is None or page.status in OPEN
        assert Page.model_validate_json(page.model_dump_json()) == page


def test_an_incident_is_a_pages_by_our_key_until_its_id_is_known() -> None:
    page, effects = told(event("page_confirmed"))
    ours = INCIDENT.model_copy(update={"key": marker(effects[0].key)})
    assert is_of(page, ours) and not is_of(page, INCIDENT)
    known = after(event("page_confirmed"), event("incident_seen", incident=ours))
    another = ours.model_copy(update={"id": "Q2"})
    assert is_of(known, ours) and not is_of(known, another)
