"""The life of a STAR: what can happen to it, what is known of it, what must be done about it. Pure.

An event adds a fact; the status follows from the facts (`_status`); what must be done follows from them too
(`_wishes`, and the targets in `words`). So whatever the order in which four systems answer, the STAR ends
the same, and a service that is down delays only what needs its answer. Which event may add its fact in
which status stands in one table, `TABLE`; what is not in it changes nothing.

    incomplete   the form post cannot be read, or its ticket does not exist or is closed
    submitted    filed; the card is on its way
    announced    the card is there
    acknowledged a manager is looking
    resolved     the right next step is known and under way (which never says that the ticket is solved)
    linked       another STAR for the ticket was open already
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, TypeAlias

from pydantic import Field

from starbot.core import case as core
from starbot.core.case import Case, Decision, Effect, Event, Service
from starbot.core.facts import Fact, IssueRef, MessageRef, OnCall, Person, Ticket
from starbot.core.hours import Region, region_at
from starbot.core.text import marker
from starbot.duties.stars.form import Form

DUTY = "stars"

Status: TypeAlias = Literal["incomplete", "submitted", "announced", "acknowledged", "resolved", "linked"]
STATUSES: tuple[Status, ...] = ("incomplete", "submitted", "announced", "acknowledged", "resolved", "linked")

TicketProblem: TypeAlias = Literal["ticket_not_found", "ticket_closed"]
RemarkKind: TypeAlias = Literal["thread", "acknowledged", "disposition", "sentence", "undone", "public"]
Deed: TypeAlias = Literal["acknowledge", "resolve", "undo", "send_publicly", "retry"]


# -- what is known of a STAR


class Acknowledgement(Fact):
    """A manager is looking."""

    by: Person
    at: datetime


class Resolution(Fact):
    """How it ended. `asked`: closed by reaction alone, so the manager is asked for the missing sentence."""

    by: Person
    at: datetime
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


class LabelChange(Fact):
    """A label came to the issue or left it."""

    label: str
    added: bool
    at: datetime


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
    noted: bool = False
    macro_done: bool = False
    public_text: str | None = None
    """What the macro wants to tell the customer; None where it wants nothing or it has been sent."""
    public_asks: tuple[str, ...] = ()
    acknowledged: Acknowledgement | None = None
    resolution: Resolution | None = None
    linked_to: Twin | None = None
    remarks: tuple[Remark, ...] = ()
    label_changes: tuple[LabelChange, ...] = ()
    seen: tuple[Seen, ...] = ()
    whispers: tuple["Whispered", ...] = ()
    troubles: tuple[Trouble, ...] = ()
    settled: tuple[str, ...] = ()
    """Keys of what was done of several of a kind: told after that, a delay is no news."""
    wished: dict[str, int] = {}

    @property
    def is_readable(self) -> bool:
        """Whether the form post says what a STAR needs."""
        return not self.form.problems

    def trouble(self, effect: str) -> Trouble | None:
        """What stands in the way of this kind of effect, if anything does."""
        return next((t for t in self.troubles if t.effect == effect), None)


class Whispered(Fact):
    """A word to one person only, about a click that could not do what it said."""

    user: str
    deed: Deed
    why: Literal["no_right", "state", "too_late", "newer_star"]


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


# -- what can happen


class StarEvent(Event):
    """Anything that happens to a STAR."""

    duty: ClassVar[str] = DUTY


class FormPosted(StarEvent):
    """The STAR form was posted in the channel; `at` is when."""

    kind: Literal["form_posted"] = "form_posted"
    root: MessageRef
    form: Form


class FormEdited(StarEvent):
    """The form post was edited."""

    kind: Literal["form_edited"] = "form_edited"
    form: Form


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


# -- what must be done (once; what must be *shown* are the targets in `words`)


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
    number: int


AnyEffect: TypeAlias = Annotated[
    ReadTicket | ReadOnCall | ReadInitiator | NoteTicket | NoteIssue | ApplyMacro | SendPublicly | Whisper,
    Field(discriminator="kind"),
]


# -- the table

Rule: TypeAlias = Callable[[Star, Any, Policy], Star]


def _nothing(star: Star, event: Event, policy: Policy) -> Star:
    return star


def _read_form(star: Star, event: FormEdited, policy: Policy) -> Star:
    """A form post that was put right is read anew; a good one keeps its ticket, which others refer to."""
    if star.is_readable and event.form.problems:
        return star
    if star.is_readable and star.ticket_problem is None:
        form = event.form.model_copy(update={"ticket": star.form.ticket, "ticket_raw": star.form.ticket_raw})
        return _with_form(star, form, policy)
    fresh = event.form.ticket != star.form.ticket or not star.is_readable
    if not fresh:
        return _with_form(star, event.form, policy)
    star = star.model_copy(
        update={"ticket": None, "ticket_problem": None, "troubles": _without(star, "read_ticket")}
    )
    star = star.model_copy(update={"readings": star.readings + (0 if event.form.problems else 1)})
    return _with_form(star, event.form, policy)


def _with_form(star: Star, form: Form, policy: Policy) -> Star:
    return star.model_copy(update={"form": form, "deadline": _deadline(star.filed_at, form, policy)})


def _read_ticket(star: Star, event: TicketRead, policy: Policy) -> Star:
    if event.ticket.id != star.form.ticket:
        return star
    return star.model_copy(
        update={"ticket": event.ticket, "ticket_problem": None, "troubles": _without(star, "read_ticket")}
    )


def _read_no_ticket(star: Star, event: TicketUnfit, policy: Policy) -> Star:
    if event.number != star.form.ticket:
        return star
    return star.model_copy(
        update={"ticket_problem": event.problem, "troubles": _without(star, "read_ticket")}
    )


def _name_initiator(star: Star, event: InitiatorNamed, policy: Policy) -> Star:
    return star.model_copy(update={"initiator": event.name})


def _learn_oncall(star: Star, event: OnCallRead, policy: Policy) -> Star:
    return star.model_copy(update={"oncall": event.oncall, "troubles": _without(star, "read_oncall")})


def _place_card(star: Star, event: CardPosted, policy: Policy) -> Star:
    return _placed(star, "card", event.ref)


def _place_reply(star: Star, event: ReplyPosted, policy: Policy) -> Star:
    return _placed(star, "reply", event.ref)


def _place_question(star: Star, event: QuestionPosted, policy: Policy) -> Star:
    return _placed(star, "question", event.ref)


def _placed(star: Star, thing: str, ref: MessageRef) -> Star:
    name = handle(ref.channel, ref.ts)
    handles = star.handles if name in star.handles else (*star.handles, name)
    return star.model_copy(update={thing: ref, "handles": handles, "troubles": _without(star, thing)})


def _see_issue(star: Star, event: IssueSeen, policy: Policy) -> Star:
    before = set(star.issue.labels) if star.issue else set()
    after = set(event.issue.labels)
    changes = tuple(
        LabelChange(label=label, added=label in after, at=event.at) for label in sorted(before ^ after)
    )
    return star.model_copy(
        update={
            "issue": event.issue,
            "label_changes": star.label_changes + changes,
            "troubles": _without(star, "issue"),
        }
    )


def _note_done(star: Star, event: TicketNoted, policy: Policy) -> Star:
    return star.model_copy(update={"noted": True, "troubles": _without(star, "note_ticket")})


def _remark_done(star: Star, event: IssueNoted, policy: Policy) -> Star:
    return _settled(star, event)


def _macro_done(star: Star, event: MacroApplied, policy: Policy) -> Star:
    return star.model_copy(
        update={
            "macro_done": True,
            "public_text": event.public_text,
            "troubles": _without(star, "apply_macro"),
        }
    )


def _acknowledge(star: Star, event: Acknowledged, policy: Policy) -> Star:
    star, is_news = _see(star, event.seen)
    if not is_news:
        return star
    if star.acknowledged is not None:
        return _whispered(star, event.user, "acknowledge", "state")
    acknowledgement = Acknowledgement(by=event.by, at=event.at)
    return _remarked(star.model_copy(update={"acknowledged": acknowledgement}), "acknowledged", event.by)


def _too_late_to_acknowledge(star: Star, event: Acknowledged, policy: Policy) -> Star:
    star, _ = _see(star, event.seen)
    return _whispered(star, event.user, "acknowledge", "state")


def _resolve(star: Star, event: Resolved, policy: Policy) -> Star:
    star, is_news = _see(star, event.seen)
    if not is_news:
        return star
    if star.acknowledged is None:
        star = star.model_copy(update={"acknowledged": Acknowledgement(by=event.by, at=event.at)})
        star = _remarked(star, "acknowledged", event.by)
    resolution = Resolution(
        by=event.by,
        at=event.at,
        next_step=event.next_step,
        owner=event.owner,
        customer_hears=event.customer_hears,
        asked=event.user is None,
    )
    return _remarked(
        star.model_copy(update={"resolution": resolution, "next_due": event.at + policy.undo}),
        "disposition",
        event.by,
    )


def _already_resolved(star: Star, event: Resolved, policy: Policy) -> Star:
    star, _ = _see(star, event.seen)
    return _whispered(star, event.user, "resolve", "state")


def _add_sentence(star: Star, event: SentenceAdded, policy: Policy) -> Star:
    assert star.resolution is not None, "resolved without a resolution"
    said = " ".join(part for part in (star.resolution.next_step, event.text) if part)
    resolution = star.resolution.model_copy(update={"next_step": said})
    return _remarked(star.model_copy(update={"resolution": resolution}), "sentence", event.by, event.text)


def _undo(star: Star, event: Undone, policy: Policy) -> Star:
    assert star.resolution is not None, "resolved without a resolution"
    if event.at > star.resolution.at + policy.undo:
        return _whispered(star, event.user, "undo", "too_late")
    return _remarked(star.model_copy(update={"resolution": None, "next_due": None}), "undone", event.by)


def _nothing_to_undo(star: Star, event: Undone, policy: Policy) -> Star:
    return _whispered(star, event.user, "undo", "state")


def _let_undo_lapse(star: Star, event: UndoLapsed, policy: Policy) -> Star:
    assert star.resolution is not None, "resolved without a resolution"
    if event.at < star.resolution.at + policy.undo:
        return star
    resolution = star.resolution.model_copy(update={"undo_lapsed": True})
    return star.model_copy(update={"resolution": resolution, "next_due": None})


def _ask_publicly(star: Star, event: PublicReplyConfirmed, policy: Policy) -> Star:
    if star.public_text is None:
        return _whispered(star, event.user, "send_publicly", "state")
    star = star.model_copy(update={"public_text": None, "public_asks": (*star.public_asks, event.text)})
    return _remarked(star, "public", event.by, event.text)


def _public_done(star: Star, event: PublicReplySent, policy: Policy) -> Star:
    return _settled(star, event)


def _retry(star: Star, event: RetryAsked, policy: Policy) -> Star:
    if not any(t.key == event.key and not t.delayed for t in star.troubles):
        return _whispered(star, event.user, "retry", "state")
    return star.model_copy(update={"troubles": tuple(t for t in star.troubles if t.key != event.key)})


def _refuse(star: Star, event: Refused, policy: Policy) -> Star:
    return _whispered(star, event.user, event.deed, "no_right")


def _delay(star: Star, event: EffectDelayed, policy: Policy) -> Star:
    """A delay is worth a word only while the answer is missing; it may be told after the answer. That Slack is
    slow, nothing in Slack could say in time."""
    if (
        event.service == "slack"
        or _is_answered(star, event)
        or any(t.key == event.key for t in star.troubles)
    ):
        return star
    trouble = Trouble(key=event.key, effect=event.effect, service=event.service, delayed=True)
    return _troubled(star, trouble)


def _fail(star: Star, event: EffectFailed, policy: Policy) -> Star:
    """Failing again in the same way is no news: else a card that cannot be shown would be tried for ever.
    Whom to mention must never be missing: then it is the group."""
    known = next((t for t in star.troubles if t.key == event.key), None)
    if known is not None and not known.delayed and known.reason == event.reason:
        return star
    trouble = Trouble(
        key=event.key,
        effect=event.effect,
        service=event.service,
        delayed=False,
        reason=event.reason,
        reference=event.reference,
    )
    if event.effect == "read_oncall" and star.oncall is None:
        star = star.model_copy(update={"oncall": OnCall()})
    return _troubled(star, trouble)


def _everywhere(rule: Rule) -> dict[Status, Rule]:
    return dict.fromkeys(STATUSES, rule)


def _rows(default: Rule, **others: Rule) -> dict[Status, Rule]:
    return {status: others.get(status, default) for status in STATUSES}


TABLE: Mapping[str, Mapping[Status, Rule]] = {
    # A form post opens a STAR (`_open`); seen again, it is no news.
    "form_posted": _everywhere(_nothing),
    "form_edited": _rows(_read_form, resolved=_nothing, linked=_nothing),
    # Answers of the four systems are facts in every status: they may come late.
    "ticket_read": _everywhere(_read_ticket),
    "ticket_unfit": _everywhere(_read_no_ticket),
    "oncall_read": _everywhere(_learn_oncall),
    "initiator_named": _everywhere(_name_initiator),
    "card_posted": _everywhere(_place_card),
    "reply_posted": _everywhere(_place_reply),
    "question_posted": _everywhere(_place_question),
    "issue_seen": _everywhere(_see_issue),
    "ticket_noted": _everywhere(_note_done),
    "issue_noted": _everywhere(_remark_done),
    "macro_applied": _everywhere(_macro_done),
    "public_reply_sent": _everywhere(_public_done),
    "whisper_heard": _everywhere(_nothing),
    "effect_delayed": _everywhere(_delay),
    "effect_failed": _everywhere(_fail),
    # What people do.
    "acknowledged": _rows(_acknowledge, resolved=_too_late_to_acknowledge, linked=_nothing),
    "resolved": _rows(_resolve, resolved=_already_resolved, linked=_nothing),
    "sentence_added": _rows(_nothing, resolved=_add_sentence),
    "undone": _rows(_nothing_to_undo, resolved=_undo),
    "public_reply_confirmed": _rows(_ask_publicly, linked=_nothing),
    "retry_asked": _everywhere(_retry),
    "refused": _everywhere(_refuse),
    # The clock.
    "due": _rows(_nothing, resolved=_let_undo_lapse),
}


def decide(star: Star | None, event: Any, rival: Star | None, policy: Policy) -> Decision | None:
    """What follows from an event. `rival` is the open STAR that holds the ticket this event asks for.

    None: an event for no STAR that we know.
    """
    if star is None:
        if not isinstance(event, FormPosted):
            return None
        after = _open(event, rival, policy)
    elif isinstance(event, FormEdited) and rival is not None and star.status == "incomplete":
        after = _linked(star.model_copy(update={"form": event.form}), rival)
    elif isinstance(event, Undone) and rival is not None:
        after = _whispered(star, event.user, "undo", "newer_star")
    else:
        after = TABLE[event.kind][star.status](star, event, policy)
    after = after.model_copy(update={"status": _status(after)})
    after, effects = _wish(after.model_copy(update={"claim": _claim(after)}), policy)
    retried = _retried(star, event, policy) if star is not None and isinstance(event, RetryAsked) else ()
    redraw = tuple(e for e in retried if isinstance(e, str))
    again = tuple(e for e in retried if isinstance(e, Effect))
    return Decision(case=after, effects=effects + again, redraw=redraw)


def claim(star: Star | None, event: Any) -> str | None:
    """What this event wants to hold alone: one open STAR a ticket."""
    if isinstance(event, FormPosted | FormEdited) and not event.form.problems:
        return f"ticket:{event.form.ticket}"
    if isinstance(event, Undone) and star is not None and star.status == "resolved":
        return f"ticket:{star.form.ticket}"
    return None


def handle(channel: str, ts: str) -> str:
    """The outside name of whatever a Slack message belongs to."""
    return f"slack:{channel}:{ts}"


def moment(ts: str) -> datetime:
    """When a Slack message was posted: its `ts` is seconds since 1970 and a counter."""
    return datetime.fromtimestamp(float(ts), UTC)


# -- how the rules look at a STAR


def _open(event: FormPosted, rival: Star | None, policy: Policy) -> Star:
    region = region_at(event.at, policy.regions)
    star = Star(
        id=f"star-{marker(event.id)[:8]}",
        root=event.root,
        handles=(handle(event.root.channel, event.root.ts),),
        form=event.form,
        filed_at=event.at,
        region=region.name if region else "",
        deadline=_deadline(event.at, event.form, policy),
        readings=0 if event.form.problems else 1,
        remarks=(Remark(kind="thread"),),
    )
    return star if rival is None else _linked(star, rival)


def _linked(star: Star, rival: Star) -> Star:
    return star.model_copy(update={"linked_to": Twin(case_id=rival.id, root=rival.root)})


def _deadline(filed_at: datetime, form: Form, policy: Policy) -> datetime | None:
    minutes = policy.urgency_minutes.get(form.urgency or "")
    return None if minutes is None else filed_at + timedelta(minutes=minutes)


def _status(star: Star) -> Status:
    if star.linked_to is not None:
        return "linked"
    if star.resolution is not None:
        return "resolved"
    if star.form.problems or star.ticket_problem:
        return "incomplete"
    if star.acknowledged is not None:
        return "acknowledged"
    return "submitted" if star.card is None else "announced"


def _claim(star: Star) -> str | None:
    is_open = star.status not in ("resolved", "linked") and star.is_readable and not star.ticket_problem
    return f"ticket:{star.form.ticket}" if is_open else None


def _see(star: Star, seen: Seen | None) -> tuple[Star, bool]:
    """Remembers a reaction; an older report of one that is known is no news (a late or repeated delivery)."""
    if seen is None:
        return star, True
    known = next((s for s in star.seen if (s.ts, s.user, s.name) == (seen.ts, seen.user, seen.name)), None)
    if known is not None and seen.at <= known.at:
        return star, False
    others = tuple(s for s in star.seen if s != known)
    return star.model_copy(update={"seen": (*others, seen)}), True


def _whispered(star: Star, user: str | None, deed: Deed, why: Any) -> Star:
    if user is None:
        return star
    return star.model_copy(update={"whispers": (*star.whispers, Whispered(user=user, deed=deed, why=why))})


def _remarked(star: Star, kind: RemarkKind, by: Person, text: str = "") -> Star:
    return star.model_copy(update={"remarks": (*star.remarks, Remark(kind=kind, by=by, text=text))})


def _without(star: Star, effect: str) -> tuple[Trouble, ...]:
    return tuple(t for t in star.troubles if t.effect != effect)


def _troubled(star: Star, trouble: Trouble) -> Star:
    """In the order of their keys, so that it does not matter which was told first."""
    troubles = (*(t for t in star.troubles if t.key != trouble.key), trouble)
    return star.model_copy(update={"troubles": tuple(sorted(troubles, key=lambda t: t.key))})


def _settled(star: Star, event: StarEvent) -> Star:
    key = event.id.partition(">")[0].partition("~")[0]
    troubles = tuple(t for t in star.troubles if t.key != key)
    return star.model_copy(update={"settled": tuple(sorted({*star.settled, key})), "troubles": troubles})


def _is_answered(star: Star, event: EffectDelayed) -> bool:
    answered = {
        "read_ticket": star.ticket is not None or star.ticket_problem is not None,
        "read_oncall": star.oncall is not None,
        "note_ticket": star.noted,
        "apply_macro": star.macro_done,
        "issue": star.issue is not None,
    }
    return event.key in star.settled or answered.get(event.effect, False)


# -- what must be done


class Wish(NamedTuple):
    """So many effects of a kind should have been asked for by now; `make(key, n)` is the n-th."""

    kind: str
    times: int
    make: Callable[[str, int], Effect]


def _wishes(star: Star, policy: Policy) -> Iterator[Wish]:
    """Everything that should have been asked for by now, read off the facts."""
    yield Wish("whisper", len(star.whispers), lambda key, n: Whisper(key=key, number=n))
    if star.status == "linked" or not star.is_readable:
        return
    number = star.form.ticket or 0
    has_links = star.issue is not None and star.card is not None
    has_ticket = star.ticket is not None
    # First, because the announcement waits for it and effects start in this order.
    yield Wish("read_oncall", 1, lambda key, n: ReadOnCall(key=key))
    yield Wish("read_ticket", star.readings, lambda key, n: ReadTicket(key=key, number=number))
    if user := star.form.initiator:
        yield Wish("read_initiator", 1, lambda key, n: ReadInitiator(key=key, user=user))
    if has_links and has_ticket and policy.note_ticket:
        yield Wish("note_ticket", 1, lambda key, n: NoteTicket(key=key))
    if has_links:
        yield Wish("note_issue", len(star.remarks), lambda key, n: NoteIssue(key=key, remark=n))
    # The macro's own links are left out where the note has them, so then it need not wait for the issue.
    if star.acknowledged and has_ticket and (policy.note_ticket or has_links):
        yield Wish("apply_macro", 1, lambda key, n: ApplyMacro(key=key))
    texts = star.public_asks
    yield Wish("send_publicly", len(texts), lambda key, n: SendPublicly(key=key, text=texts[n]))


def _wish(star: Star, policy: Policy) -> tuple[Star, tuple[Effect, ...]]:
    """The effects that have not been asked for yet, and the STAR that remembers having asked."""
    effects: list[Effect] = []
    wished = dict(star.wished)
    for wish in _wishes(star, policy):
        for n in range(wished.get(wish.kind, 0), wish.times):
            effects.append(wish.make(_key(star, wish.kind, n), n))
        wished[wish.kind] = max(wish.times, wished.get(wish.kind, 0))
    return star.model_copy(update={"wished": wished}), tuple(effects)


def _key(star: Star, kind: str, n: int) -> str:
    return f"{star.id}:{kind}:{n}"


def _retried(star: Star, event: RetryAsked, policy: Policy) -> tuple[Effect | str, ...]:
    """The same wish with the same key, so that it finds what it may have done, in a run of its own."""
    failed = next((t for t in star.troubles if t.key == event.key and not t.delayed), None)
    if failed is None:
        return ()
    for wish in _wishes(star, policy):
        for n in range(wish.times):
            if _key(star, wish.kind, n) == event.key:
                return (wish.make(event.key, n).model_copy(update={"run": marker(event.id)[:8]}),)
    return (failed.effect,)
