"""What an emergency means: the message to each manager who is asked, the acknowledgement in their name. And what must
be known of an arriving event: which managers hold it, what else is open, who is in the backup pool.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal, Protocol, TypeAlias

from pydantic import Field

from starbot.core.case import Document, Event
from starbot.core.facts import Incident, Person
from starbot.duties.emergencies import model, words
from starbot.duties.emergencies.model import Emergency, EmergencyEvent, Other, Pool
from starbot.duties.emergencies.words import Look
from starbot.engine.duty import Deed, Target, Try, looking
from starbot.errors import ServiceDelayed, ServiceError, ServiceRefused
from starbot.posting import find_told, placed, told_alone, updated
from starbot.services.pagerduty import PagerDutyService
from starbot.services.roster import Roster
from starbot.services.slack import SlackService


class IncidentTold(EmergencyEvent):
    """An incident as a webhook or a look shows it, of whatever service."""

    kind: Literal["incident_told"] = "incident_told"
    incident: Incident


class Pressed(EmergencyEvent):
    """Somebody pressed *I'll take it* or *Not needed*."""

    kind: Literal["pressed"] = "pressed"
    user: str
    takes: bool
    desk: int


Arriving: TypeAlias = Annotated[model.AnyEvent | IncidentTold | Pressed, Field(union_mode="left_to_right")]


class Known(Protocol):
    """The emergencies as stored."""

    def open(self) -> Sequence[Emergency]:
        """Those that are not over."""


@dataclass(frozen=True)
class Hands:
    """What the deeds need, and what the organisation decided."""

    slack: SlackService
    pagerduty: PagerDutyService
    roster: Roster
    known: Known
    now: Callable[[], datetime]
    look: Callable[[], Look]
    emergency_service: Callable[[], str]
    """The id of the service whose incidents are emergencies; "" while PagerDuty has not told it."""
    backup_service: Callable[[], str]
    backup_policy: Callable[[], str | None]
    channel: Callable[[], str]
    """Where a manager without a Slack id is asked for; "" while Slack has not told it."""
    from_email: str
    submit: Callable[[Event], None]


def deeds(hands: Hands) -> dict[str, Deed]:
    """One deed for each kind of effect. To acknowledge twice is harmless."""
    return {
        "acknowledge": Deed(partial(_acknowledge, hands)),
        "share": Deed(partial(_share, hands)),
        "tell": Deed(partial(_tell, hands), partial(_find_told, hands)),
    }


def targets(hands: Hands) -> dict[str, Target]:
    """The message of each manager, which always shows the emergency as it is."""
    return {f"desk_{number}": _desk(hands, number) for number in range(model.MOST_DESKS)}


def _desk(hands: Hands, number: int) -> Target:
    def seen(case: Emergency) -> Document | None:
        return words.message(case, number, hands.look())

    return Target("slack", seen, partial(_show, hands, number))


# -- what an arriving event means


def arrive(hands: Hands, event: Any) -> Sequence[Event]:
    """An incident with all that a manager must know; a press of a button with its right."""
    if isinstance(event, IncidentTold):
        return _told(hands, event)
    if isinstance(event, Pressed):
        return [_meant(hands, event)]
    return [event]


def _meant(hands: Hands, event: Pressed) -> Event:
    about: dict[str, Any] = {"id": f"{event.id}:meant", "at": event.at, "case_id": event.case_id}
    by = hands.roster.manager(event.user)
    if by is None:
        return model.Refused(**about, user=event.user)
    if event.takes:
        return model.Taken(**about, by=by, user=event.user)
    return model.Dismissed(**about, desk=event.desk)


def _told(hands: Hands, event: IncidentTold) -> Sequence[Event]:
    """An emergency; a page of the backup pool, for the emergencies of its ticket."""
    incident, known = event.incident, hands.known.open()
    if incident.service_id == hands.emergency_service():
        return [_seen(hands, event, [case for case in known if case.incident.id != incident.id])]
    ticket = words.ticket_of(incident.title)
    if incident.service_id != hands.backup_service() or ticket is None:
        return []
    return [
        model.BackupSeen(id=f"{event.id}:for:{case.id}", at=event.at, case_id=case.id, incident=incident)
        for case in known
        if case.ticket == ticket
    ]


