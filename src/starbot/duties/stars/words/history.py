"""What happened to a STAR, in plain sentences: its journal as a person reads it. Pure; nothing is escaped.

`SENTENCES` has a line for each kind of event that is worth one; `UNSAID` names the kinds that nobody needs to
read. Each kind is in one of the two.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple, Protocol, TypeAlias

from pydantic import TypeAdapter, ValidationError

from starbot.blocks import clock
from starbot.core.facts import LabelChange, Person
from starbot.core.text import one_line
from starbot.duties.stars import model
from starbot.duties.stars.form import Form
from starbot.duties.stars.model import Star, Trouble
from starbot.duties.stars.words.dialogs import VERDICTS
from starbot.duties.stars.words.parts import SYSTEMS

TEXT_LIMIT = 200


class Entry(Protocol):
    """One line of a journal: the event's kind, its moment and its fields."""

    @property
    def kind(self) -> str:
        """Which event."""

    @property
    def at(self) -> datetime:
        """When it happened."""

    @property
    def body(self) -> Mapping[str, Any]:
        """The event itself, as stored."""


class Line(NamedTuple):
    """One sentence of the history."""

    at: datetime
    sentence: str


def history(entries: Iterable[Entry]) -> list[Line]:
    """The journal as sentences, in its order. What repeats the sentence before it of its kind is left out, and
    a kind that this version does not know is told by its name."""
    lines: list[Line] = []
    last_of: dict[str, str] = {}
    for entry in entries:
        if entry.kind in UNSAID:
            continue
        sentence = _sentence(entry)
        if sentence and last_of.get(entry.kind) != sentence:
            lines.append(Line(entry.at, sentence))
        last_of[entry.kind] = sentence
    return lines


def missing(star: Star) -> list[str]:
    """What is not done yet, or was refused, and why."""
    return [
        _trouble(one.service, one.effect, "" if one.delayed else one.reason, one) for one in star.troubles
    ]


_EVENTS: TypeAdapter[Any] = TypeAdapter(model.AnyEvent)


def _sentence(entry: Entry) -> str:
    try:
        event = _EVENTS.validate_python(dict(entry.body))
    except ValidationError:
        return f"{entry.kind.replace('_', ' ').capitalize()}."
    return SENTENCES[entry.kind](event)


def _said(text: str) -> str:
    return f"“{one_line(text, TEXT_LIMIT)}”" if text else "(no text)"


def _who(person: Person) -> str:
    return one_line(person.name or person.slack, 80) or "somebody"


def blanked(star: Star) -> str:
    """That the text of a STAR that was closed long ago is gone; "" where it is there."""
    if star.blanked_at is None:
        return ""
    return (
        f"What people wrote, names and the ticket's facts were removed {clock(star.blanked_at, date=True)}."
    )


def _form(form: Form) -> str:
    ticket = f"ticket #{form.ticket}" if form.ticket else "no ticket that can be read"
    urgency = form.urgency or "no urgency that can be read"
    about = f", {one_line(form.customer, 80)}" if form.customer else ""
    return f"{ticket}, {urgency}{about}"


def _form_posted(event: model.FormPosted) -> str:
    return f"The form was posted: {_form(event.form)}."


def _rebuilt(event: model.Rebuilt) -> str:
    return f"It was read again from its issue and its thread, after a database was lost: {_form(event.form)}."


def _form_edited(event: model.FormEdited) -> str:
    return f"The form post was edited: {_form(event.form)}."


def _ticket_read(event: model.TicketRead) -> str:
    ticket = event.ticket
    facts = (f"priority {ticket.priority or 'none'}", ticket.status, one_line(ticket.organisation or "", 80))
    return f"Zendesk showed ticket #{ticket.id} {_said(ticket.subject)}: {', '.join(filter(None, facts))}."


def _ticket_unfit(event: model.TicketUnfit) -> str:
    problem = {"ticket_not_found": "Zendesk has no ticket", "ticket_closed": "Closed for good is ticket"}
    return f"{problem[event.problem]} #{event.number}."


def _initiator_named(event: model.InitiatorNamed) -> str:
    return f"It was filed by {one_line(event.name, 80)}."


def _oncall_read(event: model.OnCallRead) -> str:
    oncall = event.oncall
    if not oncall.managers:
        return "Nobody was known to be on call."
    since = f", as remembered from {clock(oncall.as_of)}" if oncall.source == "remembered" else ""
    return f"On call: {', '.join(_who(one) for one in oncall.managers)}{since}."


