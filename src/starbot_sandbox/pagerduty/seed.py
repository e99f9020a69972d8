"""What a scenario says about a PagerDuty account before anything has happened in it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class PagerDutyUser:
    """A person who can be on call."""

    id: str
    name: str
    email: str
    time_zone: str = "Etc/UTC"
    job_title: str = ""


@dataclass(frozen=True)
class Schedule:
    """A daily shift from `starts_hour` for `hours` hours in `time_zone`; `users` take a week each, in order.

    A week turns over on Monday at 09:00 in `time_zone`; the first of `users` has the week of `epoch`.
    """

    id: str
    name: str
    users: tuple[str, ...]
    epoch: datetime
    starts_hour: int = 0
    hours: int = 24
    time_zone: str = "Europe/Amsterdam"


@dataclass(frozen=True)
class EscalationRule:
    """One level of a policy: `targets` are ids of schedules and users."""

    delay_minutes: int
    targets: tuple[str, ...]


@dataclass(frozen=True)
class EscalationPolicy:
    """Who is asked in which order."""

    id: str
    name: str
    rules: tuple[EscalationRule, ...]


@dataclass(frozen=True)
class Service:
    """What incidents are opened on."""

    id: str
    name: str
    policy_id: str
    description: str = ""


@dataclass(frozen=True)
class PagerDutySeed:
    """An account with one API key."""

    users: tuple[PagerDutyUser, ...]
    schedules: tuple[Schedule, ...]
    policies: tuple[EscalationPolicy, ...]
    services: tuple[Service, ...]
    token: str = "pd-sandbox"
