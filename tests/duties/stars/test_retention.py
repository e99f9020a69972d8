"""What is left of a STAR, its events and its wishes once its text is blanked: enough to tell them apart and count."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from starbot.core.case import Decision
from starbot.core.retention import blanked
from starbot.duties.stars import words
from starbot.duties.stars.model import KEPT, AnyEffect, AnyEvent, Star, decide
from starbot.duties.stars.words.history import SENTENCES, history
from starbot.engine.store import Entry
from tests.corpus import HOSTILE
from tests.duties.stars.stories import FORM, KINDS, LOOK, NOON, POLICY, TICKET, UNREADABLE, event

PEOPLES = (
    "Lena",
    "Tomas",
    "Casey",
    "Anna",
    "lvogt",
    "clin",
    "akowalska",
    "Aurora",
    "Backup fails",
    "They go live",
    "call today",
    "calls today",
    "N/A",
    "@U9",
    "It is worse",
    "the logs",
    "Which version",
    "18.5",
    "It is solved",
    "Production is down",
    "raises an emergency",
    "It is back",
    "We look at it",
    "Anna calls",
)
"""Every word in these stories that somebody wrote, and every name."""
EVENTS: TypeAdapter[Any] = TypeAdapter(AnyEvent)
EFFECTS: TypeAdapter[Any] = TypeAdapter(AnyEffect)


def _decided(form: Any, kinds: list[str]) -> tuple[Star, list[Any], list[Any]]:
    """A STAR after these events, with them and all that they asked for."""
    events = [event("form_posted", form=form), *(event(kind, id=f"e{n}") for n, kind in enumerate(kinds))]
    star, effects = None, []
    for each in events:
        decision = decide(star, each, None, POLICY)
        assert isinstance(decision, Decision)
        star = decision.case
        effects += decision.effects
    assert isinstance(star, Star)
    return star, events, effects


@settings(deadline=None, max_examples=25)
@given(
    form=st.sampled_from([FORM, UNREADABLE]), kinds=st.lists(st.sampled_from(KINDS), min_size=3, max_size=14)
)
def test_nothing_that_people_wrote_and_no_name_is_left_and_all_of_it_can_still_be_read(
    form: Any, kinds: list[str]
) -> None:
    star, events, effects = _decided(form, kinds)
    left = [blanked(one, KEPT).model_dump_json() for one in (star, *events, *effects)]
    assert [(word, text) for word in PEOPLES for text in left if word in text] == []
    again = Star.model_validate_json(left[0])
    assert again == blanked(again, KEPT)
    assert [EVENTS.validate_json(one).id for one in left[1 : len(events) + 1]] == [one.id for one in events]
    assert [EFFECTS.validate_json(one).key for one in left[len(events) + 1 :]] == [e.key for e in effects]
    for render in (words.card, words.reply, words.question, words.marks, words.issue):
        render(again, LOOK)


@settings(deadline=None, max_examples=25)
@given(kinds=st.lists(st.sampled_from(KINDS), max_size=14))
def test_what_tells_a_star_apart_and_what_a_report_counts_stays(kinds: list[str]) -> None:
    star, _, _ = _decided(FORM, kinds)
    left = blanked(star, KEPT)
    for name in (
        "id",
        "status",
        "version",
        "claim",
        "subject",
        "handles",
        "next_due",
        "filed_at",
        "deadline",
    ):
        assert getattr(left, name) == getattr(star, name)
    assert (left.region, left.root, left.card, left.seen) == (star.region, star.root, star.card, star.seen)
    assert (left.form.ticket, left.form.urgency) == (star.form.ticket, star.form.urgency)
    assert [(one.label, one.at) for one in left.label_changes] == [
        (one.label, one.at) for one in star.label_changes
    ]
    assert (left.triage and left.triage.category) == (star.triage and star.triage.category)
    assert (left.issue and left.issue.labels) == (star.issue and star.issue.labels)
    assert (left.unstarring and left.unstarring.reason) == (star.unstarring and star.unstarring.reason)


@pytest.mark.parametrize("kind", sorted(SENTENCES))
def test_the_history_of_a_blanked_star_has_a_sentence_where_there_was_one(kind: str) -> None:
    told = event(kind)
    bodies = [told.model_dump(mode="json"), blanked(told, KEPT).model_dump(mode="json")]
    full, left = (history([Entry("e", 1, NOON, kind, body)]) for body in bodies)
    assert len(left) == len(full)
    assert all(word not in line.sentence for word in PEOPLES for line in left)


@pytest.mark.parametrize("name", sorted(name for name in HOSTILE if HOSTILE[name]))
def test_no_hostile_answer_is_left_in_any_field(name: str) -> None:
    text = HOSTILE[name]
    fields = ("ticket_raw", "urgency_raw", "customer", "plan", "product", "group", "reason", "desired_result")
    form = FORM.model_copy(update=dict.fromkeys((*fields, "initiator_raw"), text))
    ticket = TICKET.model_copy(
        update=dict.fromkeys(("subject", "organisation", "plan", "product", "assignee_name", "form"), text)
    )
    posted, read = event("form_posted", form=form), event("ticket_read", ticket=ticket)
    star = decide(None, posted, None, POLICY)
    assert star is not None
    now = decide(star.case, read, None, POLICY)  # type: ignore[arg-type]
    assert now is not None
    for one in (now.case, posted, read):
        left = blanked(one, KEPT)
        assert text not in _texts(left.model_dump())


def _texts(dumped: Any) -> list[str]:
    if isinstance(dumped, dict):
        return [text for one in dumped.values() for text in _texts(one)]
    if isinstance(dumped, list | tuple):
        return [text for one in dumped for text in _texts(one)]
    return [dumped] if isinstance(dumped, str) else []
