"""PagerDuty's incidents on the wire: open, list, show, update one or many, notes, log entries.

developer.pagerduty.com/api-reference, Incidents. Every write needs `From`, the e-mail of one of the account's
users, unless the key is a user's own.
"""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from starbot_sandbox.pagerduty.call import Call, page, route
from starbot_sandbox.pagerduty.incident_shapes import Writer
from starbot_sandbox.pagerduty.incidents import Draft, Incident
from starbot_sandbox.pagerduty.refusal import Refusal, invalid, missing
from starbot_sandbox.pagerduty.seed import EscalationPolicy, PagerDutyUser, Service
from starbot_sandbox.pagerduty.shapes import moment
from starbot_sandbox.world import Sandbox

MOST_AT_ONCE = 250
_STATUSES = ("triggered", "acknowledged", "resolved")
_MONTH, _HALF_A_YEAR = timedelta(days=31), timedelta(days=184)
_SORT_KEYS: dict[str, Callable[[Incident], Any]] = {
    "incident_number": lambda one: one.number,
    "created_at": lambda one: one.created_at,
    "resolved_at": lambda one: (one.resolved_at is None, one.resolved_at or one.created_at),
    "urgency": lambda one: one.urgency,
}


def routes(sandbox: Sandbox) -> list[BaseRoute]:
    """Everything below /pagerduty/incidents."""
    return [
        route(sandbox, "/incidents", _list),
        route(sandbox, "/incidents", _create, "POST", operation="create an incident"),
        route(sandbox, "/incidents", _update_many, "PUT", operation="manage incidents"),
        route(sandbox, "/incidents/{id}", _show),
        route(sandbox, "/incidents/{id}", _update, "PUT"),
        route(sandbox, "/incidents/{id}/notes", _notes),
        route(sandbox, "/incidents/{id}/notes", _annotate, "POST"),
        route(sandbox, "/incidents/{id}/log_entries", _log_entries),
    ]


def _writer(call: Call) -> Writer:
    zone = call.zone
    return Writer(call.state, call.api, call.many("include"), lambda when: moment(when.astimezone(zone)))


def _found(call: Call, name: str) -> Incident:
    incident = call.state.incidents.find(name)
    if incident is None:
        raise Refusal(404, "Not Found", 2100, "Incident Not Found")
    return incident


def _of_path(call: Call) -> Incident:
    return _found(call, str(call.request.path_params["id"]))


def _one(call: Call, incident: Incident, status: int = 200) -> Response:
    return JSONResponse({"incident": _writer(call).incident(incident)}, status)


# -- reading


def _list(call: Call) -> Response:
    kept = [one for one in _within(call) if _is_wanted(call, one)]
    writer = _writer(call)
    return page(call, "incidents", [writer.incident(one) for one in _sorted(call, kept)])


def _within(call: Call) -> Iterable[Incident]:
    """The incidents of the date range: by default those of a month."""
    everything = call.state.incidents.by_id.values()
    if call.query.get("date_range") == "all":
        return everything
    since, until = call.range(_MONTH, _HALF_A_YEAR)
    return [one for one in everything if since <= one.created_at <= until]


def _is_wanted(call: Call, one: Incident) -> bool:
    statuses = call.many("statuses") or set(_STATUSES)
    if unknown := statuses - set(_STATUSES):
        raise Refusal(400, "Invalid Status Provided", 1003, *sorted(unknown))
    services, people = call.many("service_ids"), call.many("user_ids")
    return (
        one.status in statuses
        and (not services or one.service_id in services)
        and (not people or not people.isdisjoint(one.assignees))
        and one.urgency in (call.many("urgencies") or {one.urgency})
        and call.query.get("incident_key", one.key) in ("", one.key)
        and not call.many("team_ids")
    )


def _sorted(call: Call, found: list[Incident]) -> list[Incident]:
    fields = [each for each in call.query.get("sort_by", "created_at").split(",") if each]
    if len(fields) > 2:
        raise invalid("sort_by takes two fields at most")
    for each in reversed(fields):
        name, _, direction = each.partition(":")
        if name not in _SORT_KEYS or direction not in ("", "asc", "desc"):
            raise invalid(f"sort_by cannot be {each}")
        found = sorted(found, key=_SORT_KEYS[name], reverse=direction == "desc")
    return found


def _show(call: Call) -> Response:
    return _one(call, _of_path(call))


def _notes(call: Call) -> Response:
    writer = _writer(call)
    return JSONResponse({"notes": [writer.note(one) for one in reversed(_of_path(call).notes)]})


def _log_entries(call: Call) -> Response:
    incident, writer = _of_path(call), _writer(call)
    since, until = call.moment("since"), call.moment("until")
    lines = [
        line
        for line in reversed(incident.log)
        if (since is None or line.at >= since) and (until is None or line.at <= until)
    ]
    return page(call, "log_entries", [writer.entry(incident, line) for line in lines])


# -- writing


def _create(call: Call) -> Response:
    by = call.requester()
    wanted = call.part("incident")
    _check_type(wanted, "incident")
    draft = Draft(
        service=_service(call, wanted),
        title=_text(wanted, "title"),
        details=_details(wanted),
        key=str(wanted.get("incident_key") or ""),
        urgency=_urgency(wanted),
        priority_id=_priority(call, wanted),
        policy=_policy(call, wanted),
        assignee=_assignee(call, wanted),
    )
    if draft.policy and draft.assignee:
        raise invalid("Escalation policy and assignments exclude one another")
    incident = call.state.incidents.trigger(draft, by.id, call.state.clock.now(), "the API")
    return _one(call, incident, 201)


