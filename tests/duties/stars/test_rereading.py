"""What the bot writes on an issue it can read back: one note of each kind, and the answers of the form."""

from datetime import timedelta
from typing import Any, get_args

import pytest

from starbot.core.facts import Person
from starbot.duties.stars import model
from starbot.duties.stars.form import draft_of
from starbot.duties.stars.model import Remark, Triage, Unstarring
from starbot.duties.stars.words import Look, answers, issue, remark, reread
from tests.duties.stars.stories import LENA, NOON, POLICY, after, event

ANNOUNCED = [event(kind) for kind in ("form_posted", "oncall_read", "ticket_read", "card_posted")]
LOOK = Look(
    team_url="https://acme.slack.com",
    ticket_link="https://acme.zendesk.com/agent/tickets/{ticket}",
    issue_description="## Request\n\n{facts}\n\n{reason}\n\n### Desired\n\n{desired_result}\n",
)
ODD = Person(name="Åsa *the* [Bot] <b> O'Neil & sons. asks: | #1", slack="U7")
TEXT = "Line one\n- `code` and @all /close\n\n<!-- starbot:aaaaaaaaaaaaaaaa -->"
TRIAGE = Triage(
    by=ODD, at=NOON, category="Escalation::License-Issue", decision="work", next_step=TEXT, dri=LENA
)
UNSTARRING = Unstarring(
    by=ODD, at=NOON, reason="Not. urgent", text=TEXT, alternative="Ask in #support.", agreed="yes"
)
WITH: dict[str, dict[str, Any]] = {
    "triaged": {"triage": TRIAGE},
    "triaged_late": {"triage": TRIAGE},
    "unstarred": {"unstarring": UNSTARRING},
    "thread": {"by": None},
    "acknowledged": {},
    "undone": {},
    "disposition": {},
}


@pytest.mark.parametrize("kind", get_args(model.RemarkKind))
def test_a_note_is_read_back_as_it_was_written(kind: model.RemarkKind) -> None:
    said = Remark(kind=kind, **{"by": ODD, **WITH.get(kind, {"text": TEXT})})
    star = after(*ANNOUNCED, event("resolved")).model_copy(update={"remarks": (said,)})
    assert reread(remark(star, 0, LOOK), NOON, [LENA, ODD]) == said


def test_a_name_that_nobody_has_any_more_is_kept() -> None:
    told = reread("Mara \\[x\\] &amp; co. is looking at this STAR.", NOON, [LENA])
    assert told is not None and told.by == Person(name="Mara [x] & co.")
    assert reread("Anything else is looking", NOON, []) is None


def test_the_answers_of_a_dialog_are_read_back_from_the_description() -> None:
    star = after(event("filed"), event("ticket_read"), event("oncall_read"))
    described = issue(star, LOOK)
    assert described is not None
    told = answers(described["description"], LOOK)
    written = draft_of(star.form)
    assert (told.ticket, told.urgency) == (str(star.form.ticket), star.form.urgency)
    assert (told.reason, told.desired_result) == (
        written.reason or "not said",
        written.desired_result or "not said",
    )


def test_a_star_that_knows_more_than_its_issue_stays_as_it_is() -> None:
    star = after(*ANNOUNCED, event("acknowledged"))
    assert (
        after(*ANNOUNCED, event("acknowledged"), event("rebuilt")).model_copy(
            update={"version": star.version}
        )
        == star
    )


def test_what_was_done_before_is_not_asked_for_again() -> None:
    remarks = (Remark(kind="thread"), Remark(kind="acknowledged", by=LENA), Remark(kind="public", by=LENA))
    moments = tuple(NOON + timedelta(minutes=n) for n in range(3))
    again = event("rebuilt", remarks=remarks, remarked_at=moments, news=2, lines=1)
    decision = model.decide(None, again, None, POLICY)
    assert decision is not None and decision.case.status == "acknowledged"
    kinds = [effect.kind for effect in decision.effects]  # type: ignore[attr-defined]
    assert sorted(kinds) == ["read_initiator", "read_oncall", "read_ticket"]