def _seen(hands: Hands, event: IncidentTold, beside: Sequence[Emergency]) -> Event:
    """Only where a manager may be asked is PagerDuty asked who is."""
    incident = event.incident
    managers = hands.roster.managers_among(incident.assignees) if incident.is_open else ()
    return model.EmergencySeen(
        id=f"{event.id}:meant",
        at=event.at,
        handle=model.handle_of(incident.id),
        incident=incident,
        ticket=words.ticket_of(incident.title),
        managers=managers,
        others=tuple(_other(case) for case in beside),
        pool=_pool(hands) if managers else None,
    )


def _other(case: Emergency) -> Other:
    return Other(case_id=case.id, incident=case.incident, looked_at=case.looked_at)


def _pool(hands: Hands) -> Pool:
    policy_id = hands.backup_policy()
    if not policy_id:
        return Pool()
    try:
        people = hands.pagerduty.first_on_call(policy_id)
    except ServiceError:
        return Pool()
    return Pool(people=tuple(person.name for person in people), is_known=True)


# -- PagerDuty


def _acknowledge(hands: Hands, effect: model.Acknowledge, case: Emergency) -> Event:
    """In the manager's own name, if PagerDuty knows them; else in the bot's. What is over already is shown so."""
    at = hands.now()
    try:
        incident = hands.pagerduty.acknowledge(case.incident.id, _from(hands, case.taker))
    except ServiceRefused as no:
        if no.reason != "already_resolved":
            raise
        incident = hands.pagerduty.incident(case.incident.id)
    managers = hands.roster.managers_among(incident.assignees)
    return model.EmergencySeen(id=effect.key, at=at, incident=incident, managers=managers)


def _from(hands: Hands, by: Person | None) -> str:
    return by.email if by is not None and by.pagerduty and by.email else hands.from_email


# -- the other emergencies


def _share(hands: Hands, effect: model.Share, case: Emergency) -> Event:
    now = hands.now()
    for other in hands.known.open():
        if other.id != case.id:
            for whose, what, way in ((other, case, "to"), (case, other, "from")):
                hands.submit(
                    model.OtherSeen(
                        id=f"{effect.key}:{way}:{other.id}", at=now, case_id=whose.id, other=_other(what)
                    )
                )
    return model.Shared(id=effect.key, at=now)


# -- Slack


def _show(
    hands: Hands, number: int, case: Emergency, wanted: Document, shown: Document | None, this_try: Try
) -> Event | None:
    desk = case.desks[number]
    if updated(hands.slack, desk.ref, wanted):
        return None
    with looking(this_try):
        where = _where(hands, desk.person)
    key = f"{case.id}:desk:{number}"
    ref = placed(hands.slack, where, wanted, key=key, begun_at=desk.asked_at, this_try=this_try)
    return model.DeskPlaced(id="", at=hands.now(), desk=number, ref=ref)


def _where(hands: Hands, person: Person) -> str:
    found = hands.slack.open_dm(person.slack) if person.slack else hands.channel()
    if not found:
        raise ServiceDelayed("slack", "find the channel for pages")
    return found


def _tell(hands: Hands, effect: model.Tell, case: Emergency) -> Event:
    text = words.told(case, effect.said, hands.look())
    told_alone(hands.slack, effect.said.user, text, key=effect.key, there=hands.channel())
    return model.PersonTold(id=effect.key, at=hands.now())


def _find_told(hands: Hands, effect: model.Tell, case: Emergency) -> Event | None:
    begun_at = case.incident.created_at
    found = find_told(hands.slack, effect.said.user, key=effect.key, begun_at=begun_at)
    return None if found is None else model.PersonTold(id=effect.key, at=hands.now())
