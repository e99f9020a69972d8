"""PagerDuty through pdpyras: who is on call, and the incidents by which people are paged.

Nothing here repeats a write: who lost an answer looks for the incident by its key.

The only file that knows pdpyras, which its makers deprecated in favour of `pagerduty`: it is the library that
this project was asked to use, and it is replaced here and nowhere else when it must be.
"""

import json
import warnings
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import quote

from starbot.core.facts import Incident, Person
from starbot.errors import RefusedReason, ServiceRefused
from starbot.services.wire import Deeds, Door, Limits, Pool, Rejected

with warnings.catch_warnings():
    # Known and accepted (see above); the admin cannot do anything about it, so it must not greet every start.
    warnings.filterwarnings("ignore", message='The package "pdpyras" is deprecated')
    import pdpyras


class Shift(NamedTuple):
    """One person's turn in one schedule; None means without beginning or end."""

    person: Person
    schedule_id: str
    start: datetime | None
    end: datetime | None


_WHOLE = ["assignees", "acknowledgers", "agents"]
"""Whom an incident shows with their address; by default it gives ids and names."""

_CODES: dict[int, RefusedReason] = {
    1001: "already_resolved",
    1007: "user_missing",
    1008: "from_unknown",
    1014: "policy_missing",
    1015: "nobody_on_call",
    5002: "service_missing",
}
_WORDS: dict[str, RefusedReason] = {
    "matching dedup key already exists": "key_taken",
    "is too long": "too_long",
    "disabled": "service_disabled",
}
_STATUSES: dict[int, RefusedReason] = {
    401: "unauthorized",
    402: "forbidden",
    403: "forbidden",
    404: "not_found",
}


def _reason(no: Rejected) -> RefusedReason:
    """What a refusal means: by its code, else by its details, else by its status (developer.pagerduty.com,
    Errors)."""
    try:
        error = json.loads(no.body)["error"]
        code, details = error.get("code"), " ".join(map(str, error.get("errors") or ()))
    except (ValueError, KeyError, TypeError, AttributeError):
        code, details = None, ""
    if code in _CODES:
        return _CODES[code]
    if no.status == 400:
        return next((reason for words, reason in _WORDS.items() if words in details), "invalid")
    return _STATUSES.get(no.status, "invalid")


