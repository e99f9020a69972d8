"""An emergency: one PagerDuty incident of the customer emergency service, and the managers it was escalated to. Pure.

Nothing here pages. What a webhook tells and what a look finds is one event, `EmergencySeen`: what follows is read off
the incident as it is, so the way by which it came, its order and its repetition make no difference.

    waiting       nobody has acknowledged; whoever PagerDuty asks is no manager
    escalated     nobody has acknowledged; a manager is asked
    acknowledged  somebody has seen it
    resolved      the customer was contacted (which never says that the problem is solved)
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import Field

from starbot.core import case as core
from starbot.core.case import Case, Decision, Effect, Event, Service
from starbot.core.facts import Fact, Incident, MessageRef, Person
from starbot.core.retention import Kept
from starbot.core.text import marker

DUTY = "emergencies"

Status: TypeAlias = Literal["waiting", "escalated", "acknowledged", "resolved"]
STATUSES: tuple[Status, ...] = ("waiting", "escalated", "acknowledged", "resolved")
OPEN: tuple[Status, ...] = ("waiting", "escalated", "acknowledged")
CLOSED: tuple[Status, ...] = ("resolved",)
MOST_DESKS = 6
"""How many managers one emergency is told to: more than PagerDuty has levels."""
TICK = timedelta(minutes=5)

Heard: TypeAlias = Literal["no_right", "over", "has_it", "not_taken", "again"]


class Told(Fact):
    """What a person hears: of what they pressed, or (`again`) that PagerDuty asks them once more."""

    user: str
    what: Heard


class Desk(Fact):
    """A manager who was asked, and their message; without a Slack id it stands in the channel for pages."""

    person: Person
    asked_at: datetime
    is_asked: bool = True
    """Whether PagerDuty asks them now: nobody has acknowledged, and it is theirs."""
    is_needed: bool = True
    ref: MessageRef | None = None


class Other(Fact):
    """Another emergency, as far as a message tells of it."""

    case_id: str
    incident: Incident
    looked_at: datetime


class Pool(Fact):
    """Who is in the backup pool. `is_known` is false where PagerDuty did not say."""

    people: tuple[str, ...] = ()
    is_known: bool = False


class Emergency(Case):
    """One emergency as it is now."""

    status: Status = "waiting"
    incident: Incident
    ticket: int | None
    looked_at: datetime
    """Of the newest word about the incident: an older one that comes late is no news."""
    as_of: datetime
    """The moment for which the minutes are counted."""
    due_at: datetime
    """The end of the time for a first reply."""
    desks: tuple[Desk, ...] = ()
    others: tuple[Other, ...] = ()
    pool: Pool = Pool()
    backup: Incident | None = None
    """The page of the backup pool for this ticket."""
    backup_at: datetime | None = None
    taker: Person | None = None
    """The manager who pressed *I'll take it*."""
    taken: int = 0
    reason: str = ""
    """Why PagerDuty did not take that."""
    is_late: bool = False
    told: tuple[Told, ...] = ()
    news: int = 0
    """How often it changed so that the messages about others show it."""
    wished: dict[str, int] = Field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Whether it is not over."""
        return self.status != "resolved"

    @property
    def open_others(self) -> tuple[Other, ...]:
        """The other emergencies that are not over, the oldest first."""
        found = (other for other in self.others if other.incident.is_open)
        return tuple(sorted(found, key=lambda other: other.incident.created_at))


class Policy(Fact):
    """What the organisation decided."""

    reply_minutes: int = 30


class EmergencyEvent(Event):
    """Anything that happens to an emergency."""

    duty: ClassVar[str] = DUTY


class EmergencySeen(EmergencyEvent):
    """The incident as PagerDuty shows it, told by a webhook, a look or an answer.

    `managers`: those who hold it. `others`: the open emergencies beside it; None where nobody looked.
    """

    kind: Literal["emergency_seen"] = "emergency_seen"
    incident: Incident
    ticket: int | None = None
    managers: tuple[Person, ...] = ()
    others: tuple[Other, ...] | None = None
    pool: Pool | None = None


class OtherSeen(EmergencyEvent):
    """Another emergency changed."""

    kind: Literal["other_seen"] = "other_seen"
    other: Other


class BackupSeen(EmergencyEvent):
    """The page of the backup pool for this ticket, as PagerDuty shows it."""

    kind: Literal["backup_seen"] = "backup_seen"
    incident: Incident


class Taken(EmergencyEvent):
    """A manager takes it."""

    kind: Literal["taken"] = "taken"
    by: Person
    user: str


class Dismissed(EmergencyEvent):
    """A manager says that nothing is needed of them."""

    kind: Literal["dismissed"] = "dismissed"
    desk: int


class Refused(EmergencyEvent):
    """Somebody without the right pressed a button."""

    kind: Literal["refused"] = "refused"
    user: str


class DeskPlaced(EmergencyEvent):
    """A manager's message is there."""

    kind: Literal["desk_placed"] = "desk_placed"
    desk: int
    ref: MessageRef