def _update(call: Call) -> Response:
    by, incident = call.requester(), _of_path(call)
    change = call.part("incident")
    _check_type(change, "incident", "incident_reference")
    _apply(call, incident, change, by)
    return _one(call, incident)


def _update_many(call: Call) -> Response:
    by, changes = call.requester(), call.body.get("incidents")
    if not isinstance(changes, list) or not all(isinstance(each, dict) for each in changes):
        raise missing("incidents is required")
    if len(changes) > MOST_AT_ONCE:
        raise Refusal(413, "Request Entity Too Large", 2001, f"At most {MOST_AT_ONCE} incidents at a time")
    pairs = [(_found(call, str(each.get("id"))), each) for each in changes]
    for incident, change in pairs:
        _check_type(change, "incident", "incident_reference")
        _apply(call, incident, change, by)
    writer = _writer(call)
    return page(call, "incidents", [writer.incident(incident) for incident, _ in pairs])


def _apply(call: Call, incident: Incident, change: dict[str, Any], by: PagerDutyUser) -> None:
    desk, now = call.state.incidents, call.state.clock.now()
    people, policy = _assignees(call, change), _policy(call, change)
    if "title" in change:
        desk.retitle(incident, _text(change, "title"), now)
    if "status" in change:
        _set_status(call, incident, change, by)
    if people:
        desk.reassign(incident, [one.id for one in people], by.id, now)
    if policy:
        desk.delegate(incident, policy, by.id, now)
    if "escalation_level" in change:
        desk.escalate(incident, by.id, now, _level(change["escalation_level"]))
    if "priority" in change:
        desk.prioritise(incident, _priority(call, change), by.id, now)
    if "urgency" in change:
        incident.urgency = _urgency(change)


def _set_status(call: Call, incident: Incident, change: dict[str, Any], by: PagerDutyUser) -> None:
    desk, now = call.state.incidents, call.state.clock.now()
    match change["status"]:
        case "acknowledged":
            desk.acknowledge(incident, by.id, now)
        case "resolved":
            desk.resolve(incident, by.id, now, str(change.get("resolution") or ""))
        case "triggered":
            desk.reopen(incident, by.id, now)
        case _:
            raise Refusal(400, "Invalid Status Provided", 1003)


def _annotate(call: Call) -> Response:
    by, incident = call.requester(), _of_path(call)
    content = _text(call.part("note"), "content")
    note = call.state.incidents.annotate(incident, by.id, content, call.state.clock.now())
    return JSONResponse({"note": _writer(call).note(note)})


# -- the fields of a body


def _check_type(wanted: dict[str, Any], *known: str) -> None:
    if "type" not in wanted:
        raise missing("Type is required")
    if wanted["type"] not in known:
        raise invalid(f"Type must be {' or '.join(known)}")


def _text(wanted: dict[str, Any], name: str) -> str:
    if name not in wanted:
        raise missing(f"{name.capitalize()} is required")
    if not isinstance(wanted[name], str):
        raise invalid(f"{name.capitalize()} must be a text")
    return str(wanted[name])


def _details(wanted: dict[str, Any]) -> str:
    body = wanted.get("body")
    if body is None:
        return ""
    if not isinstance(body, dict) or body.get("type") != "incident_body":
        raise invalid("Body must be an incident_body")
    if not isinstance(body.get("details", ""), str):
        raise invalid("Details must be a text")
    return str(body.get("details", ""))


def _urgency(wanted: dict[str, Any]) -> str:
    urgency = wanted.get("urgency") or "high"
    if urgency not in ("high", "low"):
        raise invalid("Urgency must be high or low")
    return str(urgency)


def _reference_id(wanted: dict[str, Any], name: str) -> str:
    found = wanted.get(name)
    return str(found.get("id", "")) if isinstance(found, dict) else ""


def _service(call: Call, wanted: dict[str, Any]) -> Service:
    if not isinstance(wanted.get("service"), dict):
        raise missing("Service is required")
    found = call.state.services.get(_reference_id(wanted, "service"))
    if found is None:
        raise Refusal(400, "Service Not Found", 5002)
    return found


def _policy(call: Call, wanted: dict[str, Any]) -> EscalationPolicy | None:
    if wanted.get("escalation_policy") is None:
        return None
    found = call.state.policies.get(_reference_id(wanted, "escalation_policy"))
    if found is None:
        raise Refusal(400, "Escalation Policy Not Found", 1014)
    return found


def _assignees(call: Call, wanted: dict[str, Any]) -> list[PagerDutyUser]:
    people = []
    for each in wanted.get("assignments") or ():
        found = call.state.users.get(_reference_id(each, "assignee")) if isinstance(each, dict) else None
        if found is None:
            raise Refusal(400, "Assigned To User Not Found", 1007)
        people.append(found)
    return people


def _assignee(call: Call, wanted: dict[str, Any]) -> PagerDutyUser | None:
    people = _assignees(call, wanted)
    if len(people) > 1:
        raise invalid("An incident can be created with one assignee only")
    return people[0] if people else None


def _priority(call: Call, wanted: dict[str, Any]) -> str:
    if wanted.get("priority") is None:
        return ""
    by_name = {name: id_ for id_, name in call.state.seed.priorities}
    asked = wanted["priority"]
    found = by_name.get(asked) if isinstance(asked, str) else _reference_id(wanted, "priority")
    if found not in by_name.values():
        raise Refusal(400, "Invalid Priority", 1020)
    return str(found)


def _level(asked: Any) -> int:
    if not isinstance(asked, int) or asked < 1:
        raise Refusal(400, "Cannot Escalate", 1006)
    return asked
