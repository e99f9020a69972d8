"""A compromised instance: who reported it, when a manager was informed, and who decided about the call. Pure.

Nothing here pages. There is one open record a ticket: whoever reports it again joins it. It keeps every decision
with its time, because the customer is offered no call before a manager has said how. What is reported after a record
was closed begins a new one.

    refused  reported by somebody who may not, or for a ticket that Zendesk does not have: kept, and nobody is informed
    waiting  a manager is informed, and has not said how
    decided  a manager has said how; a later word replaces it, and the record keeps both
    closed   a manager says that it is over
"""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import Field

from starbot.core import case as core
from starbot.core.case import Case, Decision, Effect, Event, Service
from starbot.core.facts import Fact, MacroPreview, MessageRef, Person
from starbot.core.retention import Kept
from starbot.core.text import marker

DUTY = "compromised"

Status: TypeAlias = Literal["refused", "waiting", "decided", "closed"]
STATUSES: tuple[Status, ...] = ("refused", "waiting", "decided", "closed")
CLOSED: tuple[Status, ...] = ("refused", "closed")
How: TypeAlias = Literal["before", "instead", "none"]
"""A manager joins before the call, takes it instead of the engineer, or is not needed."""
Why: TypeAlias = Literal["no_right", "no_such_ticket"]
Progress: TypeAlias = Literal["applying", "applied", "failed", "stale"]
MOST_DESKS = 12
"""How many people one record is shown to."""

Heard: TypeAlias = Literal[
    "recorded",
    "joined",
    "no_right",
    "no_such_ticket",
    "too_late",
    "decided",
    "replaced",
    "saved",
    "changed_meanwhile",
    "applied",
    "delayed",
    "failed",
    "stale",
    "under_way",
    "applied_meanwhile",
    "undecided",
    "closed",
    "over",
]


class Told(Fact):
    """What a person hears; without a `user` the managers' channel does. `view`: the dialog that waits for it. `text` is
    what they wrote and what was not saved, `run` which application of the macro this is about, `preview` what it would
    do by now."""

    user: str
    what: Heard
    view: str = ""
    text: str = ""
    run: int = 0
    preview: MacroPreview | None = None


class Report(Fact):
    """Who told what they know, and when."""

    by: Person
    at: datetime
    summary: str


class Desk(Fact):
    """Somebody's message. A manager without a Slack id, or None where nobody is on call, is asked for in the channel
    for pages."""

    person: Person | None
    is_manager: bool
    begun_at: datetime
    by: Person
    """By whose report."""
    is_reachable: bool = True
    ref: MessageRef | None = None
    informed_at: datetime | None = None


class Choice(Fact):
    """What a manager decided about the call."""

    by: Person
    how: How
    at: datetime


class Points(Fact):
    """The talking points as a manager wrote them."""

    text: str
    by: Person
    at: datetime


class Run(Fact):
    """One application of the macro; `shown` names what the dialog showed."""

    by: Person
    at: datetime
    public: bool
    shown: str
    view: str = ""
    progress: Progress = "applying"
    is_late: bool = False
    done_at: datetime | None = None
    reason: str = ""
    reference: str = ""


class Compromise(Case):
    """One compromised instance as its record stands."""

    status: Status = "waiting"
    ticket: int | None
    """None where somebody without the right named none."""
    customer: str = ""
    is_looked_up: bool = True
    """Whether Zendesk has said whose ticket it is, or that it has none."""
    is_unknown: bool = False
    """Whether Zendesk has said, after the report was taken, that it has no such ticket."""
    begun_at: datetime
    reminded_at: datetime | None = None
    """When the managers on call heard that none of them has said how."""
    closed_by: Person | None = None
    closed_at: datetime | None = None
    why: Why | None = None
    """Why it was refused."""
    reports: tuple[Report, ...] = ()
    desks: tuple[Desk, ...] = ()
    choices: tuple[Choice, ...] = ()
    """The last one counts."""
    points: Points | None = None
    """None while they are those of the settings."""
    edits: int = 0
    runs: tuple[Run, ...] = ()
    told: tuple[Told, ...] = ()
    wished: dict[str, int] = Field(default_factory=dict)

    @property
    def choice(self) -> Choice | None:
        """What holds now."""
        return self.choices[-1] if self.choices else None

    @property
    def run(self) -> Run | None:
        """The newest application of the macro."""
        return self.runs[-1] if self.runs else None

    def reporter(self, user: str) -> Person | None:
        """The person with this Slack id, if they reported it."""
        return next((report.by for report in self.reports if report.by.slack == user), None)


