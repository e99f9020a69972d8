"""The history of a STAR in sentences: every kind of event has one, or is one that nobody needs to read."""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, get_args

import pytest

from starbot.core.facts import IssueRef, LabelChange, MessageRef, OnCall, Person, Ticket
from starbot.duties.stars import model
from starbot.duties.stars.form import Form
from starbot.duties.stars.model import Seen, Star, Trouble
from starbot.duties.stars.words.history import SENTENCES, UNSAID, history, missing
from tests.duties.stars import stories

AT = datetime(2026, 11, 17, 9, 31, tzinfo=UTC)
LENA = Person(name="Lena Vogt", slack="U0LENA", gitlab="lvogt")
POST = MessageRef(channel="C0STARS", ts="1794924000.000100")
EYES = Seen(ts=POST.ts, user="U0LENA", name="eyes", at="1")
FORM = Form.model_validate(
    dict.fromkeys(Form.model_fields, "")
    | {"ticket": 123456, "urgency": "Urgent", "initiator": None, "is_license": None, "problems": ()}
)
UNREADABLE = FORM.model_copy(update={"ticket": None, "urgency": None})
TICKET = Ticket(
    id=123456, subject="It is\nslow", status="open", priority="high", created_at=AT, updated_at=AT
)
ISSUE = IssueRef(project="stars", iid=7, id=70, url="https://gitlab.example.com/stars/-/issues/7")
WHO: dict[str, Any] = {"by": LENA, "user": "U0LENA"}


class Row(NamedTuple):
    """A line of a journal."""

    kind: str
    at: datetime
    body: dict[str, Any]


def row(event: Any) -> Row:
    return Row(event.kind, event.at, event.model_dump(mode="json"))


def made(kind: type[Any], **fields: Any) -> Any:
    return kind(id="e", at=AT, **fields)


SAID = [
    (
        made(model.Unacknowledged),
        "Nobody had acknowledged it in time, so a page of the manager on call was offered.",
    ),
    (made(model.FormPosted, root=POST, form=FORM), "The form was posted: ticket #123456, Urgent."),
    (
        made(model.FormPosted, root=POST, form=UNREADABLE),
        "The form was posted: no ticket that can be read, no urgency that can be read.",
    ),
    (
        made(model.FormEdited, form=FORM, edited_ts="2"),
        "The form post was edited: ticket #123456, Urgent.",
    ),
    (
        made(model.TicketRead, ticket=TICKET),
        "Zendesk showed ticket #123456 “It is slow”: priority high, open.",
    ),
    (made(model.TicketUnfit, number=1, problem="ticket_not_found"), "Zendesk has no ticket #1."),
    (made(model.TicketUnfit, number=1, problem="ticket_closed"), "Closed for good is ticket #1."),
    (made(model.InitiatorNamed, name="Casey Lin"), "It was filed by Casey Lin."),
    (made(model.OnCallRead, oncall=OnCall(managers=(LENA,), source="live")), "On call: Lena Vogt."),
    (
        made(model.OnCallRead, oncall=OnCall(managers=(LENA,), source="remembered", as_of=AT)),
        "On call: Lena Vogt, as remembered from 09:31 UTC.",
    ),
    (made(model.OnCallRead, oncall=OnCall()), "Nobody was known to be on call."),
    (made(model.CardPosted, ref=POST), "The card was posted."),
    (made(model.ReplyPosted, ref=POST), "The bot answered the form post itself."),
    (made(model.QuestionPosted, ref=POST), "The manager was asked for the missing sentence."),
    (
        made(model.IssueSeen, issue=ISSUE),
        "Issue #7 is opened, assigned to nobody: https://gitlab.example.com/stars/-/issues/7",
    ),
    (
        made(model.LabelsRead, changes=(LabelChange(label="unstarred", added=True, at=AT, by="lvogt"),)),
        "Labels by GitLab's own history: unstarred added by lvogt 09:31 UTC.",
    ),
    (made(model.LabelsRead, changes=()), "Labels by GitLab's own history: none was ever set."),
    (made(model.TicketNoted), "The ticket got the internal note with both links."),
    (made(model.MacroApplied), "The Escalated Ticket macro was applied privately."),
    (
        made(model.MacroApplied, public_text="Dear customer"),
        "The Escalated Ticket macro was applied privately; its text for the customer waits for a manager.",
    ),
    (made(model.Acknowledged, by=LENA, seen=EYES), "Lena Vogt acknowledged by :eyes:."),
    (made(model.Acknowledged, **WHO), "Lena Vogt acknowledged with the button."),
    (
        made(model.Resolved, next_step="Anna calls.", owner="Anna", **WHO),
        "Lena Vogt resolved it with the button. Next step: “Anna calls.”. Owner: “Anna”.",
    ),
    (made(model.SentenceAdded, by=LENA, text="Anna calls."), "Lena Vogt told the next step: “Anna calls.”."),
    (made(model.Undone, **WHO), "Lena Vogt took the resolution back."),
    (
        made(model.PublicReplyConfirmed, text="Dear customer", **WHO),
        "Lena Vogt confirmed a text for the customer: “Dear customer”.",
    ),
    (made(model.PublicReplySent), "The customer was written to."),
    (
        made(model.RetryAsked, key="star-x:note_ticket:0", **WHO),
        "Lena Vogt asked to try again: the note on the ticket.",
    ),
    (
        made(model.Refused, user="U0CASEY", deed="send_publicly"),
        "U0CASEY pressed send publicly without the right to.",
    ),
    (
        made(model.EffectDelayed, key="k", effect="apply_macro", service="zendesk"),
        "Zendesk did not answer in time: the macro follows.",
    ),
    (
        made(model.EffectFailed, key="k", effect="issue", service="gitlab", reason="project_missing"),
        "GitLab refused (project missing): the issue.",
    ),
    (
        made(model.EffectFailed, key="k", effect="card", service="slack", reason="ours", reference="abc"),
        "Not done, a fault of the bot (reference abc): the card.",
    ),
    (made(model.UndoLapsed), "The time for undoing was over."),
    (
        stories.event("filed"),
        "Casey Lin filed it in the dialog: ticket #123456, Urgent, Aurora.",
    ),
    (
        stories.event("rebuilt"),
        "It was read again from its issue and its thread, after a database was lost: ticket #123456, Urgent, Aurora.",
    ),
    (stories.event("form_completed"), "Casey Lin completed the form: ticket #123456, Urgent, Aurora."),
    (stories.event("repeated"), "Tomas Novak filed a STAR for the ticket too: “It is worse now.”."),
    (stories.event("initiator_claimed"), "Casey Lin said that it is theirs."),
    (stories.event("initiator_told"), "The initiator was told by direct message."),
    (
        stories.event("triaged"),
        "Lena Vogt triaged it. Decision: An engineer works on it now. Category: Escalation::License-Issue. "
        "Next step: “Anna looks at the logs.”. DRI: Anna Kowalska.",
    ),
    (
        stories.event("initiator_asked"),
        "Lena Vogt asked the initiator in the thread: “Which version is it?”.",
    ),
    (stories.event("answered"), "Casey Lin answered by direct message: “18.5”."),
    (stories.event("fact_added"), "Casey Lin added: “They go live on Friday.”."),
    (stories.event("withdrawn"), "Casey Lin withdrew it: “It is solved.”."),
    (
        stories.event("unstarred"),
        "Lena Vogt unstarred it: It is a real emergency. Instead: “The customer raises an emergency.”.",
    ),
    (stories.event("reopened"), "Tomas Novak opened it again: “It is back.”."),
    (stories.event("mark_removed"), "Lena Vogt took :eyes: away, which changed nothing."),
]


