"""What is known of a STAR: its facts, in the order in which they come up, and what the organisation decided."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeAlias

from pydantic import Field

from starbot.core.case import Case, Service
from starbot.core.facts import Fact, IssueRef, LabelChange, MessageRef, OnCall, Person, Ticket
from starbot.core.hours import Region
from starbot.core.text import marker
from starbot.duties.stars.form import Form
from starbot.duties.stars.model.hints import Criteria, Hint

DUTY = "stars"

Status: TypeAlias = Literal[
    "incomplete",
    "submitted",
    "announced",
    "acknowledged",
    "waiting_on_initiator",
    "resolved",
    "unstarred",
    "withdrawn",
    "linked",
]
STATUSES: tuple[Status, ...] = (
    "incomplete",
    "submitted",
    "announced",
    "acknowledged",
    "waiting_on_initiator",
    "resolved",
    "unstarred",
    "withdrawn",
    "linked",
)
CLOSED: tuple[Status, ...] = ("resolved", "unstarred", "withdrawn", "linked")
OPEN: tuple[Status, ...] = tuple(status for status in STATUSES if status not in CLOSED)

TicketProblem: TypeAlias = Literal["ticket_not_found", "ticket_closed"]
RemarkKind: TypeAlias = Literal[
    "thread",
    "acknowledged",
    "triaged",
    "triaged_late",
    "asked",
    "answered",
    "fact",
    "repeated",
    "disposition",
    "sentence",
    "unstarred",
    "withdrawn",
    "undone",
    "reopened",
    "public",
]
Deed: TypeAlias = Literal[
    "acknowledge",
    "triage",
    "ask",
    "resolve",
    "unstar",
    "reopen",
    "undo",
    "send_publicly",
    "retry",
    "add_facts",
    "withdraw",
    "claim",
    "complete",
    "file",
    "page",
]
Verdict: TypeAlias = Literal["", "work", "sla", "ask", "emergency", "account", "unstar"]
"""What a manager made of a request: an engineer works on it now, it goes on in the order of its SLA, the
initiator must say more, it is an emergency, it is an account escalation, it does not qualify."""
Agreed: TypeAlias = Literal["yes", "no", "pending"]
AskedWhere: TypeAlias = Literal["thread", "issue"]


class Acknowledgement(Fact):
    """A manager is looking. `mark` is the emoji at the head of the thread by which they said so, if it was that."""

    by: Person
    at: datetime
    mark: str = ""


class Triage(Fact):
    """What a manager made of the request. `dri` is who is responsible for the ticket's next step."""

    by: Person
    at: datetime
    category: str = ""
    decision: Verdict = ""
    next_step: str = ""
    dri: Person | None = None

    @property
    def version(self) -> str:
        """Which triage this is, for a dialog that was opened on it."""
        return self.at.isoformat()


class Question(Fact):
    """What the initiator was asked and has not answered yet."""

    by: Person
    at: datetime
    text: str
    where: AskedWhere


class Resolution(Fact):
    """How it ended. `asked`: closed by reaction alone, so the manager is asked for the missing sentence. `mark`
    is the emoji at the head of the thread by which it was closed, if it was that."""

    by: Person
    at: datetime
    mark: str = ""
    next_step: str = ""
    owner: str = ""
    customer_hears: str = ""
    asked: bool = False
    undo_lapsed: bool = False


class Unstarring(Fact):
    """Why a STAR did not qualify, and which other path was agreed with the initiator."""

    by: Person
    at: datetime
    reason: str
    text: str = ""
    alternative: str
    agreed: Agreed


class Withdrawal(Fact):
    """The initiator needs it no more."""

    by: Person
    at: datetime
    text: str = ""


class Remark(Fact):
    """One note for the issue, in the order in which they came up."""

    kind: RemarkKind
    by: Person | None = None
    text: str = ""
    triage: Triage | None = None
    unstarring: Unstarring | None = None


class News(Fact):
    """One word to the initiator, by direct message where they are not in the channel. `text` is people's."""

    kind: Literal["filed", "acknowledged", "resolved", "unstarred", "asked", "linked"]
    by: Person | None = None
    text: str = ""


class Line(Fact):
    """One line of the bot in the STAR's thread, because somebody there should hear of it now."""

    kind: Literal[
        "asked", "answered", "fact", "repeated", "unstarred", "withdrawn", "reopened", "unacknowledged"
    ]
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
    """Another STAR for the same ticket: the open one that was there first, or a closed one before it. `root`
    is None where it has no message in Slack (yet)."""

    case_id: str
    root: MessageRef | None = None
    issue_url: str = ""


