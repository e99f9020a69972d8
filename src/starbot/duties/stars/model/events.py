"""What can happen to a STAR, and what must be done once because of it. What must be *shown* are the targets
in `words`.
"""

from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import Field

from starbot.core import case as core
from starbot.core.case import Effect, Event, Service
from starbot.core.facts import IssueRef, LabelChange, MessageRef, OnCall, Person, Ticket
from starbot.duties.stars.form import Form
from starbot.duties.stars.model.star import DUTY, Deed, Seen, TicketProblem, Whispered


class StarEvent(Event):
    """Anything that happens to a STAR."""

    duty: ClassVar[str] = DUTY


class FormPosted(StarEvent):
    """The STAR form was posted in the channel; `at` is when. `edited_ts`: it was read after this edit."""

    kind: Literal["form_posted"] = "form_posted"
    root: MessageRef
    form: Form
    edited_ts: str = ""


class FormEdited(StarEvent):
    """The form post was edited, at `edited_ts` by Slack's clock: edits may be told in another order."""

    kind: Literal["form_edited"] = "form_edited"
    form: Form
    edited_ts: str


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
    """Somebody without the right pressed a button."""

    kind: Literal["refused"] = "refused"
    user: str
    deed: Deed


class WhisperHeard(StarEvent):
    """The word to one person was said."""

    kind: Literal["whisper_heard"] = "whisper_heard"


class EffectDelayed(StarEvent, core.EffectDelayed):
    """A service has not done its part yet."""


class EffectFailed(StarEvent, core.EffectFailed):
    """A service will not do its part until somebody mends something."""


class UndoLapsed(StarEvent, core.Due):
    """The time for undoing is over."""


AnyEvent: TypeAlias = Annotated[
    FormPosted
    | FormEdited
    | TicketRead
    | TicketUnfit
    | InitiatorNamed
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
    | Resolved
    | SentenceAdded
    | Undone
    | PublicReplyConfirmed
    | PublicReplySent
    | RetryAsked
    | Refused
    | WhisperHeard
    | EffectDelayed
    | EffectFailed
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
    | SendPublicly
    | Whisper,
    Field(discriminator="kind"),
]