class Policy(Fact):
    """What the organisation decided."""

    answer_minutes: int = 10


class CompromisedEvent(Event):
    """Anything that happens to a record."""

    duty: ClassVar[str] = DUTY


class InstanceReported(CompromisedEvent):
    """Somebody with the right says what they know. `managers`: whom to inform; None stands for nobody on call.
    `is_looked_up`: Zendesk has told whose ticket it is."""

    kind: Literal["instance_reported"] = "instance_reported"
    ticket: int
    customer: str = ""
    is_looked_up: bool = True
    summary: str
    by: Person
    is_manager: bool
    managers: tuple[Person | None, ...] = ()
    view: str = ""


class ReportTried(CompromisedEvent):
    """A report that could not be taken, and why. It is kept, and nobody is informed by it."""

    kind: Literal["report_tried"] = "report_tried"
    ticket: int | None
    summary: str
    by: Person
    why: Why
    view: str = ""


class CallDecided(CompromisedEvent):
    """A manager says how. `seen`: how many decisions their message showed."""

    kind: Literal["call_decided"] = "call_decided"
    by: Person
    how: How
    seen: int


class Refused(CompromisedEvent):
    """Somebody without the right pressed a button or sent a dialog."""

    kind: Literal["refused"] = "refused"
    user: str
    view: str = ""


class PointsEdited(CompromisedEvent):
    """A manager wrote the talking points anew. `seen`: how often they had been edited before."""

    kind: Literal["points_edited"] = "points_edited"
    by: Person
    text: str
    seen: int
    view: str = ""


class MacroChosen(CompromisedEvent):
    """Somebody read what the macro would do, and said how. `seen`: how often it had been applied before."""

    kind: Literal["macro_chosen"] = "macro_chosen"
    by: Person
    public: bool
    shown: str
    seen: int
    view: str = ""


class RecordClosed(CompromisedEvent):
    """A manager says that it is over."""

    kind: Literal["record_closed"] = "record_closed"
    by: Person


class CustomerFound(CompromisedEvent):
    """Zendesk has told whose ticket it is; "" where it is nobody's that has a name."""

    kind: Literal["customer_found"] = "customer_found"
    customer: str = ""


class MacroApplied(CompromisedEvent):
    """The macro is on the ticket."""

    kind: Literal["macro_applied"] = "macro_applied"


class MacroStale(CompromisedEvent):
    """The macro would do something else by now: it was not applied."""

    kind: Literal["macro_stale"] = "macro_stale"
    preview: MacroPreview


class DeskPlaced(CompromisedEvent):
    """Somebody's message is there."""

    kind: Literal["desk_placed"] = "desk_placed"
    desk: int
    ref: MessageRef


class PersonTold(CompromisedEvent):
    """The person has been told."""

    kind: Literal["person_told"] = "person_told"


class EffectDelayed(CompromisedEvent, core.EffectDelayed):
    """A service has not done its part yet."""


class EffectFailed(CompromisedEvent, core.EffectFailed):
    """A service will not do its part."""


class WaitedLong(CompromisedEvent, core.Due):
    """No manager has said how for so long. `managers`: who is on call by now; None stands for nobody."""

    managers: tuple[Person | None, ...] = ()


KEPT: Kept = {Told: ("user", "view"), Run: ("view",), CompromisedEvent: ("user", "view")}
"""The texts that stay of a record that has been closed for so long: what tells happenings apart."""

AnyEvent: TypeAlias = Annotated[
    InstanceReported
    | ReportTried
    | CallDecided
    | Refused
    | PointsEdited
    | MacroChosen
    | RecordClosed
    | CustomerFound
    | MacroApplied
    | MacroStale
    | DeskPlaced
    | PersonTold
    | EffectDelayed
    | EffectFailed
    | WaitedLong,
    Field(discriminator="kind"),
]


class ApplyMacro(Effect):
    """Put the macro on the ticket, as it was shown, or not at all."""

    service: ClassVar[Service] = "zendesk"
    kind: Literal["apply_macro"] = "apply_macro"
    public: bool
    shown: str
    asked_at: datetime


class FindCustomer(Effect):
    """Look up whose ticket it is."""

    service: ClassVar[Service] = "zendesk"
    kind: Literal["find_customer"] = "find_customer"


