"""Zendesk Support v2 on the wire: OAuth tokens, tickets, comments, audits, tags, macros and who is who.

Sources: developer.zendesk.com/api-reference/ticketing; every path is served with and without ".json".
"""

import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from starbot_sandbox.quota import Reading
from starbot_sandbox.world import Sandbox
from starbot_sandbox.zendesk import shapes
from starbot_sandbox.zendesk.seed import Macro, ZendeskUser
from starbot_sandbox.zendesk.state import Invalid, Ticket, ZendeskState, changes_of, tag_list

_CONFLICT = (
    "Safe Update prevented the update due to outdated ticket data. "
    "Please fetch the latest ticket data and try again."
)
_BAD_TOKEN = "The access token provided is expired, revoked, malformed or invalid for other reasons."
_TOO_MANY = "Number of allowed API requests per minute exceeded"


class Refusal(Exception):
    """An answer that is an error, in Zendesk's words."""

    def __init__(
        self, status: int, error: str, description: str, details: dict[str, Any] | None = None
    ) -> None:
        super().__init__(status, error, description, details)
        self.status = status
        more = {"details": details} if details else {}
        self.body = {"error": error, "description": description, **more}


@dataclass(frozen=True)
class Call:
    """One authenticated request: `query` as sent, `body` the JSON object (empty where there is none)."""

    request: Request
    state: ZendeskState
    user: ZendeskUser
    query: dict[str, str]
    body: dict[str, Any]
    api: str
    rates_on: bool

    @property
    def ticket(self) -> Ticket:
        """The ticket of the path. Refusal 404 where there is none."""
        found = self.state.tickets.get(self.request.path_params["ticket"])
        if found is None:
            raise _not_found()
        return found

    @property
    def macro(self) -> Macro:
        """The macro of the path. Refusal 404 where there is none."""
        found = self.state.macros.get(self.request.path_params["macro"])
        if found is None:
            raise _not_found()
        return found

    @property
    def number(self) -> int:
        """The id at the end of the path."""
        return int(self.request.path_params["number"])

    def includes(self) -> set[str]:
        """The side-loads asked for."""
        return set(filter(None, self.query.get("include", "").split(",")))


Handler = Callable[[Call], Response]


def _not_found() -> Refusal:
    return Refusal(404, "RecordNotFound", "Not found")


def routes(sandbox: Sandbox) -> list[BaseRoute]:
    """Everything below /zendesk."""

    def both(path: str, **handlers: Handler) -> list[BaseRoute]:
        endpoint = _endpoint(sandbox, handlers)
        return [Route(f"/api/v2{path}{tail}", endpoint, methods=[*handlers]) for tail in (".json", "")]

    return [
        Route("/oauth/tokens", _token_endpoint(sandbox), methods=["POST"]),
        *both("/tickets/{ticket:int}/macros/{macro:int}/apply", GET=_ticket_after_macro),
        *both("/tickets/{ticket:int}/comments", GET=_comments),
        *both("/tickets/{ticket:int}/audits", GET=_audits),
        *both("/tickets/{ticket:int}/tags", GET=_tags, PUT=_add_tags, POST=_set_tags, DELETE=_remove_tags),
        *both("/tickets/{ticket:int}", GET=_ticket, PUT=_update),
        *both("/macros/active", GET=_active_macros),
        *both("/macros/search", GET=_search_macros),
        *both("/macros/{macro:int}/apply", GET=_macro_changes),
        *both("/macros/{macro:int}", GET=_macro),
        *both("/macros", GET=_macros),
        *both("/users/me", GET=_me),
        *both("/users/{number:int}", GET=_user),
        *both("/organizations/{number:int}", GET=_organization),
        *both("/groups", GET=_groups),
        *both("/ticket_fields", GET=_ticket_fields),
        *both("/ticket_forms", GET=_ticket_forms),
        *both("/{rest:path}", GET=_nowhere, PUT=_nowhere, POST=_nowhere, DELETE=_nowhere),
    ]


