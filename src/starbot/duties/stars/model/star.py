"""What is known of a STAR: its facts, in the order in which they come up, and what the organisation decided."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeAlias

from pydantic import Field

from starbot.core.case import Case, Service
from starbot.core.facts import Fact, IssueRef, LabelChange, MessageRef, OnCall, Person, Ticket
from starbot.core.hours import Region
from starbot.duties.stars.form import Form

DUTY = "stars"

Status: TypeAlias = Literal["incomplete", "submitted", "announced", "acknowledged", "resolved", "linked"]
STATUSES: tuple[Status, ...] = ("incomplete", "submitted", "announced", "acknowledged", "resolved", "linked")

TicketProblem: TypeAlias = Literal["ticket_not_found", "ticket_closed"]
RemarkKind: TypeAlias = Literal["thread", "acknowledged", "disposition", "sentence", "undone", "public"]
Deed: TypeAlias = Literal["acknowledge", "resolve", "undo", "send_publicly", "retry"]


class Acknowledgement(Fact):
    """A manager is looking. `mark` is the emoji on the form post by which they said so, if it was that."""

    by: Person
    at: datetime
    mark: str = ""


class Resolution(Fact):
    """How it ended. `asked`: closed by reaction alone, so the manager is asked for the missing sentence. `mark`
    is the emoji on the form post by which it was closed, if it was that."""

    by: Person
    at: datetime
    mark: str = ""
    next_step: str = ""
    owner: str = ""
    customer_hears: str = ""
    asked: bool = False
    undo_lapsed: bool = False


class Remark(Fact):
    """One note for the issue, in the order in which they came up."""

    kind: RemarkKind
    by: Person | None = None
    text: str = ""


class Trouble(Fact):
    """What a service has not done yet (`delayed`) or will not do until somebody mends it."""

    key: str
    effect: str
    service: Service
    delayed: bool
    reason: str = ""
    reference: str = ""


class Seen(Fact):
    """A reaction that the STAR knows of: an older report of it is no news."""

    ts: str
    user: str
    name: str
    at: str


class Twin(Fact):
    """The open STAR that was there first."""

    case_id: str
    root: MessageRef


class Star(Case):
    """A STAR as it is now."""

    status: Status = "submitted"
    root: MessageRef
    """The form post."""
    form: Form
    edited_ts: str = ""
    """Of the newest edit that was taken; "" for a form post as it was first."""
    other_ticket: int | None = None
    """The ticket that the form post names now, where the STAR stays with the one it has worked on."""
    filed_at: datetime
    region: str
    deadline: datetime | None
    initiator: str = ""
    """The initiator's name, once Slack has told it: Slack's history goes, the issue stays."""
    readings: int = 0
    """How many ticket numbers have been read: an edited form post may name another one."""
    ticket: Ticket | None = None
    ticket_problem: TicketProblem | None = None
    oncall: OnCall | None = None
    issue: IssueRef | None = None
    card: MessageRef | None = None
    reply: MessageRef | None = None
    question: MessageRef | None = None
    questions: int = 0
    """How many resolutions were asked about; each is a message of its own, to whoever made it."""
    noted: bool = False
    macro_done: bool = False
    public_text: str | None = None
    """What the macro wants to tell the customer; None where it wants nothing or it has been sent."""
    public_asks: tuple[Remark, ...] = ()
    """What managers confirmed for the customer; it becomes a remark once it is sent."""
    acknowledged: Acknowledgement | None = None
    resolution: Resolution | None = None
    linked_to: Twin | None = None
    remarks: tuple[Remark, ...] = ()
    label_changes: tuple[LabelChange, ...] = ()
    """What the bot saw when it wrote, until GitLab's own history takes its place."""
    label_readings: int = 0
    """How often GitLab should have been asked for that history."""
    seen: tuple[Seen, ...] = ()
    whispers: tuple["Whispered", ...] = ()
    """The newest only: somebody may press a button for ever."""
    whispers_before: int = 0
    troubles: tuple[Trouble, ...] = ()
    settled: tuple[str, ...] = ()
    """Keys of what was done of several of a kind: told after that, a delay is no news."""
    wished: dict[str, int] = Field(default_factory=dict)

    @property
    def is_readable(self) -> bool:
        """Whether the form post says what a STAR needs."""
        return not self.form.problems

    @property
    def is_settled(self) -> bool:
        """Whether the STAR has its ticket for good: others refer to it."""
        has_ticket = self.ticket is not None and self.ticket_problem is None
        return self.is_readable and has_ticket and self.linked_to is None

    def trouble(self, effect: str) -> Trouble | None:
        """What stands in the way of this kind of effect, if anything does."""
        return next((t for t in self.troubles if t.effect == effect), None)

    def failed_like(self, key: str) -> tuple[Trouble, ...]:
        """Whatever of the same kind as this has failed too: one button tries it all again."""
        failed = [t for t in self.troubles if not t.delayed]
        kind = next((t.effect for t in failed if t.key == key), None)
        return tuple(t for t in failed if t.effect == kind)


class Whispered(Fact):
    """A word to one person only, about a click that could not do what it said."""

    user: str
    deed: Deed
    why: Literal["no_right", "state", "too_late", "newer_star", "no_text", "added"]


class Policy(Fact):
    """What the organisation decided and the rules need: from the settings, with names resolved."""

    urgency_minutes: Mapping[str, int]
    regions: tuple[Region, ...]
    note_ticket: bool = True
    undo_minutes: int = 10

    @property
    def undo(self) -> timedelta:
        """How long a resolution may be taken back."""
        return timedelta(minutes=self.undo_minutes)


def handle(channel: str, ts: str) -> str:
    """The outside name of whatever a Slack message belongs to."""
    return f"slack:{channel}:{ts}"


def moment(ts: str) -> datetime:
    """When a Slack message was posted: its `ts` is seconds since 1970 and a counter."""
    return datetime.fromtimestamp(float(ts), UTC)