class PagerDutyService:
    """What the bot asks of PagerDuty. `from_email` is the PagerDuty user that we act as.

    `timeout_s` is how long an answer is waited for, `write_timeout_s` how long where something is written (None: as
    long): a page of which nobody knows whether it was sent is worse than one that is known to be sent late.
    """

    def __init__(
        self,
        url: str,
        token: str,
        from_email: str | None,
        timeout_s: float,
        write_timeout_s: float | None = None,
    ) -> None:
        self._url = url
        self._token = token
        self._from_email = from_email
        self._timeout_s = timeout_s
        self._write_timeout_s = write_timeout_s
        self._limits = Limits()
        self._clients = Pool(self._connect)
        self._doing = Deeds("pagerduty", _reason, (pdpyras.PDClientError, pdpyras.URLError))

    def _connect(self) -> pdpyras.APISession:
        session = pdpyras.APISession(self._token, default_from=self._from_email)
        session.url = self._url.rstrip("/")
        session.timeout = self._timeout_s
        # By default a lost connection repeats even a POST three times.
        session.max_network_attempts = 0
        session.mount("http://", Door(self._limits, self._write_timeout_s))
        session.mount("https://", Door(self._limits, self._write_timeout_s))
        return session

    def key_owner(self) -> str:
        """The name of the person whose key ours is; "" for a key of the account, which is nobody's."""
        try:
            with self._doing("ask whose key it is"), self._clients.lend() as session:
                return str(session.rget("/users/me")["name"])
        except ServiceRefused as no:
            if no.reason == "unauthorized":
                raise
            return ""

    def has_user(self, email: str) -> bool:
        """Whether somebody has this e-mail address in PagerDuty."""
        with self._doing("look up a user"), self._clients.lend() as session:
            found = session.list_all("users", params={"query": email})
            return any(str(one.get("email", "")).casefold() == email.casefold() for one in found)

    def schedule_ids(self, names: Iterable[str]) -> dict[str, str]:
        """Name to id, for those of the names that exist (exact match)."""
        wanted = set(names)
        with self._doing("list the schedules"), self._clients.lend() as session:
            found = session.list_all("schedules")
            return {one["name"]: one["id"] for one in found if one["name"] in wanted}

    def service_ids(self, names: Iterable[str]) -> dict[str, str]:
        """Name to id, for those of the services that exist (exact match)."""
        wanted = set(names)
        with self._doing("list the services"), self._clients.lend() as session:
            found = session.list_all("services")
            return {one["name"]: one["id"] for one in found if one["name"] in wanted}

    def policies_of(self, names: Iterable[str]) -> dict[str, str]:
        """Service name to the id of its own escalation policy, for those of the services that exist."""
        wanted = set(names)
        with self._doing("list the services"), self._clients.lend() as session:
            found = session.list_all("services")
            return {one["name"]: one["escalation_policy"]["id"] for one in found if one["name"] in wanted}

    def policy_ids(self, names: Iterable[str]) -> dict[str, str]:
        """Name to id, for those of the escalation policies that exist (exact match)."""
        wanted = set(names)
        with self._doing("list the escalation policies"), self._clients.lend() as session:
            found = session.list_all("escalation_policies")
            return {one["name"]: one["id"] for one in found if one["name"] in wanted}

    def on_call_for_policy(self, policy_id: str) -> dict[int, tuple[Person, ...]]:
        """Who is on call now by an escalation policy: people by level, each once a level."""
        params = {"escalation_policy_ids": [policy_id], "include": ["users"]}
        with self._doing("ask who is on call"), self._clients.lend() as session:
            levels: dict[int, dict[str, Person]] = {}
            for entry in session.list_all("oncalls", params=params):
                if entry["escalation_policy"]["id"] == policy_id:
                    person = _person(entry["user"])
                    levels.setdefault(int(entry["escalation_level"]), {}).setdefault(person.pagerduty, person)
            return {level: tuple(people.values()) for level, people in sorted(levels.items())}

    def first_on_call(self, policy_id: str) -> tuple[Person, ...]:
        """Everybody at the first level of a policy that has somebody: whom a page asks at once."""
        return next((people for _, people in sorted(self.on_call_for_policy(policy_id).items())), ())

    def on_call(self, schedule_ids: Sequence[str], *, since: datetime, until: datetime) -> list[Shift]:
        """Who is on call by these schedules between the two moments (aware), each shift once.

        PagerDuty tells one entry per policy, level and user, and entries without a schedule (direct targets):
        developer.pagerduty.com, List all of the on-calls.
        """
        params: dict[str, Any] = {
            "schedule_ids": list(schedule_ids),
            "include": ["users"],
            "since": since.astimezone(UTC).isoformat(),
            "until": until.astimezone(UTC).isoformat(),
        }
        with self._doing("ask who is on call"), self._clients.lend() as session:
            entries = session.list_all("oncalls", params=params)
            shifts: dict[tuple[str, str, str | None], Shift] = {}
            for entry in entries:
                schedule_id = str((entry.get("schedule") or {}).get("id"))
                if schedule_id in schedule_ids:
                    turn = (schedule_id, entry["user"]["id"], entry.get("start"))
                    shifts.setdefault(turn, _shift(entry, schedule_id))
            return list(shifts.values())

    def create_incident(
        self,
        *,
        service_id: str,
        title: str,
        details: str,
        key: str,
        from_email: str,
        escalation_policy_id: str | None = None,
    ) -> Incident:
        """Page somebody: an incident in the name of a PagerDuty user, without assignee and priority.

        Without a policy the service's own decides who is asked. ServiceRefused "key_taken" where an open
        incident of the service has that key: `find_incidents` finds it.
        """
        incident: dict[str, Any] = {
            "type": "incident",
            "title": title,
            "service": {"id": service_id, "type": "service_reference"},
            "body": {"type": "incident_body", "details": details},
            "incident_key": key,
        }
        if escalation_policy_id:
            policy = {"id": escalation_policy_id, "type": "escalation_policy_reference"}
            incident["escalation_policy"] = policy
        with self._doing("open an incident", writes=True), self._clients.lend() as session:
            body = {"incident": incident}
            return _incident(session.rpost("incidents", json=body, headers={"From": from_email}))

    def find_incidents(self, key: str, service_id: str, since: datetime) -> list[Incident]:
        """The incidents of a key on a service, in every status, opened since then (aware); the oldest first."""
        params = {"incident_key": key, "service_ids": [service_id], "date_range": "all"}
        found = self._list("look for an incident", params)
        return [one for one in found if one.key in ("", key) and one.created_at >= since]

    def open_incidents(self, service_ids: Sequence[str]) -> list[Incident]:
        """The triggered and acknowledged incidents of these services, the oldest first."""
        if not service_ids:
            return []
        statuses = ["triggered", "acknowledged"]
        params = {"service_ids": list(service_ids), "statuses": statuses, "date_range": "all"}
        return self._list("list the open incidents", params)

    def _list(self, what: str, params: dict[str, Any]) -> list[Incident]:
        with self._doing(what), self._clients.lend() as session:
            found = session.list_all("incidents", params={**params, "include": _WHOLE})
            return sorted(map(_incident, found), key=lambda one: (one.created_at, one.number))

    def incident(self, incident_id: str) -> Incident:
        """An incident as it is now."""
        with self._doing("read an incident"), self._clients.lend() as session:
            return _incident(session.rget(_path(incident_id), params={"include": _WHOLE}))

    def acknowledge(self, incident_id: str, from_email: str) -> Incident:
        """Say that this PagerDuty user has seen it. ServiceRefused "already_resolved" where it is over.

        Read first: in accounts that can reopen, an update of a resolved incident would page people anew.
        """
        what = "acknowledge an incident"
        if not self.incident(incident_id).is_open:
            raise ServiceRefused("pagerduty", "already_resolved", what)
        body = {"incident": {"type": "incident_reference", "status": "acknowledged"}}
        with self._doing(what, writes=True), self._clients.lend() as session:
            return _incident(session.rput(_path(incident_id), json=body, headers={"From": from_email}))