class Shared(EmergencyEvent):
    """The others know how it stands."""

    kind: Literal["shared"] = "shared"


class PersonTold(EmergencyEvent):
    """The person has been told."""

    kind: Literal["person_told"] = "person_told"


class EffectDelayed(EmergencyEvent, core.EffectDelayed):
    """A service has not done its part yet."""


class EffectFailed(EmergencyEvent, core.EffectFailed):
    """A service will not do its part."""


class TimePassed(EmergencyEvent, core.Due):
    """A few of the minutes are gone."""


AnyEvent: TypeAlias = Annotated[
    EmergencySeen
    | OtherSeen
    | BackupSeen
    | Taken
    | Dismissed
    | Refused
    | DeskPlaced
    | Shared
    | PersonTold
    | EffectDelayed
    | EffectFailed
    | TimePassed,
    Field(discriminator="kind"),
]


class Acknowledge(Effect):
    """Acknowledge the incident in the name of the manager who takes it."""

    service: ClassVar[Service] = "pagerduty"
    kind: Literal["acknowledge"] = "acknowledge"


class Share(Effect):
    """Tell the other open emergencies how this one stands, and this one of those; once it is stored, because two
    that come at the same time do not know each other before."""

    service: ClassVar[Service] = "slack"
    kind: Literal["share"] = "share"


class Tell(Effect):
    """Tell one person something."""

    service: ClassVar[Service] = "slack"
    kind: Literal["tell"] = "tell"
    said: Told


AnyEffect: TypeAlias = Annotated[Acknowledge | Share | Tell, Field(discriminator="kind")]

Rule: TypeAlias = Callable[[Emergency, Any, Policy], Emergency]


def _nothing(case: Emergency, event: Event, policy: Policy) -> Emergency:
    return case


def _see(case: Emergency, event: EmergencySeen, policy: Policy) -> Emergency:
    """What is older than what is known is no news."""
    if event.at < case.looked_at:
        return case
    seen = event.incident.following(case.incident)
    status = _status(event)
    is_new_turn = case.status != "acknowledged" and status == "acknowledged"
    is_given_back = case.status == "acknowledged" and status in ("waiting", "escalated")
    after = case.model_copy(
        update={
            "incident": seen,
            "ticket": case.ticket or event.ticket,
            "subject": case.subject or _subject(event.ticket),
            "status": status,
            "looked_at": event.at,
            "as_of": max(case.as_of, event.at),
            "others": _merged(case.others, event),
            "pool": event.pool or case.pool,
            "taker": None if is_given_back else case.taker,
            "reason": "" if is_new_turn or status == "resolved" else case.reason,
            "is_late": False if status in ("acknowledged", "resolved") else case.is_late,
            "news": case.news + (not case.wished or seen.differs(case.incident)),
        }
    )
    return _ask(after, event)


def _status(event: EmergencySeen) -> Status:
    if event.incident.status == "triggered":
        return "escalated" if event.managers else "waiting"
    return event.incident.status