def _token_endpoint(sandbox: Sandbox) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        state = sandbox.world.zendesk
        sent = await _token_request(request)
        if sent.get("grant_type") != "client_credentials":
            fault = "The authorization grant type is not supported by the authorization server."
            return JSONResponse({"error": "unsupported_grant_type", "error_description": fault}, 400)
        if (sent.get("client_id"), sent.get("client_secret")) != (
            state.seed.client_id,
            state.seed.client_secret,
        ):
            fault = "Client authentication failed due to unknown client or wrong secret."
            return JSONResponse({"error": "invalid_client", "error_description": fault}, 401)
        life_s = min(int(sent.get("expires_in") or state.seed.token_life_s), 172_800)
        return JSONResponse(
            {
                "access_token": state.issue_token(life_s),
                "token_type": "bearer",
                "scope": sent.get("scope") or "read write",
                "expires_in": life_s,
            }
        )

    return endpoint


async def _token_request(request: Request) -> dict[str, Any]:
    raw = await request.body()
    if "json" not in request.headers.get("content-type", ""):
        return dict(parse_qsl(raw.decode()))
    try:
        sent = json.loads(raw or b"{}")
    except ValueError:
        return {}
    return sent if isinstance(sent, dict) else {}


def _endpoint(sandbox: Sandbox, handlers: dict[str, Handler]) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        state = sandbox.world.zendesk
        reading = state.quota.take()
        try:
            user = _user_behind(state, request)
            if sandbox.rates_on and reading.exceeded:
                raise Refusal(429, "APIRateLimitExceeded", _TOO_MANY)
            handler = handlers["GET" if request.method == "HEAD" else request.method]
            query, body = dict(request.query_params), await _body(request)
            answer = handler(Call(request, state, user, query, body, _api(request), sandbox.rates_on))
        except Refusal as refusal:
            answer = JSONResponse(refusal.body, refusal.status)
        except Invalid as fault:
            details = {fault.field_name: [{"description": fault.description}]}
            body = {"error": "RecordInvalid", "description": "Record validation errors", "details": details}
            answer = JSONResponse(body, 422)
        answer.headers.update(_rate_headers(reading, answer.status_code))
        return answer

    return endpoint


def _user_behind(state: ZendeskState, request: Request) -> ZendeskUser:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        if state.is_token_good(value.strip()):
            return state.bot
        raise _Unauthorized({"error": "invalid_token", "error_description": _BAD_TOKEN})
    expected = f"{state.seed.api_email}/token:{state.seed.api_token}"
    if scheme.lower() == "basic" and _decoded(value) == expected:
        return state.bot
    raise _Unauthorized({"error": "Couldn't authenticate you"})


class _Unauthorized(Refusal):
    def __init__(self, body: dict[str, Any]) -> None:
        super().__init__(401, "", "")
        self.body = body


def _decoded(value: str) -> str:
    try:
        return base64.b64decode(value).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _rate_headers(reading: Reading, status: int) -> dict[str, str]:
    headers = {
        "X-Rate-Limit": str(reading.limit),
        "X-Rate-Limit-Remaining": str(reading.remaining),
        "ratelimit-limit": str(reading.limit),
        "ratelimit-remaining": str(reading.remaining),
        "ratelimit-reset": str(reading.reset_s),
    }
    return {**headers, "Retry-After": str(reading.reset_s)} if status == 429 else headers


async def _body(request: Request) -> dict[str, Any]:
    raw = await request.body()
    if not raw:
        return {}
    try:
        sent = json.loads(raw)
    except ValueError:
        raise Refusal(422, "Unprocessable Entity", "Server could not parse JSON") from None
    return sent if isinstance(sent, dict) else {}


def _api(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}{request.scope.get('root_path', '')}/api/v2"


def _page(call: Call, name: str, found: list[dict[str, Any]], more: dict[str, Any] | None = None) -> Response:
    """One page of a list: by cursor where page[size] was sent, by offset else. At most 100 records."""
    by_cursor = any(key.startswith("page[") for key in call.query)
    size_text = call.query.get("page[size]" if by_cursor else "per_page", "100")
    start_text = call.query.get("page[after]" if by_cursor else "page", "0" if by_cursor else "1")
    if not size_text.isdigit() or not start_text.isdigit():
        raise Refusal(400, "InvalidPaginationParameter", "the page parameters are invalid")
    size = min(100, max(1, int(size_text)))
    start = int(start_text) if by_cursor else (max(1, int(start_text)) - 1) * size
    body: dict[str, Any] = {name: found[start : start + size], **(more or {})}
    body |= _cursors(call, start, size, len(found)) if by_cursor else _offsets(call, start, size, len(found))
    return JSONResponse(body)