def _card_posted(event: model.CardPosted) -> str:
    return "The card was posted."


def _reply_posted(event: model.ReplyPosted) -> str:
    return "The bot answered the form post itself."


def _question_posted(event: model.QuestionPosted) -> str:
    return "The manager was asked for the missing sentence."


def _issue_seen(event: model.IssueSeen) -> str:
    issue = event.issue
    holder = f", assigned to {issue.assignee}" if issue.assignee else ", assigned to nobody"
    labels = f", labels {', '.join(issue.labels)}" if issue.labels else ""
    return f"Issue #{issue.iid} is {issue.state}{holder}{labels}: {issue.url}"


def _labels_read(event: model.LabelsRead) -> str:
    changes = ", ".join(_label(change) for change in event.changes)
    return f"Labels by GitLab's own history: {changes or 'none was ever set'}."


def _label(change: LabelChange) -> str:
    by = f" by {change.by}" if change.by else ""
    verb = "added" if change.added else "removed"
    return f"{one_line(change.label, 80) or 'a deleted one'} {verb}{by} {clock(change.at)}"


def _ticket_noted(event: model.TicketNoted) -> str:
    return "The ticket got the internal note with both links."


def _macro_applied(event: model.MacroApplied) -> str:
    more = "; its text for the customer waits for a manager" if event.public_text else ""
    return f"The Escalated Ticket macro was applied privately{more}."


def _acknowledged(event: model.Acknowledged) -> str:
    return f"{_who(event.by)} acknowledged {_by(event)}."


def _resolved(event: model.Resolved) -> str:
    parts = [
        f"{name}: {_said(text)}."
        for name, text in (
            ("Next step", event.next_step),
            ("Owner", event.owner),
            ("The customer hears", event.customer_hears),
        )
        if text
    ]
    return " ".join((f"{_who(event.by)} resolved it {_by(event)}.", *parts))


def _by(event: model.Acknowledged | model.Resolved) -> str:
    return f"by :{event.seen.name}:" if event.seen else "with the button"


def _sentence_added(event: model.SentenceAdded) -> str:
    return f"{_who(event.by)} told the next step: {_said(event.text)}."


def _undone(event: model.Undone) -> str:
    return f"{_who(event.by)} took the resolution back."


def _public_reply_confirmed(event: model.PublicReplyConfirmed) -> str:
    return f"{_who(event.by)} confirmed a text for the customer: {_said(event.text)}."


def _public_reply_sent(event: model.PublicReplySent) -> str:
    return "The customer was written to."


def _retry_asked(event: model.RetryAsked) -> str:
    return f"{_who(event.by)} asked to try again: {_deed(event.key.split(':')[1:2])}."


def _refused(event: model.Refused) -> str:
    return f"{event.user} pressed {event.deed.replace('_', ' ')} without the right to."


def _effect_delayed(event: model.EffectDelayed) -> str:
    return _trouble(event.service, event.effect, "", None)


def _effect_failed(event: model.EffectFailed) -> str:
    return _trouble(event.service, event.effect, event.reason, event)


def _unacknowledged(event: model.Unacknowledged) -> str:
    return "Nobody had acknowledged it in time, so a page of the manager on call was offered."


def _undo_lapsed(event: model.UndoLapsed) -> str:
    return "The time for undoing was over."


# -- what people do in dialogs


def _filed(event: model.Filed) -> str:
    return f"{_who(event.by)} filed it in the dialog: {_form(event.form)}."


def _form_completed(event: model.FormCompleted) -> str:
    return f"{_who(event.by)} completed the form: {_form(event.form)}."


def _repeated(event: model.Repeated) -> str:
    return f"{_who(event.by)} filed a STAR for the ticket too: {_said(event.text)}."


def _initiator_claimed(event: model.InitiatorClaimed) -> str:
    return f"{_who(event.by)} said that it is theirs."


def _triaged(event: model.Triaged) -> str:
    parts = [
        f"{name}: {text}."
        for name, text in (
            ("Decision", VERDICTS.get(event.decision, "")),
            ("Category", event.category),
            ("Next step", event.next_step and _said(event.next_step)),
            ("DRI", _who(event.dri) if event.dri else ""),
        )
        if text
    ]
    return " ".join((f"{_who(event.by)} triaged it.", *parts))