class Tell(Effect):
    """Tell one person, or the managers' channel, how it stands."""

    service: ClassVar[Service] = "slack"
    kind: Literal["tell"] = "tell"
    said: Told


AnyEffect: TypeAlias = Annotated[ApplyMacro | FindCustomer | Tell, Field(discriminator="kind")]

Rule: TypeAlias = Callable[[Compromise, Any], Compromise]


def handle_of(ticket: int) -> str:
    """The outside name of an open record: one a ticket."""
    return f"compromised:{ticket}"


def fingerprint(preview: MacroPreview) -> str:
    """What names all that a macro would do; the ticket may change otherwise meanwhile."""
    about = preview.model_dump(mode="json", exclude={"updated_stamp", "tags_after"})
    return marker(json.dumps(about, sort_keys=True))


def _nothing(case: Compromise, event: Event) -> Compromise:
    return case


# -- who reported, and who is informed


def _report(case: Compromise, event: InstanceReported) -> Compromise:
    """Another report joins the record; its managers and whoever wrote it get messages of their own."""
    case = _add(case, event)
    return _heard(case, event.by.slack, "joined", event.view)


def _add(case: Compromise, event: InstanceReported) -> Compromise:
    managers = [event.by] if event.is_manager else event.managers
    new = [_desk(event, person, is_manager=True) for person in managers]
    new += [] if event.is_manager else [_desk(event, event.by, is_manager=False)]
    report = Report(by=event.by, at=event.at, summary=event.summary)
    return case.model_copy(
        update={
            "reports": (*case.reports, report),
            "customer": case.customer or event.customer,
            "is_looked_up": case.is_looked_up or event.is_looked_up,
            "desks": tuple(_merged(case.desks, new))[:MOST_DESKS],
        }
    )


def _desk(event: InstanceReported, person: Person | None, *, is_manager: bool) -> Desk:
    return Desk(person=person, is_manager=is_manager, begun_at=event.at, by=event.by)


def _remind(case: Compromise, event: WaitedLong) -> Compromise:
    """Once. Whoever is on call by now gets the record, if it is new to them; the others, and whoever reported it, a
    word."""
    if case.next_due is None or event.at < case.next_due:
        return case
    new = [
        Desk(person=person, is_manager=True, begun_at=event.at, by=case.reports[-1].by)
        for person in event.managers
    ]
    desks = tuple(_merged(case.desks, new))[:MOST_DESKS]
    reminded = case.model_copy(update={"reminded_at": event.at, "desks": desks})
    for user in _to_remind(case, event):
        reminded = _tell(reminded, Told(user=user, what="undecided"))
    return reminded


def _to_remind(case: Compromise, event: WaitedLong) -> list[str]:
    """Whoever has the record already and is on call, or reported it; "" for the channel."""
    known = {_who(desk): desk for desk in case.desks if desk.is_manager}
    on_call = [known[who] for who in map(_named, event.managers) if who in known]
    users = [desk.person.slack if desk.person and desk.is_reachable else "" for desk in on_call]
    return list(dict.fromkeys([*users, *(report.by.slack for report in case.reports if report.by.slack)]))


def _look_up(case: Compromise, event: CustomerFound) -> Compromise:
    return case.model_copy(update={"is_looked_up": True, "customer": case.customer or event.customer})


def _merged(known: Iterable[Desk], new: Iterable[Desk]) -> list[Desk]:
    """Everybody once; whoever has become a manager since has a manager's buttons."""
    found = list(known)
    for desk in new:
        places = [n for n, one in enumerate(found) if _who(one) == _who(desk)]
        if not places:
            found.append(desk)
        elif desk.is_manager and not found[places[0]].is_manager:
            before = found[places[0]]
            found[places[0]] = desk.model_copy(update={"ref": before.ref, "informed_at": before.informed_at})
    return found


def _who(desk: Desk) -> str:
    return _named(desk.person)


def _named(person: Person | None) -> str:
    return "" if person is None else person.slack or person.pagerduty or person.name


def _place(case: Compromise, event: DeskPlaced) -> Compromise:
    """A message that was deleted and is made anew informs nobody for the first time."""
    desk = case.desks[event.desk]
    return _at_desk(case, event.desk, ref=event.ref, informed_at=desk.informed_at or event.at)


def _at_desk(case: Compromise, number: int, **change: Any) -> Compromise:
    desks = list(case.desks)
    desks[number] = desks[number].model_copy(update=change)
    return case.model_copy(update={"desks": tuple(desks)})


