"""PagerDuty's JSON of incidents, their notes and their log, as the REST API answers them and webhooks send them.

Shapes: PagerDuty/api-schema, reference/REST/openapiv3.json; PagerDuty/developer-docs, docs/webhooks.
"""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from starbot_sandbox.pagerduty import shapes
from starbot_sandbox.pagerduty.incidents import Happening, Incident, LogEntry, Note
from starbot_sandbox.pagerduty.state import PagerDutyState

Json = dict[str, Any]
SITE = "https://gitlab-sandbox.pagerduty.com"
API = "https://api.pagerduty.com"
"""What webhooks give as the API's address, whoever asks."""


class Writer:
    """Writes incidents for one answer: `included` is given whole, times as `moment` shows them."""

    def __init__(
        self,
        state: PagerDutyState,
        api: str,
        included: Collection[str] = (),
        moment: Callable[[datetime], str] = shapes.moment,
    ) -> None:
        self.state = state
        self.api = api
        self.included = included
        self.moment = moment

    def incident(self, one: Incident) -> Json:
        """An incident as REST answers it."""
        shown = {
            **self.reference(one),
            "type": "incident",
            "incident_number": one.number,
            "title": one.title,
            "created_at": self.moment(one.created_at),
            "updated_at": self.moment(one.updated_at),
            "status": one.status,
            "incident_key": one.key,
            "service": self.service(one),
            "assignments": [
                {"at": self.moment(at), "assignee": self.user(who, "assignees")}
                for who, at in one.assignees.items()
            ],
            "assigned_via": "direct_assignment" if one.is_direct else "escalation_policy",
            "last_status_change_at": self.moment(one.changed_at),
            "last_status_change_by": self.agent(one, one.changed_by),
            "resolved_at": self.moment(one.resolved_at) if one.resolved_at else None,
            "first_trigger_log_entry": self.first_entry(one),
            "alert_counts": {"all": 0, "triggered": 0, "resolved": 0},
            "is_mergeable": True,
            "incident_type": {"name": "incident_default"},
            "escalation_policy": self.policy(one),
            "teams": [],
            "pending_actions": self.pending(one),
            "acknowledgements": [
                {"at": self.moment(at), "acknowledger": self.user(who, "acknowledgers")}
                for who, at in one.acknowledgers.items()
            ],
            "alert_grouping": None,
            "priority": self.priority(one),
            "resolve_reason": None,
            "incidents_responders": [],
            "responder_requests": [],
            "urgency": one.urgency,
        }
        if "body" in self.included:
            shown["body"] = {"type": "incident_body", "details": one.details}
        return shown

    def reference(self, one: Incident) -> Json:
        """An `incident_reference`."""
        return {
            "id": one.id,
            "type": "incident_reference",
            "summary": f"[#{one.number}] {one.title}",
            "self": f"{self.api}/incidents/{one.id}",
            "html_url": f"{SITE}/incidents/{one.id}",
        }

    def service(self, one: Incident) -> Json:
        """The incident's service."""
        found = self.state.services[one.service_id]
        if "services" in self.included:
            return shapes.service(found, self.state, self.api)
        return shapes.reference("service", found.id, found.name, self.api)

    def policy(self, one: Incident) -> Json:
        """The incident's escalation policy."""
        found = self.state.policies[one.policy_id]
        if "escalation_policies" in self.included:
            return shapes.escalation_policy(found, self.state, self.api)
        return shapes.reference("escalation_policy", found.id, found.name, self.api)

    def user(self, user_id: str, role: str = "users") -> Json:
        """A person, whole where their role is included."""
        found = self.state.users[user_id]
        if role in self.included:
            return shapes.user(found, self.api)
        return shapes.reference("user", found.id, found.name, self.api)

    def agent(self, one: Incident, user_id: str) -> Json:
        """Who did something: a person, else the service itself."""
        return self.user(user_id, "agents") if user_id else self.service(one)

    def priority(self, one: Incident) -> Json | None:
        """The incident's priority, None where it has none."""
        name = dict(self.state.seed.priorities).get(one.priority_id)
        if name is None:
            return None
        about = shapes.reference("priority", one.priority_id, name, self.api)
        return {**about, "type": "priority", "name": name, "description": ""}

    def pending(self, one: Incident) -> list[Json]:
        """What the timers will do if nobody does anything."""
        timers = (("escalate", one.escalates_at), ("unacknowledge", one.ack_ends_at))
        return [{"type": kind, "at": self.moment(at)} for kind, at in timers if at]

    def first_entry(self, one: Incident) -> Json:
        """The log entry that opened it."""
        if "first_trigger_log_entries" in self.included:
            return self.entry(one, one.log[0])
        return self.entry_reference(one, one.log[0])

    def entry_reference(self, one: Incident, line: LogEntry) -> Json:
        """A reference to a log entry."""
        return {
            "id": line.id,
            "type": f"{line.kind}_log_entry_reference",
            "summary": line.summary,
            "self": f"{self.api}/log_entries/{line.id}?incident_id={one.id}",
            "html_url": f"{SITE}/incidents/{one.id}/log_entries/{line.id}",
        }

    def entry(self, one: Incident, line: LogEntry) -> Json:
        """A log entry."""
        shown = {
            **self.entry_reference(one, line),
            "type": f"{line.kind}_log_entry",
            "created_at": self.moment(line.at),
            "agent": self.agent(one, line.agent_id),
            "channel": {"type": "website" if line.agent_id else "auto"},
            "service": self.service(one),
            "incident": self.reference(one),
            "teams": [],
            "contexts": [],
            "event_details": {},
        }
        if line.kind in ("assign", "escalate", "delegate"):
            shown["assignees"] = [self.user(who) for who in line.assignees]
        return shown

    def note(self, one: Note) -> Json:
        """A note."""
        return {
            "id": one.id,
            "user": self.user(one.user_id),
            "channel": {"summary": "The PagerDuty website or APIs"},
            "content": one.content,
            "created_at": self.moment(one.at),
        }


