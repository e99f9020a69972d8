"""What can happen to a STAR, and what must be done once because of it. What must be *shown* are the targets
in `words`.
"""

from datetime import datetime
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import Field

from starbot.core import case as core
from starbot.core.case import Effect, Event, Service
from starbot.core.facts import IssueRef, LabelChange, MessageRef, OnCall, Person, Ticket
from starbot.duties.stars.form import Form
from starbot.duties.stars.model.star import (
    DUTY,
    Agreed,
    AskedWhere,
    Deed,
    Remark,
    Seen,
    TicketProblem,
    Twin,
    Verdict,
    Whispered,
)


class StarEvent(Event):
    """Anything that happens to a STAR."""

    duty: ClassVar[str] = DUTY


class FormPosted(StarEvent):
    """The STAR form was posted in the channel; `at` is when. `edited_ts`: it was read after this edit."""

    kind: Literal["form_posted"] = "form_posted"
    root: MessageRef
    form: Form
    edited_ts: str = ""
    previous: Twin | None = None


class Filed(StarEvent):
    """Somebody filed a STAR in the dialog; its card goes to `channel`. `view` is the dialog, which is still open."""

    kind: Literal["filed"] = "filed"
    channel: str
    by: Person
    form: Form
    view: str = ""
    previous: Twin | None = None


class FormEdited(StarEvent):
    """The form post was edited, at `edited_ts` by Slack's clock: edits may be told in another order."""

    kind: Literal["form_edited"] = "form_edited"
    form: Form
    edited_ts: str
    previous: Twin | None = None


class FormCompleted(StarEvent):
    """The initiator or a manager said in the dialog what the form post did not say."""

    kind: Literal["form_completed"] = "form_completed"
    by: Person
    user: str
    form: Form
    view: str = ""
    previous: Twin | None = None


class Rebuilt(StarEvent):
    """A STAR as its issue, its thread and its ticket tell it, because the database does not know it (any more) or
    knows less; `at` is when it was filed. `remarks` stand on the issue since `remarked_at`, a moment each; `lines`
    and `news` are how many of a kind may be there. `channel`: it was filed in a dialog, and its card is there."""

    kind: Literal["rebuilt"] = "rebuilt"
    star_id: str
    root: MessageRef
    channel: str = ""
    form: Form
    edited_ts: str = ""
    issue: IssueRef
    card: MessageRef | None = None
    reply: MessageRef | None = None
    remarks: tuple[Remark, ...] = ()
    remarked_at: tuple[datetime, ...] = ()
    lines: int = 0
    is_answered: bool = False
    """Something was said in the thread after the last question."""
    news: int = 0
    seen: tuple[Seen, ...] = ()
    mark: str = ""
    """The emoji at the head of the thread that says who looks."""


class Repeated(StarEvent):
    """Somebody filed a STAR in the dialog for a ticket whose STAR is open: what they wrote goes to that one."""

    kind: Literal["repeated"] = "repeated"
    by: Person
    user: str
    text: str
    view: str = ""


class TicketRead(StarEvent):
    """Zendesk told us about the ticket."""

    kind: Literal["ticket_read"] = "ticket_read"
    ticket: Ticket


class TicketUnfit(StarEvent):
    """Zendesk has no such ticket, or it is closed and takes no more updates."""

    kind: Literal["ticket_unfit"] = "ticket_unfit"
    number: int
    problem: TicketProblem


class InitiatorNamed(StarEvent):
    """Slack told the name of whoever filed the STAR."""

    kind: Literal["initiator_named"] = "initiator_named"
    name: str
    gitlab: str = ""


class InitiatorClaimed(StarEvent):
    """Somebody said that they filed the STAR, whose form did not say who."""

    kind: Literal["initiator_claimed"] = "initiator_claimed"
    by: Person
    user: str


class OnCallRead(StarEvent):
    """Who carries the pager."""

    kind: Literal["oncall_read"] = "oncall_read"
    oncall: OnCall


class CardPosted(StarEvent):
    """The card is in the thread."""

    kind: Literal["card_posted"] = "card_posted"
    ref: MessageRef


class ReplyPosted(StarEvent):
    """The word about the form post itself is in its thread."""

    kind: Literal["reply_posted"] = "reply_posted"
    ref: MessageRef


class QuestionPosted(StarEvent):
    """The manager has been asked for the missing sentence."""

    kind: Literal["question_posted"] = "question_posted"
    ref: MessageRef


