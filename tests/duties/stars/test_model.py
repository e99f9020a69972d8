"""The state machine of a STAR: every event in every status, and what holds in whatever order they come."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import permutations, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from starbot.core.case import Document, Effect
from starbot.core.facts import LabelChange, OnCall
from starbot.duties.stars import words
from starbot.duties.stars.model import (
    OPEN,
    STATUSES,
    TABLE,
    ReadTicket,
    Star,
    StarEvent,
    Status,
    Whisper,
    claim,
    decide,
)
from tests.duties.stars.stories import (
    CARD,
    FORM,
    ISSUE,
    KINDS,
    LENA,
    LOOK,
    NOON,
    OTHER,
    POLICY,
    QUESTION,
    TICKET,
    TOMAS,
    UNREADABLE,
    after,
    event,
    in_status,
    told,
)

(LABEL,) = ISSUE.labels

# "=" changes nothing; else the status after the event, and the kinds of the effects that follow.
EXPECTED: dict[str, tuple[str, ...]] = {
    # status: incomplete, submitted, announced, acknowledged, waiting, resolved, unstarred, withdrawn, linked
    "form_posted": (
        "=",
        "=",
        "=",
        "=",
        "=",
        "=",
        "=",
        "=",
        "=",
    ),
    "rebuilt": ("=",) * 9,
    "form_edited": (
        "submitted read_oncall read_ticket read_initiator",
        "submitted",
        "announced",
        "acknowledged",
        "waiting_on_initiator",
        "resolved",
        "unstarred",
        "withdrawn",
        "=",
    ),
    "form_edited to another ticket": (
        "submitted read_oncall read_ticket read_initiator",
        "submitted read_ticket",
        "announced",
        "acknowledged",
        "waiting_on_initiator",
        "resolved",
        "unstarred",
        "withdrawn",
        "submitted read_oncall read_ticket read_initiator",
    ),
    "form_edited to no ticket": (
        "incomplete",
        "=",
        "=",
        "=",
        "=",
        "=",
        "=",
        "=",
        "=",
    ),
    "ticket_read": (
        "=",
        "submitted",
        "=",
        "=",
        "=",
        "=",
        "=",
        "=",
        "linked",
    ),
    "ticket_unfit": (
        "=",
        "incomplete",
        "incomplete",
        "incomplete",
        "incomplete",
        "resolved",
        "unstarred",
        "withdrawn",
        "linked",
    ),
    "initiator_named": (
        "incomplete",
        "submitted",
        "announced",
        "acknowledged",
        "=",
        "resolved",
        "unstarred",
        "withdrawn",
        "linked",
    ),
    "oncall_read": (
        "incomplete",
        "submitted",
        "=",
        "=",
        "=",
        "=",
        "=",
        "=",
        "linked",
    ),
    "card_posted": (
        "incomplete",
        "announced",
        "=",
        "=",
        "=",
        "=",
        "=",
        "=",
        "linked",
    ),
    "reply_posted": (
        "incomplete",
        "submitted",
        "announced",
        "acknowledged",
        "waiting_on_initiator",
        "resolved",
        "unstarred",
        "withdrawn",
        "linked",
    ),
    "question_posted": (
        "incomplete",
        "submitted",
        "announced",
        "acknowledged",
        "waiting_on_initiator",
        "=",
        "unstarred",
        "withdrawn",
        "linked",
    ),
    "issue_seen": (
        "incomplete",
        "submitted",
        "=",
        "=",
        "=",
        "=",
        "=",
        "=",
        "linked",
    ),
    "labels_read": (
        "incomplete",
        "submitted",
        "announced",
        "acknowledged",
        "waiting_on_initiator",
        "resolved",
        "unstarred",
        "withdrawn",
        "linked",
    ),
    "ticket_noted": (
        "incomplete",
        "submitted",
        "announced",
        "acknowledged",
        "waiting_on_initiator",
        "resolved",
        "unstarred",
        "withdrawn",
        "linked",
    ),
    "issue_noted": (
        "incomplete",
        "submitted",
        "announced",
        "acknowledged",
        "waiting_on_initiator",
        "resolved",
        "unstarred",
        "withdrawn",
        "linked",
    ),
    "macro_applied": (
        "incomplete",
        "submitted",
        "announced",
        "acknowledged",
        "waiting_on_initiator",
        "resolved",
        "unstarred",
        "withdrawn",
        "linked",
    ),
    "acknowledged": (
        "incomplete",
        "acknowledged",
        "acknowledged tell_initiator note_issue apply_macro",
        "=",
        "=",
        "=",
        "=",
        "=",
        "=",
    ),
    "resolved": (
        "resolved",
        "resolved",
        "resolved note_issue note_issue apply_macro",
        "resolved note_issue",
        "resolved note_issue",
        "=",
        "unstarred",
        "withdrawn",
        "=",
    ),
    "sentence_added": (
        "=",
        "=",
        "=",
        "=",
        "=",
        "resolved tell_initiator note_issue",
        "=",
        "=",
        "=",
    ),
    "undone": (
        "incomplete whisper",
        "submitted whisper",
        "announced whisper",
        "acknowledged whisper",
        "waiting_on_initiator whisper",
        "acknowledged note_issue",
        "unstarred whisper",
        "withdrawn whisper",
        "linked whisper",
    ),
    "public_reply_confirmed": (
        "incomplete whisper",
        "submitted whisper",
        "announced whisper",
        "acknowledged whisper",
        "waiting_on_initiator whisper",
        "resolved whisper",
        "unstarred whisper",
        "withdrawn whisper",
        "=",
    ),
    "public_reply_sent": (
        "incomplete",
        "submitted",
        "announced",
        "acknowledged",
        "waiting_on_initiator",
        "resolved",
        "unstarred",
        "withdrawn",
        "linked",
    ),
    "retry_asked": (
        "incomplete whisper",
        "submitted whisper",
        "announced whisper",
        "acknowledged whisper",
        "waiting_on_initiator whisper",
        "resolved whisper",
        "unstarred whisper",
        "withdrawn whisper",
        "linked whisper",
    ),
    "refused": (
        "incomplete whisper",
        "submitted whisper",
        "announced whisper",
        "acknowledged whisper",
        "waiting_on_initiator whisper",
        "resolved whisper",
        "unstarred whisper",
        "withdrawn whisper",
        "linked whisper",
    ),
    "whisper_heard": (
        "=",
        "=",
        "=",
        "=",
        "=",
        "=",
        "=",
        "=",
        "=",
    ),
    "effect_delayed": (
        "incomplete",
        "submitted",
        "announced",
        "acknowledged",
        "waiting_on_initiator",
        "resolved",
        "unstarred",
        "withdrawn",
        "linked",
    ),
    "effect_failed": (
        "incomplete",
        "submitted",
        "announced",
        "acknowledged",
        "waiting_on_initiator",
        "resolved",
        "unstarred",
        "withdrawn",
        "linked",
    ),
    "unacknowledged": (
        "=",
        "=",
        "announced post_line",
        "=",
        "=",
        "=",
        "=",
        "=",
        "=",
    ),
    "due": (
        "=",
        "=",
        "=",
        "=",
        "=",
        "resolved tell_initiator read_labels",
        "=",
        "=",
        "=",
    ),
    "filed": (
        "=",
        "=",
        "=",
        "=",
        "=",
        "=",
        "=",
        "=",
        "=",
    ),
    "form_completed": (
        "submitted whisper read_oncall read_ticket read_initiator",
        "submitted whisper",
        "announced whisper",
        "acknowledged whisper",
        "waiting_on_initiator whisper",
        "resolved whisper",
        "unstarred whisper",
        "withdrawn whisper",
        "linked whisper",
    ),
    "repeated": (
        "incomplete whisper post_line",
        "submitted whisper post_line",
        "announced whisper post_line note_issue",
        "acknowledged whisper post_line note_issue",
        "waiting_on_initiator whisper post_line note_issue",
        "resolved whisper",
        "unstarred whisper",
        "withdrawn whisper",
        "linked whisper",
    ),
    "initiator_claimed": (
        "incomplete whisper",
        "submitted whisper",
        "announced whisper",
        "acknowledged whisper",
        "waiting_on_initiator whisper",
        "resolved whisper",
        "unstarred whisper",
        "withdrawn whisper",
        "linked whisper",
    ),
    "triaged": (
        "incomplete",
        "acknowledged",
        "acknowledged tell_initiator note_issue note_issue apply_macro",
        "acknowledged note_issue",
        "waiting_on_initiator note_issue",
        "resolved whisper",
        "unstarred whisper",
        "withdrawn whisper",
        "linked whisper",
    ),
    "initiator_asked": (
        "incomplete post_line",
        "waiting_on_initiator post_line",
        "waiting_on_initiator tell_initiator post_line note_issue note_issue apply_macro",
        "waiting_on_initiator tell_initiator post_line note_issue",
        "waiting_on_initiator tell_initiator post_line note_issue",
        "resolved whisper",
        "unstarred whisper",
        "withdrawn whisper",
        "linked whisper",
    ),
    "answered": (
        "incomplete whisper post_line",
        "submitted whisper post_line",
        "announced whisper post_line note_issue",
        "acknowledged whisper post_line note_issue",
        "acknowledged whisper post_line note_issue",
        "=",
        "=",
        "=",
        "=",
    ),
    "fact_added": (
        "incomplete whisper post_line",
        "submitted whisper post_line",
        "announced whisper post_line note_issue",
        "acknowledged whisper post_line note_issue",
        "acknowledged whisper post_line note_issue",
        "resolved whisper",
        "unstarred whisper",
        "withdrawn whisper",
        "linked whisper",
    ),
    "withdrawn": (
        "withdrawn whisper post_line",
        "withdrawn whisper post_line",
        "withdrawn whisper post_line note_issue",
        "withdrawn whisper post_line note_issue",
        "withdrawn whisper post_line note_issue",
        "resolved whisper",
        "unstarred whisper",
        "withdrawn whisper",
        "linked whisper",
    ),
    "unstarred": (
        "unstarred tell_initiator post_line",
        "unstarred post_line",
        "unstarred tell_initiator post_line note_issue note_issue",
        "unstarred tell_initiator post_line note_issue",
        "unstarred tell_initiator post_line note_issue",
        "resolved whisper",
        "unstarred whisper",
        "withdrawn whisper",
        "linked whisper",
    ),
    "reopened": (
        "incomplete whisper",
        "submitted whisper",
        "announced whisper",
        "acknowledged whisper",
        "waiting_on_initiator whisper",
        "acknowledged post_line note_issue",
        "acknowledged post_line note_issue",
        "acknowledged post_line note_issue",
        "linked whisper",
    ),
    "mark_removed": (
        "=",
        "=",
        "=",
        "acknowledged whisper",
        "waiting_on_initiator whisper",
        "resolved whisper",
        "unstarred whisper",
        "withdrawn whisper",
        "=",
    ),
    "initiator_told": (
        "incomplete",
        "submitted",
        "announced",
        "acknowledged",
        "waiting_on_initiator",
        "resolved",
        "unstarred",
        "withdrawn",
        "linked",
    ),
    "line_posted": (
        "incomplete",
        "submitted",
        "announced",
        "acknowledged",
        "waiting_on_initiator",
        "resolved",
        "unstarred",
        "withdrawn",
        "linked",
    ),
}


def test_the_table_here_and_the_one_of_the_rules_hold_every_event_in_every_status() -> None:
    assert {row.partition(" ")[0] for row in EXPECTED} == set(KINDS) == set(TABLE)
    assert all(set(row) == set(STATUSES) for row in TABLE.values())
    assert all(len(row) == len(STATUSES) for row in EXPECTED.values())


FORMS = {"to another ticket": OTHER, "to no ticket": UNREADABLE}


@pytest.mark.parametrize("row,status", list(product(EXPECTED, STATUSES)))
def test_each_event_in_each_status_does_just_what_the_table_says(row: str, status: Status) -> None:
    star = in_status(status)
    assert star.status == status
    kind, _, which = row.partition(" ")
    decision = decide(star, event(kind, **({"form": FORMS[which]} if which else {})), None, POLICY)
    assert decision is not None
    found = " ".join([str(decision.case.status), *(effect.kind for effect in decision.effects)])  # type: ignore[attr-defined]
    expected = EXPECTED[row][STATUSES.index(status)]
    assert found == (expected if expected != "=" else status)
    assert (decision.case == star) is (expected == "=")


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("form_posted", "filed", "rebuilt")])
def test_an_event_for_no_star_is_left_alone(kind: str) -> None:
    assert decide(None, event(kind), None, POLICY) is None


def test_a_form_post_opens_a_star_and_asks_ticket_pager_and_name() -> None:
    star, effects = told(event("form_posted"))
    assert (star.status, star.region, star.deadline) == ("submitted", "EMEA", NOON + timedelta(minutes=30))
    assert [effect.kind for effect in effects] == ["read_oncall", "read_ticket", "read_initiator"]  # type: ignore[attr-defined]
    assert star.claim == "ticket:123456"


def test_an_unreadable_form_claims_nothing_and_asks_nothing() -> None:
    star, effects = told(event("form_posted", form=UNREADABLE))
    assert (star.status, star.claim, effects) == ("incomplete", None, ())


def test_the_second_form_for_a_ticket_is_linked_and_does_nothing_more() -> None:
    rival = in_status("announced")
    star, effects = told(event("form_posted", id="form:C1:9"), rival=rival)
    assert star.linked_to is not None and star.linked_to.case_id == rival.id
    assert (star.status, star.claim, effects) == ("linked", None, ())


def test_an_edit_that_lands_on_a_rivals_ticket_is_linked() -> None:
    star = after(event("form_posted", form=UNREADABLE))
    decision = decide(star, event("form_edited"), in_status("announced"), POLICY)
    assert decision is not None and decision.case.status == "linked"


def test_an_edit_keeps_the_ticket_that_has_been_read_and_moves_the_deadline() -> None:
    edited = OTHER.model_copy(update={"urgency": "Timely"})
    star = after(event("form_posted"), event("ticket_read"), event("form_edited", form=edited))
    assert (star.form.ticket, star.form.ticket_raw, star.other_ticket) == (123456, "123456", 123457)
    assert star.deadline == NOON + timedelta(minutes=60)
    assert claim(star, event("undone")) is None and star.claim == "ticket:123456"
    assert after_more(star, event("form_edited")).other_ticket is None


def test_an_edit_before_zendesk_has_answered_names_the_ticket_that_counts() -> None:
    star, effects = told(event("form_posted"), event("form_edited", form=OTHER))
    assert (star.form.ticket, star.claim) == (123457, "ticket:123457")
    assert [e.number for e in effects if isinstance(e, ReadTicket)] == [123456, 123457]
    assert after_more(star, event("ticket_unfit"), event("ticket_read")) == star, "about the old number"
    late = {"key": f"{star.id}:read_ticket:0", "effect": "read_ticket", "service": "zendesk"}
    assert after_more(star, event("effect_delayed", **late), event("effect_failed", **late)) == star
    read = after_more(star, event("ticket_read", ticket=TICKET.model_copy(update={"id": 123457})))
    assert read.ticket is not None and read.ticket.id == 123457


@pytest.mark.parametrize("status", ["submitted", "announced", "acknowledged"])
def test_before_zendesk_has_answered_an_edit_may_land_on_a_rivals_ticket(status: str) -> None:
    events = [event("card_posted"), event("acknowledged")][
        : ["submitted", "announced"].index(status) if status != "acknowledged" else 2
    ]
    star = after(event("form_posted"), event("oncall_read"), *events)
    assert star.status == status
    rival = in_status("announced").model_copy(update={"id": "star-2", "form": OTHER})
    decision = decide(star, event("form_edited", form=OTHER), rival, POLICY)
    assert decision is not None and isinstance(decision.case, Star)
    linked = decision.case
    assert (linked.status, linked.claim, linked.form.ticket) == ("linked", None, 123457)
    card = words.card(linked, LOOK)
    assert (card is None) == (status == "submitted")
    assert card is None or ("already has an open STAR" in card["text"] and "star_" not in str(card["blocks"]))
    noted = after_more(linked, event("issue_seen"))
    issue = words.issue(noted, LOOK)
    assert issue is not None and issue["state"] == "closed"


def test_a_star_that_has_its_ticket_stays_by_itself_whatever_its_form_names() -> None:
    star = in_status("announced")
    decision = decide(star, event("form_edited", form=OTHER), in_status("submitted"), POLICY)
    assert decision is not None and decision.case.status == "announced"


def test_a_linked_form_that_is_put_right_becomes_a_star_of_its_own() -> None:
    star = after_more(in_status("linked"), event("form_edited", form=OTHER))
    assert (star.status, star.linked_to, star.claim) == ("submitted", None, "ticket:123457")
    assert star.readings == 1


def test_a_linked_form_that_names_a_third_stars_ticket_is_linked_to_that_one() -> None:
    third = in_status("announced").model_copy(update={"id": "star-3"})
    decision = decide(in_status("linked"), event("form_edited", form=OTHER), third, POLICY)
    assert decision is not None and isinstance(decision.case, Star)
    assert decision.case.linked_to is not None and decision.case.linked_to.case_id == "star-3"
    assert decision.case.form == OTHER


def test_an_edit_while_resolved_counts_after_undo() -> None:
    star = after(event("form_posted", form=UNREADABLE), event("resolved"), event("form_edited", form=OTHER))
    assert (star.status, star.claim) == ("resolved", None)
    star = after_more(star, event("undone"))
    assert (star.status, star.form, star.claim) == ("acknowledged", OTHER, "ticket:123457")


def test_an_edit_while_resolved_is_never_linked() -> None:
    star = after(event("form_posted", form=UNREADABLE), event("resolved"))
    decision = decide(star, event("form_edited"), in_status("announced"), POLICY)
    assert decision is not None and decision.case.status == "resolved"


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_newest_edit_counts_in_whatever_order_edits_are_told(order: tuple[int, ...]) -> None:
    forms = [FORM.model_copy(update={"reason": f"edit {n}"}) for n in range(3)]
    edits = [
        event("form_edited", id=f"edit-{n}", form=form, edited_ts=f"179491686{n}.000000")
        for n, form in enumerate(forms)
    ]
    star = after(event("form_posted"), *(edits[n] for n in order))
    assert star.form.reason == "edit 2"


def test_an_edit_is_no_news_to_a_form_that_was_read_after_it() -> None:
    star = after(event("form_posted", edited_ts="1794916999.000000"))
    assert after_more(star, event("form_edited", form=OTHER)) == star


def test_an_edit_of_a_form_with_an_unfit_ticket_reads_the_new_one_only() -> None:
    other = FORM.model_copy(update={"ticket": 123457})
    star, effects = told(event("form_posted"), event("ticket_unfit"), event("form_edited", form=other))
    assert [e.key for e in effects if getattr(e, "kind", "") == "read_ticket"] == [
        f"{star.id}:read_ticket:0",
        f"{star.id}:read_ticket:1",
    ]
    assert (
        after(
            event("form_posted"),
            event("ticket_unfit"),
            event("form_edited", form=other),
            event("ticket_unfit"),
        )
        == star
    )


@pytest.mark.parametrize("kind", ["form_edited", "form_completed"])
def test_a_ticket_that_was_unfit_is_read_again_where_the_form_still_names_it(kind: str) -> None:
    star, effects = told(event("form_posted"), event("ticket_unfit"), event(kind, form=FORM))
    assert star.ticket_problem is None and star.status == "submitted"
    assert [e.key for e in effects if getattr(e, "kind", "") == "read_ticket"] == [
        f"{star.id}:read_ticket:0",
        f"{star.id}:read_ticket:1",
    ]


@pytest.mark.parametrize(
    "minutes,expected", [(9.9, "acknowledged"), (10, "acknowledged"), (10.1, "resolved")]
)
def test_undo_works_for_ten_minutes(minutes: float, expected: str) -> None:
    undone = event("undone", at=NOON + timedelta(minutes=minutes))
    star = after(event("form_posted"), event("acknowledged"), event("resolved"), undone)
    assert star.status == expected
    assert [said.why for said in star.whispers] == ([] if expected == "acknowledged" else ["too_late"])


ANNOUNCED = tuple(event(kind) for kind in ("form_posted", "oncall_read", "ticket_read", "card_posted"))


def test_a_page_is_offered_after_ten_minutes_with_one_line_for_ever() -> None:
    star = after(*ANNOUNCED)
    assert (star.next_due, star.may_page) == (NOON + timedelta(minutes=10), False)
    early = after_more(star, event("unacknowledged", at=NOON + timedelta(minutes=9)))
    assert early == star
    offered = after_more(star, event("unacknowledged"))
    assert (offered.next_due, offered.may_page, len(offered.lines)) == (None, True, 1)
    assert after_more(offered, event("unacknowledged", id="again")) == offered
    assert "nobody has acknowledged this STAR yet" in words.thread_line(offered, 0, LOOK)["text"]
    late = words.thread_line(after_more(offered, event("acknowledged")), 0, LOOK)["text"]
    assert "<@" not in late and "<!subteam" not in late, "a line that comes late calls nobody"
    for kind in ("acknowledged", "triaged", "initiator_asked", "unstarred", "withdrawn", "resolved"):
        assert not after_more(offered, event(kind)).may_page
    again = after_more(offered, event("withdrawn"), event("reopened"))
    assert (again.next_due, again.may_page) == (None, False), "whoever opens it again looks at it"


@pytest.mark.parametrize("kind", ["acknowledged", "triaged", "initiator_asked", "unstarred", "withdrawn"])
def test_once_somebody_looks_or_it_has_ended_no_page_will_be_offered(kind: str) -> None:
    star = after(*ANNOUNCED, event(kind))
    assert star.next_due is None
    assert after_more(star, event("unacknowledged")) == star


def test_the_time_for_an_acknowledgement_begins_once_the_form_is_whole() -> None:
    late = NOON + timedelta(minutes=25)
    star = after(event("form_posted", form=UNREADABLE), event("form_completed", at=late), *ANNOUNCED[1:])
    assert star.next_due == late + timedelta(minutes=10)
    assert after_more(star, event("unacknowledged", at=late)) == star


def test_where_the_organisation_wants_it_never_no_page_is_offered() -> None:
    never = POLICY.model_copy(update={"offer_page_minutes": 0})
    star = after(*ANNOUNCED, policy=never)
    assert star.next_due is None
    decision = decide(star, event("unacknowledged"), None, never)
    assert decision is not None and decision.case == star


def test_the_labels_are_read_once_when_the_undo_is_over_and_again_after_a_later_resolution() -> None:
    star, effects = told(event("form_posted"), event("resolved"), event("due"), event("due"))
    assert [kind for e in effects if (kind := getattr(e, "kind", "")) == "read_labels"] == [], "no issue yet"
    decision = decide(star, event("issue_seen"), None, POLICY)
    assert decision is not None and isinstance(decision.case, Star)
    assert [effect.key for effect in decision.effects] == [f"{star.id}:read_labels:0"]
    # Undo was pressed in the last second and told after the time was over.
    undone = after_more(decision.case, event("undone", at=NOON + timedelta(minutes=10)))
    again = after_more(undone, event("resolved", seen=None, user="U1", at=NOON + timedelta(minutes=11)))
    assert after_more(again, event("due")) == again
    late = decide(again, event("due", at=NOON + timedelta(minutes=21)), None, POLICY)
    assert late is not None and [effect.key for effect in late.effects] == [f"{star.id}:read_labels:1"]


def test_gitlabs_own_history_of_the_labels_replaces_what_was_seen_by_the_way() -> None:
    star = in_status("resolved")
    assert [(one.label, one.at, one.by) for one in star.label_changes] == [(LABEL, NOON, "")]
    came = LabelChange(label=LABEL, added=True, at=NOON, by="bot")
    left, gone = (came.model_copy(update=changed) for changed in ({"added": False}, {"label": ""}))
    star = after_more(star, event("labels_read", changes=(came, left, gone)))
    assert star.label_changes == (came, left, gone)
    later = event("issue_seen", issue=ISSUE.model_copy(update={"labels": ("unstarred",)}))
    seen = after_more(star, later)
    assert seen.label_changes == (came, left, gone, LabelChange(label="unstarred", added=True, at=NOON))
    assert after_more(seen, later) == seen


def test_that_the_labels_cannot_be_read_is_nobodys_business() -> None:
    star = after_more(in_status("resolved"), event("due"))
    about = {"key": f"{star.id}:read_labels:0", "effect": "read_labels", "service": "gitlab"}
    for trouble in ("effect_delayed", "effect_failed"):
        troubled = after_more(star, event(trouble, **about))
        assert troubled.troubles != () and words.card(troubled, LOOK) == words.card(star, LOOK)
        assert after_more(troubled, event("labels_read", id=f"{about['key']}>done")).troubles == ()


def test_of_two_triages_at_once_the_first_stands_and_one_that_knew_it_takes_its_place() -> None:
    first = after(event("form_posted"), event("triaged"))
    assert first.triage is not None
    late = event("triaged", id="late", by=TOMAS, user="U2", decision="sla")
    overtaken = decide(first, late, None, POLICY).case  # type: ignore[union-attr]
    assert isinstance(overtaken, Star) and overtaken.triage == first.triage
    assert overtaken.whispers[-1].why == "overtaken"
    assert overtaken.remarks[-1].kind == "triaged_late" and overtaken.remarks[-1].triage is not None
    knew = late.model_copy(update={"before": first.triage.version})
    replaced = decide(first, knew, None, POLICY).case  # type: ignore[union-attr]
    assert isinstance(replaced, Star) and replaced.triage is not None
    assert replaced.triage.by == TOMAS and replaced.remarks[-1].kind == "triaged"


def test_undo_gives_way_to_a_newer_star() -> None:
    star = in_status("resolved")
    assert claim(star, event("undone")) == "ticket:123456"
    decision = decide(star, event("undone"), in_status("submitted"), POLICY)
    assert decision is not None and decision.case.status == "resolved"


def test_a_reaction_told_later_than_a_newer_one_is_no_news() -> None:
    star = in_status("resolved")
    reopened = after_more(star, event("undone"))
    assert after_more(reopened, event("resolved")) == reopened
    newer = event("resolved").model_copy(update={"seen": star.seen[-1].model_copy(update={"at": "3.0"})})
    assert after_more(reopened, newer).status == "resolved"


def test_a_failure_is_told_with_a_retry_that_runs_the_same_wish_again() -> None:
    star = in_status("acknowledged")
    key = f"{star.id}:apply_macro:0"
    failed = after_more(star, event("effect_failed", key=key))
    assert [(trouble.key, trouble.delayed) for trouble in failed.troubles] == [(key, False)]
    decision = decide(failed, event("retry_asked", key=key), None, POLICY)
    assert decision is not None
    assert [(e.key, bool(e.run)) for e in decision.effects] == [(key, True)]
    assert decision.case.troubles == ()  # type: ignore[attr-defined]


def test_a_retry_of_what_is_shown_draws_it_again() -> None:
    star = in_status("announced")
    failed = after_more(
        star, event("effect_failed", key=f"{star.id}:issue", effect="issue", service="gitlab")
    )
    decision = decide(failed, event("retry_asked", key=f"{star.id}:issue"), None, POLICY)
    assert decision is not None and decision.redraw == ("issue",)


def test_one_retry_tries_all_of_a_kind_again() -> None:
    star = in_status("acknowledged")
    keys = [f"{star.id}:note_issue:{n}" for n in range(2)]
    failed = after_more(
        star,
        *(event("effect_failed", key=key, effect="note_issue", service="gitlab") for key in keys),
        event("effect_failed", key=f"{star.id}:apply_macro:0"),
    )
    decision = decide(failed, event("retry_asked", key=keys[1]), None, POLICY)
    assert decision is not None and isinstance(decision.case, Star)
    assert [effect.key for effect in decision.effects] == keys
    assert [trouble.effect for trouble in decision.case.troubles] == ["apply_macro"]


def test_the_issue_says_that_the_customer_was_written_to_only_after_that() -> None:
    star = in_status("acknowledged")
    asked = after_more(star, event("macro_applied"), event("public_reply_confirmed"))
    assert asked.remarks == star.remarks
    key = f"{star.id}:send_publicly:0"
    failed = after_more(asked, event("effect_failed", key=key, effect="send_publicly"))
    assert failed.remarks == star.remarks
    sent = after_more(
        failed,
        *[event("public_reply_sent", id=f"{key}~run>done"), event("public_reply_sent", id=f"{key}>done")],
    )
    assert [(said.kind, said.text) for said in sent.remarks[len(star.remarks) :]] == [
        ("public", "We look at it.")
    ]


def test_an_empty_text_for_the_customer_is_not_sent_and_may_be_tried_again() -> None:
    star = after_more(
        in_status("acknowledged"), event("macro_applied"), event("public_reply_confirmed", text="")
    )
    assert (star.public_text, star.public_asks) == ("We look at it.", ())
    assert [said.why for said in star.whispers] == ["no_text"]


@pytest.mark.parametrize("next_step,asked", [("", True), ("Anna calls.", False)])
def test_a_dialog_without_a_next_step_asks_for_it(next_step: str, asked: bool) -> None:
    resolved = event("resolved", seen=None, user="U1", next_step=next_step, owner="Anna")
    star = after_more(in_status("acknowledged"), resolved)
    assert star.resolution is not None and star.resolution.asked is asked
    assert (words.question(star, LOOK) is not None) is asked
    note = words.remark(star, len(star.remarks) - 1, LOOK)
    assert ("without a word on the next step" in note) is asked
    assert "Owner:" in note


def test_the_initiator_hears_how_it_ended_from_a_slower_manager_too() -> None:
    """The first one closed it by reaction alone, the second wrote the next step into the dialog."""
    ended = in_status("resolved")
    assert "resolved" not in [news.kind for news in ended.news]
    slower = after_more(
        ended, event("resolved", id="b", seen=None, user="U2", by=TOMAS, next_step="Anna calls.")
    )
    again = after_more(slower, event("sentence_added", id="c", text="At five."))
    assert [(news.by, news.text) for news in again.news if news.kind == "resolved"] == [(LENA, "Anna calls.")]


def test_what_the_initiator_says_when_withdrawing_is_on_the_issue() -> None:
    star = after_more(in_status("announced"), event("withdrawn", text="They found it."))
    assert "They found it." in words.remark(star, len(star.remarks) - 1, LOOK)


def test_one_who_is_asked_on_the_issue_at_first_sight_hears_who_looks() -> None:
    named = after_more(in_status("announced"), event("initiator_named"))
    star = after_more(named, event("initiator_asked", where="issue"), event("acknowledged"))
    assert [news.kind for news in star.news] == ["filed", "acknowledged"]


def test_the_end_of_a_star_that_nobody_could_read_is_told_without_a_number() -> None:
    star = after_more(in_status("incomplete"), event("unstarred"))
    said = str(words.news(star, len(star.news) - 1, LOOK))
    assert "About your <" in said and "None" not in said


def test_only_the_newest_whispers_are_kept_and_each_is_said_once() -> None:
    star = in_status("announced")
    said = []
    for n in range(50):
        decision = decide(star, event("refused", id=f"{n}", user=f"U{n}"), None, POLICY)
        assert decision is not None and isinstance(decision.case, Star)
        star, (whisper,) = decision.case, decision.effects
        assert isinstance(whisper, Whisper)
        said.append((whisper.key, whisper.said.user))
    assert said == [(f"{star.id}:whisper:{n}", f"U{n}") for n in range(50)]
    assert [one.user for one in star.whispers] == [f"U{n}" for n in range(30, 50)]


def test_failing_again_in_the_same_way_changes_nothing() -> None:
    """Else a card that our own fault keeps from being shown is drawn for ever: each has a new reference."""
    star = in_status("announced")
    fault: dict[str, Any] = {"key": f"{star.id}:card", "effect": "card", "service": "slack", "reason": "ours"}
    once = after_more(star, event("effect_failed", **fault, reference="aaaa"))
    assert after_more(once, event("effect_failed", **fault, reference="bbbb")) == once


def test_when_the_pager_cannot_be_asked_through_our_own_fault_the_group_is_called() -> None:
    star = after(
        event("form_posted"), event("effect_failed", key="k", effect="read_oncall", service="pagerduty")
    )
    assert star.oncall == OnCall()
    card = words.card(star, LOOK)
    assert card is not None and "<!subteam^S1>" in str(card)


@pytest.mark.parametrize("effect", ["card", "marks", "question", "reply", "whisper", "read_initiator"])
def test_that_slack_is_slow_is_not_told_in_slack(effect: str) -> None:
    star = in_status("acknowledged")
    assert after_more(star, event("effect_delayed", key="k", effect=effect, service="slack")) == star


def test_a_delay_told_after_the_answer_is_no_news() -> None:
    star = after_more(in_status("announced"), event("issue_noted", id="star-1:note_issue:0>done"))
    late = event("effect_delayed", key="star-1:note_issue:0", effect="note_issue", service="gitlab")
    assert after_more(star, late) == star
    assert after_more(star, event("effect_delayed", key="k", effect="issue", service="gitlab")) == star


def after_more(star: Star, *events: StarEvent) -> Star:
    for each in events:
        decision = decide(star, each, None, POLICY)
        assert decision is not None
        star = decision.case  # type: ignore[assignment]
    return star


# -- whatever happens

# "due" comes when the undo is over, so it has a time of its own; each happening has an id of its own.
_ANY_EVENTS = st.lists(st.sampled_from([row for row in EXPECTED if row != "form_posted"]), max_size=25)
_FORMS = st.sampled_from([FORM, UNREADABLE])


def _fold(form: Any, kinds: list[str]) -> Iterator[tuple[Star, StarEvent, Star, tuple[Effect, ...]]]:
    star, effects = told(event("form_posted", form=form))
    yield star, event("form_posted"), star, effects
    for n, row in enumerate(kinds):
        kind, _, which = row.partition(" ")
        happened = event(kind, id=f"{n}>done", **({"form": FORMS[which]} if which else {}))
        if kind in ("acknowledged", "resolved"):
            happened = happened.model_copy(update={"seen": None, "user": "U1"})
        decision = decide(star, happened, None, POLICY)
        assert decision is not None
        assert isinstance(decision.case, Star)
        yield star, happened, decision.case, decision.effects
        star = decision.case


@settings(deadline=None)
@given(form=_FORMS, kinds=_ANY_EVENTS)
def test_closed_stays_closed_but_by_undo_or_by_reopening(form: Any, kinds: list[str]) -> None:
    for before, happened, now, _ in _fold(form, kinds):
        if before.is_ended and now.status != before.status:
            assert getattr(happened, "kind", "") in ("undone", "reopened")


@settings(deadline=None)
@given(form=_FORMS, kinds=_ANY_EVENTS)
def test_the_same_wish_is_never_made_twice_but_by_retry(form: Any, kinds: list[str]) -> None:
    keys: list[tuple[str, str]] = []
    for _, _, _, effects in _fold(form, kinds):
        keys += [(effect.key, effect.run) for effect in effects]
    assert len(keys) == len(set(keys))
    assert all(
        run for key, run in keys if sum(key == other for other, _ in keys) > 1 and (key, "") not in keys
    )


@settings(deadline=None)
@given(form=_FORMS, kinds=_ANY_EVENTS)
def test_every_star_can_be_shown_and_stored_and_holds_its_ticket_only_while_open(
    form: Any, kinds: list[str]
) -> None:
    for _, _, star, _ in _fold(form, kinds):
        assert Star.model_validate_json(star.model_dump_json()) == star
        for render in _DOCUMENTS.values():
            render(star, LOOK)
        for said in star.whispers:
            words.whisper(star, said, LOOK)
        for number in range(len(star.lines)):
            words.thread_line(star, number, LOOK)
        for number in range(len(star.news)):
            words.news(star, number, LOOK)
        if star.claim is not None:
            assert star.status in OPEN and star.is_readable


# -- the order of answers does not matter

_DOCUMENTS: dict[str, Callable[[Star, words.Look], Document | None]] = {
    "card": words.card,
    "reply": words.reply,
    "question": words.question,
    "marks": words.marks,
    "issue": words.issue,
}


class Play:
    """One STAR whose answers come in an order that somebody else chooses, as the engine lets them come.

    *Undo* is a button on the question, so it waits for the question; *Send publicly* waits for the macro, the time
    for an acknowledgement for the card.
    """

    def __init__(self, people: list[StarEvent], failing: str, delays: bool) -> None:
        self.star, effects = told(event("form_posted"))
        self._people = people
        self._failing = failing
        self._delays = delays
        self._shown: dict[str, Document | None] = {}
        self._answers: list[StarEvent] = []
        self.keys: set[str] = set()
        self._ask(effects)

    def choices(self) -> list[Callable[[], None]]:
        """What may happen next; none when everything has."""
        found = [lambda n=n: self._tell(self._answers.pop(n)) for n in range(len(self._answers))]
        if self._people and self._may_come(self._people[0]):
            found.append(lambda: self._tell(self._people.pop(0)))
        return found + [lambda name=name: self._show(name) for name in _DOCUMENTS if self._is_stale(name)]

    def _may_come(self, happened: StarEvent) -> bool:
        waits = {
            "an-undone": "question" in self._shown,
            "an-public_reply_confirmed": self.star.public_text is not None,
            "an-unacknowledged": self.star.card is not None,
        }
        return waits.get(happened.id, True)

    def facts(self) -> dict[str, Any]:
        """What is known in the end, without the traces of its order."""
        facts = self.star.model_dump(exclude={"version"})
        return facts | {"handles": sorted(facts["handles"])}

    def documents(self) -> dict[str, Document | None]:
        """What is shown in the end."""
        return {name: render(self.star, LOOK) for name, render in _DOCUMENTS.items()}

    def _is_stale(self, name: str) -> bool:
        wanted = _DOCUMENTS[name](self.star, LOOK)
        return wanted is not None and wanted != self._shown.get(name)

    def _show(self, name: str) -> None:
        wanted = _DOCUMENTS[name](self.star, LOOK)
        assert wanted is not None
        is_first = name not in self._shown
        self._shown[name] = wanted
        about = {"id": f"{self.star.id}:{name}:{len(self.keys)}>done"}
        if name == "issue":
            issue = ISSUE.model_copy(update={"assignee": wanted["assignee"], "state": wanted["state"]})
            self._tell(event("issue_seen", **about, issue=issue))
        elif is_first and name in ("card", "question"):
            self._tell(event(f"{name}_posted", **about, ref={"card": CARD, "question": QUESTION}[name]))

    def _tell(self, happened: StarEvent) -> None:
        decision = decide(self.star, happened, None, POLICY)
        assert decision is not None and isinstance(decision.case, Star)
        self.star = decision.case
        self._ask(decision.effects)

    def _ask(self, effects: tuple[Effect, ...]) -> None:
        for effect in effects:
            self.keys.add(effect.key)
            kind = getattr(effect, "kind", "")
            about = {"key": effect.key, "effect": kind, "service": effect.service}
            if isinstance(effect, ReadTicket):
                ticket = TICKET.model_copy(update={"id": effect.number})
                self._answers.append(event("ticket_read", id=f"{effect.key}>done", ticket=ticket))
            elif kind == self._failing:
                self._answers.append(event("effect_failed", **about, id=f"{effect.key}>failed"))
            else:
                self._answers.append(event(_ANSWERS[kind], id=f"{effect.key}>done"))
            # Told by a thread of its own, so it may come after the answer.
            if self._delays:
                self._answers.append(event("effect_delayed", **about, id=f"{effect.key}>delayed"))


_ANSWERS = {
    "read_oncall": "oncall_read",
    "read_initiator": "initiator_named",
    "read_labels": "labels_read",
    "note_ticket": "ticket_noted",
    "note_issue": "issue_noted",
    "apply_macro": "macro_applied",
    "send_publicly": "public_reply_sent",
    "tell_initiator": "initiator_told",
    "post_line": "line_posted",
    "whisper": "whisper_heard",
}

_TWICE = FORM.model_copy(update={"urgency": "Timely"})

_STORIES: dict[str, Callable[[], list[StarEvent]]] = {
    "acknowledged": lambda: [event("acknowledged")],
    "acknowledged late": lambda: [event("unacknowledged"), event("acknowledged")],
    "resolved by reaction": lambda: [event("acknowledged"), event("resolved")],
    "check mark alone": lambda: [event("resolved", by=TOMAS)],
    "by dialog": lambda: [event("resolved", seen=None, user="U1", next_step="Anna calls.")],
    "edited meanwhile": lambda: [event("form_edited"), event("acknowledged"), event("resolved")],
    "edited twice": lambda: [
        event("form_edited", id="b", form=_TWICE, edited_ts="1794916870.000000"),
        event("form_edited"),
        event("acknowledged"),
        event("resolved"),
    ],
    "sent publicly": lambda: [event("acknowledged"), event("public_reply_confirmed")],
    "undone": lambda: [event("acknowledged"), event("resolved"), event("undone")],
    "by two": lambda: [
        event("acknowledged", by=TOMAS),
        event("acknowledged", id="b", by=LENA, seen=None, user="U1"),
        event("resolved"),
        event("sentence_added"),
        event("due"),
    ],
    "triaged": lambda: [event("triaged"), event("triaged", id="b", decision="sla"), event("resolved")],
    "asked": lambda: [
        event("initiator_asked"),
        event("answered"),
        event("initiator_asked", id="b"),
        event("fact_added"),
    ],
    "unstarred": lambda: [event("unstarred"), event("reopened"), event("triaged")],
    "withdrawn": lambda: [event("repeated"), event("withdrawn"), event("reopened"), event("mark_removed")],
}


_STAY_OPEN = {
    "undone",
    "acknowledged",
    "acknowledged late",
    "sent publicly",
    "asked",
    "unstarred",
    "withdrawn",
}


def _play(story: str, failing: str, delays: bool, choose: Callable[[int], int]) -> Play:
    play = Play(_STORIES[story](), failing, delays)
    while choices := play.choices():
        choices[choose(len(choices))]()
    return play


@settings(max_examples=30, deadline=None)
@given(
    story=st.sampled_from(sorted(_STORIES)),
    failing=st.sampled_from(["", "apply_macro", "note_ticket", "note_issue", "read_labels", "post_line"]),
    delays=st.booleans(),
    data=st.data(),
)
def test_whatever_the_order_of_answers_the_end_is_the_same(
    story: str, failing: str, delays: bool, data: st.DataObject
) -> None:
    straight = _play(story, failing, delays, lambda count: 0)
    mixed = _play(story, failing, delays, lambda count: data.draw(st.integers(0, count - 1)))
    assert mixed.keys == straight.keys
    assert mixed.documents() == straight.documents()
    assert mixed.facts() == straight.facts()
    assert mixed.star.status == ("acknowledged" if story in _STAY_OPEN else "resolved")


@settings(max_examples=40, deadline=None)
@given(delays=st.booleans(), data=st.data())
def test_whenever_a_wrong_ticket_number_is_put_right_it_is_put_right_or_said_to_be_too_late(
    delays: bool, data: st.DataObject
) -> None:
    """An edit races with Zendesk's answer, so there are two ends; both are whole."""
    play = Play([event("form_edited", form=OTHER), event("acknowledged")], "", delays)
    while choices := play.choices():
        choices[data.draw(st.integers(0, len(choices) - 1))]()
    star, shown = play.star, play.documents()
    assert star.ticket is not None and star.ticket.id == star.form.ticket
    assert (star.form.ticket, star.other_ticket) in ((123457, None), (123456, 123457))
    assert (shown["reply"] is not None) == (star.other_ticket is not None)
    assert star.troubles == () and star.claim == f"ticket:{star.form.ticket}"