def _refuse(case: Compromise, event: Refused) -> Compromise:
    return _heard(case, event.user, "no_right", event.view)


# -- the call


def _decide(case: Compromise, event: CallDecided) -> Compromise:
    """The first word counts; it is replaced by whoever gave it, and by a manager who has seen it."""
    before = case.choice
    is_own = before is not None and before.by.slack == event.by.slack
    if before is not None and is_own and before.how == event.how:
        return case
    if not is_own and event.seen < len(case.choices):
        return _heard(case, event.by.slack, "too_late")
    choice = Choice(by=event.by, how=event.how, at=event.at)
    case = case.model_copy(update={"status": "decided", "choices": (*case.choices, choice)})
    for user in _waiting_for_it(case, event.by.slack):
        case = _heard(case, user, "decided")
    if before is not None and not is_own and case.reporter(before.by.slack) is None:
        case = _heard(case, before.by.slack, "replaced")
    return case


def _waiting_for_it(case: Compromise, decider: str) -> list[str]:
    """Whoever reported it, once each."""
    return [user for user in dict.fromkeys(one.by.slack for one in case.reports) if user != decider]


def _close(case: Compromise, event: RecordClosed) -> Compromise:
    """Its ticket is free for a new record. Whoever reported it hears of it."""
    over = {"status": "closed", "closed_by": event.by, "closed_at": event.at, "handles": ()}
    case = case.model_copy(update=over)
    for user in _waiting_for_it(case, event.by.slack):
        case = _heard(case, user, "closed")
    return case


def _over(case: Compromise, event: CallDecided | MacroChosen | RecordClosed) -> Compromise:
    view = event.view if isinstance(event, MacroChosen) else ""
    return _heard(case, event.by.slack, "over", view)


def _edit_over(case: Compromise, event: PointsEdited) -> Compromise:
    return _heard(case, event.by.slack, "over", event.view, text=event.text)


# -- what to say


def _edit(case: Compromise, event: PointsEdited) -> Compromise:
    """What was written on top of an older text goes back to whoever wrote it."""
    if event.seen != case.edits:
        return _heard(case, event.by.slack, "changed_meanwhile", event.view, text=event.text)
    points = Points(text=event.text, by=event.by, at=event.at)
    after = case.model_copy(update={"points": points, "edits": case.edits + 1})
    return _heard(after, event.by.slack, "saved", event.view)


# -- the macro


def _choose(case: Compromise, event: MacroChosen) -> Compromise:
    """One at a time, and never on top of one that the dialog did not know of."""
    if case.run is not None and case.run.progress == "applying":
        return _heard(case, event.by.slack, "under_way", event.view, run=len(case.runs) - 1)
    if event.seen != applied(case):
        newest = max((n for n, run in enumerate(case.runs) if run.progress == "applied"), default=0)
        return _heard(case, event.by.slack, "applied_meanwhile", event.view, run=newest)
    run = Run(by=event.by, at=event.at, public=event.public, shown=event.shown, view=event.view)
    return case.model_copy(update={"runs": (*case.runs, run)})


def applied(case: Compromise) -> int:
    """How often the macro has been applied."""
    return sum(run.progress == "applied" for run in case.runs)


def _apply(case: Compromise, event: MacroApplied) -> Compromise:
    return _of_run(case, "applied", progress="applied", done_at=event.at)


def _go_stale(case: Compromise, event: MacroStale) -> Compromise:
    return _of_run(case, "stale", event.preview, progress="stale")


def _of_run(case: Compromise, what: Heard, preview: MacroPreview | None = None, **change: Any) -> Compromise:
    """Said in the dialog that waits; once that has said that it takes longer, by a direct message."""
    run = case.run
    if run is None or run.progress != "applying":
        return case
    after = case.model_copy(update={"runs": (*case.runs[:-1], run.model_copy(update=change))})
    return _heard(
        after, run.by.slack, what, "" if run.is_late else run.view, run=len(case.runs) - 1, preview=preview
    )


def _delay(case: Compromise, event: EffectDelayed) -> Compromise:
    if event.effect != "apply_macro":
        return case
    return _of_run(case, "delayed", is_late=True)


def _fail(case: Compromise, event: EffectFailed) -> Compromise:
    """A macro that was not applied is said; a message that cannot reach its person is put into the channel."""
    if event.effect == "apply_macro":
        return _of_run(case, "failed", progress="failed", reason=event.reason, reference=event.reference)
    if event.effect == "find_customer":
        return case.model_copy(update={"is_unknown": event.reason == "not_found"})
    number = _desk_number(event.effect)
    if number is None or case.desks[number].ref is not None or not case.desks[number].is_manager:
        return case
    return _at_desk(case, number, is_reachable=False)


