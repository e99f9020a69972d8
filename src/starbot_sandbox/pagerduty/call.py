"""One request to PagerDuty's REST API: the key, the rate limits, the page, and the answer to a mistake.

Sources: PagerDuty/developer-docs, REST-API (authentication, errors, rate limits, pagination).
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from starbot_sandbox.pagerduty.refusal import Refusal, invalid, missing
from starbot_sandbox.pagerduty.seed import PagerDutyUser, Schedule
from starbot_sandbox.pagerduty.state import PagerDutyState
from starbot_sandbox.quota import Reading
from starbot_sandbox.world import Sandbox

_LONGEST_RANGE = timedelta(days=90)
_WRITES = ("POST", "PUT", "DELETE")


@dataclass(frozen=True)
class Call:
    """One authenticated request; `key_user` is whose key it is, None for a key of the account."""

    request: Request
    state: PagerDutyState
    query: QueryParams
    api: str
    key_user: PagerDutyUser | None = None
    body: dict[str, Any] = field(default_factory=dict)

    @property
    def zone(self) -> ZoneInfo:
        """The zone that times are shown in. Refusal 400 where it is none."""
        try:
            return ZoneInfo(self.query.get("time_zone", "UTC"))
        except (ZoneInfoNotFoundError, ValueError):
            raise invalid("Time zone is invalid") from None

    def number(self, name: str, default: int) -> int:
        """A count. Refusal 400 for anything else."""
        value = self.query.get(name, str(default))
        if not value.isdigit():
            raise invalid(f"{name} must be a number")
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

    def range(
        self, past: timedelta = timedelta(0), longest: timedelta = _LONGEST_RANGE
    ) -> tuple[datetime, datetime]:
        """since (default: `past` before now) and until (default: now). Refusal 400 for an impossible range."""
        now = self.state.clock.now()
        since = self.moment("since") or now - past
        until = self.moment("until") or max(since, now)
        if until < since or until - since > longest:
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

    def requester(self) -> PagerDutyUser:
        """The person of the `From` header, or whose key it is. Refusal 400 code 1008 where it is nobody."""
        email = self.request.headers.get("from", "").strip().lower()
        if not email and self.key_user is not None:
            return self.key_user
        for user in self.state.users.values():
            if user.email.lower() == email:
                return user
        raise Refusal(400, "Requester User Not Found", 1008)

    def part(self, name: str) -> dict[str, Any]:
        """The object `name` of the body. Refusal 400 where it is none."""
        found = self.body.get(name)
        if not isinstance(found, dict):
            raise missing(f"{name} is required")
        return found


Handler = Callable[[Call], Response]


def route(sandbox: Sandbox, path: str, handler: Handler, *methods: str, operation: str = "") -> Route:
    """A route for GET unless `methods` says otherwise; `operation` names a rate limit of its own."""
    return Route(path, _endpoint(sandbox, handler, operation), methods=list(methods or ("GET",)))


def _endpoint(sandbox: Sandbox, handler: Handler, operation: str) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        state = sandbox.world.pagerduty
        reading = state.quota.take(_token(request))
        try:
            key_user = _key_user(state, request)
            if sandbox.rates_on and reading.exceeded:
                raise Refusal(429, "Rate Limit Exceeded", 2020)
            if sandbox.rates_on and operation and state.operations.take(operation).exceeded:
                return JSONResponse(Refusal(429, "Rate Limit Exceeded", 2020).body, 429)
            state.settle()
            body = _parsed(await request.body()) if request.method in _WRITES else {}
            answer = handler(Call(request, state, request.query_params, _api(request), key_user, body))
        except Refusal as refusal:
            answer = JSONResponse(refusal.body, refusal.status)
        answer.headers.update(_rate_headers(reading))
        return answer

    return endpoint


def _token(request: Request) -> str:
    return request.headers.get("authorization", "").removeprefix("Token token=")


def _key_user(state: PagerDutyState, request: Request) -> PagerDutyUser | None:
    """Whose key it is, None for one of the account. Refusal 401 or 403."""
    token, seed = _token(request), state.seed
    if token in seed.user_tokens:
        return state.users[seed.user_tokens[token]]
    if token not in (seed.token, seed.read_only_token):
        raise Refusal(401, "Authentication failed", 2006)
    if token == seed.read_only_token and request.method in _WRITES:
        raise Refusal(403, "Access Denied", 2010)
    return None


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        raise Refusal(400, "Arguments Caused Error", 2002, "The body is not JSON") from None
    if not isinstance(found, dict):
        raise Refusal(400, "Arguments Caused Error", 2002, "The body is not an object")
    return found


def _rate_headers(reading: Reading) -> dict[str, str]:
    return {
        "ratelimit-limit": str(reading.limit),
        "ratelimit-remaining": str(reading.remaining),
        "ratelimit-reset": str(reading.reset_s),
    }


def _api(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}{request.scope.get('root_path', '')}"


def page(call: Call, name: str, found: list[dict[str, Any]]) -> Response:
    """One page; `total` stays null unless asked for, offset + limit may not pass 10000."""
    offset, limit = call.number("offset", 0), min(100, max(1, call.number("limit", 25)))
    if offset + limit > 10_000:
        raise invalid("Offset plus limit must not exceed 10000")
    return JSONResponse(
        {
            name: found[offset : offset + limit],
            "limit": limit,
            "offset": offset,
            "more": offset + limit < len(found),
            "total": len(found) if call.query.get("total") == "true" else None,
        }
    )


def named(found: Iterable[Any], call: Call) -> list[Any]:
    """Those whose name holds the words of `query`, or is `name`."""
    words, name = call.query.get("query", "").lower(), call.query.get("name")
    return [one for one in found if words in one.name.lower() and name in (None, one.name)]