def _ask(case: Emergency, event: EmergencySeen) -> Emergency:
    """A desk for each manager who holds it; one who is asked once more hears of it, and has the buttons again."""
    if not case.is_open:
        return case.model_copy(update={"desks": tuple(_rests(desk) for desk in case.desks)})
    is_asking = case.status == "escalated"
    holders = {_who(person): person for person in event.managers}
    desks = []
    for desk in case.desks:
        is_asked = is_asking and _who(desk.person) in holders
        if is_asked and not desk.is_asked:
            desk = desk.model_copy(update={"is_needed": True, "asked_at": event.at})
            case = _heard(case, desk.person.slack, "again")
        desks.append(desk.model_copy(update={"is_asked": is_asked}))
    known = {_who(desk.person) for desk in desks}
    desks += [
        Desk(person=person, asked_at=event.at, is_asked=is_asking)
        for who, person in holders.items()
        if who not in known
    ]
    return case.model_copy(update={"desks": tuple(desks[:MOST_DESKS])})


def _who(person: Person) -> str:
    return person.pagerduty or person.slack or person.name


def _rests(desk: Desk) -> Desk:
    return desk.model_copy(update={"is_asked": False})


def _merged(known: Iterable[Other], event: EmergencySeen) -> tuple[Other, ...]:
    """What was looked up, but for what is known to be newer."""
    if event.others is None:
        return tuple(known)
    newer = {one.case_id: one for one in known if one.looked_at > event.at}
    found = {one.case_id: one for one in event.others}
    return tuple((found | newer).values())


def _see_other(case: Emergency, event: OtherSeen, policy: Policy) -> Emergency:
    """The newer word about it counts."""
    known = {one.case_id: one for one in case.others}
    before = known.get(event.other.case_id)
    if before is not None and before.looked_at > event.other.looked_at:
        return case
    return case.model_copy(update={"others": tuple((known | {event.other.case_id: event.other}).values())})


def _see_backup(case: Emergency, event: BackupSeen, policy: Policy) -> Emergency:
    if case.backup_at is not None and event.at < case.backup_at:
        return case
    same = case.backup is not None and case.backup.id == event.incident.id
    seen = event.incident.following(case.backup) if same and case.backup else event.incident
    return case.model_copy(update={"backup": seen, "backup_at": event.at})


def _take(case: Emergency, event: Taken, policy: Policy) -> Emergency:
    """The first who takes it has it, unless PagerDuty did not take that."""
    if case.taker is not None and not case.reason:
        return _heard(case, event.user, "has_it")
    return case.model_copy(
        update={"taker": event.by, "taken": case.taken + 1, "reason": "", "is_late": False}
    )


def _has_it(case: Emergency, event: Taken, policy: Policy) -> Emergency:
    return _heard(case, event.user, "has_it")


def _over(case: Emergency, event: Taken, policy: Policy) -> Emergency:
    return _heard(case, event.user, "over")


def _dismiss(case: Emergency, event: Dismissed, policy: Policy) -> Emergency:
    return _at_desk(case, event.desk, is_needed=False)


def _refuse(case: Emergency, event: Refused, policy: Policy) -> Emergency:
    return _heard(case, event.user, "no_right")


def _place(case: Emergency, event: DeskPlaced, policy: Policy) -> Emergency:
    return _at_desk(case, event.desk, ref=event.ref)


def _at_desk(case: Emergency, number: int, **change: Any) -> Emergency:
    if not 0 <= number < len(case.desks):
        return case
    desks = list(case.desks)
    desks[number] = desks[number].model_copy(update=change)
    return case.model_copy(update={"desks": tuple(desks)})


def _delay(case: Emergency, event: EffectDelayed, policy: Policy) -> Emergency:
    is_news = event.effect == "acknowledge" and case.status in ("waiting", "escalated")
    return case.model_copy(update={"is_late": True}) if is_news else case


def _fail(case: Emergency, event: EffectFailed, policy: Policy) -> Emergency:
    """That it was not acknowledged must be said, to whoever believes that it is theirs."""
    if event.effect != "acknowledge" or case.taker is None:
        return case
    failed = case.model_copy(update={"reason": event.reason or "ours", "is_late": False})
    return _heard(failed, case.taker.slack, "not_taken")


