"""Incidents and what can happen to them: triggered, acknowledged, escalated, reassigned, resolved.

support.pagerduty.com, Incidents and Escalation policies: an escalation goes to the next level that has
somebody on call; an acknowledgement stops it and leaves the incident with who gave it; the last level keeps it.
Whatever happens is told to `listener`, with the moment at which it did.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from starbot_sandbox.pagerduty.refusal import Refusal, invalid
from starbot_sandbox.pagerduty.seed import EscalationPolicy, PagerDutyUser, SeedIncident, Service

LONGEST_TITLE = 1024
MOST_NOTES = 2000


@dataclass(frozen=True)
class LogEntry:
    """One line of an incident's history. `agent_id` is a user, "" for the service or a timer."""

    id: str
    kind: str
    at: datetime
    agent_id: str
    summary: str
    assignees: tuple[str, ...] = ()


@dataclass(frozen=True)
class Note:
    """What somebody wrote on an incident."""

    id: str
    user_id: str
    content: str
    at: datetime


@dataclass
class Incident:
    """An incident as it is now. `assignees` and `acknowledgers` map user ids to the moment."""

    id: str
    number: int
    key: str
    service_id: str
    title: str
    details: str
    urgency: str
    policy_id: str
    created_at: datetime
    updated_at: datetime
    changed_at: datetime
    changed_by: str = ""
    status: str = "triggered"
    level: int = 1
    is_direct: bool = False
    priority_id: str = ""
    assignees: dict[str, datetime] = field(default_factory=dict)
    acknowledgers: dict[str, datetime] = field(default_factory=dict)
    resolved_at: datetime | None = None
    reopened_at: datetime | None = None
    escalates_at: datetime | None = None
    ack_ends_at: datetime | None = None
    log: list[LogEntry] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Whether it is triggered or acknowledged."""
        return self.status != "resolved"


class Happening(NamedTuple):
    """Something happened to an incident: the type of its webhook, who did it ("": a timer), more data."""

    kind: str
    incident: Incident
    agent_id: str
    at: datetime
    more: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Draft:
    """What an incident is opened with. `assignee` and `policy` exclude one another."""

    service: Service
    title: str
    details: str = ""
    key: str = ""
    urgency: str = "high"
    priority_id: str = ""
    policy: EscalationPolicy | None = None
    assignee: PagerDutyUser | None = None


class Account(Protocol):
    """What the incidents know of the account around them."""

    services: dict[str, Service]
    policies: dict[str, EscalationPolicy]
    users: dict[str, PagerDutyUser]
    resolved_is_final: bool

    def people_at(self, policy: EscalationPolicy, level: int, at: datetime) -> list[str]:
        """The ids of who is on call for a level, each once."""


class Incidents:
    """Every incident of the account, by id. `at` is always handed in: history is written with old moments."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.by_id: dict[str, Incident] = {}
        self.listener: Callable[[Happening], None] = lambda happening: None

    def find(self, name: str) -> Incident | None:
        """By id or by number."""
        found = self.by_id.get(name)
        return found or next((one for one in self.by_id.values() if str(one.number) == name), None)

    def open_with(self, key: str, service_id: str) -> Incident | None:
        """The open incident of a key on a service."""
        same = (one for one in self.by_id.values() if (one.key, one.service_id) == (key, service_id))
        return next((one for one in same if one.is_open), None)

    def trigger(self, draft: Draft, by: str, at: datetime, through: str) -> Incident:
        """Open an incident. Refusal where PagerDuty would not."""
        self._check(draft)
        policy = draft.policy or self.account.policies[draft.service.policy_id]
        level = 1 if draft.assignee else self._level_from(policy, 1, at)
        if level is None:
            raise Refusal(400, "Escalation Policy Has No User On Call", 1015)
        number = len(self.by_id) + 1
        incident = Incident(
            id=f"Q{number:03}SANDBOX{number:03}",
            number=number,
            key=draft.key or hashlib.md5(str(number).encode(), usedforsecurity=False).hexdigest(),
            service_id=draft.service.id,
            title=draft.title,
            details=draft.details,
            urgency=draft.urgency,
            policy_id=policy.id,
            created_at=at,
            updated_at=at,
            changed_at=at,
            changed_by=by,
            level=level,
            priority_id=draft.priority_id,
        )
        self.by_id[incident.id] = incident
        self._log(incident, "trigger", at, by, f"Triggered through {through}")
        if draft.assignee:
            self._hold(incident, [draft.assignee.id], at, is_direct=True)
        else:
            self._hold_level(incident, level, at)
        self._log(incident, "assign", at, by, f"Assigned to {self._names(incident)}")
        self._tell("incident.triggered", incident, by, at)
        if draft.assignee and draft.assignee.id == by:
            self.acknowledge(incident, by, at)
        return incident

    def _check(self, draft: Draft) -> None:
        if not draft.title.strip():
            raise invalid("Title can't be blank")
        if len(draft.title) > LONGEST_TITLE:
            raise invalid(f"Title is too long (maximum is {LONGEST_TITLE})")
        if draft.service.status != "active":
            raise Refusal(400, "Incident could not be created", 2001, "Service is disabled")
        if draft.key and self.open_with(draft.key, draft.service.id):
            taken = "Open incident with matching dedup key already exists on this service"
            raise Refusal(400, "Arguments Caused Error", 2002, taken)

    def acknowledge(self, incident: Incident, by: str, at: datetime) -> None:
        """Somebody has seen it: they hold it, nobody else is asked. Twice by the same person changes nothing."""
        if not incident.is_open:
            self.reopen(incident, by, at)
        if by in incident.acknowledgers:
            return
        if incident.status == "triggered":
            self._hold(incident, [by], at, is_direct=incident.is_direct)
        self._change(incident, "acknowledged", by, at)
        incident.acknowledgers[by] = at
        incident.escalates_at = None
        timeout_s = self.account.services[incident.service_id].ack_timeout_s
        incident.ack_ends_at = at + timedelta(seconds=timeout_s) if timeout_s else None
        self._log(incident, "acknowledge", at, by, f"Acknowledged by {self._name(by)}")
        self._tell("incident.acknowledged", incident, by, at)

    def unacknowledge(self, incident: Incident, at: datetime) -> None:
        """The acknowledgement has timed out: triggered again, for the same people."""
        self._must_be_open(incident)
        self._trigger_again(incident, "", at)
        if not incident.is_direct:
            incident.escalates_at = at + self._delay(incident)
        self._log(incident, "unacknowledge", at, "", "Unacknowledged due to timeout")
        self._tell("incident.unacknowledged", incident, "", at)

    def resolve(self, incident: Incident, by: str, at: datetime, resolution: str = "") -> None:
        """It is over. Refusal code 1001 if it was already."""
        self._must_be_open(incident)
        self._change(incident, "resolved", by, at)
        incident.resolved_at = at
        incident.assignees, incident.acknowledgers = {}, {}
        incident.escalates_at = incident.ack_ends_at = None
        more = f": {resolution}" if resolution else ""
        self._log(incident, "resolve", at, by, f"Resolved by {self._name(by)}{more}")
        self._tell("incident.resolved", incident, by, at)

    def reopen(self, incident: Incident, by: str, at: datetime, *, through_api: bool = True) -> None:
        """A resolved incident is triggered again; through the API only where the account knows that, else
        Refusal code 1001."""
        if incident.is_open:
            raise Refusal(400, "Invalid Status Provided", 1003)
        if through_api and self.account.resolved_is_final:
            raise Refusal(400, "Incident Already Resolved", 1001)
        incident.resolved_at, incident.reopened_at = None, at
        self._change(incident, "triggered", by, at)
        self._hold_level(incident, incident.level, at)
        self._log(incident, "trigger", at, by, f"Reopened by {self._name(by)}")
        self._tell("incident.reopened", incident, by, at)

    def reassign(self, incident: Incident, to: Iterable[str], by: str, at: datetime) -> None:
        """Give it to these people. It is triggered for them, and escalates no more."""
        self._must_be_open(incident)
        self._trigger_again(incident, by, at)
        self._hold(incident, to, at, is_direct=True)
        self._log(incident, "assign", at, by, f"Reassigned to {self._names(incident)}")
        self._tell("incident.reassigned", incident, by, at)

    def delegate(self, incident: Incident, policy: EscalationPolicy, by: str, at: datetime) -> None:
        """Give it to another escalation policy."""
        self._must_be_open(incident)
        level = self._level_from(policy, 1, at)
        if level is None:
            raise Refusal(400, "Escalation Policy Has No User On Call", 1015)
        incident.policy_id = policy.id
        self._trigger_again(incident, by, at)
        self._hold_level(incident, level, at)
        self._log(incident, "delegate", at, by, f"Delegated to {policy.name}")
        self._tell("incident.delegated", incident, by, at)

    def escalate(self, incident: Incident, by: str, at: datetime, level: int | None = None) -> None:
        """To a level, the next by default. Refusal code 1006 where there is none, or nobody in it."""
        self._must_be_open(incident)
        policy = self.account.policies[incident.policy_id]
        wanted = self._level_from(policy, level or incident.level + 1, at)
        if wanted is None or (level is not None and wanted != level):
            raise Refusal(400, "Cannot Escalate", 1006)
        self._trigger_again(incident, by, at)
        self._hold_level(incident, wanted, at)
        why = f"by {self._name(by)}" if by else "due to timeout"
        self._log(incident, "escalate", at, by, f"Escalated to {self._names(incident)} {why}")
        self._tell("incident.escalated", incident, by, at)

    def annotate(self, incident: Incident, by: str, content: str, at: datetime) -> Note:
        """Write a note on it, resolved or not."""
        if len(incident.notes) >= MOST_NOTES:
            raise Refusal(400, "Simple Log Entry Limit Reached", 5002)
        note = Note(f"{incident.id}N{len(incident.notes) + 1}", by, content, at)
        incident.notes.append(note)
        incident.updated_at = at
        self._log(incident, "annotate", at, by, f"Note added by {self._name(by)}")
        self._tell("incident.annotated", incident, by, at, note=note)
        return note

    def prioritise(self, incident: Incident, priority_id: str, by: str, at: datetime) -> None:
        """Set its priority."""
        self._must_be_open(incident)
        incident.priority_id, incident.updated_at = priority_id, at
        self._log(incident, "field_value_change", at, by, "Priority changed")
        self._tell("incident.priority_updated", incident, by, at)

    def retitle(self, incident: Incident, title: str, at: datetime) -> None:
        """Give it another title. No webhook tells of it."""
        self._check(replace(_draft_of(incident, self.account), title=title, key=""))
        incident.title, incident.updated_at = title, at

    def ask(self, incident: Incident, user_id: str, message: str, by: str, at: datetime) -> None:
        """Ask one more person to help with it."""
        self._must_be_open(incident)
        self._tell("incident.responder.added", incident, by, at, user_id=user_id, message=message)

    def settle(self, now: datetime) -> None:
        """Let every timer that has run out by `now` do its work, oldest first, at the moment it ran out."""
        while due := self._next_due(now):
            at, incident = due
            if incident.ack_ends_at == at:
                incident.ack_ends_at = None
                self.unacknowledge(incident, at)
            else:
                incident.escalates_at = None
                self._escalate_by_timer(incident, at)

    def _next_due(self, now: datetime) -> tuple[datetime, Incident] | None:
        due = [
            (at, incident)
            for incident in self.by_id.values()
            for at in (incident.escalates_at, incident.ack_ends_at)
            if at is not None and at <= now
        ]
        return min(due, key=lambda pair: (pair[0], pair[1].number), default=None)

    def _escalate_by_timer(self, incident: Incident, at: datetime) -> None:
        policy = self.account.policies[incident.policy_id]
        if self._level_from(policy, incident.level + 1, at) is None:
            self._log(incident, "exhaust_escalation_path", at, "", "Exhausted the escalation path")
        else:
            self.escalate(incident, "", at)

    def remember(self, seed: SeedIncident) -> None:
        """Open a seed's incident and let its history happen."""
        draft = Draft(self.account.services[seed.service_id], seed.title, seed.details, seed.key)
        incident = self.trigger(draft, "", seed.at, "an integration")
        for step in seed.steps:
            self.settle(step.at)
            match step.action:
                case "acknowledge":
                    self.acknowledge(incident, step.user_id, step.at)
                case "escalate":
                    self.escalate(incident, step.user_id, step.at)
                case "resolve":
                    self.resolve(incident, step.user_id, step.at)
                case "reassign":
                    self.reassign(incident, [step.to], step.user_id, step.at)
                case other:
                    raise ValueError(f"a seed's incident cannot {other}")

    # -- the parts of which the above is made

    def _must_be_open(self, incident: Incident) -> None:
        if not incident.is_open:
            raise Refusal(400, "Incident Already Resolved", 1001)

    def _level_from(self, policy: EscalationPolicy, level: int, at: datetime) -> int | None:
        """The first level from `level` on that has somebody on call."""
        levels = range(level, len(policy.rules) + 1)
        return next((one for one in levels if self.account.people_at(policy, one, at)), None)

    def _hold_level(self, incident: Incident, level: int, at: datetime) -> None:
        policy = self.account.policies[incident.policy_id]
        incident.level = level
        self._hold(incident, self.account.people_at(policy, level, at), at, is_direct=False)
        incident.escalates_at = at + self._delay(incident)

    def _hold(self, incident: Incident, people: Iterable[str], at: datetime, *, is_direct: bool) -> None:
        incident.assignees = dict.fromkeys(people, at)
        incident.is_direct = is_direct
        incident.updated_at = at

    def _delay(self, incident: Incident) -> timedelta:
        rules = self.account.policies[incident.policy_id].rules
        return timedelta(minutes=rules[incident.level - 1].delay_minutes)

    def _trigger_again(self, incident: Incident, by: str, at: datetime) -> None:
        incident.acknowledgers = {}
        incident.escalates_at = incident.ack_ends_at = None
        if incident.status != "triggered":
            self._change(incident, "triggered", by, at)

    def _change(self, incident: Incident, status: str, by: str, at: datetime) -> None:
        incident.status, incident.changed_by, incident.changed_at, incident.updated_at = status, by, at, at

    def _log(self, incident: Incident, kind: str, at: datetime, by: str, summary: str) -> None:
        id_ = f"{incident.id}L{len(incident.log) + 1:03}"
        incident.log.append(LogEntry(id_, kind, at, by, summary, tuple(incident.assignees)))

    def _tell(self, kind: str, incident: Incident, by: str, at: datetime, **more: Any) -> None:
        self.listener(Happening(kind, incident, by, at, more))

    def _name(self, user_id: str) -> str:
        return self.account.users[user_id].name if user_id else "the service"

    def _names(self, incident: Incident) -> str:
        return ", ".join(self._name(user_id) for user_id in incident.assignees)


def _draft_of(incident: Incident, account: Account) -> Draft:
    """The draft of an open incident, whose service may have been disabled since."""
    service = replace(account.services[incident.service_id], status="active")
    return Draft(service, incident.title, incident.details)
