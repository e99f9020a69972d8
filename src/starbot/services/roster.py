"""Who carries the pager and who may change a STAR: PagerDuty, Slack and the people file put together.

Every answer is remembered, so that PagerDuty may be down: then the schedule as it was known counts, and its
age is said. Rights are kept in memory and renewed by `refresh`, because no click may wait for a vendor.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

from pydantic import TypeAdapter

from starbot.core.facts import OnCall, Person
from starbot.errors import ServiceDelayed, ServiceError
from starbot.services.pagerduty import PagerDutyService, Shift
from starbot.services.people import People
from starbot.services.slack import SlackService

AHEAD = timedelta(hours=24)
"""How much of the schedules is remembered for the time that PagerDuty does not answer."""

_SHIFTS = "shifts"
_SHIFT_ROWS = TypeAdapter(list[Shift])
_MANAGERS = "managers_by_source"
_ON_CALL = "on call"
_ENGINEERS = "engineers_on_call"
_ENGINEER_ROWS = TypeAdapter(list[Person])
_MANAGERS_BY_SOURCE = TypeAdapter(dict[str, dict[str, Person]])
"""Managers by Slack id, apart for each source of rights: a source that answers replaces its own only."""


class Memory(Protocol):
    """Keeps JSON values under names, across restarts."""

    def remember(self, name: str, at: datetime, body: Any) -> None:
        """Keeps a value."""

    def recall(self, name: str) -> tuple[datetime, Any] | None:
        """The value and when it was kept."""


class Roster:
    """Who is on call, and who may act. `schedules` and `groups` map names to ids and are read at each use,
    because names are resolved again when their service answers; `rotation` is the id of the policy whose first
    level are the engineers on call, None while it is not known."""

    def __init__(
        self,
        slack: SlackService,
        pagerduty: PagerDutyService,
        people: People,
        memory: Memory,
        now: Callable[[], datetime],
        schedules: Callable[[], Mapping[str, str]],
        groups: Callable[[], Mapping[str, str]],
        rotation: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._slack = slack
        self._pagerduty = pagerduty
        self._people = people
        self._memory = memory
        self._now = now
        self._schedules = schedules
        self._groups = groups
        self._rotation = rotation
        self._lock = threading.Lock()
        kept = memory.recall(_MANAGERS)
        self._managers = _MANAGERS_BY_SOURCE.validate_python(kept[1] if kept else {})
        kept = memory.recall(_ENGINEERS)
        self._engineers = _ENGINEER_ROWS.validate_python(kept[1] if kept else [])

    # -- on call

    def on_call(self) -> OnCall:
        """Who is on call now, each person once, asked of PagerDuty; remembered where it does not answer."""
        now = self._now()
        try:
            shifts = self._ask(now)
        except ServiceError:
            return self._remembered(now)
        managers = self._persons(shifts, now)
        with self._lock:
            # Whom a card mentions may press its buttons, even where the refresh has not seen an override yet.
            self._managers = {**self._managers, _ON_CALL: {one.slack: one for one in managers if one.slack}}
        return OnCall(managers=managers, source="live", as_of=now)

    def _ask(self, now: datetime) -> list[Shift]:
        schedule_ids = list(self._schedules().values())
        if not schedule_ids:
            # To PagerDuty no schedule means every schedule. Nothing is known until their names resolve.
            raise ServiceDelayed("pagerduty", "ask who is on call")
        shifts = self._pagerduty.on_call(schedule_ids, since=now, until=now + AHEAD)
        self._memory.remember(_SHIFTS, now, _SHIFT_ROWS.dump_python(shifts, mode="json"))
        return shifts

    def _remembered(self, now: datetime) -> OnCall:
        kept = self._memory.recall(_SHIFTS)
        if kept is None:
            return OnCall()
        as_of, rows = kept
        managers = self._persons(_SHIFT_ROWS.validate_python(rows), now)
        return OnCall(managers=managers, source="remembered" if managers else "none", as_of=as_of)

    def _persons(self, shifts: list[Shift], now: datetime) -> tuple[Person, ...]:
        found: dict[str, Person] = {}
        for shift in shifts:
            if (shift.start is None or shift.start <= now) and (shift.end is None or now < shift.end):
                found.setdefault(shift.person.pagerduty, shift.person)
        return tuple(self._named_at_least(person) for person in found.values())

    def _named_at_least(self, person: Person) -> Person:
        """The person as known everywhere; without Slack the name must do."""
        try:
            return self._known(person)
        except ServiceError:
            return self._people.known(person)

    def _known(self, person: Person) -> Person:
        """With what the people file adds; a Slack id that it lacks is found by e-mail. ServiceError."""
        found = self._people.known(person)
        if found.slack or not found.email:
            return found
        return found.model_copy(update={"slack": self._slack.user_id_by_email(found.email) or ""})

    def known(self, slack_id: str, name: str) -> Person:
        """A colleague by Slack id, with what the people file adds; `name` where it has none. Waits for nobody."""
        found = self._people.known(Person(name="", slack=slack_id))
        return found if found.name else found.model_copy(update={"name": name})

    def somebody(self, slack_id: str) -> Person:
        """The same, by the name that Slack has where the people file has none; by the id where Slack does not say."""
        try:
            return self.known(slack_id, self._slack.user_name(slack_id))
        except ServiceError:
            return Person(name=slack_id, slack=slack_id)

    def managers_among(self, people: Iterable[Person]) -> tuple[Person, ...]:
        """Those of these PagerDuty users who are managers, on call now or otherwise, as known everywhere."""
        on_call = {one.pagerduty: one for one in self.on_call().managers}
        with self._lock:
            others = [one for found in self._managers.values() for one in found.values()]
        managers = {one.pagerduty: one for one in others if one.pagerduty} | on_call
        return tuple(managers[one.pagerduty] for one in people if one.pagerduty in managers)

    # -- rights

    def manager(self, slack_id: str) -> Person | None:
        """The manager with this Slack id, None for everybody else. Waits for nobody."""
        with self._lock:
            return next((found[slack_id] for found in self._managers.values() if slack_id in found), None)

    def managers(self) -> tuple[Person, ...]:
        """Every manager, as known last. Waits for nobody."""
        with self._lock:
            return tuple(
                {slack: one for found in self._managers.values() for slack, one in found.items()}.values()
            )

    def engineer(self, slack_id: str) -> Person | None:
        """The engineer on call with this Slack id, None for everybody else. Waits for nobody."""
        with self._lock:
            return next((one for one in self._engineers if one.slack == slack_id), None)

    def engineers(self) -> tuple[Person, ...]:
        """The engineers on call, as known last. Waits for nobody."""
        with self._lock:
            return tuple(self._engineers)

    def refresh(self) -> None:
        """Reads schedules, manager groups and engineers on call anew; what does not answer stays as it was known."""
        now = self._now()
        sources: dict[str, Callable[[], list[Person]]] = {"schedules": partial(self._scheduled, now)}
        for name, group_id in self._groups().items():
            sources[f"group {name}"] = partial(self._members, group_id)
        managers = {source: self._read(source, read) for source, read in sources.items()}
        with self._lock:
            self._managers = managers
        self._memory.remember(_MANAGERS, now, _MANAGERS_BY_SOURCE.dump_python(managers, mode="json"))
        self._refresh_engineers(now)

    def _refresh_engineers(self, now: datetime) -> None:
        rotation = self._rotation()
        if rotation is None:
            return
        try:
            levels = self._pagerduty.on_call_for_policy(rotation)
        except ServiceError:
            return
        engineers = [self._named_at_least(one) for one in levels.get(min(levels, default=0), ())]
        with self._lock:
            self._engineers = engineers
        self._memory.remember(_ENGINEERS, now, _ENGINEER_ROWS.dump_python(engineers, mode="json"))

    def _read(self, source: str, read: Callable[[], list[Person]]) -> dict[str, Person]:
        try:
            return {person.slack: person for person in read() if person.slack}
        except ServiceError:
            return self._managers.get(source, {})

    def _scheduled(self, now: datetime) -> list[Person]:
        return [self._known(shift.person) for shift in self._ask(now)]

    def _members(self, group_id: str) -> list[Person]:
        return [self._member(slack_id) for slack_id in sorted(self._slack.group_members(group_id))]

    def _member(self, slack_id: str) -> Person:
        found = self._people.known(Person(name="", slack=slack_id))
        return found if found.name else found.model_copy(update={"name": self._slack.user_name(slack_id)})