@pytest.mark.parametrize(("event", "sentence"), SAID, ids=[sentence for _, sentence in SAID])
def test_an_event_is_told_in_a_plain_sentence(event: Any, sentence: str) -> None:
    assert history([row(event)]) == [(event.at, sentence)]


def kinds() -> set[str]:
    return {
        get_args(kind.model_fields["kind"].annotation)[0] for kind in get_args(get_args(model.AnyEvent)[0])
    }


def test_every_kind_of_event_has_a_sentence_or_needs_none() -> None:
    assert set(SENTENCES) | UNSAID == kinds()
    assert set(SENTENCES) & UNSAID == set()
    assert {event.kind for event, _ in SAID} == set(SENTENCES)


def test_what_nobody_needs_to_read_is_left_out() -> None:
    assert history([row(made(model.IssueNoted)), row(made(model.WhisperHeard))]) == []


def test_what_repeats_itself_is_told_once() -> None:
    closed = ISSUE.model_copy(update={"state": "closed"})
    seen = [row(made(model.IssueSeen, issue=issue)) for issue in (ISSUE, ISSUE, closed, ISSUE)]
    assert ["closed" in line.sentence for line in history(seen)] == [False, True, False]


def test_an_event_of_another_version_is_told_by_its_name() -> None:
    later = Row("hands_asked", AT + timedelta(minutes=1), {"kind": "hands_asked"})
    older = Row("acknowledged", AT, {"kind": "acknowledged", "who": "Lena"})
    assert [line.sentence for line in history([older, later])] == ["Acknowledged.", "Hands asked."]


def test_what_is_missing_is_told_with_its_reason() -> None:
    decision = model.decide(
        None, made(model.FormPosted, root=POST, form=FORM), None, model.Policy(urgency_minutes={}, regions=())
    )
    assert decision is not None and isinstance(decision.case, Star)
    troubles = (
        Trouble(key="a", effect="note_ticket", service="zendesk", delayed=True),
        Trouble(key="b", effect="issue", service="gitlab", delayed=False, reason="forbidden"),
    )
    assert missing(decision.case.model_copy(update={"troubles": troubles})) == [
        "Zendesk did not answer in time: the note on the ticket follows.",
        "GitLab refused (forbidden): the issue.",
    ]