def _cursors(call: Call, start: int, size: int, total: int) -> dict[str, Any]:
    after = start + size
    more = after < total
    return {
        "meta": {
            "has_more": more,
            "after_cursor": str(after) if more else None,
            "before_cursor": str(start) if start else None,
        },
        "links": {
            "prev": _address(call, {"page[after]": max(0, start - size)}) if start else None,
            "next": _address(call, {"page[after]": after}) if more else None,
        },
    }


def _offsets(call: Call, start: int, size: int, total: int) -> dict[str, Any]:
    page = start // size + 1
    return {
        "next_page": _address(call, {"page": page + 1}) if start + size < total else None,
        "previous_page": _address(call, {"page": page - 1}) if page > 1 else None,
        "count": total,
    }


def _address(call: Call, changed: dict[str, int]) -> str:
    return f"{call.request.url.replace(query='')}?{urlencode({**call.query, **changed})}"


def _nowhere(call: Call) -> Response:
    return JSONResponse({"error": {"title": "InvalidEndpoint", "message": "Not found"}}, 404)


def _ticket(call: Call) -> Response:
    ticket = call.ticket
    shown = shapes.ticket(ticket, call.api)
    if "slas" in call.includes():
        shown["slas"] = shapes.slas(ticket.sla, call.state.now())
    return JSONResponse({"ticket": shown, **_side_loads(call, ticket)})


def _side_loads(call: Call, ticket: Ticket) -> dict[str, Any]:
    state, wanted, loads = call.state, call.includes(), {}
    people = dict.fromkeys((ticket.requester_id, ticket.assignee_id))
    if "users" in wanted:
        loads["users"] = [shapes.user(state.users[one], call.api) for one in people if one is not None]
    if "organizations" in wanted:
        found = state.organizations.get(ticket.organization_id or 0)
        loads["organizations"] = [shapes.organization(found, call.api)] if found else []
    if "groups" in wanted:
        groups = [one for one in state.seed.groups if one.id == ticket.group_id]
        loads["groups"] = [shapes.group(one, call.api) for one in groups]
    return loads


def _update(call: Call) -> Response:
    ticket, sent = call.ticket, call.body.get("ticket")
    if not isinstance(sent, dict):
        raise Refusal(400, "InvalidParameter", "Parameter ticket is required")
    _check_update_rates(call, ticket)
    _check_stamp(ticket, sent)
    audit = call.state.update(ticket, call.user, sent)
    return JSONResponse({"ticket": shapes.ticket(ticket, call.api), "audit": shapes.audit(audit, ticket)})


def _check_update_rates(call: Call, ticket: Ticket) -> None:
    account = call.state.update_quota.take()
    one_ticket = call.state.ticket_quota.take(f"{ticket.id}:{call.user.id}")
    if call.rates_on and (account.exceeded or one_ticket.exceeded):
        raise Refusal(429, "APIRateLimitExceeded", _TOO_MANY)


def _check_stamp(ticket: Ticket, sent: dict[str, Any]) -> None:
    """A safe update goes through only while the ticket is as its sender has seen it."""
    if str(sent.get("safe_update", "")).lower() != "true":
        return
    try:
        seen = datetime.fromisoformat(str(sent.get("updated_stamp")))
    except ValueError:
        raise Refusal(400, "InvalidParameter", "updated_stamp is required for a safe update") from None
    if seen.timestamp() != ticket.updated_at.timestamp():
        raise Refusal(409, "UpdateConflict", _CONFLICT)


def _tags(call: Call) -> Response:
    return JSONResponse({"tags": call.ticket.tags})


