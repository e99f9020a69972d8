"""What a scenario says about a PagerDuty account before anything has happened in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
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
    """What incidents are opened on. `ack_timeout_s` seconds after an acknowledgement it is triggered again."""

    id: str
    name: str
    policy_id: str
    description: str = ""
    status: str = "active"
    ack_timeout_s: int | None = None


@dataclass(frozen=True)
class Subscription:
    """Where webhooks go: `events` names the types, `service_id` the one service whose incidents are meant.

    Two `secrets` while the secret is rotated: each signs.
    """

    id: str
    url: str
    events: tuple[str, ...]
    secrets: tuple[str, ...]
    service_id: str = ""
    description: str = ""


@dataclass(frozen=True)
class Step:
    """What has happened to an incident: "acknowledge", "escalate", "resolve" or "reassign" by a user id."""

    at: datetime
    action: str
    user_id: str
    to: str = ""


@dataclass(frozen=True)
class SeedIncident:
    """An incident that is there from the start, opened by an integration, and its history."""

    service_id: str
    title: str
    details: str
    key: str
    at: datetime
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True)
class SeedGap:
    """Nobody is on call on a schedule from `start` to `end`."""

    schedule_id: str
    start: datetime
    end: datetime


@dataclass(frozen=True)
class PagerDutySeed:
    """An account with an API key that may all, one that may only read, and keys of persons (key: user id).

    `resolved_is_final`: an update of a resolved incident is refused. PagerDuty's API description says of
    newer accounts that setting such an incident to triggered or acknowledged reopens it.
    """

    users: tuple[PagerDutyUser, ...]
    schedules: tuple[Schedule, ...]
    policies: tuple[EscalationPolicy, ...]
    services: tuple[Service, ...]
    token: str = "pd-sandbox"
    read_only_token: str = "pd-sandbox-read-only"
    user_tokens: Mapping[str, str] = field(default_factory=dict)
    subscriptions: tuple[Subscription, ...] = ()
    incidents: tuple[SeedIncident, ...] = ()
    gaps: tuple[SeedGap, ...] = ()
    priorities: tuple[tuple[str, str], ...] = (("PRIO1", "P1"), ("PRIO2", "P2"), ("PRIO3", "P3"))
    resolved_is_final: bool = True