def _path(incident_id: str) -> str:
    return f"incidents/{quote(incident_id, safe='')}"


def _incident(told: dict[str, Any]) -> Incident:
    service, policy = told["service"], told["escalation_policy"]
    return Incident(
        id=told["id"],
        number=told["incident_number"],
        key=told.get("incident_key") or "",
        status=told["status"],
        title=told["title"],
        service_id=service["id"],
        service=service["summary"],
        url=told["html_url"],
        created_at=datetime.fromisoformat(told["created_at"]).astimezone(UTC),
        urgency=told.get("urgency") or "high",
        policy_id=policy["id"],
        policy=policy["summary"],
        assignees=tuple(_person(one["assignee"]) for one in told["assignments"]),
        acknowledgers=tuple(
            _person(one["acknowledger"])
            for one in told["acknowledgements"]
            if _is_person(one["acknowledger"])
        ),
    )


def _is_person(agent: dict[str, Any]) -> bool:
    """Not a service or an integration, which may open and close incidents too."""
    return str(agent["type"]).startswith("user")


def _shift(entry: dict[str, Any], schedule_id: str) -> Shift:
    return Shift(_person(entry["user"]), schedule_id, _moment(entry.get("start")), _moment(entry.get("end")))


def _person(user: dict[str, Any]) -> Person:
    return Person(
        name=user.get("name") or user["summary"], pagerduty=user["id"], email=user.get("email") or ""
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if text else None