def webhook(happening: Happening, event_id: str, state: PagerDutyState) -> Json:
    """The body of a v3 webhook."""
    writer = Writer(state, API)
    data = _data(writer, happening)
    return {
        "event": {
            "id": event_id,
            "event_type": happening.kind,
            "resource_type": "incident",
            "occurred_at": happening.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "agent": writer.user(happening.agent_id) if happening.agent_id else None,
            "client": None,
            "data": data,
        }
    }


def _data(writer: Writer, happening: Happening) -> Json:
    one, more = happening.incident, happening.more
    bare = {**writer.reference(one), "summary": one.title}
    if "note" in more:
        note: Note = more["note"]
        return {
            "incident": bare,
            "id": note.id,
            "content": note.content,
            "trimmed": False,
            "type": "incident_note",
        }
    if "user_id" in more:
        return {
            "incident": bare,
            "user": writer.user(more["user_id"]),
            "escalation_policy": writer.policy(one),
            "message": more["message"],
            "state": "pending",
            "type": "incident_responder",
        }
    return more["data"] if "data" in more else _incident(writer, one)


def _incident(writer: Writer, one: Incident) -> Json:
    """An incident as webhooks show it: without acknowledgements, body and timers, with names of its own."""
    name = dict(writer.state.seed.priorities).get(one.priority_id)
    priority = shapes.reference("priority", one.priority_id, name, writer.api) if name else None
    return {
        "id": one.id,
        "type": "incident",
        "self": f"{writer.api}/incidents/{one.id}",
        "html_url": f"{SITE}/incidents/{one.id}",
        "number": one.number,
        "status": one.status,
        "incident_key": one.key,
        "created_at": shapes.moment(one.created_at),
        "reopened_at": shapes.moment(one.reopened_at) if one.reopened_at else None,
        "title": one.title,
        "incident_type": {"name": "incident_default"},
        "service": writer.service(one),
        "assignees": [writer.user(who) for who in one.assignees],
        "escalation_policy": writer.policy(one),
        "teams": [],
        "priority": priority,
        "urgency": one.urgency,
        "conference_bridge": None,
        "resolve_reason": None,
    }
