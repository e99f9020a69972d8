"""The Web API as a table of methods, and the door that every call passes: token, scope, arguments, limits.

Scopes, tiers and required arguments as on each method's page of docs.slack.dev/reference/methods.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse

from starbot_sandbox.slack import chat, conversations, directory
from starbot_sandbox.slack.call import Call
from starbot_sandbox.slack.errors import SlackError, with_messages
from starbot_sandbox.world import Sandbox

Json = dict[str, Any]

CONNECTIONS_OPEN = "apps.connections.open"


@dataclass(frozen=True)
class Method:
    """One method: what it does, its tier (None: no limit here), its scope, the arguments it must have."""

    perform: Callable[[Call], Json]
    tier: int | None = None
    scope: str | None = None
    required: tuple[str, ...] = ()


METHODS = {
    "auth.test": Method(directory.auth_test),
    "bots.info": Method(directory.bot_info, 3, "users:read"),
    "chat.getPermalink": Method(chat.get_permalink, None, None, ("channel", "message_ts")),
    "chat.postEphemeral": Method(chat.post_ephemeral, 4, "chat:write", ("channel", "user")),
    "chat.postMessage": Method(chat.post_message, None, "chat:write", ("channel",)),
    "chat.update": Method(chat.update, 3, "chat:write", ("channel", "ts")),
    "conversations.history": Method(conversations.history, 3, None, ("channel",)),
    "conversations.info": Method(conversations.info, 3, None, ("channel",)),
    "conversations.list": Method(conversations.list_channels, 2),
    "conversations.members": Method(conversations.members, 4, None, ("channel",)),
    "conversations.open": Method(conversations.open_im, 3),
    "conversations.replies": Method(conversations.replies, 3, None, ("channel", "ts")),
    "emoji.list": Method(directory.list_emoji, 2, "emoji:read"),
    "reactions.add": Method(chat.add_reaction, 3, "reactions:write", ("channel", "name", "timestamp")),
    "reactions.get": Method(chat.get_reactions, 3, "reactions:read", ("channel", "timestamp")),
    "reactions.remove": Method(chat.remove_reaction, 2, "reactions:write", ("channel", "name", "timestamp")),
    "team.info": Method(directory.team_info, 3, "team:read"),
    "usergroups.list": Method(directory.list_groups, 2, "usergroups:read"),
    "usergroups.users.list": Method(directory.group_users, 2, "usergroups:read", ("usergroup",)),
    "users.info": Method(directory.user_info, 4, "users:read", ("user",)),
    "users.list": Method(directory.list_users, 2, "users:read"),
    "users.lookupByEmail": Method(directory.user_by_email, 3, "users:read.email", ("email",)),
    "views.open": Method(directory.open_view, 4, None, ("view", "trigger_id")),
    "views.publish": Method(directory.publish_view, 4, None, ("user_id", "view")),
    "views.push": Method(directory.push_view, 4, None, ("view", "trigger_id")),
    "views.update": Method(directory.update_view, 4, None, ("view",)),
}


class WebApi:
    """The endpoint /slack/api/METHOD."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def endpoint(self, request: Request) -> JSONResponse:
        """Always HTTP 200, but 429 where a limit is passed."""
        try:
            return self._answer(request, request.path_params["method"], await _arguments(request))
        except SlackError as error:
            return JSONResponse(error.body())

    def _answer(self, request: Request, name: str, args: Json) -> JSONResponse:
        token = _token(request, args)
        if name == CONNECTIONS_OPEN:
            return JSONResponse({"ok": True, "url": self._socket_url(request, token)})
        if name not in METHODS:
            raise SlackError("unknown_method", req_method=name)
        method = METHODS[name]
        self._check_bot(token)
        # As Slack does with every answer to a good token (docs.slack.dev/authentication/installing-with-oauth).
        scopes = {"x-oauth-scopes": ",".join(sorted(self._sandbox.slack_app.scopes))}
        call = Call(self._sandbox.world.slack, self._sandbox.slack_app, args)
        if method.scope:
            call.need(method.scope)
        _check_required(method, args)
        if wait_s := self._wait_s(name, method, call):
            limited = {"ok": False, "error": "ratelimited"}
            return JSONResponse(limited, 429, headers={"Retry-After": str(wait_s)})
        return JSONResponse({"ok": True, **method.perform(call)}, headers=scopes)

    def _socket_url(self, request: Request, token: str) -> str:
        seed = self._sandbox.world.slack.seed
        if not token:
            raise SlackError("not_authed")
        if token == seed.bot_token:
            raise SlackError("not_allowed_token_type")
        if token != seed.app_token:
            raise SlackError("invalid_auth")
        ticket = self._sandbox.socket_mode.new_ticket()
        return f"ws://{request.url.netloc}/slack/socket?ticket={ticket}&app_id={seed.app_id}"

    def _check_bot(self, token: str) -> None:
        seed = self._sandbox.world.slack.seed
        if not token:
            raise SlackError("not_authed")
        if token == seed.app_token:
            raise SlackError("not_allowed_token_type")
        if token != seed.bot_token:
            raise SlackError("invalid_auth")

    def _wait_s(self, name: str, method: Method, call: Call) -> int:
        if not self._sandbox.rates_on:
            return 0
        return call.state.rates.wait_s(name, method.tier, call.text("channel"))


async def _arguments(request: Request) -> Json:
    args: Json = dict(request.query_params)
    body = await request.body()
    if "application/json" in request.headers.get("content-type", ""):
        return args | _json_arguments(body)
    return args | dict(parse_qsl(body.decode(), keep_blank_values=True))


def _json_arguments(body: bytes) -> Json:
    try:
        args = json.loads(body or b"{}")
    except ValueError:
        raise SlackError("invalid_json") from None
    if not isinstance(args, dict):
        raise SlackError("json_not_object")
    return args


def _token(request: Request, args: Json) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else str(args.get("token", ""))


def _check_required(method: Method, args: Json) -> None:
    missing = [f"missing required field: {name}" for name in method.required if args.get(name) in (None, "")]
    if missing:
        raise with_messages("invalid_arguments", missing)
