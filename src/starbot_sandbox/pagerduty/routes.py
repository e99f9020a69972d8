"""PagerDuty REST v2 on the wire: on-calls, schedules, people, services, policies, abilities.

Sources: developer.pagerduty.com/api-reference and PagerDuty/developer-docs (errors, rate limits, paging).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from starbot_sandbox.pagerduty import shapes
from starbot_sandbox.pagerduty.seed import Schedule
from starbot_sandbox.pagerduty.state import OnCall, PagerDutyState
from starbot_sandbox.quota import Reading
from starbot_sandbox.world import Sandbox

_ABILITIES = ("teams", "urgencies", "manage_schedules", "coordinated_responding", "read_only_users")
_LONGEST_RANGE = timedelta(days=90)


class Refusal(Exception):
    """An answer that is an error, in PagerDuty's words: HTTP status, message, code and details."""

    def __init__(self, status: int, message: str, code: int, *errors: str) -> None:
        super().__init__(status, message, code, *errors)
        self.status = status
        self.body = {"error": {"message": message, "code": code, "errors": list(errors)}}


@dataclass(frozen=True)
class Call:
    """One authenticated request."""

    request: Request
    state: PagerDutyState
    query: QueryParams
    api: str

    @property
    def zone(self) -> ZoneInfo:
        """The zone that times are shown in. Refusal 400 where it is none."""
        try:
            return ZoneInfo(self.query.get("time_zone", "UTC"))
        except (ZoneInfoNotFoundError, ValueError):
            raise Refusal(400, "Invalid Input Provided", 2001, "Time zone is invalid") from None

    def number(self, name: str, default: int) -> int:
        """A count. Refusal 400 for anything else."""
        value = self.query.get(name, str(default))
        if not value.isdigit():
            raise Refusal(400, "Invalid Input Provided", 2001, f"{name} must be a number")
        return int(value)

    def moment(self, name: str) -> datetime | None:
        """A moment, in UTC where it names no zone. Refusal 400 where it is none."""
        value = self.query.get(name)
        if value is None:
            return None
        try:
            found = datetime.fromisoformat(value.replace(" ", "+"))
        except ValueError:
            fault = "Invalid time values in 'since' and/or 'until' parameters"
            raise Refusal(400, fault, 2004) from None
        return found if found.tzinfo else found.replace(tzinfo=self.zone)

    def range(self) -> tuple[datetime, datetime]:
        """since and until, now where they are missing. Refusal 400 where they are the wrong way round."""
        since = self.moment("since") or self.state.clock.now()
        until = self.moment("until") or max(since, self.state.clock.now())
        if until < since or until - since > _LONGEST_RANGE:
            raise Refusal(400, "Invalid Query Date Range", 2005)
        return since, until

    def many(self, name: str) -> set[str]:
        """Every value of an array parameter."""
        return set(self.query.getlist(f"{name}[]"))

    def schedule(self) -> Schedule:
        """The schedule of the path. Refusal 404 where there is none."""
        found = self.state.schedules.get(self.request.path_params["id"])
        if found is None:
            raise Refusal(404, "Not Found", 2100, "Schedule Not Found")
        return found


Handler = Callable[[Call], Response]


def routes(sandbox: Sandbox) -> list[BaseRoute]:
    """Everything below /pagerduty."""

    def route(path: str, handler: Handler) -> Route:
        return Route(path, _endpoint(sandbox, handler), methods=["GET"])

    return [
        route("/oncalls", _on_calls),
        route("/schedules", _schedules),
        route("/schedules/{id}", _schedule),
        route("/schedules/{id}/users", _schedule_users),
        route("/users", _users),
        route("/users/{id}", _user),
        route("/services", _services),
        route("/escalation_policies", _policies),
        route("/abilities", _abilities),
        Route("/{rest:path}", _endpoint(sandbox, _nowhere), methods=["GET", "POST", "PUT", "DELETE"]),
    ]


def _endpoint(sandbox: Sandbox, handler: Handler) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        state = sandbox.world.pagerduty
        reading = state.quota.take()
        try:
            _check_token(state, request)
            if sandbox.rates_on and reading.exceeded:
                raise Refusal(429, "Rate Limit Exceeded", 2020)
            answer = handler(Call(request, state, request.query_params, _api(request)))
        except Refusal as refusal:
            answer = JSONResponse(refusal.body, refusal.status)
        answer.headers.update(_rate_headers(reading))
        return answer

    return endpoint


def _check_token(state: PagerDutyState, request: Request) -> None:
    if request.headers.get("authorization", "") != f"Token token={state.seed.token}":
        raise Refusal(401, "Authentication failed", 2006)


def _rate_headers(reading: Reading) -> dict[str, str]:
    return {
        "ratelimit-limit": str(reading.limit),
        "ratelimit-remaining": str(reading.remaining),
        "ratelimit-reset": str(reading.reset_s),
    }


def _api(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}{request.scope.get('root_path', '')}"


def _page(call: Call, name: str, found: list[dict[str, Any]]) -> Response:
    """One page; `total` stays null unless asked for, offset + limit may not pass 10000."""
    offset, limit = call.number("offset", 0), min(100, max(1, call.number("limit", 25)))
    if offset + limit > 10_000:
        raise Refusal(400, "Invalid Input Provided", 2001, "Offset plus limit must not exceed 10000")
    return JSONResponse(
        {
            name: found[offset : offset + limit],
            "limit": limit,
            "offset": offset,
            "more": offset + limit < len(found),
            "total": len(found) if call.query.get("total") == "true" else None,
        }
    )


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
    return _page(call, "oncalls", shown)


def _earliest(found: list[OnCall]) -> list[OnCall]:
    """The first entry of each policy, level and user."""
    kept: dict[tuple[str, int, str], OnCall] = {}
    always = datetime.min.replace(tzinfo=UTC)
    for one in sorted(found, key=lambda entry: entry.start or always):
        kept.setdefault((one.policy.id, one.level, one.user.id), one)
    return [one for one in found if one in kept.values()]


def _schedules(call: Call) -> Response:
    words = call.query.get("query", "").lower()
    found = [one for one in call.state.schedules.values() if words in one.name.lower()]
    return _page(call, "schedules", [shapes.schedule(one, call.state, call.api) for one in found])


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
    return _page(call, "users", [shapes.user(one, call.api) for one in found])


def _user(call: Call) -> Response:
    found = call.state.users.get(call.request.path_params["id"])
    if found is None:
        raise Refusal(404, "Not Found", 2100, "User not found")
    return JSONResponse({"user": shapes.user(found, call.api)})


def _services(call: Call) -> Response:
    words = call.query.get("query", "").lower()
    found = [one for one in call.state.seed.services if words in one.name.lower()]
    return _page(call, "services", [shapes.service(one, call.state, call.api) for one in found])


def _policies(call: Call) -> Response:
    words = call.query.get("query", "").lower()
    found = [one for one in call.state.seed.policies if words in one.name.lower()]
    shown = [shapes.escalation_policy(one, call.state, call.api) for one in found]
    return _page(call, "escalation_policies", shown)


def _abilities(call: Call) -> Response:
    return JSONResponse({"abilities": list(_ABILITIES)})