class IssueSeen(StarEvent):
    """The issue as GitLab shows it after it was opened or changed."""

    kind: Literal["issue_seen"] = "issue_seen"
    issue: IssueRef


class LabelsRead(StarEvent):
    """GitLab told every change of the issue's labels, the oldest first."""

    kind: Literal["labels_read"] = "labels_read"
    changes: tuple[LabelChange, ...]


class TicketNoted(StarEvent):
    """The internal note with both links is on the ticket."""

    kind: Literal["ticket_noted"] = "ticket_noted"


class IssueNoted(StarEvent):
    """A remark is on the issue."""

    kind: Literal["issue_noted"] = "issue_noted"


class MacroApplied(StarEvent):
    """The macro's changes are on the ticket; `public_text` is what it would tell the customer."""

    kind: Literal["macro_applied"] = "macro_applied"
    public_text: str | None = None


class Acknowledged(StarEvent):
    """A manager added the eyes or pressed the button. `user` clicked; None for a reaction."""

    kind: Literal["acknowledged"] = "acknowledged"
    by: Person
    seen: Seen | None = None
    user: str | None = None


class Triaged(StarEvent):
    """A manager said what they make of the request. `before`: the version of the triage that they had before them,
    "" for none."""

    kind: Literal["triaged"] = "triaged"
    by: Person
    user: str
    category: str = ""
    decision: Verdict = ""
    next_step: str = ""
    dri: Person | None = None
    before: str = ""


class InitiatorAsked(StarEvent):
    """A manager asks the initiator something, in the thread or on the issue."""

    kind: Literal["initiator_asked"] = "initiator_asked"
    by: Person
    user: str
    text: str
    where: AskedWhere


class Answered(StarEvent):
    """The initiator answered, in the thread, on the issue, or in a direct message. `where` says how it is known
    already: what was written in the thread needs no line there, what stands on the issue no note."""

    kind: Literal["answered"] = "answered"
    by: Person
    text: str
    where: Literal["thread", "issue", "dm"]


class FactAdded(StarEvent):
    """The initiator adds something that managers should know."""

    kind: Literal["fact_added"] = "fact_added"
    by: Person
    user: str
    text: str


class Withdrawn(StarEvent):
    """The initiator needs the STAR no more."""

    kind: Literal["withdrawn"] = "withdrawn"
    by: Person
    user: str
    text: str = ""


class Unstarred(StarEvent):
    """A manager says that it does not qualify, why, and which other path was agreed."""

    kind: Literal["unstarred"] = "unstarred"
    by: Person
    user: str
    reason: str
    text: str = ""
    alternative: str
    agreed: Agreed


class Reopened(StarEvent):
    """A manager opens an ended STAR again."""

    kind: Literal["reopened"] = "reopened"
    by: Person
    user: str
    reason: str


class MarkRemoved(StarEvent):
    """A manager took back the emoji by which a step was made. It undoes nothing."""

    kind: Literal["mark_removed"] = "mark_removed"
    by: Person
    user: str
    meaning: Literal["acknowledge", "resolve"]
    name: str
    ts: str


class Resolved(StarEvent):
    """A manager added the check mark, or said how it ended."""

    kind: Literal["resolved"] = "resolved"
    by: Person
    seen: Seen | None = None
    user: str | None = None
    next_step: str = ""
    owner: str = ""
    customer_hears: str = ""


class SentenceAdded(StarEvent):
    """The manager answered the question."""

    kind: Literal["sentence_added"] = "sentence_added"
    by: Person
    text: str


class Undone(StarEvent):
    """The manager took the resolution back."""

    kind: Literal["undone"] = "undone"
    by: Person
    user: str


class PublicReplyConfirmed(StarEvent):
    """A manager read the macro's public text and said yes; `text` is what they saw, perhaps changed."""

    kind: Literal["public_reply_confirmed"] = "public_reply_confirmed"
    by: Person
    user: str
    text: str


class PublicReplySent(StarEvent):
    """The customer has been written to."""

    kind: Literal["public_reply_sent"] = "public_reply_sent"


class RetryAsked(StarEvent):
    """A manager asks to try again what failed."""

    kind: Literal["retry_asked"] = "retry_asked"
    by: Person
    user: str
    key: str


class Refused(StarEvent):
    """Somebody without the right pressed a button or sent a dialog. `why`: it is for managers, or for whoever
    filed the STAR."""

    kind: Literal["refused"] = "refused"
    user: str
    deed: Deed
    why: Literal["no_right", "not_yours", "no_name"] = "no_right"
    view: str = ""


