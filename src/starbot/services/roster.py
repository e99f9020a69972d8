"""Who carries the pager and who may change a STAR: PagerDuty, Slack and the people file put together.

Every answer is remembered, so that PagerDuty may be down: then the schedule as it was known counts, and its
age is said. Rights are kept in memory and renewed by `refresh`, because no click may wait for a vendor.
"""

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from starbot.core.facts import OnCall, Person
from starbot.errors import ServiceError
from starbot.services.pagerduty import PagerDutyService, Shift
from starbot.services.people import People
from starbot.services.slack import SlackService

AHEAD = timedelta(hours=24)
"""How much of the schedules is remembered for the time that PagerDuty does not answer."""

_SHIFTS = "shifts"
_MANAGERS = "managers"


class Memory(Protocol):
    """Keeps JSON values under names, across restarts."""

    def remember(self, name: str, at: datetime, body: Any) -> None:
        """Keeps a value."""

    def recall(self, name: str) -> tuple[datetime, Any] | None:
        """The value and when it was kept."""


class Roster:
    """Who is on call, and who may act. `schedules` and `groups` map names to ids and are read at each use,
    because names are resolved again when their service answers."""

    def __init__(
        self,
        slack: SlackService,
        pagerduty: PagerDutyService,
        people: People,
        memory: Memory,
        now: Callable[[], datetime],
        schedules: Callable[[], Mapping[str, str]],
        groups: Callable[[], Mapping[str, str]],
    ) -> None:
        self._slack = slack
        self._pagerduty = pagerduty
        self._people = people
        self._memory = memory
        self._now = now
        self._schedules = schedules
        self._groups = groups
        self._lock = threading.Lock()
        kept = memory.recall(_MANAGERS)
        self._managers: dict[str, Person] = {
            slack_id: Person.model_validate(person) for slack_id, person in (kept[1] if kept else {}).items()
        }

    # -- on call

    def on_call(self) -> OnCall:
        """Who is on call now, each person once, asked of PagerDuty; remembered where it does not answer."""
        try:
            shifts = self._ask(self._now())
        except ServiceError:
            return self._remembered()
        return OnCall(managers=self._persons(shifts, self._now()), source="live", as_of=self._now())

    def _ask(self, now: datetime) -> list[Shift]:
        shifts = self._pagerduty.on_call(list(self._schedules().values()), since=now, until=now + AHEAD)
        self._memory.remember(_SHIFTS, now, [_kept(shift) for shift in shifts])
        return shifts

    def _remembered(self) -> OnCall:
        kept = self._memory.recall(_SHIFTS)
        if kept is None:
            return OnCall()
        as_of, rows = kept
        managers = self._persons([_shift(row) for row in rows], self._now())
        return OnCall(managers=managers, source="remembered" if managers else "none", as_of=as_of)

    def _persons(self, shifts: list[Shift], now: datetime) -> tuple[Person, ...]:
        found: dict[str, Person] = {}
        for shift in shifts:
            if (shift.start is None or shift.start <= now) and (shift.end is None or now < shift.end):
                found.setdefault(shift.person.pagerduty, shift.person)
        return tuple(self._with_slack(self._people.known(person)) for person in found.values())

    def _with_slack(self, person: Person) -> Person:
        """A person whose Slack id the file lacks is found by e-mail; without Slack the name must do."""
        if person.slack or not person.email:
            return person
        try:
            return person.model_copy(update={"slack": self._slack.user_id_by_email(person.email) or ""})
        except ServiceError:
            return person

    # -- rights

    def manager(self, slack_id: str) -> Person | None:
        """The manager with this Slack id, None for everybody else. Waits for nobody."""
        with self._lock:
            return self._managers.get(slack_id)

    def refresh(self) -> None:
        """Reads schedules and manager groups anew; what does not answer stays as it was known."""
        now = self._now()
        managers: dict[str, Person] = {}
        complete = True
        try:
            for shift in self._ask(now):
                person = self._with_slack(self._people.known(shift.person))
                managers[person.slack] = person
        except ServiceError:
            complete = False
        try:
            for group_id in self._groups().values():
                for slack_id in self._slack.group_members(group_id):
                    managers.setdefault(slack_id, self._named(slack_id))
        except ServiceError:
            complete = False
        managers.pop("", None)
        with self._lock:
            self._managers = managers if complete else {**self._managers, **managers}
            kept = {slack_id: person.model_dump() for slack_id, person in self._managers.items()}
        self._memory.remember(_MANAGERS, now, kept)

    def _named(self, slack_id: str) -> Person:
        found = self._people.by_slack(slack_id)
        return found or Person(name=self._slack.user_name(slack_id), slack=slack_id)


def _kept(shift: Shift) -> dict[str, Any]:
    return {
        "person": shift.person.model_dump(),
        "schedule_id": shift.schedule_id,
        "start": shift.start and shift.start.isoformat(),
        "end": shift.end and shift.end.isoformat(),
    }


def _shift(row: dict[str, Any]) -> Shift:
    start, end = row["start"], row["end"]
    return Shift(
        Person.model_validate(row["person"]),
        row["schedule_id"],
        datetime.fromisoformat(start) if start else None,
        datetime.fromisoformat(end) if end else None,
    )
