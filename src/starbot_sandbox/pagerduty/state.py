"""The PagerDuty account in memory: people, schedules, policies, services, and who is on call at any moment.

A rotation is computed, not stored: a shift begins at a local hour of a day, so that it keeps its hour when
the clocks change. Gaps and extra people are laid over it by the controls.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from starbot_sandbox.clock import Clock
from starbot_sandbox.pagerduty.incidents import Incident, Incidents
from starbot_sandbox.pagerduty.seed import EscalationPolicy, PagerDutySeed, PagerDutyUser, Schedule
from starbot_sandbox.quota import Quota

CALLS_PER_MINUTE = 960
OPERATIONS_PER_MINUTE = 60
"""For the few operations with a limit of their own; PagerDuty says that it is lower, not how low."""
_WEEK = timedelta(weeks=1)


@dataclass(frozen=True)
class Shift:
    """One person on one schedule from `start` to `end` (aware, UTC)."""

    user_id: str
    start: datetime
    end: datetime

    def overlaps(self, since: datetime, until: datetime) -> bool:
        """Whether any of it lies in the range; a range of no length is a moment."""
        return (self.start < until and self.end > since) or self.start <= since < self.end

    def within(self, since: datetime, until: datetime) -> "Shift":
        """Cut at the bounds of the range."""
        return Shift(self.user_id, max(self.start, since), min(self.end, until))


@dataclass(frozen=True)
class Gap:
    """Nobody is on call on a schedule from `start` to `end`."""

    schedule_id: str
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Extra:
    """One more person on a schedule, beside whom the rotation names."""

    schedule_id: str
    shift: Shift


@dataclass(frozen=True)
class OnCall:
    """One person for one level of one policy; without a schedule they are a target themselves, always."""

    policy: EscalationPolicy
    level: int
    user: PagerDutyUser
    schedule: Schedule | None
    start: datetime | None
    end: datetime | None


class PagerDutyState:
    """All that the routes and the controls read and change."""

    def __init__(self, clock: Clock, seed: PagerDutySeed) -> None:
        self.clock = clock
        self.seed = seed
        self.users = {user.id: user for user in seed.users}
        self.schedules = {one.id: one for one in seed.schedules}
        self.gaps = [Gap(one.schedule_id, one.start, one.end) for one in seed.gaps]
        self.extras: list[Extra] = []
        self.services = {one.id: one for one in seed.services}
        self.policies = {one.id: one for one in seed.policies}
        self.subscriptions = {one.id: one for one in seed.subscriptions}
        self.resolved_is_final = seed.resolved_is_final
        self.quota = Quota(CALLS_PER_MINUTE, 60)
        self.operations = Quota(OPERATIONS_PER_MINUTE, 60)
        self.incidents = Incidents(self)
        for incident in seed.incidents:
            self.incidents.remember(incident)

    def settle(self) -> None:
        """Let time that has passed on the clock do its work: escalations and acknowledgements that end."""
        self.incidents.settle(self.clock.now())

    def people_at(self, policy: EscalationPolicy, level: int, at: datetime) -> list[str]:
        """The ids of who is on call for a level at a moment, each once."""
        targets = policy.rules[level - 1].targets
        entries = (one for each in targets for one in self._entries(policy, level, each, at, at))
        return list(dict.fromkeys(entry.user.id for entry in entries))

    def rendered(self, schedule: Schedule, since: datetime, until: datetime) -> list[Shift]:
        """The shifts of a schedule that touch the range, whole (not cut at its bounds), oldest first."""
        shifts = [one for one in _rotation(schedule, since, until) if one.overlaps(since, until)]
        for gap in self.gaps:
            if gap.schedule_id == schedule.id:
                shifts = [part for shift in shifts for part in _minus(shift, gap)]
        shifts += [one.shift for one in self.extras if one.schedule_id == schedule.id]
        found = [one for one in shifts if one.overlaps(since, until)]
        return sorted(found, key=lambda shift: (shift.start, shift.user_id))

    def on_calls(self, since: datetime, until: datetime) -> list[OnCall]:
        """An entry for each policy, level and person (or shift) in the range."""
        return [
            entry
            for policy in self.policies.values()
            for level, rule in enumerate(policy.rules, start=1)
            for target in rule.targets
            for entry in self._entries(policy, level, target, since, until)
        ]

    def _entries(
        self, policy: EscalationPolicy, level: int, target: str, since: datetime, until: datetime
    ) -> Iterable[OnCall]:
        schedule = self.schedules.get(target)
        if schedule is None:
            return [OnCall(policy, level, self.users[target], None, None, None)]
        shifts = self.rendered(schedule, since, until)
        return [
            OnCall(policy, level, self.users[shift.user_id], schedule, shift.start, shift.end)
            for shift in shifts
        ]

    def snapshot(self) -> dict[str, Any]:
        """Incidents by number, and who is on call now on each schedule by its name; no overrides here."""
        self.settle()
        now = self.clock.now()
        return {
            "incidents": [self.shown(one) for one in self.incidents.by_id.values()],
            "overrides": [],
            "oncalls": {
                one.name: [self.users[shift.user_id].name for shift in self.rendered(one, now, now)]
                for one in self.schedules.values()
            },
            "subscriptions": [
                {"id": one.id, "url": one.url, "events": list(one.events), "service": one.service_id}
                for one in self.subscriptions.values()
            ],
        }

    def shown(self, one: Incident) -> dict[str, Any]:
        def names(people: Iterable[str]) -> list[str]:
            return [self.users[user_id].name for user_id in people]

        return {
            "id": one.id,
            "number": one.number,
            "key": one.key,
            "service": self.services[one.service_id].name,
            "policy": self.policies[one.policy_id].name,
            "level": one.level,
            "status": one.status,
            "title": one.title,
            "body": one.details,
            "urgency": one.urgency,
            "priority": dict(self.seed.priorities).get(one.priority_id),
            "assignees": names(one.assignees),
            "acknowledgers": names(one.acknowledgers),
            "created_at": one.created_at.isoformat(),
            "escalates_at": one.escalates_at.isoformat() if one.escalates_at else None,
            "log": [
                {
                    "at": entry.at.isoformat(),
                    "kind": entry.kind,
                    "by": self.users[entry.agent_id].name if entry.agent_id else "",
                    "summary": entry.summary,
                }
                for entry in one.log
            ],
            "notes": [{"by": self.users[note.user_id].name, "content": note.content} for note in one.notes],
        }


def _rotation(schedule: Schedule, since: datetime, until: datetime) -> Iterable[Shift]:
    zone = ZoneInfo(schedule.time_zone)
    day = since.astimezone(zone).date() - timedelta(days=2)
    last = until.astimezone(zone).date() + timedelta(days=1)
    while day <= last:
        start = datetime(day.year, day.month, day.day, schedule.starts_hour, tzinfo=zone)
        # Local arithmetic keeps the hour of the wall clock; only then UTC.
        end = start + timedelta(hours=schedule.hours)
        yield Shift(_whose_turn(schedule, start), start.astimezone(UTC), end.astimezone(UTC))
        day += timedelta(days=1)


def _whose_turn(schedule: Schedule, start: datetime) -> str:
    epoch = schedule.epoch.astimezone(start.tzinfo).replace(tzinfo=None)
    weeks = (start.replace(tzinfo=None) - epoch) // _WEEK
    return schedule.users[weeks % len(schedule.users)]


def _minus(shift: Shift, gap: Gap) -> list[Shift]:
    if not shift.overlaps(gap.start, gap.end):
        return [shift]
    before = Shift(shift.user_id, shift.start, min(shift.end, gap.start))
    after = Shift(shift.user_id, max(shift.start, gap.end), shift.end)
    return [part for part in (before, after) if part.start < part.end]