class InitiatorTold(StarEvent):
    """The initiator has the news; `ref` is the direct message, None where they are in the channel."""

    kind: Literal["initiator_told"] = "initiator_told"
    ref: MessageRef | None = None


class LinePosted(StarEvent):
    """The line is in the thread."""

    kind: Literal["line_posted"] = "line_posted"


class WhisperHeard(StarEvent):
    """The word to one person was said."""

    kind: Literal["whisper_heard"] = "whisper_heard"


class EffectDelayed(StarEvent, core.EffectDelayed):
    """A service has not done its part yet."""


class EffectFailed(StarEvent, core.EffectFailed):
    """A service will not do its part until somebody mends something."""


class Unacknowledged(StarEvent):
    """Nobody has acknowledged it within the time for that."""

    kind: Literal["unacknowledged"] = "unacknowledged"


class UndoLapsed(StarEvent, core.Due):
    """The time for undoing is over. What comes due of a STAR that is not resolved arrives as `Unacknowledged`."""


AnyEvent: TypeAlias = Annotated[
    FormPosted
    | Filed
    | FormEdited
    | FormCompleted
    | Rebuilt
    | Repeated
    | TicketRead
    | TicketUnfit
    | InitiatorNamed
    | InitiatorClaimed
    | OnCallRead
    | CardPosted
    | ReplyPosted
    | QuestionPosted
    | IssueSeen
    | LabelsRead
    | TicketNoted
    | IssueNoted
    | MacroApplied
    | Acknowledged
    | Triaged
    | InitiatorAsked
    | Answered
    | FactAdded
    | Withdrawn
    | Unstarred
    | Reopened
    | MarkRemoved
    | Resolved
    | SentenceAdded
    | Undone
    | PublicReplyConfirmed
    | PublicReplySent
    | RetryAsked
    | Refused
    | InitiatorTold
    | LinePosted
    | WhisperHeard
    | EffectDelayed
    | EffectFailed
    | Unacknowledged
    | UndoLapsed,
    Field(discriminator="kind"),
]


# -- what must be done


class ReadTicket(Effect):
    """Read the ticket from Zendesk."""

    service: ClassVar[Service] = "zendesk"
    kind: Literal["read_ticket"] = "read_ticket"
    number: int


class ReadOnCall(Effect):
    """Ask PagerDuty who is on call."""

    service: ClassVar[Service] = "pagerduty"
    kind: Literal["read_oncall"] = "read_oncall"


class ReadInitiator(Effect):
    """Ask Slack for the name of whoever filed the STAR."""

    service: ClassVar[Service] = "slack"
    kind: Literal["read_initiator"] = "read_initiator"
    user: str


class ReadLabels(Effect):
    """Ask GitLab for every change of the issue's labels."""

    service: ClassVar[Service] = "gitlab"
    kind: Literal["read_labels"] = "read_labels"


class NoteTicket(Effect):
    """Put the internal note with both links, and the tag, on the ticket."""

    service: ClassVar[Service] = "zendesk"
    kind: Literal["note_ticket"] = "note_ticket"


class NoteIssue(Effect):
    """Put a remark on the issue."""

    service: ClassVar[Service] = "gitlab"
    kind: Literal["note_issue"] = "note_issue"
    remark: int


class ApplyMacro(Effect):
    """Apply the Escalated Ticket macro, privately."""

    service: ClassVar[Service] = "zendesk"
    kind: Literal["apply_macro"] = "apply_macro"


class TellInitiator(Effect):
    """Tell the initiator by direct message, unless they are in the channel, where they see it anyway."""

    service: ClassVar[Service] = "slack"
    kind: Literal["tell_initiator"] = "tell_initiator"
    news: int


class PostLine(Effect):
    """Say something in the STAR's thread."""

    service: ClassVar[Service] = "slack"
    kind: Literal["post_line"] = "post_line"
    line: int


class SendPublicly(Effect):
    """Write to the customer what a manager confirmed."""

    service: ClassVar[Service] = "zendesk"
    kind: Literal["send_publicly"] = "send_publicly"
    text: str


class Whisper(Effect):
    """Say a word to one person only."""

    service: ClassVar[Service] = "slack"
    kind: Literal["whisper"] = "whisper"
    said: Whispered


AnyEffect: TypeAlias = Annotated[
    ReadTicket
    | ReadOnCall
    | ReadInitiator
    | ReadLabels
    | NoteTicket
    | NoteIssue
    | ApplyMacro
    | TellInitiator
    | PostLine
    | SendPublicly
    | Whisper,
    Field(discriminator="kind"),
]