def _initiator_asked(event: model.InitiatorAsked) -> str:
    where = "on the issue" if event.where == "issue" else "in the thread"
    return f"{_who(event.by)} asked the initiator {where}: {_said(event.text)}."


def _answered(event: model.Answered) -> str:
    where = {"thread": "in the thread", "issue": "on the issue", "dm": "by direct message"}[event.where]
    return f"{_who(event.by)} answered {where}: {_said(event.text)}."


def _fact_added(event: model.FactAdded) -> str:
    return f"{_who(event.by)} added: {_said(event.text)}."


def _withdrawn(event: model.Withdrawn) -> str:
    return f"{_who(event.by)} withdrew it{f': {_said(event.text)}' if event.text else ''}."


def _unstarred(event: model.Unstarred) -> str:
    return f"{_who(event.by)} unstarred it: {event.reason}. Instead: {_said(event.alternative)}."


def _reopened(event: model.Reopened) -> str:
    return f"{_who(event.by)} opened it again: {_said(event.reason)}."


def _mark_removed(event: model.MarkRemoved) -> str:
    return f"{_who(event.by)} took :{event.name}: away, which changed nothing."


def _initiator_told(event: model.InitiatorTold) -> str:
    return "The initiator was told by direct message." if event.ref else ""


Sentence: TypeAlias = Callable[[Any], str]

SENTENCES: Mapping[str, Sentence] = {
    "form_posted": _form_posted,
    "filed": _filed,
    "form_completed": _form_completed,
    "rebuilt": _rebuilt,
    "repeated": _repeated,
    "initiator_claimed": _initiator_claimed,
    "triaged": _triaged,
    "initiator_asked": _initiator_asked,
    "answered": _answered,
    "fact_added": _fact_added,
    "withdrawn": _withdrawn,
    "unstarred": _unstarred,
    "reopened": _reopened,
    "mark_removed": _mark_removed,
    "initiator_told": _initiator_told,
    "form_edited": _form_edited,
    "ticket_read": _ticket_read,
    "ticket_unfit": _ticket_unfit,
    "initiator_named": _initiator_named,
    "oncall_read": _oncall_read,
    "card_posted": _card_posted,
    "reply_posted": _reply_posted,
    "question_posted": _question_posted,
    "issue_seen": _issue_seen,
    "labels_read": _labels_read,
    "ticket_noted": _ticket_noted,
    "macro_applied": _macro_applied,
    "acknowledged": _acknowledged,
    "resolved": _resolved,
    "sentence_added": _sentence_added,
    "undone": _undone,
    "public_reply_confirmed": _public_reply_confirmed,
    "public_reply_sent": _public_reply_sent,
    "retry_asked": _retry_asked,
    "refused": _refused,
    "effect_delayed": _effect_delayed,
    "effect_failed": _effect_failed,
    "unacknowledged": _unacknowledged,
    "due": _undo_lapsed,
}

UNSAID = frozenset({"issue_noted", "line_posted", "whisper_heard"})
"""Kinds that nobody needs to read: what was noted or whispered is told by what came before."""


# -- what went wrong

_DEEDS = {
    "read_ticket": "reading the ticket",
    "read_oncall": "asking who is on call",
    "read_initiator": "asking who filed it",
    "read_labels": "reading the labels",
    "note_ticket": "the note on the ticket",
    "note_issue": "a note on the issue",
    "apply_macro": "the macro",
    "send_publicly": "the text to the customer",
    "whisper": "a word to one person",
    "post_line": "a line in the thread",
    "tell_initiator": "the word to the initiator",
    "issue": "the issue",
    "card": "the card",
    "reply": "the answer to the form post",
    "question": "the question to the manager",
    "marks": "the mark at the head of the thread",
}


def _deed(effect: Iterable[str]) -> str:
    name = next(iter(effect), "")
    return _DEEDS.get(name, name.replace("_", " ") or "what failed")


def _trouble(service: str, effect: str, reason: str, failed: model.EffectFailed | Trouble | None) -> str:
    if not reason:
        return f"{SYSTEMS[service]} did not answer in time: {_deed([effect])} follows."
    if reason == "ours":
        reference = f" (reference {failed.reference})" if failed and failed.reference else ""
        return f"Not done, a fault of the bot{reference}: {_deed([effect])}."
    return f"{SYSTEMS[service]} refused ({reason.replace('_', ' ')}): {_deed([effect])}."