def _count(case: Emergency, event: TimePassed, policy: Policy) -> Emergency:
    return case.model_copy(update={"as_of": max(case.as_of, event.at)})


def _heard(case: Emergency, user: str, what: Heard) -> Emergency:
    return case.model_copy(update={"told": (*case.told, Told(user=user, what=what))}) if user else case


def _everywhere(rule: Rule) -> dict[Status, Rule]:
    return dict.fromkeys(STATUSES, rule)


def _rows(default: Rule, **others: Rule) -> dict[Status, Rule]:
    return {status: others.get(status, default) for status in STATUSES}


TABLE: Mapping[str, Mapping[Status, Rule]] = {
    "emergency_seen": _everywhere(_see),
    "other_seen": _rows(_see_other, resolved=_nothing),
    "backup_seen": _everywhere(_see_backup),
    "taken": _rows(_take, acknowledged=_has_it, resolved=_over),
    "dismissed": _rows(_dismiss, resolved=_nothing),
    "refused": _everywhere(_refuse),
    "desk_placed": _everywhere(_place),
    "shared": _everywhere(_nothing),
    "person_told": _everywhere(_nothing),
    "effect_delayed": _everywhere(_delay),
    "effect_failed": _rows(_nothing, waiting=_fail, escalated=_fail),
    "due": _rows(_count, resolved=_nothing),
}


def decide(case: Emergency | None, event: Any, policy: Policy) -> Decision | None:
    """What follows from an event."""
    if case is None:
        if not isinstance(event, EmergencySeen) or not event.incident.is_open:
            return None
        after = _open(event, policy)
    else:
        after = TABLE[event.kind][case.status](case, event, policy)
    after, effects = _wish(after.model_copy(update={"next_due": _next_due(after)}))
    return Decision(case=after, effects=effects)


def handle_of(incident_id: str) -> str:
    """The outside name of an emergency."""
    return f"pagerduty:{incident_id}"


def id_of(incident_id: str) -> str:
    """The id of an emergency."""
    return f"emergency-{marker(incident_id)[:8]}"


def _open(event: EmergencySeen, policy: Policy) -> Emergency:
    seen = event.incident
    new = Emergency(
        id=id_of(seen.id),
        handles=(handle_of(seen.id),),
        incident=seen,
        ticket=event.ticket,
        looked_at=event.at,
        as_of=event.at,
        due_at=seen.created_at + timedelta(minutes=policy.reply_minutes),
    )
    return _see(new, event, policy)


def _subject(ticket: int | None) -> str | None:
    return None if ticket is None else f"ticket:{ticket}"


def _next_due(case: Emergency) -> datetime | None:
    """Every few minutes while a message counts them; none once they are gone."""
    left = case.due_at - case.as_of
    if not case.is_open or not case.desks or left <= timedelta(0):
        return None
    return case.due_at - max(0, -(-left // TICK) - 1) * TICK


def _wish(case: Emergency) -> tuple[Emergency, tuple[Effect, ...]]:
    """What has not been asked for yet."""
    wished = dict(case.wished)
    effects: list[Effect] = []
    for n in range(wished.get("acknowledge", 0), case.taken):
        effects.append(Acknowledge(key=f"{case.id}:acknowledge:{n}"))
    for n in range(wished.get("share", 0), case.news):
        effects.append(Share(key=f"{case.id}:share:{n}"))
    for n in range(wished.get("tell", 0), len(case.told)):
        effects.append(Tell(key=f"{case.id}:tell:{n}", said=case.told[n]))
    wished |= {"acknowledge": case.taken, "share": case.news, "tell": len(case.told)}
    return case.model_copy(update={"wished": wished}), tuple(effects)


KEPT: Kept = {
    Told: ("user",),
    Other: ("case_id",),
    Emergency: ("reason",),
    EmergencyEvent: ("user",),
}
"""The texts that stay of one that has been over for so long: what tells happenings apart."""
