"""PagerDuty REST v2 on the wire: on-calls, schedules, people, services, policies, abilities.

Sources: developer.pagerduty.com/api-reference and PagerDuty/developer-docs (errors, rate limits, paging).
"""

from datetime import UTC, datetime

from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from starbot_sandbox.pagerduty import incident_routes, shapes, webhook_routes
from starbot_sandbox.pagerduty.call import Call, Handler, named, page, route
from starbot_sandbox.pagerduty.refusal import Refusal
from starbot_sandbox.pagerduty.state import OnCall
from starbot_sandbox.world import Sandbox

_ABILITIES = ("teams", "urgencies", "manage_schedules", "coordinated_responding", "read_only_users")


def routes(sandbox: Sandbox) -> list[BaseRoute]:
    """Everything below /pagerduty."""
    readings: dict[str, Handler] = {
        "/schedules": _schedules,
        "/schedules/{id}": _schedule,
        "/schedules/{id}/users": _schedule_users,
        "/users": _users,
        "/users/me": _me,
        "/users/{id}": _user,
        "/services": _services,
        "/services/{id}": _service,
        "/escalation_policies": _policies,
        "/escalation_policies/{id}": _policy,
        "/abilities": _abilities,
        "/priorities": _priorities,
    }
    return [
        route(sandbox, "/oncalls", _on_calls, operation="list on-calls"),
        *(route(sandbox, path, handler) for path, handler in readings.items()),
        *incident_routes.routes(sandbox),
        *webhook_routes.routes(sandbox),
        route(sandbox, "/{rest:path}", _nowhere, "GET", "POST", "PUT", "DELETE"),
    ]


def _nowhere(call: Call) -> Response:
    raise Refusal(404, "Not Found", 2100)


def _on_calls(call: Call) -> Response:
    schedules, policies, users = (
        call.many("schedule_ids"),
        call.many("escalation_policy_ids"),
        call.many("user_ids"),
    )
    zone = call.zone
    found = [
        one
        for one in call.state.on_calls(*call.range())
        if (not schedules or (one.schedule.id if one.schedule else "null") in schedules)
        and (not policies or one.policy.id in policies)
        and (not users or one.user.id in users)
    ]
    if call.query.get("earliest") == "true":
        found = _earliest(found)
    included = call.many("include")
    shown = [shapes.on_call(one, call.state, included, call.api) for one in found]
    for one, entry in zip(found, shown, strict=True):
        for name, when in (("start", one.start), ("end", one.end)):
            entry[name] = shapes.moment(when.astimezone(zone)) if when else None
    return page(call, "oncalls", shown)


def _earliest(found: list[OnCall]) -> list[OnCall]:
    """The first entry of each policy, level and user."""
    kept: dict[tuple[str, int, str], OnCall] = {}
    always = datetime.min.replace(tzinfo=UTC)
    for one in sorted(found, key=lambda entry: entry.start or always):
        kept.setdefault((one.policy.id, one.level, one.user.id), one)
    return [one for one in found if one in kept.values()]


def _schedules(call: Call) -> Response:
    found = named(call.state.schedules.values(), call)
    return page(call, "schedules", [shapes.schedule(one, call.state, call.api) for one in found])


def _schedule(call: Call) -> Response:
    one = call.schedule()
    since, until = call.range()
    shifts = call.state.rendered(one, since, until)
    if call.query.get("overflow") != "true":
        shifts = [shift.within(since, until) for shift in shifts]
    span, zone = (until - since).total_seconds(), call.zone
    covered = sum((shift.end - shift.start).total_seconds() for shift in shifts)
    percent = round(100 * min(covered, span) / span, 1) if span else 0.0
    local = [type(s)(s.user_id, s.start.astimezone(zone), s.end.astimezone(zone)) for s in shifts]
    plan = shapes.schedule(one, call.state, call.api)
    return JSONResponse({"schedule": {**plan, **shapes.layers(one, call.state, local, percent, call.api)}})


def _schedule_users(call: Call) -> Response:
    shifts = call.state.rendered(call.schedule(), *call.range())
    users = [call.state.users[who] for who in dict.fromkeys(shift.user_id for shift in shifts)]
    return JSONResponse({"users": [shapes.user(one, call.api) for one in users]})


def _users(call: Call) -> Response:
    words = call.query.get("query", "").lower()
    found = [one for one in call.state.users.values() if words in f"{one.name} {one.email}".lower()]
    return page(call, "users", [shapes.user(one, call.api) for one in found])


def _user(call: Call) -> Response:
    found = call.state.users.get(call.request.path_params["id"])
    if found is None:
        raise Refusal(404, "Not Found", 2100, "User not found")
    return JSONResponse({"user": shapes.user(found, call.api)})


def _me(call: Call) -> Response:
    """The person whose key it is; a key of the account is nobody's."""
    if call.key_user is None:
        raise Refusal(400, "Arguments Caused Error", 2002, "This needs a user-level API key")
    return JSONResponse({"user": shapes.user(call.key_user, call.api)})


def _services(call: Call) -> Response:
    found = sorted(named(call.state.services.values(), call), key=lambda one: one.name)
    return page(call, "services", [shapes.service(one, call.state, call.api) for one in found])


def _service(call: Call) -> Response:
    found = call.state.services.get(call.request.path_params["id"])
    if found is None:
        raise Refusal(404, "Not Found", 2100, "Service Not Found")
    return JSONResponse({"service": shapes.service(found, call.state, call.api)})


def _policies(call: Call) -> Response:
    found = named(call.state.policies.values(), call)
    shown = [shapes.escalation_policy(one, call.state, call.api) for one in found]
    return page(call, "escalation_policies", shown)


def _policy(call: Call) -> Response:
    found = call.state.policies.get(call.request.path_params["id"])
    if found is None:
        raise Refusal(404, "Not Found", 2100, "Escalation Policy Not Found")
    return JSONResponse({"escalation_policy": shapes.escalation_policy(found, call.state, call.api)})


def _priorities(call: Call) -> Response:
    shown = [
        {**shapes.reference("priority", id_, name, call.api), "type": "priority", "name": name}
        for id_, name in call.state.seed.priorities
    ]
    return page(call, "priorities", shown)


def _abilities(call: Call) -> Response:
    return JSONResponse({"abilities": list(_ABILITIES)})