def desk_name(number: int) -> str:
    """The target that is somebody's message."""
    return f"desk_{number}"


def _desk_number(name: str) -> int | None:
    return next((number for number in range(MOST_DESKS) if desk_name(number) == name), None)


def _heard(case: Compromise, user: str, what: Heard, view: str = "", **more: Any) -> Compromise:
    return _tell(case, Told(user=user, what=what, view=view, **more)) if user else case


def _tell(case: Compromise, told: Told) -> Compromise:
    return case.model_copy(update={"told": (*case.told, told)})


def _recorded(rule: Rule, **others: Rule) -> dict[Status, Rule]:
    rows: dict[Status, Rule] = {status: others.get(status, rule) for status in STATUSES}
    return rows | {"refused": _nothing}


TABLE: Mapping[str, Mapping[Status, Rule]] = {
    # After the close its name is free: a new report begins a new record.
    "instance_reported": _recorded(_report, closed=_nothing),
    "report_tried": _recorded(_nothing),
    "call_decided": _recorded(_decide, closed=_over),
    "refused": dict.fromkeys(STATUSES, _refuse),
    "points_edited": _recorded(_edit, closed=_edit_over),
    "macro_chosen": _recorded(_choose, closed=_over),
    "record_closed": _recorded(_close, closed=_over),
    "customer_found": _recorded(_look_up),
    "macro_applied": _recorded(_apply),
    "macro_stale": _recorded(_go_stale),
    "desk_placed": _recorded(_place),
    "person_told": _recorded(_nothing),
    "effect_delayed": _recorded(_delay),
    "effect_failed": _recorded(_fail),
    "due": _recorded(_nothing, waiting=_remind),
}


def decide(case: Compromise | None, event: Any, policy: Policy) -> Decision | None:
    """What follows from an event."""
    after = _begin(event) if case is None else TABLE[event.kind][case.status](case, event)
    if after is None:
        return None
    after, effects = _wish(after.model_copy(update={"next_due": _next_due(after, policy)}))
    return Decision(case=after, effects=effects)


def _begin(event: Any) -> Compromise | None:
    if isinstance(event, InstanceReported):
        new = _new(event).model_copy(update={"handles": (handle_of(event.ticket),)})
        new = _add(new.model_copy(update={"is_looked_up": event.is_looked_up}), event)
        return _heard(new, event.by.slack, "recorded", event.view) if event.view else new
    if isinstance(event, ReportTried):
        report = Report(by=event.by, at=event.at, summary=event.summary)
        new = _new(event).model_copy(update={"status": "refused", "why": event.why, "reports": (report,)})
        return _heard(new, event.by.slack, event.why, event.view)
    return None


def _new(event: InstanceReported | ReportTried) -> Compromise:
    return Compromise(
        id=f"compromised-{marker(event.id)[:8]}",
        subject=None if event.ticket is None else f"ticket:{event.ticket}",
        ticket=event.ticket,
        begun_at=event.at,
    )


def _next_due(case: Compromise, policy: Policy) -> datetime | None:
    """When the managers on call are reminded."""
    if case.status != "waiting" or case.reminded_at is not None:
        return None
    return case.begun_at + timedelta(minutes=policy.answer_minutes)


def _wish(case: Compromise) -> tuple[Compromise, tuple[Effect, ...]]:
    """What has not been asked for yet. Only here does a choice become a macro on a ticket."""
    wished = dict(case.wished)
    effects: list[Effect] = []
    for n in range(wished.get("apply_macro", 0), len(case.runs)):
        run = case.runs[n]
        key = f"{case.id}:apply_macro:{n}"
        effects.append(ApplyMacro(key=key, public=run.public, shown=run.shown, asked_at=run.at))
    if not case.is_looked_up and "find_customer" not in wished:
        effects.append(FindCustomer(key=f"{case.id}:find_customer:0"))
        wished["find_customer"] = 1
    for n in range(wished.get("tell", 0), len(case.told)):
        effects.append(Tell(key=f"{case.id}:tell:{n}", said=case.told[n]))
    wished |= {"apply_macro": len(case.runs), "tell": len(case.told)}
    return case.model_copy(update={"wished": wished}), tuple(effects)
