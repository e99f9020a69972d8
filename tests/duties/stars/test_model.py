"""The state machine of a STAR: every event in every status, and what holds in whatever order they come."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from starbot.core.case import Document, Effect
from starbot.core.facts import OnCall
from starbot.duties.stars import words
from starbot.duties.stars.model import STATUSES, TABLE, Star, StarEvent, Status, claim, decide
from tests.duties.stars.stories import (
    CARD,
    FORM,
    ISSUE,
    KINDS,
    LENA,
    LOOK,
    NOON,
    POLICY,
    QUESTION,
    TOMAS,
    UNREADABLE,
    after,
    event,
    in_status,
    told,
)

# "=" changes nothing; else the status after the event, and the kinds of the effects that follow.
EXPECTED: dict[str, tuple[str, str, str, str, str, str]] = {
    # status: incomplete, submitted, announced, acknowledged, resolved, linked
    "form_posted": ("=", "=", "=", "=", "=", "="),
    "form_edited": (
        "submitted read_oncall read_ticket read_initiator",
        "submitted",
        "announced",
        "acknowledged",
        "=",
        "=",
    ),
    "ticket_read": ("=", "submitted", "=", "=", "=", "linked"),
    "ticket_unfit": ("=", "incomplete", "incomplete", "incomplete", "resolved", "linked"),
    "initiator_named": ("incomplete", "submitted", "announced", "acknowledged", "resolved", "linked"),
    "oncall_read": ("incomplete", "submitted", "=", "=", "=", "linked"),
    "card_posted": ("incomplete", "announced", "=", "=", "=", "linked"),
    "reply_posted": ("incomplete", "submitted", "announced", "acknowledged", "resolved", "linked"),
    "question_posted": ("incomplete", "submitted", "announced", "acknowledged", "=", "linked"),
    "issue_seen": ("incomplete", "submitted", "=", "=", "=", "linked"),
    "ticket_noted": ("incomplete", "submitted", "announced", "acknowledged", "resolved", "linked"),
    "issue_noted": ("incomplete", "submitted", "announced", "acknowledged", "resolved", "linked"),
    "macro_applied": ("incomplete", "submitted", "announced", "acknowledged", "resolved", "linked"),
    "acknowledged": ("incomplete", "acknowledged", "acknowledged note_issue apply_macro", "=", "=", "="),
    "resolved": (
        "resolved",
        "resolved",
        "resolved note_issue note_issue apply_macro",
        "resolved note_issue",
        "=",
        "=",
    ),
    "sentence_added": ("=", "=", "=", "=", "resolved note_issue", "="),
    "undone": (
        "incomplete whisper",
        "submitted whisper",
        "announced whisper",
        "acknowledged whisper",
        "acknowledged note_issue",
        "linked whisper",
    ),
    "public_reply_confirmed": (
        "incomplete whisper",
        "submitted whisper",
        "announced whisper",
        "acknowledged whisper",
        "resolved whisper",
        "=",
    ),
    "public_reply_sent": ("incomplete", "submitted", "announced", "acknowledged", "resolved", "linked"),
    "retry_asked": (
        "incomplete whisper",
        "submitted whisper",
        "announced whisper",
        "acknowledged whisper",
        "resolved whisper",
        "linked whisper",
    ),
    "refused": (
        "incomplete whisper",
        "submitted whisper",
        "announced whisper",
        "acknowledged whisper",
        "resolved whisper",
        "linked whisper",
    ),
    "whisper_heard": ("=", "=", "=", "=", "=", "="),
    "effect_delayed": ("incomplete", "submitted", "announced", "acknowledged", "resolved", "linked"),
    "effect_failed": ("incomplete", "submitted", "announced", "acknowledged", "resolved", "linked"),
    "due": ("=", "=", "=", "=", "resolved", "="),
}


def test_the_table_here_and_the_one_of_the_rules_hold_every_event_in_every_status() -> None:
    assert set(EXPECTED) == set(KINDS) == set(TABLE)
    assert all(set(row) == set(STATUSES) for row in TABLE.values())
    assert all(len(row) == len(STATUSES) for row in EXPECTED.values())


@pytest.mark.parametrize("kind,status", list(product(KINDS, STATUSES)))
def test_each_event_in_each_status_does_just_what_the_table_says(kind: str, status: Status) -> None:
    star = in_status(status)
    assert star.status == status
    decision = decide(star, event(kind), None, POLICY)
    assert decision is not None
    found = " ".join([str(decision.case.status), *(effect.kind for effect in decision.effects)])  # type: ignore[attr-defined]
    expected = EXPECTED[kind][STATUSES.index(status)]
    assert found == (expected if expected != "=" else status)
    assert (decision.case == star) is (expected == "=")


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "form_posted"])
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


def test_an_edit_keeps_the_ticket_of_a_good_form_and_moves_the_deadline() -> None:
    edited = FORM.model_copy(update={"ticket": 999999, "urgency": "Timely"})
    star = after(event("form_posted"), event("form_edited", form=edited))
    assert star.form.ticket == 123456
    assert star.deadline == NOON + timedelta(minutes=60)


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


@pytest.mark.parametrize(
    "minutes,expected", [(9.9, "acknowledged"), (10, "acknowledged"), (10.1, "resolved")]
)
def test_undo_works_for_ten_minutes(minutes: float, expected: str) -> None:
    undone = event("undone", at=NOON + timedelta(minutes=minutes))
    star = after(event("form_posted"), event("acknowledged"), event("resolved"), undone)
    assert star.status == expected
    assert [said.why for said in star.whispers] == ([] if expected == "acknowledged" else ["too_late"])


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
_ANY_EVENTS = st.lists(st.sampled_from([kind for kind in KINDS if kind != "form_posted"]), max_size=25)
_FORMS = st.sampled_from([FORM, UNREADABLE])


def _fold(form: Any, kinds: list[str]) -> Iterator[tuple[Star, StarEvent, Star, tuple[Effect, ...]]]:
    star, effects = told(event("form_posted", form=form))
    yield star, event("form_posted"), star, effects
    for n, kind in enumerate(kinds):
        happened = event(kind, id=f"{n}>done")
        if kind in ("acknowledged", "resolved"):
            happened = happened.model_copy(update={"seen": None, "user": "U1"})
        decision = decide(star, happened, None, POLICY)
        assert decision is not None
        assert isinstance(decision.case, Star)
        yield star, happened, decision.case, decision.effects
        star = decision.case


@given(form=_FORMS, kinds=_ANY_EVENTS)
def test_closed_stays_closed_but_by_undo(form: Any, kinds: list[str]) -> None:
    for before, happened, now, _ in _fold(form, kinds):
        if before.status == "resolved" and now.status != "resolved":
            assert getattr(happened, "kind", "") == "undone"


@given(form=_FORMS, kinds=_ANY_EVENTS)
def test_the_same_wish_is_never_made_twice_but_by_retry(form: Any, kinds: list[str]) -> None:
    keys: list[tuple[str, str]] = []
    for _, _, _, effects in _fold(form, kinds):
        keys += [(effect.key, effect.run) for effect in effects]
    assert len(keys) == len(set(keys))
    assert all(
        run for key, run in keys if sum(key == other for other, _ in keys) > 1 and (key, "") not in keys
    )


@given(form=_FORMS, kinds=_ANY_EVENTS)
def test_every_star_can_be_shown_and_stored_and_holds_its_ticket_only_while_open(
    form: Any, kinds: list[str]
) -> None:
    for _, _, star, _ in _fold(form, kinds):
        assert Star.model_validate_json(star.model_dump_json()) == star
        for render in _DOCUMENTS.values():
            render(star, LOOK)
        for number in range(len(star.whispers)):
            words.whisper(star, number, LOOK)
        if star.claim is not None:
            assert star.status in ("submitted", "announced", "acknowledged") and star.is_readable


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

    *Undo* is a button on the question, so it waits for the question.
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
        if self._people and (self._people[0].id != "an-undone" or "question" in self._shown):
            found.append(lambda: self._tell(self._people.pop(0)))
        return found + [lambda name=name: self._show(name) for name in _DOCUMENTS if self._is_stale(name)]

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
            if kind == self._failing:
                self._answers.append(event("effect_failed", **about, id=f"{effect.key}>failed"))
            else:
                self._answers.append(event(_ANSWERS[kind], id=f"{effect.key}>done"))
            # Told by a thread of its own, so it may come after the answer.
            if self._delays:
                self._answers.append(event("effect_delayed", **about, id=f"{effect.key}>delayed"))


_ANSWERS = {
    "read_ticket": "ticket_read",
    "read_oncall": "oncall_read",
    "read_initiator": "initiator_named",
    "note_ticket": "ticket_noted",
    "note_issue": "issue_noted",
    "apply_macro": "macro_applied",
    "send_publicly": "public_reply_sent",
    "whisper": "whisper_heard",
}

_STORIES: dict[str, Callable[[], list[StarEvent]]] = {
    "acknowledged": lambda: [event("acknowledged")],
    "resolved by reaction": lambda: [event("acknowledged"), event("resolved")],
    "check mark alone": lambda: [event("resolved", by=TOMAS)],
    "by dialog": lambda: [event("resolved", seen=None, user="U1", next_step="Anna calls.")],
    "edited meanwhile": lambda: [event("form_edited"), event("acknowledged"), event("resolved")],
    "undone": lambda: [event("acknowledged"), event("resolved"), event("undone")],
    "by two": lambda: [
        event("acknowledged", by=TOMAS),
        event("acknowledged", id="b", by=LENA, seen=None, user="U1"),
        event("resolved"),
        event("sentence_added"),
        event("due"),
    ],
}


def _play(story: str, failing: str, delays: bool, choose: Callable[[int], int]) -> Play:
    play = Play(_STORIES[story](), failing, delays)
    while choices := play.choices():
        choices[choose(len(choices))]()
    return play


@settings(max_examples=60, deadline=None)
@given(
    story=st.sampled_from(sorted(_STORIES)),
    failing=st.sampled_from(["", "apply_macro", "note_ticket", "note_issue"]),
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
    expected = {"undone": "acknowledged", "acknowledged": "acknowledged"}.get(story, "resolved")
    assert mixed.star.status == expected