def _retagged(call: Call, tags: list[str], status: int) -> Response:
    ticket = call.ticket
    _check_stamp(ticket, call.body)
    call.state.update(ticket, call.user, {"tags": tags})
    return Response(status_code=204) if status == 204 else JSONResponse({"tags": ticket.tags}, status)


def _add_tags(call: Call) -> Response:
    return _retagged(call, [*call.ticket.tags, *tag_list(call.body.get("tags", []))], 200)


def _set_tags(call: Call) -> Response:
    return _retagged(call, tag_list(call.body.get("tags", [])), 201)


def _remove_tags(call: Call) -> Response:
    gone = tag_list(call.body.get("tags", []))
    return _retagged(call, [tag for tag in call.ticket.tags if tag not in gone], 204)


def _is_newest_first(call: Call) -> bool:
    return call.query.get("sort") == "-created_at" or call.query.get("sort_order") == "desc"


def _comments(call: Call) -> Response:
    ticket = call.ticket
    found = [shapes.comment(one) for one in ticket.comments]
    authors = dict.fromkeys(one.author_id for one in ticket.comments)
    users = [shapes.user(call.state.users[one], call.api) for one in authors]
    more = {"users": users} if "users" in call.includes() else {}
    return _page(call, "comments", found[::-1] if _is_newest_first(call) else found, more)


def _audits(call: Call) -> Response:
    ticket = call.ticket
    found = [shapes.audit(one, ticket) for one in ticket.audits]
    return _page(call, "audits", found[::-1] if _is_newest_first(call) else found)


def _macros(call: Call) -> Response:
    active = call.query.get("active")
    wanted = {None: (True, False), "true": (True,), "false": (False,)}.get(active, (True, False))
    return _macro_page(call, [one for one in call.state.macros.values() if one.active in wanted])


def _active_macros(call: Call) -> Response:
    return _macro_page(call, [one for one in call.state.macros.values() if one.active])


def _search_macros(call: Call) -> Response:
    words = call.query.get("query", "").lower()
    if not words:
        raise Refusal(400, "InvalidParameter", "Parameter query is required")
    found = [one for one in call.state.macros.values() if words in one.title.lower()]
    if "active" in call.query:
        found = [one for one in found if str(one.active).lower() == call.query["active"]]
    return _macro_page(call, found)


def _macro_page(call: Call, found: list[Macro]) -> Response:
    return _page(call, "macros", [shapes.macro(one, call.api) for one in found])


def _macro(call: Call) -> Response:
    return JSONResponse({"macro": shapes.macro(call.macro, call.api)})


def _macro_changes(call: Call) -> Response:
    return JSONResponse({"result": {"ticket": changes_of(call.macro, [], call.user)}})


def _ticket_after_macro(call: Call) -> Response:
    ticket = call.ticket
    changes = call.state.preview(ticket, call.macro, call.user)
    fields = {one["id"]: one["value"] for one in changes.pop("fields", [])}
    shown = {**shapes.ticket(ticket, call.api), **changes}
    shown["fields"] = [
        {"id": key, "value": value} for key, value in {**ticket.custom_fields, **fields}.items()
    ]
    shown["custom_fields"] = shown["fields"]
    return JSONResponse({"result": {"ticket": shown}})


def _me(call: Call) -> Response:
    return JSONResponse({"user": shapes.user(call.user, call.api)})


def _user(call: Call) -> Response:
    found = call.state.users.get(call.number)
    if found is None:
        raise _not_found()
    return JSONResponse({"user": shapes.user(found, call.api)})


def _organization(call: Call) -> Response:
    found = call.state.organizations.get(call.number)
    if found is None:
        raise _not_found()
    return JSONResponse({"organization": shapes.organization(found, call.api)})


def _groups(call: Call) -> Response:
    return _page(call, "groups", [shapes.group(one, call.api) for one in call.state.seed.groups])


def _ticket_fields(call: Call) -> Response:
    found = [shapes.ticket_field(one, call.api) for one in call.state.seed.ticket_fields]
    return _page(call, "ticket_fields", found)


def _ticket_forms(call: Call) -> Response:
    found = [shapes.ticket_form(one, call.api) for one in call.state.seed.ticket_forms]
    return _page(call, "ticket_forms", found)