class Star(Case):
    """A STAR as it is now."""

    status: Status = "submitted"
    root: MessageRef | None
    """The head of its thread: the form post, or the card of a STAR that was filed in a dialog."""
    channel: str = ""
    """Where the card belongs; "" for a form post, whose channel it is."""
    form: Form
    edited_ts: str = ""
    """Of the newest edit that was taken; "" for a form post as it was first."""
    other_ticket: int | None = None
    """The ticket that the form post names now, where the STAR stays with the one it has worked on."""
    filed_at: datetime
    ready_at: datetime | None = None
    """When a form that could not be read, or was a link, became a STAR to look at; None for one that was so at once."""
    region: str
    deadline: datetime | None
    previous: Twin | None = None
    """The last STAR for the ticket, which is closed."""
    initiator: str = ""
    """The initiator's name, once Slack has told it: Slack's history goes, the issue stays."""
    initiator_gitlab: str = ""
    """Their GitLab name, by which they can be asked on the issue."""
    readings: int = 0
    """How many ticket numbers have been read: an edited form post may name another one."""
    ticket: Ticket | None = None
    ticket_problem: TicketProblem | None = None
    hints: tuple[Hint, ...] = ()
    """What of the criteria for a STAR speaks against this one, as the ticket was when it was read."""
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
    offered_at: datetime | None = None
    """When a page of the manager on call was offered, because nobody had acknowledged it."""
    triage: Triage | None = None
    waiting: Question | None = None
    resolution: Resolution | None = None
    unstarring: Unstarring | None = None
    withdrawal: Withdrawal | None = None
    linked_to: Twin | None = None
    remarks: tuple[Remark, ...] = ()
    lines: tuple[Line, ...] = ()
    news: tuple[News, ...] = ()
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
        """Whether the form says what a STAR needs."""
        return not self.form.problems

    @property
    def is_settled(self) -> bool:
        """Whether the STAR has its ticket for good: others refer to it."""
        has_ticket = self.ticket is not None and self.ticket_problem is None
        return self.is_readable and has_ticket and self.linked_to is None

    @property
    def is_closed(self) -> bool:
        """Whether nothing more is to be done about it."""
        return self.status in CLOSED

    @property
    def is_ended(self) -> bool:
        """Whether somebody ended it: it was resolved, unstarred or withdrawn."""
        return any((self.resolution, self.unstarring, self.withdrawal))

    @property
    def waits_since(self) -> datetime:
        """Since when somebody could have acknowledged it."""
        return self.ready_at or self.filed_at

    @property
    def may_page(self) -> bool:
        """Whether a page of the manager on call is offered: still nobody has acknowledged it."""
        return self.offered_at is not None and self.status == "announced"

    @property
    def place(self) -> str:
        """The channel of its thread."""
        return self.root.channel if self.root else self.channel

    @property
    def has_post(self) -> bool:
        """Whether its thread begins with a form post, and not with the card."""
        return self.root is not None and self.root != self.card

    def trouble(self, effect: str) -> Trouble | None:
        """What stands in the way of this kind of effect, if anything does."""
        return next((t for t in self.troubles if t.effect == effect), None)

    def failed_like(self, key: str) -> tuple[Trouble, ...]:
        """Whatever of the same kind as this has failed too: one button tries it all again."""
        failed = [t for t in self.troubles if not t.delayed]
        kind = next((t.effect for t in failed if t.key == key), None)
        return tuple(t for t in failed if t.effect == kind)


class Whispered(Fact):
    """A word to one person only, about something they did. `view`: the dialog in which they did it and that is
    still open, waiting for the word."""

    user: str
    deed: Deed
    why: Literal[
        "no_right",
        "state",
        "too_late",
        "newer_star",
        "overtaken",
        "no_text",
        "added",
        "not_yours",
        "done",
        "known",
        "repeated",
        "kept",
        "no_name",
    ]
    view: str = ""


class Policy(Fact):
    """What the organisation decided and the rules need: from the settings, with names resolved."""

    urgency_minutes: Mapping[str, int]
    regions: tuple[Region, ...]
    note_ticket: bool = True
    undo_minutes: int = 10
    offer_page_minutes: int = 10
    """After so long without an acknowledgement a page is offered; 0: never."""
    criteria: Criteria = Criteria()

    @property
    def undo(self) -> timedelta:
        """How long a resolution may be taken back."""
        return timedelta(minutes=self.undo_minutes)


def handle(channel: str, ts: str) -> str:
    """The outside name of whatever a Slack message belongs to."""
    return f"slack:{channel}:{ts}"


def star_id(event_id: str) -> str:
    """The id of the STAR that this event opens."""
    return f"star-{marker(event_id)[:8]}"


def subject(ticket: int | None) -> str | None:
    """What a STAR about this ticket is about; None where it names none."""
    return None if ticket is None else f"ticket:{ticket}"


def moment(ts: str) -> datetime:
    """When a Slack message was posted: its `ts` is seconds since 1970 and a counter."""
    return datetime.fromtimestamp(float(ts), UTC)
